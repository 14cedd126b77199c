"""A few calls without an answer in a row, and the next ones fail at once, for a while; one tries, and it is over."""

from __future__ import annotations

import pytest

from ossmend.daemon.cloud.wire.breaker import FIRST, IN_A_ROW, LONGEST, Breaker


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(IN_A_ROW):
        breaker.begin()
        breaker.unanswered(at, tried=False)
    return breaker


def test_a_few_in_a_row_open_it() -> None:
    breaker = Breaker()
    for _ in range(IN_A_ROW - 1):
        breaker.unanswered(0.0, tried=False)
        assert breaker.left(0.0) == 0
    breaker.unanswered(0.0, tried=False)
    assert breaker.left(0.0) == FIRST
    assert breaker.left(FIRST - 1) == 1
    assert breaker.left(FIRST) == 0


def test_an_answer_in_between_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(10):
        breaker.unanswered(0.0, tried=False)
        breaker.unanswered(0.0, tried=False)
        breaker.answered()
    assert breaker.left(0.0) == 0
    assert breaker.healthy


def test_one_tries_while_the_others_wait() -> None:
    breaker = opened()
    assert breaker.begin()
    assert breaker.left(FIRST) > 0


def test_an_answer_to_the_one_that_tries_closes_it_and_forgets_how_long_it_was() -> None:
    breaker = opened()
    breaker.begin()
    breaker.answered()
    assert breaker.left(FIRST) == 0
    assert not breaker.begin()
    for _ in range(IN_A_ROW):
        breaker.unanswered(100.0, tried=False)
    assert breaker.left(100.0) == FIRST


def test_each_try_without_an_answer_doubles_the_wait_up_to_a_limit() -> None:
    breaker, now, waits = opened(), 0.0, []
    for _ in range(6):
        waits.append(breaker.left(now))
        now += waits[-1]
        breaker.unanswered(now, tried=breaker.begin())
    assert waits == [5.0, 10.0, 20.0, 40.0, LONGEST, LONGEST]


@pytest.mark.parametrize("late", [1, 30])
def test_calls_that_had_left_before_it_opened_do_not_make_it_longer(late: int) -> None:
    breaker = opened()
    for _ in range(late):
        breaker.unanswered(1.0, tried=False)
    assert breaker.left(1.0) == FIRST - 1


def test_an_answer_to_a_call_that_had_left_before_it_opened_closes_it() -> None:
    breaker = opened()
    breaker.answered()
    assert breaker.left(0.0) == 0


def test_when_the_one_that_tries_is_given_up_the_next_one_tries() -> None:
    breaker = opened()
    breaker.dropped(tried=breaker.begin())
    assert breaker.left(FIRST) == 0
    assert breaker.begin()


def test_giving_up_another_call_does_not_let_a_second_one_try() -> None:
    breaker = opened()
    breaker.begin()
    breaker.dropped(tried=False)
    assert breaker.left(FIRST) > 0
