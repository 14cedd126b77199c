"""Of what is said with 90 % about 90 % is right, over all stories in all shapes; the plot is made by bench/calibration.py."""

from __future__ import annotations

from tests.scenarios.reliability import judged


def test_what_is_said_with_confidence_is_right_and_what_is_not_sure_is_not_said_so() -> None:
    all_of_it = judged()
    sure = [right for confidence, right in all_of_it if confidence >= 0.9]
    likely = [right for confidence, right in all_of_it if 0.7 <= confidence < 0.9]
    open_ones = [right for confidence, right in all_of_it if confidence < 0.5]
    assert len(sure) > 500
    assert sum(sure) / len(sure) >= 0.9
    assert sum(likely) / len(likely) >= 0.7
    assert sum(open_ones) / len(open_ones) <= 0.7
