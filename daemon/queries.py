"""Journal -> values for people: cases, one case whole, the journal's entries, what a dry run has planned.

The one reader of the journal beside the stages: commands, reports, metrics and pages ask it, and nothing in stages/
does. All that comes from a log or from the cloud is made safe here. How it looks on a terminal is commands/tables.py.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.host.show import DatedPrices, clean, request, subject_text, text
from ossmend.daemon.journal import answers, ceilings, entries, intents, pause, undos
from ossmend.daemon.journal import cases as journal_cases
from ossmend.daemon.journal.answers import Answer
from ossmend.daemon.journal.schema import CURRENT, cases, cursors, flags, notices, writes
from ossmend.daemon.journal.schema import entries as journal_table
from ossmend.daemon.journal.states import HUMAN, SPENT, UNCHECKED, CaseState
from ossmend.remediators.contract.case import Subject
from ossmend.remediators.contract.values import AccountRef

HUMAN_STATES = tuple(state.value for state in HUMAN)
"""States in which nothing more happens until a person does something."""

NOT_SAID: Mapping[str, str] = defaultdict(str, {CaseState.OPEN: "just seen: it is looked at next"})
"""Why a case stands as it does, where no plan has said so yet."""


def open_cases(connection: sa.Connection) -> list[dict[str, Any]]:
    """Every case that is not closed, those that need a person first."""
    return _rows(connection, cases.c.state != CaseState.CLOSED)


def all_cases(connection: sa.Connection) -> list[dict[str, Any]]:
    return _rows(connection, sa.true())


def begun(connection: sa.Connection) -> frozenset[str]:
    """The sources that have a place to go on from, by the names that the journal has for them."""
    return frozenset(connection.scalars(sa.select(cursors.c.source).distinct()))


def needs_a_human(rows: list[dict[str, Any]]) -> bool:
    """What a person has answered needs none until the daemon has looked, or the answer is over."""
    return any(row["state"] in HUMAN_STATES and row["answered"] is None for row in rows)


def report(connection: sa.Connection, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """`closed_not_shown`: how many more cases there are, which are over."""
    closed = by_state(connection)[CaseState.CLOSED]
    shown = sum(row["state"] == CaseState.CLOSED for row in rows)
    return {"cases": rows, "not_opened": not_opened(connection), "closed_not_shown": closed - shown}


def not_opened(connection: sa.Connection) -> list[dict[str, Any]]:
    """What was counted at a ceiling and not opened, by policy; `over`: it still is."""
    return [
        {
            "policy": row.policy,
            "over": row.over,
            "ceiling": row.ceiling,
            "most": row.most,
            "subjects": row.subjects,
            "events": row.events,
            "since": row.since.isoformat(),
            "last": row.last.isoformat(),
        }
        for row in ceilings.all_turned(connection)
    ]


def by_state(connection: sa.Connection) -> dict[str, int]:
    """How many cases there are in each state; every state has its number."""
    found = dict(journal_cases.by_state(connection))
    return {state.value: found.get(state.value, 0) for state in CaseState}


def held(connection: sa.Connection) -> dict[str, int]:
    """What holds writes back, with how many: approval, pause, a brake's name; `approved`: the daemon's next look."""
    found: Counter[str] = Counter()
    for (by, said), number in answers.held(connection, datetime.now(UTC)).items():
        found[said if said and by in answers.ANSWERED and by != pause.HELD_BY else by] += number
    return dict(sorted(found.items()))


def waiting_for_a_person(connection: sa.Connection, counts: Mapping[str, int]) -> int:
    """`counts`: of by_state. A case that was answered waits for the daemon."""
    answered = answers.standing(connection, datetime.now(UTC))
    still = sa.select(sa.func.count()).where(cases.c.state.in_(HUMAN_STATES), cases.c.id.in_(answered))
    return sum(counts[state] for state in HUMAN_STATES) - (connection.scalar(still) or 0 if answered else 0)


def unchecked(connection: sa.Connection) -> int:
    """Cases of which nobody knows the cause, because our own requests were refused."""
    found = sa.select(sa.func.count()).where(cases.c.state == CaseState.REPORTED, cases.c.cause == UNCHECKED)
    return connection.scalar(found) or 0


def accounts(connection: sa.Connection) -> list[AccountRef]:
    """The accounts whose brakes have something to count, and the default one."""
    sent = writes.c.state.in_([state.value for state in SPENT])
    names = connection.scalars(sa.select(writes.c.account).where(sent).distinct())
    return sorted({AccountRef(), *map(AccountRef.of, names)}, key=str)


def channel(connection: sa.Connection, name: str) -> dict[str, Any]:
    """How a channel fares: what waits for it, why, and what it was given up with."""
    waits, mine = notices.c.due_at.is_not(None), notices.c.channel == name
    number, oldest = connection.execute(
        sa.select(sa.func.count(), sa.type_coerce(sa.func.min(notices.c.at), notices.c.at.type)).where(mine, waits)
    ).one()
    newest = sa.select(notices.c.at, notices.c.outcome).where(mine).order_by(notices.c.id.desc()).limit(1)
    sent = connection.scalar(newest.with_only_columns(notices.c.at).where(notices.c.outcome == "sent"))
    failing = newest.with_only_columns(notices.c.outcome).where(waits, notices.c.tries > 0)
    given_up = newest.where(~waits, notices.c.outcome != "sent")
    last = connection.execute(given_up).first()
    return {
        "name": clean(name),
        "waiting": number,
        "oldest_waiting_at": oldest.isoformat() if oldest is not None else None,
        "last_sent_at": sent.isoformat() if sent is not None else None,
        "failing": clean(connection.scalar(failing)),
        "given_up_at": last.at.isoformat() if last is not None else None,
        "given_up": clean(last.outcome) if last is not None else None,
    }


def verified(connection: sa.Connection) -> dict[str, Any]:
    """Does the journal's chain hold, and from where on?"""
    anchor, broken = entries.anchor(connection), entries.first_broken(connection)
    number = connection.scalar(sa.select(sa.func.count()).select_from(journal_table))
    return {
        "holds": broken is None,
        "first_broken": broken,
        "entries": number,
        "retired_through": anchor.seq or None,
        "anchor": anchor.hash,
    }


def keys(connection: sa.Connection) -> list[tuple[int, str]]:
    """Each case that takes events, with what makes it this case: policy, subject, account."""
    query = sa.select(cases.c.id, cases.c.subject_key).where(sa.text(CURRENT))
    return [(row.id, row.subject_key) for row in connection.execute(query)]


def findings(connection: sa.Connection) -> dict[int, dict[str, list[str]]]:
    """What each case that is not closed has been told with: its evidence, and what a person does next."""
    query = sa.select(cases.c.id, cases.c.diagnosis).where(cases.c.state != CaseState.CLOSED)
    said = {row.id: row.diagnosis or {} for row in connection.execute(query)}
    return {
        case_id: clean({"evidence": told.get("evidence", []), "next_steps": told.get("next_steps", {}).get("en", [])})
        for case_id, told in said.items()
    }


def _rows(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    waits = sa.case((cases.c.state.in_(HUMAN_STATES), 0), else_=1)
    query = sa.select(cases).where(condition).order_by(waits, cases.c.id)
    flagged = {row.case_id: row for row in connection.execute(sa.select(flags))}
    said = answers.standing(connection, datetime.now(UTC))
    return [
        _row(row, flagged.get(row.id)) | _answered(connection, row, said.get(row.id))
        for row in connection.execute(query)
    ]


def _answered(connection: sa.Connection, row: Any, answer: Answer | None) -> dict[str, Any]:
    """What a person has said of it and the daemon has not acted on yet: that is why it stands as it does."""
    if answer is None:
        return {"answered": None}
    told = answer.told(answers.ends_pause(connection, row.policy))
    is_held_otherwise = answer.held_by not in answers.ANSWERED and row.why
    return {
        "answered": {"done": answer.granted, "by": clean(answer.by), "at": answer.at.isoformat()},
        "why": f"{told}; {clean(row.why)}" if is_held_otherwise else told,
    }


def _row(row: Any, flag: Any | None) -> dict[str, Any]:
    diagnosis = row.diagnosis or {}
    return {
        "id": row.id,
        "state": row.state,
        "code": clean(row.code),
        "cause": row.cause,
        "subject": subject_text(Subject(row.subject[0], tuple(row.subject[1:]))),
        "policy": row.policy,
        "account": AccountRef.of(row.account).account,
        "region": row.region or None,
        "events": row.events,
        "recurrences": row.recurrences,
        "first_seen": row.first_seen.isoformat(),
        "last_seen": row.last_seen.isoformat(),
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "from": _from(row.usage),
        "why": clean(row.why) or NOT_SAID[row.state],
        "confidence": diagnosis.get("confidence"),
        "facts": clean(diagnosis.get("facts", {})),
        "flag": clean(_flag(flag)) if flag is not None else None,
    }


def _from(usage: Mapping[str, Mapping[str, int]]) -> str:
    """Who runs into it, and where that was read: the most frequent client, or else agent, and log."""
    clients, logs = usage.get("clients") or usage.get("agents") or {}, usage.get("logs") or {}
    return ", ".join(_most(table) for table in (clients, logs) if table)


def _most(table: Mapping[str, int]) -> str:
    name = max(table, key=lambda each: table[each])
    return text(name) + (f" +{len(table) - 1}" if len(table) > 1 else "")


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


def one_case(connection: sa.Connection, case_id: int, prices: DatedPrices | None = None) -> dict[str, Any] | None:
    """A case with its diagnosis, writes (with `prices` what each costs), users and samples; None if there is none."""
    row = connection.execute(sa.select(cases).where(cases.c.id == case_id)).first()
    if row is None:
        return None
    flag = connection.execute(sa.select(flags).where(flags.c.case_id == case_id)).first()
    answer = answers.standing(connection, datetime.now(UTC)).get(case_id)
    return (
        _row(row, flag)
        | _answered(connection, row, answer)
        | {
            "verified_at": row.verified_at.isoformat() if row.verified_at else None,
            "looked_at": row.planned_at.isoformat() if row.planned_at else None,
            "watch_until": row.watch_until.isoformat() if row.watch_until else None,
            "ends_pause": answers.ends_pause(connection, row.policy),
            "diagnosis": clean(row.diagnosis),
            **_writes(connection, case_id, prices),
            "used_by": clean(row.usage),
            "samples": clean([sample.get("sample") for sample in json.loads(row.samples)]),
        }
    )


def _writes(connection: sa.Connection, case_id: int, prices: DatedPrices | None) -> dict[str, Any]:
    """Oldest first, numbered from 1; of an undo, which of them it takes back, and who asked for it. `undoable` is the
    number of the one that `cases undo` would take back now.
    """
    found = intents.of_case(connection, case_id)
    taken_back = undos.of_case(connection, case_id, found)
    next_undo = undos.next_undo(undos.standing(found, taken_back))
    told = [
        {"number": number}
        | _write(intent, prices)
        | {
            "undoes": None if undo.of is None else undo.of + 1,
            "asked_by": clean(undo.by),
            "asked_at": undo.at.isoformat() if undo.at else None,
        }
        for number, (intent, undo) in enumerate(zip(found, taken_back, strict=True), 1)
    ]
    return {"writes": told, "undoable": found.index(next_undo[0]) + 1 if next_undo else None}


def _write(intent: intents.Intent, prices: DatedPrices | None) -> dict[str, Any]:
    return {
        "operation": intent.write.operation,
        "target": clean(intent.write.target, "target"),
        "state": intent.state,
        "outcome": clean(intent.outcome),
        "held_by": intent.held_by,
        **request(intent.write, prices),
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


def planned(connection: sa.Connection) -> list[intents.Intent]:
    """The writes that a dry run would send, case by case."""
    query = sa.select(cases.c.id).where(cases.c.state == CaseState.PLANNED).order_by(cases.c.id)
    return [intent for case_id in connection.scalars(query).all() for intent in intents.of_case(connection, case_id)]
