"""A question asked by many threads -> asked once; the answer is kept for a while. Used by view.py and keys.py."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.verdict import Refused, TryAgain

Result = TypeVar("Result")


class _Known:
    """What one question was answered with. Its lock is held while the question is on its way."""

    __slots__ = ("answer", "error", "lock", "until")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = float("-inf")
        self.answer: Any = None
        self.error: TryAgain | Refused | None = None


class Cache:
    """Answers by question. While one thread asks, others with the same question wait for its answer."""

    def __init__(self, clock: Clock, *, room: int = 50_000, keep_errors: float = 0.0) -> None:
        self._clock = clock
        self._room = room
        self._keep_errors = keep_errors
        self._all: dict[Hashable, _Known] = {}
        self._lock = threading.Lock()

    def get(self, question: Hashable, ask: Callable[[], Result], seconds: Callable[[Result], float]) -> Result:
        """The answer, at most `seconds` old, counted from when it was asked for."""
        with self._lock:
            known = self._all.get(question)
            if known is None:
                self._make_room()
                known = self._all[question] = _Known()
        with known.lock:
            if self._clock.monotonic() >= known.until:
                self._ask(known, ask, seconds)
            if known.error is not None:
                raise known.error
            answer: Result = known.answer
            return answer

    def _ask(self, known: _Known, ask: Callable[[], Result], seconds: Callable[[Result], float]) -> None:
        asked_at = self._clock.monotonic()
        known.until, known.error = float("-inf"), None
        try:
            known.answer = ask()
        except (TryAgain, Refused) as error:
            known.error, known.until = error, asked_at + self._keep_errors
        else:
            known.until = asked_at + seconds(known.answer)

    def forget(self, question: Hashable) -> None:
        """Drop what is known; an answer that is just on its way belongs to the past as well."""
        with self._lock:
            self._all.pop(question, None)

    def forget_if(self, meant: Callable[[Any], bool]) -> None:
        """Drop every answer that this is true of."""
        with self._lock:
            for question in [question for question, known in self._all.items() if meant(known.answer)]:
                del self._all[question]

    def _make_room(self) -> None:
        """Under the lock: drop what is over, or the oldest, when there are too many."""
        if len(self._all) < self._room:
            return
        now = self._clock.monotonic()
        for question in [question for question, known in self._all.items() if known.until <= now]:
            del self._all[question]
        while len(self._all) >= self._room:
            del self._all[next(iter(self._all))]
