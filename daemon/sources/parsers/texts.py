"""What may be kept of a text: nothing that a store cannot hold, and no value that signs a request."""

from __future__ import annotations

from ossmend.daemon.host.redact import redact
from ossmend.remediators.contract.light import regex

_UNSTORABLE = regex("[\x00\ud800-\udfff]")
_QUERY_SECRET = regex(
    r"(?i)(?:signature|token|secret|credential|ossaccesskeyid|expires|x-oss-(?:date|expires|process-sign))=[^&#\s]*&?"
)


def storable(text: str) -> str:
    return text if text.isprintable() else _UNSTORABLE.sub("\ufffd", text)


def said(text: str | None) -> str | None:
    return storable(text) if text else None


def without_secrets(url: str) -> str:
    """A URL or path without the values of its query that sign it."""
    path, mark, query = url.partition("?")
    return redact(f"{path}{mark}{_QUERY_SECRET.sub('', query).rstrip('&')}".rstrip("?"))[:4096]
