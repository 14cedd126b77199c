"""A seed -> one trial of two nodes on one PostgreSQL state, each with a log of its own, while something strikes them.

The cloud and what arrived there is stage.py's, and so is the judgement: nothing lost, nothing sent twice. Beside it:
the chain holds, and every refusal was counted once. A node that was killed is started again; one that was stopped goes
on where it was, however long that took.

By hand, for as many as one likes: `.venv/bin/python -m tests.crash.nodes --first 0 --number 100 --jobs 3`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

from ossmend.daemon import approvals
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.leases import LEASE_SECONDS
from ossmend.daemon.journal.postgres import LIVE, Address, open_beside, open_node
from ossmend.simulator.serve import Running, running_simulator
from tests.crash.growth import GrowingLog
from tests.crash.judge import Findings, chain_findings, cloud_findings
from tests.crash.nursery import Child, Nursery, step
from tests.crash.relay import Relay
from tests.crash.rounds import at_once
from tests.crash.stage import ASSETS, KEY_ID, PHOTOS, REPORTS, Stage
from tests.database import Server
from tests.patience import HUNG

DAY = 24 * 3600.0
POLL_SECONDS = 0.25
AT_REST = 4
NODES = ("left", "right")
CONFIGURATION = """\
version: 1
cloud: {{ region: {region}, endpoint: '{endpoint}', rpc_endpoint: '{endpoint}', deadline: 3s,
  credentials: {{ allow_root: true }} }}
state: {{ url: '{url}', node: {name} }}
sources: [ {{ app_log: {{ path: '{log}', start: beginning }} }} ]
clock: {{ ntp_servers: [] }}
mode: enforce
cors_rules:
  web:
    allowed_origins: ['https://app.example.com']
    allowed_methods: [GET, PUT]
    allowed_headers: ['*']
    expose_headers: [ETag]
    max_age_seconds: 600
policies:
  - {{ name: thaw, on: InvalidObjectState, match: {{ bucket: {reports} }}, restore: {{ days: 1 }} }}
  - {{ name: cors, on: AccessForbidden, match: {{ bucket: {assets} }}, cors: {{ rule: web }} }}
  - {{ name: pictures, on: ImageDamage, match: {{ bucket: {photos} }} }}
  - {{ name: keys, on: InvalidAccessKeyId, match: {{ access_key_id: {key} }}, key: {{ tag_owner: true }} }}
"""
UNDER_WAY = ("open", "waiting", "planned", "held", "sending")
"""Of a case that is not at rest."""

_ALEMBIC = threading.Lock()
"""It migrates one database at a time in one process."""

Fault = Callable[["Nodes"], None]
KINDS: dict[str, Fault] = {}


def kind(fault: Fault) -> Fault:
    KINDS[fault.__name__.strip("_").replace("_", " ")] = fault
    return fault


@kind
def _killed(trial: Nodes) -> None:
    name = trial.any_node()
    trial.nodes[name].close()
    trial.pause(trial.random.uniform(0.0, 3.0))
    trial.start(name)


@kind
def _stopped_for_longer_than_its_lease(trial: Nodes) -> None:
    node = trial.nodes[trial.any_node()]
    node.signal(signal.SIGSTOP)
    trial.pause(LEASE_SECONDS + trial.random.uniform(0.5, 5.0))
    node.signal(signal.SIGCONT)


@kind
def _stopped_for_a_moment(trial: Nodes) -> None:
    for _ in range(3):
        node = trial.nodes[trial.any_node()]
        node.signal(signal.SIGSTOP)
        trial.pause(trial.random.uniform(0.2, LEASE_SECONDS))
        node.signal(signal.SIGCONT)


@kind
def _cut_off_from_the_database(trial: Nodes) -> None:
    relay = trial.relays[trial.any_node()]
    relay.cut()
    trial.pause(LEASE_SECONDS + trial.random.uniform(0.0, 4.0))
    relay.heal()


@kind
def _database_restarted(trial: Nodes) -> None:
    trial.server.stop(trial.random.choice((signal.SIGINT, signal.SIGQUIT)))
    trial.pause(trial.random.uniform(0.0, 4.0))
    trial.server.start()


@kind
def _sessions_cut(trial: Nodes) -> None:
    for _ in range(trial.random.randint(2, 8)):
        trial.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                  "AND datname = current_database() AND random() < 0.5")  # fmt: skip
        trial.pause(trial.random.uniform(0.05, 0.6))


@kind
def _out_of_connections(trial: Nodes) -> None:
    taken: list[psycopg.Connection[Any]] = []
    with suppress(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(trial.url))
    trial.ask("SELECT 1")
    trial.pause(trial.random.uniform(0.5, 4.0))
    for each in taken:
        each.close()


@kind
def _database_slow(trial: Nodes) -> None:
    """Somebody holds rows of cases and the table of leases for a while."""
    for table in ("cases", "leases", "journal"):
        with psycopg.connect(trial.url) as other:
            other.execute(f"LOCK TABLE {LIVE}.{table} IN EXCLUSIVE MODE".encode())
            trial.pause(trial.random.uniform(0.3, 3.0))


@kind
def _clock_stepped_by_a_day(trial: Nodes) -> None:
    name = trial.any_node()
    step(trial.clock(name), trial.random.choice((-DAY, DAY)))
    trial.pause(2.0)
    if trial.random.random() < 0.5:
        step(trial.clock(name), 0.0)


class Nodes:
    """One trial. Everything public is for the faults."""

    def __init__(self, seed: int, directory: Path, nursery: Nursery, name: str | None = None) -> None:
        self.random = random.Random(seed)
        self.kind = name or list(KINDS)[seed % len(KINDS)]
        self.directory = directory
        self.nodes: dict[str, Child] = {}
        self.relays: dict[str, Relay] = {}
        self.stage = Stage(Any)  # type: ignore[arg-type]  # until the trial has a simulator
        self.server: Server
        self.url = ""
        self.lines = 0
        self.struck = 0
        self._nursery = nursery
        self._logs: list[GrowingLog] = []
        self._over = threading.Event()

    def any_node(self) -> str:
        return self.random.choice(NODES)

    def clock(self, name: str) -> Path:
        return self.directory / f"{name}.clock"

    def pause(self, seconds: float) -> None:
        self._over.wait(seconds)

    def ask(self, query: str) -> list[Any]:
        """Of the database, by a way of its own that nothing cuts."""
        try:
            with psycopg.connect(self.url, connect_timeout=int(HUNG), options=f"-c search_path={LIVE}") as connection:
                return connection.execute(query.encode()).fetchall()
        except psycopg.Error:
            return []

    def environment(self, name: str) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.stage.simulator.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.stage.simulator.access_key_secret,
            "STATE_DIRECTORY": str(self.directory / name),
        }

    def start(self, name: str) -> None:
        config, trace = self.directory / f"{name}.yaml", self.directory / f"{name}.trace"
        self.nodes[name] = self._nursery.start(
            ["run", "--config", str(config)], self.environment(name), trace, self.clock(name)
        )

    # ------------------------------------------------------------------------------------------------------- the trial

    def new_server(self) -> Server:
        return Server(max_connections="60")

    def run(self) -> Findings:
        self.server = self.new_server()
        try:
            with running_simulator() as simulator:
                self._set(simulator)
                self._works()
                self._comes_to_rest()
                self.stage.finish()
                return self._judged()
        finally:
            self._over.set()
            for node in self.nodes.values():
                node.close()
            for relay in self.relays.values():
                relay.close()
            self.server.close()

    def _works(self) -> None:
        with _ALEMBIC:
            open_node(Address(self.url, LIVE), self.directory, "first").close()
        for name in NODES:
            self.start(name)
        self._strikes()

    def _set(self, simulator: Running) -> None:
        self.directory.mkdir(parents=True)
        self.url = self.server.fresh()
        self.stage = Stage(simulator)
        self.stage.build()
        for name in NODES:
            lines = self.stage.refusals() + self.stage.refusals()
            self.lines += len(lines)
            log = self.directory / f"{name}.log"
            self._logs.append(GrowingLog(log, lines, self.random, in_pieces=False))
            self.relays[name] = Relay(self.server.port)
            self.clock(name).write_bytes(bytes(8))
            (self.directory / f"{name}.trace").touch()
            text = CONFIGURATION.format(
                region=simulator.region, endpoint=simulator.oss, url=self._through(name), name=name, log=log,
                reports=REPORTS, assets=ASSETS, photos=PHOTOS, key=KEY_ID,
            )  # fmt: skip
            (self.directory / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.stage.requests.listeners.append(lambda _: self._grow())
        self._grow()

    def _through(self, name: str) -> str:
        return self.url.replace(f":{self.server.port}/", f":{self.relays[name].port}/")

    def _grow(self) -> None:
        for log in self._logs:
            log.grow(self.stage.asked)

    def moment(self) -> None:
        """Some request of the nodes, or, where they ask nothing, a little later."""
        at, end = self.stage.asked + self.random.randint(0, 30), time.monotonic() + self.random.uniform(1.0, 8.0)
        while self.stage.asked < at and time.monotonic() < end:
            self.pause(0.005)

    def _strikes(self) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            self.moment()
            KINDS[self.kind](self)
            self.struck += 1

    def _comes_to_rest(self) -> None:
        end, quiet = time.monotonic() + HUNG, 0
        while quiet < AT_REST:
            for log in self._logs:
                log.end()
            for name, node in self.nodes.items():
                assert not node.ended(), f"{name} ended by itself with {node.status()}"
            assert time.monotonic() < end, f"not at rest: {self.ask('SELECT id, state, why, events FROM cases')}"
            self.pause(POLL_SECONDS)
            self._approve()
            quiet = quiet + 1 if self._at_rest() else 0

    def _approve(self) -> None:
        """A person lets go what waits for one."""
        waiting = self.ask("SELECT id FROM cases WHERE state = 'held' AND why LIKE '%waits for approval%'")
        for (case,) in waiting:
            store = open_beside(Address(self.url, LIVE), self.directory)
            try:
                approvals.approve(store, case)
            except (approvals.Impossible, StateUnavailable):
                continue  # it has moved on, or the database is away: it is asked again
            finally:
                store.close()

    def _at_rest(self) -> bool:
        cases = self.ask("SELECT state, events FROM cases")
        unknown = self.ask("SELECT count(*) FROM writes WHERE state = 'intended'")
        counted = sum(events for _, events in cases) >= self.lines
        return counted and unknown == [(0,)] and not any(state in UNDER_WAY for state, _ in cases)

    def _judged(self) -> Findings:
        """Every policy enforces, and nobody but the nodes has changed anything: all has to be repaired, and told of
        nobody.
        """
        nobody: Any = SimpleNamespace(said=(), notices=(), refused=())
        found = cloud_findings(SimpleNamespace(stage=self.stage, person=nobody, removed=None))
        found.broken += chain_findings(open_beside(Address(self.url, LIVE), self.directory))
        ((events, parked),) = self.ask("SELECT sum(events), count(*) FILTER (WHERE state = 'parked') FROM cases")
        if events != self.lines:
            found.broken.append(f"{self.lines} refusals were logged, and {events} counted")
        if parked:
            found.broken.append(f"{parked} faults of ours")
        return found


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    kind: str
    accepted: int
    seconds: float
    findings: Findings
    evidence: Path

    def __str__(self) -> str:
        found = [*self.findings.lost, *self.findings.doubled, *self.findings.broken]
        return f"seed {self.seed} ({self.kind}): " + (f"{'; '.join(found)} ({self.evidence})" if found else "held")


def rounds(seeds: Iterable[int], directory: Path, jobs: int) -> Iterator[Report]:
    """Run these trials, `jobs` at a time; their reports as they come."""
    return at_once(_one, seeds, directory, jobs)


def _one(seed: int, directory: Path, nursery: Nursery) -> Report:
    began = time.monotonic()
    trial = Nodes(seed, directory / f"nodes-{seed}", nursery)
    try:
        findings = trial.run()
    except Exception:  # noqa: BLE001 - a trial that breaks is a finding, and the others go on
        findings = Findings(broken=[traceback.format_exc(limit=-3)])
    accepted = sum(each.accepted for each in trial.stage.arrived)
    if not findings:
        shutil.rmtree(trial.directory)
    return Report(seed, trial.kind, accepted, time.monotonic() - began, findings, trial.directory)


def main() -> int:
    parser = argparse.ArgumentParser()
    for name, default in (("--first", 0), ("--number", len(KINDS)), ("--jobs", 3)):
        parser.add_argument(name, type=int, default=default)
    given = parser.parse_args()
    directory, total = Path(tempfile.mkdtemp(prefix="ossmend-nodes-")), Counter[str]()
    for report in rounds(range(given.first, given.first + given.number), directory, given.jobs):
        total.update(trials=1, lost=len(report.findings.lost), doubled=len(report.findings.doubled),
                     broken=len(report.findings.broken), accepted=report.accepted)  # fmt: skip
        sys.stdout.write(f"{report.seconds:5.1f} s {report}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{dict(total)}; evidence in {directory}\n")
    return int(bool(total["lost"] or total["doubled"] or total["broken"]))


if __name__ == "__main__":
    sys.exit(main())
