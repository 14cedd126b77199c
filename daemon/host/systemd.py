"""Speaks to systemd: READY, STATUS, RELOADING, STOPPING and the watchdog, over the socket in $NOTIFY_SOCKET.

The protocol is one datagram of lines (sd_notify(3)); without the variable everything here does nothing.
"""

from __future__ import annotations

import os
import socket
import time

PATIENCE_SECONDS = 60.0
"""More than a try to start takes, with the time until the next one."""


class Systemd:
    """The service manager, if one listens."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        variables = dict(os.environ) if environment is None else environment
        self._address = variables.get("NOTIFY_SOCKET", "")
        usec = variables.get("WATCHDOG_USEC", "")
        meant_for_us = variables.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_seconds = int(usec) / 1e6 if usec.isdigit() and meant_for_us else None
        """How long the manager waits for a sign of life; None where it does not watch."""

    def ready(self, status: str) -> None:
        self._send("READY=1", f"STATUS={status}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={status}")

    def waiting(self, status: str) -> None:
        """The start takes longer: the manager's patience begins anew."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(PATIENCE_SECONDS * 1e6)}", f"STATUS={status}")

    def reloading(self) -> None:
        # Type=notify-reload wants the monotonic time beside RELOADING, to tell this reload from an older one
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1", "STATUS=finishing the calls in hand")

    def alive(self) -> None:
        """Feed the watchdog; called from the loop itself, so that a loop that hangs is seen."""
        if self.watchdog_seconds is not None:
            self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            try:
                channel.sendto("\n".join(lines).encode(), address)
            except OSError:
                return  # a manager that went away is no reason to stop working
