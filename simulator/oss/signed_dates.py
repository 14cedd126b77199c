"""Turns the date of a signature, or a URL's expiry, into "near enough" or the refusal OSS would give.

OSS's own signatures (authenticate.py) and S3's (s3/authenticate.py) ask the same and are told other ECs.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime
from email.utils import parsedate_tz
from functools import lru_cache
from typing import Final

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import Refusal, iso_date

MAX_SKEW_SECONDS: Final = 900
COMPACT: Final = re.compile(r"\d{8}T\d{6}Z\Z")
"""How V4 and SigV4 write a date."""


@lru_cache(maxsize=64)
def read_date(text: str) -> int | None:
    """RFC 1123 (also with a zone) or the compact form, as Unix seconds; all requests of one second have the same."""
    if COMPACT.match(text):
        try:
            return int(datetime.fromisoformat(text).timestamp())
        except ValueError:
            return None
    parsed = parsedate_tz(text) if text else None
    if parsed is None or parsed[9] is None:
        return None
    try:
        return calendar.timegm((*parsed[:6], 0, 1, 0)) - parsed[9]
    except (ValueError, OverflowError):
        return None


def read_compact(text: str) -> int | None:
    """The compact form only."""
    return read_date(text) if COMPACT.match(text) else None


def check_skew(call: Call, signed_at: int, ec: str) -> None:
    """A header's date must be near the server's."""
    now = int(call.request.received)
    if abs(signed_at - now) > MAX_SKEW_SECONDS:
        raise Refusal(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            ec,
            [
                ("MaxAllowedSkewMilliseconds", str(MAX_SKEW_SECONDS * 1000)),
                ("RequestTime", _shown(signed_at)),
                ("ServerTime", _shown(now)),
            ],
        )


def check_life(call: Call, signed_at: int, seconds: int, ec: str) -> None:
    """A V4 URL says when it was signed and how long it lives."""
    now = call.request.received
    if signed_at - now > MAX_SKEW_SECONDS:
        raise refusals.access_denied("Request is not valid yet.", "0002-00000235")
    if now > signed_at + seconds:
        raise _expired(signed_at + seconds, now, ec)


def check_expiry(call: Call, expires: str) -> str:
    """The URLs before V4 say when they end, as Unix seconds; SigV2 shares V1's scheme, and its ECs."""
    now = call.request.received
    if not expires:
        raise refusals.access_denied("Invalid date (should be seconds since epoch): ", "0002-00000068")
    if not expires.isascii() or not expires.isdigit() or len(expires) > 11:
        raise refusals.access_denied(f"Invalid date (should be seconds since epoch): {expires}", "0002-00000070")
    if int(expires) < now:
        raise _expired(int(expires), now, "0002-00000069")
    return expires


def _expired(expires: int, now: float, ec: str) -> Refusal:
    """For a SigV4 URL the Code is UNCONFIRMED: only its EC is documented."""
    extras = [("Expires", _shown(expires)), ("ServerTime", _shown(int(now)))]
    return Refusal(403, "AccessDenied", "Request has expired.", ec, extras)


def _shown(seconds: int) -> str:
    """A year with more or fewer than four digits is no date that OSS prints, and not one that clients parse."""
    return iso_date(min(max(seconds, -62135596800), 253402300799))
