"""RestoreVersion on the wire: PUT /key with an older version as its copy source."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.daemon.cloud.wire.guard import COPY_SOURCE
from ossmend.remediators.writes.restore_version import COPIED_AS, RestoreVersion, versions_digest


@sender(RestoreVersion)
class CopiesBack(Sender[RestoreVersion]):
    route = ("PUT", "object", COPY_SOURCE)

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
        return Sent(answer.request_id or None, f"{COPIED_AS}{answer.versionid or '?'}")

    def settle(self, write: RestoreVersion) -> bool:
        versions = self.hands.inquiries.versions(write.ref)
        now = versions[0] if versions else None
        return now is not None and now.version_id != write.current and now.etag == write.etag

    def stale(self, write: RestoreVersion) -> Iterable[Hashable]:
        return (write.ref, ("image", write.ref), ("versions", write.ref))
