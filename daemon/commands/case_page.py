"""One case whole (daemon/queries.py) -> a page of text: what was found, what comes next and who does it, what was sent.

What a person reads first is who has to do something. A diagnosis is of the moment when it was made: while ossmend
itself is at work (open, waiting, sending, watching), its steps for people are over or not wanted, and the page says
what is waited for instead. Next: held_words.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ossmend.daemon.commands.held_words import way_out
from ossmend.daemon.commands.tables import are_several
from ossmend.daemon.commands.write_page import request
from ossmend.daemon.host.show import NO_BUCKET, ago, moment, seconds_since
from ossmend.daemon.journal.answers import is_beyond
from ossmend.daemon.journal.placing import UNTAKEN
from ossmend.daemon.journal.states import UNSENT, CaseState, WriteState
from ossmend.remediators.causes import CAUSES
from ossmend.remediators.contract.registry import Remediator

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SECOND = 19
"""Characters of a time that goes down to the second, as the state and as a page spell it."""
NAME_IT = (
    "nothing can be looked at without the bucket: if the line has the host of a bucket's own domain, name that domain "
    "in `cloud.domains`; else have the application log the bucket"
)
LONGEST_SAMPLE = 400
"""Characters of a log's line that is shown as evidence; `--json` has all of it."""
LEAST_SHARE = 0.05
"""What is less likely than that is in `--json` alone."""
OVER = (CaseState.CLOSED, CaseState.WATCHING)
NAMES = 12
"""Columns of the names."""
HOLDABLE = (WriteState.HELD, WriteState.ASKED)
BY_HAND = "or by hand:"
TO_COPY = frozenset({"grant"})
Line = tuple[str, object]


def page(found: dict[str, Any], console: Console) -> None:
    """Print it: a name, and what it is; what is empty is left out. A terminal gets it wrapped between words, beside the
    names; what is there to be copied, and all that goes into a pipe, stays one line.
    """
    for name, value in lines(found):
        if value in (None, "", [], {}):
            continue
        if console.is_terminal and name not in TO_COPY:
            console.print(_beside(name, str(value)))
        else:
            console.print(f"{name:>{NAMES}}  {value}", soft_wrap=True)


def _beside(name: str, value: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=NAMES, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(name), Text(value))
    return grid


def lines(found: dict[str, Any]) -> Iterator[Line]:
    for name in ("id", "state", "code", "cause", "confidence", "subject", "policy", "events", "recurrences"):
        yield name, found[name]
    if are_several([found]):
        yield "account", found["account"]
    yield "region", found["region"]
    yield "seen", f"{found['first_seen']} .. {found['last_seen']}"
    yield "why", found["why"]
    if found["flag"]:
        yield "flag", ", ".join(f"{name}: {value}" for name, value in found["flag"].items() if value)
    yield from _titled("evidence", _evidence(found))
    yield from _titled("or perhaps", list(_others(found)))
    yield from _titled("next", list(_next(found)))
    yield from _titled("avoid", _avoid(found))
    statement = found["facts"].get("statement")
    yield "grant", json.dumps(statement, ensure_ascii=False) if statement else None
    for write in found["writes"]:
        yield from _write(write, several=len(found["writes"]) > 1)
    for kind, table in found["used_by"].items():
        yield kind, ", ".join(f"{name} ({number})" for name, number in table.items())


def _titled(title: str, values: Sequence[str]) -> Iterator[Line]:
    for number, value in enumerate(values):
        yield ("" if number else title), value


# ---------------------------------------------------------------------------------------------- what is known, and next


def _evidence(found: dict[str, Any]) -> list[str]:
    """What the diagnosis rests on, each with its time, the newest look first: a diagnosis outlives the looks that come
    after it. Where none was needed, the log's own line is what there is; where no bucket is named, it helps.
    """
    diagnosis, looked = found["diagnosis"] or {}, found.get("looked_at")
    seen_at, told = diagnosis.get("seen_at"), list(diagnosis.get("evidence", []))
    looks = [(seen_at, each) for each in told]
    is_newer = looked and (seen_at is None or looked[:SECOND] > seen_at[:SECOND])
    if is_newer and found["why"] and found["state"] != CaseState.CLOSED:  # how it ended is no look
        looks.append((looked, found["why"]))
    if found["verified_at"]:
        looks.append((found["verified_at"], "seen well by ossmend itself"))
    if not told or NO_BUCKET in found["subject"]:
        lines_of_logs = [sample for sample in found["samples"] if sample]
        looks += [(found["last_seen"], f"a log says: {_short(sample)}") for sample in lines_of_logs[:1]]
    looks.sort(key=lambda look: look[0] or "", reverse=True)
    return [f"{_seen(at)}: {each}" for at, each in looks]


def _others(found: dict[str, Any]) -> Iterator[str]:
    """What else it may be, as `explain` tells it; nothing of a trouble that is over."""
    if found["state"] in OVER:
        return
    for cause, share in (found["diagnosis"] or {}).get("alternatives", []):
        if share >= LEAST_SHARE and (known := CAUSES.get(cause)) is not None:
            yield f"{known.title.en} ({cause}, {share:.0%})"


def _seen(at: str | None) -> str:
    """One that an older ossmend has kept has no time."""
    return "seen earlier" if at is None else f"seen {moment(at)}, {ago(seconds_since(at))}"


def _short(sample: str) -> str:
    return sample if len(sample) <= LONGEST_SAMPLE else f"{sample[:LONGEST_SAMPLE]} ..."


def _next(found: dict[str, Any]) -> Iterator[str]:
    """Who does what now, and how to hurry it or get out of it."""
    look = f"the next look is due at {found['due_at']}" if found["due_at"] else "the next look is due now"
    steps = (found["diagnosis"] or {}).get("next_steps", {}).get("en", [])
    now, ways = f"ossmend cases retry {found['id']}", list(_ways_out(found))
    match found["state"]:
        case CaseState.OPEN:
            yield "nothing for you to do: ossmend looks at it next (`ossmend status` says whether it runs)"
        case CaseState.WAITING:
            yield f"nothing for you to do: {look}; {now} looks at once"
            yield from ways
        case CaseState.SENDING:
            yield "nothing for you to do: a write is on its way, or its answer was lost and is being looked for"
        case CaseState.WATCHING:
            until = found["watch_until"]
            yield f"nothing for you to do: it is repaired until {until}, and looked at again then"
            yield from _way_back(found)
        case CaseState.CLOSED:
            yield from _way_back(found)
        case CaseState.PLANNED:
            modes = "`mode: approve` asks you, `mode: enforce` sends"
            yield f"nothing is sent in a dry run; in policy {found['policy']}, {modes}"
            yield from steps
        case CaseState.HELD if found.get("answered"):
            undone = "approve" if found["answered"]["done"] == "rejected" else "reject"
            yield f"nothing for you to do: {found['why']}; `ossmend cases {undone} {found['id']}` takes that back"
        case CaseState.HELD:
            yield from ways or [f"nothing for you to do: {look}"]
            yield from _by_hand(steps)
        case CaseState.REPORTED:
            yield from ways
            yield from steps
            if NO_BUCKET in found["subject"]:
                yield NAME_IT
            yield _ending(found, now)
        case CaseState.PARKED:
            yield f"a fault of ours: the log has its traceback, at case.parked; {now} tries again"
            yield from steps


def _way_back(found: dict[str, Any]) -> Iterator[str]:
    """What was written can be taken back, where it can."""
    if found["undoable"] is not None:
        which = f"write {found['undoable']}" if len(found["writes"]) > 1 else "the write"
        yield f"if {which} was not wanted: ossmend cases undo {found['id']} takes it back"


def _by_hand(steps: Sequence[str]) -> Iterator[str]:
    """Steps that are done instead of the write which is held: who lets it go must not do them as well."""
    if steps:
        yield BY_HAND
        yield from steps


def _ending(found: dict[str, Any], now: str) -> str:
    """How a reported case comes to its end: what only its clients could try again is over when they are silent."""
    quiet = "when nothing of it was seen for the `quiet` of its policy (24 h where none is set)"
    if Remediator.looks(found["code"], taken=found["policy"] != UNTAKEN):
        return f"when that is done: {now} looks at once; it closes, too, {quiet}"
    return f"when that is done: leave it; no look of ossmend can show that it is over, so it closes {quiet}"


def _ways_out(found: dict[str, Any]) -> Iterator[str]:
    """Of each thing that holds a write of this case, once."""
    held = [write for write in found["writes"] if write["state"] in HOLDABLE and write["held_by"]]
    for by, write in {write["held_by"]: write for write in held}.items():
        asked = write["state"] == WriteState.ASKED  # an undo: its case says what holds it
        yield way_out(by, found["id"], found["why"] if asked else write["outcome"], found.get("ends_pause"))
        if is_beyond(by) and not asked:
            yield f"or ossmend cases reject {found['id']}, if it is not wanted"


def _avoid(found: dict[str, Any]) -> list[str]:
    told: list[str] = [] if found["state"] in OVER else (found["diagnosis"] or {}).get("avoid", {}).get("en", [])
    return told


# -------------------------------------------------------------------------------------------------------- what was sent


def _write(write: dict[str, Any], *, several: bool) -> Iterator[Line]:
    """A write; where there are several each has a number, by which an undo says what it takes back."""
    undo, who = _undo(write)
    sent = f", sent {write['sent_at']}" if write["sent_at"] else ""
    its_id = f", request {write['request_id']}" if write["request_id"] else ""
    became = " ".join(filter(None, (write["state"], None if undo else write["outcome"])))
    what = f"{undo}{write['operation']} {write['target']}: {became}{sent}{its_id}"
    yield (f"write {write['number']}" if several else "write"), what
    yield "", who
    if write["state"] in UNSENT:
        yield from _titled("it changes" if write.get("replaces") else "it sends", list(request(write)))


def _undo(write: dict[str, Any]) -> tuple[str, str]:
    """Of what it is the undo, and whose wish that was; empty for a write that is none."""
    if write["undoes"] is None and write["asked_at"] is None:
        return "", ""
    what = f"undo of write {write['undoes']}" if write["undoes"] is not None else "gives back what was there"
    if write["asked_at"] is None:
        return f"{what}: ", ""
    who = write["asked_by"] or "ossmend itself, because somebody else wrote at the same moment"
    return f"{what}: ", f"asked for by {who} at {write['asked_at']}"
