"""Strangers, block pages, browsers' own words, texts without a refusal, bare codes: said as such, and left alone."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.registry import is_ours

STRANGERS = {
    "s3": "<Error><Code>InvalidAccessKeyId</Code><Message>The AWS Access Key Id you provided does not exist in our records.</Message>"
    "<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId><RequestId>4442587FB7D0A2F9</RequestId>"
    "<HostId>eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran</HostId></Error>",
    "boto": "botocore.exceptions.ClientError: An error occurred (InvalidObjectState) when calling the GetObject operation: The operation is "
    "not valid for the object's storage class",
    "minio": '<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><Key>a.txt</Key><BucketName>shop</BucketName><Resource>/shop/a.txt'
    "</Resource><RequestId>17F3C2A1B4D5E6F7</RequestId><HostId>dd9025bab4ad464b049177c95eb6ebf374d3b3fd1af9251148b658df7ac2e3e8</HostId></Error>",
    "ecs": "aliyunsdkcore.acs_exception.exceptions.ServerException: HTTP Status: 404 Error:InvalidAccessKeyId.NotFound Specified access key is "
    "not found. RequestID: 7B5D3F2A-0C1E-4A5B-9C8D-1234567890AB",
    "sls": '{"errorCode": "InvalidAccessKeyId", "errorMessage": "x", "requestId": "7B5D3F2A-0C1E-4A5B-9C8D-1234567890AB", '
    '"host": "my-project.cn-hangzhou.log.aliyuncs.com"}',
}  # fmt: skip
CHROMIUM = (
    "Access to XMLHttpRequest at 'https://web-assets.oss-cn-hangzhou.aliyuncs.com/a.png' from origin 'https://app.example.com' has been blocked by "
    "CORS policy: {}"
)
CONSOLE = {
    "Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested resource.":
        {"cors-origin-not-allowed", "cors-not-enabled"},
    "Request header field x-oss-user-agent is not allowed by Access-Control-Allow-Headers in preflight response.": {"cors-header-not-allowed"},
    "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response.": {"cors-method-not-allowed"},
    "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' when the request's credentials mode is "
    "'include'.": {"cors-wildcard-with-credentials"},
}  # fmt: skip


def only(text: str) -> dict[str, Any]:
    (event,) = explain_text(text)["events"]
    found: dict[str, Any] = event
    return found


@pytest.mark.parametrize("name", STRANGERS)
def test_another_services_error_is_recognised_and_nothing_is_written(name: str) -> None:
    for event in explain_text(STRANGERS[name])["events"]:
        assert event["code"] is None
        assert event["diagnosis"]["cause"] == "another-service"
        assert event["writes"] == []


def test_a_strangers_error_is_told_even_if_nothing_is_done() -> None:
    assert only(STRANGERS["s3"])["diagnosis"]["confidence"] >= 0.9


SIGNED = "The request signature we calculated does not match the signature you provided."
BY_S3_CLIENTS = {
    "boto": f"botocore.exceptions.ClientError: An error occurred (SignatureDoesNotMatch) when calling the PutObject operation: {SIGNED}",
    "node": "S3ServiceException: UnknownError, AccessDenied, httpStatusCode: 403, node_modules/@aws-sdk/client-s3/index.js",
    "java": f"com.amazonaws.services.s3.model.AmazonS3Exception: {SIGNED} (Service: Amazon S3; Status Code: 403; Error Code: SignatureDoesNotMatch)",
}  # fmt: skip


@pytest.mark.parametrize("text", BY_S3_CLIENTS.values(), ids=BY_S3_CLIENTS)
def test_where_only_the_name_of_an_s3_client_is_told_nobody_can_tell_whose_error_it_is_and_nothing_is_written(
    text: str,
) -> None:
    event = only(text)
    said = event["diagnosis"]
    assert (event["code"], event["case"], event["writes"]) == (None, None, [])
    assert (said["cause"], said["confidence"]) == ("s3-or-oss", 0.5)
    for lang in ("en", "zh"):
        assert "endpoint_url" in said["next_steps"][lang][0]
        assert "S3" in explain_text(text, lang=lang)["events"][0]["diagnosis"]["evidence"][0]
    assert not [event for event in events_in(text, source="log", strict=True) if is_ours(event)]


BOTO = "botocore.exceptions.ClientError: An error occurred ({}) when calling the PutObject operation: {}"
PATH_STYLE = "The bucket you are attempting to access must be addressed using OSS third level domain."


@pytest.mark.parametrize(
    ("code", "said"),
    [("SecondLevelDomainForbidden", PATH_STYLE), ("SecurityTokenNotSupported", "x"), ("ImageDamage", "x"),
     ("KmsServiceNotEnabled", "x"), ("CnameDenied", "x")],
)  # fmt: skip
def test_a_code_that_only_oss_has_tells_the_service_behind_an_s3_client_s_words(code: str, said: str) -> None:
    event = only(BOTO.format(code, said))
    assert event["code"] == code
    assert event["diagnosis"]["cause"] not in ("s3-or-oss", "another-service")


@pytest.mark.parametrize(
    "code", ["AccessDenied", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "InvalidObjectState"]
)
def test_a_code_that_s3_has_too_tells_no_service(code: str) -> None:
    assert only(BOTO.format(code, "x"))["code"] is None


def test_what_is_s3_s_own_outweighs_a_code_of_oss_s() -> None:
    event = only(f"https://b.s3.amazonaws.com/ {BOTO.format('SecondLevelDomainForbidden', 'x')}")
    assert event["diagnosis"]["cause"] == "another-service"


@pytest.mark.parametrize(
    "sign",
    [
        "https://b.s3.eu-west-1.amazonaws.com/a",
        "AKIAIOSFODNN7EXAMPLE",
        "x-amz-id-2: abc",
        "requestId: 9FEFFF118E15B86F",
        "Access Denied",
        "arn:aws:iam::123456789012:user/ci",
    ],
)
def test_what_is_s3s_own_beside_its_client_is_anothers_as_surely_as_ever(sign: str) -> None:
    said = only(f"{BY_S3_CLIENTS['boto']} {sign}")["diagnosis"]
    assert (said["cause"], said["confidence"]) == ("another-service", 0.95)


@pytest.mark.parametrize("message", CONSOLE)
def test_a_browsers_own_words_name_the_cause_and_no_write_since_they_are_no_answer_of_oss(message: str) -> None:
    event = only(CHROMIUM.format(message))
    assert event["code"] is None
    assert event["bucket"] == "web-assets"
    assert event["diagnosis"]["cause"] in CONSOLE[message], event["diagnosis"]
    assert event["writes"] == []


def test_a_page_of_a_proxy_is_no_missing_permission() -> None:
    page = "GET https://b.oss-cn-hangzhou.aliyuncs.com/a -> HTTP/1.1 403 Forbidden\n<html><head><title>403 Forbidden</title></head><body>"
    event = only(f"{page}<center><h1>403 Forbidden</h1></center><hr><center>nginx</center></body></html>")
    assert event["code"] is None
    assert event["diagnosis"]["cause"] == "no-code"
    assert event["writes"] == []


def test_the_page_of_the_security_system_is_known() -> None:
    event = only(
        "HTTP/1.1 403 Forbidden\nServer: AliyunOSS\nx-oss-ec: 0061-00000001\n\nCannot visit oss, forbidden by security system."
    )
    assert event["diagnosis"]["cause"] == "security-block"
    assert event["writes"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "all is well",
        "GET /a 200 OK",
        "2026-03-01 10:00:00 INFO uploaded 403 files",
        "上传成功",
        "preflight for each object: slow",
    ],
)
def test_a_text_without_a_refusal_has_no_events(text: str) -> None:
    assert explain_text(text) == {"events": []}


@pytest.mark.parametrize(
    ("code", "cause"),
    [("InvalidObjectState", "never-restored"), ("AccessForbidden", "cors-origin-not-allowed"), ("ImageDamage", "image-damaged"),
     ("UserDisable", "account-overdue"), ("SecurityTokenExpired", "token-expired"), ("NoSuchKey", "no-such-object")],
)  # fmt: skip
def test_a_bare_code_is_explained_and_writes_nothing(code: str, cause: str) -> None:
    event = only(code)
    assert (event["code"], event["bucket"], event["request_id"], event["ec"]) == (code, None, None, None)
    assert event["diagnosis"]["cause"] == cause
    assert event["writes"] == []


@pytest.mark.parametrize(
    ("ec", "cause"),
    [("0003-00001403", "denied-wrong-endpoint"), ("0002-00000903", "key-disabled"), ("0016-00000330", "copy-source-archived"),
     ("0002-00000504", "clock-drift"), ("0061-00000001", "security-block"), ("0003-00000801", "account-overdue")],
)  # fmt: skip
def test_a_bare_ec_is_explained_as_the_hint_it_is(ec: str, cause: str) -> None:
    event = only(ec)
    assert (event["code"], event["ec"]) == (None, ec)
    assert event["diagnosis"]["cause"] == cause
    assert event["diagnosis"]["confidence"] < 0.9
    assert event["writes"] == []


def test_an_ec_that_nobody_knows_is_not_guessed_at() -> None:
    event = only("0099-00000001")
    assert event["diagnosis"]["cause"] == "no-code"
