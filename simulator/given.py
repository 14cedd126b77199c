"""Turns a value that somebody gave (control API or scene) into one of the right kind, or a BadSetting with a sentence.

Everything arrives as JSON-like data, so every value passes here; edit_buckets.py and edit_objects.py ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


class BadSetting(ValueError):
    """A setting that cannot be; the message is for whoever wrote it."""


def mapping(value: object, where: str) -> Settings:
    if not isinstance(value, Mapping):
        raise BadSetting(f"{where} must be an object, not {type(value).__name__}")
    return value


def text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise BadSetting(f"{where} must be a string")
    return value


def truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadSetting(f"{where} must be true or false")
    return value


def number(value: object, where: str, *, least: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e15:
        raise BadSetting(f"{where} must be a number of at least {least:g}")
    return float(value)


def texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise BadSetting(f"{where} must be a list")
    return tuple(text(item, where) for item in value)


def one_of(value: object, allowed: tuple[str, ...], where: str) -> str:
    if value not in allowed:
        raise BadSetting(f"{where} must be one of {', '.join(allowed)}; it is {value!r}")
    return str(value)


def pairs(value: object, where: str) -> tuple[tuple[str, str], ...]:
    return tuple((text(k, where), text(v, where)) for k, v in mapping(value, where).items())


def unknown(settings: Settings, allowed: str, where: str) -> None:
    strange = sorted(set(settings) - set(allowed.split()))
    if strange:
        raise BadSetting(f"{where} has no setting {', '.join(map(repr, strange))}; it has {', '.join(allowed.split())}")


def etag(value: object) -> str:
    digits = text(value, "etag").upper()
    if not re.fullmatch(r"[0-9A-F]{32}(-[0-9]+)?", digits):
        raise BadSetting("etag must be 32 hex digits, perhaps with the number of parts after a dash")
    return digits


def header_pairs(value: object, where: str) -> tuple[tuple[str, str], ...]:
    """Pairs that fit into a header: no control characters, and UTF-8 in the octets of latin-1."""
    found = pairs(value, where)
    for name, header in found:
        if not name.isascii() or any(ord(c) < 32 for c in name + header) or ":" in name:
            raise BadSetting(f"{where} holds what no header can: {name!r}")
    return tuple((name, header.encode("utf-8", "replace").decode("latin-1")) for name, header in found)
