"""OSS's body without its tags -> fragments: what a framework or a browser left of it, words with blanks between.

A page that strips tags, a log that prints the text content, a table copied from a browser: the values stand in OSS's
order, code first, and a request id with a host behind it shows where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.names import KNOWN_CODES, canonical
from ossmend.remediators.contract.light import regex

_ID = regex(r"\s([0-9A-F]{24})\s{1,40}((?:[\w-]{1,63}\.)?[\w.-]{0,40}oss[\w.-]{1,60}\.aliyuncs\.com)\b")
_CODE = regex(r"(?:^|(?<=[\s\"'>:]))([A-Z][a-z]{1,30}(?:[A-Z][A-Za-z]{1,30}){1,4})\s{1,20}(?=[A-Z])")
_SENTENCE = regex(r"[^<>{}]{4,300}\Z")
_KEYWORD = regex(
    r"(?::|^\$)(Code|Message|RequestId|HostId|BucketName|EC)\s{1,8}(?:\[1\] )?\"([^\"\n]{0,2000})\"", re.MULTILINE
)
"""A map of Clojure's: `:Code "AccessDenied"`; a list of R's: `$Code`, and `[1] "AccessDenied"` on the next line."""
_EC = regex(r"(?:\s{1,40}\S{1,400}){0,24}?\s{1,40}(\d{4}-\d{8})\b")
_ROW = regex(
    r"^[ \t]{0,8}(Code|Message|RequestId|HostId|BucketName|ObjectName|OSSAccessKeyId|EC|RecommendDoc)"
    r"[ \t]{1,20}(?![:=])(\S[^\n]{0,2000})$",
    re.MULTILINE,
)
LOOK_BACK = 360
FEWEST_ROWS = 3
GAP = 300
"""More text than this between two pairs: they are of two maps."""


def find(text: str) -> Iterator[Fragment]:
    """Every body without tags."""
    if "aliyuncs.com" in text:
        yield from _in_order(text)
    if "RequestId" in text and "Code" in text:
        yield from _tables(text)
        yield from _maps(text)


def _in_order(text: str) -> Iterator[Fragment]:
    """Code, message, request id, host, and perhaps the EC."""
    for found in _ID.finditer(text):
        before = _CODE.finditer(text, max(0, found.start() - LOOK_BACK), found.start())
        heads = [each for each in before if canonical(each[1]) is None]  # a table's header has names, and no code
        head = next((each for each in reversed(heads) if each[1] in KNOWN_CODES), heads[-1] if heads else None)
        if head is None or (said := _SENTENCE.match(text, head.end(), found.start())) is None:
            continue
        facts = {"code": head[1], "message": " ".join(said[0].split()), "request_id": found[1], "host": found[2]}
        end = found.end()
        if tail := _EC.match(text, end, end + 12_000):
            facts["ec"] = tail[1]
            end = tail.end()
        yield Fragment(head.start(1), end, "xml", facts)


def _tables(text: str) -> Iterator[Fragment]:
    """`Code<tab>AccessDenied`, a row an element: how a browser's table is pasted."""
    rows: list[re.Match[str]] = []
    for row in _ROW.finditer(text):
        if rows and (row[1] == "Code" or row.start() - rows[-1].end() > 2):
            yield from _table(rows)
            rows = []
        rows.append(row)
    yield from _table(rows)


def _table(rows: list[re.Match[str]]) -> Iterator[Fragment]:
    if len(rows) >= FEWEST_ROWS and rows[0][1] == "Code":
        facts = {name: row[2].strip() for row in rows if (name := canonical(row[1]))}
        yield Fragment(rows[0].start(), rows[-1].end(), "xml", facts)


def _maps(text: str) -> Iterator[Fragment]:
    pairs: list[re.Match[str]] = []
    for pair in _KEYWORD.finditer(text):
        if pairs and (pair.start() - pairs[-1].end() > GAP or pair[1] in {each[1] for each in pairs}):
            yield from _map(pairs)
            pairs = []
        pairs.append(pair)
    yield from _map(pairs)


def _map(pairs: list[re.Match[str]]) -> Iterator[Fragment]:
    if len(pairs) > 1 and any(pair[1] == "Code" for pair in pairs):
        facts = {name: pair[2] for pair in pairs if (name := canonical(pair[1]))}
        yield Fragment(pairs[0].start(), pairs[-1].end(), "xml", facts)
