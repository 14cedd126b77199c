"""A question about the account itself -> its answer: what a diagnostic message says, how much money is left.

RAM decodes the message (it appears with a delay and expires), BSS tells the balance; by rpc.py, within the rate limit
that keys.py keeps to as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.remediators.contract.answers import Balance, Denial, MatchedPolicy
from ossmend.remediators.contract.verdict import Refused, TryAgain

LAG = timedelta(seconds=3)
"""How soon a message that is not there yet is asked for again."""


class Account:
    """RAM's and BSS's answers, each asked now."""

    def __init__(self, rpc: Rpc, limit: RateLimit) -> None:
        self._rpc = rpc
        self._limit = limit

    def denial(self, message: str) -> Denial | None:
        """None once it has expired, or where RAM knows no such message any more. TryAgain while it is not there yet:
        RAM says `EntityNotExist` for that, too (docs/facts.md#diagnostic-messages).
        """
        try:
            told = self._call("Ram", "DecodeDiagnosticMessage", {"EncodedDiagnosticMessage": message})
        except Refused as refused:
            if refused.code == "EncodedMessageExpire":
                return None
            if refused.code == "SearchInaccurate" or refused.code.startswith("EntityNotExist"):
                raise TryAgain("the diagnostic message is not there yet", LAG) from None
            raise
        decoded = _part(told, "DecodedDiagnosticMessage")
        if not decoded:
            raise Refused("DecodeDiagnosticMessage", "UnreadableAnswer", "no DecodedDiagnosticMessage in it")
        return _denial(decoded)

    def balance(self) -> Balance:
        """Only `Success` tells whether it is an answer: a 200 may be a refusal (docs/facts.md#account-balance)."""
        told = self._call("BssOpenApi", "QueryAccountBalance", {})
        data = _part(told, "Data")
        if told.get("Success") is not True or not data:
            code = str(told.get("Code") or "NoSuccess")
            raise Refused("QueryAccountBalance", code, str(told.get("Message") or "")[:200])
        try:
            available = Decimal(str(data.get("AvailableAmount", "")).replace(",", ""))
        except InvalidOperation:
            raise Refused("QueryAccountBalance", "UnreadableAnswer", "AvailableAmount is no number") from None
        if not available.is_finite():
            raise Refused("QueryAccountBalance", "UnreadableAnswer", "AvailableAmount is no number")
        return Balance(available, str(data.get("Currency") or "")[:8])

    def _call(self, product: str, action: str, params: Mapping[str, str]) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            self._limit.wait()
            return self._rpc.call(product, action, params)

        return self._rpc.asked(call)


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, dict) else {}


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return "" if value is None else str(value)[:500]


def _rows(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = told.get(name)
    found: list[Mapping[str, Any]] = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return found[:20]


def _denial(decoded: Mapping[str, Any]) -> Denial:
    principal = _part(decoded, "AuthPrincipal")
    return Denial(
        explicit=decoded.get("ExplicitDeny") in (True, "true"),
        layer=_text(decoded, "NoPermissionPolicyType"),
        action=_text(decoded, "AuthAction"),
        resource=_text(decoded, "AuthResource"),
        principal=_text(principal, "AuthPrincipalDisplayName"),
        principal_type=_text(principal, "AuthPrincipalType"),
        policies=tuple(
            MatchedPolicy(
                name=_text(row, "PolicyIdentifier"),
                effect=_text(row, "Effect"),
                kind=_text(row, "PolicyType"),
                attached_to=_text(row, "AttachedEntityType"),
            )
            for row in _rows(decoded, "MatchedPolicies")
        ),
        conditions=tuple(
            (_text(row, "ConditionKey"), ", ".join(map(str, row.get("ConditionValues") or ()))[:200])
            for row in _rows(decoded, "AuthConditions")
        ),
    )
