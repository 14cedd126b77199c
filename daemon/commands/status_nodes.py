"""Who works the state, and what all of them together say of themselves: for status_report.py.

On SQLite that is one process, and its row. Several nodes have a row each; the database knows beside them who lives
and what each has in hand. A source that lies elsewhere is read by one node at a time, and the newest word on it counts;
a file is read by every node that has one of that name, and the worst counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ossmend.daemon.host.show import clean
from ossmend.daemon.journal import nodes, vitals
from ossmend.daemon.journal.locks import is_shared_state
from ossmend.daemon.journal.nodes import Node
from ossmend.daemon.journal.vitals import SourceVitals, Vitals

GONE_SECONDS = 600.0
"""For so long it is a trouble that a node was lost; its work is done by others after a few seconds."""


def seen(connection: sa.Connection, now: datetime, *, worked: bool) -> list[dict[str, Any]]:
    """Each node that has not said goodbye, the oldest first; where none has not, who worked last. `holds`: how many
    lanes, sources and jobs it has in hand; null where one process has everything.
    """
    rows = vitals.every(connection)
    if not is_shared_state(connection):
        return [_alone(life, now, worked) for life in rows]
    known = nodes.known(connection)
    said = {(life.host, life.pid): life for life in rows}
    found = [_one(node, said, now) for node in known]
    return found or [_alone(life, now, worked) for life in sorted(rows, key=lambda life: life.at)[-1:]]


def _one(node: Node, said: Mapping[tuple[str, int], Vitals], now: datetime) -> dict[str, Any]:
    _, pid, _ = node.name.rsplit("/", 2)  # leases.py's owner: postgres.py names it
    life = said.get((node.host, int(pid)))
    return {
        "name": clean(node.name),
        "host": clean(node.host),
        "pid": int(pid),
        "version": clean(node.version),
        "command": life.command if life is not None else "run",
        "started_at": vitals.told(node.started_at),
        "seen_at": vitals.told(node.seen_at),
        "seen_seconds_ago": age(vitals.told(node.seen_at), now),
        "stopped_at": None,
        "lives": node.lives,
        "holds": len(node.leases),
    }


def _alone(life: Vitals, now: datetime, worked: bool) -> dict[str, Any]:
    return {
        "name": clean(life.host),
        "host": clean(life.host),
        "pid": life.pid,
        "version": life.version,
        "command": life.command,
        "started_at": life.started_at,
        "seen_at": life.at,
        "seen_seconds_ago": age(life.at, now),
        "stopped_at": life.stopped_at,
        "lives": worked,
        "holds": None,
    }


def age(at: str | None, now: datetime) -> float | None:
    """Seconds since then; never less than none, a log's clock may be ahead."""
    return None if at is None else max(round((now - datetime.fromisoformat(at)).total_seconds(), 1), 0.0)


def together(connection: sa.Connection, local: Collection[str]) -> Vitals | None:
    """What the nodes that turn say as one; what was said last, where none does. None before the first sign of life.
    `local`: the sources that lie in files of a machine.
    """
    rows = sorted(vitals.every(connection), key=lambda life: life.at)
    living = {(node.host, int(node.name.rsplit("/", 2)[1])) for node in nodes.living(connection)}
    turning = [life for life in rows if (life.host, life.pid) in living] or rows[-1:]
    if len(turning) < 2:
        return turning[0] if turning else None
    newest = turning[-1]
    refusing = next((life for life in turning if life.kept_out), newest)
    measured = [life.clock for life in turning if life.clock is not None]
    return replace(
        newest,
        at=turning[0].at,  # of whoever has been silent for longest: one that hangs is to be seen
        sources=_sources(turning, local),
        kept_out=refusing.kept_out,
        kept_out_at=refusing.kept_out_at,
        kept_out_digest=refusing.kept_out_digest,
        credentials=list(dict.fromkeys(why for life in turning for why in life.credentials)),
        clock=next((each for each in measured if each.get("cause")), measured[-1] if measured else None),
        oss_ahead_seconds=max((life.oss_ahead_seconds or 0.0 for life in turning), key=abs),
        errors=sorted((error for life in turning for error in life.errors), key=lambda error: str(error["at"])),
    )


def _sources(turning: Sequence[Vitals], local: Collection[str]) -> list[SourceVitals]:
    said: dict[str, list[SourceVitals]] = {}
    for life in turning:
        for each in life.sources:
            said.setdefault(each.name, []).append(each)
    return [_source(each, worst=name in local) for name, each in said.items()]


def _source(said: Sequence[SourceVitals], *, worst: bool) -> SourceVitals:
    by_time = sorted(said, key=lambda each: max(each.trouble_since or "", each.caught_up_at or ""))
    told = next((each for each in by_time if each.trouble), by_time[0]) if worst else by_time[-1]
    last = max((each.last_event_at for each in said if each.last_event_at), default=None)
    files = sum(each.files or 0 for each in said) if worst else told.files
    return replace(told, last_event_at=last, events=sum(each.events for each in said), files=files)
