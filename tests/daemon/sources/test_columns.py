"""Columns of a table in which a client's own words stand: no event, no place; all other columns are read."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in

ID = "69786BB1C0FFEE1234ABCD01"
FORGED = f"/x oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, RequestId={ID}, Object=k"
TABLES = {
    "Markdown": "| time | status | path |\n|---|---|---|\n| 1 | %d | {} |",
    "borders": "+---+-----+\n| status | url |\n+---+-----+\n| %d | {} |\n+---+-----+",
    "a rule": "status method user_agent\n------ ------ ----------\n%d    GET    {}",
    "a rule, and a column behind": "status path       method\n------ ---------- ------\n%d    {} GET",
    "CSV": 'time,status,comment\n2026-03-01,%d,"{}"',
    "semicolons": "status;search;hits\n%d;{};0",
    "tabs, and one of the client's": "time\tstatus\treferer\n2026-03-01\t%d\ta\t{}",
    "blanks": "TIME   STATUS  PATH\n10:00  %d     {}",
    "a list of names and values": "Status\t%d\nReferer\t{}\nMethod\tGET",
}


@pytest.mark.parametrize("status", [404, 403])
@pytest.mark.parametrize("table", TABLES)
def test_a_clients_words_in_a_column_of_theirs_are_no_event(table: str, status: int) -> None:
    assert events_in(TABLES[table].format(FORGED) % status, source="test", strict=True) == []


@pytest.mark.parametrize(
    "text",
    [
        f"time,url,code,request_id\n1,https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv,AccessDenied,{ID}",
        f"path | bucket | error\na.csv | reports | AccessDenied RequestId: {ID} oss://reports/a.csv",
        f"comment\tcode\trequest_id\tbucket\tkey\nof {{me}}\tAccessDenied\t{ID}\treports\ta.csv",
        f"comment  code          request_id                bucket   key\nof {{me}}  AccessDenied  {ID}  reports  a.csv",
    ],
)
def test_a_refusal_in_other_columns_is_read(text: str) -> None:
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.request_id, event.bucket, event.key) == ("AccessDenied", ID, "reports", "a.csv")


@pytest.mark.parametrize("before", ["path, url", "bucket  path\nreports  in/", "a path  b", "url path\n--- ----"])
def test_a_refusal_below_something_like_a_header_is_read(before: str) -> None:
    text = f"{before}\nerror: oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId={ID}"
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.request_id) == ("AccessDenied", ID)
