"""Where a refusal stands in a text: its lines and its time; and of a long log, whose refusals one explanation tells."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.explain.page import render
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.text import explain_text
from tests.daemon.commands.test_main import run
from tests.work import grows

BODY = (
    "<Error>\n  <Code>AccessDenied</Code>\n  <Message>You have no right to access this object because of bucket acl."
    "</Message>\n  <HostId>media.oss-cn-hangzhou.aliyuncs.com</HostId>\n</Error>"
)


def frozen(second: int, bucket: str, key: str) -> str:
    return (
        f"2026-11-28T03:12:{second:02d}Z ERROR report: {{'status': 403, 'details': {{'Code': 'InvalidObjectState', "
        f"'Message': \"The operation is not valid for the object's state\", 'RequestId': '{second:024X}', "
        f"'HostId': '{bucket}.oss-cn-hangzhou.aliyuncs.com', 'ObjectName': '{key}'}}}}"
    )


def denied(second: int) -> str:
    return f"2026-11-28T03:12:{second:02d}Z ERROR list failed\n{BODY}"


MIXED = "\n".join(
    [
        "2026-11-28T03:12:00Z INFO began",
        *(frozen(number, "reports-cn", f"2026/{number}.csv") for number in range(1, 6)),
        denied(10),
        "2026-11-28T03:12:11Z INFO goes on",
        *(frozen(number, "reports-eu", f"2026/{number}.csv") for number in range(20, 22)),
        "",
    ]
)


def events(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = explain_text(text)["events"]
    return found


def shown(text: str, lang: str = "en") -> str:
    out = io.StringIO()
    render(explain_text(text, lang=lang), lang, Paper(out, 400))
    return out.getvalue()


def spans(text: str) -> list[tuple[int, int]]:
    return [(each["lines"]["first"], each["lines"]["last"]) for each in events(text)]


def test_each_refusal_has_its_lines_and_its_time() -> None:
    assert spans(MIXED) == [*((line, line) for line in range(2, 7)), (8, 12), (14, 14), (15, 15)]
    assert {each["lines"]["of"] for each in events(MIXED)} == {15}
    assert [each["time"] for each in events(MIXED)][4:6] == ["2026-11-28T03:12:05Z", "2026-11-28T03:12:10Z"]


def test_a_person_reads_them_from_a_file_and_from_stdin(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    file.write_text(MIXED, encoding="utf-8")
    for told in (run("explain", "--file", str(file)), run("explain", str(file)), run("explain", stdin=MIXED.encode())):
        assert told[0] == 0
        assert "where            line 2 of 15 · 2026-11-28 03:12:01 UTC" in told[1]
        assert "where            lines 8 to 12 of 15 · 2026-11-28 03:12:10 UTC" in told[1]
    assert "第 8 至 12 行（共 15 行）" in run("explain", "--lang", "zh", "--file", str(file))[1]


def test_refusals_of_other_buckets_are_counted_by_bucket_and_not_hidden() -> None:
    text = shown(MIXED)
    assert text.count("\n  do not ") == 2
    assert (
        "and 6 more like it. All 7, of 2 buckets, lines 2 to 15, 2026-11-28 03:12:01 to 2026-11-28 03:12:21 UTC:"
        in text
    )
    assert "oss://reports-cn · 5 refusals · lines 2 to 6 · 2026/1.csv, 2026/2.csv, 2026/3.csv and 2 more" in text
    assert "oss://reports-eu · 2 refusals · lines 14 to 15 · 2026/20.csv, 2026/21.csv" in text
    assert "oss://reports-eu · 2 条拒绝 · 第 14 至 15 行" in shown(MIXED, "zh")


def test_very_many_buckets_are_cut_and_the_cut_is_counted() -> None:
    text = shown("\n".join(frozen(number, f"shop-{number}", "a.csv") for number in range(30)))
    assert text.count("· 1 refusal ·") == 10
    assert "and 20 more buckets with 20 refusals" in text


def test_what_another_policy_would_write_is_explained_apart(tmp_path: Path) -> None:
    config = tmp_path / "ossmend.yaml"
    policies = "".join(
        f"  - {{ name: of-{bucket}, on: InvalidObjectState, match: {{ bucket: reports-{bucket} }}, mode: {mode} }}\n"
        for bucket, mode in (("cn", "dry-run"), ("eu", "enforce"))
    )
    config.write_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\npolicies:\n{policies}", encoding="utf-8")
    told = run("explain", "--config", str(config), stdin=MIXED.encode())[1]
    assert told.count("would write") == 2
    assert "All 5, lines 2 to 6" in told


def test_keys_and_clients_are_counted_where_the_refusals_are_theirs() -> None:
    text = "\n".join(
        f"<Error><Code>InvalidAccessKeyId</Code><HostId>shop.oss-cn-hangzhou.aliyuncs.com</HostId>"
        f"<OSSAccessKeyId>LTAI5tSecretMiddle{number:04d}</OSSAccessKeyId><RequestId>{number:024X}</RequestId></Error>"
        for number in range(1, 8)
    )
    assert "key id LTAI****0001, LTAI****0002, LTAI****0003 and 4 more" in shown(text)
    assert "SecretMiddle" not in shown(text)


@pytest.mark.parametrize("word", ["AccessDenied", "0016-00000404", "InvalidAccesKeyId"])
def test_a_code_that_somebody_typed_stands_nowhere(word: str) -> None:
    assert events(word)[0]["lines"] is None
    assert "\n  where " not in shown(word)


ZONELESS = 'oss: ErrorCode=InvalidObjectState, ErrorMessage="no zone", Bucket=a-b, Object=c.csv'


@pytest.mark.parametrize("machine", ["UTC", "Asia/Shanghai", "America/St_Johns"])
@pytest.mark.parametrize(
    "text",
    [f"2026-11-29 19:21:22,101 ERROR {ZONELESS}", json.dumps({"time": "2026-11-29 19:21:22", "err": ZONELESS})],
    ids=["line", "json"],
)
def test_a_time_without_a_zone_is_not_said_to_be_utc(text: str, machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose machine wrote it is not known, and this one's zone is not the text's."""
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        (event,), page, chinese = events(text), shown(text), shown(text, "zh")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (event["time"], event["time_from"]) == ("2026-11-29T19:21:22", "log")
    assert "2026-11-29 19:21:22 (the text tells no time zone)" in page
    assert "2026-11-29 19:21:22（文本未注明时区）" in chinese


@pytest.mark.parametrize("stamp", ["2026-11-29 19:21:22Z", "2026-11-30T03:21:22+08:00", "2026-11-29 19:21:22 UTC"])
def test_a_time_with_its_zone_is_said_as_utc(stamp: str) -> None:
    (event,) = events(f"{stamp} ERROR {ZONELESS}")
    assert event["time"] == "2026-11-29T19:21:22Z"


def test_the_request_id_tells_the_zone_of_a_time_without_one() -> None:
    (event,) = events(f"2024-09-01 09:00:01,200 ERROR {ZONELESS}, RequestId=66D3BC906F08E3A7784862BE")
    assert event["time"] == "2024-09-01T01:00:00Z"


def test_many_times_without_a_zone_are_told_without_one() -> None:
    text = "".join(f"2026-11-29 19:21:{number}0,101 ERROR {ZONELESS}\n" for number in range(6))
    assert "2026-11-29 19:21:00 to 2026-11-29 19:21:50:" in shown(text)


def test_a_time_that_only_the_request_id_tells_is_said_to_be_its() -> None:
    (event,) = events("<Error><Code>AccessDenied</Code><RequestId>66F10B88C0FFEE1234ABCD01</RequestId></Error>")
    assert (event["time"], event["time_from"]) == ("2024-09-23T06:32:40Z", "request_id")
    assert events(frozen(1, "a-b", "c"))[0]["time_from"] == "log"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"noise\n\n{BODY}\n\n{BODY.replace('media', 'films')}\n", [(3, 7), (9, 13)]),
        ("noise\r\n" + denied(1).replace("\n", "\r\n"), [(3, 7)]),
        ('{"log":"noise\\n"}\n{"log":"' + frozen(1, "a-b", "c").replace('"', '\\"') + '\\n"}\n', [(2, 2)]),
        (f"{json.dumps({'time': '2026-11-28T03:12:00Z', 'body': BODY}, indent=2)}\n", [(1, 4)]),
    ],
)
def test_lines_are_those_of_the_text_whatever_is_around_them(text: str, expected: list[tuple[int, int]]) -> None:
    assert spans(text) == expected


def test_lines_of_an_access_log_are_told_one_by_one() -> None:
    line = (
        '2001:db8::1 - - [28/Nov/2026:03:12:0{n} +0000] "GET /a HTTP/1.1" 403 512 3 "-" "sdk" '
        '"data.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE1234ABC00{n}" "true" "-" "GetObject" "data" "a{n}" '
        '- 3 "AccessDenied" 12 "1" - "-" "standard" "-" "-" "-"'
    )
    assert spans("\n".join(line.replace("{n}", str(n)) for n in range(3))) == [(1, 1), (2, 2), (3, 3)]


def test_finding_the_lines_costs_no_more_for_each_line_of_a_longer_text() -> None:
    def explained(size: int) -> list[dict[str, Any]]:
        text = "\n".join(BODY.replace("media", f"films-{n}") for n in range(size // len(BODY)))
        return events(text)

    assert grows(explained, 20_000) < 2.5


def test_of_several_alike_the_first_of_the_surest_is_shown() -> None:
    said = "<Message>You have no right to access this object because of bucket acl.</Message>"
    ec = "<EC>0003-00000001</EC>"
    text = "\n".join(
        f"2026-11-28T03:12:0{number}Z ERROR\n<Error><Code>AccessDenied</Code>{said}"
        f"<RequestId>{number:024X}</RequestId><HostId>media-{number}.oss-cn-hangzhou.aliyuncs.com</HostId>{more}</Error>"
        for number, more in enumerate(["", "", ec, "", ec, "", ""], 1)
    )
    (first,) = [line for line in shown(text).splitlines() if line.startswith("AccessDenied")]
    assert "media-3" in first
    sure = [event["diagnosis"]["confidence"] for event in events(text)]
    assert sure[2] == sure[4] == max(sure) > sure[0]


def test_what_counts_the_refusals_fits_the_screen() -> None:
    out = io.StringIO()
    render(explain_text(MIXED), "en", Paper(out, 80))
    lines = out.getvalue().splitlines()
    begin = next(number for number, line in enumerate(lines) if "and 6 more like it" in line)
    assert lines[begin + 1].startswith("    ")
    assert max(map(len, lines[begin : begin + 8])) <= 80
    assert " ".join(" ".join(lines[begin:]).split()).count("2026/1.csv, 2026/2.csv, 2026/3.csv and 2 more") == 1


@pytest.mark.parametrize(("lang", "words"), [("en", "possibly, among others"), ("zh", "可能的原因之一")])
def test_in_a_list_of_causes_the_heading_says_how_sure_they_are(lang: str, words: str) -> None:
    text = shown("AccessDenied", lang)
    assert text.count("denied-") > 3
    assert words not in text
