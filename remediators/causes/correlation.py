"""A case and the open cases beside it -> who else runs into it: one client, or the fleet; and what may be behind both.

One code from one client and from a whole fleet are two different incidents. Dispatch finds the neighbours; the
remediators that explain ask here what they tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case, Event, Neighbour
from ossmend.remediators.contract.verdict import Diagnosis

SUDDEN = timedelta(hours=1)
"""Everybody began within so short a time: something was changed."""
MANY = 3


def others(case: Case) -> tuple[Event, ...]:
    """The case's other samples, and the newest event of each neighbour."""
    return (*case.samples[:-1], *(neighbour.event for neighbour in case.correlated))


def usage(case: Case) -> Mapping[str, Mapping[str, int]]:
    """Who runs into this code: the case's own counts and those of its neighbours of the same code."""
    merged: dict[str, dict[str, int]] = {kind: dict(table) for kind, table in case.usage.items()}
    for neighbour in case.correlated:
        if neighbour.code != case.code:
            continue
        for kind, table in neighbour.usage.items():
            counts = merged.setdefault(kind, {})
            for name, number in table.items():
                counts[name] = counts.get(name, 0) + number
    return merged


def diagnosed(case: Case, event: Event | None = None, world: Mapping[str, str] | None = None) -> Diagnosis:
    """What text, neighbours and the cloud's answers tell together. `event` where more is known than the text says."""
    return causes.diagnose_event(event or case.event, others=others(case), usage=usage(case), world=world)


def onset(case: Case) -> tuple[str, ...]:
    """A sentence if many clients began at about the same time; a case of several clients tells only its own span."""
    clients = usage(case).get("clients", {})
    cases: list[Case | Neighbour] = [case, *(each for each in case.correlated if each.code == case.code)]
    first = [each.first_seen for each in cases]
    began = [each.last_seen if len(each.usage.get("clients", {})) > 1 else each.first_seen for each in cases]
    if len(clients) < MANY or max(began) - min(first) > SUDDEN:
        return ()
    return (f"{len(clients)} clients, all since {min(first):%Y-%m-%d %H:%M}Z: something was changed then",)
