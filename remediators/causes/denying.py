"""A bucket policy and a request -> the Deny statements that name it. Reading only: conditions are told, not evaluated.

Alibaba's policy grammar: `*` and `?` are wildcards, actions compare without case, resources end in `bucket` or
`bucket/key`. access_denied.py asks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ossmend.remediators.contract.values import shortened

MOST_SENTENCES = 3


def denying(policy: str, action: str | None, bucket: str, key: str | None) -> tuple[str, ...]:
    """One sentence for each Deny that fits; with an action that is not known, every Deny on the place fits."""
    found = []
    for number, statement in enumerate(_statements(policy), 1):
        if statement.get("Effect") != "Deny":
            continue
        if not _names(statement, "Action", action) or not _place(statement, bucket, key):
            continue
        condition = " under a condition" if statement.get("Condition") else ""
        what = shortened(", ".join(_texts(statement.get("Action", statement.get("NotAction")))), 100)
        whom = ", ".join(_texts(statement.get("Principal"))) or "everybody not excepted"
        found.append(f"statement {number} denies {what} to {shortened(whom, 60)}{condition}")
    return tuple(found[:MOST_SENTENCES])


def _statements(policy: str) -> Iterator[Mapping[str, Any]]:
    try:
        document = json.loads(policy)
    except ValueError:
        return
    statements = document.get("Statement") if isinstance(document, dict) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            yield statement


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _names(statement: Mapping[str, Any], element: str, action: str | None) -> bool:
    if action is None:
        return True
    low = action.lower()
    if f"Not{element}" in statement:
        return not any(like(low, pattern.lower()) for pattern in _texts(statement[f"Not{element}"]))
    return any(like(low, pattern.lower()) for pattern in _texts(statement.get(element)))


def _place(statement: Mapping[str, Any], bucket: str, key: str | None) -> bool:
    wanted = f"{bucket}/{key}" if key else bucket
    patterns = [relative(resource) for resource in _texts(statement.get("Resource"))]
    if key is None:
        return any(like(wanted, pattern) or pattern.startswith(f"{bucket}/") for pattern in patterns)
    return any(like(wanted, pattern) for pattern in patterns)


def relative(resource: str) -> str:
    """`bucket/key` of `acs:oss:region:account:bucket/key`; a key may have colons of its own."""
    return resource.split(":", 4)[-1] if resource.startswith("acs:") else resource


def like(text: str, pattern: str) -> bool:
    """`*` and `?` are wildcards and nothing else is. Policies and lists are other people's text: fnmatch does not
    backtrack over its stars, which a plain `.*` for each would.
    """
    return fnmatchcase(text, pattern.replace("[", "[[]"))
