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

_CARRIED = {code: 0x10FF00 + code for code in range(1, 32) if code not in (9, 10)}
"""Stand-ins, from the last private plane, that take control characters through the XML parser."""
_RESTORED = {stand_in: code for code, stand_in in _CARRIED.items()}
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,2})|([0-9]{1,2}));")


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


def parse_keys(body: bytes, root: str) -> Node:
    """As `parse`, but keys may hold what XML has no place for: clients send it bare, and OSS reads it."""
    try:
        return parse(body, root)
    except Refusal:
        text = body.decode("utf-8", "replace").replace("\r\n", "\n")
        carried = _REFERENCE.sub(lambda found: chr(int(found[1] or found[2], 10 if found[2] else 16)), text)
        carried = carried.translate(_CARRIED)
        if carried == text:
            raise
    document = parse(carried.encode(), root)
    _restore(document)
    return document


def _restore(node: Node) -> None:
    node.text = node.text.translate(_RESTORED)
    for child in node.children:
        _restore(child)


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
