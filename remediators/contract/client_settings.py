"""An event -> is it a 400 that OSS gives to S3 clients whose setting is wrong? registry.py asks.

A look at status 403 alone never sees the most frequent of them: a body in chunks, which SDKs send by default. Only
what tells by itself is taken: a lone InvalidArgument is a bug of the application, and would fill the journal.
"""

from __future__ import annotations

from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

STATUSES = (400, 501)
"""What OSS answers them with; 501 is how some say NotImplemented."""
_ECS = regex(r"0017-00000804|0002-000004(?:11|15|16|17|19|21|23|25|27)|0002-000000(?:32|33)")
_WORDS = regex(
    r"\baws-chunked encoding is not supported\b|\bMultiChunkedEncoding is not supported\b"
    r"|\bX-Amz-(?:Algorithm|Date|Credential|Expires|SignedHeaders)\b"
)
_CHUNKED = regex(r"aws-chunked\Z|STREAMING-")
_DELETES = ("DeleteObjects", "DeleteMultipleObjects")
_DELETES_IN_TEXT = regex(r"\b(?:DeleteObjects|delete_objects|DeleteMultipleObjects)\b|[/?]\?delete\b|\bContent-MD5\b")


def is_client_setting(event: Event) -> bool:
    """By EC, by OSS's words, by the argument that it names; DeleteObjects without Content-MD5 by what was asked."""
    if event.status not in STATUSES:
        return False
    if event.code == "MissingArgument":
        return event.operation in _DELETES or any(map(_DELETES_IN_TEXT.search, (event.sample, event.url or "")))
    if _ECS.fullmatch(event.ec or "") or _WORDS.search(event.message or ""):
        return True
    return _CHUNKED.match(event.fields.get("ArgumentValue", "")) is not None
