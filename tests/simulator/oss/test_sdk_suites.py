"""What the SDKs' own suites count on, and nothing else here asks for."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, error_of, service_of, v2_client

NAME = "examplebucket"
CONTROLS = "".join(map(chr, range(1, 32)))
REPLACE = {"x-oss-metadata-directive": "REPLACE"}


@pytest.mark.parametrize("data", [b"", b"hello"])
def test_a_part_is_answered_with_its_md5(sim: Running, bucket: Any, data: bytes) -> None:
    upload = bucket.init_multipart_upload("k").upload_id
    given = v2_client(sim).upload_part(
        oss_v2.UploadPartRequest(bucket=NAME, key="k", upload_id=upload, part_number=1, body=data)
    )
    assert given.content_md5 == base64.b64encode(hashlib.md5(data).digest()).decode()


@pytest.mark.parametrize("algorithm", ["AES256", "KMS"])
def test_an_encrypted_upload_says_so_from_its_beginning(bucket: Any, algorithm: str) -> None:
    asked = {"x-oss-server-side-encryption": algorithm}
    begun = bucket.init_multipart_upload("k", headers=asked)
    part = oss2.models.PartInfo(1, bucket.upload_part("k", begun.upload_id, 1, b"1").etag)
    done = bucket.complete_multipart_upload("k", begun.upload_id, [part])
    assert {begun.headers[name] for name in asked} == {done.headers[name] for name in asked} == {algorithm}
    plain = bucket.init_multipart_upload("plain")
    assert "x-oss-server-side-encryption" not in plain.headers


@pytest.mark.parametrize(("sent", "kept"), [({}, "text/x"), ({"Content-Type": "text/y"}, "text/y")])
def test_a_copy_to_another_key_keeps_its_content_type_unless_one_is_named(
    bucket: Any, sent: dict[str, str], kept: str
) -> None:
    bucket.put_object("a", b"1", headers={"Content-Type": "text/x", "Cache-Control": "no-cache", "x-oss-meta-a": "1"})
    bucket.copy_object(NAME, "a", "b", headers={**REPLACE, **sent})
    head = bucket.head_object("b")
    assert head.content_type == kept
    assert not {"Cache-Control", "x-oss-meta-a"} & set(head.headers)


def test_a_copy_keeps_how_the_client_encrypted_the_data(bucket: Any) -> None:
    marks = {f"x-oss-meta-client-side-encryption-{name}": name for name in ("key", "start", "cek-alg")}
    bucket.put_object("a", b"1", headers={**marks, "x-oss-meta-client": "gone"})
    bucket.copy_object(NAME, "a", "b", headers={**REPLACE, "x-oss-meta-flag": "true"})
    head = bucket.head_object("b").headers
    assert {name: head[name] for name in marks} == marks
    assert (head["x-oss-meta-flag"], "x-oss-meta-client" in head) == ("true", False)
    other = "x-oss-meta-client-side-encryption-key"
    bucket.copy_object(NAME, "a", "c", headers={**REPLACE, other: "named"})
    assert bucket.head_object("c").headers[other] == "named"


def test_a_list_of_parts_says_how_the_client_encrypts_them(sim: Running, bucket: Any) -> None:
    said = {"key": "a", "start": "b", "cek-alg": "c", "wrap-alg": "d", "data-size": "9", "part-size": "3"}
    headers = {f"x-oss-meta-client-side-encryption-{name}": value for name, value in said.items()}

    def listed(key: str, sent: dict[str, str]) -> dict[str, object]:
        upload = bucket.init_multipart_upload(key, headers=sent).upload_id
        asked = oss_v2.ListPartsRequest(bucket=NAME, key=key, upload_id=upload)
        answer = v2_client(sim).list_parts(asked)
        return {name: getattr(answer, f"client_encryption_{name.replace('-', '_')}") for name in said}

    assert listed("k", headers) == {**said, "data-size": 9, "part-size": 3}
    assert set(listed("plain", {"x-oss-meta-a": "1"}).values()) == {None}


def test_keys_of_control_characters_can_be_deleted_in_one_request(sim: Running, bucket: Any) -> None:
    keys = [f"k{CONTROLS}", "k\x01", "k\n", "k ä"]
    for key in keys:
        bucket.put_object(key, b"1")
    objects = [oss_v2.DeleteObject(key=key) for key in keys]
    request = oss_v2.DeleteMultipleObjectsRequest(bucket=NAME, objects=objects)
    deleted = v2_client(sim).delete_multiple_objects(request).deleted_objects or []
    assert [entry.key for entry in deleted] == keys
    assert bucket.list_objects().object_list == []


@pytest.mark.parametrize("spelling", ["\x01", "&#1;", "&#x1;"])
def test_a_control_character_may_be_written_in_either_way(bucket: Any, wire: Wire, spelling: str) -> None:
    bucket.put_object("k\x01", b"1")
    bucket.put_object("other", b"1")
    document = f"<Delete>\r\n<Object><Key>k{spelling}</Key></Object>\r\n</Delete>"
    assert wire.xml("POST", NAME, "delete", document).status_code == 200
    assert [entry.key for entry in bucket.list_objects().object_list] == ["other"]


@pytest.mark.parametrize("key", ["k\x01</Key", "&b;\x01", "\x01<", "&#0;"])
def test_broken_documents_stay_broken_whatever_they_hold(bucket: Any, wire: Wire, key: str) -> None:
    answer = wire.xml("POST", NAME, "delete", f"<Delete><Object><Key>{key}</Key></Object></Delete>")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "MalformedXML")


def test_a_listing_shows_control_characters_as_they_are(bucket: Any, wire: Wire) -> None:
    bucket.put_object("k\x01\n\x07&", b"1")
    assert b"<Key>k\x01\n\x07&amp;</Key>" in wire.signed("GET", NAME).content
    assert bucket.list_objects().object_list[0].key == "k\x01\n\x07&"


@pytest.mark.parametrize(
    ("changed", "public"),
    [
        ({}, True),
        ({"Principal": ["*"]}, True),
        ({"Principal": ["1234567890123456"]}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}}, False),
    ],
)
def test_the_status_of_a_policy_says_whether_it_is_public(
    sim: Running, bucket: Any, changed: dict[str, Any], public: bool
) -> None:
    client, asked = v2_client(sim), oss_v2.GetBucketPolicyStatusRequest(bucket=NAME)
    statement = {"Action": ["oss:PutObject"], "Effect": "Allow", "Resource": [f"acs:oss:*:*:{NAME}/*"], **changed}
    bucket.put_bucket_policy(json.dumps({"Version": "1", "Statement": [statement]}))
    assert client.get_bucket_policy_status(asked).policy_status.is_public is public
    bucket.delete_bucket_policy()
    assert client.get_bucket_policy_status(asked).policy_status.is_public is False


def test_a_new_bucket_has_no_live_channels(bucket: Any) -> None:
    listed = bucket.list_live_channel("ch", "", 10)
    assert (listed.channels, listed.is_truncated, listed.max_keys) == ([], False, 10)


def test_a_client_that_asks_for_all_regions_finds_several(sim: Running) -> None:
    regions = [entry.region for entry in service_of(sim).describe_regions().regions]
    assert len(regions) == len(set(regions)) > 1
    assert [entry.region for entry in service_of(sim).describe_regions("oss-cn-hangzhou").regions] == [
        "oss-cn-hangzhou"
    ]
    with pytest.raises(oss2.exceptions.ServerError):
        service_of(sim).describe_regions("oss-nowhere")


def test_an_empty_resource_group_is_the_default_one(bucket: Any) -> None:
    for given, kept in (("rg-aek2invented99", "rg-aek2invented99"), ("", "rg-default")):
        bucket.put_bucket_resource_group(given)
        assert bucket.get_bucket_resource_group().resource_group_id == kept
