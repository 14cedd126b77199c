"""Configurations are checked and given back as OSS does it, because clients read back what they wrote."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import oss2
import pytest
from oss2 import models

from ossmend.simulator.oss.documents import KINDS, settled
from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, bucket_of, error_of, service_of

_DATE = dt.date(2020, 1, 1)


def _rule(*transitions: models.StorageTransition, **expiration: Any) -> models.LifecycleRule:
    end = models.LifecycleExpiration(**expiration) if expiration else None
    return models.LifecycleRule("r", "logs/", "Enabled", end, storage_transitions=list(transitions))


def _to(storage_class: str, days: int | None = None, **rest: Any) -> models.StorageTransition:
    return models.StorageTransition(days=days, storage_class=storage_class, **rest)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (_rule(_to("IA", 4), days=3), "InvalidArgument"),
        (_rule(_to("IA", 5), _to("Archive", 2), days=6), "InvalidArgument"),
        (_rule(_to("Standard", 5), days=6), "InvalidArgument"),
        (_rule(_to("IA", 5), created_before_date=_DATE), "InvalidRequest"),
    ],
    ids=["moved after the end", "colder before warmer", "moved to Standard", "days and a date"],
)
def test_a_lifecycle_rule_that_contradicts_itself_is_refused(
    bucket: Any, rule: models.LifecycleRule, code: str
) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_bucket_lifecycle(models.BucketLifecycle([rule]))
    assert (refused.value.status, refused.value.code) == (400, code)
    with pytest.raises(oss2.exceptions.NoSuchLifecycle):
        bucket.get_bucket_lifecycle()


def test_a_lifecycle_rule_in_order_is_given_back_with_its_switches(bucket: Any) -> None:
    warm = _to("IA", 5, is_access_time=True, return_to_std_when_visit=False, allow_small_file=True)
    rule = _rule(warm, _to("Archive", 9, is_access_time=False), days=10)
    rule.abort_multipart_upload = models.AbortMultipartUpload(created_before_date=_DATE)
    bucket.put_bucket_lifecycle(models.BucketLifecycle([rule]))
    found = bucket.get_bucket_lifecycle().rules[0].storage_transitions
    assert [(step.days, step.is_access_time) for step in found] == [(5, True), (9, False)]
    assert (found[0].return_to_std_when_visit, found[0].allow_small_file) == (False, True)


_END = "<Expiration><Days>3</Days></Expiration>"
_MARKER = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"


@pytest.mark.parametrize(
    ("rule", "ec"),
    [
        (f"<Prefix>a</Prefix>{_END}", "0017-00000208"),
        (f"<Status>On</Status>{_END}", "0017-00000208"),
        ("<Prefix>a</Prefix><Status>Enabled</Status>", "0014-00000026"),
        ("<Status>Enabled</Status><Expiration></Expiration>", "0014-00000060"),
        (f"<Status>Enabled</Status>{_MARKER.replace('true', 'false')}", "0014-00000060"),
    ],
    ids=["no status", "another status", "no action", "no end", "no end and no marker"],
)
def test_a_lifecycle_rule_that_lacks_something_is_malformed(bucket: Any, wire: Wire, rule: str, ec: str) -> None:
    document = f"<LifecycleConfiguration><Rule>{rule}</Rule></LifecycleConfiguration>"
    error = error_of(wire.xml("PUT", "examplebucket", "lifecycle", document).content)
    assert (error["Code"], error["EC"]) == ("MalformedXML", ec)


_ABORT = "<AbortMultipartUpload><Days>3</Days></AbortMultipartUpload>"
_OLD = "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>"
_TAG = "<Tag><Key>k</Key><Value>v</Value></Tag>"


def _rules(*rules: str) -> str:
    return "".join(
        f"<Rule><ID>{n}</ID>{'' if 'Status' in rule else '<Status>Enabled</Status>'}{rule}</Rule>"
        for n, rule in enumerate(rules)
    )


@pytest.mark.parametrize(
    ("first", "second", "action"),
    [
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>a/b/</Prefix>{_END}", "Expiration"),
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>a/</Prefix>{_END}", "Expiration"),
        (f"<Prefix>a/</Prefix>{_END}", _MARKER, "Expiration"),
        (f"<Prefix>a/</Prefix>{_ABORT}", _ABORT, "AbortMultipartUpload"),
        (f"<Prefix>a/</Prefix>{_OLD}", f"<Prefix></Prefix>{_OLD}", "NoncurrentVersionExpiration"),
        (f"<Prefix>a/</Prefix>{_TAG}{_END}", f"<Prefix>a/b</Prefix>{_TAG}{_END}", "Expiration"),
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>b/</Prefix>{_END}", None),
        (f"<Prefix>a/b</Prefix>{_END}", f"<Prefix>a/c</Prefix>{_END}", None),
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>a/b/</Prefix>{_ABORT}", None),
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>a/</Prefix>{_TAG}{_END}", None),
        (f"<Prefix>a/</Prefix>{_END}", f"<Prefix>a/</Prefix><Status>Disabled</Status>{_END}", None),
    ],
)
def test_two_rules_do_not_do_the_same_to_the_same_keys_unless_that_is_allowed(
    bucket: Any, wire: Wire, first: str, second: str, action: str | None
) -> None:
    body = f"<LifecycleConfiguration>{_rules(first, second)}</LifecycleConfiguration>".encode()
    answer = wire.asked("PUT", "examplebucket", query="lifecycle", body=body)
    assert answer.status_code == (400 if action else 200)
    if action:
        error = error_of(answer.content)
        assert (error["Code"], error["Message"]) == ("InvalidRequest", f"Overlap for same action type {action}")
    allowed = {"x-oss-allow-same-action-overlap": "true"}
    assert wire.asked("PUT", "examplebucket", query="lifecycle", body=body, headers=allowed).status_code == 200


@pytest.mark.parametrize(
    ("key", "value", "taken"), [("a" * 129, "v" * 257, True), ("%&", "v", False), ("k", ")%", False)]
)
def test_a_rules_tags_may_be_too_long_but_not_have_other_signs(bucket: Any, key: str, value: str, taken: bool) -> None:
    rule = _rule(days=3)
    rule.tagging = models.Tagging()
    rule.tagging.tag_set.tagging_rule[key] = value
    lifecycle = models.BucketLifecycle([rule])
    if taken:
        assert bucket.put_bucket_lifecycle(lifecycle).status == 200
    else:
        with pytest.raises(oss2.exceptions.InvalidArgument):
            bucket.put_bucket_lifecycle(lifecycle)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("accessmonitor", "<Status>aa</Status>"),
        ("httpsConfig", "<TLS><Enable>true</Enable></TLS>"),
        ("httpsConfig", "<TLS><Enable>true</Enable><TLSVersion>TLSv9</TLSVersion></TLS>"),
    ],
)
def test_a_document_with_a_value_that_nobody_knows_is_malformed(bucket: Any, wire: Wire, kind: str, body: str) -> None:
    root = KINDS[kind].root
    answer = wire.asked("PUT", "examplebucket", query=kind, body=f"<{root}>{body}</{root}>".encode())
    assert (answer.status_code, b"<Code>MalformedXML</Code>" in answer.content) == (400, True)


def test_only_the_text_of_switches_is_spelled_anew() -> None:
    step = b"<Transition><Days>1</Days><StorageClass>IA</StorageClass><IsAccessTime>True</IsAccessTime></Transition>"
    rule = b"<Rule><Prefix>True</Prefix><Status>Enabled</Status>" + step + b"</Rule>"
    body = b"<LifecycleConfiguration>" + rule + b"</LifecycleConfiguration>"
    stored = settled(KINDS["lifecycle"], body)
    assert stored == body.replace(b"<IsAccessTime>True", b"<IsAccessTime>true")


@pytest.mark.parametrize(
    ("algorithm", "cipher", "left"), [("KMS", "SM4", "SM4"), ("AES256", "SM4", None), ("SM4", "SM4", None)]
)
def test_a_default_data_encryption_is_kept_for_kms_only(
    bucket: Any, algorithm: str, cipher: str, left: str | None
) -> None:
    rule = models.ServerSideEncryptionRule()
    rule.sse_algorithm, rule.kms_data_encryption = algorithm, cipher
    bucket.put_bucket_encryption(rule)
    found, shown = bucket.get_bucket_encryption(), bucket.get_bucket_info().bucket_encryption_rule
    assert (found.sse_algorithm, found.kms_data_encryption, found.kms_master_keyid) == (algorithm, left, None)
    assert (shown.sse_algorithm, shown.kms_data_encryption) == (algorithm, left)


def test_a_default_key_without_kms_is_refused(bucket: Any) -> None:
    rule = models.ServerSideEncryptionRule()
    rule.sse_algorithm, rule.kms_master_keyid = "AES256", "k"
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.put_bucket_encryption(rule)


def test_a_mirror_gives_back_one_switch_for_the_query_string(bucket: Any) -> None:
    condition = models.Condition(key_prefix_equals=" a<&", http_err_code_return_equals=404)
    mirror = models.Redirect(redirect_type="Mirror", mirror_url="http://example.com/", mirror_pass_query_string=True)
    bucket.put_bucket_website(models.BucketWebsite("i.html", "e.html", [models.RoutingRule(1, condition, mirror)]))
    found = bucket.get_bucket_website().rules[0]
    assert (found.redirect.pass_query_string, found.redirect.mirror_pass_query_string) == (True, True)
    assert found.condition.key_prefix_equals == " a<&"


def test_a_folder_is_answered_with_the_index_document_unless_it_is_an_object(bucket: Any) -> None:
    for key in ("index.html", "there/"):
        bucket.put_object(key, key)
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object("folder/")
    bucket.put_bucket_website(models.BucketWebsite("index.html", "error.html"))
    assert bucket.get_object("folder/").read() == b"index.html"
    assert bucket.get_object("there/").read() == b"there/"
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object("file")


def _written_an_hour_earlier(cloud: Any) -> None:
    (version,) = cloud.buckets["examplebucket"].stack("k")
    cloud.buckets["examplebucket"].set_stack("k", (replace(version, modified=version.modified - 3600),))


def test_a_read_is_noted_while_access_is_monitored(sim: Running, bucket: Any) -> None:
    bucket = bucket_of(sim, "examplebucket", "v4")
    bucket.put_object("k", b"1")
    assert "x-oss-last-access-time" not in bucket.get_object_meta("k").headers
    bucket.put_bucket_access_monitor("Enabled")
    written = bucket.get_object_meta("k").headers["x-oss-last-access-time"]
    sim.do(_written_an_hour_earlier)
    assert bucket.head_object("k").headers["x-oss-last-access-time"] != written
    bucket.get_object("k").read()
    read = bucket.head_object("k")
    assert oss2.utils.http_to_unixtime(read.headers["x-oss-last-access-time"]) - read.last_modified > 3000


def test_a_resource_group_that_is_none_is_refused_and_the_own_one_is_not(sim: Running, bucket: Any) -> None:
    bucket = bucket_of(sim, "examplebucket", "v4")
    with pytest.raises(oss2.exceptions.ServerError, match="ResourceGroupIdPreCheckError"):
        bucket.put_bucket_resource_group("rg-xxxxxx")
    own = bucket.get_bucket_resource_group().resource_group_id
    for group in ("rg-aek2invented99", "", own):
        assert bucket.put_bucket_resource_group(group).status == 200
        assert bucket.get_bucket_resource_group().resource_group_id == (group or own)


def test_transfer_acceleration_that_was_never_set_is_404(bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.NoSuchTransferAccelerationConfiguration):
        bucket.get_bucket_transfer_acceleration()
    bucket.put_bucket_transfer_acceleration("false")
    assert bucket.get_bucket_transfer_acceleration().enabled == "false"


def test_every_region_is_described_and_no_other(sim: Running) -> None:
    service = service_of(sim, "v4")
    assert {"oss-cn-hangzhou", "oss-cn-chengdu"} <= {each.region for each in service.describe_regions().regions}
    assert [each.region for each in service.describe_regions("oss-cn-chengdu").regions] == ["oss-cn-chengdu"]
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        service.describe_regions("nowhere")
    assert (refused.value.status, refused.value.code) == (404, "NoSuchRegion")
