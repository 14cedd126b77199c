"""A client's header that stands unquoted in the middle of a line: what follows names no place that is written to."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event, Origin

HOST = "inner.oss-cn-hangzhou.aliyuncs.com"
BODY = (
    "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's state</Message>"
    f"<RequestId>69786BB1C0FFEE1234ABCD01</RequestId><HostId>{HOST}</HostId></Error>"
)
HEADERS = (
    "user-agent: Mozilla/5.0 %s x", "ua=Mozilla/5.0 (X11) %s", "agent: curl %s", "user agent: curl %s",
    "http_user_agent=curl 8 %s", "headers=map[User-Agent:[curl %s]]", "referer: https://a.example/b %s",
    "cookie: a=b; %s", "X-Custom: %s", 'X-Custom: "one %s"', "x_forwarded_for=203.0.113.5 %s", "via: 1.1 proxy %s",
)  # fmt: skip
PLACES = (
    f"at 'https://{HOST}/payroll/x.bin'", f"GET https://{HOST}/payroll/x.bin", f"url=https://{HOST}/payroll/x.bin",
    "key=payroll/x.bin", "bucket=inner, key='payroll/x.bin'", "ObjectName: payroll/x.bin",
    "oss://inner/payroll/x.bin", "key 'payroll/x.bin' in bucket 'inner'",
)  # fmt: skip


def keys_named(event: Event) -> set[str]:
    """Those that a write may go to, with or without the world's consent."""
    found = {reading.ref.key for reading in event.readings if reading.origin is not Origin.PROSE}
    return found | ({event.key} if event.key and event.origins["key"] is not Origin.PROSE else set())


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("between", ["\n", " "])
def test_a_place_behind_an_unquoted_header_is_a_guess(header: str, place: str, between: str) -> None:
    text = f"2026-03-01 10:00:00 INFO request of 203.0.113.5 {header % place}{between}{BODY}"
    (event,) = events_in(text, source="t")
    assert (event.code, event.bucket) == ("InvalidObjectState", "inner")  # the refusal is still found
    assert keys_named(event) == set()


@pytest.mark.parametrize("place", PLACES)
def test_signs_that_grow_in_small_letters_move_no_place_out_of_the_headers(place: str) -> None:
    """A client sends them before the header, in its path."""
    text = f"INFO GET /{'İ' * 300} User-Agent: Mozilla/5.0 {place} {BODY}"
    (event,) = events_in(text, source="t")
    assert (event.code, event.bucket) == ("InvalidObjectState", "inner")
    assert keys_named(event) == set()


@pytest.mark.parametrize(
    "line",
    [
        f"{BODY} for url: https://{HOST}/payroll/x.bin user-agent: curl 8",
        f"x-oss-request-id: 69786BB1C0FFEE1234ABCD01 GET https://{HOST}/payroll/x.bin 403 {BODY}",
        f"GET https://{HOST}/payroll/x.bin failed\n  user-agent: curl 8\n  {BODY}",
        f"user-agent: curl 8\n2026-03-01 10:00:00 ERROR GET https://{HOST}/payroll/x.bin {BODY}",
        f"manager: GET https://{HOST}/payroll/x.bin {BODY}",
    ],
)
def test_a_place_before_the_header_or_on_another_line_is_the_requests_own(line: str) -> None:
    event = next(each for each in events_in(line, source="t") if each.code == "InvalidObjectState")
    assert (event.key, event.origins["key"]) == ("payroll/x.bin", Origin.REQUEST)
