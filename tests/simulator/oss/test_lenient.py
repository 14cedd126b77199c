"""What OSS lets pass, the simulator lets pass too: a client that works there must work here."""

from __future__ import annotations

import json
from typing import Any

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, bucket_of, control


@pytest.mark.parametrize("rest", ["", "max-keys=1", "prefix=example"])
def test_region_list_is_a_list_of_buckets(sim: Running, bucket: Any, wire: Wire, rest: str) -> None:
    answer = wire.signed("GET", query="regionList", unsigned_query=rest)
    assert answer.status_code == 200
    assert b"<Name>examplebucket</Name>" in answer.content


@pytest.mark.parametrize("params", [{"symlink": ""}, {"symlink": "", "versionId": ""}, {"versionId": ""}])
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_delete_with_idle_parameters_deletes_the_current_version(
    sim: Running, bucket: Any, version: str, params: dict[str, str]
) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"1")
    answer = bucket_of(sim, "examplebucket", version).delete_object("k", params=params)
    assert (answer.status, answer.headers["x-oss-delete-marker"]) == (204, "true")
    assert not bucket.object_exists("k")
    assert len(bucket.list_object_versions().versions) == 1


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_policy_without_principal_is_taken_and_speaks_about_nobody(sim: Running, bucket: Any, effect: str) -> None:
    control(sim, "PUT", "users/reader")
    made = control(sim, "POST", "keys", {"user": "reader"})
    reader = bucket_of(sim, "examplebucket", key=(made["id"], made["secret"]))
    statement = {"Action": ["oss:PutObject"], "Effect": effect, "Resource": ["acs:oss:*:*:examplebucket/*"]}
    document = {"Version": "1", "Statement": [statement]}
    bucket.put_bucket_policy(json.dumps(document))
    assert json.loads(bucket.get_bucket_policy().policy) == document
    assert bucket.put_object("k", b"the owner's").status == 200
    with pytest.raises(oss2.exceptions.AccessDenied):
        reader.put_object("k", b"nobody allowed this")


def test_object_meta_may_be_asked_by_get_and_has_no_body_all_the_same(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"hello")
    raw = wire.raw(b"GET /examplebucket/k?objectMeta HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert (raw.status, raw.headers["content-length"], raw.body, raw.closed) == (200, "5", b"", True)
    assert "x-oss-object-type" not in raw.headers
    missing = wire.raw(b"GET /examplebucket/none?objectMeta HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert missing.status == 404


def test_a_plus_in_a_path_is_a_blank_and_an_encoded_one_is_a_plus(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("a b+c", b"1")
    assert requests.get(f"{sim.oss}/examplebucket/a+b%2Bc", timeout=HUNG).content == b"1"
    assert requests.get(f"{sim.oss}/examplebucket/a%20b+c", timeout=HUNG).status_code == 404


def test_every_append_may_set_the_acl_and_one_that_does_not_keeps_it(sim: Running, bucket: Any) -> None:
    for position, acl, left in ((0, "private", "private"), (1, "public-read", "public-read"), (2, None, "public-read")):
        headers = {"x-oss-object-acl": acl, "x-oss-meta-n": str(position)} if acl else None
        bucket.append_object("k", position, b"x", headers=headers)
        assert bucket.get_object_acl("k").acl == left
    assert bucket.head_object("k").headers["x-oss-meta-n"] == "0"


def test_the_acl_of_an_upload_in_parts_is_the_one_that_completes_it(sim: Running, bucket: Any) -> None:
    for completing, left in ((None, "default"), ({"x-oss-object-acl": "private"}, "private")):
        upload = bucket.init_multipart_upload("k", headers={"x-oss-object-acl": "public-read"}).upload_id
        part = oss2.models.PartInfo(1, bucket.upload_part("k", upload, 1, b"x").etag)
        bucket.complete_multipart_upload("k", upload, [part], headers=completing)
        assert bucket.get_object_acl("k").acl == left


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("If-Unmodified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("If-None-Match", "*"),
        ("If-Match", '"0"'),
    ],
)
def test_an_upload_on_a_condition_of_reads_is_refused_and_overwrites_nothing(
    sim: Running, bucket: Any, name: str, value: str
) -> None:
    bucket.put_object("k", b"old")
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"new", headers={name: value})
    assert (refused.value.status, refused.value.details["Header"]) == (501, name)
    assert bucket.get_object("k").read() == b"old"


def test_a_copy_that_repeats_its_conditions_under_the_names_of_reads_is_made(sim: Running, bucket: Any) -> None:
    """ali-oss sends both."""
    etag = bucket.put_object("k", b"old").headers["ETag"]
    both = {"If-Match": etag, "x-oss-copy-source-if-match": etag}
    assert bucket.copy_object("examplebucket", "k", "copy", headers=both).status == 200


@pytest.mark.parametrize(("prefix", "status"), [("Example", 400), ("ex_", 400), ("ex", 200), ("", 200), ("zz", 200)])
def test_buckets_are_not_listed_by_what_begins_no_name(
    sim: Running, bucket: Any, wire: Wire, prefix: str, status: int
) -> None:
    assert wire.signed("GET", unsigned_query=f"prefix={prefix}").status_code == status


def test_text_comes_compressed_to_who_asks_for_it(sim: Running, bucket: Any) -> None:
    text = b"a line of a report\n" * 100
    bucket.put_object("report.txt", text, headers={"Content-Type": "text/plain; charset=utf-8"})
    answer = bucket.get_object("report.txt", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.content_length, answer.read()) == ("gzip", None, text)
    assert bucket.get_object("report.txt").content_length == len(text)


@pytest.mark.parametrize(
    ("size", "headers", "reading"),
    [
        (1023, {"Content-Type": "text/plain"}, {}),
        (2048, {"Content-Type": "image/png"}, {}),
        (2048, {"Content-Type": "text/plain", "Content-Encoding": "br"}, {}),
        (2048, {"Content-Type": "text/plain"}, {"Range": "bytes=0-9"}),
    ],
    ids=str,
)
def test_nothing_else_comes_compressed(
    sim: Running, bucket: Any, size: int, headers: dict[str, str], reading: dict[str, str]
) -> None:
    bucket.put_object("k", b"x" * size, headers=headers)
    answer = bucket.get_object("k", headers={"Accept-Encoding": "gzip", **reading})
    assert answer.headers.get("Content-Encoding") == headers.get("Content-Encoding")
    assert answer.content_length == (10 if reading else size)
