"""Stamps of log lines, and the clock that is inside a request id -> aware datetimes.

A request id begins with the server's Unix time in hex. That is undocumented, so it is a second witness only: it tells
the zone of a stamp that has none, and stands in where a line has no stamp.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from ossmend.remediators.contract.light import regex

EARLIEST = datetime(2012, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=10)

_ISO = (
    r"(?P<y>20\d\d)[-/.](?P<mo>[01]\d)[-/.](?P<d>[0-3]\d)[T _](?P<h>[0-2]\d):(?P<mi>[0-5]\d):(?P<s>[0-6]\d)"
    r"(?:[.,](?P<f>\d{1,9}))?\s?(?P<z>Z|UTC|GMT|[+-][01]\d:?[0-5]\d)?"
)
STAMP = regex(_ISO)
_ANY_YEAR = regex(_ISO.replace(r"20\d\d", r"(?:19|20|21)\d\d"))
"""A clock that was never set says 1970, and so may a bad Date: in an error body that is the finding itself."""
_CLF = regex(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})")
_MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_HEX = regex(r"[0-9A-Fa-f]{24}")


def read_stamp(text: str) -> datetime | None:
    """The stamp in a piece of text: ISO in most spellings; naive where it tells no zone."""
    found = STAMP.search(text[:200])
    return _from_iso(found) if found else None


def stamps(text: str) -> list[datetime]:
    """Every stamp in a text; naive where it tells no zone."""
    return [moment for found in STAMP.finditer(text) if (moment := _from_iso(found)) is not None]


def _from_iso(found: re.Match[str]) -> datetime | None:
    fraction = (found["f"] or "")[:6].ljust(6, "0")
    try:
        moment = datetime(  # noqa: DTZ001  # the zone is put on below, where the text tells one
            int(found["y"]),
            int(found["mo"]),
            int(found["d"]),
            int(found["h"]),
            int(found["mi"]),
            min(int(found["s"]), 59),
            int(fraction),
        )
    except ValueError:
        return None
    zone = found["z"]
    if not zone:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    offset = timedelta(hours=hours, minutes=minutes)
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset)).astimezone(UTC)


def read_number(text: str) -> datetime | None:
    """Unix seconds or milliseconds, as JSON log lines have them."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    if seconds > 1e11:
        seconds /= 1000
    if not EARLIEST.timestamp() <= seconds <= LATEST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


@lru_cache(maxsize=4096)
def read_clf(text: str) -> datetime | None:
    """`13/Sep/2026:15:47:19 +0800`. Kept: a busy log has a thousand lines a second with one stamp."""
    found = _CLF.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    zone = found[7]
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    try:
        moment = datetime(
            int(found[3]),
            _MONTHS[found[2]],
            int(found[1]),
            int(found[4]),
            int(found[5]),
            int(found[6]),
            tzinfo=timezone(-offset if zone[0] == "-" else offset),
        )
    except ValueError:
        return None
    return moment.astimezone(UTC)


def read_iso(text: str) -> datetime | None:
    """RequestTime and ServerTime of an error body: ISO, UTC; also RFC 1123, as headers have it."""
    found = _ANY_YEAR.search(text[:200])
    moment = _from_iso(found) if found else None
    if moment is not None:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return read_rfc1123(text)


def read_rfc1123(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip()[:40], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    except ValueError:
        return None


def from_request_id(request_id: str | None, now: datetime | None) -> datetime | None:
    """The server's time in a request id, where it is plausible."""
    if request_id is None or not _HEX.fullmatch(request_id):
        return None
    seconds = int(request_id[:8], 16)
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if EARLIEST <= moment <= (now + AHEAD if now is not None else LATEST) else None


def settle(stamp: datetime | None, request_id: str | None, now: datetime | None) -> datetime | None:
    """When it happened: the line's stamp, its zone by the request id if it tells none, else by the machine's zone."""
    server = from_request_id(request_id, now)
    if stamp is None:
        return server
    if stamp.tzinfo is not None:
        return stamp.astimezone(UTC)
    if server is not None:
        apart = (stamp.replace(tzinfo=UTC) - server).total_seconds()
        quarter = round(apart / 900) * 900
        if abs(quarter) <= 14 * 3600 and abs(apart - quarter) <= 300:
            return server
    try:
        return stamp.astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        return None
