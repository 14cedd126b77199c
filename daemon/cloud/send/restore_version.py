"""RestoreVersion on the wire: PUT /key with an older version as its copy source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.daemon.cloud.wire.guard import COPY_SOURCE
from ossmend.remediators.contract.answers import ObjectVersion
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.writes.restore_version import COPIED_AS, RestoreVersion, versions_digest


@sender(RestoreVersion)
class CopiesBack(Sender[RestoreVersion]):
    route = ("PUT", "object", COPY_SOURCE)
    replaces = True

    def look(self, write: RestoreVersion) -> str:
        versions = self.hands.inquiries.versions(write.ref)
        return versions_digest(versions[0].version_id, versions[0].etag) if versions else "missing object"

    def send(self, write: RestoreVersion) -> Sent:
        """oss2 names source and version in the header; the metadata comes along, class and ACL have to be said."""
        headers = {"x-oss-storage-class": write.storage_class}
        if write.acl != "default":
            headers["x-oss-object-acl"] = write.acl
        bucket = self.hands.bucket(write.operation, write.bucket)
        source = {"versionId": write.version_id}
        answer = bucket.copy_object(write.bucket, write.key, write.key, headers=headers, params=source)
        sent = Sent(answer.request_id or None, f"{COPIED_AS}{answer.versionid or '?'}")
        try:
            versions = self.hands.inquiries.versions(write.ref)
        except (TryAgain, Refused):
            return sent
        return _crossed(sent, write, answer.versionid, versions)

    def settle(self, write: RestoreVersion) -> bool:
        versions = self.hands.inquiries.versions(write.ref)
        now = versions[0] if versions else None
        return now is not None and now.version_id != write.current and now.etag == write.etag

    def stale(self, write: RestoreVersion) -> Iterable[Hashable]:
        return (write.ref, ("image", write.ref), ("versions", write.ref))


def _crossed(sent: Sent, write: RestoreVersion, made: str | None, versions: Sequence[ObjectVersion]) -> Sent:
    """Does our copy lie over a version that came between the look and the copy? People want to read that one."""
    if len(versions) < 2 or versions[0].version_id != made or versions[1].version_id == write.current:
        return sent
    theirs = versions[1]
    said = f"somebody else wrote {write.ref} at the same moment: our copy lies over version {theirs.version_id}"
    if theirs.delete_marker:
        return replace(sent, crossed=(f"{said}, which deletes it",))
    back = replace(
        write, version_id=theirs.version_id, etag=theirs.etag, size=theirs.size, storage_class=theirs.storage_class,
        current=made, current_etag=versions[0].etag, planned_on=versions_digest(made, versions[0].etag),
    )  # fmt: skip
    return replace(sent, crossed=(said, "that version is put on top again"), gives_back=back)
