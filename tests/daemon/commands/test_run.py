"""The start of the service beside a state that cannot be used yet, or never."""

from __future__ import annotations

import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ossmend.daemon.commands import run
from ossmend.daemon.host import early
from ossmend.daemon.host.stops import StateBusy, StateUnavailable
from ossmend.daemon.journal import store
from ossmend.daemon.journal.store import DATABASE, open_store
from tests.patience import HUNG


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Where the service manager listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(HUNG)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield channel


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A state that somebody else holds; nobody waits long for it here."""
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.0)
    monkeypatch.setattr(run, "PAUSE", 0.0)
    directory = tmp_path / "state"
    directory.mkdir()
    holder = sqlite3.connect(directory / DATABASE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    yield holder
    holder.close()


def test_a_start_beside_a_locked_state_waits_and_the_manager_hears_of_it(
    tmp_path: Path, locked: sqlite3.Connection, manager: socket.socket
) -> None:
    tries: list[str] = []

    def build() -> store.Store:
        try:
            return open_store(tmp_path / "state", exclusive=True)
        except StateBusy as busy:
            tries.append(str(busy))
            locked.execute("ROLLBACK")
            raise

    opened = run.patiently(build)
    opened.close()
    assert tries == ["database is locked"]
    assert "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=waits for the state: database is locked" in manager.recv(4096).decode()


def test_a_stop_is_heard_while_the_start_waits(
    tmp_path: Path, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[int] = []
    monkeypatch.setattr(early, "_came", came)

    def build() -> store.Store:
        came.append(signal.SIGTERM)
        return open_store(tmp_path / "state", exclusive=True)

    with pytest.raises(SystemExit) as ended:
        run.patiently(build)
    assert ended.value.code == 0
    assert locked.in_transaction


def test_a_damaged_state_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"no database at all " * 300)
    with pytest.raises(StateUnavailable, match="damaged") as refused:
        run.patiently(lambda: open_store(tmp_path, exclusive=True))
    assert not isinstance(refused.value, StateBusy)
