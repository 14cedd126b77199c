"""Protobuf of the log service is read as its own SDK writes it, and whatever is none ends with a clear error."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.log_groups import LogEntry, entries


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def part(number: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def log(time: int, **fields: str) -> bytes:
    return part(1, time) + b"".join(part(2, part(1, key) + part(2, value)) for key, value in fields.items())


def group(*logs: bytes, topic: str = "oss_access_log") -> bytes:
    return (
        b"".join(part(1, each) for each in logs)
        + part(3, topic)
        + part(4, "oss")
        + part(6, part(1, "a") + part(2, "b"))
    )


def everything(_: bytes) -> bool:
    return True


def test_entries_come_in_their_order_with_time_topic_and_fields() -> None:
    body = part(1, group(log(7, http_status="403", object="报表.csv"), log(8))) + part(1, group(log(9), topic="t"))
    assert list(entries(body, everything)) == [
        LogEntry(7, "oss_access_log", {"http_status": "403", "object": "报表.csv"}),
        LogEntry(8, "oss_access_log", {}),
        LogEntry(9, "t", {}),
    ]


def test_no_bytes_are_no_entries() -> None:
    assert list(entries(b"", everything)) == []


def test_only_what_is_worth_it_is_decoded() -> None:
    body = part(1, group(log(1, http_status="200"), log(2, http_status="403")))
    assert [each.time for each in entries(body, lambda encoded: b"403" in encoded)] == [2]


def test_fields_that_nobody_knows_yet_are_passed_over() -> None:
    nanoseconds, wide = varint(4 << 3 | 5) + b"\0\0\0\1", varint(9 << 3 | 1) + bytes(8)
    body = part(1, group(log(7, a="b") + nanoseconds + wide + part(17, 300)) + part(18, b"later")) + part(5, 1)
    assert list(entries(body, everything)) == [LogEntry(7, "oss_access_log", {"a": "b"})]


@pytest.mark.parametrize(
    "body",
    [b"\x0a", b"\x0a\x05abc", b"\x80" * 11, b"\x0b", b"\x0d\0\0", b"\x09" + bytes(7), part(1, b"\x0a\x7f")],
    ids=["no length", "too short", "endless number", "a group", "half 32 bits", "half 64 bits", "within a group"],
)
def test_half_a_message_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        list(entries(body, everything))


@given(st.binary(max_size=200))
def test_any_bytes_are_entries_or_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        list(entries(body, everything))
