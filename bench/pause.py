"""From the switch to the last write on the wire, in ms: the longest of many tries under load. Promised: 1,000.

The daemon runs as a process and always has objects to restore; the file `pause` appears in its state directory, the
simulator is asked what still arrives, the file goes, and so on. Run `python bench/pause.py [--tries 100]`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.latency import POLL_SECONDS, daemon, line, seen
from bench.restores import archive, simulator

WATCHED_SECONDS = 1.5
EACH = 40
"""Refusals a try: more than leave before the switch is thrown."""


def last_arrival(told: dict[str, str]) -> float:
    """How long after now the last write arrives, in ms; 0 if none does."""
    began, number, last = time.perf_counter(), seen(told), 0.0
    while (passed := time.perf_counter() - began) < WATCHED_SECONDS:
        time.sleep(POLL_SECONDS)
        if (now := seen(told)) != number:
            number, last = now, passed
    return last * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=100)
    tries = parser.parse_args().tries
    with simulator() as told, tempfile.TemporaryDirectory() as place:
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        keys = [f"k/{number:05d}" for number in range(tries * EACH)]
        archive(told, []).create_bucket()
        archive(told, keys)
        process, log = daemon(told, told["oss"], Path(place) / "daemon")
        switch, late = log.parent / "state" / "pause", []
        for each in range(tries):
            before = seen(told)
            with log.open("a", encoding="utf-8") as file:
                file.writelines(line("bench", key, each) for key in keys[each * EACH : (each + 1) * EACH])
            while seen(told) <= before:
                time.sleep(POLL_SECONDS)
            switch.touch()
            late.append(last_arrival(told))
            switch.unlink()
        process.send_signal(signal.SIGTERM)
        process.wait()
    none = sum(each == 0 for each in late)
    row = {"tries": tries, "longest_ms": round(max(late)), "median_ms": round(statistics.median(late))}
    print(json.dumps(row | {"none_after_the_switch": none, "promised_ms": 1000}, indent=2))


if __name__ == "__main__":
    main()
