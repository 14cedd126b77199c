"""The body of SLS's PullLogs -> its log entries: protobuf, of which five small messages are known here.

`LogGroupList {1: LogGroup}`, `LogGroup {1: Log, 3: Topic}`, `Log {1: Time, 2: Content}`, `Content {1: Key, 2: Value}`
(the service's API reference, "Data encoding"). Every field of another number is passed over by its length, so that a
field that is added one day changes nothing. An entry is decoded only where its bytes hold what is looked for: of a busy
bucket nearly all of them are answers that nobody asks about. log_service.py asks for the body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ossmend.daemon.cloud.wire.elements import Unreadable

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
Field = tuple[int, int, bytes]
"""(number, value of a number, value of bytes)."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a logstore."""

    time: int
    """Seconds since 1970, UTC: `__time__`."""
    topic: str
    fields: dict[str, str]


def entries(body: bytes, worth: Callable[[bytes], bool]) -> Iterator[LogEntry]:
    """The entries whose encoded bytes are `worth` decoding, in their order. Raises Unreadable."""
    for number, _, group in _fields(body):
        if number == 1:
            yield from _of_group(group, worth)


def _of_group(group: bytes, worth: Callable[[bytes], bool]) -> Iterator[LogEntry]:
    """The topic of a group stands behind its entries."""
    logs: list[bytes] = []
    topic = ""
    for number, _, value in _fields(group):
        if number == 1 and worth(value):
            logs.append(value)
        elif number == 3:
            topic = _text(value)
    for log in logs:
        yield _entry(log, topic)


def _entry(log: bytes, topic: str) -> LogEntry:
    time, told = 0, {}
    for number, value, content in _fields(log):
        if number == 1:
            time = value
        elif number == 2:
            pair = {number: _text(part) for number, _, part in _fields(content)}
            told[pair.get(1, "")] = pair.get(2, "")
    return LogEntry(time, topic, told)


def _fields(message: bytes) -> Iterator[Field]:
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            length, at = _varint(message, at)
            if at + length > end:
                raise Unreadable(f"a log group ends in the middle of field {number}")
            yield number, 0, message[at : at + length]
            at += length
        elif kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value, b""
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
            if at > end:
                raise Unreadable(f"a log group ends in the middle of field {number}")
        else:
            raise Unreadable(f"a log group has a field of unknown kind {kind}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    for byte in message[at : at + _LONGEST_VARINT]:
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise Unreadable("a log group ends in the middle of a number")


def _text(raw: bytes) -> str:
    """Text that can be stored: a NUL cannot."""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")
