"""CORS: the rules as they are stored, the preflight as a browser sends it, and the actual request after it."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from oss2.models import BucketCors, CorsRule

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, advance, bucket_of, control, error_of, logged, v2_client

ORIGIN = "https://app.example.com"


def _allow(bucket: Any, **rule: Any) -> None:
    settings = {"allowed_origins": [ORIGIN], "allowed_methods": ["GET", "PUT"], "allowed_headers": ["*"]} | rule
    bucket.put_bucket_cors(BucketCors([CorsRule(**settings)]))


def _preflight(sim: Running, path: str = "/examplebucket/k", **headers: Any) -> requests.Response:
    sent: dict[str, str | None] = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    given = {name: value for name, value in sent.items() if value is not None}
    return requests.options(sim.oss + path, headers=given, timeout=HUNG)


def _is_refused(answer: requests.Response, message: str) -> bool:
    error = error_of(answer.content)
    return (answer.status_code, error["Code"]) == (403, "AccessForbidden") and error["Message"].startswith(message)


def test_without_rules_the_preflight_is_refused(sim: Running, bucket: Any) -> None:
    assert _is_refused(_preflight(sim), "CORSResponse: CORS is not enabled for this bucket.")
    with pytest.raises(oss2.exceptions.NoSuchCors) as absent:
        bucket.get_bucket_cors()
    assert (absent.value.status, absent.value.code, absent.value.ec) == (
        404,
        "NoSuchCORSConfiguration",
        "0034-00000001",
    )


def test_matching_preflight_needs_no_signature_and_no_object(sim: Running, bucket: Any) -> None:
    _allow(bucket, expose_headers=["ETag", "x-oss-request-id"], max_age_seconds=100)
    answer = _preflight(
        sim, "/examplebucket/not/there", Access_Control_Request_Headers="x-oss-user-agent, Content-Type"
    )
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "x-oss-user-agent" in answer.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Expose-Headers"] == "ETag, x-oss-request-id"
    assert answer.headers["Access-Control-Max-Age"] == "100"
    assert logged(sim)[-1]["operation"] == "OptionObject"


@pytest.mark.parametrize(
    ("rule", "headers", "allowed"),
    [
        ({}, {"Origin": "https://other.example.com"}, False),
        ({}, {"Origin": "http://app.example.com"}, False),
        ({}, {"Access_Control_Request_Method": "DELETE"}, False),
        ({"allowed_origins": ["*"]}, {"Origin": "null"}, True),
        ({"allowed_origins": ["https://*.example.com"]}, {}, True),
        ({"allowed_origins": ["https://*.example.com"]}, {"Origin": "https://example.com"}, False),
        ({"allowed_origins": ["https://app?example.com"]}, {}, False),
        ({"allowed_headers": []}, {"Access_Control_Request_Headers": "x-oss-date"}, False),
        ({"allowed_headers": []}, {}, True),
        ({"allowed_headers": ["X-OSS-*"]}, {"Access_Control_Request_Headers": "x-oss-date"}, True),
        ({"allowed_headers": ["x-oss-date"]}, {"Access_Control_Request_Headers": "x-oss-date,content-type"}, False),
        ({"allowed_headers": ["x-oss-date"]}, {"Access_Control_Request_Headers": ""}, True),
    ],
)
def test_rule_matches_only_as_a_whole(
    sim: Running, bucket: Any, rule: dict[str, Any], headers: dict[str, str], allowed: bool
) -> None:
    _allow(bucket, **rule)
    answer = _preflight(sim, **headers)
    if allowed:
        assert answer.status_code == 200
    else:
        assert _is_refused(answer, "CORSResponse: This CORS request is not allowed.")


def test_second_sdk_signs_its_preflight_and_nobody_minds(sim: Running, bucket: Any) -> None:
    _allow(bucket)
    request = oss_v2.OptionObjectRequest(
        bucket="examplebucket", key="k", origin=ORIGIN, access_control_request_method="PUT"
    )
    client = v2_client(sim, key=(sim.access_key_id, "wrong"))
    if not hasattr(client, "option_object"):
        pytest.skip("this version of the SDK has no option_object")
    assert client.option_object(request).access_control_allow_origin == ORIGIN


def test_first_matching_rule_answers(sim: Running, bucket: Any) -> None:
    first = CorsRule(allowed_origins=["*"], allowed_methods=["GET"], max_age_seconds=1)
    second = CorsRule(allowed_origins=[ORIGIN], allowed_methods=["GET", "PUT"], max_age_seconds=2)
    bucket.put_bucket_cors(BucketCors([first, second]))
    assert _preflight(sim, Access_Control_Request_Method="GET").headers["Access-Control-Max-Age"] == "1"
    assert _preflight(sim).headers["Access-Control-Max-Age"] == "2"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("Origin", "Insufficient information. Origin request header needed"),
        (
            "Access_Control_Request_Method",
            "Insufficient information. Request Access-Control-Request-Method header needed",
        ),
    ],
)
def test_preflight_without_its_headers_is_400(sim: Running, bucket: Any, missing: str, message: str) -> None:
    _allow(bucket)
    without: dict[str, Any] = {missing: None}
    answer = _preflight(sim, **without)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["Message"]) == (400, "BadRequest", message)


def test_preflight_of_a_missing_bucket_is_404(sim: Running) -> None:
    answer = _preflight(sim, "/not-there/k")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (404, "NoSuchBucket")


def test_preflight_by_host_style(sim: Running, bucket: Any) -> None:
    _allow(bucket)
    assert _preflight(sim, "/k", Host="examplebucket.oss-cn-hangzhou.aliyuncs.com").status_code == 200


def test_actual_request_of_a_foreign_page_is_served_without_the_headers(sim: Running, bucket: Any) -> None:
    _allow(bucket)
    bucket.put_object("k", b"1")
    assert bucket.get_object("k", headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN
    foreign = bucket.get_object("k", headers={"Origin": "https://evil.example"})
    assert foreign.status == 200
    assert not [name for name in foreign.headers if name.lower().startswith("access-control")]


def test_refused_actual_request_lets_the_page_read_why(sim: Running, bucket: Any) -> None:
    _allow(bucket)
    answer = requests.get(f"{sim.oss}/examplebucket/k", headers={"Origin": ORIGIN}, timeout=HUNG)
    assert answer.status_code == 403
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_response_vary_concerns_every_answer(sim: Running, bucket: Any) -> None:
    bucket.put_object("k", b"1")
    rule = CorsRule(allowed_origins=["*"], allowed_methods=["GET"])
    bucket.put_bucket_cors(BucketCors([rule], response_vary=True))
    assert bucket.get_bucket_cors().response_vary is True
    assert bucket.get_object("k").headers["Vary"] == "Origin"


def test_configuration_comes_back_as_it_was_put(sim: Running, bucket: Any) -> None:
    _allow(bucket, expose_headers=["ETag"], max_age_seconds=600)
    (rule,) = bucket.get_bucket_cors().rules
    assert (rule.allowed_origins, rule.allowed_methods, rule.allowed_headers) == ([ORIGIN], ["GET", "PUT"], ["*"])
    assert (rule.expose_headers, rule.max_age_seconds) == (["ETag"], 600)
    client = v2_client(sim)
    found = client.get_bucket_cors(oss_v2.GetBucketCorsRequest(bucket="examplebucket")).cors_configuration
    assert found.cors_rules[0].allowed_origins == [ORIGIN]
    client.put_bucket_cors(oss_v2.PutBucketCorsRequest(bucket="examplebucket", cors_configuration=found))
    assert len(bucket.get_bucket_cors().rules) == 1
    bucket.delete_bucket_cors()
    with pytest.raises(oss2.exceptions.NoSuchCors):
        bucket.get_bucket_cors()


_RULE = "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>{}</CORSRule>"


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ("", "MalformedXML"),
        (_RULE.format("") * 11, "CORSRuleBeyondLimit"),
        ("<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>", "InvalidArgument"),
        ("<CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule>", "InvalidArgument"),
        (_RULE.format("<AllowedMethod>PATCH</AllowedMethod>"), "InvalidArgument"),
        (_RULE.format("<AllowedMethod>OPTIONS</AllowedMethod>"), "InvalidArgument"),
        (_RULE.format("<AllowedOrigin>http://*.*.com</AllowedOrigin>"), "InvalidArgument"),
        (_RULE.format("<AllowedHeader>x-*-*</AllowedHeader>"), "InvalidArgument"),
        (_RULE.format("<ExposeHeader>x-oss-*</ExposeHeader>"), "InvalidArgument"),
        (_RULE.format("<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>"), "InvalidArgument"),
        (_RULE.format("<MaxAgeSeconds>-1</MaxAgeSeconds>"), "InvalidArgument"),
        (_RULE.format(f"<MaxAgeSeconds>{'9' * 5000}</MaxAgeSeconds>"), "InvalidArgument"),
        (_RULE.format("<MaxAgeSeconds>soon</MaxAgeSeconds>"), "InvalidArgument"),
        (_RULE.format("") + "<ResponseVary>perhaps</ResponseVary>", "MalformedXML"),
        (_RULE.format(f"<AllowedHeader>{'x' * 17000}</AllowedHeader>"), "MalformedXML"),
    ],
)
def test_bad_configuration_keeps_the_old_one(sim: Running, bucket: Any, wire: Wire, rules: str, code: str) -> None:
    _allow(bucket)
    answer = wire.xml("PUT", "examplebucket", "cors", f"<CORSConfiguration>{rules}</CORSConfiguration>")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, code)
    assert bucket.get_bucket_cors().rules[0].allowed_origins == [ORIGIN]


def test_ten_rules_are_allowed_and_a_wrong_digest_is_not(sim: Running, bucket: Any, wire: Wire) -> None:
    document = f"<CORSConfiguration>{_RULE.format('') * 10}</CORSConfiguration>"
    assert wire.xml("PUT", "examplebucket", "cors", document).status_code == 200
    answer = wire.signed(
        "PUT",
        "examplebucket",
        query="cors",
        body=document.encode(),
        headers={"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="},
    )
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidDigest")


def test_change_propagates_after_the_delay_that_was_set(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "propagation", {"cors_seconds": 30})
    _allow(bucket)
    assert len(bucket.get_bucket_cors().rules) == 1
    assert _preflight(sim).status_code == 403
    advance(sim, 31)
    assert _preflight(sim).status_code == 200


@pytest.mark.parametrize("headers", [["Authorization"], ["X-Oss-*", "Content-Type"], ["*"], ["already-lower"]])
def test_allowed_headers_come_back_in_lower_case_and_nothing_else_does(
    sim: Running, bucket: Any, headers: list[str]
) -> None:
    _allow(bucket, allowed_origins=["https://App.example.com"], allowed_headers=headers, expose_headers=["ETag"])
    control(sim, "PUT", "buckets/by-control", {"cors": [_described(headers)]})
    for found in (bucket.get_bucket_cors().rules[0], bucket_of(sim, "by-control").get_bucket_cors().rules[0]):
        assert found.allowed_headers == [header.lower() for header in headers]
        assert (found.allowed_origins, found.expose_headers) == (["https://App.example.com"], ["ETag"])
    asked = headers[0].replace("*", "Anything")
    answer = _preflight(sim, Origin="https://App.example.com", Access_Control_Request_Headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Headers"]) == (200, asked)


def _described(headers: list[str]) -> dict[str, Any]:
    origins = ["https://App.example.com"]
    return {
        "allowed_origins": origins,
        "allowed_methods": ["GET"],
        "allowed_headers": headers,
        "expose_headers": ["ETag"],
    }


def test_preflight_tells_all_methods_of_its_rule(sim: Running, bucket: Any) -> None:
    _allow(bucket, allowed_methods=["GET", "HEAD"])
    answer = _preflight(sim, Access_Control_Request_Method="HEAD")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
