"""A flood of ever-new keys with a genuine refusal in its midst: what it costs, and how soon the genuine is repaired.

The daemon runs as a process against the simulator and follows a log of one bucket, into which a million refusals of
objects that do not exist are written, and one of an object that does. Told are its memory, the state, the notices, and
how long the genuine one took from being read to the RestoreObject that OSS accepted. The log keeps at most --ahead
lines in front of the daemon, as a log that grows does. Run `python bench/flood.py [--keys 1000000]`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlalchemy as sa

from bench.restores import REFUSED, archive, restored, simulator
from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row

CONFIG = """
version: 1
cloud: {{ region: {region}, endpoint: "{oss}", rpc_endpoint: "{rpc}", credentials: {{ allow_root: true }} }}
clock: {{ ntp_servers: [] }}
state: {{ path: {state} }}
sources: [ {{ app_log: {{ path: {log}, start: beginning }} }} ]
policies: [ {{ name: thaw, on: InvalidObjectState, mode: enforce, match: {{ bucket: "*" }} }} ]
"""
GENUINE = "2019/genuine.raw"
BLOCK = 2000
POLL_SECONDS = 0.1
ROWS = (
    Row(name="keys read", unit="/s", better="more"),
    Row(name="from reading to repair", unit="s", better="less"),
    Row(name="memory, highest", unit="MiB", better="less", worse="worse"),
    Row(name="memory, above its start", unit="MiB", better="less", worse="worse"),
    Row(name="state on disk", unit="MiB", better="less", worse="worse"),
    Row(name="notices in the log", unit="", better="less", worse="worse"),
)


@dataclass
class Seen:
    """What was measured."""

    rss_mib: dict[str, float] = field(default_factory=dict)
    highest_mib: float = 0.0
    read_at: float = 0.0
    repaired_at: float = 0.0


class Daemon:
    """`ossmend run`, and what its own log tells of how far it has read."""

    def __init__(self, told: dict[str, str], place: Path) -> None:
        self.log, self.trace, self.state = place / "app.log", place / "trace", place / "state"
        self.config = place / "ossmend.yaml"
        self.log.touch()
        self.config.write_text(CONFIG.format(**told, state=self.state, log=self.log), encoding="utf-8")
        command = [sys.executable, "-m", "ossmend", "run", "--config", str(self.config)]
        with self.trace.open("wb") as out:
            self.process = subprocess.Popen(command, stderr=out)
        self._tail = self.trace.open("rb")
        self.lines, self.notices, self._part = 0, 0, b""
        while b"daemon.ready" not in self.trace.read_bytes():
            time.sleep(POLL_SECONDS)

    def look(self) -> None:
        """Count what its log says since the last look."""
        *whole, self._part = (self._part + self._tail.read()).split(b"\n")
        for line in whole:
            said = json.loads(line) if line.startswith(b"{") else {}
            if said.get("event") == "source.read":
                self.lines += said["events"] + said["repeated"]
            self.notices += said.get("event") == "notice"

    def rss_mib(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def blocks(keys: int) -> Iterator[tuple[str, bool]]:
    """The log, block by block; whether the genuine line is in it."""
    for first in range(0, keys, BLOCK):
        numbers = range(first, min(first + BLOCK, keys))
        text = "".join(REFUSED.format(number=each, key=f"2019/{each * 7919 % 10**9:09d}.raw") for each in numbers)
        middle = first <= keys // 2 < first + BLOCK
        yield (REFUSED.format(number=2**40, key=GENUINE) + text if middle else text), middle


def measure(run: Run, told: dict[str, str], place: Path, keys: int, ahead: int) -> None:
    daemon, seen, began = Daemon(told, place), Seen(), time.monotonic()
    seen.rss_mib["start"] = daemon.rss_mib()
    watcher = threading.Thread(target=_until_repaired, args=(told, seen, began), daemon=True)
    watcher.start()
    written, genuine_at = 0, keys
    for text, has_genuine in blocks(keys):
        if has_genuine:
            genuine_at = written + 1
        with daemon.log.open("a", encoding="utf-8") as file:
            file.write(text)
        written += text.count("\n")
        _wait(daemon, seen, written - ahead, genuine_at, began)
    _wait(daemon, seen, written, genuine_at, began)
    seen.rss_mib["end"] = daemon.rss_mib()
    seconds = time.monotonic() - began
    watcher.join(60.0)
    daemon.stop()
    _report(run, daemon, seen, keys / seconds)


def _wait(daemon: Daemon, seen: Seen, lines: int, genuine_at: int, began: float) -> None:
    """Until the daemon has read so many lines."""
    while True:
        daemon.look()
        seen.highest_mib = max(seen.highest_mib, daemon.rss_mib())
        if not seen.read_at and daemon.lines >= genuine_at:
            seen.read_at = time.monotonic() - began
            seen.rss_mib["middle"] = daemon.rss_mib()
        if daemon.lines >= lines or daemon.process.poll() is not None:
            return
        time.sleep(POLL_SECONDS)


def _until_repaired(told: dict[str, str], seen: Seen, began: float) -> None:
    while not restored(told):
        time.sleep(POLL_SECONDS * 5)
    seen.repaired_at = time.monotonic() - began


def _report(run: Run, daemon: Daemon, seen: Seen, keys_a_second: float) -> None:
    size = sum(path.stat().st_size for path in daemon.state.iterdir() if path.is_file())
    run.tell("keys read", keys_a_second)
    if seen.repaired_at:
        run.tell("from reading to repair", seen.repaired_at - seen.read_at)
    run.tell("memory, highest", seen.highest_mib)
    run.tell("memory, above its start", seen.highest_mib - seen.rss_mib["start"])
    run.tell("state on disk", size / 2**20)
    run.tell("notices in the log", daemon.notices)
    engine = sa.create_engine(f"sqlite:///{daemon.state / 'ossmend.db'}")
    tables = ("cases", "journal", "seen", "notices", "writes", "turned_away")
    with engine.connect() as connection:
        rows = {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in tables}
        away = connection.execute(sa.text("SELECT subjects, events FROM turned_away")).all()
    run.note("rows of the state: " + ", ".join(f"{number} {name}" for name, number in rows.items()))
    run.note(
        "not opened: " + (", ".join(f"{subjects} subjects, {events} events" for subjects, events in away) or "none")
    )
    run.note("memory, MiB: " + ", ".join(f"{when} {mib}" for when, mib in seen.rss_mib.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--ahead", type=int, default=20_000, help="lines in the log that the daemon has not read yet")
    given = arguments(parser)
    with measuring("flood", ROWS, given) as run, simulator() as told, tempfile.TemporaryDirectory() as place:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        archive(told, []).create_bucket()
        archive(told, [GENUINE])
        measure(run, told, Path(place), given.keys, given.ahead)


if __name__ == "__main__":
    main()
