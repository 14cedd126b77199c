"""Every test is run once, by whoever is free: the long ones first, groups and files whole."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

from tests.turns import InTurn, file_of, in_turn

QUICK = [f"tests/config/test_a.py::test_it[{number}]" for number in range(40)]
LONG = [f"tests/crash/test_b.py::test_trial[{number}]" for number in range(4)]
GROUP = [f"tests/packaging/test_c.py::test_it[{number}]@packages" for number in range(3)]


class Worker:
    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.to_run: deque[int] = deque()

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.to_run.extend(numbers)

    def shutdown(self) -> None:
        self.shutting_down = True


def silent(*_: object) -> None:
    """xdist's own log."""


def run_by(workers: list[Any], collected: list[str]) -> dict[str, list[str]]:
    config: Any = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=True), getvalue=lambda _: [f"{len(workers)}*popen"], hook=None
    )
    turns = in_turn(collected)
    collected.sort(key=lambda nodeid: turns.index(file_of(nodeid)))
    schedule = InTurn(config, SimpleNamespace(loadscopesched=silent, loadgroupsched=silent))
    for worker in workers:
        schedule.add_node(worker)
        schedule.add_node_collection(worker, collected)
    schedule.schedule()
    ran: dict[str, list[str]] = {worker.gateway.id: [] for worker in workers}
    while any(worker.to_run for worker in workers):
        for worker in workers:
            if worker.to_run:
                number = worker.to_run.popleft()
                ran[worker.gateway.id].append(collected[number])
                schedule.mark_test_complete(worker, number)
    assert schedule.tests_finished
    assert all(worker.shutting_down for worker in workers)
    return ran


def test_every_test_is_run_once_and_files_and_groups_by_one_worker_each() -> None:
    ran = run_by([Worker("one"), Worker("other")], [*QUICK, *LONG, *GROUP])
    assert sorted([*ran["one"], *ran["other"]]) == sorted([*QUICK, *LONG, *GROUP])
    for whole in (QUICK, GROUP):
        assert sum(set(whole) <= set(tests) for tests in ran.values()) == 1
    assert all(set(LONG) & set(tests) for tests in ran.values()), "trials are shared out: mostly they wait"


def test_what_takes_longest_is_begun_first() -> None:
    ran = run_by([Worker("alone")], [*QUICK, *LONG, *GROUP])
    assert ran["alone"] == [*GROUP, *LONG, *QUICK]
