"""Every command that only reads, by the command table: while another writes, on an older state, and on none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from alembic import command as alembic
from alembic.config import Config
from click.testing import CliRunner, Result

from ossmend.daemon.commands.main import COMMANDS, main
from ossmend.daemon.journal import store as journal
from ossmend.daemon.journal.store import DATABASE, open_store
from tests.daemon.commands.test_main import GOOD, KEY

WRITERS = {
    ("run",),
    ("once",),
    ("pause",),
    ("resume",),
    ("migrate-state",),
    *(("cases", name) for name in ("approve", "reject", "retry", "undo")),
}
"""All that may change the state; every other command with a configuration reads."""
COPIES = {("journal", "backup")}
"""Says nothing of what is in it (test_backup.py)."""
ARGUMENTS = {("cases", "show"): ["1"], ("explain",): ["AccessDenied"]}
ENDS: dict[tuple[str, ...], tuple[int, ...]] = {("status",): (3,)}
"""No daemon runs here."""
CASE = """
    INSERT INTO cases (id, subject_key, superseded, policy, code, subject, state, opened_at, first_seen, last_seen,
        events, recurrences, tries, samples, usage, why)
    VALUES (1, 's', 0, 'p', 'AccessDenied', '["code", "AccessDenied", "b"]', 'reported', 1, 1, 1,
        1, 0, 0, '[]', '{}', 'known before')
"""


def readers() -> Iterator[tuple[str, ...]]:
    """Every command that takes a configuration and is not known to write."""
    for name in COMMANDS:
        found: click.Command = import_module(f"ossmend.daemon.commands.{name.replace('-', '_')}").command
        inner = found.commands if isinstance(found, click.Group) else {}
        for path, each in [((name,), found), *(((name, word), inner[word]) for word in inner)]:
            if path not in WRITERS | COPIES and any(option.name == "config_path" for option in each.params):
                yield path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(journal, "BUSY_SECONDS", 0.0)  # who would wait for a writer fails at once
    path = tmp_path / "ossmend.yaml"
    path.write_text(GOOD % (tmp_path / "state"), encoding="utf-8")
    return path


def asked(path: tuple[str, ...], config: Path) -> Result:
    return CliRunner().invoke(main, [*path, *ARGUMENTS.get(path, []), "--config", str(config), "--json"])


def kept(directory: Path, revision: str) -> Path:
    """A state of that revision with one case in it."""
    directory.mkdir()
    engine = sa.create_engine(f"sqlite:///{directory / DATABASE}")
    with engine.begin() as connection:
        settings = Config()
        settings.set_main_option("script_location", "ossmend.daemon.journal:migrations")
        settings.attributes["connection"] = connection
        alembic.upgrade(settings, revision)
        connection.exec_driver_sql(CASE)
    engine.dispose()
    return directory / DATABASE


@pytest.mark.parametrize("path", list(readers()), ids=" ".join)
def test_a_command_that_reads_waits_for_no_writer(path: tuple[str, ...], config: Path, tmp_path: Path) -> None:
    database = kept(tmp_path / "state", "head")
    open_store(tmp_path / "state", exclusive=True).close()
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE cases SET why = 'not yet'")
    result = asked(path, config)
    writer.execute("ROLLBACK")
    writer.close()
    assert result.exit_code in ENDS.get(path, (0, 1)), result.output
    assert "locked" not in result.output
    assert "not yet" not in result.output


@pytest.mark.parametrize("path", list(readers()), ids=" ".join)
def test_a_command_that_reads_leaves_an_older_state_as_it_is_and_says_so(
    path: tuple[str, ...], config: Path, tmp_path: Path
) -> None:
    database = kept(tmp_path / "state", "0003")
    before = database.read_bytes()
    result = asked(path, config)
    assert result.exit_code in ENDS.get(path, (0, 1)), result.output
    assert database.read_bytes() == before
    reads = path[0] in ("cases", "journal", "status")
    assert ("older ossmend (schema 0003" in result.stderr) is reads
    assert ("known before" in result.stdout) is (path[0] == "cases")


@pytest.mark.parametrize("path", list(readers()), ids=" ".join)
def test_a_command_that_reads_creates_no_state(path: tuple[str, ...], config: Path, tmp_path: Path) -> None:
    result = asked(path, config)
    assert result.exit_code in ENDS.get(path, (0, 1, 2)), result.output
    assert not (tmp_path / "state").exists()


def test_every_word_on_a_case_is_known_to_write() -> None:
    from ossmend.daemon.approvals import ANSWERS

    assert {("cases", name) for name in ANSWERS} <= WRITERS
    assert {("cases", "list"), ("cases", "show"), ("journal", "show"), ("audit",)} <= set(readers())


@pytest.mark.parametrize("words", [("cases", "show", str(2**63)), ("journal", "show", f"--case={-(2**63) - 1}")])
def test_a_number_that_no_database_holds_is_refused_in_one_sentence(config: Path, words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, [*words, "--config", str(config)])
    assert told.exit_code == 2
    assert "no case has so large a number" in told.stderr


@pytest.mark.parametrize("inside", [False, True], ids=["directory", "database"])
@pytest.mark.parametrize("thing", ["file or directory", "link to nothing"])
@pytest.mark.parametrize("words", [("cases",), ("journal", "verify"), ("status",), ("pause",)], ids=" ".join)
def test_something_else_in_the_place_of_the_state_is_not_a_state_that_has_not_begun(
    config: Path, words: tuple[str, ...], thing: str, inside: bool
) -> None:
    state = config.parent / "state"
    place = state / DATABASE if inside else state
    place.parent.mkdir(exist_ok=True)
    if thing == "link to nothing":
        place.symlink_to("gone")
    elif inside:
        place.mkdir()
    else:
        place.write_text("something else", encoding="utf-8")
    told = CliRunner().invoke(main, [*words, "--config", str(config)])
    said = f"{place} is no {'file' if inside else 'directory'}"
    assert (told.exit_code, told.stderr.splitlines()[0]) == (1, said)
