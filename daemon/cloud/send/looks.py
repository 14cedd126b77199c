"""Many writes of one moment -> what their targets are now, from list pages that are at most two seconds old.

Before each write the world is looked at once more. For RestoreObject, which OSS answers as a state when it comes late,
a list page of this moment is such a look (docs/pipeline.md#look-again), and one page answers for a thousand of them;
for every other write, and for objects that lie alone, the sender asks by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ossmend.daemon.cloud.ask.list_batch import FEW, list_batch
from ossmend.daemon.cloud.wire.answers import Page, Row
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Refused, TryAgain

YOUNG = 2.0
"""Seconds that a page counts as a look."""

ListPage = Callable[[str, str, str], Page]
"""(bucket, prefix, start after) -> page."""
Pages = Mapping[str, tuple[float, Mapping[str, Row | None]]]
"""By bucket: when it was listed, and its rows."""
NEVER: tuple[float, Mapping[str, Row | None]] = (float("-inf"), {})


class Looks:
    """The targets of one batch of writes. Thread-safe; while one thread lists, the others wait for its page."""

    def __init__(
        self, targets: Sequence[ObjectRef], pages: Pages, page: ListPage, clock: Clock, billed: int = 1
    ) -> None:
        """`pages`: what was listed already; `billed`: a page costs as much as so many HEADs."""
        self._billed = billed
        self._page = page
        self._clock = clock
        self._left: dict[str, set[str]] = {}
        for ref in targets:
            self._left.setdefault(ref.bucket, set()).add(ref.key)
        self._pages: dict[str, tuple[float, Mapping[str, Row | None]]] = dict(pages)
        self._lock = threading.Lock()

    def seen(self, ref: ObjectRef) -> str | None:
        """In the words of `planned_on`; None where only a look of its own can tell."""
        with self._lock:
            left = self._left.get(ref.bucket)
            if left is None or ref.key not in left:
                return None
            at, known = self._pages.get(ref.bucket, NEVER)
            if self._clock.monotonic() - at > YOUNG:
                at, known = self._pages[ref.bucket] = self._list(ref.bucket, left)
            left.discard(ref.key)
        if ref.key not in known:
            return None
        row = known[ref.key]
        if row is None:
            return "missing object"
        return row.state.digest if row.state is not None else None

    def _list(self, bucket: str, keys: set[str]) -> tuple[float, Mapping[str, Row | None]]:
        at = self._clock.monotonic()
        found: Mapping[str, Row | None] = {}
        if len(keys) >= FEW:
            try:
                found = list_batch(
                    sorted(keys), lambda prefix, start_after: self._page(bucket, prefix, start_after), self._billed
                )
            except (TryAgain, Refused):
                found = {}  # one by one then: what goes wrong there is said of each write by itself
        return at, found
