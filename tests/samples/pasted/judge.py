"""What `explain` said of a text, beside what a careful reader says: the differences, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

FACTS = ("code", "bucket", "key", "request_id", "ec")


def differences(expected: dict[str, Any], events: Sequence[dict[str, Any]]) -> list[str]:
    """Empty where the answer is right."""
    counts = _options(expected["events"])
    if not events:
        return [] if 0 in counts else ["no event"]
    found = [] if len(events) in counts else [f"{len(events)} events"]
    found += _writes(expected["write"], events)
    if counts == [0]:
        return found
    best = max(events, key=lambda event: len(FACTS) - len(_facts(expected, event)) + _names(expected["causes"], event))
    found += [*_facts(expected, best), *_cause(expected["causes"], expected.get("must"), best)]
    left = list(events)
    for each in expected.get("all") or []:
        same = next((event for event in left if event["code"] in _options(each["code"])), None)
        if same is None:
            found.append(f"no event {each['code']}")
            continue
        left.remove(same)
        found += _cause(each["causes"], each.get("must"), same)
    return found


def _options(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _facts(expected: dict[str, Any], event: dict[str, Any]) -> list[str]:
    return [
        f"{name}: {event[name]!r}"
        for name in FACTS
        if (event[name] or None) not in [option or None for option in _options(expected[name])]
    ]


def _names(causes: list[str] | None, event: dict[str, Any]) -> bool:
    return causes is not None and event["diagnosis"]["cause"] in causes


def _cause(causes: list[str] | None, must: str | None, event: dict[str, Any]) -> list[str]:
    diagnosis = event["diagnosis"]
    if causes is not None and diagnosis["cause"] not in causes:
        return [f"cause: {diagnosis['cause']} {diagnosis['confidence']}"]
    told = {name: value for name, value in diagnosis.items() if name not in ("avoid", "alternatives")}
    if must and not re.search(must, json.dumps(told, ensure_ascii=False), re.IGNORECASE):
        return [f"nothing fits {must}"]
    return []


def _writes(write: dict[str, str] | None, events: Sequence[dict[str, Any]]) -> list[str]:
    proposed = {(each["operation"], each["target"]) for event in events for each in event["writes"]}
    wanted = {(write["operation"], write["target"])} if write else set()
    return [f"writes: {sorted(proposed)}"] if proposed != wanted else []
