"""Signals -> what the daemon has been told to do: stop, read its configuration again, pause or resume.

A handler runs between any two steps of the loop. So it notes what has come, wakes the loop, and does nothing else; the
loop acts on it in its own time (app.py). What came before the loop was there is early.py's.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ossmend.daemon.host import early

SIGNALS = (early.RELOAD, *early.STOP, *early.SWITCH)


class Orders:
    """What has been asked for and not been done yet: who has done it, clears it."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """`wake` is called from a signal handler: it must not wait for a lock."""
        self.stop = False
        self.reload = False
        self.switch: int | None = None
        """SIGUSR1 or SIGUSR2, whichever came last."""
        self._wake = wake

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Meanwhile signals are noted here, those that came before as well."""
        before = {number: signal.getsignal(number) for number in SIGNALS}
        for number in before:
            signal.signal(number, self._note)
        for came in early.taken():
            self._note(came, None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number == early.RELOAD:
            self.reload = True
        elif number in early.SWITCH:
            self.switch = number
        else:
            self.stop = True
        self._wake()
