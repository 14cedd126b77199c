"""Turns values, log groups and refusals into the log service's answers: JSON, protobuf, lz4, and its headers.

The protobuf's numbers are those of log_logs.proto in the log service's SDKs: LogGroupList{1: LogGroup};
LogGroup{1: Log, 3: Topic, 4: Source}; Log{1: Time, 2: Content}; Content{1: Key, 2: Value}.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ossmend.simulator.log_store import SOURCE
from ossmend.simulator.wire import Response

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Row
    from ossmend.simulator.sls.call import SlsError
    from ossmend.simulator.wire import Request

_BYTES, _VARINT = 2, 0


def _headers(request: Request, kind: str = "application/json") -> dict[str, str]:
    return {"Server": "AliyunSLS", "Content-Type": kind, "x-log-requestid": request.request_id}


def as_json(request: Request, value: Any, extra: dict[str, str] | None = None) -> Response:
    """200 with a value, packed if the client asks for it."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    return _packed(request, body, _headers(request) | (extra or {}), told=False)


def plain_json(request: Request, value: Any) -> Response:
    """200 with a value; most answers are never packed."""
    return Response(200, _headers(request), json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def done(request: Request) -> Response:
    """200 with nothing in it."""
    headers = _headers(request)
    del headers["Content-Type"]
    return Response(200, headers)


def refused(request: Request, error: SlsError) -> Response:
    body = json.dumps({"errorCode": error.code, "errorMessage": error.message}, ensure_ascii=False)
    return Response(error.status, _headers(request), body.encode("utf-8", "replace"), code=error.code)


def log_groups(request: Request, groups: Iterable[bytes], count: int, extra: dict[str, str]) -> Response:
    """200 with encoded log groups; `extra` are the headers about where they end."""
    raw = b"".join(_field(1, group) for group in groups)
    headers = _headers(request, "application/x-protobuf") | {"x-log-count": str(count)} | extra
    return _packed(request, raw, headers, told=True)


def _packed(request: Request, raw: bytes, headers: dict[str, str], *, told: bool) -> Response:
    """lz4 for whoever accepts that, else as it is; `told`: its size is told in either case."""
    accepted = request.headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    if told or "lz4" in accepted:
        headers["x-log-bodyrawsize"] = str(len(raw))
    if "lz4" not in accepted or not raw:
        return Response(200, headers, raw)
    headers["x-log-compresstype"] = "lz4"
    return Response(200, headers, lz4_block(raw))


def lz4_block(raw: bytes) -> bytes:
    """An lz4 block of literals only, without a size before it: not smaller, but what any client can unpack."""
    length = len(raw)
    if length < 15:
        return bytes([length << 4]) + raw
    full, rest = divmod(length - 15, 255)
    return b"\xf0" + b"\xff" * full + bytes([rest]) + raw


def log_group(rows: Iterable[Row], topic: str) -> bytes:
    """One LogGroup, encoded."""
    parts = [_field(1, _log(row)) for row in rows]
    parts.append(_field(3, topic.encode()))
    if SOURCE:
        parts.append(_field(4, SOURCE.encode()))
    return b"".join(parts)


def _log(row: Row) -> bytes:
    parts = [_key(1, _VARINT) + _varint(row.time & 0xFFFFFFFF)]
    for name, value in row.fields.items():
        content = _field(1, name.encode()) + _field(2, value.encode("utf-8", "replace"))
        parts.append(_field(2, content))
    return b"".join(parts)


def _field(number: int, data: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(data)) + data


def _key(number: int, kind: int) -> bytes:
    return bytes([number << 3 | kind])


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
