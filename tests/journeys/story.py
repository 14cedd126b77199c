"""A scene, a log and a daemon that works for real (enforce), pass by pass; every clock is moved by hand."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.simulator.control import add_fault
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import StillClock
from tests.journeys.test_every_cause import RULE, Ask, configured, text_of

AGENT = "reports-app/2.0"


class Story:
    """One scene, one log, one daemon at work."""

    def __init__(self, directory: Path, sim: Running, rule: str = RULE) -> None:
        self.sim = sim
        self.clock = StillClock(datetime.now(UTC))
        self._log = directory / "app.log"
        self._log.touch()
        path = configured(directory, sim)
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(RULE, rule).replace("policies:", "mode: enforce\npolicies:"), encoding="utf-8")
        self.app = App(path, dry_run=False, clock=self.clock)

    def logged(self, text: str) -> None:
        """A line of the application, stamped with the hand's time."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} ERROR {text}\n")
        at_rest = self.clock.now().timestamp() - 10.0
        os.utime(self._log, (at_rest, at_rest))  # nobody is in the middle of a line

    def fault(self, **settings: Any) -> None:
        """A fault rule of the simulator, from now on."""
        self.sim.do(lambda cloud: add_fault(cloud, settings))

    def operations(self) -> list[str]:
        """What the simulator was asked for so far, by everybody."""
        return [each.operation for each in self.sim.do(lambda cloud: cloud.requests)]

    def text(self, ask: Ask) -> str:
        """What the refused client's log has, as one line."""
        return " ".join(text_of(ask, self.sim).split("\n"))

    def refused(self, ask: Ask, client: str | None = None, agent: str = AGENT) -> None:
        who = f"client_ip={client} user_agent={agent} " if client else ""
        self.logged(f"request failed {who}" + self.text(ask))

    def passes(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """So much time, then one pass; the cases after it."""
        self.clock.pass_by(seconds)
        self.sim.do(lambda cloud: cloud.clock.advance(seconds))
        self.app.once()
        with self.app.store.read() as connection:
            return queries.all_cases(connection)

    def long(self, passes: int) -> list[dict[str, Any]]:
        """So many passes, half a minute apart; the cases at the end."""
        for _ in range(passes - 1):
            self.passes(30.0)
        return self.passes(30.0)
