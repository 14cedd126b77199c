"""Objects: uploads, ranges, conditions, metadata, copies, appends, links, deletes, forms."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import time
from email.utils import formatdate
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from oss2.models import BatchDeleteObjectVersion, BatchDeleteObjectVersionList, Tagging, TaggingRule

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, bucket_of, control, error_of, v2_client

DATA = bytes(range(256)) * 4


def test_upload_answers_with_etag_crc_and_keeps_metadata(sim: Running, bucket: Any) -> None:
    headers = {
        "Content-Type": "text/x-own",
        "Cache-Control": "no-cache",
        "Content-Disposition": "attachment",
        "Content-Encoding": "gzip",
        "Expires": "Fri, 01 Jan 2027 00:00:00 GMT",
        "x-oss-meta-Author": "someone",
    }
    result = bucket.put_object("k", DATA, headers=headers)
    assert result.etag == hashlib.md5(DATA).hexdigest().upper()
    assert result.crc == oss2.utils.Crc64(0).crc or result.crc is not None
    head = bucket.head_object("k")
    assert head.headers["x-oss-meta-author"] == "someone"
    assert head.object_type == "Normal"
    for name in ("Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Expires"):
        assert head.headers[name] == headers[name]
    assert bucket.get_object_meta("k").headers["ETag"] == f'"{result.etag}"'
    assert "x-oss-storage-class" not in bucket.get_object_meta("k").headers


@pytest.mark.parametrize("key", ["a.html", "a.jpg", "a.unknown-", "a"])
@pytest.mark.parametrize("what", ["put", "post", "append", "multipart", "symlink", "meta"])
def test_no_content_type_is_an_octet_stream_whatever_the_name(
    sim: Running, bucket: Any, wire: Wire, key: str, what: str
) -> None:
    bucket.put_bucket_acl("public-read-write")
    match what:
        case "put":
            wire.signed("PUT", "examplebucket", key, body=b"1")
        case "post":
            url = f"{sim.oss}/examplebucket"
            assert requests.post(url, data={"key": key}, files={"file": ("", b"1")}, timeout=HUNG).status_code == 204
        case "append":
            wire.asked("POST", "examplebucket", key, query="append&position=0", body=b"1")
        case "multipart":
            begun = wire.asked("POST", "examplebucket", key, query="uploads")
            upload = re.findall("<UploadId>(.+)</UploadId>", begun.text)[0]
            part = oss2.models.PartInfo(1, bucket.upload_part(key, upload, 1, b"1").etag)
            bucket.complete_multipart_upload(key, upload, [part])
        case "symlink":
            bucket.put_object("target", b"1", headers={"Content-Type": "text/plain"})
            wire.asked("PUT", "examplebucket", key, query="symlink", headers={"x-oss-symlink-target": "target"})
        case "meta":
            bucket.put_object(key, b"1", headers={"Content-Type": "text/x", "x-oss-meta-a": "b"})
            bucket.update_object_meta(key, None)
            assert "x-oss-meta-a" not in bucket.head_object(key).headers
    assert bucket.head_object(key).content_type == "application/octet-stream"


def test_upload_without_a_length_is_chunked_and_complete(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", iter([b"one ", b"two ", b"three"]))
    assert bucket.get_object("k").read() == b"one two three"


def test_large_upload_and_download(sim: Running, bucket: Any) -> None:
    data = DATA * 8192
    bucket.put_object("k", io.BytesIO(data))
    assert bucket.get_object("k").read() == data


def test_wrong_md5_refuses_the_upload(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.InvalidDigest):
        bucket.put_object("k", b"1", headers={"Content-MD5": base64.b64encode(b"0" * 16).decode()})
    assert not bucket.object_exists("k")


@pytest.mark.parametrize(
    ("asked", "standard", "status", "expected"),
    [
        ("bytes=0-9", False, 206, DATA[:10]),
        ("bytes=10-", False, 206, DATA[10:]),
        ("bytes=-10", False, 206, DATA[-10:]),
        ("bytes=0-0", False, 206, DATA[:1]),
        ("bytes=1000-2000", False, 200, DATA),
        ("bytes=1000-2000", True, 206, DATA[1000:]),
        ("bytes=5000-", False, 200, DATA),
        ("bytes=5000-", True, 416, None),
        ("bytes=9-1", False, 200, DATA),
        ("bytes=a-b", False, 200, DATA),
        ("bytes=0-1,5-6", False, 200, DATA),
        ("lines=0-1", False, 200, DATA),
    ],
)
def test_ranges(
    sim: Running, bucket: Any, wire: Wire, asked: str, standard: bool, status: int, expected: bytes | None
) -> None:
    bucket.put_object("k", DATA)
    headers = {"Range": asked} | ({"x-oss-range-behavior": "standard"} if standard else {})
    answer = wire.signed("GET", "examplebucket", "k", headers=headers)
    assert answer.status_code == status
    if expected is None:
        assert error_of(answer.content)["Code"] == "InvalidRange"
    else:
        assert answer.content == expected
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(DATA)}")


def test_empty_object_cannot_satisfy_a_range(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"")
    assert bucket.get_object("k", byte_range=(0, 0)).status == 200


def test_conditions(sim: Running, bucket: Any) -> None:
    etag = bucket.put_object("k", DATA).etag
    past, future = formatdate(time.time() - 100, usegmt=True), formatdate(time.time() + 100, usegmt=True)
    assert bucket.get_object("k", headers={"If-Match": f'"{etag}"'}).read() == DATA
    assert bucket.get_object("k", headers={"If-None-Match": '"0"'}).read() == DATA
    assert bucket.get_object("k", headers={"If-Modified-Since": past}).read() == DATA
    assert bucket.get_object("k", headers={"If-Unmodified-Since": future}).read() == DATA
    for headers in ({"If-None-Match": f'"{etag}"'}, {"If-Modified-Since": future}):
        with pytest.raises(oss2.exceptions.NotModified):
            bucket.get_object("k", headers=headers)
    for headers in ({"If-Match": '"0"'}, {"If-Unmodified-Since": past}):
        with pytest.raises(oss2.exceptions.PreconditionFailed):
            bucket.get_object("k", headers=headers)
        with pytest.raises(oss2.exceptions.PreconditionFailed):
            bucket.head_object("k", headers=headers)


def test_missing_key_by_get_and_head(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.NoSuchKey) as by_get:
        bucket.get_object("nothing")
    assert by_get.value.details["Key"] == "nothing"
    with pytest.raises(oss2.exceptions.NoSuchKey) as by_head:
        bucket.head_object("nothing")
    assert (by_head.value.ec, by_head.value.headers["x-oss-ec"]) == ("0026-00000001", "0026-00000001")
    assert error_of(base64.b64decode(by_head.value.headers["x-oss-err"]))["Code"] == "NoSuchKey"
    assert not bucket.object_exists("nothing")


def test_forbidden_overwrite(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"first", headers={"x-oss-forbid-overwrite": "true"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"second", headers={"x-oss-forbid-overwrite": "true"})
    assert (refused.value.status, refused.value.code) == (409, "FileAlreadyExists")
    assert bucket.get_object("k").read() == b"first"


def test_copy_keeps_or_replaces_metadata(sim: Running, bucket: Any) -> None:
    bucket.put_object("a ä", DATA, headers={"x-oss-meta-a": "1", "Content-Type": "text/x-a"})
    result = bucket.copy_object("examplebucket", "a ä", "b")
    assert result.etag == hashlib.md5(DATA).hexdigest().upper()
    assert bucket.head_object("b").headers["x-oss-meta-a"] == "1"
    replace = {"x-oss-metadata-directive": "REPLACE", "x-oss-meta-b": "2"}
    bucket.copy_object("examplebucket", "a ä", "b", headers=replace)
    head = bucket.head_object("b")
    assert (head.headers["x-oss-meta-b"], "x-oss-meta-a" in head.headers) == ("2", False)
    bucket.update_object_meta("b", {"x-oss-meta-c": "3"})
    assert bucket.head_object("b").headers["x-oss-meta-c"] == "3"


@pytest.mark.parametrize(
    ("source", "status", "code"),
    [
        ("", 400, "InvalidArgument"),
        ("/examplebucket", 400, "InvalidArgument"),
        ("/examplebucket/nothing", 404, "NoSuchKey"),
        ("/not-there/k", 404, "NoSuchBucket"),
        ("/Bad_Name/k", 400, "InvalidBucketName"),
        ("/examplebucket/k?versionId=none", 400, "InvalidArgument"),
        ("/examplebucket/k?versionId=CAEQ0123456789abcdefghij", 404, "NoSuchVersion"),
    ],
)
def test_bad_copy_sources(sim: Running, bucket: Any, wire: Wire, source: str, status: int, code: str) -> None:
    bucket.put_object("k", b"1")
    answer = wire.signed("PUT", "examplebucket", "copy", headers={"x-oss-copy-source": source})
    assert (answer.status_code, error_of(answer.content)["Code"]) == (status, code)
    assert not bucket.object_exists("copy")


def test_append_grows_from_where_the_client_says(sim: Running, bucket: Any) -> None:
    first = bucket.append_object("log", 0, b"one ")
    assert first.next_position == 4
    second = bucket.append_object("log", first.next_position, b"two", init_crc=first.crc)
    assert second.next_position == 7
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as wrong:
        bucket.append_object("log", 3, b"x")
    assert wrong.value.next_position == 7
    assert bucket.get_object("log").read() == b"one two"
    assert bucket.head_object("log").object_type == "Appendable"
    bucket.put_object("plain", b"1")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        bucket.append_object("plain", 1, b"2")


def test_symlink_answers_with_its_target(sim: Running, bucket: Any) -> None:
    bucket.put_object("target ä", DATA)
    bucket.put_symlink("target ä", "link")
    assert bucket.get_symlink("link").target_key == "target ä"
    assert bucket.get_object("link").read() == DATA
    assert bucket.head_object("link").object_type == "Symlink"
    bucket.delete_object("target ä")
    with pytest.raises(oss2.exceptions.ServerError) as broken:
        bucket.get_object("link")
    assert (broken.value.status, broken.value.code) == (404, "SymlinkTargetNotExist")
    bucket.put_object("plain", b"1")
    with pytest.raises(oss2.exceptions.ServerError) as none:
        bucket.get_symlink("plain")
    assert none.value.code == "NotSymlink"


def test_acl_and_tagging(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1", headers={"x-oss-tagging": "a=1&b=%20", "x-oss-object-acl": "private"})
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"a": "1", "b": " "}
    assert bucket.head_object("k").headers["x-oss-tagging-count"] == "2"
    assert bucket.get_object_acl("k").acl == "private"
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PUBLIC_READ)
    assert requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG).content == b"1"
    bucket.put_object_acl("k", oss2.OBJECT_ACL_DEFAULT)
    assert requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG).status_code == 403
    rule = TaggingRule()
    rule.add("new", "value")
    bucket.put_object_tagging("k", Tagging(rule))
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"new": "value"}
    bucket.delete_object_tagging("k")
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-oss-storage-class": "Glacier"}, "InvalidArgument"),
        ({"x-oss-object-acl": "open"}, "InvalidArgument"),
        ({"x-oss-tagging": "&".join(f"k{n}=v" for n in range(11))}, "InvalidTag"),
        ({"x-oss-tagging": "a=1&a=2"}, "InvalidTag"),
        ({"x-oss-server-side-encryption": "ROT13"}, "InvalidEncryptionAlgorithmError"),
        ({"x-oss-meta-big": "x" * 9000}, "MetadataTooLarge"),
    ],
)
def test_bad_headers_refuse_the_upload(sim: Running, bucket: Any, headers: dict[str, str], code: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_object("k", b"1", headers=headers)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert not bucket.object_exists("k")


def test_delete_one_and_many(sim: Running, bucket: Any) -> None:
    keys = ["a", "b ä&<>", "c/d"]
    for key in keys:
        bucket.put_object(key, b"1")
    assert bucket.delete_object("a").status == 204
    assert bucket.delete_object("a").status == 204
    assert sorted(bucket.batch_delete_objects([*keys, "never was"]).deleted_keys) == sorted([*keys, "never was"])
    assert bucket.list_objects().object_list == []


@pytest.mark.parametrize(
    "document",
    [
        "<Delete></Delete>",
        "<Delete><Object></Object></Delete>",
        "<Delete><Object><Key>k</Key></Object>",
        "<Delete>" + "<Object><Key>k</Key></Object>" * 1001 + "</Delete>",
        "<Delete><Quiet>maybe</Quiet><Object><Key>k</Key></Object></Delete>",
        '<!DOCTYPE d [<!ENTITY e "k">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    ],
)
def test_bad_delete_documents_delete_nothing(sim: Running, bucket: Any, wire: Wire, document: str) -> None:
    bucket.put_object("k", b"1")
    answer = wire.xml("POST", "examplebucket", "delete", document)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "MalformedXML")
    assert bucket.object_exists("k")


def test_versioned_delete_many(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    bucket.put_object("k", b"1")
    version = bucket.head_object("k").versionid
    result = bucket.batch_delete_objects(["k"])
    assert result.delete_versions[0].delete_marker is True
    listed = BatchDeleteObjectVersionList([BatchDeleteObjectVersion("k", version)])
    bucket.delete_object_versions(listed)
    assert bucket.list_object_versions().versions == []
    assert len(bucket.list_object_versions().delete_marker) == 1


def _form(sim: Running, wire: Wire, fields: dict[str, str], data: bytes = b"by form") -> requests.Response:
    return requests.post(
        f"{sim.oss}/examplebucket", data=fields, files={"file": ("name.txt", data, "text/plain")}, timeout=HUNG
    )


def _policy(sim: Running, conditions: list[Any], seconds: int = 60) -> dict[str, str]:
    expiration = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
    policy = base64.b64encode(json.dumps({"expiration": expiration, "conditions": conditions}).encode()).decode()
    signature = oss2.auth.hmac.digest(sim.access_key_secret.encode(), policy.encode(), "sha1")
    return {
        "policy": policy,
        "OSSAccessKeyId": sim.access_key_id,
        "Signature": base64.b64encode(signature).decode(),
    }


def test_form_upload(sim: Running, bucket: Any, wire: Wire) -> None:
    fields = _policy(sim, [["content-length-range", 0, 100], ["starts-with", "$key", "up/"]])
    answer = _form(sim, wire, {"key": "up/${filename}", "x-oss-meta-a": "1", **fields})
    assert (answer.status_code, answer.content) == (204, b"")
    assert bucket.get_object("up/name.txt").read() == b"by form"
    assert bucket.head_object("up/name.txt").headers["x-oss-meta-a"] == "1"
    answer = _form(sim, wire, {"key": "up/2", "success_action_status": "201", **fields})
    assert answer.status_code == 201
    assert b"<Key>up/2</Key>" in answer.content


@pytest.mark.parametrize(
    ("conditions", "seconds", "change", "code"),
    [
        ([["content-length-range", 0, 3]], 60, {}, "AccessDenied"),
        ([["eq", "$key", "other"]], 60, {}, "AccessDenied"),
        ([{"bucket": "other"}], 60, {}, "AccessDenied"),
        ([], -60, {}, "AccessDenied"),
        ([], 60, {"Signature": "wrong"}, "SignatureDoesNotMatch"),
        ([], 60, {"OSSAccessKeyId": "LTAInobody"}, "InvalidAccessKeyId"),
    ],
)
def test_refused_forms(
    sim: Running, bucket: Any, wire: Wire, conditions: list[Any], seconds: int, change: dict[str, str], code: str
) -> None:
    answer = _form(sim, wire, {"key": "k", **_policy(sim, conditions, seconds), **change})
    assert (answer.status_code, error_of(answer.content)["Code"]) == (403, code)
    assert not bucket.object_exists("k")


def test_anonymous_form_and_malformed_form(sim: Running, bucket: Any, wire: Wire) -> None:
    assert error_of(_form(sim, wire, {"key": "k"}).content)["Code"] == "AccessDenied"
    bucket.put_bucket_acl(oss2.BUCKET_ACL_PUBLIC_READ_WRITE)
    assert _form(sim, wire, {"key": "k"}).status_code == 204
    for content_type, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense\r\n--b--"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n'),
    ):
        answer = requests.post(
            f"{sim.oss}/examplebucket", data=body, headers={"Content-Type": content_type}, timeout=HUNG
        )
        assert answer.status_code == 400


def test_everyday_calls_of_the_second_sdk(sim: Running, bucket: Any) -> None:
    client = v2_client(sim)
    put = oss_v2.PutObjectRequest(bucket="examplebucket", key="k", body=DATA, metadata={"a": "1"}, tagging="t=1")
    assert client.put_object(put).status_code == 200
    head = client.head_object(oss_v2.HeadObjectRequest(bucket="examplebucket", key="k"))
    assert (head.content_length, head.metadata["a"], head.tagging_count) == (len(DATA), "1", 1)
    part = client.get_object(oss_v2.GetObjectRequest(bucket="examplebucket", key="k", range_header="bytes=0-3"))
    assert part.body.content == DATA[:4]
    copy = oss_v2.CopyObjectRequest(bucket="examplebucket", key="c", source_key="k")
    assert client.copy_object(copy).etag == head.etag
    append = oss_v2.AppendObjectRequest(bucket="examplebucket", key="log", position=0, body=b"1")
    assert client.append_object(append).next_position == 1
    meta = client.get_object_meta(oss_v2.GetObjectMetaRequest(bucket="examplebucket", key="k"))
    assert meta.content_length == len(DATA)
    client.put_object_acl(oss_v2.PutObjectAclRequest(bucket="examplebucket", key="k", acl="private"))
    assert client.get_object_acl(oss_v2.GetObjectAclRequest(bucket="examplebucket", key="k")).acl == "private"
    client.put_symlink(oss_v2.PutSymlinkRequest(bucket="examplebucket", key="s", symlink_target="k"))
    assert client.get_symlink(oss_v2.GetSymlinkRequest(bucket="examplebucket", key="s")).target == "k"
    tags = client.get_object_tagging(oss_v2.GetObjectTaggingRequest(bucket="examplebucket", key="k"))
    assert tags.tag_set.tags[0].key == "t"
    doomed = [oss_v2.DeleteObject(key="k"), oss_v2.DeleteObject(key="c")]
    deleted = client.delete_multiple_objects(
        oss_v2.DeleteMultipleObjectsRequest(bucket="examplebucket", objects=doomed)
    )
    assert {entry.key for entry in deleted.deleted_objects} == {"k", "c"}
    assert client.is_object_exist("examplebucket", "log")
    assert not client.is_object_exist("examplebucket", "k")
    assert client.is_bucket_exist("examplebucket")


def test_object_of_a_terabyte_takes_no_memory_and_reads_anywhere(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "buckets/examplebucket/objects/huge", {"size": 10**12})
    head = bucket.head_object("huge")
    assert head.content_length == 10**12
    assert int(head.headers["x-oss-hash-crc64ecma"]) > 0
    assert bucket.get_object("huge", byte_range=(10**11, 10**11 + 9)).read() == bytes(10)


def test_synthetic_content_has_the_right_crc(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "buckets/examplebucket/objects/zeros", {"size": 3_000_001})
    assert bucket.get_object("zeros").read() == bytes(3_000_001)


def test_requests_on_one_connection_do_not_mix(sim: Running, bucket: Any) -> None:
    quick = bucket_of(sim, "examplebucket", "v4")
    for number in range(200):
        quick.put_object(f"k{number}", str(number).encode())
        assert quick.get_object(f"k{number}").read() == str(number).encode()


@pytest.mark.parametrize("wrong", ["%@abc", "a#b", "<tag>", "a\tb", "a&b", "star*"])
@pytest.mark.parametrize("place", ["key", "value"])
def test_tags_of_other_signs_are_refused_and_nothing_changes(
    sim: Running, bucket: Any, wire: Wire, place: str, wrong: str
) -> None:
    bucket.put_object("k", b"1", headers={"x-oss-tagging": "kept=1"})
    name, value = (wrong, "v") if place == "key" else ("n", wrong)
    rule = TaggingRule()
    rule.add(name, value)
    with pytest.raises(oss2.exceptions.ServerError) as document:
        bucket.put_object_tagging("k", Tagging(rule))
    assert (document.value.status, document.value.code) == (400, "InvalidTag")
    headers = {"x-oss-tagging": rule.to_query_string()}
    for query in ("", "append&position=0", "uploads"):
        answer = wire.asked(
            "POST" if query else "PUT", "examplebucket", "other", query=query, body=b"1", headers=headers
        )
        assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidTag")
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {"kept": "1"}
    assert not bucket.object_exists("other")


@pytest.mark.parametrize("sign", ["+-=._:/ ", "标签", "é", "", "A1"])
def test_tags_of_these_signs_are_kept(sim: Running, bucket: Any, sign: str) -> None:
    rule = TaggingRule()
    rule.add("n" + sign, sign)
    bucket.put_object("k", b"1")
    bucket.put_object_tagging("k", Tagging(rule))
    assert bucket.get_object_tagging("k").tag_set.tagging_rule == {("n" + sign): sign}


def test_tags_of_a_bucket_may_have_any_sign(sim: Running, bucket: Any) -> None:
    rule = TaggingRule()
    rule.add("%@abc", "++123%")
    bucket.put_bucket_tagging(Tagging(rule))
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"%@abc": "++123%"}


@pytest.mark.parametrize("version", ["234", "IllegalVersion", "%%%", "CAEQ", "CAEQ0123456789abcdefghi-", "x" * 64])
def test_version_that_is_none_is_refused_by_every_call(sim: Running, bucket: Any, version: str) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"1", headers={"x-oss-storage-class": "ColdArchive"})
    params = {"versionId": version}
    doomed = BatchDeleteObjectVersionList([BatchDeleteObjectVersion("k"), BatchDeleteObjectVersion("k", version)])
    for call in (
        lambda: bucket.get_object("k", params=params),
        lambda: bucket.head_object("k", params=params),
        lambda: bucket.delete_object("k", params=params),
        lambda: bucket.delete_object("not-there", params=params),
        lambda: bucket.restore_object("k", params=params),
        lambda: bucket.put_object_acl("k", "private", params=params),
        lambda: bucket.get_object_tagging("k", params=params),
        lambda: bucket.copy_object("examplebucket", "k", "l", params=params),
        lambda: bucket.delete_object_versions(doomed),
    ):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            call()  # type: ignore[no-untyped-call]  # oss2 has no types
        assert (refused.value.status, refused.value.code) == (400, "InvalidArgument")
    assert len(bucket.list_object_versions().versions) == 1
    assert bucket.list_object_versions().delete_marker == []


def test_deleting_a_version_that_could_be_and_is_not_succeeds(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    version = bucket.put_object("k", b"1").versionid
    for _ in range(2):
        assert bucket.delete_object("k", params={"versionId": version}).status == 204
    assert bucket.delete_object("k", params={"versionId": "null"}).status == 204
