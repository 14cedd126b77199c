"""A browser's console line and OSS's answer to the same preflight are one refusal, where plainly of one bucket."""

from __future__ import annotations

import pytest

from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event

WEB = "web-assets.oss-cn-hangzhou.aliyuncs.com"


def console(
    host: str = WEB, origin: str = "https://app.example.com", key: str = "up/a.png", why: str = "Method PUT"
) -> str:
    return (
        f"Access to fetch at 'https://{host}/{key}' from origin '{origin}' has been blocked by CORS policy: "
        f"{why} is not allowed by Access-Control-Allow-Methods in preflight response."
    )


def answer(host: str = WEB, request_id: str = "6929B33D0000000000000001", more: str = "") -> str:
    return (
        "<Error>\n  <Code>AccessForbidden</Code>\n"
        "  <Message>CORSResponse: This CORS request is not allowed.</Message>\n"
        f"  <RequestId>{request_id}</RequestId>\n  <HostId>{host}</HostId>\n{more}</Error>"
    )


def read(text: str, *, strict: bool = False) -> list[Event]:
    return events_in(text, source="test", strict=strict)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("text", [f"{console()}\n\n{answer()}", f"{answer()}\n\n{console()}"])
def test_pasted_together_they_are_one_that_tells_all(text: str, *, strict: bool) -> None:
    (event,) = read(text, strict=strict)
    assert (event.code, event.bucket, event.key) == ("AccessForbidden", "web-assets", "up/a.png")
    assert (event.origin, event.cors_method, event.request_id) == (
        "https://app.example.com", "PUT", "6929B33D0000000000000001",
    )  # fmt: skip
    assert event.shape != "browser_console"


def test_a_domain_of_ones_own_is_the_same_host() -> None:
    (event,) = read(f"{console('cdn.example.com')}\n{answer('cdn.example.com')}")
    assert (event.code, event.origin) == ("AccessForbidden", "https://app.example.com")


@pytest.mark.parametrize(
    "text",
    [
        f"{console()}\n{answer('web-other.oss-cn-hangzhou.aliyuncs.com')}",
        f"{answer('web-other.oss-cn-hangzhou.aliyuncs.com')}\n{console()}",
        f"{console('cdn.example.com')}\n{answer()}",
        f"{console()}\n{answer(more='  <ObjectName>up/b.png</ObjectName>')}",
        f"{console()}\n{answer(more='  <Origin>https://shop.example.com</Origin>')}",
        f"{console()}\n{answer().replace('AccessForbidden', 'AccessDenied').replace('CORSResponse: ', '')}",
        f"{console()}\n{answer().replace('CORSResponse: This CORS request is', 'It is')}",
    ],
    ids=["bucket", "bucket, answer first", "host", "object", "origin", "code", "message"],
)
def test_what_differs_is_never_joined(text: str) -> None:
    assert [event.code for event in read(text)].count(None) == 1
    assert len(read(text)) == 2


def test_one_answer_joins_one_page_of_two() -> None:
    found = read(f"{console(origin='https://a.example.com')}\n{console(origin='https://b.example.com')}\n{answer()}")
    assert [(event.code, event.origin) for event in found] == [
        (None, "https://a.example.com"), ("AccessForbidden", "https://b.example.com"),
    ]  # fmt: skip


def test_two_answers_stay_two() -> None:
    found = read(f"{console()}\n{answer()}\n{answer(request_id='6929B33D0000000000000002')}")
    assert [event.code for event in found] == ["AccessForbidden"] * 2


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_in_two_records_each_says_that_the_other_is_the_same_trouble(lang: str) -> None:
    stamped = f"2026-11-28T03:00:00Z WARN page: {console()}\n2026-11-28T03:00:01Z WARN proxy: {answer()}"
    page, oss = explain_text(stamped, lang=lang)["events"]
    same = {"en": "the same trouble", "zh": "同一问题"}[lang]
    assert any(same in each and "6929B33D0000000000000001" in each for each in page["diagnosis"]["evidence"])
    assert any(same in each and "https://app.example.com" in each for each in oss["diagnosis"]["evidence"])


def test_in_two_records_of_two_buckets_nobody_says_so() -> None:
    other = answer("web-other.oss-cn-hangzhou.aliyuncs.com")
    stamped = f"2026-11-28T03:00:00Z WARN page: {console()}\n2026-11-28T03:00:01Z WARN proxy: {other}"
    for event in explain_text(stamped)["events"]:
        assert not any("same trouble" in each for each in event["diagnosis"]["evidence"])


@pytest.mark.parametrize(
    "told",
    [
        "{'status': 403, 'x-oss-request-id': '6929B33D0000000000000001', 'details': {'Code': 'AccessDenied'}}",
        "code: AccessDenied, request_id: 6929B33D0000000000000001",
        "ErrorCode=AccessDenied RequestId=6929B33D0000000000000001",
    ],
)
def test_an_answer_on_the_same_line_is_no_part_of_the_browsers_reason(told: str) -> None:
    events = read(f"2026-11-28 10:00:00 ERROR upload failed: {console()} {told}", strict=True)
    assert ("AccessDenied", "6929B33D0000000000000001") in [(event.code, event.request_id) for event in events]
