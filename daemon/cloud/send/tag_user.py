"""TagUser on the wire: IMS TagResources."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.remediators.contract.values import tags_digest
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.writes.tag_user import TagUser


@sender(TagUser)
class Tags(Sender[TagUser]):
    route = ("Ims", "TagResources")
    replaces = True

    def look(self, write: TagUser) -> str:
        return tags_digest(self.hands.ladder.user_tags(write.principal))

    def send(self, write: TagUser) -> Sent:
        if not write.principal or not write.tags:
            raise Refused(write.operation, "NoPrincipal", "a tag needs a user and a name")
        params = {"ResourceType": "user", "ResourcePrincipalName.1": write.principal}
        for number, (name, value) in enumerate(write.tags, 1):
            params |= {f"Tag.{number}.Key": name, f"Tag.{number}.Value": value}
        told = self.hands.rpc.call("Ims", "TagResources", params)
        self.hands.ladder.forget(write.principal)
        return Sent(told.get("RequestId"), "tagged")

    def settle(self, write: TagUser) -> bool:
        tags = self.hands.ladder.user_tags(write.principal)
        return all(tags.get(name) == value for name, value in write.tags)

    def stale(self, write: TagUser) -> Iterable[Hashable]:
        """Views do not keep RAM's answers; the ladder does, for all of them."""
        self.hands.ladder.forget(write.principal)
        return ()
