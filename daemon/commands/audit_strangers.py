"""What an audit left out as other services' errors -> its place in the report, and a line for people.

Nothing is ever written for them. But a program that was meant to reach OSS may be behind one, so nobody may take a
report without them for a log without a refusal.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

MOST_NAMES = 10
"""So many services are told by name: some names are taken from hosts, and a log may say anything."""
OTHERS = "others"


def counted(by_service: Counter[str]) -> dict[str, Any]:
    """JSON values with stable keys."""
    named = dict(by_service.most_common(MOST_NAMES))
    if more := by_service.total() - sum(named.values()):
        named[OTHERS] = more
    return {"refusals": by_service.total(), "services": {name: number for name, number in named.items() if number}}


def told(report: dict[str, Any]) -> str:
    """One line; empty where nothing was left out so."""
    found = report["another_service"]
    if not found["refusals"]:
        return ""
    services = ", ".join(f"{name} {number}" for name, number in found["services"].items())
    return (
        f"left out as other services' errors: refusals: {found['refusals']} ({services}). If the program was meant to "
        "reach OSS, look at its endpoint; `ossmend explain` tells why one was taken for another service's"
    )
