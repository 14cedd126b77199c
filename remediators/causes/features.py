"""Event -> features: the names and values that signs speak of. Pure reading; nothing is decided here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ossmend.remediators.contract import Event

HALF_HOUR = 1800
ZONE_SLACK = 90.0
"""A time zone taken for another is off by half hours, give or take the drift of an ordinary clock."""
MOST_ZONE = 14 * 3600
EARLIEST, LATEST = datetime(2011, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""OSS opened in 2011: a server time outside is not OSS's (a proxy's, or a bad Date of 1970)."""
MANY = 3

_KEY_ID = re.compile(r"[0-9A-Za-z._=]+")
_PLAIN = (
    "code",
    "message",
    "ec",
    "host",
    "bucket",
    "key",
    "method",
    "operation",
    "url",
    "user_agent",
    "origin",
    "shape",
)


def drift_of(event: Event) -> float | None:
    """The client's clock minus OSS's, in seconds (negative: the client is behind); None if absurd or not told."""
    if event.request_time is None or event.server_time is None or not EARLIEST <= event.server_time <= LATEST:
        return None
    return (event.request_time - event.server_time).total_seconds()


def drift_kind(event: Event) -> str:
    """`unset`, `zone`, `drift`; `absurd` where the server time is not OSS's; empty where no time is told."""
    if event.server_time is not None and not EARLIEST <= event.server_time <= LATEST:
        return "absurd"
    if event.request_time is not None and event.request_time < EARLIEST:
        return "unset"
    drift = drift_of(event)
    if drift is None:
        return ""
    halves = round(drift / HALF_HOUR)
    if halves and abs(drift) <= MOST_ZONE + ZONE_SLACK and abs(drift - halves * HALF_HOUR) <= ZONE_SLACK:
        return "zone"
    return "drift"


def key_shape(key_id: str | None) -> str:
    """What an access key id looks like: `none`, `masked`, `blank`, `characters`, `temporary`, `plain`."""
    if not key_id:
        return "none"
    if "*" in key_id:
        return "masked"
    if key_id != key_id.strip():
        return "blank"
    if _KEY_ID.fullmatch(key_id) is None:
        return "characters"
    return "temporary" if key_id.startswith(("STS.", "TMP.")) else "plain"


def features(
    event: Event, others: Sequence[Event] = (), usage: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, str]:
    """Everything that signs may look at. A feature that is not told is absent."""
    found: dict[str, str] = {}
    for name in _PLAIN:
        value = getattr(event, name)
        if value:
            found[name] = str(value)
    found |= {f"fields.{name}": value for name, value in event.fields.items() if value}
    found["key_shape"] = key_shape(event.access_key_id)
    if kind := drift_kind(event):
        found["drift"] = kind
    if event.origin:
        found["asked"] = f"origin {event.origin} method {event.cors_method or 'unknown'}"
    found["readable"] = "message" if event.message else "no message"
    if event.key and re.search(r"[%#{}$+&=;,?@ \\]|[^\x00-\x7f]", event.key):
        found["special_key"] = event.key
    counts = usage or {}
    clients = len(counts.get("clients", {}))
    if clients:
        found["clients"] = "many" if clients >= MANY else "one" if clients == 1 else "few"
    if len({sample.key for sample in others if sample.key}) >= MANY:
        found["keys_seen"] = "many"
    return found
