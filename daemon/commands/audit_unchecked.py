"""The audit's cases -> a headline: how many of them could not be checked with the cloud, why, and what is known yet.

A report whose every question was refused looks like one that found nothing to do. Whoever reads it has to know that
first. Next: audit_page.py, tables.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ossmend.daemon.journal.states import NOT_YET, UNCHECKED

_UNREAD = ("could not check ", "could not read the bucket's rights: ")
"""How the evidence of a case begins of which the text alone was weighed: its reads found no answer."""
_OF_OUR_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "SecurityTokenExpired")
"""A read that is refused with one of these: every other of the same key is, too."""

LOOKED = (
    "the causes are what log and cloud tell together; `ossmend explain` reads the text alone, unless it is given --live"
)
"""Why the same log may have another cause there."""
MOST_CODES = 10
"""So many are told by name: a log may say anything, and call it a code."""


def unchecked(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """JSON values with stable keys; None where every question was answered."""
    found = [row for row in rows if row["cause"] == UNCHECKED or _waits_for_an_answer(row) or _unread(row)]
    if not found:
        return None
    reasons = Counter(_reason(row) for row in found)
    return {
        "cases": len(found),
        "of": len(rows),
        "why": reasons.most_common(1)[0][0],
        "other_reasons": len(reasons) - 1,
        "codes": dict(Counter(row["code"] or "without a code" for row in found)),
    }


def _waits_for_an_answer(row: dict[str, Any]) -> bool:
    return row["state"] == "waiting" and str(row["why"]).startswith(NOT_YET)


def _unread(row: dict[str, Any]) -> str | None:
    """What the evidence says of its failed reads: then its cause is what the text suggests."""
    return next((str(line) for line in row.get("evidence", ()) if _is_unread(str(line))), None)


def _is_unread(line: str) -> bool:
    return line.startswith(_UNREAD) or (line.startswith("our own ") and line.endswith(_OF_OUR_KEY))


def _reason(row: dict[str, Any]) -> str:
    """Without the request id, which differs each time."""
    unread = None if row["cause"] == UNCHECKED or _waits_for_an_answer(row) else _unread(row)
    why = str(unread or row["why"]).removeprefix(NOT_YET).removeprefix("could not check: ")
    request = next((part for part in _in_brackets(why) if len(part) == 24 and part.isalnum()), None)
    return why.replace(f" ({request})", "") if request else why


def _in_brackets(text: str) -> Iterable[str]:
    return (part.partition(")")[0] for part in text.split("(")[1:])


def headline(report: dict[str, Any]) -> str:
    """One line, before everything else; empty where there is nothing to say."""
    found = report["unchecked"]
    if found is None:
        return ""
    others = f", and {found['other_reasons']} other reasons" if found["other_reasons"] else ""
    return f"COULD NOT CHECK {found['cases']} of {found['of']} cases with the cloud: {found['why']}{others}"


def known(report: dict[str, Any]) -> str:
    """What such a report is still good for, and what to do."""
    counted = Counter(report["unchecked"]["codes"]).most_common()
    codes = ", ".join(f"{number} {code}" for code, number in counted[:MOST_CODES])
    if more := sum(number for _, number in counted[MOST_CODES:]):
        codes += f", {more} with other codes"
    return (
        f"known all the same, from the logs: {codes}, each with its place and number of refusals below; `ossmend "
        "explain` says what a code means. Not known of them: the cause, what would be written, its cost. "
        "`ossmend check --live` says what is wrong with key, network or permissions; then run the audit again"
    )


def with_unknown(known_writes: str, report: dict[str, Any]) -> str:
    """The writes that are planned; what nobody could check is not "nothing"."""
    found = report["unchecked"]
    if found is None:
        return known_writes or "nothing"
    if not known_writes:
        return f"not known of {found['cases']} of {found['of']} cases"
    return f"{known_writes}; not known of {found['cases']} of {found['of']} cases"


def cost(report: dict[str, Any]) -> str:
    """With the day of the prices; of what nobody could check, or has a price of, it is not 0."""
    told, found = report["cost"], report["unchecked"]
    if found is not None and not report["calls"]:
        return "not known"
    number = told.get("unpriced", 0)
    least = "at least " if found is not None or number else ""
    more = f", and {number} {'write' if number == 1 else 'writes'} of which no price is known" if number else ""
    return f"{least}{told['amount']} {told['currency']} (prices as of {told['prices_as_of']}){more}"
