"""Two SDKs behind one set of names, so that random steps may be taken by either of them; model.py takes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import alibabacloud_oss_v2 as v2
import oss2

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import bucket_of, v2_client


class Told(Exception):
    """OSS said no, with this Code; for HEAD as well, whose document travels in a header."""


class Seen(NamedTuple):
    """An object as a client reads it."""

    data: bytes
    meta: dict[str, str]
    version_id: str | None


class Row(NamedTuple):
    """A line of a listing of versions."""

    key: str
    version_id: str
    latest: bool
    marker: bool


Keys = list[str]
Rows = list[Row]


class Hand(Protocol):
    """What a step may ask for. Version ids are None where the answer names none."""

    def put(self, key: str, data: bytes, meta: dict[str, str]) -> str | None: ...
    def append(self, key: str, position: int, data: bytes) -> int: ...
    def upload(self, key: str, parts: list[bytes]) -> str | None: ...
    def copy(self, source: str, version_id: str | None, key: str) -> str | None: ...
    def get(self, key: str, version_id: str | None) -> Seen: ...
    def size(self, key: str, version_id: str | None) -> int: ...
    def delete(self, key: str, version_id: str | None) -> str | None: ...
    def delete_many(self, keys: list[tuple[str, str | None]]) -> int: ...
    def tag(self, key: str, version_id: str | None, tags: dict[str, str]) -> None: ...
    def tags(self, key: str, version_id: str | None) -> dict[str, str]: ...
    def list(self, prefix: str, delimiter: str, page: int) -> tuple[Keys, Keys]: ...
    def versions(self, prefix: str, page: int) -> Rows: ...
    def versioning(self, status: str) -> None: ...


@contextmanager
def _first() -> Iterator[None]:
    try:
        yield
    except oss2.exceptions.ServerError as error:
        raise Told(error.code) from None


@contextmanager
def _second() -> Iterator[None]:
    try:
        yield
    except v2.exceptions.OperationError as error:
        raise Told(getattr(error.unwrap(), "code", repr(error))) from None


def _named(version_id: str | None) -> dict[str, str] | None:
    return {"versionId": version_id} if version_id else None


class First:
    """oss2."""

    def __init__(self, sim: Running, name: str) -> None:
        self.bucket = bucket_of(sim, name)

    def put(self, key: str, data: bytes, meta: dict[str, str]) -> str | None:
        headers = {f"x-oss-meta-{name}": value for name, value in meta.items()}
        return self._version(self.bucket.put_object(key, data, headers=headers))

    def _version(self, result: Any) -> str | None:
        version_id: str | None = result.headers.get("x-oss-version-id")
        return version_id

    def append(self, key: str, position: int, data: bytes) -> int:
        with _first():
            return int(self.bucket.append_object(key, position, data).next_position)

    def upload(self, key: str, parts: list[bytes]) -> str | None:
        upload_id = self.bucket.init_multipart_upload(key).upload_id
        done = [
            oss2.models.PartInfo(number, self.bucket.upload_part(key, upload_id, number, part).etag)
            for number, part in enumerate(parts, 1)
        ]
        return self._version(self.bucket.complete_multipart_upload(key, upload_id, done))

    def copy(self, source: str, version_id: str | None, key: str) -> str | None:
        with _first():
            named = _named(version_id)
            return self._version(self.bucket.copy_object(self.bucket.bucket_name, source, key, params=named))

    def get(self, key: str, version_id: str | None) -> Seen:
        with _first():
            result = self.bucket.get_object(key, params=_named(version_id))
        found = {k[11:]: v for k, v in result.headers.items() if k.startswith("x-oss-meta-")}
        return Seen(result.read(), found, self._version(result))

    def size(self, key: str, version_id: str | None) -> int:
        with _first():
            return int(self.bucket.head_object(key, params=_named(version_id)).content_length)

    def delete(self, key: str, version_id: str | None) -> str | None:
        return self._version(self.bucket.delete_object(key, params=_named(version_id)))

    def delete_many(self, keys: list[tuple[str, str | None]]) -> int:
        wanted = oss2.models.BatchDeleteObjectVersionList()
        for key, version_id in keys:
            wanted.append(oss2.models.BatchDeleteObjectVersion(key, version_id))
        return len(self.bucket.delete_object_versions(wanted).delete_versions)

    def tag(self, key: str, version_id: str | None, tags: dict[str, str]) -> None:
        rule = oss2.models.TaggingRule()
        for name, value in tags.items():
            rule.add(name, value)
        with _first():
            self.bucket.put_object_tagging(key, oss2.models.Tagging(rule), params=_named(version_id) or {})

    def tags(self, key: str, version_id: str | None) -> dict[str, str]:
        with _first():
            found = self.bucket.get_object_tagging(key, params=_named(version_id) or {}).tag_set.tagging_rule
        return dict(found)

    def list(self, prefix: str, delimiter: str, page: int) -> tuple[Keys, Keys]:
        found = list(oss2.ObjectIterator(self.bucket, prefix=prefix, delimiter=delimiter, max_keys=page))
        keys = [each.key for each in found if not each.is_prefix()]
        return keys, [each.key for each in found if each.is_prefix()]

    def versions(self, prefix: str, page: int) -> Rows:
        rows: Rows = []
        after = {"key_marker": "", "versionid_marker": ""}
        while True:
            told = self.bucket.list_object_versions(prefix=prefix, max_keys=page, **after)
            rows += [Row(v.key, v.versionid, bool(v.is_latest), marker=False) for v in told.versions]
            rows += [Row(v.key, v.versionid, bool(v.is_latest), marker=True) for v in told.delete_marker]
            after = {"key_marker": told.next_key_marker, "versionid_marker": told.next_versionid_marker}
            if not told.is_truncated:
                return rows

    def versioning(self, status: str) -> None:
        self.bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))


class Second:
    """alibabacloud-oss-v2."""

    def __init__(self, sim: Running, name: str) -> None:
        self.client = v2_client(sim)
        self.name = name

    def put(self, key: str, data: bytes, meta: dict[str, str]) -> str | None:
        request = v2.PutObjectRequest(self.name, key, body=data, metadata=meta)
        return self._version(self.client.put_object(request))

    def _version(self, result: Any) -> str | None:
        version_id: str | None = result.version_id
        return version_id

    def append(self, key: str, position: int, data: bytes) -> int:
        with _second():
            request = v2.AppendObjectRequest(self.name, key, position=position, body=data)
            return int(self.client.append_object(request).next_position)

    def upload(self, key: str, parts: list[bytes]) -> str | None:
        upload_id = self.client.initiate_multipart_upload(v2.InitiateMultipartUploadRequest(self.name, key)).upload_id
        done = []
        for number, part in enumerate(parts, 1):
            told = self.client.upload_part(v2.UploadPartRequest(self.name, key, number, upload_id, body=part))
            done.append(v2.UploadPart(part_number=number, etag=told.etag))
        joined = v2.CompleteMultipartUpload(parts=done)
        request = v2.CompleteMultipartUploadRequest(self.name, key, upload_id, complete_multipart_upload=joined)
        return self._version(self.client.complete_multipart_upload(request))

    def copy(self, source: str, version_id: str | None, key: str) -> str | None:
        with _second():
            request = v2.CopyObjectRequest(
                self.name, key, source_bucket=self.name, source_key=source, source_version_id=version_id
            )
            return self._version(self.client.copy_object(request))

    def get(self, key: str, version_id: str | None) -> Seen:
        with _second():
            result = self.client.get_object(v2.GetObjectRequest(self.name, key, version_id=version_id))
        return Seen(result.body.read(), dict(result.metadata or {}), self._version(result))

    def size(self, key: str, version_id: str | None) -> int:
        with _second():
            return int(
                self.client.head_object(v2.HeadObjectRequest(self.name, key, version_id=version_id)).content_length
            )

    def delete(self, key: str, version_id: str | None) -> str | None:
        return self._version(self.client.delete_object(v2.DeleteObjectRequest(self.name, key, version_id=version_id)))

    def delete_many(self, keys: list[tuple[str, str | None]]) -> int:
        wanted = [v2.DeleteObject(key=key, version_id=version_id) for key, version_id in keys]
        told = self.client.delete_multiple_objects(v2.DeleteMultipleObjectsRequest(self.name, objects=wanted))
        return len(told.deleted_objects or [])

    def tag(self, key: str, version_id: str | None, tags: dict[str, str]) -> None:
        tagging = v2.Tagging(v2.TagSet([v2.Tag(key=name, value=value) for name, value in tags.items()]))
        with _second():
            self.client.put_object_tagging(
                v2.PutObjectTaggingRequest(self.name, key, version_id=version_id, tagging=tagging)
            )

    def tags(self, key: str, version_id: str | None) -> dict[str, str]:
        with _second():
            told = self.client.get_object_tagging(v2.GetObjectTaggingRequest(self.name, key, version_id=version_id))
        return {tag.key: tag.value or "" for tag in (told.tag_set.tags or [])}

    def list(self, prefix: str, delimiter: str, page: int) -> tuple[Keys, Keys]:
        keys: Keys = []
        prefixes: Keys = []
        request = v2.ListObjectsV2Request(self.name, prefix=prefix, delimiter=delimiter, max_keys=page)
        for told in self.client.list_objects_v2_paginator().iter_page(request):
            keys += [each.key for each in told.contents or []]
            prefixes += [each.prefix for each in told.common_prefixes or []]
        return keys, prefixes

    def versions(self, prefix: str, page: int) -> Rows:
        rows: Rows = []
        request = v2.ListObjectVersionsRequest(self.name, prefix=prefix, max_keys=page)
        for told in self.client.list_object_versions_paginator().iter_page(request):
            rows += [Row(each.key, each.version_id, bool(each.is_latest), marker=False) for each in told.version or []]
            rows += [
                Row(each.key, each.version_id, bool(each.is_latest), marker=True) for each in told.delete_marker or []
            ]
        return rows

    def versioning(self, status: str) -> None:
        self.client.put_bucket_versioning(
            v2.PutBucketVersioningRequest(self.name, v2.VersioningConfiguration(status=status))
        )
