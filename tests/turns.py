"""Tests and workers -> who runs what, and when: the long ones first, a file in one process, for as little as it can be.

xdist's own `loadgroup` hands out each test by itself and, for each that ends, counts all that have ended before: with
twenty thousand tests that takes longer than many of the tests. Here a file is one piece of work, with what it has set
up, and what has ended is forgotten. Where tests start whole programs each of them is a piece: mostly they wait.
Next: conftest.py, which puts this to work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]  # xdist tells no types

ONE_BY_ONE = (
    "tests/packaging",
    "tests/systemd",
    "tests/crash",
    "tests/journeys",
    "tests/house",
    "tests/daemon/commands",
)
"""The folders of tests that start whole programs; those that take longest first, or the others would wait for them."""
WAITING = 1
"""So many more processes than cores: a test that waits for a program leaves its core to another."""


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def turn(file: str) -> int:
    """The place of its folder; everything else comes behind those."""
    folder = PurePosixPath(file).parent
    for number, each in enumerate(ONE_BY_ONE):
        if folder.is_relative_to(each):
            return number
    return len(ONE_BY_ONE)


def in_turn(nodeids: Iterable[str]) -> list[str]:
    """Files in the order in which they are begun: of the same turn, the one with most tests first."""
    tests = Counter(file_of(nodeid) for nodeid in nodeids)
    return sorted(tests, key=lambda file: (turn(file), -tests[file], file))


class InTurn(LoadGroupScheduling):  # type: ignore[misc]  # xdist tells no types
    """Hands out pieces of work in the order of the collection, which conftest.py has sorted."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # or a trial of a minute would be last, being a single test
        self._numbers: dict[str, int] = {}

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        alone = group != nodeid or turn(file_of(nodeid)) < len(ONE_BY_ONE)
        return group if alone else file_of(nodeid)

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        super().add_node_collection(node, collection)
        self._numbers = self._numbers or {nodeid: number for number, nodeid in enumerate(collection)}

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        nodeid = self.registered_collections[node][item_index]
        scope = self._split_scope(nodeid)
        left = self.assigned_work[node][scope]
        del left[nodeid]
        if not left:
            del self.assigned_work[node][scope]
        self._reschedule(node)

    def _assign_work_unit(self, node: Any) -> None:
        scope, tests = self.workqueue.popitem(last=False)
        self.assigned_work[node][scope] = tests
        node.send_runtest_some([self._numbers[nodeid] for nodeid in tests])
