"""Stories in all shapes -> pairs (confidence, was it right): what calibration is measured on.

`TUNED` are the stories that the weights were set by: on them everything looks better than it is. `HELD_OUT` are not. The
shapes of one story are no independent samples: the number of stories is what counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ossmend.daemon.explain.text import explain_text
from tests.scenarios.further import FURTHER
from tests.scenarios.held_out import HELD_OUT
from tests.scenarios.listed import LISTED
from tests.scenarios.retired import RETIRED
from tests.scenarios.story import PARTIAL, WHOLE, Story, access_log

UNMEASURED = "clock-unmeasured"
"""Names no cause: always right where the times are not told, and so left out."""
TUNED: tuple[Story, ...] = (*LISTED, *FURTHER, *RETIRED)

PASTED = Path(__file__).parents[1] / "samples" / "pasted" / "reports.jsonl"

__all__ = ["HELD_OUT", "TUNED", "judged", "pasted"]


def judged(stories: Sequence[Story]) -> list[tuple[float, bool]]:
    """One pair for each story and shape; `unknown` counts as wrong, since a cause there was."""
    pairs: list[tuple[float, bool]] = []
    for story in stories:
        shapes = (*WHOLE, *PARTIAL, *((access_log,) if story.logged else ()))
        for shape in shapes:
            for event in explain_text(shape(story))["events"]:
                if event["code"] != story.code:
                    continue
                diagnosis = event["diagnosis"]
                if diagnosis["cause"] != UNMEASURED:
                    pairs.append((diagnosis["confidence"], diagnosis["cause"] in story.causes))
    return pairs


def pasted() -> list[tuple[float, bool]]:
    """The same for texts as people paste them; those whose cause the text leaves to any reader are left out."""
    pairs: list[tuple[float, bool]] = []
    for line in PASTED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        wanted = [row["expected"], *(row["expected"].get("all") or [])]
        for event in explain_text(row["text"])["events"]:
            causes = [
                cause for each in wanted if event["code"] in _options(each["code"]) for cause in each["causes"] or []
            ]
            diagnosis = event["diagnosis"]
            if causes and diagnosis["cause"] != UNMEASURED:
                pairs.append((diagnosis["confidence"], diagnosis["cause"] in causes))
    return pairs


def _options(value: str | list[str | None] | None) -> list[str | None]:
    return value if isinstance(value, list) else [value]
