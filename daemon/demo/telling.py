"""The demo's voice: a live display on a terminal, plain lines otherwise, silence for --json; a table at the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ossmend.daemon.demo.clients import Answer

PLAIN_WIDTH = 120
"""Columns of the last table where there is no terminal to ask."""
COLOURS = {
    "closed": "green", "watching": "green", "reported": "yellow", "planned": "cyan", "held": "yellow", "parked": "red",
}  # fmt: skip


class Telling:
    """What a person sees of the story while it happens."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(
            quiet=quiet, highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH
        )
        self._live: Live | None = None
        self._shown: dict[int, str] = {}
        self._since = time.monotonic()

    def __enter__(self) -> Telling:
        if self._console.is_terminal and not self._console.quiet:
            self._live = Live(console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_live()

    def say(self, sentence: str) -> None:
        self._console.print(Text(f"[{time.monotonic() - self._since:5.1f} s] {sentence}"), soft_wrap=True)

    def refused(self, code: str, who: str, answer: Answer) -> None:
        """One client was refused."""
        self.say(f"{answer.status} {answer.code or code}: {_sentence(who)}")

    def progress(self, rows: list[dict[str, Any]]) -> None:
        """Cases as they are now: a live table, or one line for each change."""
        if self._live is not None:
            self._live.update(_cases_table(rows))
        for row in rows:
            told = f"{row['state']} ({row['cause']})" if row["cause"] else row["state"]
            if self._shown.get(row["id"]) != told:
                self._shown[row["id"]] = told
                if self._live is None:
                    self.say(f"case {row['id']} {row['code']}: {told}: {row['why']}")

    def table(self, report: dict[str, Any]) -> None:
        """The end of the story: code, cause, what was done, before, after."""
        self._end_live()
        table = Table(title="What happened" + (" (dry run)" if report["dry_run"] else ""), title_justify="left")
        for name in ("code", "cause", "what was done", "before", "after"):
            table.add_column(name, overflow="fold", no_wrap=name in ("code", "cause"))
        for case in [*report["cases"], *report["others"]]:
            table.add_row(
                case["code"], case["cause"] or "-", Text(_done(case)), _status(case["before"]), _status(case["after"])
            )
        self._console.print(table)

    def end(self, report: dict[str, Any], faults: list[str]) -> None:
        """The last lines: what came of it, and what to do next."""
        written = report["mutating_requests"]
        proof = f"the cloud saw {len(written)} writes from the daemon's key" + (
            f": {', '.join(written)}" if written else ""
        )
        outcome = "The story came out as it should" if not faults else "The story did not come out as it should"
        self._console.print(
            Text(f"{outcome}; {proof}.", style="bold green" if not faults else "bold red"), soft_wrap=True
        )
        self._console.print("Next, with your own log: ossmend init (docs/getting-started.md).", soft_wrap=True)

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _cases_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for name in ("case", "code", "state", "cause", "why"):
        table.add_column(name, overflow="fold")
    for row in rows:
        state = Text(row["state"], style=COLOURS.get(row["state"], "white"))
        table.add_row(str(row["id"]), row["code"], state, row["cause"] or "...", Text(row["why"]))
    return table


def _done(case: dict[str, Any]) -> str:
    writes = [f"{write['operation']} {write['target']} ({write['state']})" for write in case["writes"]]
    if case["owner"]:
        writes.append(f"flagged; owner {case['owner']}")
    if case["drift_seconds"] is not None:
        writes.append(f"warned: the client's clock is off by {case['drift_seconds']:+.0f} s")
    return "; ".join(writes) or "told a person: " + case["why"]


def _status(answer: dict[str, Any]) -> Text:
    status = answer["status"]
    return Text("-" if status is None else str(status), style="green" if status == 200 else "red")


def _sentence(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
