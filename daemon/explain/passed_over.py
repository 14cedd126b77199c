"""The refusals of a text -> those that the daemon and an audit pass over, if the text is a log.

A log is read strictly: a bare 403 in it is no refusal of OSS's where nothing beside it speaks of OSS. Whoever pastes a
text wants all of it explained, so `explain` reads more; what it counts has to be what an audit counts. Next: text.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ossmend.daemon.sources.parsers import told_in
from ossmend.daemon.sources.parsers.lines import Told
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

_OSS_ID = regex(r"[0-9A-F]{24}")


def passed_over(text: str, found: Sequence[Told], domains: Mapping[str, str]) -> frozenset[int]:
    """By their number from 0. A single refusal is no log: none is told. Only what may be passed over is read twice."""
    if len(found) < 2 or all(_is_osss(told.event) for told in found):
        return frozenset()
    taken = Counter((told.first, told.last) for told in told_in(text, source="", strict=True, domains=domains))
    passed: set[int] = set()
    for number, told in enumerate(found):
        place = told.first, told.last
        taken[place] -= 1
        if taken[place] < 0 and not _is_osss(told.event):
            passed.add(number)
    return frozenset(passed)


def _is_osss(event: Event) -> bool:
    """A code beside an id or an EC of OSS's is read alike either way."""
    marked = event.ec or (event.request_id and _OSS_ID.fullmatch(event.request_id))
    return event.code is not None and bool(marked)
