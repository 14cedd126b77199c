"""Many cases in one test are all looked at, and those that do not hold are named."""

from __future__ import annotations

import pytest

from tests.naming import each_named


def only_the_second_holds() -> None:
    with each_named() as of:
        for number, name in enumerate(("first", "second", "third")):
            with of(name):
                assert number == 1


def test_every_case_that_does_not_hold_is_named_and_no_other() -> None:
    with pytest.raises(pytest.fail.Exception, match="2 of 3") as told:
        only_the_second_holds()
    found = [line.partition(":")[0] for line in str(told.value).splitlines() if ": Traceback" in line]
    assert found == ["first", "third"]


def test_a_test_without_a_case_fails() -> None:
    with pytest.raises(AssertionError, match="no case"), each_named():
        pass
