"""Write -> the one call that carries it out, its outcome, and after a crash whether it took effect.

The only way to change anything. It exists only where writing is allowed, has connections of its own that carry the
closed list of writes and nothing else, and never sends anything a second time: an answer that was lost is settled by
reading (`settle`), which uses the read-only connections like everybody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import oss2.models

from ossmend.daemon.cloud import wire
from ossmend.daemon.cloud.errors import BadAnswer, NoAnswer, NotSent, Unsettled, of_write
from ossmend.daemon.cloud.inquiries import Inquiries
from ossmend.daemon.cloud.keys import KeyLadder
from ossmend.daemon.cloud.reads import Reads
from ossmend.daemon.cloud.rpc import Rpc
from ossmend.daemon.cloud.transport import Oss
from ossmend.remediators.contract import CorsConfiguration, CorsRule, Missing, Refused, TryAgain, tags_digest
from ossmend.remediators.writes import (
    COPIED_AS,
    PutBucketCors,
    RestoreObject,
    RestoreVersion,
    TagUser,
    Write,
    versions_digest,
)

__all__ = ["Executor", "NotSent", "Sent", "Unsettled"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A write that was answered. `outcome`: accepted, extended, already-restoring, merged, tagged, copied as V."""

    request_id: str | None
    outcome: str


class Executor:
    """Sends the writes of remediators/writes.py, one method for each. Thread-safe."""

    def __init__(self, oss: Oss, rpc: Rpc, reads: Reads, inquiries: Inquiries, ladder: KeyLadder) -> None:
        self._oss = oss
        self._rpc = rpc
        self._reads = reads
        self._inquiries = inquiries
        self._ladder = ladder

    def look(self, write: Write) -> str:
        """What the write's target is now, in the words of `planned_on`. Raises TryAgain, Refused."""
        match write:
            case RestoreObject():
                state = self._reads.head(write.ref)
                return f"missing {state.what}" if isinstance(state, Missing) else state.digest
            case PutBucketCors():
                return self._reads.cors(write.bucket).digest
            case TagUser():
                return tags_digest(self._ladder.user_tags(write.principal))
            case RestoreVersion():
                versions = self._inquiries.versions(write.ref)
                return versions_digest(versions[0].version_id, versions[0].etag) if versions else "missing object"

    def send(self, write: Write) -> Sent:
        """Send it, once. Raises NotSent, Unsettled, TryAgain (turned away, nothing done), Refused."""
        try:
            match write:
                case RestoreObject():
                    return self._restore(write)
                case PutBucketCors():
                    return self._put_cors(write)
                case TagUser():
                    return self._tag(write)
                case RestoreVersion():
                    return self._copy_back(write)
        except (NoAnswer, BadAnswer) as error:
            raise of_write(error) from None

    def settle(self, write: Write, sent_at: datetime) -> bool:  # noqa: ARG002  # all writes show by themselves
        """Is the effect there? Raises TryAgain, Refused."""
        match write:
            case RestoreObject():
                state = self._reads.head(write.ref)
                return not isinstance(state, Missing) and state.restore != "none" and state.digest != write.planned_on
            case PutBucketCors():
                return _same(self._reads.cors(write.bucket), write)
            case TagUser():
                tags = self._ladder.user_tags(write.principal)
                return all(tags.get(name) == value for name, value in write.tags)
            case RestoreVersion():
                versions = self._inquiries.versions(write.ref)
                now = versions[0] if versions else None
                return now is not None and now.version_id != write.current and now.etag == write.etag

    # ----------------------------------------------------------------------------------------------- one for each kind

    def _restore(self, write: RestoreObject) -> Sent:
        """202, 200 and 409 are three states of the object, not two successes and an error."""
        tier = oss2.models.RestoreJobParameters(write.tier) if write.tier else None
        wanted = oss2.models.RestoreConfiguration(write.days, tier)
        params = {"versionId": write.version_id} if write.version_id else {}
        bucket = self._bucket("RestoreObject", write.bucket)
        try:
            answer = bucket.restore_object(write.key, params=params, input=wanted)
        except BadAnswer as error:
            if error.status == 409 and error.code == "RestoreAlreadyInProgress":
                return Sent(error.request_id, "already-restoring")
            raise
        return Sent(answer.request_id or None, "accepted" if answer.status == 202 else "extended")

    def _put_cors(self, write: PutBucketCors) -> Sent:
        """No conditional write exists: read back, for somebody may have written at the same moment."""
        rules = [_oss2_rule(rule) for rule in write.rules]
        bucket = self._bucket("PutBucketCors", write.bucket)
        answer = bucket.put_bucket_cors(oss2.models.BucketCors(rules, write.response_vary))
        request_id = answer.request_id or None
        try:
            now = self._reads.cors(write.bucket)
        except (TryAgain, Refused):
            return Sent(request_id, "accepted, not read back")
        if not _same(now, write):
            raise Unsettled(f"{write.target}: the rules were accepted ({request_id}) and read back different")
        return Sent(request_id, "merged")

    def _tag(self, write: TagUser) -> Sent:
        if not write.principal or not write.tags:
            raise Refused("TagUser", "NoPrincipal", "a tag needs a user and a name")
        params = {"ResourceType": "user", "ResourcePrincipalName.1": write.principal}
        for number, (name, value) in enumerate(write.tags, 1):
            params |= {f"Tag.{number}.Key": name, f"Tag.{number}.Value": value}
        told = self._rpc.call("Ims", "TagResources", params)
        return Sent(told.get("RequestId"), "tagged")

    def _copy_back(self, write: RestoreVersion) -> Sent:
        """oss2 names source and version in the header; the metadata comes along, class and ACL have to be said."""
        headers = {"x-oss-storage-class": write.storage_class}
        if write.acl != "default":
            headers["x-oss-object-acl"] = write.acl
        bucket = self._bucket("RestoreVersion", write.bucket)
        source = {"versionId": write.version_id}
        answer = bucket.copy_object(write.bucket, write.key, write.key, headers=headers, params=source)
        return Sent(answer.request_id or None, f"{COPIED_AS}{answer.versionid or '?'}")

    def _bucket(self, operation: str, name: str) -> Any:
        if not wire.possible_bucket(name):
            raise Refused(operation, "NoSuchBucket", f"no bucket can be called {name[:80]!r}")
        return self._oss.bucket(name)


def _oss2_rule(rule: CorsRule) -> Any:
    return oss2.models.CorsRule(
        allowed_origins=list(rule.allowed_origins),
        allowed_methods=list(rule.allowed_methods),
        allowed_headers=list(rule.allowed_headers),
        expose_headers=list(rule.expose_headers),
        max_age_seconds=rule.max_age_seconds,
    )


def _same(now: CorsConfiguration, write: PutBucketCors) -> bool:
    """Absent and false are the same for ResponseVary: OSS may spell its default out."""
    return now.rules == write.rules and bool(now.response_vary) == bool(write.response_vary) and not now.unknown
