"""The person of a trial: who is told by webhook, sees the cases, approves, and takes repairs back.

A person's word is left in the state as `ossmend cases` leaves it, beside a daemon that may be killed at that moment.
"""

from __future__ import annotations

import http.server
import json
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ossmend.daemon import approvals
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.store import open_store
from tests.patience import HUNG

BUSY = ("open", "sending", "waiting")
"""The states of a case that goes on by itself, soon."""
APPROVES_AGAIN_SECONDS = 10.0
"""What waits for an approval so long after one waits for another: it is another plan."""


class Person:
    """Approves the copy of a picture's version, or does not; takes back what is repaired, or does not."""

    def __init__(self, state: Path, choice: random.Random, may_undo: Callable[[str], bool]) -> None:
        """`may_undo`: is the repair of that code there, and was everything read?"""
        self.takes_back = {code for code in ("AccessForbidden", "ImageDamage") if choice.random() < 0.6}
        """Codes whose repair is undone once it is there."""
        self.approves = choice.random() < 0.85
        self.said: list[str] = []
        self.refused: dict[str, str] = {}
        """By code: why it cannot be taken back. That is a word to a person, too."""
        self.notices: list[dict[str, Any]] = []
        self._state = state
        self._may_undo = may_undo
        self._approved_at = -APPROVES_AGAIN_SECONDS

    # ------------------------------------------------------------------------------------------------------------ sees

    def cases(self) -> list[dict[str, Any]]:
        """What `ossmend cases list --all` would show."""
        return self._rows("SELECT id, code, state, events, subject, why FROM cases WHERE NOT superseded ORDER BY id")

    def events(self) -> int:
        return sum(case["events"] for case in self.cases())

    def at_rest(self) -> bool:
        """Nothing is under way, and there is nothing to say."""
        cases = self.cases()
        if any(case["state"] in BUSY or self._is_to_approve(case) for case in cases):
            return False
        if self._rows("SELECT id FROM writes WHERE state IN ('intended', 'asked')"):
            return False
        return not self.has_to_say()

    def has_to_say(self) -> bool:
        return any(True for _ in self._to_say(self.cases()))

    def _rows(self, query: str) -> list[dict[str, Any]]:
        """Nothing where there is no state yet, or it is somebody else's for now."""
        if not (self._state / "ossmend.db").exists():
            return []
        with closing(sqlite3.connect(self._state / "ossmend.db")) as connection:
            connection.row_factory = sqlite3.Row
            try:
                return [dict(row) for row in connection.execute(query)]
            except sqlite3.OperationalError:
                return []

    # ------------------------------------------------------------------------------------------------------------ says

    def speaks(self) -> bool:
        """Say what there is to say now; True if anything was."""
        before = len(self.said)
        for word, case_id, code in self._to_say(self.cases()):
            try:
                with closing(open_store(self._state, exclusive=False)) as store:
                    approvals.ANSWERS[word](store, case_id)
            except approvals.Impossible as impossible:
                if word == "undo":
                    self.refused[code] = str(impossible)
            except StateUnavailable:
                continue
            else:
                self.said.append(f"{word} {code}")
                self._approved_at = time.monotonic() if word == "approve" else self._approved_at
        return len(self.said) > before

    def _to_say(self, cases: list[dict[str, Any]]) -> Iterator[tuple[str, int, str]]:
        again = time.monotonic() - self._approved_at > APPROVES_AGAIN_SECONDS
        for case in cases:
            code = case["code"]
            if self._is_to_approve(case) and again:
                yield "approve", case["id"], code
            unsaid = f"undo {code}" not in self.said and code not in self.refused
            if case["state"] == "closed" and code in self.takes_back and unsaid and self._may_undo(code):
                yield "undo", case["id"], code

    def _is_to_approve(self, case: dict[str, Any]) -> bool:
        held = case["code"] == "ImageDamage" and case["state"] == "held"
        return held and self.approves and "waits for approval" in case["why"]

    # ------------------------------------------------------------------------------------------------------------ hears

    @contextmanager
    def hears(self) -> Iterator[str]:
        """Notices at this URL."""
        notices = self.notices

        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                notices.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(timeout=HUNG)
