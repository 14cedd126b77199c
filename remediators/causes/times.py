"""Event -> what its times tell: how far a clock is off and of which kind, how long ago a URL had expired."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ossmend.remediators.causes.model import Bilingual
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

HOUR = 3600.0
MOST_ZONE = 14
"""The furthest from UTC that a zone is, in hours."""
ODD_ZONES = frozenset({2.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75, 13.75})
"""The other ones in use, with daylight saving, whichever side of UTC: no zone is half an hour from it."""
ZONE_SLACK, NEAR_ZONE = 30.0, 120.0
"""A local time taken for UTC is off by the zone, give or take what an ordinary clock is off and a request takes; minutes
more may be a queue, or a drift that is near a zone by chance.
"""
EARLIEST, LATEST = datetime(2011, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""OSS opened in 2011: a server time outside is not OSS's (a proxy's, or a bad Date of 1970)."""
LATE_AT_MOST = 3600.0
"""A request that was queued, or slowly sent, is behind by minutes; a clock may be off by anything."""
LONG_REQUEST_MS = 600_000
_EPOCH = regex(r"[?&;]Expires=(\d{9,11})(?!\d)")
_V4_DATE = regex(r"x-oss-date=(\d{8}T\d{6}Z)", re.IGNORECASE)
_V4_LIFE = regex(r"x-oss-expires=(\d{1,9})(?!\d)", re.IGNORECASE)


def drift_of(event: Event) -> float | None:
    """The client's clock minus OSS's, in seconds (negative: the client is behind); None if absurd or not told."""
    if event.request_time is None or event.server_time is None or not EARLIEST <= event.server_time <= LATEST:
        return None
    return (event.request_time - event.server_time).total_seconds()


def drift_kind(event: Event) -> str:
    """`unset`, `zone`, `near` (a zone), `drift`; `absurd` where the server time is not OSS's; empty where no time is told."""
    if event.server_time is not None and not EARLIEST <= event.server_time <= LATEST:
        return "absurd"
    if event.request_time is not None and event.request_time < EARLIEST:
        return "unset"
    drift = drift_of(event)
    if drift is None:
        return ""
    beside = zone_of(drift)
    if not beside:
        return "drift"
    return "zone" if abs(drift - beside) <= ZONE_SLACK else "near"


def zone_of(drift: float) -> float | None:
    """The offset of a time zone that a drift is, or nearly is, in seconds; None if it is no zone's. Minutes beside one
    hour are as likely a drift: only the hour itself, which is daylight saving's too, is a zone's.
    """
    hours: float = min((*range(1, MOST_ZONE + 1), *ODD_ZONES), key=lambda each: abs(abs(drift) - each * HOUR))
    beside = abs(abs(drift) - hours * HOUR)
    if beside > (NEAR_ZONE if hours > 1 else ZONE_SLACK):
        return None
    return hours * HOUR if drift > 0 else -hours * HOUR


def expired_by(event: Event) -> float | None:
    """How long ago a presigned URL had expired when it was used, in seconds; None if the text does not tell."""
    if event.request_time is not None and event.code == "RequestTimeTooSkewed":
        return None
    at, until = event.server_time or event.time, _expiry(event)
    if at is None or until is None:
        return None
    return (at - until).total_seconds()


def _expiry(event: Event) -> datetime | None:
    told = event.fields.get("Expires", "")
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(told, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    around = f"?{event.fields.get('query', '')}&{event.sample}"
    if found := _EPOCH.search(around):
        return _safely(datetime(1970, 1, 1, tzinfo=UTC), int(found[1]))
    begin, life = _V4_DATE.search(around), _V4_LIFE.search(around)
    if begin and life:
        try:
            start = datetime.strptime(begin[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None
        return _safely(start, int(life[1]))
    return None


def _safely(start: datetime, seconds: int) -> datetime | None:
    try:
        return start + timedelta(seconds=seconds)
    except OverflowError:
        return None


def words(seconds: float) -> Bilingual:
    """A span for people: `40 s`, `16 min`, `8.0 h`, `3 days`; in Chinese `40 秒`, `16 分钟`, `8.0 小时`, `3 天`."""
    size = abs(seconds)
    if size < 120:
        number, en, zh = f"{size:.0f}", "s", "秒"
    elif size < 7200:
        number, en, zh = f"{size / 60:.0f}", "min", "分钟"
    elif size < 3 * 86400:
        number, en, zh = f"{size / 3600:.1f}", "h", "小时"
    else:
        number, en, zh = f"{size / 86400:.0f}", "days", "天"
    return Bilingual(f"{number} {en}", f"{number} {zh}")


def features(event: Event) -> dict[str, str]:
    """`drift`, `behind`, `ahead`, `late`, `untimed`, `took`, `expired`, `not_yet`."""
    found: dict[str, str] = {}
    if kind := drift_kind(event):
        found["drift"] = kind
    drift = drift_of(event)
    if drift is None:
        found["untimed"] = Bilingual("no RequestTime and ServerTime", "没有 RequestTime 和 ServerTime")
    else:
        found["behind" if drift < 0 else "ahead"] = words(drift)
        if -LATE_AT_MOST <= drift < 0 and kind == "drift":
            found["late"] = words(drift)
    took = event.fields.get("request_ms", "")
    if took.isdigit() and int(took) >= LONG_REQUEST_MS:
        found["took"] = words(int(took) / 1000)
    past = expired_by(event)
    if past is not None:
        found["expired" if past > 0 else "not_yet"] = words(past)
    return found
