"""Turns what should be a policy document into a sentence about what is wrong with it; policies.py reads right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ossmend.simulator.policies import OPERATORS, as_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def complaint(document: object, *, principals: bool = False) -> str | None:
    """What is wrong with a policy document, as one sentence; None if nothing is. Trust policies need no Resource."""
    if not isinstance(document, dict):
        return "The policy is not a JSON object."
    if document.get("Version") != "1":
        return "The policy version must be 1."
    found = document.get("Statement")
    if not isinstance(found, list) or not found:
        return "The policy has no Statement."
    unknown = set(document) - {"Version", "Statement", "Id"}
    if unknown:
        return f"The policy has an unknown element {min(unknown)}."
    return next(
        (wrong for one in found if (wrong := _statement_complaint(one, principals=principals)) is not None), None
    )


_MEMBERS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")


def _statement_complaint(statement: object, *, principals: bool) -> str | None:
    if not isinstance(statement, dict):
        return "A Statement is not a JSON object."
    unknown = set(statement) - set(_MEMBERS)
    if unknown:
        return f"A Statement has an unknown element {min(unknown)}."
    wrong = _elements_complaint(statement, principals=principals)
    return wrong or _condition_complaint(statement.get("Condition"))


def _elements_complaint(statement: Mapping[str, Any], *, principals: bool) -> str | None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        return "Effect must be Allow or Deny."
    if ("Action" in statement) == ("NotAction" in statement):
        return "A Statement must have either Action or NotAction."
    if "Resource" in statement and "NotResource" in statement:
        return "A Statement cannot have both Resource and NotResource."
    if not principals and "Resource" not in statement and "NotResource" not in statement:
        return "A Statement must have Resource or NotResource."
    speaks_of = "Principal" in statement or "NotPrincipal" in statement
    if speaks_of != principals:
        return "A Statement must have a Principal." if principals else "A Statement cannot have a Principal."
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        if name in statement and not _texts(statement[name]):
            return f"{name} must be a text or a list of texts."
    return None


def _texts(value: object) -> bool:
    many: Sequence[object] = as_list(value)
    return bool(many) and all(isinstance(one, str) and one for one in many)


def _condition_complaint(condition: object) -> str | None:
    if condition is None:
        return None
    if not isinstance(condition, dict):
        return "Condition must be a JSON object."
    for operator, keys in condition.items():
        if operator not in OPERATORS:
            return f"Condition operator {operator} is not supported."
        if not isinstance(keys, dict):
            return f"Condition operator {operator} must name its keys."
    return None
