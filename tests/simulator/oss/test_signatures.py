"""Who signs how: every version, in header and URL, of every SDK, and everything that may be wrong with a signature."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import formatdate
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, advance, bucket_of, control, error_of, logged, stopped, v2_client

VERSIONS = ["v1", "v2", "v4"]
KEYS = ["plain.txt", "a/b c.txt", "日志/文件 +&=%41#?.txt", "dollar$brace{}~tilde!'()*,;:@[]", "%2F%20", "a//b"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_written_and_read_with_every_signature(sim: Running, bucket: Any, version: str, key: str) -> None:
    signed = bucket_of(sim, "examplebucket", version)
    signed.put_object(key, b"content")
    assert signed.get_object(key).read() == b"content"
    assert [entry.key for entry in signed.list_objects_v2(prefix=key).object_list] == [key]


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize("key", KEYS)
def test_the_second_sdk_signs_the_same_keys(sim: Running, bucket: Any, version: str, key: str) -> None:
    client = v2_client(sim, version)
    client.put_object(oss_v2.PutObjectRequest(bucket="examplebucket", key=key, body=b"content"))
    assert client.get_object(oss_v2.GetObjectRequest(bucket="examplebucket", key=key)).body.content == b"content"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("slash_safe", [True, False])
def test_presigned_urls_read_and_write(sim: Running, bucket: Any, version: str, slash_safe: bool) -> None:
    signed = bucket_of(sim, "examplebucket", version)
    url = signed.sign_url("PUT", "dir/key +", 60, headers={"Content-Type": "text/plain"}, slash_safe=slash_safe)
    assert requests.put(url, data=b"by url", headers={"Content-Type": "text/plain"}, timeout=HUNG).status_code == 200
    url = signed.sign_url("GET", "dir/key +", 60, params={"response-content-type": "text/csv"}, slash_safe=slash_safe)
    answer = requests.get(url, timeout=HUNG)
    assert (answer.content, answer.headers["Content-Type"]) == (b"by url", "text/csv")


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_presigned_urls_of_the_second_sdk(sim: Running, bucket: Any, version: str) -> None:
    client = v2_client(sim, version)
    url = client.presign(oss_v2.PutObjectRequest(bucket="examplebucket", key="ä b"), expires=timedelta(seconds=60)).url
    assert requests.put(url, data=b"1", timeout=HUNG).status_code == 200
    url = client.presign(oss_v2.GetObjectRequest(bucket="examplebucket", key="ä b")).url
    assert requests.get(url, timeout=HUNG).content == b"1"


@pytest.mark.parametrize("version", VERSIONS)
def test_presigned_put_with_another_content_type_is_refused(sim: Running, bucket: Any, version: str) -> None:
    url = bucket_of(sim, "examplebucket", version).sign_url("PUT", "k", 60, headers={"Content-Type": "text/plain"})
    answer = requests.put(url, data=b"1", headers={"Content-Type": "text/html"}, timeout=HUNG)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (403, "SignatureDoesNotMatch")
    assert not bucket.object_exists("k")


@pytest.mark.parametrize(("version", "ec"), [("v1", "0002-00000040"), ("v2", "0002-00000040"), ("v4", "0002-00000201")])
def test_wrong_secret_shows_the_string_to_sign(sim: Running, bucket: Any, version: str, ec: str) -> None:
    wrong = bucket_of(sim, "examplebucket", version, (sim.access_key_id, "wrong"))
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as refused:
        wrong.get_object("k")
    details = refused.value.details
    assert (refused.value.status, details["EC"], details["OSSAccessKeyId"]) == (403, ec, sim.access_key_id)
    octets = bytes.fromhex(details["StringToSignBytes"])
    assert octets.decode() == details["StringToSign"]
    assert details["StringToSignBytes"].endswith(" ")
    if version == "v4":
        assert details["CanonicalRequest"].startswith("GET\n/examplebucket/k\n")


def test_header_altered_on_the_way_is_refused(sim: Running, bucket: Any, wire: Wire) -> None:
    answer = wire.signed("PUT", "examplebucket", "k", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200
    request = answer.request
    request.headers["Content-Type"] = "text/html"
    with requests.Session() as session:
        altered = session.send(request, timeout=HUNG)
    assert error_of(altered.content)["Code"] == "SignatureDoesNotMatch"


@pytest.mark.parametrize("seconds", [-901, 901, -86400])
def test_more_than_fifteen_minutes_of_skew_are_too_many(sim: Running, bucket: Any, wire: Wire, seconds: int) -> None:
    answer = wire.signed("GET", "examplebucket", "k", date=stopped(sim) + seconds)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (403, "RequestTimeTooSkewed", "0002-00000504")
    assert error["MaxAllowedSkewMilliseconds"] == "900000"
    assert error["ServerTime"].endswith(".000Z")
    assert error["RequestTime"].endswith(".000Z")


@pytest.mark.parametrize("seconds", [-900, 900])
def test_fifteen_minutes_are_no_skew(sim: Running, bucket: Any, wire: Wire, seconds: int) -> None:
    assert wire.signed("GET", "examplebucket", date=stopped(sim) + seconds).status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_shown_clock_moved_by_control_makes_honest_clients_skewed(sim: Running, bucket: Any, version: str) -> None:
    moment = stopped(sim)
    control(sim, "POST", "clock", {"offset_seconds": 3600})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket_of(sim, "examplebucket", version).get_object("k")
    assert refused.value.code == "RequestTimeTooSkewed"
    assert int(refused.value.request_id[:8], 16) == moment + 3600


@pytest.mark.parametrize("date", ["", "yesterday", "2026-01-01", "Thu, 99 Foo 2026 00:00:00 GMT"])
def test_date_that_is_none_is_refused(sim: Running, bucket: Any, wire: Wire, date: str) -> None:
    answer = wire.signed("GET", "examplebucket", "k", date_text=date)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (403, "AccessDenied", "0002-00000503")


def test_x_oss_date_counts_instead_of_date(sim: Running, bucket: Any, wire: Wire) -> None:
    signed = bucket_of(sim, "examplebucket")
    signed.put_object("k", b"", headers={"x-oss-date": formatdate(usegmt=True)})
    assert signed.object_exists("k")


def test_expired_url_says_when(sim: Running, bucket: Any) -> None:
    for version, ec in (("v1", "0002-00000069"), ("v2", "0002-00000069"), ("v4", "0002-00000236")):
        url = bucket_of(sim, "examplebucket", version).sign_url("GET", "k", 10)
        control(sim, "POST", "clock", {"offset_seconds": 60})
        answer = requests.get(url, timeout=HUNG)
        control(sim, "POST", "clock", {"offset_seconds": 0})
        error = error_of(answer.content)
        assert (answer.status_code, error["Code"], error["EC"]) == (403, "AccessDenied", ec)
        assert error["Message"] == "Request has expired."
        assert error["Expires"] < error["ServerTime"]


def test_v4_url_from_the_future_is_refused(sim: Running, bucket: Any) -> None:
    url = bucket_of(sim, "examplebucket", "v4").sign_url("GET", "k", 3600)
    control(sim, "POST", "clock", {"offset_seconds": -1200})
    error = error_of(requests.get(url, timeout=HUNG).content)
    assert (error["Code"], error["EC"]) == ("AccessDenied", "0002-00000235")


@pytest.mark.parametrize(
    ("query", "status", "ec"),
    [
        ("OSSAccessKeyId=a&Signature=b&Expires=", 403, "0002-00000068"),
        ("OSSAccessKeyId={id}&Signature=b&Expires=", 403, "0002-00000068"),
        ("OSSAccessKeyId={id}&Signature=b&Expires=soon", 403, "0002-00000070"),
        ("OSSAccessKeyId={id}&Signature=b", 403, None),
        ("OSSAccessKeyId={id}&Expires=1", 403, None),
    ],
)
def test_incomplete_urls_are_denied(sim: Running, bucket: Any, query: str, status: int, ec: str | None) -> None:
    answer = requests.get(f"{sim.oss}/examplebucket/k?{query.format(id=sim.access_key_id)}", timeout=HUNG)
    error = error_of(answer.content)
    assert answer.status_code == status
    if query.startswith("OSSAccessKeyId=a"):
        assert error["Code"] == "InvalidAccessKeyId"
    else:
        assert error["Code"] == "AccessDenied"
        assert ec is None or error["EC"] == ec


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "OSS",
        "OSS onlyakey",
        "OSS :signature",
        "OSS key:",
        "OSS2 nonsense",
        "OSS2 AccessKeyId:x",
        "OSS4-HMAC-SHA256 Credential=x",
        "OSS4-HMAC-SHA256 Credential=x/20260101/cn-hangzhou/oss/aliyun_v4_request",
        "OSS4-HMAC-SHA256 Credential=x/2026/cn-hangzhou/oss/aliyun_v4_request, Signature=0",
        "OSS4-HMAC-SHA256 Credential=x/20260101/cn-hangzhou/s3/aliyun_v4_request,Signature=0",
        "OSS4-HMAC-SHA256 ,,,",
    ],
)
def test_what_is_no_authorization_is_400(sim: Running, bucket: Any, authorization: str) -> None:
    headers = {"Authorization": authorization, "Date": formatdate(usegmt=True)}
    answer = requests.get(f"{sim.oss}/examplebucket/k", headers=headers, timeout=HUNG)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"]) == (400, "InvalidArgument")
    assert error["ArgumentName"] == "Authorization"
    assert error["ArgumentValue"] == authorization


def test_wrong_v4_region_is_400(sim: Running, bucket: Any) -> None:
    other = oss2.Bucket(
        oss2.AuthV4(sim.access_key_id, sim.access_key_secret), sim.oss, "examplebucket", region="cn-beijing"
    )
    with pytest.raises(oss2.exceptions.InvalidArgument) as refused:
        other.get_object("k")
    assert refused.value.message == "Invalid signing region in Authorization header."
    assert refused.value.ec == "0002-00000226"


@pytest.mark.parametrize("region", ["cn-beijing", "oss-cn-hangzhou", "None", "CN-Hangzhou", "", None])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_v4_url_for_no_region_of_ours_is_told_so(
    sim: Running, bucket: oss2.Bucket, method: str, region: str | None
) -> None:
    url = bucket_of(sim, "examplebucket", "v4").sign_url(method, "k", 60)
    # None: the scope has no step for a region at all.
    other = url.replace("%2Fcn-hangzhou%2F", "%2F" if region is None else f"%2F{region}%2F")
    assert other != url
    answer = requests.request(method, other, timeout=HUNG)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"]) == (400, "InvalidArgument")
    assert error["Message"] == "The signing region in credential is invalid."
    assert (error["ArgumentName"], error["EC"]) == ("x-oss-credential", "0002-00000226")
    assert not bucket.object_exists("k")


@pytest.mark.parametrize("region", ["cn-beijing", "None", ""])
def test_v4_form_for_no_region_of_ours_is_told_so(sim: Running, bucket: oss2.Bucket, region: str) -> None:
    credential = f"{sim.access_key_id}/20260101/{region}/oss/aliyun_v4_request"
    form = {"key": "k", "policy": "e30=", "x-oss-credential": credential, "x-oss-signature": "0" * 64}
    files = {"file": b"1"}
    answer = requests.post(f"{sim.oss}/examplebucket", data=form, files=files, timeout=HUNG)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (400, "InvalidArgument", "0002-00000715")
    assert error["Message"] == "The signing region in credential is invalid."


def test_unknown_disabled_and_restricted_keys(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as unknown:
        bucket_of(sim, "examplebucket", key=("LTAInobody", "x")).get_object("k")
    assert (unknown.value.status, unknown.value.code, unknown.value.ec) == (403, "InvalidAccessKeyId", "0002-00000902")
    assert unknown.value.details["OSSAccessKeyId"] == "LTAInobody"

    key = control(sim, "POST", "keys", {"status": "Inactive"})
    with pytest.raises(oss2.exceptions.ServerError) as disabled:
        bucket_of(sim, "examplebucket", key=(key["id"], key["secret"])).get_object("k")
    assert (disabled.value.code, disabled.value.ec) == ("InvalidAccessKeyId", "0002-00000903")
    assert "disabled" in disabled.value.message

    control(sim, "PATCH", f"keys/{key['id']}", {"status": "Active", "networks": ["10.0.0.0/8"]})
    with pytest.raises(oss2.exceptions.ServerError) as restricted:
        bucket_of(sim, "examplebucket", key=(key["id"], key["secret"])).get_object("k")
    assert (restricted.value.code, restricted.value.ec) == ("InvalidAccessKeyId", "0002-00000904")

    control(sim, "PATCH", f"keys/{key['id']}", {"networks": ["127.0.0.0/8"]})
    assert bucket_of(sim, "examplebucket", key=(key["id"], key["secret"])).list_objects().object_list == []


def test_deleted_key_is_unknown_and_its_use_was_recorded(sim: Running, bucket: Any) -> None:
    key = control(sim, "POST", "keys", {})
    bucket_of(sim, "examplebucket", key=(key["id"], key["secret"])).list_objects()
    assert control(sim, "GET", f"keys/{key['id']}")["last_service"] == "Oss"
    control(sim, "DELETE", f"keys/{key['id']}")
    with pytest.raises(oss2.exceptions.ServerError) as unknown:
        bucket_of(sim, "examplebucket", key=(key["id"], key["secret"])).list_objects()
    assert unknown.value.ec == "0002-00000902"


def _token(sim: Running) -> Any:
    def issue(cloud: Any) -> Any:
        role = cloud.identity.add_role("reader")
        if "AliyunOSSFullAccess" in {name for _, name in cloud.identity.policies}:
            cloud.identity.attach(role, "System", "AliyunOSSFullAccess")
        return cloud.identity.issue_token(role, "session", 900, None)

    return sim.do(issue)


@pytest.mark.parametrize("version", VERSIONS)
def test_sts_triplet_works_until_it_expires(sim: Running, bucket: Any, version: str) -> None:
    key = _token(sim)
    sts = oss2.Bucket(
        oss2.StsAuth(key.id, key.secret, key.token, version), sim.oss, "examplebucket", region="cn-hangzhou"
    )
    sts.put_object("k", b"1")
    url = sts.sign_url("GET", "k", 60)
    assert requests.get(url, timeout=HUNG).content == b"1"
    advance(sim, 901)
    with pytest.raises(oss2.exceptions.ServerError) as expired:
        sts.get_object("k")
    assert (expired.value.status, expired.value.code, expired.value.ec) == (
        403,
        "SecurityTokenExpired",
        "0002-00000007",
    )
    assert error_of(requests.get(url, timeout=HUNG).content)["Code"] == "SecurityTokenExpired"


def test_mixed_sts_triplets_are_refused(sim: Running, bucket: Any) -> None:
    key = _token(sim)
    without = bucket_of(sim, "examplebucket", key=(key.id, key.secret))
    with pytest.raises(oss2.exceptions.ServerError) as missing:
        without.get_object("k")
    assert missing.value.code == "InvalidAccessKeyId"
    bad = oss2.Bucket(oss2.StsAuth(key.id, key.secret, "other"), sim.oss, "examplebucket")
    with pytest.raises(oss2.exceptions.ServerError) as wrong:
        bad.get_object("k")
    assert (wrong.value.status, wrong.value.code) == (403, "InvalidSecurityToken")
    long_term = oss2.StsAuth(sim.access_key_id, sim.access_key_secret, key.token)
    with pytest.raises(oss2.exceptions.ServerError) as mixed:
        oss2.Bucket(long_term, sim.oss, "examplebucket").get_object("k")
    assert (mixed.value.code, mixed.value.ec) == ("InvalidAccessKeyId", "0002-00000002")


def test_missing_bucket_comes_before_an_unknown_key(sim: Running) -> None:
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket_of(sim, "not-there", key=("LTAInobody", "x")).get_object("k")


@pytest.mark.parametrize("call", ["create_bucket", "put_bucket_acl"])
def test_unknown_key_comes_first_where_buckets_are_made_or_opened(sim: Running, call: str) -> None:
    unknown = bucket_of(sim, "not-there", key=("LTAInobody", "x"))
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        unknown.create_bucket() if call == "create_bucket" else unknown.put_bucket_acl("private")
    assert (refused.value.status, refused.value.code) == (403, "InvalidAccessKeyId")


def test_key_comes_before_skew_and_skew_before_signature(sim: Running, bucket: Any, wire: Wire) -> None:
    late = time.time() - 5000
    answer = wire.signed("GET", "examplebucket", "k", key_id="LTAInobody", date=late)
    assert error_of(answer.content)["Code"] == "InvalidAccessKeyId"
    answer = wire.signed("GET", "examplebucket", "k", secret="wrong", date=late)
    assert error_of(answer.content)["Code"] == "RequestTimeTooSkewed"


def test_signature_comes_before_the_object(sim: Running, bucket: Any, wire: Wire) -> None:
    answer = wire.signed("GET", "examplebucket", "not-there", secret="wrong")
    assert error_of(answer.content)["Code"] == "SignatureDoesNotMatch"


def test_refused_requests_are_recorded_with_their_key_id(sim: Running, bucket: Any, wire: Wire) -> None:
    wire.signed("GET", "examplebucket", "k", secret="wrong")
    last = logged(sim)[-1]
    assert (last["operation"], last["bucket"], last["key"], last["status"], last["code"], last["access_key_id"]) == (
        "GetObject",
        "examplebucket",
        "k",
        403,
        "SignatureDoesNotMatch",
        sim.access_key_id,
    )
