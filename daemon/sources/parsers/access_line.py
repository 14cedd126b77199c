"""One line of OSS's access log -> an entry, and a refused entry -> an Event.

Fields are read by position from the left: the tail grows with the years (25 fields in 2017, 30 in 2026). The log tells
the code but no message, no EC and no Origin; the Origin of a preflight is derived from the Referer, and marked so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qs, unquote, unquote_to_bytes, urlsplit

from ossmend.daemon.host.redact import redact
from ossmend.daemon.sources.parsers import times
from ossmend.daemon.sources.parsers.texts import without_secrets
from ossmend.daemon.sources.scanner import NOT_ONLY_403
from ossmend.remediators.contract.case import Event, Origin
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef

_LINE = regex(
    rb'[ \t]{0,4}(\S{1,64}) (\S{1,64}) (\S{1,64}) \[([^\]]{10,40})\] "([A-Z]{2,12} [^\n]{1,16384}? '
    rb'HTTP/[\d.]{1,3}|-)" (\d{3}|-) (\S{1,20}) (\S{1,20}) '
)
_REQUEST_ID = regex(rb'" "([0-9A-Fa-f*]{20,32})" "(?:true|false|-)"')
_TOKEN = regex(rb'"([^"]{0,16384})"|(\S{1,4096})')
_TEXT_LINE = regex(
    r"[ \t]{0,4}\S{1,64} \S{1,64} \S{1,64} \[\d\d/[A-Z][a-z]{2}/\d{4}:[\d:]{8} [+-]\d{4}\] "
    r'"[^"\n]{1,16384}" (?:\d{3}|-) \S{1,20} \S{1,20} "'
)
_TAIL = (
    "logging",
    "requester",
    "operation",
    "bucket",
    "key",
    "size",
    "server_ms",
    "code",
    "request_length",
    "owner",
    "delta",
    "sync",
    "storage_class",
    "target_class",
    "acceleration",
    "access_key_id",
    "bucket_arn",
)
FEWEST_FIELDS = 22
LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogEntry:
    """One answered request. `-` in the log is None here."""

    client: str | None
    time: datetime | None
    method: str | None
    url: str
    """Path and query, as the log has them: percent-encoded."""
    status: int | None
    sent_bytes: int | None
    request_ms: int | None
    referer: str | None
    user_agent: str | None
    host: str | None
    request_id: str | None
    requester_id: str | None
    operation: str | None
    bucket: str | None
    key: str | None
    """Decoded."""
    size: int | None
    code: str | None
    request_length: int | None
    owner_id: str | None
    sync: str | None
    storage_class: str | None
    access_key_id: str | None
    line: str
    """The line itself, for the sample."""


def parse_line(line: bytes) -> AccessLogEntry | None:
    """The fields of a line; None if it is none. A quote inside a Referer or an agent does not shift what follows."""
    if len(line) > LONGEST_LINE:
        return None
    head = _LINE.match(line)
    if head is None:
        return None
    rest = line[head.end() :].rstrip(b"\r\n")
    anchor = _REQUEST_ID.search(rest)
    if anchor is None:
        return None
    referer, agent, host = _quoted_three(rest[: anchor.start()])
    tail = [
        _text(found[1] if found[1] is not None else found[2])
        for found in _TOKEN.finditer(rest, anchor.start(1) + len(anchor[1]) + 1)
    ]
    if len(tail) + 11 < FEWEST_FIELDS:
        return None
    named = dict(zip(_TAIL, tail, strict=False))
    method, _, after = _text(head[5] or b"", dash=False).partition(" ")
    url = after.rpartition(" HTTP/")[0] or after
    return AccessLogEntry(
        client=_text(head[1]) or None,
        time=times.read_clf(head[4].decode("ascii", "replace")),
        method=method if method.isalpha() and method.isupper() else None,
        url=url,
        status=number(head[6]),
        sent_bytes=number(head[7]),
        request_ms=number(head[8]),
        referer=referer or None,
        user_agent=agent or None,
        host=host or None,
        request_id=_text(anchor[1]) if b"*" not in anchor[1] else None,
        requester_id=named.get("requester") or None,
        operation=named.get("operation") or None,
        bucket=named.get("bucket") or None,
        key=decoded(named.get("key", "")),
        size=number(named.get("size", "")),
        code=named.get("code") or None,
        request_length=number(named.get("request_length", "")),
        owner_id=named.get("owner") or None,
        sync=named.get("sync") or None,
        storage_class=named.get("storage_class") or None,
        access_key_id=named.get("access_key_id") or None,
        line=_text(line.strip(), dash=False),
    )


def _quoted_three(part: bytes) -> tuple[str, str, str]:
    """Referer, agent and host. They stand between `" "`; what a client put into its agent may hold quotes as well."""
    pieces = part.strip(b' "').split(b'" "')
    referer, host = pieces[0], pieces[-1] if len(pieces) > 1 else b"-"
    return _text(referer), _text(b'" "'.join(pieces[1:-1])), _text(host)


def _text(raw: bytes, *, dash: bool = True) -> str:
    """Text that can be stored: a NUL cannot, and decoding leaves no halves of pairs."""
    if dash and raw == b"-":
        return ""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")


def decoded(raw: str) -> str | None:
    if not raw:
        return None
    return _text(unquote_to_bytes(raw), dash=False) if "%" in raw else raw


def number(raw: bytes | str) -> int | None:
    text = raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def entries_in(text: str) -> list[tuple[int, AccessLogEntry]] | None:
    """The access-log lines of a text, each with its number from 0; None if it is no access log."""
    if '] "' not in text[:512] or not _TEXT_LINE.match(text):
        return None
    lines = enumerate(text.split("\n"))
    parsed = [(number, parse_line(line.encode("utf-8", "replace"))) for number, line in lines if line.strip()]
    found = [(number, entry) for number, entry in parsed if entry is not None]
    return found or None


def entry_event(
    entry: AccessLogEntry,
    *,
    source: str,
    where: str = "",
    trust: Literal["high", "low"] = "low",
    account: AccountRef = DEFAULT_ACCOUNT,
) -> Event | None:
    """The event of a refused entry; None for one that OSS answered, or refused for another reason than 403."""
    if entry.status != 403 and entry.code not in NOT_ONLY_403:
        return None
    is_preflight = entry.method == "OPTIONS"
    origin = _origin(entry.referer) if is_preflight or entry.code == "AccessForbidden" else None
    path, mark, query = entry.url.partition("?")
    return Event(
        source=source,
        where=where,
        trust=trust,
        account=account,
        shape="access_log",
        code=entry.code,
        status=entry.status,
        request_id=entry.request_id,
        host=entry.host,
        bucket=entry.bucket,
        key=entry.key if entry.key is not None else _key_of(path),
        version_id=_version(query),
        origins=dict.fromkeys(("code", "bucket", "key", "version_id", "request_id", "client"), Origin.BODY),
        method=entry.method,
        operation=entry.operation,
        url=without_secrets(f"{path}{mark}{query}"),
        access_key_id=entry.access_key_id,
        requester_id=entry.requester_id,
        client=entry.client,
        user_agent=entry.user_agent,
        origin=origin,
        origin_from="referer" if origin else None,
        time=entry.time,
        fields=_fields(entry),
        sample=redact(entry.line[:4096]),
    )


def _key_of(path: str) -> str | None:
    """Where the log has no key of its own, the path has it."""
    return (unquote(path.removeprefix("/"), errors="replace") or None) if path not in ("/", "-", "") else None


def _fields(entry: AccessLogEntry) -> dict[str, str]:
    """What else the line tells, as far as it does."""
    told = (
        ("referer", entry.referer),
        ("storage_class", entry.storage_class),
        ("request_ms", _number_text(entry.request_ms)),
        ("request_length", _number_text(entry.request_length)),
        ("object_size", _number_text(entry.size)),
        ("sync", entry.sync),
        ("owner_id", entry.owner_id),
    )
    return {name: redact(value) for name, value in told if value}


def _number_text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _version(query: str) -> str | None:
    if "versionId=" not in query:
        return None
    try:
        told = parse_qs(query[:8192], max_num_fields=200).get("versionId")
    except ValueError:
        return None
    return told[0] if told else None


def _origin(referer: str | None) -> str | None:
    """Scheme, host and port of the page, as a browser would have sent them in Origin."""
    if not referer:
        return None
    try:
        parts = urlsplit(referer)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    default = port is None or port == (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if default else f':{port}'}"
