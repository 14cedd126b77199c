"""Whatever two SDKs do to a few keys in turn, each reads what a model of OSS says it must; model.py has the steps."""

from __future__ import annotations

import pytest

from tests.simulator.oss.model import walk


@pytest.mark.parametrize("seed", [1, 2])
def test_random_steps_of_two_sdks_agree_with_the_model(seed: int) -> None:
    walk(seed, 120)
