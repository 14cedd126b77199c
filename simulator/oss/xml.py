"""Turns request documents into trees and trees into response documents; the operations use both.

Reading refuses as MalformedXML what OSS refuses: broken XML, a DTD (no entity games), absurd nesting, another root.
Writing never uses a namespace: the SDKs' parsers accept little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from ossmend.simulator.wire import Refusal, xml_text

DOCUMENT_LIMIT = 2 * 1024 * 1024
_DEPTH_LIMIT = 32
_CONTROLS = bytes(code for code in range(1, 32) if code not in b"\t\n\r")
_CONTROL = re.compile(rb"([%b])|&#(?:0*(\d{1,2})|x0*([0-9a-fA-F]{1,2}));" % re.escape(_CONTROLS))
_STAND_INS = range(0xF0000, 0x10FF00, 32)
"""For the control characters that no XML may have, and keys have all the same: each begins 32 private characters."""


@dataclass(slots=True)
class Node:
    """An element: its name without namespace, its text, its children."""

    name: str
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def value(self, name: str, default: str = "") -> str:
        """Text of a child, stripped of the blanks that pretty-printing leaves."""
        child = self.first(name)
        return default if child is None else child.text.strip()

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(child.text.strip() for child in self.children if child.name == name)


def malformed_xml(detail: str = "") -> Refusal:
    return Refusal(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema.",
        "0017-00000208",
        [("ErrorDetail", detail)] if detail else [],
    )


class _Refused(Exception):
    """A document that is well-formed and yet not wanted."""


def parse(body: bytes, root: str, *, limit: int = DOCUMENT_LIMIT) -> Node:
    """The document's tree; MalformedXML unless its root is `root`."""
    if not body.strip():
        raise malformed_xml("the document is empty")
    if len(body) > limit:
        raise malformed_xml(f"the document is longer than {limit} bytes")
    top = Node("")
    stack = [top]

    def start(name: str, _attributes: dict[str, str]) -> None:
        if len(stack) > _DEPTH_LIMIT:
            raise _Refused("nested too deeply")
        node = Node(name.rpartition(":")[2])
        stack[-1].children.append(node)
        stack.append(node)

    def end(_name: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*_: object) -> None:
        raise _Refused("a document type is not allowed")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Refused, ValueError, LookupError) as problem:
        raise malformed_xml(str(problem)) from None
    document = top.children[0]
    if document.name != root:
        raise malformed_xml(f"the root element must be {root}")
    return document


def with_controls(body: bytes) -> tuple[bytes, int]:
    """The document with a stand-in for each control character, raw or as `&#12;`, and where the stand-ins begin.

    They begin where the document has no such characters of its own: a key must never become another one.
    """
    if _CONTROL.search(body) is None:
        return body, 0
    first = next(each for each in _STAND_INS if not any(chr(each + n).encode() in body for n in range(32)))

    def stand_in(found: re.Match[bytes]) -> bytes:
        code = found[1][0] if found[1] else int(found[2]) if found[2] else int(found[3], 16)
        return chr(first + code).encode() if code in _CONTROLS else found[0]

    return _CONTROL.sub(stand_in, body), first


def controls_of(text: str, first: int) -> str:
    return "".join(chr(ord(c) - first) if first and first <= ord(c) < first + 32 else c for c in text)


def element(name: str, content: str) -> str:
    """An element with text; escaped."""
    return f"<{name}>{xml_text(content)}</{name}>"


def group(name: str, *children: str) -> str:
    """An element with child elements, which are already markup."""
    return f"<{name}>{''.join(children)}</{name}>"


def markup(node: Node) -> str:
    """A tree as it was read, without its attributes."""
    if not node.children:
        return element(node.name, node.text)
    return group(node.name, *(markup(child) for child in node.children))


def document(root: str, children: Iterable[str]) -> bytes:
    """A whole document."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{"".join(children)}</{root}>'
    return text.encode("utf-8", "replace")


def boolean(text: str) -> bool:
    """`true`/`false` in any case (oss2 writes Python's `True`); anything else is malformed."""
    match text.strip().lower():
        case "true":
            return True
        case "false":
            return False
    raise malformed_xml(f"{text!r} is not a boolean")


def flag(value: bool) -> str:
    return "true" if value else "false"
