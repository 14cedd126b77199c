"""Many cases in one test: each is looked at, whatever the others do, and the test fails with the names of those that
do not hold.

A test of its own for each of thousands that take a millisecond costs more than the cases themselves.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

Case = Callable[[str], AbstractContextManager[None]]


@contextmanager
def each_named() -> Iterator[Case]:
    """`with each_named() as of:`, and in it `with of("its name"):` around each case."""
    failed: list[str] = []
    looked_at: list[str] = []

    @contextmanager
    def of(name: str) -> Iterator[None]:
        looked_at.append(name)
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever a case meets is told with its name, and the others are looked at
            failed.append(f"{name}: {traceback.format_exc()}")

    yield of
    assert looked_at, "no case at all"
    if failed:
        pytest.fail(f"{len(failed)} of {len(looked_at)} do not hold\n" + "\n".join(failed), pytrace=False)
