"""A bucket policy and a request -> the Deny statements that name it. Reading only: conditions are told, not evaluated.

Alibaba's policy grammar: `*` and `?` are wildcards, actions compare without case, resources end in `bucket` or
`bucket/key`. access_denied.py asks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

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
        what = ", ".join(_texts(statement.get("Action", statement.get("NotAction"))))[:100]
        whom = ", ".join(_texts(statement.get("Principal"))) or "everybody not excepted"
        found.append(f"statement {number} denies {what} to {whom[:60]}{condition}")
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
    if f"Not{element}" in statement:
        return not any(_like(pattern, action) for pattern in _texts(statement[f"Not{element}"]))
    return any(_like(pattern, action) for pattern in _texts(statement.get(element)))


def _place(statement: Mapping[str, Any], bucket: str, key: str | None) -> bool:
    wanted = f"{bucket}/{key}" if key else bucket
    patterns = [pattern.rsplit(":", 1)[-1] for pattern in _texts(statement.get("Resource"))]
    if key is None:
        return any(_like(pattern, wanted) or pattern.startswith(f"{bucket}/") for pattern in patterns)
    return any(_like(pattern, wanted) for pattern in patterns)


def _like(pattern: str, text: str) -> bool:
    """Wildcards: a run of stars counts once, so that a hostile pattern costs no more than a plain one."""
    squeezed = re.sub(r"\*+", "*", pattern[:1024])
    parts = "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in squeezed)
    return squeezed.count("*") <= 16 and re.fullmatch(parts, text, re.IGNORECASE | re.DOTALL) is not None
