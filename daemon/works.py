"""One configuration at work on a store: its sources, triage, the stages, and the cloud they speak to.

It is built whole, lives until the next configuration takes its place, and is closed; app.py owns what outlives it. The
road of an event: stages/read.py reads beside the work, stages/work.py has the order of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

from ossmend.config.model import Config
from ossmend.daemon.cloud.accounts import Accounts, Cloud
from ossmend.daemon.cloud.settings import account_settings
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.pulse import Pulse
from ossmend.daemon.host.show import clean
from ossmend.daemon.journal.store import Store
from ossmend.daemon.notices.delivery import Delivery
from ossmend.daemon.sources import build_sources
from ossmend.daemon.stages.glance import Glance
from ossmend.daemon.stages.read import Reading
from ossmend.daemon.stages.rules import RuleBook
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work

FIRST_LOOK_SECONDS = 5.0
"""How long a start waits until every source was looked at."""
STOP_SECONDS = 10.0
"""A call ends at its deadline; what has not ended after so long is cut off."""


class Works:
    """All that one configuration has set going."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        *,
        dry_run: bool,
        pulse: Pulse,
        since: timedelta | None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_progress` is called when something may be due: events were stored, or a lane has ended its pass."""
        self.config = config
        self.clock = clock
        self.store = store
        may_write = not dry_run and any(policy.mode != "dry-run" for policy in config.policies)
        self.accounts = Accounts(account_settings(config), clock, may_write=may_write)
        glance = Glance(self.accounts, RuleBook(config, dry_run=dry_run), clock)
        self.triage = Triage(config, store, clock, since=since, dry_run=dry_run, look=glance.confirmed)
        self.work = Work(config, store, self.accounts, clock, dry_run=dry_run, pulse=pulse, on_progress=on_progress)
        found = build_sources(config, clock, self.accounts.of, since)
        self.readings = [
            Reading(each.source, each.trust, self.triage, clock, pulse, each.account, store) for each in found
        ]
        self.delivery = Delivery(config, store, clock)
        self._on_progress = on_progress

    @property
    def home(self) -> Cloud:
        """The port of the first account: by it this machine's clock is looked at."""
        return self.accounts.of(self.config.home)

    def directories(self) -> list[Path]:
        """Where the followed files lie, for the watcher."""
        return [directory for reading in self.readings for directory in reading.source.watch_directories()]

    def news(self, paths: Collection[str] | None) -> None:
        """These files have changed, or, with None, any may have."""
        for reading in self.readings:
            reading.news(paths)

    def not_read(self) -> list[dict[str, str]]:
        """What the sources cannot read now, and why: without it no report is whole."""
        troubles = ((reading.source.name, reading.vitals.trouble) for reading in self.readings)
        return [{"source": clean(name), "why": clean(why)} for name, why in troubles if why]

    def start(self) -> None:
        """Read the sources beside the work from now on."""
        for reading in self.readings:
            reading.start(self._on_progress)

    def wait_for_first_look(self) -> None:
        """A line that is logged after READY is news, also where a source says `start: end`. A source that does not
        answer keeps nobody waiting for long.
        """
        until = self.clock.monotonic() + FIRST_LOOK_SECONDS
        for reading in self.readings:
            reading.wait_for_first_look(max(until - self.clock.monotonic(), 0.0))

    def stop(self) -> None:
        """Begin nothing new; does not wait."""
        self.work.stop()
        self.delivery.stop()
        for reading in self.readings:
            reading.stop()

    def close(self, turning: Callable[[], None] = lambda: None) -> None:
        """Let what is in hand end, within bounds; `turning` is called again and again meanwhile."""
        self.stop()
        for _ in range(round(STOP_SECONDS)):
            turning()
            if self.work.wait(1.0) and self.delivery.wait(0.1) and all(each.join(0.1) for each in self.readings):
                break
        for reading in self.readings:
            reading.let_go()
        self.accounts.cut()  # what is still under way is looked for after the next start
        self.work.close()
        self.accounts.close()
