"""Rows of tables are read as fields; a table about something else, and a line that is no row, are left alone."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in, tables
from tests.work import grows

ID, OTHER = "66F10B99C0FFEE1234ABCD01", "66F10B99C0FFEE1234ABCD02"


def facts(text: str) -> list[dict[str, str]]:
    return [fragment.facts for fragment in tables.find(text)]


def test_each_row_below_a_header_is_one_request() -> None:
    text = (
        f"time,bucket,object,status,code,request_id\n2024-03-01,reports,a.csv,403,InvalidObjectState,{ID}\n"
        f'2024-03-01,reports,"b, c.csv",403,AccessDenied,{OTHER}\n'
    )
    events = events_in(text, source="test", strict=True)
    assert [(event.code, event.bucket, event.key, event.request_id) for event in events] == [
        ("InvalidObjectState", "reports", "a.csv", ID),
        ("AccessDenied", "reports", "b, c.csv", OTHER),
    ]


@pytest.mark.parametrize("border", ["|", "│", "┃"])
def test_names_and_values_between_borders_are_one_request(border: str) -> None:
    rows = [("Code", "AccessDenied"), ("Bucket", "reports"), ("RequestId", ID)]
    text = "\n".join(f"{border} {name:<10} {border} {value:<40} {border}" for name, value in rows)
    assert facts(text) == [{"code": "AccessDenied", "bucket": "reports", "request_id": ID}]


@pytest.mark.parametrize(
    "text",
    [
        "name,size,owner\na.csv,403,me\n",
        "bucket,object,size\nreports,a.csv,403\n",
        "status,code,request_id\nfirst,second,third\n",
        "| Code | AccessDenied |\n| Code | InvalidObjectState |\n| Status | 403 |",
        "status  code  request_id",
        "",
    ],
    ids=[
        "no column tells",
        "a size",
        "cells of another kind",
        "two requests side by side",
        "a header alone",
        "nothing",
    ],
)
def test_what_is_no_table_of_requests_is_left_alone(text: str) -> None:
    assert facts(text) == []


def test_a_line_of_another_width_ends_the_table() -> None:
    row = {"bucket": "reports", "object": "a.csv", "status": "403", "request_id": ID}
    text = f"bucket,object,status,request_id\nreports,a.csv,403,{ID}\n"
    assert facts(text) == [row]
    assert facts(f"{text}reports,b.csv,403\nreports,c.csv,403,{OTHER}\n") == [row]


CODES = ("AccessDenied", "InvalidObjectState", "SignatureDoesNotMatch", "RequestTimeTooSkewed")


def test_a_list_of_codes_in_a_log_tells_of_no_refusal() -> None:
    text = "| Code | Status | What to do |\n| --- | --- | --- |\n" + "\n".join(
        f"| {code} | 403 | ask |" for code in CODES
    )
    assert events_in(text, source="test", strict=True) == []
    with_ids = "| Code | Status | Request ID |\n" + "\n".join(
        f"| {code} | 403 | {ID[:-1]}{n} |" for n, code in enumerate(CODES)
    )
    assert [event.code for event in events_in(with_ids, source="test", strict=True)] == list(CODES)


def test_a_table_of_any_length_costs_what_its_length_costs() -> None:
    assert grows(lambda size: list(tables.find("a,status,code\n" + "1,403,AccessDenied\n" * size)), 400) < 2.5
