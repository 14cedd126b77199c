"""Answers to our own requests -> does the cloud take our own key? Said in the log, so that `ossmend status` tells it.

Without it each case by itself "could not be checked", and nothing says that all of them have one cause. Whether a
permission is missing is another matter: that is of a bucket, and other people's text chooses the bucket.
"""

from __future__ import annotations

import threading

import structlog

from ossmend.daemon.cloud.wire.errors import BadAnswer
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.troubles import TROUBLES

log = structlog.get_logger("ossmend.cloud")

OF_THE_KEY = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "SignatureNotMatch",
    "SecurityTokenExpired",
    "InvalidSecurityToken",
    "AccessKeyIdAndSecurityTokenNotMatch",
    "UserDisable",
)
"""Codes, or what they begin with, that are about whoever has signed, whatever was asked for (docs/facts.md)."""
AGAIN_SECONDS = 60.0
"""Said so often while it lasts: status takes an error for one of now for ten minutes."""


class Standing:
    """Of the key of one account. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused = False
        self.returns = 0
        """How often it was taken again."""
        self._said_at = float("-inf")
        self._lock = threading.Lock()

    def answered(self, error: BadAnswer | None = None) -> None:
        """A request of ours was answered; `error`: refused. A session that was renewed meanwhile is no trouble."""
        if error is not None and error.code.startswith(OF_THE_KEY):
            if not error.passing:
                self._say(error)
        elif self._refused and (error is None or error.status < 500):
            with self._lock:
                was, self._refused, self._said_at = self._refused, False, float("-inf")
                self.returns += was
            if was:
                TROUBLES.end("key.refused")
                log.info("key.accepted")

    def _say(self, error: BadAnswer) -> None:
        with self._lock:
            now = self._clock.monotonic()
            due = now - self._said_at >= AGAIN_SECONDS
            self._refused = True
            if due:
                self._said_at = now
        if due:
            log.warning("key.refused", why=str(error), note="ossmend's own key: `ossmend check --live` says more")
