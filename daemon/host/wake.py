"""Wakes the loop: APScheduler holds the periodic timers, a file watcher the sources, one event joins them.

Nothing is kept here that matters: a wake-up says only "look now", and what is due stands in the journal. So a missed
or doubled tick is harmless, and a memory job store is enough.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import structlog
import watchfiles
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger("ossmend.wake")


class Signal:
    """Something to wait for, that threads and signal handlers may set.

    A SimpleQueue and not a threading.Event: a handler that runs while this very thread is inside `Event.wait` could
    find the event's lock taken by itself.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        self._calls.put(None)

    def wait(self, seconds: float) -> bool:
        """Wait for a call, at most so long; all calls so far count as one. True if there was one."""
        try:
            self._calls.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            return False
        while not self._calls.empty():
            self._calls.get_nowait()
        return True


class Waker:
    """Timers and file changes, all of which end in the same signal that the daemon's loop waits for."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        """`on_change` is called for every change of a watched directory, in a thread of its own."""
        self._on_change = on_change
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._watched: list[Path] = []
        self.troubles = 0
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(4)},
            # the defaults drop a tick that comes a second late; a tick that says "look now" is never too late
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._scheduler.add_listener(self._trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def every(self, period: timedelta, name: str, job: Callable[[], object]) -> None:
        """Run a short job periodically, in the scheduler's threads."""
        self._scheduler.add_job(job, "interval", seconds=period.total_seconds(), id=name, replace_existing=True)

    def start(self) -> None:
        self._scheduler.start()

    def watch(self, directories: Iterable[Path]) -> None:
        """Signal on every change below these directories (not recursive), in place of what was watched before.

        To be called again and again: directories that appear later are watched from then on.
        """
        existing = sorted({directory for directory in directories if directory.is_dir()})
        if existing == self._watched:
            return
        self._end_watch()
        self._watched = existing
        if not existing:
            return
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, args=(existing, self._stop), name="watch", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        self._end_watch()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _watch(self, directories: list[Path], stop: threading.Event) -> None:
        changes = watchfiles.watch(
            *directories, debounce=60, step=20, stop_event=stop, recursive=False, watch_filter=None,
            raise_interrupt=False, ignore_permission_denied=True, rust_timeout=60_000,
        )  # fmt: skip
        for _change in changes:
            self._on_change()

    def _end_watch(self) -> None:
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=5)
            self._watcher = None

    def _trouble(self, event: JobExecutionEvent) -> None:
        self.troubles += 1
        log.warning("wake.trouble", job=event.job_id, what=event.code, exception=str(getattr(event, "exception", "")))
