"""Of what is said with 90 % about 90 % is right, in all shapes; bench/calibration.py makes the table and the plot."""

from __future__ import annotations

import pytest

from tests.scenarios.reliability import HELD_OUT, TUNED, judged, pasted
from tests.scenarios.story import Story


@pytest.mark.parametrize("stories", [TUNED, HELD_OUT], ids=["tuned", "held-out"])
def test_what_is_said_with_confidence_is_right(stories: tuple[Story, ...]) -> None:
    sure = [right for confidence, right in judged(stories) if confidence >= 0.9]
    assert len(sure) > 100
    assert sum(sure) / len(sure) >= 0.9


def test_what_is_said_with_confidence_of_a_pasted_text_is_right() -> None:
    sure = [right for confidence, right in pasted() if confidence >= 0.7]
    assert len(sure) > 50
    assert sum(sure) / len(sure) >= 0.9


@pytest.mark.parametrize("stories", [TUNED, HELD_OUT], ids=["tuned", "held-out"])
def test_what_is_open_is_not_said_with_confidence(stories: tuple[Story, ...]) -> None:
    """Or the confidences would tell nothing: where less is right, less is promised."""
    pairs = judged(stories)
    low = [right for confidence, right in pairs if confidence < 0.5]
    high = [right for confidence, right in pairs if confidence >= 0.8]
    assert sum(low) / len(low) < sum(high) / len(high)


def test_no_story_is_both_tuned_and_held_out() -> None:
    assert not {story.id for story in TUNED} & {story.id for story in HELD_OUT}
