"""From the switch to the last write on the wire, in ms: the longest of many tries under load. Promised: 1,000.

The daemon runs as a process and always has objects to restore; the switch is thrown (by a file, a signal, a command, or
a command for the one policy), the simulator is asked what still arrives, the switch is thrown back, and so on. Run
`python bench/pause.py [--tries 100] [--how file]`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.latency import daemon, line
from bench.restores import archive, simulator
from bench.results.measure import arguments, measuring
from bench.results.row import Row

WATCHED_SECONDS = 1.5
POLL_SECONDS = 0.01
ROWS = (
    Row(name="last write after the switch, worst", unit="ms", better="less", aim=1000),
    Row(name="last write after the switch, p50", unit="ms", better="less"),
    Row(name="tries with a write held back", unit="%", better="more", worse="worse"),
)
EACH = 60
"""Refusals a try: more than leave before the switch is thrown, so that there always is something to hold back."""
ARRIVED = 3
"""Restores of a try that have arrived when the switch is thrown: the lanes are at work then."""


class Arrivals:
    """How many writes have arrived; each look asks for what is new."""

    def __init__(self, told: dict[str, str]) -> None:
        self._url = f"{told['control']}/requests"
        self._known = 0
        self.number = 0

    def look(self) -> int:
        with urlopen(f"{self._url}?after={self._known}") as answer:
            found = json.load(answer)
        self._known = found["total"]
        self.number += sum(each["operation"] == "RestoreObject" for each in found["requests"])
        return self.number

    def last(self) -> float:
        """How long after now the last write arrives, in ms; 0 if none does."""
        began, last = time.perf_counter(), 0.0
        while time.perf_counter() - began < WATCHED_SECONDS:
            time.sleep(POLL_SECONDS)
            before = self.number
            if self.look() != before:
                last = time.perf_counter() - began  # after the look: it came before that, and not later
        return last * 1000


def throw(how: str, process: subprocess.Popen[bytes], directory: Path, *, back: bool) -> None:
    """The switch, and back again. A command is counted with its own start."""
    if how == "signal":
        process.send_signal(signal.SIGUSR2 if back else signal.SIGUSR1)
    elif how == "file":
        switch = directory / "state" / "pause"
        switch.unlink() if back else switch.touch()
    else:
        words = [sys.executable, "-m", "ossmend", "resume" if back else "pause", *(["thaw"] if how == "policy" else [])]
        subprocess.run([*words, "--config", str(directory / "ossmend.yaml")], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--how", choices=["file", "signal", "command", "policy"], default="file")
    given = arguments(parser)
    with measuring("pause", ROWS, given) as run:
        late, held = measure(given.tries, given.how)
        run.tell("last write after the switch, worst", max(late))
        run.tell("last write after the switch, p50", statistics.median(late))
        run.tell("tries with a write held back", 100 * sum(each > 0 for each in held) / given.tries)
        none = sum(each == 0 for each in late)
        run.note(f"no write after the switch in {none} tries; held back in the middle: {statistics.median(held):g}")


def measure(tries: int, how: str) -> tuple[list[float], list[int]]:
    """Of each try: when the last write came, in ms after the switch, and how many were held back."""
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        keys = [f"k/{number:05d}" for number in range(tries * EACH)]
        archive(told, []).create_bucket()
        archive(told, keys)
        process, log = daemon(told, told["oss"], Path(place) / "daemon")
        arrivals, late, held = Arrivals(told), [], []
        for each in range(tries):
            before = arrivals.look()
            with log.open("a", encoding="utf-8") as file:
                numbers = range(each * EACH, (each + 1) * EACH)  # a request id of its own for each refusal
                file.writelines(line("bench", keys[number], number) for number in numbers)
            while arrivals.look() < before + ARRIVED:
                time.sleep(POLL_SECONDS)
            throw(how, process, log.parent, back=False)
            late.append(arrivals.last())
            held.append((each + 1) * EACH - arrivals.number)
            throw(how, process, log.parent, back=True)
        process.send_signal(signal.SIGTERM)
        process.wait()
    return late, held


if __name__ == "__main__":
    main()
