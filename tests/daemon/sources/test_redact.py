"""What leaves through redact, mask_key_id and printable: no secret, no forged line, nothing else lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.host.redact import mask_key_id, printable, redact
from tests.work import grows

SECRET = "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5"


@pytest.mark.parametrize(
    "text",
    [
        f"AccessKeySecret={SECRET}",
        f"access_key_secret: {SECRET}",
        f"'accessKeySecret': '{SECRET}'",
        f'"accessKeySecret":"{SECRET}"',
        f'{{\\"accessKeySecret\\":\\"{SECRET}\\"}}',
        f"OSS_ACCESS_KEY_SECRET={SECRET} ",
        f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET='{SECRET}'",
        f"ALIBABA_CLOUD_SECURITY_TOKEN={SECRET}",
        f"Authorization: OSS LTAI5tExample:{SECRET}",
        f"'Authorization': 'OSS LTAI5tExample:{SECRET}'",
        f'"authorization" => "OSS LTAI5tExample:{SECRET}"',
        (
            f"Authorization: OSS4-HMAC-SHA256 Credential=LTAI/20240101/cn-hangzhou/oss/aliyun_v4_request, "
            f"Signature={SECRET}"
        ),
        f"Authorization: OSS4-HMAC-SHA256 Credential=LTAI/x,AdditionalHeaders=host,Signature={SECRET}",
        f"Authorization: Bearer {SECRET}",
        f"sent OSS LTAI5tExample:{SECRET} and got 403",
        f"https://b.oss-cn-hangzhou.aliyuncs.com/k?OSSAccessKeyId=LTAI&Expires=1&Signature={SECRET}",
        f"https://b.oss-cn-hangzhou.aliyuncs.com/k?Signature={SECRET}%3D&Expires=1",
        f"/view?file=https%3A%2F%2Fb%2Fk%3FExpires%3D1%26Signature%3D{SECRET}%253D",
        f"/view?file=https%3A%2F%2Fb%2Fk%3FSignature%3D{SECRET}%253D%26Expires%3D1&x=1",
        f"https%253A%252F%252Fb%252Fk%253FExpires%253D1%2526Signature%253D{SECRET}%25253D",
        f"GET /k?x-oss-signature={SECRET}&x-oss-date=1 HTTP/1.1",
        f"/k?security-token={SECRET}&x=1",
        f"x-oss-security-token: {SECRET}",
        f"PUT\\n\\n\\nFri\\nx-oss-security-token:{SECRET}\\n/b/k",
        f"PUT\n\n\nFri\nx-oss-security-token:{SECRET}\n/b/k",
        f"<SignatureProvided>{SECRET}</SignatureProvided>",
        f"&lt;SignatureProvided&gt;{SECRET}&lt;/SignatureProvided&gt;",
        f"\\u003cSignatureProvided\\u003e{SECRET}\\u003c/SignatureProvided\\u003e",
        f"'SignatureProvided': '{SECRET}'",
        f"SecurityToken={SECRET}",
        f"[SecurityToken]: {SECRET}",
        f"ftp://user:{SECRET}@host/path",
        f"https://hooks.example.com/robot/send?access_token={SECRET}",
        f"Set-Cookie: session={SECRET}; Path=/",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"aws_secret_access_key = {SECRET}",
    ],
)
def test_secrets_go_in_every_shape(text: str) -> None:
    safe = redact(text)
    assert SECRET not in safe
    assert "***" in safe
    assert redact(safe) == safe


@pytest.mark.parametrize(
    "text",
    [
        "cannot read oss://reports/2024/a b.csv",
        "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.",
        "InvalidSecurityToken",
        "The security token you provided has expired.",
        "<Code>AccessDenied</Code><OSSAccessKeyId>LTAI5tExample</OSSAccessKeyId>",
        "x-oss-signature-version=OSS4-HMAC-SHA256",
        "AccessDeniedDetail.EncodedDiagnosticMessage",
        "https://b.oss-cn-hangzhou.aliyuncs.com/token/secret/a.txt",
        "key=2024/long/name/of/an/object.csv",
        "",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_the_rest_of_a_line_survives_its_secret() -> None:
    text = f'{{"accessKeySecret":"{SECRET}","bucket":"reports","key":"a.txt"}}'
    assert json.loads(redact(text)) == {"accessKeySecret": "***", "bucket": "reports", "key": "a.txt"}


@pytest.mark.parametrize(
    ("key_id", "shown"),
    [
        ("LTAI5tABCDEFGHIJKLMN1234", "LTAI****1234"),
        ("STS.NTabcdefghijklmnop", "STS.****mnop"),
        (" LTAI5tABCDEFGHIJKLMN1234", " LTAI****1234"),
        ("short12", "sh****12"),
        ("ab", "****"),
        ("", ""),
    ],
)
def test_people_see_only_the_ends_of_a_key_id(key_id: str, shown: str) -> None:
    assert mask_key_id(key_id) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\r\nb",
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202egnp.exe",
        "a\u2028b",
        "\x00",
        "\ud800",
        "\u200b",
        "\x85",
    ],
)
def test_hostile_text_is_one_harmless_line(text: str) -> None:
    safe = printable(text)
    assert len(safe.splitlines()) == 1
    assert all(sign.isprintable() for sign in safe)
    safe.encode("utf-8")


def test_names_in_any_script_stay_as_they_are() -> None:
    assert printable("报表/übung 100%+é.csv 👍") == "报表/übung 100%+é.csv 👍"


@given(st.text(max_size=300))
def test_anything_becomes_one_line_and_nothing_raises(text: str) -> None:
    assert not any(ord(sign) < 0x20 for sign in printable(text))
    redact(text)


SECRETS = (
    "Signature=", "token: '", "Authorization: OSS a:", "://a:b@", "?sig=", "-----BEGIN PRIVATE KEY-----", "secret",
)  # fmt: skip


@pytest.mark.parametrize("unit", SECRETS)
def test_redaction_of_twice_as_much_is_twice_the_work(unit: str) -> None:
    assert grows(lambda size: redact(unit * (size // len(unit))), 20_000) < 2.5
