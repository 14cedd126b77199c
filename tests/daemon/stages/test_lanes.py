"""Lanes: a bounded number of threads each, results in groups, and a lane that hangs delays no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ossmend.daemon.journal.cases import lane_of
from ossmend.daemon.stages.lanes import Crew, Hands, by
from ossmend.remediators.contract.case import Subject
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef
from tests.patience import HUNG


@pytest.fixture
def hands() -> Iterator[Hands]:
    made = Hands(lanes=2, each=3)
    yield made
    made.close()


def test_every_item_has_its_result_once(hands: Hands) -> None:
    found = [pair for group in hands.work(lambda number: number * 2, list(range(50))) for pair in group]
    assert sorted(found) == [(number, number * 2) for number in range(50)]


def test_no_items_are_no_groups(hands: Hands) -> None:
    assert list(hands.work(lambda number: number, [])) == []


def test_one_item_is_done_where_it_is_asked_for(hands: Hands) -> None:
    ((pair,),) = hands.work(lambda _: threading.current_thread().name, ["a"])
    assert pair == ("a", threading.current_thread().name)


def test_an_item_that_fails_is_raised_after_the_others_are_done_and_nobody_waits_for_it(hands: Hands) -> None:
    def half(number: int) -> int:
        if number == 4:
            raise ValueError(number)
        return number // 2

    found: list[int] = []
    with pytest.raises(ValueError, match="4"):
        found.extend(item for group in hands.work(half, list(range(10))) for item, _ in group)
    assert sorted(found) == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_a_lane_never_uses_more_threads_than_are_its_own(hands: Hands) -> None:
    lock, now, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def count(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        together.wait(HUNG)  # nobody goes on before three are here, so three there were
        with lock:
            now -= 1

    list(hands.work(count, list(range(9))))
    assert most == 3


def test_a_lane_that_hangs_leaves_the_other_its_threads(hands: Hands) -> None:
    gate, hung = threading.Event(), threading.Barrier(4)

    def hang(_: int) -> None:
        hung.wait(HUNG)
        gate.wait(HUNG)

    hanging = threading.Thread(target=lambda: list(hands.work(hang, [1, 2, 3])))
    hanging.start()
    hung.wait(HUNG)
    assert len([pair for group in hands.work(str, [1, 2, 3, 4]) for pair in group]) == 4
    gate.set()
    hanging.join(HUNG)


def test_an_account_whose_lanes_all_hang_leaves_the_other_one_its_own() -> None:
    gate, hung = threading.Event(), threading.Barrier(3)

    def hang() -> None:
        hung.wait(HUNG)
        gate.wait(HUNG)

    dead, well = Crew(lanes=2, each=1), Crew(lanes=2, each=1)
    for _ in range(5):
        dead.lanes.submit(hang)
    hung.wait(HUNG)  # both of its lanes are taken, and more wait
    assert well.lanes.submit(lambda: list(well.hands.work(str, [1, 2]))).result(HUNG)
    gate.set()
    hung.abort()
    dead.close()
    well.close()


@pytest.mark.parametrize(
    ("subject", "lane"),
    [
        (Subject("object", ("b", "k", "")), "default/object/b"),
        (Subject("cors", ("b", "rule=web")), "default/cors/b"),
        (Subject("denied", ("b", "u", "GetObject")), "default/denied/b"),
        (Subject("code", ("OddCode", "b")), "default/code/b"),
        (Subject("key", ("LTAI",)), "default/key/"),
        (Subject("account", ()), "default/account/"),
        (Subject("object", ()), "default/object/"),
    ],
)
def test_a_lane_is_an_accounts_bucket_for_one_kind_of_question(subject: Subject, lane: str) -> None:
    assert lane_of(DEFAULT_ACCOUNT, subject) == lane


def test_accounts_have_lanes_of_their_own() -> None:
    subject = Subject("object", ("b", "k", ""))
    assert lane_of(AccountRef("prod"), subject) != lane_of(AccountRef("data"), subject)


def test_items_are_put_together_by_their_key_in_their_order() -> None:
    assert by(lambda word: word[0], ["ab", "ba", "aa"]) == {"a": ["ab", "aa"], "b": ["ba"]}
