"""Turns a key like a folder's into the website's index document, where there is no such object; objects.py asks.

Error pages, redirects and mirrors are kept (documents.py) and not acted on.
"""

from __future__ import annotations

from ossmend.simulator.oss import stacks, xml
from ossmend.simulator.oss.call import Call
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Refusal


def addressed(call: Call) -> ObjectVersion:
    """The object that is asked for, or the index document in its place; the call's key is then the index's."""
    document = call.bucket.documents.get("website")
    if document is None:
        return stacks.addressed(call)
    try:
        return stacks.addressed(call)
    except Refusal as refusal:
        index = _index(call, document) if refusal.code == "NoSuchKey" else None
        if index is None or not call.bucket.stack(index):
            raise
    call.key = index
    return stacks.addressed(call)


def _index(call: Call, document: bytes) -> str | None:
    if not call.key.endswith("/") or call.version_id is not None:
        return None
    index = xml.parse(document, "WebsiteConfiguration").first("IndexDocument")
    suffix = index.value("Suffix") if index is not None else ""
    if index is None or not suffix:
        return None
    return call.key + suffix if index.value("SupportSubDir").lower() == "true" else suffix
