"""Every listing, whatever its page size, prefix, delimiter and encoding: it ends, and shows each entry once."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import oss2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import bucket_of

Entry = tuple[str, str]
"""Name and id (of a version, of an upload) of what a page shows; folded prefixes have no id."""

_KEY = st.text(alphabet="ab/ä&+", min_size=1, max_size=5).filter(lambda key: not key.startswith("/"))
_KEYS = st.lists(_KEY, min_size=1, max_size=10)


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        yield running


def _fresh(sim: Running) -> oss2.Bucket:
    sim.do(lambda cloud: cloud.buckets.clear())
    bucket = bucket_of(sim, "pages", "v4")
    bucket.create_bucket()
    return bucket


def _texts(root: ET.Element, path: str, name: str, decode: Callable[[str], str]) -> list[str]:
    return [decode(node.findtext(name, "")) for node in root.findall(path)]


def _walk(
    bucket: oss2.Bucket, query: dict[str, str], markers: dict[str, str], entries: dict[str, tuple[str, str]]
) -> list[Entry]:
    """All pages, one after the other, as a client follows them."""
    decode = unquote if query.get("encoding-type") else str
    found: list[Entry] = []
    following: dict[str, str] = {}
    for _ in range(200):
        # The SDK's own calls add an encoding and parse away what this test looks at.
        answer = bucket._do("GET", bucket.bucket_name, "", params={**query, **following})
        root = ET.fromstring(answer.read())
        before = len(found)
        for path, (name, number) in entries.items():
            names = _texts(root, path, name, decode)
            found += zip(names, _texts(root, path, number, str) if number else [""] * len(names), strict=True)
        assert len(found) - before <= 3
        if root.findtext("IsTruncated") != "true":
            return found
        assert len(found) > before, "a page that says there is more and shows nothing"
        following = {marker: decode(root.findtext(element, "")) for marker, element in markers.items()}
    pytest.fail("the listing does not end")


def _expected(entries: list[Entry], prefix: str, delimiter: str) -> list[Entry]:
    """What one endless page would show."""
    shown: set[Entry] = set()
    for key, number in entries:
        if key.startswith(prefix):
            rest = key[len(prefix) :]
            folds = bool(delimiter) and delimiter in rest
            shown.add((prefix + rest[: rest.index(delimiter)] + delimiter, "") if folds else (key, number))
    return sorted(shown)


_FOLDED = {"CommonPrefixes": ("Prefix", "")}
_LISTINGS: dict[str, tuple[dict[str, str], str, dict[str, str], dict[str, tuple[str, str]]]] = {
    "v1": ({}, "max-keys", {"marker": "NextMarker"}, {"Contents": ("Key", "")}),
    "v2": ({"list-type": "2"}, "max-keys", {"continuation-token": "NextContinuationToken"}, {"Contents": ("Key", "")}),
    "versions": (
        {"versions": ""},
        "max-keys",
        {"key-marker": "NextKeyMarker", "version-id-marker": "NextVersionIdMarker"},
        {"Version": ("Key", "VersionId"), "DeleteMarker": ("Key", "VersionId")},
    ),
    "uploads": (
        {"uploads": ""},
        "max-uploads",
        {"key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker"},
        {"Upload": ("Key", "UploadId")},
    ),
}


@settings(max_examples=60, deadline=None)
@given(
    listing=st.sampled_from(sorted(_LISTINGS)),
    keys=_KEYS,
    prefix=st.sampled_from(["", "a", "a/", "b", "ä"]),
    delimiter=st.sampled_from(["", "/", "a", "/a", "ä"]),
    encoding=st.sampled_from(["", "url"]),
    size=st.integers(1, 3),
)
def test_listing_ends_and_shows_each_entry_once(
    shared: Running, listing: str, keys: list[str], prefix: str, delimiter: str, encoding: str, size: int
) -> None:
    bucket = _fresh(shared)
    written: list[Entry] = []
    if listing == "versions":
        bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    for key in keys:
        if listing == "uploads":
            written.append((key, bucket.init_multipart_upload(key).upload_id))
        else:
            version = bucket.put_object(key, b"").versionid
            written.append((key, version if listing == "versions" else ""))
    if listing == "versions":
        written.append((keys[0], bucket.delete_object(keys[0]).versionid))
    fixed, size_name, markers, entries = _LISTINGS[listing]
    query = {**fixed, size_name: str(size), "prefix": prefix, "delimiter": delimiter}
    if encoding:
        query["encoding-type"] = encoding
    found = _walk(bucket, query, markers, entries | _FOLDED)
    assert sorted(found) == _expected(written, prefix, delimiter)


@pytest.mark.parametrize("size", [1, 2])
def test_parts_end_and_show_each_once(shared: Running, size: int) -> None:
    bucket = _fresh(shared)
    upload = bucket.init_multipart_upload("k").upload_id
    for number in (1, 2, 5, 9999):
        bucket.upload_part("k", upload, number, b"part")
    found = [part.part_number for part in oss2.PartIterator(bucket, "k", upload, max_retries=1)]
    paged: list[int] = []
    marker = "0"
    for _ in range(9):
        page = bucket.list_parts("k", upload, marker=marker, max_parts=size)
        paged += [part.part_number for part in page.parts]
        if not page.is_truncated:
            break
        marker = page.next_marker
    assert found == paged == [1, 2, 5, 9999]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_versions_deleted_page_by_page_are_all_gone(shared: Running, size: int) -> None:
    """The marker's version is no longer there when the next page is asked for; what lies after it is."""
    bucket = _fresh(shared)
    bucket.put_object("k", b"null")
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    for key in ("k", "k", "k", "l"):
        bucket.put_object(key, b"")
    bucket.delete_object("k")
    key_marker = version_marker = ""
    while True:
        page = bucket.list_object_versions(max_keys=size, key_marker=key_marker, versionid_marker=version_marker)
        for entry in [*page.versions, *page.delete_marker]:
            bucket.delete_object(entry.key, params={"versionId": entry.versionid})
        if not page.is_truncated:
            break
        key_marker, version_marker = page.next_key_marker, page.next_versionid_marker
    bucket.delete_bucket()


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("prefix", ["", "shelf-"])
def test_buckets_end_and_show_each_once(size: int, prefix: str) -> None:
    names = ["other", "shelf-a", "shelf-b", "shelf-c", "thing"]
    with running_simulator(scene={"buckets": dict.fromkeys(names)}) as running:
        service = oss2.Service(oss2.Auth(running.access_key_id, running.access_key_secret), running.oss)
        found: list[str] = []
        marker = ""
        for _ in range(9):
            page = service.list_buckets(prefix=prefix, marker=marker, max_keys=size)
            found += [each.name for each in page.buckets]
            if not page.is_truncated:
                break
            marker = page.next_marker
        assert found == [name for name in names if name.startswith(prefix)]
