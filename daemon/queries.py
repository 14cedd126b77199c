"""Reads the journal for people: cases, one case whole, the journal's entries; as JSON values and as tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ossmend.daemon.host.show import clean, subject_text
from ossmend.daemon.journal import entries, intents
from ossmend.daemon.journal.schema import cases, flags
from ossmend.daemon.journal.states import HUMAN
from ossmend.remediators.contract.case import Subject

if TYPE_CHECKING:
    from rich.console import Console

HUMAN_STATES = tuple(state.value for state in HUMAN)
"""States in which nothing more happens until a person does something."""


def open_cases(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every case that is not closed, those that wait for a human first."""
    return _rows(connection, cases.c.state != "closed")


def all_cases(connection: sa.Connection) -> list[dict[str, Any]]:
    return _rows(connection, sa.true())


def needs_a_human(rows: list[dict[str, Any]]) -> bool:
    return any(row["state"] in HUMAN_STATES for row in rows)


def report(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"cases": rows}


def _rows(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    waits = sa.case((cases.c.state.in_(HUMAN_STATES), 0), else_=1)
    query = sa.select(cases).where(condition).order_by(waits, cases.c.id)
    flagged = {row.case_id: row for row in connection.execute(sa.select(flags))}
    return [_row(row, flagged.get(row.id)) for row in connection.execute(query)]


def _row(row: Any, flag: Any | None) -> dict[str, Any]:
    diagnosis = row.diagnosis or {}
    return {
        "id": row.id,
        "state": row.state,
        "code": row.code,
        "cause": row.cause,
        "subject": subject_text(Subject(row.subject[0], tuple(row.subject[1:]))),
        "policy": row.policy,
        "events": row.events,
        "recurrences": row.recurrences,
        "first_seen": row.first_seen.isoformat(),
        "last_seen": row.last_seen.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "why": clean(row.why),
        "confidence": diagnosis.get("confidence"),
        "facts": clean(diagnosis.get("facts", {})),
        "flag": clean(_flag(flag)) if flag is not None else None,
    }


def _flag(flag: Any) -> dict[str, Any]:
    return {
        "access_key_id": flag.access_key_id,
        "status": flag.status,
        "owner": flag.owner,
        "since": flag.since.isoformat() if flag.since else None,
        "note": flag.note,
        "raised_at": flag.raised_at.isoformat(),
        "dry_run": flag.dry_run,
    }


def one_case(connection: sa.Connection, case_id: int) -> dict[str, Any] | None:
    """A case with its diagnosis, writes, users and samples; None if there is no such case."""
    row = connection.execute(sa.select(cases).where(cases.c.id == case_id)).first()
    if row is None:
        return None
    flag = connection.execute(sa.select(flags).where(flags.c.case_id == case_id)).first()
    return _row(row, flag) | {
        "diagnosis": clean(row.diagnosis),
        "writes": [_write(intent) for intent in intents.of_case(connection, case_id)],
        "used_by": clean(row.usage),
        "samples": clean([sample.get("sample") for sample in json.loads(row.samples)]),
    }


def _write(intent: intents.Intent) -> dict[str, Any]:
    return {
        "operation": intent.write.operation,
        "target": clean(intent.write.target),
        "state": intent.state,
        "outcome": clean(intent.outcome),
        "planned_at": intent.planned_at.isoformat(),
        "sent_at": intent.sent_at.isoformat() if intent.sent_at else None,
        "request_id": intent.request_id,
        "digest": intent.digest,
    }


def journal(connection: sa.Connection, limit: int, case_id: int | None) -> dict[str, Any]:
    return {
        "entries": [
            {
                "seq": entry.seq,
                "at": entry.at.isoformat(),
                "kind": entry.kind,
                "case": entry.case_id,
                "data": clean(dict(entry.data)),
                "hash": entry.hash,
            }
            for entry in entries.newest(connection, limit, case_id)
        ]
    }


# ------------------------------------------------------------------------------------------------------- for people


def render(found: dict[str, Any], console: Console) -> None:
    """A table of cases."""
    from rich.table import Table
    from rich.text import Text

    if not found["cases"]:
        console.print("no open cases")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("case", "state", "code", "cause", "subject", "events", "why"):
        table.add_column(name, overflow="fold", no_wrap=name in ("case", "state", "code", "events"))
    for row in found["cases"]:
        style = "bold" if row["state"] in HUMAN_STATES else ""
        cells = (
            row["id"],
            row["state"],
            row["code"] or "-",
            row["cause"] or "-",
            row["subject"],
            row["events"],
            row["why"],
        )
        table.add_row(*(Text(str(cell), style=style) for cell in cells))
    console.print(table)


def render_one(found: dict[str, Any], console: Console) -> None:
    """One case as a page of text."""

    def line(name: str, value: object) -> None:
        if value not in (None, "", [], {}):
            console.print(f"{name:>12}  {value}", markup=False, soft_wrap=True)

    for name in ("id", "state", "code", "cause", "confidence", "subject", "policy", "events", "recurrences"):
        line(name, found[name])
    line("seen", f"{found['first_seen']} .. {found['last_seen']}")
    line("why", found["why"])
    if found["flag"]:
        line("flag", ", ".join(f"{name}: {value}" for name, value in found["flag"].items() if value))
    diagnosis = found["diagnosis"] or {}
    statement = found["facts"].get("statement")
    for title, values in (
        ("evidence", diagnosis.get("evidence", [])),
        ("next", diagnosis.get("next_steps", {}).get("en", [])),
        ("avoid", diagnosis.get("avoid", {}).get("en", [])),
        ("grant", [json.dumps(statement, ensure_ascii=False)] if statement else []),
    ):
        for number, value in enumerate(values):
            line(title if number == 0 else "", value)
    for write in found["writes"]:
        line(
            "write",
            f"{write['operation']} {write['target']}: {write['state']} {write['outcome']} [{write['digest'][:12]}]",
        )
    for kind, table in found["used_by"].items():
        line(kind, ", ".join(f"{name} ({number})" for name, number in table.items()))


def render_journal(found: dict[str, Any], console: Console) -> None:
    """One line an entry."""
    for entry in found["entries"]:
        data = ", ".join(f"{name}={value}" for name, value in entry["data"].items() if value not in (None, ""))
        case = f"case {entry['case']}" if entry["case"] is not None else ""
        console.print(
            f"{entry['seq']:>6} {entry['at'][:19]}Z {entry['kind']:<16} {case:<9} {data}", markup=False, soft_wrap=True
        )
