"""RestoreObject on the wire: POST /key?restore."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import oss2.models

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.daemon.cloud.wire.errors import BadAnswer
from ossmend.remediators.contract.values import Missing, ObjectRef
from ossmend.remediators.writes.restore_object import RestoreObject


@sender(RestoreObject)
class Restores(Sender[RestoreObject]):
    route = ("POST", "object", "restore")

    def look(self, write: RestoreObject) -> str:
        state = self.hands.reads.head(write.ref)
        return f"missing {state.what}" if isinstance(state, Missing) else state.digest

    def listed(self, write: RestoreObject) -> ObjectRef | None:
        return None if write.version_id else write.ref

    def send(self, write: RestoreObject) -> Sent:
        """202, 200 and 409 are three states of the object, not two successes and an error."""
        tier = oss2.models.RestoreJobParameters(write.tier) if write.tier else None
        wanted = oss2.models.RestoreConfiguration(write.days, tier)
        params = {"versionId": write.version_id} if write.version_id else {}
        bucket = self.hands.bucket(write.operation, write.bucket)
        try:
            answer = bucket.restore_object(write.key, params=params, input=wanted)
        except BadAnswer as error:
            if error.status == 409 and error.code == "RestoreAlreadyInProgress":
                return Sent(error.request_id, "already-restoring")
            raise
        return Sent(answer.request_id or None, "accepted" if answer.status == 202 else "extended")

    def settle(self, write: RestoreObject) -> bool:
        state = self.hands.reads.head(write.ref)
        return not isinstance(state, Missing) and state.restore != "none" and state.digest != write.planned_on

    def stale(self, write: RestoreObject) -> Iterable[Hashable]:
        return (write.ref,)
