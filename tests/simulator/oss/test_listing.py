"""Listings: prefixes, delimiters, markers, encodings, versions; and pages that do not depend on the bucket's size."""

from __future__ import annotations

import random
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from ossmend.simulator.oss import listing
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.stacks import stack_of
from ossmend.simulator.serve import Running
from ossmend.simulator.state import Bucket, Stack
from tests.simulator.oss.clients import Wire, bucket_of, control, error_of, service_of, v2_client

KEYS = sorted(["a", "a/1", "a/2", "a/b/3", "b", "c&<>\"'", "d e+f", "ä", "日", "\U0001f600"])


@pytest.fixture
def filled(bucket: Any) -> Any:
    for key in KEYS:
        bucket.put_object(key, b"1")
    return bucket


def test_keys_come_in_the_order_of_their_bytes(sim: Running, filled: Any) -> None:
    listed = [entry.key for entry in filled.list_objects().object_list]
    assert listed == sorted(KEYS, key=str.encode)
    assert [entry.key for entry in filled.list_objects_v2().object_list] == listed


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_join_to_the_whole(sim: Running, filled: Any, size: int) -> None:
    listed = sorted(KEYS, key=str.encode)
    assert [entry.key for entry in oss2.ObjectIterator(filled, max_keys=size)] == listed
    assert [entry.key for entry in oss2.ObjectIteratorV2(filled, max_keys=size)] == listed
    client = v2_client(sim)
    pages = client.list_objects_v2_paginator().iter_page(
        oss_v2.ListObjectsV2Request(bucket="examplebucket", max_keys=size)
    )
    assert [entry.key for page in pages for entry in page.contents or []] == listed


@pytest.mark.parametrize("size", [1, 2, 100])
def test_delimiter_folds(sim: Running, filled: Any, size: int) -> None:
    entries = list(oss2.ObjectIteratorV2(filled, delimiter="/", max_keys=size))
    assert [entry.key for entry in entries if entry.is_prefix()] == ["a/"]
    assert "a/1" not in [entry.key for entry in entries]
    below = list(oss2.ObjectIterator(filled, prefix="a/", delimiter="/", max_keys=size))
    assert [entry.key for entry in below] == ["a/1", "a/2", "a/b/"]


def test_start_after_and_owner(sim: Running, filled: Any) -> None:
    page = filled.list_objects_v2(start_after="a/1", max_keys=2, fetch_owner=True)
    assert [entry.key for entry in page.object_list] == ["a/2", "a/b/3"]
    assert page.object_list[0].owner.id == "1234567890123456"
    assert filled.list_objects_v2(max_keys=1).object_list[0].owner is None
    assert filled.list_objects(max_keys=1).object_list[0].owner.id == "1234567890123456"


def test_keys_are_encoded_only_when_asked(sim: Running, filled: Any, wire: Wire) -> None:
    plain = wire.signed("GET", "examplebucket", unsigned_query="prefix=d").text
    assert "<Key>d e+f</Key>" in plain
    assert "EncodingType" not in plain
    encoded = wire.signed("GET", "examplebucket", unsigned_query="encoding-type=url&prefix=d").text
    assert "<EncodingType>url</EncodingType>" in encoded
    assert "<Key>d%20e%2Bf</Key>" in encoded
    assert "c&amp;&lt;&gt;" in wire.signed("GET", "examplebucket", unsigned_query="prefix=c").text


@pytest.mark.parametrize(
    "query",
    [
        "max-keys=0",
        "max-keys=1001",
        "max-keys=-1",
        "max-keys=many",
        "encoding-type=base64",
        "continuation-token=%21%21&list-type=2",
        "list-type=3",
        "prefix=" + "x" * 1025,
        "versions&version-id-marker=x",
    ],
)
def test_bad_arguments_are_400(sim: Running, filled: Any, query: str) -> None:
    signed = bucket_of(sim, "examplebucket", "v4")
    params = dict(part.partition("=")[::2] for part in query.replace("%21", "!").split("&"))
    with pytest.raises(oss2.exceptions.InvalidArgument) as refused:
        signed._do("GET", "examplebucket", "", params=params)
    assert refused.value.name in query


def test_a_page_of_a_huge_bucket_looks_at_the_keys_of_a_page(
    sim: Running, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def noting(call: Call, where: Bucket, key: str) -> Stack:
        looked_at.append(key)
        return stack_of(call, where, key)

    monkeypatch.setattr(listing, "stack_of", noting)
    control(
        sim,
        "POST",
        "buckets/examplebucket/objects",
        {"pattern": "2024/{n:07d}", "count": 200_000, "size": 1024, "storage_class": "Archive"},
    )
    page = bucket.list_objects_v2(prefix="2024/", start_after="2024/0150000", max_keys=3)
    assert [entry.key for entry in page.object_list] == ["2024/0150001", "2024/0150002", "2024/0150003"]
    assert len(looked_at) == 4  # one more, to know whether there are more
    folded = bucket.list_objects_v2(delimiter="/")
    assert (folded.prefix_list, folded.object_list) == (["2024/"], [])
    assert len(looked_at) == 5
    assert bucket.get_bucket_stat().archive_object_count == 200_000


def test_one_of_many_shared_objects_is_restored_alone(sim: Running, bucket: Any) -> None:
    settings = {"pattern": "k{n}", "count": 10, "size": 5, "storage_class": "Archive"}
    control(sim, "POST", "buckets/examplebucket/objects", settings)
    bucket.restore_object("k3")
    shown = {entry.key: entry.restore_info for entry in bucket.list_objects().object_list}
    assert [key for key, text in shown.items() if text] == ["k3"]


def test_versions_before_the_marker_fold_into_no_prefix(sim: Running, bucket: Any) -> None:
    """A marker inside of what the delimiter folds: the folder shows as long as something of it lies behind."""
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    first = bucket.put_object("dir/k", b"one").versionid
    second = bucket.put_object("dir/k", b"two").versionid
    bucket.put_object("l", b"1")
    for marker, folders in ((second, ["dir/"]), (first, [])):
        listed = bucket.list_object_versions(delimiter="/", key_marker="dir/k", versionid_marker=marker)
        assert (listed.common_prefix, [entry.key for entry in listed.versions]) == (folders, ["l"])


def _plainly(keys: list[str], prefix: str, delimiter: str, after: str, limit: int) -> tuple[list[str], list[str], bool]:
    """Keys, folded prefixes, is there more? By looking at every key, as no listing of a large bucket could."""
    shown: list[str] = []
    folded: list[str] = []
    for key in (key for key in keys if key.startswith(prefix) and key > after):
        head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        above = prefix + head + found
        if found and (above in folded or above == after):
            continue
        if len(shown) + len(folded) == limit:
            return shown, folded, True
        if found:
            folded.append(above)
        else:
            shown.append(key)
    return shown, folded, False


def test_any_prefix_delimiter_and_marker_select_what_a_look_at_every_key_does(sim: Running, bucket: Any) -> None:
    rng = random.Random(5)
    keys = sorted({"x" + "".join(rng.choices("ab/-中", k=rng.randint(0, 5))) for _ in range(60)})
    for key in keys:
        bucket.put_object(key, b"")
    for _ in range(150):
        prefix = "x" + "".join(rng.choices("ab/", k=rng.randint(0, 2)))
        delimiter, limit = rng.choice(("", "/", "a", "ab", "//")), rng.randint(1, 6)
        after = rng.choice(("", "xa/", "xb", "中", *rng.choices(keys, k=4)))
        right = _plainly(keys, prefix, delimiter, after, limit)
        first = bucket.list_objects(prefix=prefix, delimiter=delimiter, marker=after, max_keys=limit)
        second = bucket.list_objects_v2(prefix=prefix, delimiter=delimiter, start_after=after, max_keys=limit)
        for told in (first, second):
            answered = ([each.key for each in told.object_list], told.prefix_list, told.is_truncated)
            assert answered == right, (prefix, delimiter, after, limit)


def test_versions_and_delete_markers(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    first = bucket.put_object("k", b"one").versionid
    second = bucket.put_object("k", b"two").versionid
    marker = bucket.delete_object("k").versionid
    bucket.put_object("l", b"1")
    listed = bucket.list_object_versions()
    assert [(entry.key, entry.versionid, entry.is_latest) for entry in listed.versions[:2]] == [
        ("k", second, False),
        ("k", first, False),
    ]
    assert [(entry.versionid, entry.is_latest) for entry in listed.delete_marker] == [(marker, True)]
    assert [entry.key for entry in bucket.list_objects().object_list] == ["l"]
    with pytest.raises(oss2.exceptions.NoSuchKey) as deleted:
        bucket.get_object("k")
    assert deleted.value.headers["x-oss-delete-marker"] == "true"
    assert bucket.get_object("k", params={"versionId": first}).read() == b"one"
    with pytest.raises(oss2.exceptions.ServerError) as on_marker:
        bucket.get_object("k", params={"versionId": marker})
    assert (on_marker.value.status, on_marker.value.code) == (405, "MethodNotAllowed")
    with pytest.raises(oss2.exceptions.ServerError) as unknown:
        bucket.get_object("k", params={"versionId": "unknown"})
    assert (unknown.value.status, unknown.value.code) == (400, "InvalidArgument")
    with pytest.raises(oss2.exceptions.ServerError) as gone:
        bucket.get_object("k", params={"versionId": first[:-4] + "gone"})
    assert (gone.value.status, gone.value.code) == (404, "NoSuchVersion")
    bucket.delete_object("k", params={"versionId": marker})
    assert bucket.get_object("k").read() == b"two"
    bucket.copy_object("examplebucket", "k", "k", params={"versionId": first})
    assert bucket.get_object("k").read() == b"one"
    assert len(bucket.list_object_versions(prefix="k").versions) == 3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_of_versions_join_to_the_whole(sim: Running, bucket: Any, size: int) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    written: list[tuple[str, str]] = []
    for key in ("a", "b", "c"):
        written.extend((key, bucket.put_object(key, bytes([number])).versionid) for number in range(3))
    bucket.delete_object("b")
    found: set[tuple[str, str]] = set()
    key_marker = version_marker = ""
    while True:
        page = bucket.list_object_versions(max_keys=size, key_marker=key_marker, versionid_marker=version_marker)
        entries = [(entry.key, entry.versionid) for entry in [*page.versions, *page.delete_marker]]
        assert 0 < len(entries) <= size
        assert not found & set(entries)
        found |= set(entries)
        if not page.is_truncated:
            break
        key_marker, version_marker = page.next_key_marker, page.next_versionid_marker
    assert set(written) <= found
    assert len(found) == 10


def test_suspended_versioning_replaces_the_null_version_only(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"before")
    config = oss2.models.BucketVersioningConfig
    bucket.put_bucket_versioning(config(oss2.BUCKET_VERSIONING_ENABLE))
    kept = bucket.put_object("k", b"kept").versionid
    bucket.put_bucket_versioning(config(oss2.BUCKET_VERSIONING_SUSPEND))
    bucket.put_object("k", b"after")
    assert [entry.versionid for entry in bucket.list_object_versions().versions] == ["null", kept]
    assert bucket.get_object("k", params={"versionId": "null"}).read() == b"after"
    assert bucket.get_bucket_versioning().status == "Suspended"


def test_second_sdk_lists_versions(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    bucket.put_object("k", b"one")
    bucket.delete_object("k")
    page = v2_client(sim).list_object_versions(oss_v2.ListObjectVersionsRequest(bucket="examplebucket"))
    assert (len(page.version), len(page.delete_marker)) == (1, 1)


def test_buckets_of_a_second_page_are_announced_to_who_asked_for_no_page(sim: Running) -> None:
    sim.do(lambda cloud: [cloud.create_bucket(f"of-many-{number:03}") for number in range(101)])
    page = v2_client(sim).list_buckets(oss_v2.ListBucketsRequest())
    assert (len(page.buckets), page.is_truncated, page.next_marker) == (100, True, "of-many-099")


def test_list_buckets(sim: Running, bucket: Any) -> None:
    for name in ("another", "examplebucket-2"):
        bucket_of(sim, name).create_bucket()
    service = service_of(sim, "v4")
    assert [entry.name for entry in service.list_buckets().buckets] == ["another", "examplebucket", "examplebucket-2"]
    assert [entry.name for entry in oss2.BucketIterator(service, prefix="example", max_keys=1)] == [
        "examplebucket",
        "examplebucket-2",
    ]
    page = v2_client(sim).list_buckets(oss_v2.ListBucketsRequest(prefix="another"))
    assert [entry.name for entry in page.buckets] == ["another"]


def test_anonymous_callers_list_nothing_they_are_not_shown(sim: Running, filled: Any) -> None:
    anonymous = oss2.Bucket(oss2.AnonymousAuth(), sim.oss, "examplebucket")
    with pytest.raises(oss2.exceptions.AccessDenied):
        anonymous.list_objects()
    with pytest.raises(oss2.exceptions.AccessDenied) as refused:
        oss2.Service(oss2.AnonymousAuth(), sim.oss).list_buckets()
    assert refused.value.ec == "0003-00001201"
    assert error_of(refused.value.body)["Code"] == "AccessDenied"
