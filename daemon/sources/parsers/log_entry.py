"""An entry of OSS's log in the log service -> an Event, where a request was refused.

The same log as access_line.py reads, in names instead of columns: so it is put into the same form, and says more where
this one does. Its time is exact (`__time__`), and a field that the account has had added (`user_defined_log_fields`:
base64 of JSON) may hold a preflight's own headers. All values are texts, `-` where there is none; which of them are
there differs by page and by year, so none is counted on (docs/facts.md).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ossmend.daemon.sources.parsers.access_line import AccessLogEntry, decoded, entry_event, number
from ossmend.remediators.contract.case import Event

TOPIC = "oss_access_log"
"""Of the topics in that logstore the one of requests; metering and batch deletes have others."""
LONGEST_VALUE = 16 * 1024
MOST_SHOWN = 4096
MOST_ENCODED = 3
"""How often `request_uri` may be percent-encoded, beside what the client has done: once, as far as is known."""
NOT_CUT = ("", "false", "0", "none")
"""`truncated`, whose type no page tells."""
AGENTS = ("user_agent", "user-agent", "User-Agent")
"""The pages of the documentation disagree."""


def event_of_entry(fields: Mapping[str, str], time: int, *, source: str, where: str) -> Event | None:
    """The event of a refused request; None for one that OSS answered, or refused for another reason than 403. `time`:
    seconds since 1970.
    """
    told = {name: value[:LONGEST_VALUE] for name, value in fields.items() if value not in ("-", "")}
    event = entry_event(_entry(told, time), source=source, where=where)
    if event is None:
        return None
    logged, whole = _logged(told)
    headers = logged.get("headers", {}) if whole else {}  # half a list of headers would be taken for all of them
    if headers.get("origin"):
        event = replace(event, origin=headers["origin"], origin_from="origin")
        if method := headers.get("access-control-request-method"):
            asked = headers.get("access-control-request-headers", "").split(",")
            event = replace(event, cors_method=method, cors_headers=tuple(filter(None, map(str.strip, asked))))
    return replace(event, ec=told["ec"]) if "ec" in told else event


def rows_in(objects: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, str], int]] | None:
    """The fields and times of rows that somebody copied or exported as JSON; None where they are something else."""
    if not objects or any(row.get("__topic__") != TOPIC for row in objects):
        return None
    told = [
        {name: str(value) for name, value in row.items() if isinstance(value, str | int) and not name.startswith("__")}
        for row in objects
    ]
    return [(fields, number(str(row.get("__time__", ""))) or 0) for fields, row in zip(told, objects, strict=True)]


def user_agent(fields: Mapping[str, str]) -> str | None:
    return next((fields[name] for name in AGENTS if fields.get(name, "-") != "-"), None)


def _entry(told: Mapping[str, str], time: int) -> AccessLogEntry:
    method = told.get("http_method", "")
    url = _sent(told.get("request_uri", ""))
    shown: dict[str, Any] = dict(told)  # unpacked and as it was sent: only so are its secrets known for such
    if url:
        shown["request_uri"] = url
    if shown.pop("user_defined_log_fields", None):
        shown["user_defined_log_fields"] = _logged(told)[0]
    return AccessLogEntry(
        client=told.get("client_ip"),
        time=datetime.fromtimestamp(time, UTC) if 0 < time < 1 << 32 else None,
        method=method if method.isascii() and method.isalpha() and method.isupper() else None,
        url=url,
        status=number(told.get("http_status", "")),
        sent_bytes=number(told.get("response_body_length", "")),
        request_ms=number(told.get("response_time", "")),
        referer=told.get("referer"),
        user_agent=user_agent(told),
        host=told.get("host"),
        request_id=told.get("request_id"),
        requester_id=told.get("requester_id"),
        operation=told.get("operation"),
        bucket=told.get("bucket"),
        key=decoded(told.get("object", "")),
        size=number(told.get("object_size", "")),
        code=told.get("error_code"),
        request_length=number(told.get("request_length", "")),
        owner_id=told.get("owner_id"),
        sync=told.get("sync_request"),
        storage_class=told.get("bucket_storage_type"),
        access_key_id=told.get("access_id"),
        line=json.dumps(shown, ensure_ascii=False)[:MOST_SHOWN],
    )


def _sent(target: str) -> str:
    """As the client sent it: then it begins with a slash, or with the scheme where it went by a proxy."""
    for _ in range(MOST_ENCODED):
        if target.startswith(("/", "http://", "https://")):
            break
        target = unquote(target, errors="replace")
    return target


def _logged(told: Mapping[str, str]) -> tuple[dict[str, dict[str, str]], bool]:
    """Headers and parameters of the request, where the account has some logged, their names in small letters; and
    whether nothing was cut off.
    """
    packed = told.get("user_defined_log_fields", "")
    try:
        found = json.loads(base64.b64decode(packed, validate=True)) if packed else None
    except (binascii.Error, ValueError, RecursionError):
        return {}, False
    if not isinstance(found, dict):
        return {}, False
    parts = {part: found.get(part) for part in ("headers", "querys")}
    whole = str(found.get("truncated", "")).lower() in NOT_CUT
    return {part: _texts(named) for part, named in parts.items() if isinstance(named, dict)}, whole


def _texts(named: Mapping[str, object]) -> dict[str, str]:
    told = {name.lower(): value for name, value in named.items() if isinstance(value, str)}
    return {name: value for name, value in told.items() if name.isprintable() and value.isprintable()}
