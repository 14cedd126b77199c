"""Syslog lines, old (RFC 3164) and new (RFC 5424), and what `journalctl` prints: stamp, host, `tag[pid]:`, text.

rsyslog keeps a message on one line and writes its line ends as `#012`: they are put back.
"""

from __future__ import annotations

import re

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.daemon.sources.envelopes.marks import without_octal
from ossmend.remediators.contract.light import regex

_TAG = r"(\S{1,80}) ([^\s:\[]{1,80}(?:\[\d{1,10}\])?): ?"
_OLD = regex(rf"(?:<\d{{1,3}}>)?[A-Z][a-z]{{2}} [ \d]\d (?:20\d\d )?\d\d:\d\d:\d\d(?:\.\d{{1,9}})? {_TAG}")
_ISO = regex(
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} )?(20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d"
    r"|[A-Z]{3,4}))?) (\S{1,80}) ([A-Za-z_][^\s:\[\]|]{0,79}\[\d{1,10}\]): ?"
)
_UNIX = regex(rf"(1\d{{9}}\.\d{{6}}) {_TAG}")
_NEW = regex(
    r"<\d{1,3}>1 (20\d\d-\S{10,30}|-) (\S{1,255}) (\S{1,48}) (\S{1,128}) \S{1,32} "
    r"(?:-|((?:\[(?:[^\]\\]|\\.){0,400}\]){1,8}))(?: \ufeff?|$)"
)
_TELLING = regex(r"(?i)[ .](?:code|error_?code|request_?id|ec)=\"")
"""Structured data that says what was refused; nearly all of it says where the line comes from."""
_OF_A_REQUEST = regex(r"(?i)agent|refer|ur[il]|query|path|cookie|header|param|forward|input|form")
"""It quotes a client, and whoever writes it may not escape what a client sent."""


def opened(raw: str) -> Line | None:
    if found := _OLD.match(raw):
        return _line(raw, found, f"{found[1]} {found[2]}", None)
    if found := _NEW.match(raw):
        data = found[5] or ""
        line = f"{raw} {data}" if _TELLING.search(data) and not _OF_A_REQUEST.search(data) else raw
        return _line(line, found, f"{found[2]} {found[3]} {found[4]}", found[1])
    if found := _ISO.match(raw) or _UNIX.match(raw):
        return _line(raw, found, f"{found[2]} {found[3]}", found[1])
    return None


def _line(raw: str, found: re.Match[str], stream: str, stamp: str | None) -> Line:
    return Line(without_octal(raw[found.end() :]), stream, stamp, logged=True)
