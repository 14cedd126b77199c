"""Errors are read whole, secrets taken out, and sorted by what we do next."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from ossmend.daemon.cloud.wire.errors import (
    BadAnswer,
    NoAnswer,
    NotSent,
    Unsettled,
    of_read,
    of_write,
    oss_answer,
    rpc_answer,
    without_secrets,
)
from ossmend.remediators.contract.verdict import Refused, TryAgain

ID = {"x-oss-request-id": "66F10B88AAAAAAAAAAAAAAAA"}


def xml(code: str, message: str = "m", more: str = "") -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>".encode()


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (xml("AccessDenied"), ID, "AccessDenied"),
        (xml("AccessDenied", more=f"<StringToSign>{'x' * 100_000}</StringToSign>"), ID, "AccessDenied"),
        (b'<Error xmlns="http://doc"><Code>AccessDenied</Code></Error>', ID, "AccessDenied"),
        (b"", ID | {"x-oss-err": base64.b64encode(xml("NoSuchKey")).decode()}, "NoSuchKey"),
        (b"<Error><Code>AccessDenied</Code><Message>cut he", ID, "AccessDenied"),
        (b"", ID, ""),
        (b"", ID | {"x-oss-err": "!!"}, ""),
        (b"<html>forbidden by the security system</html>", ID, ""),
        (b"\xff\xfe\x00", ID, ""),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Error><Code>&a;</Code></Error>', ID, ""),
    ],
)
def test_the_code_of_an_oss_error(body: bytes, headers: dict[str, str], code: str) -> None:
    told = oss_answer("HeadObject", 403, headers, body)
    assert (told.code, told.status, told.request_id) == (code, 403, ID["x-oss-request-id"])


def test_a_403_without_a_code_is_a_refusal_of_its_own() -> None:
    refused = of_read(oss_answer("GetObject", 403, ID, b"<html>no</html>"))
    assert isinstance(refused, Refused)
    assert refused.code == "HTTP 403"


def bad(status: int, code: str = "X") -> BadAnswer:
    return oss_answer("GetBucketCors", status, {}, xml(code))


@pytest.mark.parametrize(
    ("error", "for_read", "for_write"),
    [
        (NoAnswer("X", "reset", left=True), TryAgain, Unsettled),
        (NoAnswer("X", "refused", left=False), TryAgain, NotSent),
        (bad(500, "InternalError"), TryAgain, Unsettled),
        (bad(502, ""), TryAgain, Unsettled),
        (bad(503, ""), TryAgain, Unsettled),
        (bad(504, ""), TryAgain, Unsettled),
        (bad(503, "ServiceUnavailable"), TryAgain, TryAgain),
        (bad(503, "MetaOperationQpsLimitExceeded"), TryAgain, TryAgain),
        (bad(429, "QpsLimitExceeded"), TryAgain, TryAgain),
        (bad(408, "RequestTimeout"), TryAgain, TryAgain),
        (bad(400, "Throttling.User"), TryAgain, TryAgain),
        (bad(400, "OperationNotSupported"), Refused, Refused),
        (bad(403, "AccessDenied"), Refused, Refused),
        (bad(403, "RequestTimeTooSkewed"), Refused, Refused),
        (bad(404, "NoSuchKey"), Refused, Refused),
        (bad(307, ""), Refused, Refused),
        (bad(501, "NotImplemented"), Refused, Refused),
    ],
)
def test_what_we_do_next(error: NoAnswer | BadAnswer, for_read: type, for_write: type) -> None:
    assert type(of_read(error)) is for_read
    assert type(of_write(error)) is for_write


def test_rpc_errors_in_json_in_xml_and_as_a_page() -> None:
    told = rpc_answer(
        "GetUser", 403, {}, b'{"RequestId":"R","Code":"NoPermission","Message":"no","AccessDeniedDetail":{}}'
    )
    assert (told.code, told.request_id, told.message) == ("NoPermission", "R", "no")
    assert rpc_answer("GetUser", 404, {}, xml("InvalidAccessKeyId.NotFound")).code == "InvalidAccessKeyId.NotFound"
    assert rpc_answer("GetUser", 503, {}, b"<html>busy</html>").passing
    assert rpc_answer("GetUser", 400, {}, b"[1]").code == ""


def test_retry_after_is_believed_within_reason() -> None:
    assert rpc_answer("GetUser", 429, {"Retry-After": "7"}, b"{}").after == timedelta(seconds=7)
    assert rpc_answer("GetUser", 429, {"Retry-After": "999999"}, b"{}").after == timedelta(seconds=600)
    assert rpc_answer("GetUser", 429, {"Retry-After": "Tue, 24 Nov"}, b"{}").after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://h/?Signature=abcdefSECRET%3D&Expires=1", "SECRET"),
        ("x-oss-signature=SECRETSECRET", "SECRET"),
        ("SecurityToken=CAISSECRET&x=1", "SECRET"),
        ('"SecurityToken": "CAISSECRET"', "SECRET"),
        ("security-token%3DCAISSECRET", "SECRET"),
        ("Specified signature. server string to sign is:POST&%2F&AccessKeySECRET\nmore SECRET", "SECRET"),
        ("Authorization: OSS LTAI5tabcdefghijklmnop:SECRETSECRETSECRET=", "SECRET"),
        ("OSS LTAI5tabcdefghijklmnop:SECRETSECRETSECRET=", "SECRET"),
        ("the key LTAI5tabcdSECRETghijkl is disabled", "SECRET"),
    ],
)
def test_no_secret_is_in_what_we_say(text: str, secret: str) -> None:
    assert secret not in without_secrets(text)


def test_a_message_is_cut_and_cannot_forge_lines() -> None:
    told = oss_answer("X", 403, {}, xml("A", "a&#10;level=error b\x1b".replace("\x1b", "") + "c" * 9000)).message
    assert len(told) <= 1000
    assert "\n" not in told
