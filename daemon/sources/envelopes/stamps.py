"""`docker logs --timestamps`, `kubectl logs --timestamps`, `docker compose logs -t`: a stamp with nanoseconds in front.

Only such stamps are an envelope. A stamp with fewer digits is the application's own, and its line begins a record.
"""

from __future__ import annotations

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.remediators.contract.light import regex

_NANOSECONDS = regex(r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{8,9}(?:Z|[+-]\d\d:\d\d))(?: |$)")


def opened(raw: str) -> Line | None:
    found = _NANOSECONDS.match(raw)
    return Line(raw[found.end() :], stamp=found[1], logged=True) if found else None
