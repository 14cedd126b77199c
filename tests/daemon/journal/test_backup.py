"""A backup: whole while the state is written, put back as one file, and never over another."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.backup import back_up
from ossmend.daemon.journal.store import DATABASE, open_store


@pytest.fixture
def state(tmp_path: Path) -> Path:
    directory = tmp_path / "state"
    open_store(directory, exclusive=True).close()
    return directory


def test_a_backup_is_whole_while_somebody_writes_and_opens_in_another_place(state: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(state / DATABASE, isolation_level=None)
    writer.execute("INSERT INTO meta VALUES ('stored', '1')")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO meta VALUES ('not yet', '1')")
    size = back_up(state, tmp_path / "backup.db")
    writer.execute("ROLLBACK")
    writer.close()
    assert (tmp_path / "backup.db").stat().st_size == size
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.db", "state"], "one file, nothing beside it"
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "backup.db").rename(restored / DATABASE)
    store = open_store(restored, exclusive=True)
    with store.read() as connection:
        kept = {row.name for row in connection.exec_driver_sql("SELECT name FROM meta")}
    store.close()
    assert "stored" in kept
    assert "not yet" not in kept


def test_a_backup_is_never_written_over(state: Path, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("an older one", encoding="ascii")
    with pytest.raises(StateUnavailable, match="exists already"):
        back_up(state, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text("ascii") == "an older one"


@pytest.mark.parametrize("to", ["backup.db", "no/such/place/backup.db"])
def test_where_there_is_no_state_or_no_place_nothing_is_left_behind(tmp_path: Path, state: Path, to: str) -> None:
    source = tmp_path / "nothing here" if to == "backup.db" else state
    with pytest.raises(StateUnavailable):
        back_up(source, tmp_path / to)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
