"""How far confidences can be believed: all stories in all shapes, as a reliability table and a plot.

Run `python bench/calibration.py [--svg FILE]`. A point on the diagonal is a confidence that keeps its word: of what is
said with 0.9 about nine in ten are right. Above it we are more careful than need be, below it we promise too much.

The stories by which the weights were set flatter the result; believe the ones that were held out, and mind that they
are few: all shapes of one story are right or wrong together. `pasted` are texts as people paste them.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WIDTH = HEIGHT = 420
MARGIN = 50
BINS = 10
COLOURS = ("#8a8a8a", "#1668dc", "#c4561a")


@dataclass(frozen=True)
class Bin:
    """What was said with about the same confidence."""

    said: float
    """Mean confidence."""
    right: float
    """Share that was right."""
    count: int


def bins_of(pairs: list[tuple[float, bool]]) -> list[Bin]:
    """Ten bins of equal width; empty ones are left out."""
    found: list[Bin] = []
    for number in range(BINS):
        here = [(said, right) for said, right in pairs if min(int(said * BINS), BINS - 1) == number]
        if here:
            said = sum(confidence for confidence, _ in here) / len(here)
            found.append(Bin(said, sum(right for _, right in here) / len(here), len(here)))
    return found


def error_of(bins: list[Bin]) -> float:
    """Expected calibration error: the mean distance from the diagonal, weighed by count."""
    total = sum(each.count for each in bins)
    return sum(abs(each.said - each.right) * each.count for each in bins) / total


def overpromised(bins: list[Bin]) -> float:
    """The part of that error which promises too much."""
    total = sum(each.count for each in bins)
    return sum(max(0.0, each.said - each.right) * each.count for each in bins) / total


def table(bins: list[Bin]) -> str:
    lines = ["said   right  texts"]
    lines += [f"{each.said:.2f}   {each.right:.2f}   {each.count:5d}  {'#' * round(each.right * 40)}" for each in bins]
    return "\n".join(lines)


def svg(results: dict[str, list[Bin]]) -> str:
    """The reliability diagram; the area of a point is the number of texts, its colour the set of stories."""
    side = WIDTH - 2 * MARGIN

    def x(value: float) -> float:
        return MARGIN + value * side

    def y(value: float) -> float:
        return HEIGHT - MARGIN - value * side

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="#999" stroke-dasharray="4 3"/>',
        f'<rect x="{x(0)}" y="{y(1)}" width="{side}" height="{side}" fill="none" stroke="#333"/>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">said (confidence)</text>',
        f'<text x="16" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 16 {HEIGHT / 2})">right</text>',
    ]
    for tick in range(0, 11, 2):
        value = tick / 10
        parts.append(f'<text x="{x(value)}" y="{y(0) + 16}" text-anchor="middle">{value:.1f}</text>')
        parts.append(f'<text x="{x(0) - 8}" y="{y(value) + 4}" text-anchor="end">{value:.1f}</text>')
    for number, (name, bins) in enumerate(results.items()):
        colour, top = COLOURS[number], 24 + 14 * number
        parts.append(f'<text x="{MARGIN}" y="{top}" fill="{colour}">{name}: {sum(b.count for b in bins)} texts</text>')
        most = max(each.count for each in bins)
        parts += [_point(x(each.said), y(each.right), each, most, colour) for each in bins]
    return "\n".join((*parts, "</svg>")) + "\n"


def _point(x: float, y: float, each: Bin, most: int, colour: str) -> str:
    radius = 3 + 9 * (each.count / most) ** 0.5
    title = f"<title>said {each.said:.2f}, right {each.right:.2f}, {each.count} texts</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.6">{title}</circle>'


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--svg", type=Path, help="also write the plot there")
    arguments, _ = parser.parse_known_args()  # `./ossmend bench --json FILE` tells all, and there is no figure here
    sys.path.insert(0, str(ROOT))  # the stories are the tests' own
    from tests.scenarios.reliability import HELD_OUT, TUNED, judged, pasted

    results = {
        name: (bins_of(judged(stories)), f"{len(stories)} stories, ")
        for name, stories in (("tuned on", TUNED), ("held out", HELD_OUT))
    }
    results["pasted"] = (bins_of(pasted()), "")
    for name, (bins, stories) in results.items():
        print(f"\n{name}: {stories}{sum(each.count for each in bins)} texts\n{table(bins)}")
        print(f"calibration error {error_of(bins):.3f}, of which promised too much {overpromised(bins):.3f}")
    if arguments.svg is not None:
        arguments.svg.write_text(svg({name: bins for name, (bins, _) in results.items()}), encoding="utf-8")


if __name__ == "__main__":
    main()
