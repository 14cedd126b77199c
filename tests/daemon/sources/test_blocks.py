"""The lines around a hit: which belong to it, and how much work a hostile log can make."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ossmend.daemon.sources import units
from ossmend.daemon.sources.blocks import MOST_BYTES, Block, blocks_in
from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.table import unwrap

HIT = "oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState"
STAMP = "2026-03-01 10:00:00,123 INFO "


def compose(name: str, *lines: str) -> list[str]:
    return [f"{name}-1  | {line}" for line in lines]


def read(lines: list[str]) -> tuple[bytes, list[Block]]:
    data = "".join(f"{line}\n" for line in lines).encode()
    return data, blocks_in(data)


def texts(lines: list[str]) -> list[list[str]]:
    data, blocks = read(lines)
    return [block.cut_from(data).decode().splitlines() for block in blocks]


def test_a_block_is_the_record_of_its_stream_without_the_lines_of_others() -> None:
    one = compose("web", f"{STAMP}fetching", f"  {HIT}", "  at a.b(C.java:1)", f"{STAMP}next", f"{STAMP}next")
    two = compose("api", f"{STAMP}a", f"{STAMP}b", f"{STAMP}c", f"{STAMP}d", f"{STAMP}e")
    mixed = [line for both in zip(one, two, strict=True) for line in both]
    assert texts(mixed) == [one[:3]]


def test_blocks_of_two_streams_lie_in_one_another_and_share_no_line() -> None:
    one = compose("web", f"{STAMP}x", f"  {HIT}", "  at a.b(C.java:1)", f"{STAMP}next", f"{STAMP}next")
    two = compose("api", f"{STAMP}y", f"  {HIT}", "  at c.d(E.java:1)", f"{STAMP}next", f"{STAMP}next")
    mixed = [line for both in zip(one, two, strict=True) for line in both]
    data, (first, second) = read(mixed)
    assert (first.start, second.start) == (0, data.index(b"api"))
    assert first.end > second.start
    assert not set(first.spans) & set(second.spans)
    assert texts(mixed) == [one[:3], two[:3]]


def test_a_bare_line_goes_on_with_the_enveloped_one_above() -> None:
    head = f"Mar  1 10:00:00 web-1 shop[12]: {STAMP}failed"
    below = [
        "                                [ErrorCode]: InvalidObjectState",
        "                                [HostId]: x",
    ]
    other = "Mar  1 10:00:00 web-1 cron[13]: ran"
    assert texts([head, *below, other, f"{STAMP}bare again", f"{STAMP}and again"]) == [[head, *below]]


def test_what_begins_a_record_below_an_enveloped_line_is_of_nobody() -> None:
    lines = [*compose("web", f"{STAMP}x"), f"{STAMP}{HIT}", f"{STAMP}next", f"{STAMP}next"]
    assert texts(lines) == [[f"{STAMP}{HIT}"]]


def test_a_block_goes_back_over_the_parts_of_a_line() -> None:
    stamp = "2026-03-01T10:00:00.123456789Z stderr "
    lines = [
        f"{stamp}F {STAMP}x",
        f"{stamp}P {STAMP}cannot read ",
        f"{stamp}F {HIT}",
        f"{stamp}F {STAMP}y",
        f"{stamp}F {STAMP}z",
    ]
    assert texts(lines) == [lines[1:3]]


def test_a_block_that_reaches_the_end_is_open_and_one_that_breaks_off_is_unfinished() -> None:
    _, (whole,) = read([f"{STAMP}{HIT}"])
    assert (whole.open, whole.unfinished) == (True, False)
    _, (broken,) = read([f"{STAMP}failed", "[ErrorCode]: InvalidObjectState"])
    assert (broken.open, broken.unfinished) == (True, True)
    _, (ended,) = read([f"{STAMP}{HIT}", f"{STAMP}next", f"{STAMP}next"])
    assert not ended.open


def test_a_stream_that_goes_silent_while_others_go_on_ends_its_block() -> None:
    lines = [*compose("web", f"{STAMP}failed", f"  {HIT}"), *compose("api", *[f"{STAMP}on"] * 3000)]
    data, (block,) = read(lines)
    assert not block.open
    assert block.cut_from(data).decode().splitlines() == lines[:2]


def test_what_was_told_of_a_stream_is_not_gone_back_to() -> None:
    lines = [f"{STAMP}failed", f"  {HIT}", f"  {HIT} again", f"{STAMP}next", f"{STAMP}next"]
    data = "".join(f"{line}\n" for line in lines).encode()
    told = data.index(f"  {HIT} again".encode())
    (block,) = blocks_in(data, told={"": told})
    assert block.start == told
    assert blocks_in(data, told={"": told}, begin=data.index(f"{STAMP}next".encode())) == []


def test_a_block_is_bounded_however_long_an_error_goes_on() -> None:
    _, blocks = read([f"{STAMP}failed", *[f"  {HIT}"] * 20_000])
    assert len(blocks) > 1
    assert all(block.end - block.start <= 2 * MOST_BYTES for block in blocks)
    assert [block.start for block in blocks[1:]] == [block.end for block in blocks[:-1]]


def hostile() -> Iterator[tuple[str, list[str]]]:
    yield "a thousand streams", [f"pod-{number % 1000}  | <Code>InvalidObjectState</Code>" for number in range(6000)]
    yield "streams that never begin", [f"pod-{number % 700}  |   {HIT}" for number in range(6000)]
    yield "a new stream in every line", [f"pod-{number}  | <Code>InvalidObjectState" for number in range(6000)]
    yield "parts without a rest", [f"2026-03-01T10:00:00.123456789Z stderr P {HIT}"] * 6000
    yield "docker's parts", [json.dumps({"log": HIT, "stream": "stderr", "time": "x"})] * 6000
    yield "entries that never end", ["__CURSOR=x", *[f"MESSAGE={HIT}"] * 5999]
    yield "entries that begin only", ["__CURSOR=x", f"MESSAGE={HIT}"] * 3000
    yield "an endless value", ["__CURSOR=x", "MESSAGE", *[HIT] * 5998]
    yield "bare lines", [HIT] * 6000
    yield "a log of 403s of others", [f"{STAMP}status 403"] * 6000


@pytest.mark.parametrize(("lines", "times"), [pytest.param(lines, 4, id=name) for name, lines in hostile()])
def test_no_line_is_unwrapped_more_than_a_few_times(
    lines: list[str], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def counted(raw: str) -> Line:
        looked_at.append(len(raw))
        return unwrap(raw)

    monkeypatch.setattr("ossmend.daemon.sources.units.unwrap", counted)
    data, blocks = read(lines)
    assert sum(looked_at) <= times * len(data)
    assert sum(end - start for block in blocks for start, end in block.spans) <= len(data)


@pytest.mark.parametrize("lines", [pytest.param(lines, id=name) for name, lines in hostile()])
def test_the_row_of_a_hostile_log_is_gone_through_a_few_times_at_most(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0
    over = units.Reach.is_over

    def counted(reach: units.Reach, *places: object) -> bool:
        nonlocal steps
        steps += 1
        return over(reach, *places)  # type: ignore[arg-type]  # what it was called with

    monkeypatch.setattr(units.Reach, "is_over", counted)
    read(lines)
    assert steps <= 12 * len(lines)
