"""A person's word on a case, left in the journal where the daemon reads it: approve, reject, retry, undo."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.host.show import DatedPrices, moment, request, text
from ossmend.daemon.journal import answers, cases, entries, intents, locks, undos
from ossmend.daemon.journal import pause as switch
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.intents import UNDO, Intent, NewWrite
from ossmend.daemon.journal.schema import cases as case_table
from ossmend.daemon.journal.states import WriteState
from ossmend.daemon.journal.store import Store
from ossmend.daemon.journal.undos import Undo
from ossmend.remediators.contract.case import Case

NO_CASE = "there is no case {}: `ossmend cases list --all` lists them"


SAID: Mapping[str, str] = {"write.approved": "approved", "write.rejected": "rejected"}
"""Entries by which the journal keeps a person's word on a write."""


class Impossible(Exception):
    """That cannot be said of this case; the sentence tells what is so."""


class Unknown(Impossible):
    """There is no such case."""


def approve(store: Store, case_id: int, prices: DatedPrices | None = None) -> dict[str, Any]:
    """Let exactly the writes that are held now go; another plan needs another approval."""
    return _answer(store, case_id, prices, granted=True)


def reject(store: Store, case_id: int, prices: DatedPrices | None = None) -> dict[str, Any]:
    """Refuse the writes that are held now, for as long as an approval would have lived."""
    return _answer(store, case_id, prices, granted=False)


def retry(store: Store, case_id: int, _prices: DatedPrices | None = None) -> dict[str, Any]:
    """Look at the case again now; a parked case gets another try."""
    now = datetime.now(UTC)
    with store.begin() as connection:
        _existing(connection, case_id)
        cases.reopen(connection, case_id, now)
        entries.append(connection, now, [Entry("case.retry", case_id, {"by": _person()})])
    return {"case": case_id, "done": "retry", "writes": []}


def undo(store: Store, case_id: int, prices: DatedPrices | None = None) -> dict[str, Any]:
    """Ask for the newest undoable write of the case to be taken back."""
    now = datetime.now(UTC)
    with store.begin() as connection:
        case = _existing(connection, case_id)
        if case_id in intents.asked(connection):
            raise Impossible(f"an undo of case {case_id} is asked for already")
        found = intents.of_case(connection, case_id)
        taken_back = undos.of_case(connection, case_id, found)
        standing = undos.standing(found, taken_back)
        found_undo = undos.next_undo(standing)
        if found_undo is None:
            raise Impossible(
                f"case {case_id} has no write that can be undone{_not_undone(standing, found, taken_back)}"
            )
        _, write = found_undo
        asked = NewWrite(case_id=case_id, policy=case.policy, account=case.account, write=write,
                         state=WriteState.ASKED, why=UNDO)  # fmt: skip
        intents.put(connection, [asked], now)
        data = {
            "by": _person(),
            "operation": write.operation,
            "target": write.target,
            "outcome": "an undo is asked for",
        }
        cases.reopen(connection, case_id, now)
        entries.append(connection, now, [Entry("write.asked", case_id, data)])
    return {
        "case": case_id,
        "done": "undo",
        "policy": case.policy,
        "writes": [{"operation": write.operation, "target": write.target} | request(write, prices)],
    }


def _not_undone(standing: Sequence[Intent], found: Sequence[Intent], taken_back: Sequence[Undo]) -> str:
    """To take an undo back would be a repair, which is a policy's to plan and a person's to approve."""
    if standing:
        return f": {standing[-1].write.not_undone()}"
    last = undos.last_done(found, taken_back)
    if last is None:
        return ": nothing was written"
    return ": it was undone already" + (f", asked for by {text(str(last.by))} at {moment(last.at)}" if last.at else "")


def pause(store: Store, policy: str) -> dict[str, Any]:
    """No new write of this policy, or with an empty name of any, until `resume`."""
    with store.begin() as connection:
        switch.pause(connection, policy, _person(), datetime.now(UTC))
        return _pauses(connection, store)


def resume(store: Store, policy: str) -> dict[str, Any]:
    """End this policy's pause, or every one."""
    with store.begin() as connection:
        ended = switch.resume(connection, policy, _person(), datetime.now(UTC))
        return _pauses(connection, store) | {"resumed": [each.policy or "all" for each in ended]}


def _pauses(connection: sa.Connection, store: Store) -> dict[str, Any]:
    standing = [
        {"policy": each.policy or "all", "by": each.by, "since": each.at} for each in switch.standing(connection)
    ]
    return {"paused": standing, "file": switch.file_in(store.directory)}


def _answer(store: Store, case_id: int, prices: DatedPrices | None, *, granted: bool) -> dict[str, Any]:
    now, person = datetime.now(UTC), _person()
    with store.begin() as connection:
        case = _existing(connection, case_id)
        held = [intent for intent in intents.of_case(connection, case_id) if intent.state is WriteState.HELD]
        if not held:
            raise Impossible(_holds_nothing(connection, case))
        if granted and all(answers.is_beyond(intent.held_by) for intent in held):
            raise Impossible(f"no approval lets case {case_id} go: {text(held[0].outcome)}")
        digests = [intent.digest for intent in held]
        said = answers.standing(connection, now).get(case_id)
        already = said if said is not None and said.granted == ("approved" if granted else "rejected") else None
        if already is None:
            intents.approve(connection, digests, case_id, person, now, granted=granted)
            kind = "write.approved" if granted else "write.rejected"
            entries.append(connection, now, [Entry(kind, case_id, {"by": person, "digests": digests})])
        cases.wake(connection, [case_id], now)
        after = answers.ends_pause(connection, case.policy, store.directory / switch.FILE) if granted else None
    shown = [
        {"operation": each.write.operation, "target": each.write.target, "digest": each.digest}
        | request(each.write, prices)
        for each in held
    ]
    holds_on = next((text(each.outcome) for each in held if answers.holds_on(each.held_by)), None) if granted else None
    again = None if already is None else {"by": already.by, "at": already.at.isoformat()}
    return {"case": case_id, "done": "approve" if granted else "reject", "already": again, "leaves_after": after,
            "holds_on": holds_on, "writes": shown}  # fmt: skip


def _existing(connection: sa.Connection, case_id: int) -> Case:
    """It is ours until the transaction ends, and then looked at."""
    locks.wake(connection)
    cases.lock(connection, case_table.c.id == case_id)
    found = cases.get(connection, case_id)
    if found is None:
        raise Unknown(NO_CASE.format(case_id))
    return found


def _holds_nothing(connection: sa.Connection, case: Case) -> str:
    """What was said last of this case's writes, by whom and when; what it is now."""
    said = entries.newest_of(connection, case.id, tuple(SAID))
    told = (
        f" was {SAID[said.kind]} by {text(str(said.data.get('by')))} at {moment(said.at)}, and"
        if said is not None
        else ""
    )
    return f"case {case.id}{told} is {case.state} now: nothing of it waits for approval"


def _person() -> str:
    """Who says so, as far as the machine knows."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


ANSWERS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "approve": approve,
    "reject": reject,
    "retry": retry,
    "undo": undo,
}
