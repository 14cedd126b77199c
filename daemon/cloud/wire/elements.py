"""XML of an answer -> its elements, by local name. answers.py and access_answers.py know what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ossmend.daemon.cloud.wire.errors import parse_xml


class Unreadable(ValueError):
    """The answer is not what OSS documents."""


def root_of(body: bytes, name: str) -> Element:
    """The root element of that name. Raises Unreadable."""
    root = parse_xml(body)
    if root is None or name_of(root) != name:
        raise Unreadable(f"no {name}: {body[:80]!r}")
    return root


def name_of(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if name_of(child) == name)


def text_of(element: Element, name: str) -> str | None:
    """The stripped text of the first child of that name; None where there is no such child."""
    return next(((child.text or "").strip() for child in children(element, name)), None)
