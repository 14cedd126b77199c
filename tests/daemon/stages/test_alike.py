"""Rows instead of events: the cases are those that every line read whole would have made, whatever the lines hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.config.load import load_text
from ossmend.daemon.journal.folds import KEEP_FIRST, KEEP_LAST
from ossmend.daemon.journal.schema import cases, seen
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.sources.parsers.access_line import entry_event, parse_line
from ossmend.daemon.sources.parsers.access_row import Refusal, Row, event_of
from ossmend.daemon.sources.refusals import Refusals, Whose
from ossmend.daemon.sources.scanner import found_in, refused_lines, split
from ossmend.daemon.stages.triage import Triage
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.following import HandClock

CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
policies:
  - { name: thaw, on: InvalidObjectState, match: { bucket: reports, key: "2024/*" } }
  - { name: who, on: AccessDenied }
"""
ODD = st.text(st.sampled_from(list("aZ0 \"\\%+?&=/-'[]<>{}:|\t\r\x00\x1b\x7f\x85é🦀")), max_size=12)
TRICKS = st.sampled_from(
    [
        "-",
        "",
        '" "',
        '" 403 ',
        '" 400 1 1 "',
        "66F10B88C0FFEE1200000001",
        '66F10B88C0FFEE1200000002" "true" "1',
        "true",
        "%00%E6%8A%A5",
        "?versionId=CAEQ&Signature=abcdefgh0123456789",
        "password=Planted01SecretOf30Signs000001",
        "curl/8.7.1",
        "ossmend/1.0",
    ]
)
FIELD = st.one_of(TRICKS, ODD)


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line with few kinds of each field, so that many are alike; and now and then one with anything in it."""
    usual = {
        "client": draw(st.sampled_from(["198.51.100.23", "2001:db8::1"])),
        "stamp": draw(
            st.sampled_from(["13/Sep/2026:15:47:19 +0800", "13/Sep/2026:16:47:20 +0800", "31/Foo/2026:15:47:19 +0800"])
        ),
        "request": draw(
            st.sampled_from(["GET /2024%2Fa.csv HTTP/1.1", "GET /?prefix=x HTTP/1.1", "OPTIONS /a HTTP/1.1", "-"])
        ),
        "status": draw(st.sampled_from(["403", "403", "403", "400", "200"])),
        "referer": draw(st.sampled_from(["-", "https://app.example.com/page"])),
        "agent": draw(st.sampled_from(["curl/8.7.1", "aliyun-sdk-go/3.0.2 (Linux)"])),
        "host": "reports.oss-cn-hangzhou.aliyuncs.com",
        "id": f"66F10B88C0FFEE12{draw(st.integers(0, 40)):08X}",
        "logging": "true",
        "requester": draw(st.sampled_from(["300000000000000033", "-"])),
        "operation": draw(st.sampled_from(["GetObject", "ListObjects"])),
        "bucket": draw(st.sampled_from(["reports", "reports", "-"])),
        "key": draw(st.sampled_from(["2024%2Fa.csv", "2024%2Fa%20b.csv", "old.csv", "-"])),
        "code": draw(st.sampled_from(["InvalidObjectState", "AccessDenied", "ImageDamage", "-"])),
        "tail": draw(st.sampled_from(['"standard"', '"archive" "-" "-" "LTAI5tExample" "-"', "-"])),
    }
    for name in draw(st.lists(st.sampled_from(sorted(usual)), max_size=2)) if draw(st.integers(0, 2)) == 0 else ():
        usual[name] = draw(FIELD)
    size = draw(st.integers(0, 3))
    text = (
        '{client} - - [{stamp}] "{request}" {status} 370 {size} "{referer}" "{agent}" "{host}" "{id}" "{logging}" '
        '"{requester}" "{operation}" "{bucket}" "{key}" {size} 13 "{code}" 119 "1000000000000011" - "-" {tail}'
    ).format(size=size, **usual)
    return text.replace("\n", "").encode()


def full(data: bytes) -> list[Refusal]:
    """What the parser makes of each line that is found."""
    entries = [
        entry
        for line in refused_lines(data, len(data))
        if (entry := parse_line(line)) and "ossmend/" not in (entry.user_agent or "")
    ]
    events = [entry_event(entry, source="t", where="a.log") for entry in entries]
    return [event for event in events if event is not None]


def lean(data: bytes) -> list[Refusal]:
    found = Refusals(Whose("t", is_own_id=lambda _id: False))
    found.add(found_in(data, len(data)), "a.log")
    return list(found.refusals)


def cases_of(*batches: list[Refusal]) -> list[dict[str, object]]:
    clock = HandClock()
    clock.pass_(7 * 365 * 86400.0)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder), exclusive=True)
        triage = Triage(load_text(CONFIG), store, clock)
        for refusals in batches:
            triage.take("t", Batch(tuple(refusals), {}).of("high"))
        with store.read() as connection:
            found = [row._asdict() for row in connection.execute(sa.select(cases).order_by(cases.c.subject_key))]
            told = connection.execute(
                sa.select(seen.c.request_id, seen.c.place).order_by(seen.c.request_id, seen.c.place)
            ).all()
        store.close()
        return [*found, {"told": list(map(tuple, told))}]


@given(st.lists(lines(), max_size=30))
@settings(max_examples=20, deadline=None)
def test_rows_make_the_cases_that_whole_events_make(some: list[bytes]) -> None:
    halves = [b"\n".join(some[: len(some) // 2]), b"\n".join(some[len(some) // 2 :])]
    assert cases_of(*map(lean, halves)) == cases_of(*map(full, halves))


@given(st.lists(lines(), max_size=10))
@settings(max_examples=150, deadline=None)
def test_a_row_reads_to_the_event_that_the_full_parser_makes(some: list[bytes]) -> None:
    data = b"\n".join(some)
    rows, events = lean(data), full(data)
    assert list(map(event_of, rows)) == events
    for row, event in zip(rows, map(event_of, events), strict=True):
        if isinstance(row, Row):
            told = (event.code, event.bucket, event.key, event.request_id, event.time)
            assert (row.code, row.bucket, row.key, row.request_id, row.time) == told


def plain(number: int, key: str = "2024%2Fa.csv", agent: str = "curl/8.7.1") -> bytes:
    return (
        f'198.51.100.23 - - [13/Sep/2026:15:47:19 +0800] "GET /{key} HTTP/1.1" 403 370 15 "-" "{agent}" '
        f'"reports.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE12{number:08X}" "true" "3000" "GetObject" '
        f'"reports" "{key}" 370070 {number} "InvalidObjectState" 119 "1000000000000011" - "-" "archive" "-" "-" "-"'
    ).encode()


def test_of_a_thousand_rows_of_one_trouble_only_the_kept_ones_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    event = Row.event

    def noted(row: Row) -> Event:
        read.append(row.request_id)
        return event(row)

    monkeypatch.setattr(Row, "event", noted)
    rows = lean(b"\n".join(map(plain, range(1000))))
    case, _ = cases_of(rows)
    assert (len(rows), case["events"]) == (1000, 1000)
    assert len(read) == KEEP_FIRST + KEEP_LAST


def test_a_line_with_a_quote_too_many_is_left_to_the_full_parser() -> None:
    assert split(plain(1)) is not None
    assert split(plain(1, agent='evil" "x')) is None
    assert split(plain(1, agent="caf\u00e9")) is None


def test_a_line_beyond_the_longest_is_left_to_the_full_parser() -> None:
    assert split(plain(1, agent="x" * 3000)) is not None
    assert split(plain(1, agent="x" * 4000)) is None
