"""Requests written byte by byte, fired at a simulator of their own: what the fuzz of both dialects shares."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import Raw, Wire

BUCKET = "fuzz-bucket"
STATUSES = {200, 204, 206, 304, 400, 403, 404, 405, 409, 411, 412, 416, 501}
"""All that an answer may have; a 500 is a fault of ours."""


@dataclass
class Shot:
    """One request as it is written, and whether it may succeed."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    spoilt: str = ""

    def raw(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1", "replace") + self.body


class Dialect(NamedTuple):
    """What is fired, by simulator, seed and number, and what must be true of each answer."""

    shots: Callable[[Running, int, int], Iterator[Shot]]
    judge: Callable[[Shot, Raw], None]

    def fire(self, seed: int, count: int) -> Counter[str]:
        """All of them against one simulator; what was answered, by status."""
        with running_simulator() as sim:
            sim.do(lambda cloud: cloud.create_bucket(BUCKET))
            wire = Wire(sim)
            wire.signed("PUT", BUCKET, "key", body=b"hello")
            told: Counter[str] = Counter()
            for shot in self.shots(sim, seed, count):
                answer = wire.raw(shot.raw())
                self.judge(shot, answer)
                told[f"{'spoilt' if shot.spoilt else 'right'} {answer.status}"] += 1
            return told

    def main(self) -> None:
        """`NUMBER [SEED]` on the command line; what was answered is printed."""
        told = self.fire(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1]))
        for answered, times in sorted(told.items()):
            sys.stdout.write(f"{answered}: {times}\n")
