"""A SQLite state goes to PostgreSQL whole, once, and is not worked here any more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ossmend.config.load import load
from ossmend.daemon.commands.main import main
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import cases, entries, opening
from ossmend.daemon.journal.entries import Entry
from ossmend.daemon.journal.schema import cases as cases_table
from ossmend.daemon.journal.schema import cursors
from ossmend.daemon.journal.schema import entries as journal
from ossmend.daemon.journal.states import CaseState
from ossmend.daemon.journal.store import open_store
from tests.daemon.journal.test_journal import NOW, decide, fold_of, put, put_restore

CONFIG = """
version: 1
cloud: {{ region: cn-hangzhou }}
state: {{ {state} }}
sources: [ {{ app_log: {{ path: /var/log/app/a.log }} }}, {{ access_log: {{ bucket: my-logs }} }} ]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "ossmend.yaml"
    path.write_text(CONFIG.format(state=f"path: {tmp_path / 'state'}"), encoding="utf-8")
    return path


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Open, closed and sending cases, a write under way, cursors and a chain."""
    store = open_store(tmp_path / "state", exclusive=True)
    put(store, *(fold_of(key=f"k{number}") for number in range(4)))
    with store.begin() as connection:
        put_restore(connection)
        decide(connection, CaseState.CLOSED, case_id=3)
        entries.append(connection, NOW, [Entry("a", 1, {"n": number}) for number in range(5)])
        rows = [("app_log:/var/log/app/a.log", "1:2", {"offset": 7}), ("access_log:my-logs/", "x", [1, "tag"])]
        for source, part, position in rows:
            connection.execute(cursors.insert().values(source=source, part=part, position=position, moved_at=NOW))
    store.close()
    return tmp_path / "state"


def moving(config: Path, url: str) -> tuple[int, Mapping[str, object], str]:
    done = CliRunner().invoke(main, ["migrate-state", url, "--config", str(config), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout else {}, done.stderr


@pytest.mark.usefixtures("filled")
def test_all_of_it_goes_over_and_numbers_go_on(config: Path, postgres_url: str) -> None:
    status, moved, _ = moving(config, postgres_url)
    assert (status, moved["before"]) == (0, False)
    config.write_text(CONFIG.format(state=f"url: '{postgres_url}', node: here"), encoding="utf-8")
    store = opening.to_work(load(config), dry_run=False)
    with store.read() as connection:
        assert entries.first_broken(connection) is None
        assert connection.scalar(sa.select(journal.c.hash).order_by(sa.desc("seq")).limit(1)) == moved["head"]
        found = [case for number in range(1, 5) if (case := cases.get(connection, number)) is not None]
        assert [case.events for case in found] == [1, 1, 1, 1]
    put(store, fold_of(key="new"))
    with store.read() as connection:
        assert connection.scalar(sa.select(sa.func.max(cases_table.c.id))) == 5
    store.close()


def test_files_are_read_on_by_the_machine_they_lie_on(
    config: Path, filled: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "left")
    assert moving(config, postgres_url)[0] == 0
    config.write_text(CONFIG.format(state=f"url: '{postgres_url}'"), encoding="utf-8")
    store = opening.to_read(load(config), dry_run=False)
    with store.read() as connection:
        found = {row.source: row.position for row in connection.execute(sa.select(cursors))}
    store.close()
    assert found == {"app_log:/var/log/app/a.log@left": {"offset": 7}, "access_log:my-logs/": [1, "tag"]}


def test_a_state_that_was_moved_is_worked_here_no_more(config: Path, filled: Path, postgres_url: str) -> None:
    assert moving(config, postgres_url)[0] == 0
    for exclusive in (True, False):
        with pytest.raises(StateUnavailable, match="was moved to postgresql://"):
            open_store(filled, exclusive=exclusive)


def test_a_state_that_is_worked_is_left_alone(config: Path, filled: Path, postgres_url: str) -> None:
    worker = open_store(filled, exclusive=True)
    status, _, said = moving(config, postgres_url)
    worker.close()
    assert (status, "in use by process" in said) == (1, True)


def test_a_broken_chain_is_not_moved(config: Path, filled: Path, postgres_url: str) -> None:
    store = open_store(filled, exclusive=True)
    with store.begin() as connection:
        connection.execute(journal.update().where(journal.c.seq == 2).values(kind="x"))
    store.close()
    status, _, said = moving(config, postgres_url)
    assert (status, "is broken at entry 2: nothing was moved" in said) == (1, True)
    open_store(filled, exclusive=True).close()


@pytest.mark.usefixtures("filled")
def test_a_database_that_has_a_state_is_left_alone(config: Path, tmp_path: Path, postgres_url: str) -> None:
    assert moving(config, postgres_url)[0] == 0
    other = tmp_path / "other.yaml"
    other.write_text(CONFIG.format(state=f"path: {tmp_path / 'another'}"), encoding="utf-8")
    store = open_store(tmp_path / "another", exclusive=True)
    put(store, fold_of())
    store.close()
    status, _, said = moving(other, postgres_url)
    assert (status, "there is a state already" in said) == (1, True)


@pytest.mark.parametrize("url", ["sqlite:////x", "postgresql://u:secret@h/d", "postgresql://h"])
def test_what_is_no_address_of_a_database_is_wrong_usage(config: Path, url: str) -> None:
    status, _, said = moving(config, url)
    assert (status, "secret@" in said) == (2, False)
