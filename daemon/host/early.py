"""Signals that come before the daemon can act on them -> kept from its first line on, and handed over when it can.

A service manager may say SIGHUP or SIGTERM at any time, also while modules are still being imported and the state is
being opened. By default a process dies of either. commands/main.py calls `keep` before it imports anything;
orders.py takes what has come with `taken`, and commands/run.py calls `ignore` when there is nothing left that a signal
could say.
"""

from __future__ import annotations

import signal
from types import FrameType

RELOAD = signal.SIGHUP
STOP = (signal.SIGTERM, signal.SIGINT)
SWITCH = (signal.SIGUSR1, signal.SIGUSR2)
"""Pause, resume."""

_came: list[int] = []


def keep() -> None:
    """From now on none of them ends the process; also one that the launcher has held back until now."""
    for number in (RELOAD, *STOP, *SWITCH):
        signal.signal(number, _keep)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {RELOAD})


def _keep(number: int, _frame: FrameType | None) -> None:
    _came.append(number)


def stop_was_asked() -> bool:
    """Has a SIGTERM or SIGINT come? It stays for `taken`."""
    return any(number in STOP for number in _came)


def taken() -> list[int]:
    """What has come so far, once. Whoever asks has its own handlers in place."""
    came = list(_came)
    del _came[: len(came)]
    return came


def ignore() -> None:
    """The work is over, and the interpreter takes a while to end: the exit status is already decided."""
    for number in (RELOAD, *STOP, *SWITCH):
        signal.signal(number, signal.SIG_IGN)
