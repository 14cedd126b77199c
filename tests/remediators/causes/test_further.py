"""Causes as people settled on them: S3 clients' 400s, a bucket that is one's own, two buckets, an old STS key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ossmend.remediators.causes import CAUSES, CODES, diagnose_event
from ossmend.remediators.causes.model import Sign
from ossmend.remediators.contract.case import Event

OWNER = "The bucket you access does not belong to you."
ACL = "You have no right to access this object because of bucket acl."
SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
UNKNOWN_KEY = "The OSS Access Key Id you provided does not exist in our records."
CHUNKED = "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value."
PLAIN_KEY, STS_KEY = "LTAI5tMadeUpForThisTest1", "STS.NTmadeUpForThisTest"


def event(code: str, message: str = "", **fields: Any) -> Event:
    return Event(source="t", code=code, message=message or None, **fields)


FOUND = {
    "aws-chunked-body": [
        event("InvalidArgument", CHUNKED, status=400),
        event(
            "InvalidArgument",
            ec="0017-00000804",
            fields={"ArgumentName": "Content-Encoding", "ArgumentValue": "aws-chunked"},
        ),
        event(
            "InvalidArgument",
            fields={"ArgumentName": "x-amz-content-sha256", "ArgumentValue": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
        ),
        event("NotImplemented", "Aws MultiChunkedEncoding is not supported."),
    ],
    "content-md5-missing": [
        event("MissingArgument", "Missing Some Required Arguments.", operation="DeleteObjects"),
        event(
            "MissingArgument",
            "Missing Some Required Arguments.",
            ec="0016-00000502",
            sample="when calling the DeleteObjects operation",
        ),
    ],
    "argument-missing": [event("MissingArgument", "Missing Some Required Arguments.", operation="PutObject")],
    "wrong-signing-region": [
        event("InvalidArgument", "Invalid signing region in Authorization header.", ec="0002-00000226"),
        event(
            "InvalidArgument",
            "The signing region in credential is invalid.",
            ec="0002-00000715",
            operation="PostObject",
        ),
    ],
    "argument-invalid": [
        event("InvalidArgument", ec="0017-00000220", fields={"ArgumentName": "partNumber", "ArgumentValue": "0"})
    ],
    "v1-signature-retired": [
        event("AccessDenied", ec="0002-00000080", message="V1 signature is not allowed any more.")
    ],
    "anonymous-override": [event("InvalidRequest", "Can not override response header for an anonymous user")],
    "domain-ownership-unproved": [
        event(
            "NeedVerifyDomainOwnership",
            "Please verify domain ownership by CreateCnameToken and try again.",
            ec="0018-00000115",
        )
    ],
    "etag-not-exposed": [
        event("InvalidPart", sample="<Part><PartNumber>1</PartNumber><ETag>undefined</ETag></Part>"),
        event("InvalidPart", fields={"ETag": '"undefined"'}, user_agent="Mozilla/5.0"),
        event("InvalidPart", sample="parts: [{ number: 1, etag: undefined }]", origin="https://app.example.com"),
    ],
    "part-missing": [event("InvalidPart", sample="<ETag>9B2CF535F27731C974343645A3985328</ETag>")],
    "bucket-name-invalid": [
        event("InvalidBucketName", host="shop.shop.oss-cn-hangzhou.aliyuncs.com", ec="0015-00000001")
    ],
    "denied-referer": [
        event("AccessDenied", "You are denied by bucket referer policy.", ec=f"0003-0000050{n}") for n in (1, 2, 3)
    ],
    "denied-session-policy": [event("AccessDenied", "Access denied by authorizer's policy.", ec="0003-00000301")],
    "denied-vpc-endpoint": [event("AccessDenied", "Access denied by VPC endpoint policy.", ec="0003-00000401")],
    "token-invalid": [event("InvalidSecurityToken", "The security token you provided is invalid.", ec="0002-00000008")],
    "path-style-address": [
        event("SecondLevelDomainForbidden", "Please use virtual hosted style to access.", ec="0003-00001401")
    ],
}


@pytest.mark.parametrize(("cause", "seen"), [(cause, seen) for cause, events in FOUND.items() for seen in events])
def test_the_cause_that_the_text_shows_is_found_in_both_languages(cause: str, seen: Event) -> None:
    for lang in ("en", "zh"):
        told = diagnose_event(seen, lang=lang)
        assert told.cause == cause, told
        assert told.evidence
        assert told.next_steps[lang]
        assert told.avoid[lang]


@pytest.mark.parametrize(
    "setting",
    [
        "AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
        "boto3",
        "JS v3",
        "PHP",
        "Java v2",
        "Java v1",
        ".NET",
        "C++",
        "Go v2",
        "minio-go",
    ],
)
def test_the_cure_of_a_chunked_body_names_the_setting_of_each_sdk(setting: str) -> None:
    for texts in diagnose_event(event("InvalidArgument", CHUNKED)).next_steps.values():
        assert any(setting in text for text in texts)


def test_an_etag_in_the_text_is_no_missing_one() -> None:
    told = diagnose_event(
        event("InvalidPart", sample='ETag: "9B2CF535F27731C974343645A3985328", is undefined behaviour meant?')
    )
    assert told.cause != "etag-not-exposed"


# ----------------------------------------------------------------------------------------------- one's own bucket


@pytest.mark.parametrize("ec", [None, "0003-00000001"])
def test_a_bucket_that_does_not_belong_to_you_is_mostly_ones_own_and_a_right_is_missing(ec: str | None) -> None:
    told = diagnose_event(event("AccessDenied", OWNER, ec=ec))
    assert told.cause == "denied-ram-implicit"
    assert "denied-not-owner" in dict(told.alternatives)
    said = next(line for line in told.evidence if OWNER in line)
    assert "mostly one of the bucket's own account" in said, "OSS's words alone seem to say the contrary"


def test_a_bucket_of_which_the_cloud_says_that_it_is_anothers_is_anothers() -> None:
    told = diagnose_event(event("AccessDenied", OWNER), world={"cloud.owner": "another account (1)"})
    assert told.cause == "denied-not-owner"


def test_the_code_that_says_it_outright_is_believed() -> None:
    assert diagnose_event(event("BucketNotBelongTo", OWNER)).cause == "denied-not-owner"


@pytest.mark.parametrize(
    "signed",
    [
        {"access_key_id": PLAIN_KEY},
        {"requester_id": "2012345678901234"},
        {"sample": "> Authorization: OSS ***"},
        {"sample": "GET /a?OSSAccessKeyId=***&Expires=1"},
        {"sample": "the RAM user app has read rights"},
        {"sample": "子账号访问失败"},
    ],
)
def test_the_acl_message_said_to_a_caller_that_signs_is_a_missing_right(signed: dict[str, Any]) -> None:
    told = diagnose_event(event("AccessDenied", ACL, ec="0003-00000001", **signed))
    assert told.cause == "denied-ram-implicit"
    assert "denied-bucket-acl" in dict(told.alternatives)
    assert any("sign" in sentence for sentence in told.evidence)


@pytest.mark.parametrize("sample", ["", "Authorization: none", "no RAM involved", "authorizationPolicy: x"])
def test_the_acl_message_said_to_nobody_in_particular_is_the_acl_first(sample: str) -> None:
    told = diagnose_event(event("AccessDenied", ACL, ec="0003-00000001", sample=sample))
    assert told.cause == "denied-bucket-acl"
    assert "denied-ram-implicit" in dict(told.alternatives)


# --------------------------------------------------------------------------------------------------- two buckets


def signed(bucket: str, resource: str, kind: str = "image/png") -> Event:
    string = f"PUT\n\n{kind}\nFri, 07 Aug 2015 07:43:21 GMT\n{resource}"
    host = f"{bucket}.oss-cn-hangzhou.aliyuncs.com"
    return event("SignatureDoesNotMatch", SIGNATURE, bucket=bucket, host=host, fields={"StringToSign": string})


def test_a_signed_resource_of_another_bucket_than_the_host_is_the_cause() -> None:
    told = diagnose_event(signed("slides", "/lessons/a/b.png"))
    assert told.cause == "wrong-resource"
    assert any("lessons, not slides" in sentence for sentence in told.evidence)
    chinese = diagnose_event(signed("slides", "/lessons/a/b.png"), lang="zh")
    assert any("签名中为 lessons，请求的是 slides" in sentence for sentence in chinese.evidence)


@pytest.mark.parametrize("resource", ["/slides/a/b.png", "/*****/a/b.png", "/", "/slides"])
def test_a_signed_resource_of_the_hosts_bucket_is_left_alone(resource: str) -> None:
    told = diagnose_event(signed("slides", resource))
    assert told.cause != "wrong-resource"


# -------------------------------------------------------------------------------------------- an old temporary key


def test_a_key_that_is_unknown_right_after_a_token_expired_is_an_old_temporary_one() -> None:
    refused = event("InvalidAccessKeyId", UNKNOWN_KEY, access_key_id=PLAIN_KEY)
    assert diagnose_event(refused).cause != "key-temporary"
    expired = event("SecurityTokenExpired", "The security token you provided has expired.", access_key_id=STS_KEY)
    told = diagnose_event(refused, others=(expired,))
    assert told.cause == "key-temporary"
    assert any("old temporary key" in sentence for sentence in told.evidence)


def test_a_disabled_key_beside_an_expired_token_stays_a_disabled_key() -> None:
    refused = event("InvalidAccessKeyId", "The OSS Access Key Id you provided is disabled.", access_key_id=PLAIN_KEY)
    expired = event("SecurityTokenExpired", "The security token you provided has expired.")
    told = diagnose_event(refused, others=(expired,))
    assert told.cause == "key-disabled" or "key-disabled" in dict(told.alternatives)


# --------------------------------------------------------------------------------- nothing is sure that nothing says


def speaking(cause: str, seen: Event) -> list[Sign]:
    from ossmend.remediators.causes.features import features

    return [sign for sign in CAUSES[cause].signs if sign.weight > 0 and sign.fits(features(seen))]


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_bare_code_is_told_with_certainty_only_where_the_code_itself_speaks(code: str) -> None:
    seen = Event(source="t", code=code)
    told = diagnose_event(seen)
    assert told.confidence <= 0.7 or any(sign.feature == "code" for sign in speaking(told.cause, seen)), told


@pytest.mark.parametrize("code", sorted(CODES))
@pytest.mark.parametrize("message", ["Something else went wrong.", "42", "拒绝访问"])
def test_a_message_that_says_nothing_makes_nothing_sure(code: str, message: str) -> None:
    seen = Event(source="t", code=code, message=message, bucket="b", key="k")
    told = diagnose_event(seen)
    assert told.confidence <= 0.7 or speaking(told.cause, seen), told


def test_what_only_speaks_against_the_others_does_not_make_sure() -> None:
    seen = event("AccessDenied", fields={"AccessDeniedDetail.PolicyType": "x"}, access_key_id=PLAIN_KEY)
    assert diagnose_event(replace(seen, message="…")).confidence <= 0.7


def test_a_code_sign_is_only_where_the_code_has_few_causes() -> None:
    for cause in CAUSES.values():
        for sign in cause.signs:
            if sign.feature == "code" and sign.weight >= 3:
                for code in (each for each in cause.codes if sign.regex.search(each)):
                    rivals = [
                        each.id
                        for each in CAUSES.values()
                        if code in each.codes
                        and any(s.feature == "code" and s.weight >= 3 and s.regex.search(code) for s in each.signs)
                    ]
                    assert rivals == [cause.id], code
