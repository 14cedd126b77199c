"""How ossmend fares (status_report.py) -> one screen, readable in 80 columns; colours on a terminal only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ossmend.daemon.commands.held_words import held
from ossmend.daemon.commands.pause_page import resume
from ossmend.daemon.commands.status_report import NEAR
from ossmend.daemon.host.show import ago, moment, span

if TYPE_CHECKING:
    from rich.console import Console

GOOD, BAD, QUIET, LOUD = "bold green", "bold red", "dim", "bold yellow"
MOST_ERRORS = 5
SAME_SECONDS = 0.1
UNKNOWN = "not known while the file is refused"
RELOAD = "reload (systemctl reload ossmend, or kill -HUP PID)"
LIVE = "`ossmend check --live` says why"
UNITS = {"restore_gib_per_day": " GiB"}

Line = tuple[str, str, str]
"""A label, or none where it goes on; the text; its style."""


def page(report: dict[str, Any], console: Console) -> None:
    """Print it. Who reads it from a pipe gets a line for each thing, however long."""
    from rich.table import Table
    from rich.text import Text

    if not console.is_terminal:
        for label, told, _ in lines(report):
            console.print(f"{label:<8}  {told}", soft_wrap=True)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, told, style in lines(report):
        table.add_row(Text(label, style="bold"), Text(told, style=style))
    console.print(table)


def lines(report: dict[str, Any]) -> Iterator[Line]:
    yield from _head(report)
    yield from _labelled("trouble", _troubles(report))
    yield from _labelled("paused", ((told, LOUD) for told in _pauses(report)))
    yield from _labelled("sources", _sources(report))
    yield from _labelled("cases", _cases(report))
    yield from _labelled("brakes", _brakes(report))
    yield from _labelled("channels", _channels(report))
    yield "clock", _clock(report["clock"], report["running"]), ""
    yield from _labelled("errors", _errors(report))


def _labelled(label: str, told: Iterator[tuple[str, str]]) -> Iterator[Line]:
    for text, style in told:
        yield label, text, style
        label = ""


# ---------------------------------------------------------------------------------------------------------- the process


def _head(report: dict[str, Any]) -> Iterator[Line]:
    what = "ossmend --dry-run" if report["dry_run"] else "ossmend"
    node = report["nodes"][0] if report["nodes"] else None
    if report["running"]:
        yield what, "well" if report["well"] else "not well", GOOD if report["well"] else BAD
    elif node is None:
        yield what, f"not running, and never ran with the state in {report['state_directory']}", BAD
    else:
        yield what, f"not running, {_since(report, node)}", BAD
    for number, each in enumerate(report["nodes"]):
        yield "" if number else "node", _node(each, report["running"]), "" if each["lives"] else QUIET
    modes = ", ".join(f"{number} in {mode}" for mode, number in report["policies"].items())
    yield "policies", modes or (UNKNOWN if _is_refused(report) else "none: nothing is done"), ""
    if _is_refused(report):
        then = f"{RELOAD}; until then the one before is at work" if report["running"] else "start"
        yield "config", f"the file is refused: repair it, then {then}", LOUD
    elif not report["configuration"]["in_use"] and report["running"]:
        yield "config", f"the file has changed since it was read: {RELOAD} to work by it", LOUD


def _is_refused(report: dict[str, Any]) -> bool:
    refused: bool = report["configuration"]["refused"]
    return refused


def _since(report: dict[str, Any], node: dict[str, Any]) -> str:
    since = clock_time(report["down_since"])
    if node["command"] == "once":
        return f"the last `ossmend once` ended {since}"
    if report["stopped_in_order"]:
        return f"stopped cleanly {since}"
    return f"last sign of life {since}: it was killed, or the machine went down"


def _node(node: dict[str, Any], running: bool) -> str:
    seen = f", seen {ago(node['seen_seconds_ago'])}" if running else ""
    who = f"{node['host']}, version {node['version']}, process {node['pid']}"
    holds = "" if node["holds"] is None else f", has {node['holds']} in hand" if node["lives"] else ", lost"
    return f"{who}, since {clock_time(node['started_at'])}{seen}{holds}"


def _troubles(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A refused configuration may have several lines, each with its place in the file."""
    for told in report["troubles"]:
        first, *further = told.splitlines()
        yield first, BAD
        yield from ((f"  {line}", BAD) for line in further)


def _pauses(report: dict[str, Any]) -> Iterator[str]:
    for each in report["paused"]:
        whose = f"{_policies(each['policy'])}, by {each['by']} since {clock_time(each['since'])}"
        yield f"{whose}: {resume(each['policy'])} ends it"
    if report["pause_file"]:
        yield f"all policies, by the file {report['pause_file']}: remove it to resume"


def _policies(name: str) -> str:
    return "all policies" if name == "all" else f"policy {name}"


# ------------------------------------------------------------------------------------------------------------- the work


def _sources(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in report["sources"]:
        last = each["last_event_age_seconds"]
        event = "no refusal yet" if last is None else f"last refusal {ago(last)}"
        turns = report["running"] and report["silent_seconds"] is None
        yield f"{each['name']}: {_reads(each, turns)}; {event}", BAD if each["trouble"] else ""
        if each["complaint"]:
            yield f"  left out: {each['complaint']}", QUIET
    if not report["sources"]:
        yield (UNKNOWN, "") if _is_refused(report) else ("none configured: nothing is read", LOUD)


def _reads(source: dict[str, Any], turns: bool) -> str:
    if source["lag_seconds"] is None:
        return "not read yet"
    if source["trouble"]:
        return f"unread for {span(source['lag_seconds'])}"
    if source["files"] == 0:
        return "no file is there"
    if not turns:
        return f"read until {clock_time(source['caught_up_at'])}"
    return f"read to its end, lag {span(source['lag_seconds'])}"


def _cases(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    told = [f"{number} {state}" for state, number in report["cases"].items() if number]
    yield ", ".join(told) or "none", ""
    if report["waiting_for_a_person"]:
        number = report["waiting_for_a_person"]
        yield f"{number} of them {'needs' if number == 1 else 'need'} a person: `ossmend cases`", LOUD
    if report["unchecked"]:
        yield f"{report['unchecked']} could not be checked or repaired, for our own requests were refused: {LIVE}", LOUD
    if report["held"]:
        held_back = "; ".join(f"{number} {held(by)}" for by, number in report["held"].items())
        yield f"writes held: {held_back}", ""
    for each in report["not_opened"]:
        if each["over"]:
            yield f"policy {each['policy']} is at its ceiling: {each['subjects']} more subjects not opened", LOUD


def _brakes(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not report["brakes_known"]:
        yield UNKNOWN, ""
        return
    near = [each for each in report["brakes"] if each["share"] >= NEAR]
    for each in near:
        yield f"{_brake(each)}, frees from {clock_time(each['frees_at'])}", LOUD
    if not near and report["brakes"]:
        yield f"none near its limit; the fullest: {_brake(report['brakes'][0])}", ""
    elif not near:
        yield "all limits are free: no write counts against one now", ""


def _brake(each: dict[str, Any]) -> str:
    of = f" of policy {each['policy']}" if each["policy"] else ""
    account = "" if each["account"] == "default" else f" of account {each['account']}"
    unit = UNITS.get(each["brake"], "")
    return f"{each['brake']}{of}{account}: {each['spent']:g} of {each['limit']:g}{unit} ({each['share']:.0%})"


def _channels(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in report["channels"]:
        sent = f"last sent {clock_time(each['last_sent_at'])}" if each["last_sent_at"] else "nothing sent yet"
        waits = f", {each['waiting']} wait" if each["waiting"] else ""
        why = f": {each['failing']}" if each["failing"] else ""
        yield f"{each['name']}: {sent}{waits}{why}", BAD if each["failing"] else ""
        if each["given_up"]:
            yield f"  given up {clock_time(each['given_up_at'])}: {each['given_up']}", QUIET
    if not report["channels"]:
        yield UNKNOWN if _is_refused(report) else "none configured: notices are in the log only", ""


def _clock(clock: dict[str, Any], running: bool) -> str:
    told = []
    if clock["oss_ahead_seconds"] is not None:
        is_now, ahead = running and clock["oss_ahead_is_fresh"], _ahead(clock["oss_ahead_seconds"])
        then = f"was {ahead} {ago(clock['oss_ahead_seconds_ago'])}"
        told.append(f"OSS's clock {f'is {ahead}' if is_now else then}")
    if clock["low_seconds"] is not None:
        told.append(
            f"measured {ago(clock['measured_seconds_ago'])}: {clock['low_seconds']:+.1f} to "
            f"{clock['high_seconds']:+.1f} s off"
        )
    elif clock["measured_at"]:
        told.append(f"could not be measured {ago(clock['measured_seconds_ago'])} ({', '.join(clock['failed'])})")
    return "; ".join(told) or "not measured yet"


def _ahead(seconds: float) -> str:
    if abs(seconds) <= SAME_SECONDS:
        return f"within {SAME_SECONDS} s of ours"
    return f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} ours"


def _errors(report: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in report["errors"][:MOST_ERRORS]:
        where = f" {each['where']}" if each["where"] else ""
        times = f" ({each['times']} times)" if each["times"] > 1 else ""
        yield f"{clock_time(each['at'])} {each['event']}{where}: {each['why']}{times}", ""
    if not report["errors"]:
        yield "none", ""


# ---------------------------------------------------------------------------------------------------------------- times


def clock_time(at: str | None) -> str:
    """2026-11-28 14:03:20Z, as everywhere."""
    return "?" if at is None else moment(at)
