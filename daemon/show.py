"""Values -> what people may see: printable, without secrets, access key ids masked in the middle.

The journal keeps what it needs to act; logs, notices, tables and JSON output go through here.
"""

from __future__ import annotations

from typing import Any

from ossmend.daemon.redact import mask_key_id, printable, redact
from ossmend.remediators.contract import Subject

KEY_FIELDS = ("access_key_id", "key_id", "keys")


def subject_text(subject: Subject) -> str:
    """A subject for people: `object:bucket:key`, `key:LTAI****abcd`."""
    parts = subject.parts
    if subject.kind in ("key", "signer") and parts:
        parts = (mask_key_id(parts[0]), *parts[1:])
    return printable(str(Subject(subject.kind, parts)))


def clean(value: Any, name: str = "") -> Any:
    """The same JSON value, safe to show: strings printable and redacted, key ids masked."""
    if isinstance(value, str):
        return mask_key_id(printable(value)) if name in KEY_FIELDS else printable(redact(value))
    if isinstance(value, dict):
        if name in KEY_FIELDS:
            return {mask_key_id(printable(str(key))): clean(inner) for key, inner in value.items()}
        return {printable(str(key)): clean(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(inner, name) for inner in value]
    return value
