"""A run and those before it -> lines of at most 80 columns for a terminal; measure.py prints them.

A person who reads it wants to know two things: is an aim missed, and did something fall behind. Both are words in the
row, not colours, so that they survive a log file and `grep`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from bench.results.history import SHARE, Before, before
from bench.results.row import Figure, Line, Row

WIDTH = 80


def table(line: Line, rows: Sequence[Row], history: Sequence[Line], notes: Iterable[str]) -> Iterator[str]:
    yield from wrapped(heading(line))
    yield f"{'row':34}{'figure':>15}  {'aim':15}{'last, change':>14}"
    section = ""
    for row in rows:
        if row.name not in line.rows:
            continue
        if row.to != section:
            section = row.to
            yield from wrapped(f"-- as a ratio to {section}:" if section else "-- by itself:")
        yield from shown(row, line.rows[row.name], before(history, line, row.name))
    left_out = [row.name for row in rows if row.name not in line.rows]
    if left_out:
        yield from wrapped(f"not measured in this run: {'; '.join(left_out)}")
    for note in notes:
        yield from wrapped(note)


def heading(line: Line) -> str:
    commit = "of no git checkout" if line.commit is None else f"commit {line.commit}"
    changed = ", with changes" if line.dirty else ""
    sizes = "".join(f", {name} {value}" for name, value in line.sizes.items())
    load = f"load {line.load[0]:g} to {line.load[1]:g}"
    if line.under_load:
        load += ": UNDER LOAD, held only against other runs under load"
    return (
        f"{line.script}{sizes}; {line.date:%Y-%m-%d %H:%M} UTC, {commit}{changed}; Python {line.python}, "
        f"{line.cores} cores, {load}"
    )


def shown(row: Row, figure: Figure, earlier: Before | None) -> Iterator[str]:
    """The row, and a second line if it fell behind."""
    told = f"{number(figure.figure)} {row.unit}"
    yield f"{row.name:34}{told:>15}  {aim(figure):15}{last(figure, earlier):>14}".rstrip()
    if earlier is None:
        return
    share = earlier.fell_behind(row, figure.figure)
    if share is not None:
        runs = "the run before" if earlier.runs == 1 else f"the median of {earlier.runs} runs"
        yield f"    {row.worse}: {share:.0%} behind {runs}, {number(earlier.median)} (more than {SHARE:.0%} is told)"


def aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    sign = ">=" if figure.better == "more" else "<="
    return f"{sign} {figure.aim:g} {'met' if figure.met else 'MISSED'}"


def last(figure: Figure, earlier: Before | None) -> str:
    if earlier is None:
        return "-"
    change = earlier.change(figure.figure)
    if change is None:
        return number(earlier.last)
    told = f"{round(change, 2) + 0.0:+.0%}" if abs(change) < 10 else ">10x"  # + 0.0: there is no -0%
    return f"{number(earlier.last)} {told}"


def number(value: float) -> str:
    """As many digits as mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or not value else f"{value:.2g}"


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ")
