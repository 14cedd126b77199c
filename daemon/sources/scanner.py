"""Bytes of an access log -> the lines of refusals, found by their bytes, each split into its fields.

It is also a program: scanners.py starts it for a large file, as a process of its own that gets the open file, and two
of them take turns. So it imports nothing of ossmend, which would be 40 MB and half a second for each. It has no
credentials, no network and no path; what it reads is hostile, and what it says is data (marshal). A line is only split
if it can be read in one way: printable ASCII, quotes where OSS puts them, nothing else. Every other line is odd: it is
passed on as it is, for the full parser (parsers/access_line.py). Next: parsers/access_row.py.
"""

from __future__ import annotations

import gc
import marshal
import os
import re
import signal
import sys
import zlib
from collections.abc import Generator, Iterator
from typing import BinaryIO

import stringzilla

NOT_ONLY_403 = ("ImageDamage", "MissingArgument")
"""Codes that are looked at with 400, too: a damaged picture, and an S3 client's DeleteObjects without Content-MD5. A
body in chunks is 400 InvalidArgument here, like many a fault of an application, and no column tells them apart.
"""
BLOCK = 256 * 1024
"""So much is searched in one go: it stays in the processor's cache, where a second search costs little. A line that is
longer is skipped and counted.
"""
FRAME = 4 * 1024 * 1024
MOST_FOUND = 1000
"""A frame ends after so many bytes or refusals: whoever takes it stores it before much more is held in memory."""
LONGEST_SPLIT = 4096
"""A longer line is odd: the pattern of the full parser has limits for each field, and this is below all of them."""
MOST_FOLD = 100
"""Request ids do not repeat, so no access log is packed to less than a thirtieth. What is packed closer than this is
something else, and may have no end.
"""
GZIP = 31
"""zlib's word for: with the header and the checksum of gzip."""

_REFUSED = b'" 403 '
_BAD_REQUEST = b'" 400 '
"""Two searches for a literal: each passes over the bytes ten times as fast as a pattern does."""
_NOT_ONLY_403 = frozenset(code.encode() for code in NOT_ONLY_403)
_WITH_400 = tuple(b'"%s"' % code for code in _NOT_ONLY_403)
_LINE = re.compile(
    rb"([!#-~]{1,64}) [!#-~]{1,64} [!#-~]{1,64} \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rb'"([A-Z]{2,12} [ !#-~]+ HTTP/[12](?:\.[01])?)" (40[03]) %(word)s %(word)s (%(quoted)s %(quoted)s %(quoted)s) '
    rb'"([0-9A-F]{24})" "(?:true|false)" (%(quoted)s %(quoted)s) "([ !#-~]*)" "([ !#-~]*)" %(word)s %(word)s '
    rb'"([ !#-~]*)" %(word)s (%(quoted)s %(word)s "[ -~]*")' % {b"word": rb"[!#-~]{1,20}", b"quoted": rb'"[ !#-~]*"'}
).fullmatch
"""Each field ends at a sign that it cannot have, so there is one way to read a line, and one pass over it."""
_AMBIGUOUS = (b'"true"', b'"false"', b'"-"')
"""A host of that name behind an agent that looks like a request id: the full parser takes the agent for the id."""

Raw = tuple[bytes, ...]
"""A line, and the fields of `_LINE`: client, stamp, request, status, referer with agent and host, request id, requester
with operation, bucket, key, code, and what is behind the length of the request.
"""
Found = Raw | bytes
"""A refusal: split, or the line where that is odd."""
Frame = tuple[int, list[Found], int]
"""Before which byte everything is read; what was found; how many lines were too long."""


class TooManyBytes(OSError):
    """A packed file that unfolds to more than any access log would."""


# ------------------------------------------------------------------------------------------------------------- lines


def refused_lines(data: bytes | bytearray, end: int) -> Iterator[bytes]:
    """The lines with a 403 or a code that comes with 400, found by their bytes; all others are never looked at."""
    hits = _places(data, _REFUSED, end)
    if bad := _places(data, _BAD_REQUEST, end):
        hits = sorted((*hits, *bad))
    behind = 0
    for hit in hits:
        if hit < behind:
            continue
        start, behind = data.rfind(b"\n", 0, hit) + 1, data.find(b"\n", hit, end) + 1 or end
        line = bytes(data[start:behind]).removesuffix(b"\n")
        if _REFUSED in line or any(code in line for code in _WITH_400):
            yield line


def _places(data: bytes | bytearray, literal: bytes, end: int) -> list[int]:
    found: list[int] = []
    at: int = stringzilla.find(data, literal, 0, end)
    while at >= 0:
        found.append(at)
        at = stringzilla.find(data, literal, at + len(literal), end)
    return found


def split(line: bytes) -> Raw | None:
    """The raw row of a refused line; None for one that is odd, and for one that is no refusal."""
    found = _LINE(line) if len(line) <= LONGEST_SPLIT else None
    if found is None:
        return None
    fields = (line, *found.groups())
    if (fields[4] != b"403" and fields[10] not in _NOT_ONLY_403) or fields[5].endswith(_AMBIGUOUS):
        return None
    if fields[9] in (b"-", b"") and fields[3].split(b" ")[1].split(b"?")[0] != b"/":
        return None  # the key is in the URL
    return fields


def found_in(data: bytes | bytearray, end: int) -> list[Found]:
    return [split(line) or line for line in refused_lines(data, end)]


# ------------------------------------------------------------------------------------------------------------ frames


def frames(blocks: Iterator[bytes], start: int, *, whole_at: int | None = None) -> Generator[Frame]:
    """What stands in a stream of bytes. Its first byte is at `start`, at the beginning of a line; what comes behind the
    last newline is left for later, but if the blocks reach to `whole_at`: then it is the last line.
    """
    return _framed(_of_stream(blocks, start, whole_at), start)


def stretch(file: BinaryIO, start: int, end: int, *, last: bool = False) -> Generator[Frame]:
    """The lines of a file that begin at `start` or behind it, and before `end`; `start` may be within a line. With
    `last`, what comes behind the last newline is a line.
    """
    handle = file.fileno()
    if start and os.pread(handle, 1, start - 1) != b"\n":
        start = _next_line(handle, start, end)
    return _framed(_of_file(handle, start, end, last=last), start)


def _framed(pieces: Iterator[Frame], start: int) -> Generator[Frame]:
    """Put together what is found in the pieces, as much as one frame should hold; at least one frame."""
    found, long, end = list[Found](), 0, start
    for end, some, more in pieces:
        found += some
        long += more
        if end - start >= FRAME or len(found) >= MOST_FOUND:
            yield end, found, long
            found, long, start = [], 0, end
    yield end, found, long


def _of_stream(blocks: Iterator[bytes], start: int, whole_at: int | None) -> Iterator[Frame]:
    rest = b""
    for block in blocks:
        data = rest + block if rest else block
        whole = data.rfind(b"\n") + 1
        if whole == 0 and len(data) > BLOCK:
            start, rest = start + len(data), b""
            yield start, [], 1
            continue
        start, rest = start + whole, data[whole:]
        yield start, found_in(data, whole), 0
    if rest and whole_at is not None and start + len(rest) >= whole_at:
        yield start + len(rest), found_in(rest, len(rest)), 0


def _of_file(handle: int, start: int, end: int, *, last: bool) -> Iterator[Frame]:
    """Each read begins where a line does, into the same memory: to put a rest and a block together, and to be given new
    memory for each, takes longer than the search.
    """
    buffer = bytearray(BLOCK)
    while start < end and (size := os.preadv(handle, [buffer], start)):
        whole = buffer.find(b"\n", max(end - start - 1, 0), size) + 1 or buffer.rfind(b"\n", 0, size) + 1
        if whole == 0 and size < BLOCK and not last:
            return
        start += whole or size
        yield start, found_in(buffer, whole or size), int(whole == 0 and size == BLOCK)


def _next_line(handle: int, start: int, end: int) -> int:
    while start < end and (data := os.pread(handle, BLOCK, start)):
        if (newline := data.find(b"\n")) >= 0:
            return start + newline + 1
        start += len(data)
    return end


def _blocks(handle: int) -> Iterator[bytes]:
    start = 0
    while data := os.pread(handle, BLOCK, start):
        yield data
        start += len(data)


def unpacked(file: BinaryIO, start: int) -> Iterator[bytes]:
    """What a gzip file holds, from its byte `start` on, in blocks; also of several packed files behind one another.
    Ends where the file ends, in the middle if need be. Raises TooManyBytes, zlib.error.
    """
    unpack, size, packed = zlib.decompressobj(GZIP), 0, 0
    for data in _blocks(file.fileno()):
        packed += len(data)
        left, block = data, b""
        while left or len(block) == BLOCK:
            block = unpack.decompress(left, BLOCK)
            size += len(block)
            if size > MOST_FOLD * packed + BLOCK:
                raise TooManyBytes("unfolds to more than any access log would")
            if size > start:
                yield block[max(0, start - (size - len(block))) :]
            left = unpack.unconsumed_tail
            if unpack.eof:
                left, unpack = unpack.unused_data.lstrip(b"\0"), zlib.decompressobj(GZIP)


# ----------------------------------------------------------------------------------------------------------- program


def main() -> None:
    """`START END` of a stretch in each line of stdin -> its frames on stdout, then None. Ends with its stdin."""
    gc.disable()  # what is made here refers to nothing else, and is much: to look for circles takes a third of the time
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells the whole group; whoever started it decides
    with open(int(sys.argv[1]), "rb", buffering=0) as file:  # noqa: PTH123  # a handle
        for asked in sys.stdin:
            start, end = map(int, asked.split())
            for frame in stretch(file, start, end):
                _say(frame)
            _say(None)


def _say(what: Frame | None) -> None:
    data = marshal.dumps(what)
    sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
