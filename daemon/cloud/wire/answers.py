"""OSS's headers and XML -> the values of contract.py. Nothing is guessed: what cannot be read is said to be unreadable.

A listing and a HEAD of the same object must come out equal, digest included, or a write planned on the one would look
outdated to the other. reads.py calls this for every answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from ossmend.daemon.cloud.wire.elements import Unreadable, children, name_of, root_of, text_of
from ossmend.remediators.contract.answers import LifecycleRule
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule, ObjectRef, ObjectState, PreflightAnswer
from ossmend.remediators.contract.verdict import Refused

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_RESTORE = re.compile(r'ongoing-request="(true|false)"(?:\s*,\s*expiry-date="([^"]+)")?')
_CLASSES = {name.lower(): name for name in ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive")}
ARCHIVE_CLASSES = frozenset({"Archive", "ColdArchive", "DeepColdArchive"})
KEY_BYTES = 1023

Restore = Literal["none", "ongoing", "restored"]


# --------------------------------------------------------------------------------------------------------------- names


def possible_bucket(name: str) -> bool:
    """Could OSS have a bucket of this name? It becomes part of a host, and it may be a stranger's text."""
    return _BUCKET.fullmatch(name) is not None


def possible_key(key: str) -> bool:
    """Could OSS have an object of this name, and could a URL name it? `.` and `..` would be taken for folders."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return False
    return 0 < length <= KEY_BYTES and key not in (".", "..")


# ------------------------------------------------------------------------------------------------------------- objects


def restore_state(text: str | None) -> tuple[Restore, datetime | None]:
    """`x-oss-restore`, or RestoreInfo of a listing. Absent: never asked, expired or lost, OSS does not say which."""
    if text is None or not text.strip():
        return "none", None
    found = _RESTORE.fullmatch(text.strip())
    if found is None:
        raise Unreadable(f"restore state {text[:100]!r}")
    if found[1] == "true":
        return "ongoing", None
    return "restored", http_date(found[2]) if found[2] else None


def storage_class(text: str | None) -> str:
    return _CLASSES.get((text or "Standard").replace(" ", "").lower(), text or "Standard")


def http_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, IndexError) as bad:
        raise Unreadable(f"date {text[:60]!r}") from bad


def iso_date(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
    except ValueError as bad:
        raise Unreadable(f"date {text[:60]!r}") from bad
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def head_state(ref: ObjectRef, headers: Mapping[str, str]) -> ObjectState:
    """An object as HEAD shows it. 200 does not mean that it can be read. Raises Unreadable.

    Every object has an ETag; a 200 without one is a page of something on the way, and shows no object at all.
    """
    if not headers.get("ETag"):
        raise Unreadable("no ETag")
    restore, until = restore_state(headers.get("x-oss-restore"))
    modified, moved = headers.get("Last-Modified"), headers.get("x-oss-transition-time")
    return ObjectState(
        ref=ref,
        storage_class=storage_class(headers.get("x-oss-storage-class")),
        size=_size(headers.get("Content-Length")),
        restore=restore,
        until=until,
        etag=_etag(headers.get("ETag")),
        last_modified=http_date(modified) if modified else None,
        transitioned=http_date(moved) if moved else None,
    )


def _size(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit()):
        raise Unreadable(f"size {(text or 'absent')[:60]!r}")  # brakes count bytes: an unknown size must not pass for 0
    return int(text)


def _etag(text: str | None) -> str | None:
    return text.strip().strip('"').upper() if text else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing, in the order of its keys."""

    rows: tuple[Row, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a listing. `state` is None where only a HEAD can tell: a symbolic link shows itself here."""

    key: str
    size: int
    state: ObjectState | None
    etag: str | None


def page(bucket: str, body: bytes) -> Page:
    """ListObjectsV2 with `encoding-type=url`."""
    root = root_of(body, "ListBucketResult")
    encoded = (text_of(root, "EncodingType") or "").lower() == "url"
    rows = tuple(_row(bucket, item, encoded=encoded) for item in children(root, "Contents"))
    return Page(rows, text_of(root, "IsTruncated") == "true")


def _row(bucket: str, item: Element, *, encoded: bool) -> Row:
    told = {name_of(child): child.text or "" for child in item}
    try:
        key = unquote(told.get("Key", ""), errors="strict") if encoded else told.get("Key", "")
    except UnicodeDecodeError as bad:
        raise Unreadable(f"key {told['Key'][:60]!r}") from bad
    size = _size(told.get("Size"))
    state: ObjectState | None = None
    if told.get("Type", "Normal") != "Symlink":
        try:
            restore, until = restore_state(told.get("RestoreInfo"))
            state = ObjectState(
                ref=ObjectRef(bucket, key),
                storage_class=storage_class(told.get("StorageClass")),
                size=size,
                restore=restore,
                until=until,
                etag=_etag(told.get("ETag")),
                last_modified=iso_date(told["LastModified"]) if told.get("LastModified") else None,
                transitioned=iso_date(told["TransitionTime"]) if told.get("TransitionTime") else None,
            )
        except Unreadable:
            state = None  # a HEAD will say so
    return Row(key, size, state, _etag(told.get("ETag")))


# ---------------------------------------------------------------------------------------------------------------- CORS

_RULE_LISTS = {
    "AllowedOrigin": "allowed_origins",
    "AllowedMethod": "allowed_methods",
    "AllowedHeader": "allowed_headers",
    "ExposeHeader": "expose_headers",
}


def cors(body: bytes) -> CorsConfiguration:
    """The rules in their order; elements, attributes and values we would lose by writing are named in `unknown`."""
    root = root_of(body, "CORSConfiguration")
    rules: list[CorsRule] = []
    vary: list[bool] = []
    unknown: list[str] = [f"@{name}" for name in root.attrib]
    for child in root:
        match name_of(child), (child.text or "").strip().lower():
            case "CORSRule", _:
                rules.append(_cors_rule(child, unknown))
            case "ResponseVary", "true" | "false" as said if not vary:
                vary.append(said == "true")
            case name, _:
                unknown.append(name)
    return CorsConfiguration(tuple(rules), vary[0] if vary else None, tuple(sorted(set(unknown))))


def _cors_rule(rule: Element, unknown: list[str]) -> CorsRule:
    lists: dict[str, list[str]] = {name: [] for name in _RULE_LISTS}
    ages: list[int] = []
    unknown += [f"CORSRule@{name}" for name in rule.attrib]
    for child in rule:
        name, text = name_of(child), (child.text or "").strip()
        if name in lists and not len(child):
            lists[name].append(text)
        elif name == "MaxAgeSeconds" and not ages and text.isascii() and text.isdigit():
            ages.append(int(text))
        else:
            unknown.append(f"CORSRule/{name}")
    found = {_RULE_LISTS[name]: tuple(values) for name, values in lists.items()}
    return CorsRule(
        found["allowed_origins"],
        found["allowed_methods"],
        found["allowed_headers"],
        found["expose_headers"],
        ages[0] if ages else None,
    )


def preflight(status: int, headers: Mapping[str, str], code: str, message: str) -> PreflightAnswer:
    return PreflightAnswer(
        status=status,
        code=code or None,
        message=message or None,
        allow_origin=headers.get("Access-Control-Allow-Origin"),
        allow_methods=_words(headers.get("Access-Control-Allow-Methods")),
        allow_headers=_words(headers.get("Access-Control-Allow-Headers")),
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


# ------------------------------------------------------------------------------------------------ other configurations


def lifecycle(body: bytes) -> tuple[LifecycleRule, ...]:
    """The enabled rules that archive current versions."""
    found: list[LifecycleRule] = []
    for rule in children(root_of(body, "LifecycleConfiguration"), "Rule"):
        if (text_of(rule, "Status") or "").lower() != "enabled":
            continue
        for transition in children(rule, "Transition"):
            target = storage_class(text_of(transition, "StorageClass"))
            if target in ARCHIVE_CLASSES:
                found.append(
                    LifecycleRule(
                        name=text_of(rule, "ID") or "",
                        prefix=text_of(rule, "Prefix") or "",
                        storage_class=target,
                        conditional=any(True for name in ("Tag", "Filter") for _ in children(rule, name)),
                    )
                )
    return tuple(found)


def direct_read(body: bytes) -> bool:
    return (text_of(root_of(body, "ArchiveDirectReadConfiguration"), "Enabled") or "").lower() == "true"


def unreadable(operation: str, bad: Unreadable, request_id: str | None) -> Refused:
    """An answer we cannot read is "could not check": waiting will not make it readable, and guessing is worse."""
    return Refused(operation, "UnreadableAnswer", str(bad), request_id, 200)
