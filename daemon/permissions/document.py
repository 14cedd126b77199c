"""Needs -> RAM policy documents, each within RAM's size, writes in statements of their own.

Actions that need the same resources share a statement, so that a person can read it. Whoever wants the writes apart
finds them apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ossmend.daemon.permissions.judge import covers
from ossmend.daemon.permissions.needs import Need

LIMIT = 6144
"""Characters that RAM takes of one document (docs/facts.md#ram-policies)."""
Statement = dict[str, Any]


def documents(needs: Iterable[Need]) -> list[dict[str, Any]]:
    """As few as RAM takes; none where nothing is needed. All of them have to be attached."""
    made: list[list[Statement]] = []
    for statement in (part for whole in statements(needs) for part in _fitting(whole)):
        if not made or len(_compact(_document([*made[-1], statement]))) > LIMIT:
            made.append([])
        made[-1].append(statement)
    return [_document(each) for each in made]


def statements(needs: Iterable[Need]) -> list[Statement]:
    """Reads first; what one resource covers is not said a second time."""
    by_action: dict[tuple[bool, str], set[str]] = {}
    for need in needs:
        by_action.setdefault((need.writes, need.action), set()).add(need.resource)
    by_resources: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for (writes, action), resources in by_action.items():
        read_too = by_action.get((False, action), set()) if writes else set()
        left = _widest(resources - read_too)
        if left:
            by_resources.setdefault((writes, left), []).append(action)
    ordered = sorted(by_resources.items(), key=lambda item: item[0][0])
    return [_statement(sorted(actions), resources) for (_, resources), actions in ordered]


def text(document: dict[str, Any]) -> str:
    """For people where it fits so, else without blanks: RAM counts those, too."""
    pretty = json.dumps(document, indent=2, ensure_ascii=False)
    return pretty if len(pretty) <= LIMIT else _compact(document)


def _widest(resources: Iterable[str]) -> tuple[str, ...]:
    """Of two that cover each other (no region, and one) the first is left, which is the one with the star."""
    several = sorted(resources)
    return tuple(each for each in several if not any(_spares(other, each) for other in several))


def _spares(one: str, other: str) -> bool:
    return covers(one, other) and (one < other or not covers(other, one))


def _fitting(statement: Statement) -> Iterator[Statement]:
    """A statement too large for one document, halved by its resources until each part fits."""
    resources: Sequence[str] = statement["Resource"]
    if len(_compact(_document([statement]))) <= LIMIT or len(resources) < 2:
        yield statement
        return
    middle = len(resources) // 2
    for part in (resources[:middle], resources[middle:]):
        yield from _fitting(_statement(statement["Action"], part))


def _statement(actions: Sequence[str], resources: Sequence[str]) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(several: list[Statement]) -> dict[str, Any]:
    return {"Version": "1", "Statement": several}


def _compact(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
