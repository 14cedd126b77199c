"""Work on many things at once -> done by a bounded number of threads of its own, so that a slow one fills no other's.

A lane is one account's bucket, or one kind of question (journal/cases.py). Python's pools hand every call to whoever
is free, so that a hundred calls to a dead bucket would take all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

STEP_SECONDS = 1.0
"""How often it is looked whether calls that are awaited together go on."""


class Hands:
    """Threads for the calls of all lanes: as many as all lanes together may use at once, made when they are needed."""

    def __init__(self, lanes: int, each: int) -> None:
        self._each = each
        self._pool = ThreadPoolExecutor(max_workers=lanes * each, thread_name_prefix="call")

    def work(self, do: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[list[tuple[Item, Result]]]:
        """Each item's result, in groups as they come in, by at most so many threads at once.

        What `do` raises costs its thread, not the others: they do the rest, and then it is raised here.
        """
        if len(items) == 1:
            yield [(items[0], do(items[0]))]  # a hand-over to another thread would cost more than it saves
            return
        done: SimpleQueue[tuple[Item, Result] | None] = SimpleQueue()
        """None: one thread has ended."""
        waiting = iter(items)
        turn = threading.Lock()

        over = False

        def hand() -> None:
            try:
                while not over:
                    with turn:
                        try:
                            item = next(waiting)
                        except StopIteration:
                            return
                    done.put((item, do(item)))
            finally:
                done.put(None)

        hands = [self._pool.submit(hand) for _ in range(min(self._each, len(items)))]
        working = len(hands)
        try:
            while working:
                came = [done.get()]
                while not done.empty():
                    came.append(done.get())
                working -= came.count(None)
                if group := [each for each in came if each is not None]:
                    yield group
        finally:
            over = True  # nobody takes the results any more: begin nothing further, and let the pass end after the rest
            wait(hands)
        for each in hands:
            each.result()

    def all(self, do: Callable[[Item], Result], items: Sequence[Item], step: Callable[[], None]) -> list[Result]:
        """Each item's result, in the order of the items, once all are there; `step` as they come in. Where a list page
        answers for all of them, to hand over each by itself would cost more than the work.
        """
        found: dict[int, Result] = {}
        waiting = iter(enumerate(items))
        turn = threading.Lock()

        def hand() -> None:
            while True:
                with turn:
                    mine = next(waiting, None)
                if mine is None:
                    return
                found[mine[0]] = do(mine[1])

        if self._each == 1 or len(items) == 1:
            hand()
            return [found[number] for number in range(len(items))]
        hands, known = [self._pool.submit(hand) for _ in range(min(self._each, len(items)))], 0
        while wait(hands, STEP_SECONDS).not_done:
            if len(found) > known:
                known = len(found)
                step()
        for each in hands:
            each.result()
        return [found[number] for number in range(len(items))]

    def close(self) -> None:
        self._pool.shutdown(wait=True)


class Crew:
    """The threads of one account: its lanes, and the calls of all of them. No other account waits for them."""

    def __init__(self, lanes: int, each: int) -> None:
        self.lanes = ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane")
        self.hands = Hands(lanes, each)

    def close(self) -> None:
        """Let the calls in hand finish, then end the threads."""
        self.lanes.shutdown(wait=True)
        self.hands.close()


def by(key: Callable[[Item], str], items: Iterable[Item]) -> dict[str, list[Item]]:
    """The items of each key, in their order."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
