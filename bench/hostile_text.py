"""Hostile text, by the clock: what a megabyte of it costs, as a ratio to a megabyte of ordinary log in the same run.

Run `python bench/hostile_text.py [--size 100000] [--reader NAME]`. There are three readers: `daemon` (the filter in
front, and the parser for what it lets through), `explain` and `redact`. `growth` is how many times as long twice the
text takes: 2 is linear, and what comes near 4 goes by the square: a daemon may be held up by it for hours. The texts
are those of the tests, which count calls and so cannot see into a regular expression; this can.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row

READERS = ("daemon", "explain", "redact")
ROWS = (
    *(Row(name=f"{reader}, the slowest text", unit="x", better="less", to="ordinary log lines") for reader in READERS),
    *(
        Row(name=f"{reader}, the fastest growth", unit="x", better="less", to="half the text", aim=3)
        for reader in READERS
    ),
)
"""Which text is the slowest may change; that none is slower, and none grows by the square, is what counts."""
TRIES = 3
"""The quickest of so many is kept: whatever else the machine does can only add to it."""
Read = Callable[[str], object]
ORDINARY = (
    "2026-03-01 10:00:00,123 INFO  [worker-3] shop.orders: order 1042 of customer 77 was stored in 12 ms\n"
    "2026-03-01 10:00:00,201 WARN  [worker-1] shop.stock: 3 items left of article A-113, threshold=5\n"
    '2026-03-01 10:00:00,377 INFO  [http-9] access: 10.0.0.9 "GET /orders/1042?full=yes HTTP/1.1" 200 5123 0.013\n'
)


@dataclass(frozen=True)
class Cost:
    """One text, read by one reader."""

    name: str
    seconds: float
    growth: float


def seconds(read: Read, text: str) -> float:
    best = float("inf")
    for _ in range(TRIES):
        begun = time.process_time()
        read(text)
        best = min(best, time.process_time() - begun)
    return best


def cost(read: Read, unit: str, size: int) -> Cost:
    once, twice = (seconds(read, unit * (length // len(unit))) for length in (size, 2 * size))
    return Cost(repr(unit)[:48], twice, twice / max(once, 1e-9))


def readers() -> dict[str, tuple[Read, Iterable[str]]]:
    """By name: how a text is read, and what it should better not meet."""
    # the texts are the tests' own
    from ossmend.daemon.explain.text import explain_text
    from ossmend.daemon.host.redact import redact
    from ossmend.daemon.sources.blocks import blocks_in
    from ossmend.daemon.sources.envelopes.encodings import as_text
    from ossmend.daemon.sources.parsers import events_in
    from tests.daemon.explain.test_text import ARCHIVED, HOSTILE
    from tests.daemon.sources.test_redact import SECRETS
    from tests.daemon.sources.test_shapes import UNITS

    def follow(text: str) -> None:
        data = text.encode()
        for block in blocks_in(data):
            events_in(as_text(block.cut_from(data)), source="bench", strict=True)

    return {
        "daemon": (follow, UNITS),
        "explain": (lambda text: explain_text(f"{ARCHIVED}\n{text}"), HOSTILE),
        "redact": (redact, SECRETS),
    }


def report(run: Run, name: str, costs: list[Cost], ordinary: Cost) -> None:
    run.tell(f"{name}, the slowest text", max(each.seconds for each in costs) / ordinary.seconds)
    run.tell(f"{name}, the fastest growth", max(each.growth for each in costs))
    run.note(f"{name}: time of a MB as a multiple of ordinary text's, and growth with the size")
    for each in (*sorted(costs, key=lambda each: -each.seconds), ordinary):
        run.note(f"{each.seconds / ordinary.seconds:8.1f} x  growth {each.growth:4.1f}  {each.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000, help="characters of a text; growth looks at twice as many")
    parser.add_argument("--reader", choices=READERS, help="only this one")
    given = arguments(parser)
    with measuring("hostile_text", ROWS, given) as run:
        for name, (read, units) in readers().items():
            if given.reader in (None, name):
                costs = [cost(read, unit, given.size) for unit in units]
                report(run, name, costs, replace(cost(read, ORDINARY, given.size), name="ordinary log lines"))


if __name__ == "__main__":
    main()
