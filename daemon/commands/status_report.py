"""A snapshot of the state, and whether somebody works it -> how ossmend fares: JSON values with stable keys.

`well` means that ossmend does its work: it runs, its sources are read, its channels take notices, its clock is right.
That cases need a person is work, and no fault; they are counted. What is not well is a sentence in `troubles`.
How it looks on a terminal is status_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import disk_usage
from typing import Any

import sqlalchemy as sa

from ossmend.config.model import Config
from ossmend.daemon import queries
from ossmend.daemon.commands.status_nodes import GONE_SECONDS, age, seen, together
from ossmend.daemon.host.show import clean, moment
from ossmend.daemon.host.troubles import NO_TROUBLE
from ossmend.daemon.journal import pause, vitals
from ossmend.daemon.journal.ledger import Ledger
from ossmend.daemon.journal.vitals import SourceVitals, Vitals
from ossmend.daemon.stages.limits import Limit, all_limits, of_row
from ossmend.daemon.stages.rules import modes_of
from ossmend.remediators.contract.write import GIB

SILENT_SECONDS = 60.0
"""A daemon that turns gives a sign of life every 35 seconds at the latest; the rest is for a machine that is busy."""
LEAST_FREE = 64 * 1024
"""Bytes: a state on a disk with less room takes no transaction."""
BEHIND_SECONDS = 600.0
"""A source that is not at its end for so long is behind. A look at an access log may be a minute away."""
RECENT_SECONDS = 600.0
"""An error is a trouble of now for so long."""
FAULTS = (
    "lane.failed",
    "source.failed",
    "stage.late",
    "state.unavailable",
    "key.refused",
    "cloud.away",
    "writes.refused",
)
"""Errors that nothing else here tells of."""
CLOCK_SECONDS = 60.0
NEAR = 0.8
"""A brake of which so much is spent is near its limit."""


def status(
    connection: sa.Connection,
    config: Config,
    directory: Path,
    now: datetime,
    *,
    worked: bool,
    dry_run: bool,
    refused: bool = False,
) -> dict[str, Any]:
    """`worked`: does a process hold this state at this moment? `refused`: nothing of `config` counts but its state;
    policies and sources are then as the process at work, or the last one, has said.
    """
    life = together(connection, {each.name for each in config.sources if each.given.local})
    silent = _silent(life, now) if worked else None
    turns = worked and silent is None
    counts = queries.by_state(connection)
    report: dict[str, Any] = {
        "well": False,
        "running": worked,
        "silent_seconds": silent,
        "dry_run": dry_run,
        "policies": dict(life.policies if life is not None else {}) if refused else modes_of(config, dry_run=dry_run),
        "troubles": [],
        "state_directory": str(directory),
        "nodes": seen(connection, now, worked=worked),
        "down_since": None if worked or life is None else life.stopped_at or life.at,
        "stopped_in_order": None if worked or life is None else life.stopped_at is not None,
        "configuration": _configuration(config, life if worked else None, refused=refused),
        "sources": [_source(name, trust, life, turns, now) for name, trust in _named(config, life, refused=refused)],
        "cases": counts,
        "waiting_for_a_person": queries.waiting_for_a_person(connection, counts),
        "unchecked": queries.unchecked(connection),
        "not_opened": queries.not_opened(connection),
        "held": queries.held(connection),
        "brakes": _brakes(connection, None if refused else config, life, now),
        "brakes_known": not refused or bool(life is not None and life.limits),
        "credentials": clean(list(life.credentials)) if life is not None and worked else [],
        "channels": [queries.channel(connection, each.name) for each in config.channels],
        "clock": _clock(life, now),
        "paused": [{"policy": each.policy or "all", "by": each.by, "since": each.at}
                   for each in pause.standing(connection)],
        "pause_file": pause.file_in(directory),
        "errors": _errors(life),
    }  # fmt: skip
    full = _full_disk(directory) if worked and config.state.database is None else []
    report["troubles"] = [*full, *_troubles(report, life, now)]
    report["well"] = worked and not report["troubles"]
    return report


def _silent(life: Vitals | None, now: datetime) -> float | None:
    """For how long a daemon has given no sign of life that should have given one."""
    silent = age(life.at, now) if life is not None and life.stopped_at is None else None
    return silent if silent is not None and silent > SILENT_SECONDS else None


def _full_disk(directory: Path) -> list[str]:
    """Seen by who asks: a daemon that cannot write its state cannot say so there."""
    try:
        free = disk_usage(directory).free
    except OSError:
        return []
    return [f"the disk of the state is full ({directory}): nothing is read or sent before it has room again"] * (
        free < LEAST_FREE
    )


def _named(config: Config, life: Vitals | None, *, refused: bool) -> list[tuple[str, str | None]]:
    """Each source with its trust; where the file is refused, those that are read, or were, and nobody knows how far
    they are trusted.
    """
    if refused:
        return [(each.name, None) for each in life.sources] if life is not None else []
    return [(each.name, each.trust) for each in config.sources]


def _configuration(config: Config, life: Vitals | None, *, refused: bool) -> dict[str, Any]:
    """`life`: of a process that works now. What one refused before it ended is read anew by the next; and a file that
    is again what is at work is kept out by nobody, unless it was refused as it stands, for its credentials.
    """
    in_use = life is None or not life.digest or life.digest == config.digest
    is_known = life is not None and (life.digest != config.digest or life.kept_out_digest == config.digest)
    kept_out = life.kept_out if life is not None and is_known else None
    return {
        "in_use": in_use and not refused,
        "refused": refused,
        "kept_out": None if kept_out is None else "\n".join(clean(line) for line in kept_out.splitlines()),
        "kept_out_at": life.kept_out_at if life is not None and kept_out is not None else None,
    }


def _errors(life: Vitals | None) -> list[dict[str, Any]]:
    """The newest first, without what is told above, where it still holds (a state of an older ossmend has it)."""
    told = [] if life is None else [each for each in reversed(life.errors) if each["event"] not in NO_TROUBLE]
    found: list[dict[str, Any]] = clean(told)
    return found


def _source(name: str, trust: str | None, life: Vitals | None, turns: bool, now: datetime) -> dict[str, Any]:
    """`lag_seconds`: how old the newest of what may be unread is. Of a daemon that does not turn, or is silent, that
    counts until now.
    """
    known = life.sources if life is not None else []
    found = next((each for each in known if each.name == name), SourceVitals(name))
    until = datetime.fromisoformat(life.at) if turns and life is not None else now
    return {
        "name": clean(name),
        "trust": trust,
        "lag_seconds": age(found.caught_up_at, until),
        "caught_up_at": found.caught_up_at,
        "last_event_at": found.last_event_at,
        "last_event_age_seconds": age(found.last_event_at, now),
        "events": found.events,
        "files": found.files,
        "trouble": clean(found.trouble),
        "trouble_since": found.trouble_since,
        "complaint": clean(found.complaint),
    }


# -------------------------------------------------------------------------------------------------------------- brakes


def _brakes(
    connection: sa.Connection, config: Config | None, life: Vitals | None, now: datetime
) -> list[dict[str, Any]]:
    """Every limit of which something is spent, the fullest first. Counted by OSS's clock, as the daemon does. Without
    a configuration: by the limits of the process at work, or of the last one.
    """
    ahead = timedelta(seconds=(life.oss_ahead_seconds or 0.0) if life is not None else 0.0)
    ledger = Ledger(connection, now, now + ahead)
    found = []
    for account in queries.accounts(connection):
        kept_to = life.limits if life is not None else []
        every = [of_row(row, account) for row in kept_to] if config is None else all_limits(config, account)
        found += [_brake(limit, ledger) for limit in every]
    return sorted((each for each in found if each["share"] > 0), key=lambda each: -each["share"])


def _brake(limit: Limit, ledger: Ledger) -> dict[str, Any]:
    gone = ledger.spent(limit.window, limit.scope, limit.what)
    spent, most = limit.spent(gone), limit.limit
    unit = GIB if limit.what == "bytes" else 1
    frees = gone.oldest + limit.window if gone.oldest is not None else None
    return {
        "brake": limit.name,
        "policy": limit.scope.policy,
        "account": str(limit.scope.account),
        "spent": round(float(spent / unit), 2),
        "limit": round(float(most / unit), 2),
        "share": round(float(spent / most), 3) if most else (1.0 if spent else 0.0),
        "frees_at": vitals.told(frees) if frees is not None else None,
    }


def _clock(life: Vitals | None, now: datetime) -> dict[str, Any]:
    """`low_seconds` and `high_seconds`: between these the servers' time minus ours was found."""
    measured = dict(life.clock) if life is not None and life.clock is not None else {}
    return {
        "measured_at": measured.get("at"),
        "measured_seconds_ago": age(measured.get("at"), now),
        "low_seconds": measured.get("low_seconds"),
        "high_seconds": measured.get("high_seconds"),
        "failed": clean(measured.get("failed", [])),
        "cause": measured.get("cause"),
        "oss_ahead_seconds": life.oss_ahead_seconds if life is not None else None,
        "oss_ahead_seconds_ago": age(_compared_at(life), now),
        "oss_ahead_is_fresh": _is_fresh(life),
    }


def _compared_at(life: Vitals | None) -> str | None:
    """When OSS's clock was seen last; an older ossmend has not said."""
    return None if life is None or life.oss_ahead_seconds is None else life.oss_ahead_at or life.at


def _is_fresh(life: Vitals | None) -> bool:
    """Has the process that works now seen OSS's clock, or is it what one before it has seen?"""
    seen = _compared_at(life)
    return life is not None and seen is not None and seen >= life.started_at


# ------------------------------------------------------------------------------------------------------------ troubles


def _troubles(report: dict[str, Any], life: Vitals | None, now: datetime) -> Iterator[str]:
    """A sentence for each thing that is not well. What only a daemon that runs can have is told only of one."""
    if report["running"]:
        yield from _of_the_process(report, life)
    if report["configuration"]["kept_out"]:
        why, at = report["configuration"]["kept_out"], report["configuration"]["kept_out_at"]
        since = f" since {moment(at)}" if at else ""
        yield f"the newest configuration is kept out{since}, the one before it is at work:\n{why}"
    if report["running"]:
        yield from report["credentials"]
        yield from _of_the_sources(report)
        yield from _of_the_clock(report)
        for each in report["errors"]:
            if each["event"] in FAULTS and (age(each["at"], now) or 0.0) < RECENT_SECONDS:
                yield f"{' '.join(filter(None, (each['event'], each['where'])))}: {each['why']}"
    for each in report["channels"]:
        if each["failing"]:
            yield f"{each['name']} takes no notices: {each['failing']} ({each['waiting']} wait)"
    if report["cases"]["parked"]:
        yield f"{report['cases']['parked']} cases are parked by a fault of ours: `ossmend cases` names them"


def _of_the_process(report: dict[str, Any], life: Vitals | None) -> Iterator[str]:
    if life is None or life.stopped_at is not None:
        yield "a process holds the state, and has not said yet how it fares: it starts, or is of an older ossmend"
    elif report["silent_seconds"] is not None:
        silent = f"no sign of life for {report['silent_seconds']:.0f} s"
        yield f"{silent}: it hangs, or cannot write its state (its log says which)"
    for each in report["nodes"]:
        if not each["lives"] and (each["seen_seconds_ago"] or 0.0) < GONE_SECONDS:
            yield f"node {each['name']} was lost {each['seen_seconds_ago']:.0f} s ago: the others go on with its work"


def _of_the_sources(report: dict[str, Any]) -> Iterator[str]:
    for each in report["sources"]:
        if each["trouble"]:
            yield f"{each['name']} cannot be read: {each['trouble']}"
        elif (each["lag_seconds"] or 0.0) > BEHIND_SECONDS:
            yield f"{each['name']} is {each['lag_seconds']:.0f} s behind"


def _of_the_clock(report: dict[str, Any]) -> Iterator[str]:
    clock = report["clock"]
    if clock["cause"]:
        yield f"this host's clock is off ({clock['cause']})"
    elif clock["oss_ahead_is_fresh"] and abs(clock["oss_ahead_seconds"]) > CLOCK_SECONDS:
        yield f"this host's clock is {abs(clock['oss_ahead_seconds']):.0f} s off OSS's"
