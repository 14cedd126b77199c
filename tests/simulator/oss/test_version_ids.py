"""Which version id a write results in: whatever is written and whatever the bucket's versioning was before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import oss2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import bucket_of

_KEYS = st.sampled_from(["a", "b"])
_FIRST = [("Enabled", "", 0), ("put", "a", 0), ("put", "b", 0), ("Suspended", "", 0)]
"""So that from the first step on there are ids that a copy must not bring along."""
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _KEYS, st.just(0)),
        st.tuples(st.just("multipart"), _KEYS, st.just(0)),
        st.tuples(st.just("symlink"), _KEYS, st.just(0)),
        st.tuples(st.just("copy"), _KEYS, st.integers(0, 9)),
        st.tuples(st.just("delete"), _KEYS, st.just(0)),
        st.tuples(st.sampled_from(["Enabled", "Suspended"]), st.just(""), st.just(0)),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        yield running


def _versions(bucket: oss2.Bucket) -> list[Any]:
    """Every version that can be read, in the listing's order."""
    return list(bucket.list_object_versions(max_keys=1000).versions)


def _write(bucket: oss2.Bucket, what: str, key: str, which: int) -> str:
    """One write; the version id that its answer tells."""
    if what == "copy":
        sources = _versions(bucket)
        if not sources:
            return _write(bucket, "put", key, 0)
        source = sources[which % len(sources)]
        if source.type == "Symlink":
            return _write(bucket, "put", key, 0)
        params = {"versionId": source.versionid}
        return str(bucket.copy_object(bucket.bucket_name, source.key, key, params=params).headers["x-oss-version-id"])
    if what == "multipart":
        upload = bucket.init_multipart_upload(key).upload_id
        part = oss2.models.PartInfo(1, bucket.upload_part(key, upload, 1, b"part").etag)
        return str(bucket.complete_multipart_upload(key, upload, [part]).versionid)
    if what == "symlink":
        return str(bucket.put_symlink("target", key).versionid)
    if what == "delete":
        return str(bucket.delete_object(key).versionid)
    return str(bucket.put_object(key, b"content").versionid)


@settings(max_examples=60, deadline=None)
@given(steps=_STEPS)
def test_only_enabled_makes_ids_and_null_is_there_once(shared: Running, steps: list[tuple[str, str, int]]) -> None:
    shared.do(lambda cloud: cloud.buckets.clear())
    bucket = bucket_of(shared, "versions")
    bucket.create_bucket()
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Suspended"))
    status, seen = "Suspended", {"null"}
    for what, key, which in _FIRST + steps:
        if what in ("Enabled", "Suspended"):
            bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(what))
            status = what
            continue
        made = _write(bucket, what, key, which)
        if status == "Enabled":
            assert made not in seen
            seen.add(made)
        else:
            assert made == "null"
        listed = bucket.list_object_versions(max_keys=1000)
        entries = [(each.key, each.versionid) for each in [*listed.versions, *listed.delete_marker]]
        assert len(entries) == len(set(entries))
        assert (key, made) in entries


def test_bucket_that_never_had_versions_keeps_one_and_tells_no_id(shared: Running) -> None:
    source, plain = bucket_of(shared, "versions-source"), bucket_of(shared, "versions-none")
    source.create_bucket()
    source.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    plain.create_bucket()
    first = source.put_object("k", b"one").versionid
    for _ in range(2):
        answer = plain.copy_object("versions-source", "k", "k", params={"versionId": first})
        assert "x-oss-version-id" not in answer.headers
        assert answer.headers["x-oss-copy-source-version-id"] == first
        assert [each.versionid for each in _versions(plain)] == ["null"]
    plain.put_object("k", b"two")
    assert [each.versionid for each in _versions(plain)] == ["null"]
