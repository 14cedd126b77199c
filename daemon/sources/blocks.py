"""Bytes of a log -> the few blocks of lines around what looks like a refusal, and how far they are complete.

Finds bytes first: a log is scanned for the words that every shape has, and only the lines around a hit are ever
decoded. A block goes back to where its record begins and on to where it ends; one that may still grow is held back.
Next: app_log.py, which reads the files and has the blocks parsed by shapes/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ossmend.daemon.sources.shapes import records
from ossmend.daemon.sources.shapes.names import REFUSALS, trie

_HINTS = (
    *REFUSALS,
    "ErrorCode",
    'rrorCode"',
    "Error Code",
    "error code",
    "error_code",
    "<Code>",
    "<EC>",
    "'Code'",
    '"Code"',
    "x-oss-request-id",
    "x-oss-ec",
    "x-oss-err",
    "CORSResponse",
    "blocked by CORS",
    "Cross-Origin Request Blocked",
    "Http Status Code: 4",
    '" 403 ',
    "u003cCode",
    "&lt;Code",
    "The OSS Access Key",
    "forbidden by security system",
    "because of bucket acl",
    "错误码",
    "Anonymous access is forbidden",
    "object's state",
    "must be addressed using the specified",
    "signature we calculated",
)
HINT = re.compile(trie(sorted(set(_HINTS))).encode())
_CLOSED = re.compile(
    rb"</Error\\*>|&lt;/Error&gt;|StatusCode=\d+, ErrorCode=[^\n]*\n?\Z|requestId: ?[0-9A-F]{24}"
    rb"|[}\])]['\")\]}]*,?\s*\Z"
    rb"|blocked by CORS policy[^\n]*\n?\Z|\Z(?<=\"\n)"
)
_DICT = re.compile(rb"['\"](?:Code|code|details|status|ErrorCode)\\*['\"]\s?:|<Error")
BACK_LINES = 20
BACK_BYTES = 8 * 1024
MOST_LINES = 400
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines, by their place in the bytes."""

    start: int
    end: int
    open: bool
    """It reaches the end of what is there, and what comes next may belong to it."""


def blocks_in(data: bytes) -> list[Block]:
    """The blocks around every hit, in order; they do not overlap."""
    found: list[Block] = []
    behind = 0
    for hit in HINT.finditer(data):
        if hit.start() < behind:
            continue
        start = _beginning(data, data.rfind(b"\n", behind, hit.start()) + 1 or behind, behind)
        block = _grown(data, start, hit.start())
        behind = block.end
        found.append(block)
    return found


def is_closed(block: bytes) -> bool:
    """Is all of the error in these lines? Then nobody has to wait for more."""
    if b"\n" not in block.rstrip() and block.lstrip().startswith(b"{"):
        return block.rstrip().endswith(b"}")
    closing = _CLOSED.search(block, max(0, len(block) - 4096))
    if closing is None:
        return False
    last = closing[0].strip()[:1]
    return last not in (b"}", b"]", b")") or bool(_DICT.search(block))


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end + 1


def _text(data: bytes, start: int, end: int) -> str:
    return data[start : min(end, start + 4096)].decode("utf-8", "replace").rstrip("\r\n")


def _beginning(data: bytes, start: int, behind: int) -> int:
    """Where the record of this line begins, if that can be seen a few lines back."""
    begin = start
    if records.begins_record(_text(data, begin, _line_end(data, begin))):
        return begin
    for _ in range(BACK_LINES):
        if begin <= behind or start - begin > BACK_BYTES:
            break
        previous = data.rfind(b"\n", behind, begin - 1) + 1 or behind
        begin = previous
        if records.begins_record(_text(data, begin, _line_end(data, begin))):
            break
    return begin


def _grown(data: bytes, start: int, hit: int) -> Block:
    """From its first line to where another record begins, or where the error is closed and nothing looks like its
    inside.
    """
    end = _line_end(data, hit)
    closed = is_closed(data[start:end])
    for _ in range(MOST_LINES):
        if end >= len(data):
            return Block(start, end, open=not closed)
        if end - start > MOST_BYTES:
            break
        line = _text(data, end, next_end := _line_end(data, end))
        if records.begins_record(line) or (closed and not records.goes_on(line)):
            break
        end = next_end
        closed = closed or is_closed(data[max(start, end - 4096) : end])
    return Block(start, end, open=False)
