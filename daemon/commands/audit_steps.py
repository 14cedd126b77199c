"""The cases of an audit -> HTML, one below the other: when each was seen, what it rests on, what a person does next.

Those that need a person come first. For audit_page.py; every value is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ossmend.daemon.commands.tables import number
from ossmend.daemon.host.show import moment
from ossmend.daemon.journal.states import HUMAN, CaseState

MOST = 100
"""So many cases are told; a page of very many is read by nobody."""


def section(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Nothing where there is no case."""
    if not cases:
        return
    yield "<h2>What to do, case by case</h2>"
    for case in sorted(cases, key=lambda each: each["state"] not in HUMAN)[:MOST]:
        yield _case(case)
    if (more := len(cases) - MOST) > 0:
        yield f'<p class="note">{more} more in the table above; `ossmend audit --json` has the steps of all.</p>'


def _case(case: Mapping[str, Any]) -> str:
    title = ", ".join(filter(None, (str(case["state"]), case["code"], case["cause"], case["subject"])))
    seen = f"first seen {moment(case['first_seen'])}, last seen {moment(case['last_seen'])}"
    return "\n".join((
        '<div class="case">',
        f"<h3>{_text(number(dict(case)))}: {_text(title)}</h3>",
        f'<p class="note">{_text(seen)}</p>',
        _list("Evidence", case["evidence"], "ul"),
        f"<p>{_text(_who(case))}</p>",
        _list("", case["next_steps"] if case["state"] in (*HUMAN, CaseState.PLANNED) else [], "ol"),
        "</div>",
    ))  # fmt: skip


def _who(case: Mapping[str, Any]) -> str:
    """Who does what; the steps for a person come behind it."""
    match case["state"]:
        case CaseState.PLANNED:
            return (
                f"Next: in policy {case['policy']}, mode approve would ask you for the write, and mode enforce would "
                "send it (see Writes). Or by hand:"
            )
        case CaseState.REPORTED:
            return "Next, for a person:" if case["next_steps"] else "Next: a person has to look at it."
        case CaseState.PARKED:
            return "Next: a fault of ours has stopped this case; the log of the audit has its traceback."
        case _:
            return f"Next: nothing for you to do: {case['why']}"


def _list(title: str, values: Sequence[str], tag: str) -> str:
    if not values:
        return ""
    head = f"<p>{title}:</p>" if title else ""
    return f"{head}<{tag}>" + "".join(f"<li>{_text(value)}</li>" for value in values) + f"</{tag}>"


def _text(value: object) -> str:
    return html.escape(str(value))
