"""Buckets and their settings, each put and read back by a real SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from oss2 import models

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, bucket_of, control, error_of, service_of, v2_client


def test_create_again_is_fine_and_somebody_elses_name_is_taken(sim: Running, bucket: Any) -> None:
    assert bucket.create_bucket().status == 200
    control(sim, "PUT", "buckets/foreign-one", {"owner": "999"})
    with pytest.raises(oss2.exceptions.ServerError) as taken:
        bucket_of(sim, "foreign-one").create_bucket()
    assert (taken.value.status, taken.value.code) == (409, "BucketAlreadyExists")


def test_delete_only_when_empty(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1")
    with pytest.raises(oss2.exceptions.BucketNotEmpty):
        bucket.delete_bucket()
    bucket.delete_object("k")
    bucket.delete_bucket()
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket.get_bucket_info()


@pytest.mark.parametrize("name", ["ab", "Capital", "under_score", "-dash", "dash-", "x" * 64, "a.b", "..", "ä-bucket"])
def test_names_that_cannot_be_are_400(sim: Running, wire: Wire, name: str) -> None:
    raw = wire.raw(f"GET /{quote(name)}/k HTTP/1.1\r\nHost: {wire.host}\r\n\r\n".encode())
    error = error_of(raw.body)
    assert (raw.status, error["Code"]) == (400, "InvalidBucketName")


def test_info_location_and_stat(sim: Running) -> None:
    bucket = bucket_of(sim, "examplebucket", "v4")
    config = models.BucketCreateConfig(oss2.BUCKET_STORAGE_CLASS_IA, oss2.BUCKET_DATA_REDUNDANCY_TYPE_ZRS)
    bucket.create_bucket(oss2.BUCKET_ACL_PUBLIC_READ, config)
    info = bucket.get_bucket_info()
    assert (info.name, info.storage_class, info.data_redundancy_type) == ("examplebucket", "IA", "ZRS")
    assert (info.location, info.acl.grant) == ("oss-cn-hangzhou", "public-read")
    assert info.extranet_endpoint == "oss-cn-hangzhou.aliyuncs.com"
    assert info.intranet_endpoint == "oss-cn-hangzhou-internal.aliyuncs.com"
    assert info.owner.id == "1234567890123456"
    assert bucket.get_bucket_location().location == "oss-cn-hangzhou"
    bucket.put_object("k", b"12345")
    bucket.put_object("cold", b"1", headers={"x-oss-storage-class": "ColdArchive"})
    assert bucket.head_object("k").headers["x-oss-storage-class"] == "IA"
    stat = bucket.get_bucket_stat()
    assert (stat.object_count, stat.storage_size_in_bytes) == (2, 6)
    assert (stat.infrequent_access_object_count, stat.cold_archive_object_count) == (1, 1)
    client = v2_client(sim)
    assert client.get_bucket_info(oss_v2.GetBucketInfoRequest(bucket="examplebucket")).bucket_info.acl == "public-read"
    assert client.get_bucket_stat(oss_v2.GetBucketStatRequest(bucket="examplebucket")).object_count == 2
    found = client.get_bucket_location(oss_v2.GetBucketLocationRequest(bucket="examplebucket"))
    assert found.location == "oss-cn-hangzhou"


def test_second_sdk_makes_and_deletes_a_bucket(sim: Running) -> None:
    client = v2_client(sim)
    client.put_bucket(
        oss_v2.PutBucketRequest(
            bucket="by-v2",
            acl="private",
            create_bucket_configuration=oss_v2.CreateBucketConfiguration(storage_class="Archive"),
        )
    )
    info = client.get_bucket_info(oss_v2.GetBucketInfoRequest(bucket="by-v2")).bucket_info
    assert info.storage_class == "Archive"
    assert info.block_public_access is False
    client.delete_bucket(oss_v2.DeleteBucketRequest(bucket="by-v2"))
    assert not client.is_bucket_exist("by-v2")


def test_acl(sim: Running, bucket: Any) -> None:
    for acl in ("public-read", "public-read-write", "private"):
        bucket.put_bucket_acl(acl)
        assert bucket.get_bucket_acl().acl == acl
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.put_bucket_acl("open")


def test_block_public_access_overrides_and_refuses_public_acls(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"1")
    assert requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG).status_code == 200
    bucket.put_bucket_public_access_block(True)
    assert bucket.get_bucket_public_access_block().block_public_access is True
    assert requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG).status_code == 403
    calls: list[Callable[[], object]] = [
        lambda: bucket.put_bucket_acl("public-read"),
        lambda: bucket.put_object_acl("k", "public-read"),
        lambda: bucket.put_object("k2", b"", headers={"x-oss-object-acl": "public-read-write"}),
    ]
    for call in calls:
        with pytest.raises(oss2.exceptions.AccessDenied) as refused:
            call()
        assert refused.value.ec == "0016-00000901"
    bucket.delete_bucket_public_access_block()
    assert requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG).status_code == 200
    bucket.put_object("open", b"1", headers={"x-oss-object-acl": "public-read"})
    service = service_of(sim)
    service.put_public_access_block(True)
    assert service.get_public_access_block().block_public_access is True
    for key in ("k", "open"):
        assert requests.get(f"{sim.oss}/examplebucket/{key}", timeout=HUNG).status_code == 403
    assert bucket.get_object("open").read() == b"1"


def test_policy_is_kept_word_for_word(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.NoSuchBucketPolicy) as absent:
        bucket.get_bucket_policy()
    assert (absent.value.status, absent.value.ec) == (404, "0030-00000006")
    policy = (
        '{ "Version":"1", "Statement":[{"Effect":"Deny","Principal":["*"],"Action":["oss:GetObject"],'
        '"Resource":["acs:oss:*:*:examplebucket/secret/*"]}]}'
    )
    bucket.put_bucket_policy(policy)
    assert bucket.get_bucket_policy().policy == policy
    bucket.put_object("secret/k", b"1")
    with pytest.raises(oss2.exceptions.AccessDenied) as denied:
        bucket.get_object("secret/k")
    assert denied.value.ec == "0003-00000101"
    bucket.delete_bucket_policy()
    assert bucket.get_object("secret/k").read() == b"1"
    assert bucket.delete_bucket_policy().status == 204


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"Version":"1"}', '{"Version":"1","Statement":[{}]}'])
def test_what_is_no_policy_is_refused(sim: Running, bucket: Any, text: str) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_bucket_policy(text)
    assert (refused.value.status, refused.value.code) == (400, "InvalidPolicyDocument")


def test_referer(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"1")
    bucket.put_bucket_referer(models.BucketReferer(False, ["http://*.example.com", "https://good.example.com"]))
    read = bucket.get_bucket_referer()
    assert (read.allow_empty_referer, read.referers) == (False, ["http://*.example.com", "https://good.example.com"])

    def fetch(url: str, referer: str | None) -> int:
        return requests.get(url, headers={"Referer": referer} if referer else {}, timeout=HUNG).status_code

    url = f"{sim.oss}/examplebucket/k"
    assert fetch(url, "http://www.example.com/page") == 200
    assert fetch(url, "http://evil.example.org/") == 403
    assert fetch(url, None) == 403
    assert error_of(requests.get(url, timeout=HUNG).content)["EC"] == "0003-00000501"
    assert fetch(bucket.sign_url("GET", "k", 60), None) == 403
    assert bucket.get_object("k").read() == b"1"
    client = v2_client(sim)
    found = client.get_bucket_referer(oss_v2.GetBucketRefererRequest(bucket="examplebucket"))
    assert found.referer_configuration.allow_empty_referer is False


def test_versioning_tagging_logging_and_stored_documents(sim: Running, bucket: Any) -> None:
    assert bucket.get_bucket_versioning().status is None
    bucket.put_bucket_versioning(models.BucketVersioningConfig("Enabled"))
    assert bucket.get_bucket_versioning().status == "Enabled"
    rule = models.TaggingRule()
    rule.add("team", "web")
    bucket.put_bucket_tagging(models.Tagging(rule))
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {"team": "web"}
    bucket.delete_bucket_tagging()
    assert bucket.get_bucket_tagging().tag_set.tagging_rule == {}
    assert bucket.get_bucket_logging().target_bucket == ""
    bucket.put_bucket_logging(models.BucketLogging("examplebucket", "log/"))
    assert (bucket.get_bucket_logging().target_bucket, bucket.get_bucket_logging().target_prefix) == (
        "examplebucket",
        "log/",
    )
    bucket.delete_bucket_logging()
    assert bucket.get_bucket_logging().target_bucket == ""
    with pytest.raises(oss2.exceptions.NoSuchLifecycle):
        bucket.get_bucket_lifecycle()
    expiration = models.LifecycleExpiration(days=30)
    bucket.put_bucket_lifecycle(models.BucketLifecycle([models.LifecycleRule("r", "tmp/", "Enabled", expiration)]))
    assert bucket.get_bucket_lifecycle().rules[0].prefix == "tmp/"
    bucket.delete_bucket_lifecycle()
    with pytest.raises(oss2.exceptions.NoSuchWebsite):
        bucket.get_bucket_website()
    bucket.put_bucket_website(models.BucketWebsite("index.html", "error.html"))
    assert bucket.get_bucket_website().index_file == "index.html"
    encryption = models.ServerSideEncryptionRule()
    encryption.sse_algorithm = oss2.SERVER_SIDE_ENCRYPTION_AES256
    bucket.put_bucket_encryption(encryption)
    assert bucket.get_bucket_encryption().sse_algorithm == "AES256"
    assert bucket.get_bucket_info().bucket_encryption_rule.sse_algorithm == "AES256"
    bucket = bucket_of(sim, "examplebucket", "v4")  # the V1 signer of this SDK does not sign `accessmonitor`
    bucket.put_bucket_access_monitor("Enabled")
    assert bucket.get_bucket_access_monitor().access_monitor.status == "Enabled"
    assert bucket.get_bucket_info().access_monitor == "Enabled"
    bucket.put_bucket_access_monitor("Disabled")
    assert bucket.get_bucket_info().access_monitor == "Disabled"
    bucket.put_bucket_request_payment("Requester")
    assert bucket.get_bucket_request_payment().payer == "Requester"
    bucket.put_bucket_transfer_acceleration("true")
    assert bucket.get_bucket_transfer_acceleration().enabled == "true"


def test_logging_target_must_exist_and_be_ours(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "buckets/foreign-one", {"owner": "999"})
    control(sim, "PUT", "buckets/far-away", {"region": "cn-beijing"})
    for target, status in (("not-there", 400), ("foreign-one", 403), ("far-away", 400)):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.put_bucket_logging(models.BucketLogging(target, ""))
        assert (refused.value.status, refused.value.code) == (status, "InvalidTargetBucketForLogging")


def test_wrong_endpoint_names_the_right_one(sim: Running, wire: Wire) -> None:
    control(sim, "PUT", "buckets/far-away", {"region": "cn-beijing"})
    with pytest.raises(oss2.exceptions.AccessDenied) as refused:
        bucket_of(sim, "far-away").get_object("k")
    details = refused.value.details
    assert (refused.value.ec, details["Bucket"], details["Endpoint"]) == (
        "0003-00001403",
        "far-away",
        "oss-cn-beijing.aliyuncs.com",
    )


def test_overdue_account_can_do_nothing(sim: Running, bucket: Any) -> None:
    for status in ("overdue", "security"):
        control(sim, "PATCH", "account", {"status": status})
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.list_objects()
        assert (refused.value.status, refused.value.code, refused.value.ec) == (403, "UserDisable", "0003-00000801")
    control(sim, "PATCH", "account", {"status": "normal"})
    assert bucket.list_objects().object_list == []


def test_user_without_rights_is_told_which_one_is_missing(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "users/poor", {})
    key = control(sim, "POST", "keys", {"user": "poor"})
    bucket.put_object("k", b"1")
    poor = bucket_of(sim, "examplebucket", "v4", (key["id"], key["secret"]))
    with pytest.raises(oss2.exceptions.AccessDenied) as refused:
        poor.get_object("k")
    error = error_of(refused.value.body)
    assert list(error)[:4] == ["Code", "Message", "RequestId", "HostId"]
    assert list(error)[-2:] == ["EC", "RecommendDoc"]
    assert error["AccessDeniedDetail.AuthAction"] == "oss:GetObject"
    assert error["AccessDeniedDetail.NoPermissionType"] == "ImplicitDeny"
    assert error["AccessDeniedDetail.PolicyType"] == "AccountLevelIdentityBasedPolicy"
    assert error["AccessDeniedDetail.AuthPrincipalType"] == "SubUser"
    assert error["AccessDeniedDetail.EncodedDiagnosticMessage"]
    policy = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:examplebucket/*"}],
    }
    control(sim, "PATCH", "users/poor", {"policy": policy})
    assert poor.get_object("k").read() == b"1"
    with pytest.raises(oss2.exceptions.AccessDenied):
        poor.put_object("k", b"2")
    with pytest.raises(oss2.exceptions.AccessDenied):
        poor.batch_delete_objects(["k"])
    assert bucket.get_object("k").read() == b"1"


def test_requester_pays(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1")
    bucket.put_bucket_request_payment("Requester")
    bucket.put_bucket_acl("public-read")
    assert bucket.get_object("k").read() == b"1"
    answer = requests.get(f"{sim.oss}/examplebucket/k", timeout=HUNG)
    assert error_of(answer.content)["EC"] == "0003-00000703"


def test_host_style_and_both(sim: Running, bucket: Any, wire: Wire) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("dir/k", b"host")
    for host in ("examplebucket.oss-cn-hangzhou.aliyuncs.com", "examplebucket.localhost"):
        answer = requests.get(f"{sim.oss}/dir/k", headers={"Host": host}, timeout=HUNG)
        assert (answer.status_code, answer.content) == (200, b"host")
    control(sim, "PATCH", "buckets/examplebucket", {"cnames": ["static.example.com"]})
    assert requests.get(f"{sim.oss}/dir/k", headers={"Host": "static.example.com"}, timeout=HUNG).content == b"host"
    answer = requests.get(
        f"{sim.oss}/examplebucket/dir/k", headers={"Host": "oss-cn-hangzhou.aliyuncs.com"}, timeout=HUNG
    )
    assert error_of(answer.content)["Code"] == "SecondLevelDomainForbidden"
    far = requests.get(f"{sim.oss}/k", headers={"Host": "examplebucket.oss-cn-beijing.aliyuncs.com"}, timeout=HUNG)
    assert error_of(far.content)["EC"] == "0003-00001403"


def test_a_bound_domain_is_its_buckets_below_localhost_too(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_acl("public-read")
    bucket.put_object("k", b"1")
    host = {"Host": "files.localhost"}
    assert error_of(requests.get(f"{sim.oss}/k", headers=host, timeout=HUNG).content)["Code"] == "NoSuchBucket"
    control(sim, "PATCH", "buckets/examplebucket", {"cnames": ["files.localhost"]})
    assert requests.get(f"{sim.oss}/k", headers=host, timeout=HUNG).content == b"1"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("examplebucket.cn-hangzhou.oss.aliyuncs.com", 200),
        ("examplebucket.cn-beijing.oss.aliyuncs.com", 403),
        ("examplebucket.oss.aliyuncs.com", 200),
        ("examplebucket.oss-internal.aliyuncs.com", 200),
        ("oss-pictures.oss.aliyuncs.com", 200),
        ("oss-pictures.cn-hangzhou.oss.aliyuncs.com", 200),
        ("oss-pictures.oss-cn-hangzhou.aliyuncs.com", 200),
        ("oss-pictures.localhost", 200),
        ("oss-pictures.oss-cn-hangzhou.localhost", 200),
        ("oss-pictures.oss-cn-beijing.localhost", 403),
    ],
)
def test_a_dual_stack_host_and_a_bucket_whose_name_begins_like_a_host(
    sim: Running, bucket: Any, host: str, status: int
) -> None:
    for name in ("examplebucket", "oss-pictures"):
        control(sim, "PUT", f"buckets/{name}", {"acl": "public-read"})
        bucket_of(sim, name).put_object("k", b"1")
    answer = requests.get(f"{sim.oss}/k", headers={"Host": host}, timeout=HUNG)
    assert answer.status_code == status, answer.text


def test_an_endpoint_without_a_bucket_is_the_services_own_on_either_network(sim: Running, wire: Wire) -> None:
    modern = ("oss-cn-hangzhou.localhost", "cn-hangzhou.oss.aliyuncs.com", "oss-cn-hangzhou.aliyuncs.com")
    for host in (*modern, "oss.aliyuncs.com", "oss-internal.aliyuncs.com"):
        assert "<ListAllMyBucketsResult>" in wire.signed("GET", headers={"Host": host}).text, host


def test_settings_are_json_for_control(sim: Running, bucket: Any) -> None:
    state = control(sim, "GET", "state")
    assert json.dumps(state)
    assert state["buckets"]["examplebucket"]["acl"] == "private"


def test_the_domains_of_a_bucket_are_listed_and_bound_elsewhere(sim: Running, bucket: oss2.Bucket) -> None:
    assert bucket.list_bucket_cname().cname == []
    control(sim, "PATCH", "buckets/examplebucket", {"cnames": ["www.example.com", "cdn.example.com"]})
    listed = bucket.list_bucket_cname()
    assert (listed.bucket, listed.owner) == ("examplebucket", "1234567890123456")
    assert [(one.domain, one.status) for one in listed.cname] == [
        ("cdn.example.com", "Enabled"),
        ("www.example.com", "Enabled"),
    ]
    for call in (bucket.get_bucket_cname_token, bucket.delete_bucket_cname):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            call("www.example.com")
        assert refused.value.status in (405, 501)
    assert len(bucket.list_bucket_cname().cname) == 2


@pytest.mark.parametrize("acl", ["private", "public-read", "public-read-write"])
def test_acl_of_a_bucket_that_is_not_there_makes_it(sim: Running, wire: Wire, acl: str) -> None:
    for _ in range(2):
        answer = wire.asked("PUT", "made-by-acl", query="acl", headers={"x-oss-acl": acl})
        assert (answer.status_code, answer.headers["Location"]) == (200, "/made-by-acl")
    info = bucket_of(sim, "made-by-acl").get_bucket_info()
    assert (info.acl.grant, info.owner.id, info.storage_class) == (acl, "1234567890123456", "Standard")


def test_acl_makes_no_bucket_against_the_rules(sim: Running, wire: Wire) -> None:
    """A wrong ACL, a right to set ACLs that is none to make buckets, a key that is none, public access blocked."""
    statement = {"Effect": "Allow", "Action": "oss:PutBucketAcl", "Resource": "*"}
    control(sim, "PUT", "users/keeper", {"policy": {"Version": "1", "Statement": [statement]}})
    key = control(sim, "POST", "keys", {"user": "keeper"})
    keeper = {"key_id": key["id"], "secret": key["secret"]}

    def asked(acl: str | None, **more: str) -> tuple[int, str]:
        headers = {} if acl is None else {"x-oss-acl": acl}
        answer = wire.asked("PUT", "not-there", query="acl", headers=headers, **more)
        return answer.status_code, error_of(answer.content)["Code"]

    assert asked("open") == (400, "InvalidArgument")
    assert asked(None) == (400, "InvalidArgument")
    assert asked("private", **keeper) == (403, "AccessDenied")
    assert asked("private", key_id="LTAInobody") == (403, "InvalidAccessKeyId")
    sim.do(lambda cloud: setattr(cloud, "account_block_public_access", True))
    assert asked("public-read") == (403, "AccessDenied")
    assert sim.do(lambda cloud: list(cloud.buckets)) == []


def test_nothing_was_modified_in_a_bucket_that_is_empty(sim: Running, bucket: oss2.Bucket) -> None:
    assert bucket.get_bucket_stat().last_modified_time == 0
    bucket.put_object("k", b"1")
    assert abs(bucket.get_bucket_stat().last_modified_time - bucket.head_object("k").last_modified) <= HUNG
    bucket.delete_object("k")
    assert bucket.get_bucket_stat().last_modified_time == 0
