"""All stories in all shapes -> pairs (confidence, was it right): what calibration is measured on."""

from __future__ import annotations

from ossmend.daemon.explain import explain_text
from tests.scenarios.further import FURTHER
from tests.scenarios.listed import LISTED
from tests.scenarios.story import PARTIAL, WHOLE, access_log

UNMEASURED = "clock-unmeasured"
"""Right of any clock whose times a text does not tell."""


def judged() -> list[tuple[float, bool]]:
    """One pair for each story and shape; `unknown` counts as wrong, since a cause there was."""
    pairs: list[tuple[float, bool]] = []
    for story in (*LISTED, *FURTHER):
        shapes = (*WHOLE, *PARTIAL, *((access_log,) if story.logged else ()))
        for shape in shapes:
            for event in explain_text(shape(story))["events"]:
                if event["code"] != story.code:
                    continue
                diagnosis = event["diagnosis"]
                right = story.causes | ({UNMEASURED} if shape not in WHOLE else set())
                pairs.append((diagnosis["confidence"], diagnosis["cause"] in right))
    return pairs
