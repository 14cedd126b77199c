"""`<Error>` bodies -> fragments: whole, cut off, without their root, with a namespace, on one line, escaped in any
way.

Not an XML parser on purpose. What stands in logs is cut, prefixed and escaped, and an XML parser has one answer to all
of that. Tags are taken one after the other, each value up to the next tag, so the work is linear and nothing is
resolved or expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from ossmend.daemon.sources.parsers.escapes import depth_of, unescaped
from ossmend.daemon.sources.parsers.fragment import LONGEST_VALUE, Fragment
from ossmend.daemon.sources.parsers.names import canonical
from ossmend.remediators.contract.light import regex

_TAG = regex(r"<(\\*/)?([A-Za-z_](?:[\w.-]{0,60}:)?[\w.-]{0,60})([^<>]{0,400})>")
_ROOTS = frozenset({"Error", "ErrorResponse", "Errors"})
_STARTERS = frozenset({"Error", "Code", "Message", "RequestId", "HostId", "EC", "OSSAccessKeyId", "StringToSign"})
_CDATA = regex(r"<!\[CDATA\[(.{0,16384}?)\]\]>", re.DOTALL)
_INNER_ESCAPE = regex(r">(\\+)[nrt]")
_WORD = regex(r"\S{0,200}")
_BLANK = regex(r"(?:\s|\\+[nrt])*")
_CUT_TAG = regex(r"<\\*/?[\w:.-]{0,60}$")
GAP = 4096
"""More text than this between two tags: they are of two bodies."""


def find(text: str) -> Iterator[Fragment]:
    """Every error body in the text; a lone tag is none."""
    return (body for body in _bodies(text) if body.facts or body.extra)


def _bodies(text: str) -> Iterator[Fragment]:
    if "<" not in text:
        return
    if "<![CDATA[" in text:
        text = _CDATA.sub(lambda found: found[1].replace("<", " "), text)
    body: _Body | None = None
    tags = list(_TAG.finditer(text))
    for number, tag in enumerate(tags):
        name = tag[2].rpartition(":")[2]
        if body is not None and (tag.start() - body.end > GAP or body.ended_by(tag, name)):
            yield body.fragment
            body = None
        if body is None:
            if tag[1] or name not in _STARTERS:
                continue
            body = _Body(tag, text)
        following = tags[number + 1] if number + 1 < len(tags) else None
        body.take(tag, name, text, following)
        if tag[1] and name in _ROOTS:
            yield body.fragment
            body = None
    if body is not None:
        yield body.fragment


class _Body:
    """One body while its tags are read."""

    def __init__(self, first: re.Match[str], text: str) -> None:
        self.fragment = Fragment(first.start(), first.end(), "xml")
        self._path: list[str] = []
        self._seen: set[str] = set()
        inner = _INNER_ESCAPE.search(text, first.start(), first.end() + 400)
        self._depth = depth_of(inner[1][1:]) if inner else 0
        """How often the text around the tags was escaped: so were the values."""

    @property
    def end(self) -> int:
        return self.fragment.end

    def ended_by(self, tag: re.Match[str], name: str) -> bool:
        """A second root, or an element that the body has already: another body begins."""
        if tag[1]:
            return False
        return name in _ROOTS or (not self._path and name in self._seen)

    def take(self, tag: re.Match[str], name: str, text: str, following: re.Match[str] | None) -> None:
        self.fragment.end = tag.end()
        if name in _ROOTS:
            if "xmlns" in tag[3]:
                self.fragment.note("xmlns", tag[3].strip()[:200])
            return
        if tag[1]:
            if name in self._path:
                del self._path[self._path.index(name) :]
            return
        if tag[3].rstrip().endswith("/"):
            return
        limit = following.start() if following is not None else len(text)
        value = text[tag.end() : min(limit, tag.end() + LONGEST_VALUE)]
        closed = following is not None and bool(following[1]) and following[2].rpartition(":")[2] == name
        if not closed and following is not None and not following[1] and _BLANK.fullmatch(value):
            self._path.append(name)  # an element with elements inside
            return
        if following is None:
            self._cut(name, value)
            return
        self._seen.add(name)
        self._put(name, value)
        self.fragment.end = tag.end() + len(value)

    def _cut(self, name: str, value: str) -> None:
        """The text ends inside this element: its closing tag may be there in part, and then the value is whole."""
        cut = _CUT_TAG.search(value)
        if cut:
            self._put(name, value[: cut.start()])
            self.fragment.end += len(value)
        elif name == "Code":
            self.fragment.note("code_cut", value.strip()[:80])
            self.fragment.end += min(len(value), 80)
        elif name in ("StringToSign", "Message"):
            self.fragment.put(f"{canonical(name)}_cut", value.split("\n\n", 1)[0][:1000])
            self.fragment.end += len(value.split("\n\n", 1)[0])

    def _put(self, name: str, value: str) -> None:
        value = unescaped(value, self._depth) if self._depth else value
        value = unescape(value) if "&" in value else value
        known = canonical(name)
        if self._path:
            self.fragment.note(".".join((*self._path, name)), value.strip())
        elif known is None or known in ("skew", "recommend", "endpoint"):
            self.fragment.note(name, value.strip())
        elif known == "code" and not _WORD.fullmatch(value.strip()):
            self.fragment.note("Code", value.strip()[:80])
        elif known in ("key_id", "string_to_sign", "signature"):
            self.fragment.put(known, value)  # blanks at their ends may be the cause
        else:
            keeps = known in ("key", "object") and "\n" not in value  # in one line they are the key's own
            self.fragment.put(known, value if keeps and value.strip() else value.strip())
            if known in ("key", "object", "resource"):
                self.fragment.note(name, value.strip())
