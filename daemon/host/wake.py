"""Wakes the loop: APScheduler holds the periodic timers, inotify.py tells what changes in the sources' directories.

Nothing is kept here that matters: a wake-up says only where to look, and what is due stands in the journal. So a missed
or doubled tick is harmless, and a memory job store is enough.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from ossmend.daemon.host.inotify import Inotify

log = structlog.get_logger("ossmend.wake")

PAUSE_SECONDS = 0.02
"""Between two changes that are told: the kernel gathers what comes meanwhile, so a busy log costs no more than that."""


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
    """Timers and file changes."""

    def __init__(self, on_change: Callable[[Collection[str] | None], None]) -> None:
        """`on_change` gets the paths that have changed, in a thread of its own; None when a watch begins or the kernel
        has lost some: then any may have.
        """
        self._on_change = on_change
        self._inotify: Inotify | None = None
        self._watcher: threading.Thread | None = None
        self._stopped = threading.Event()
        self._said: set[str] = set()
        self.troubles = 0
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(4)},
            # the defaults drop a tick that comes a second late; a tick that says "look now" is never too late
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._scheduler.add_listener(self._trouble, EVENT_JOB_ERROR | EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)

    def every(self, period: timedelta, name: str, job: Callable[[], object], *, at_once: bool = False) -> None:
        """Run a short job periodically, in the scheduler's threads; the first time after one period, or `at_once`."""
        first = {"next_run_time": datetime.now(UTC)} if at_once else {}
        self._scheduler.add_job(
            job, "interval", seconds=period.total_seconds(), id=name, replace_existing=True, **first
        )

    def start(self) -> None:
        self._scheduler.start()

    def watch(self, directories: Iterable[Path]) -> None:
        """Tell every change in these directories (not below them), in place of what was watched before.

        To be called again and again: directories that appear later are watched from then on.
        """
        if self._inotify is None and not self._begin():
            return
        assert self._inotify is not None  # or `_begin` has failed
        new, trouble = self._inotify.watch(map(str, directories))
        if trouble is not None:
            self._say(f"not every directory can be watched: {trouble.strerror}")
        if new:
            self._on_change(None)

    def _begin(self) -> bool:
        try:
            self._inotify = Inotify()
        except OSError as error:
            self._say(f"no directory can be watched: {error.strerror}")
            return False
        self._watcher = threading.Thread(target=self._watch, args=(self._inotify,), name="watch", daemon=True)
        self._watcher.start()
        return True

    def _say(self, why: str) -> None:
        """Once: the files are looked at now and then, so what is lost is time."""
        if why not in self._said:
            self._said.add(why)
            log.warning("wake.unwatched", why=why)

    def _watch(self, inotify: Inotify) -> None:
        while not self._stopped.is_set():
            paths = inotify.wait()
            if paths is None or paths:
                self._on_change(paths)
            self._stopped.wait(PAUSE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()
        if self._inotify is not None and self._watcher is not None:
            self._inotify.stop()
            self._watcher.join()
            self._inotify.close()
            self._inotify = self._watcher = None
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _trouble(self, event: JobExecutionEvent) -> None:
        self.troubles += 1
        log.warning("wake.trouble", job=event.job_id, what=event.code, exception=str(getattr(event, "exception", "")))
