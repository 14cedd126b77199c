"""A state of an older version is brought to the present one with what it holds."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ossmend.daemon.journal.store import open_store, open_to_read
from ossmend.daemon.sources.places import BEGUN, Place, Places

FILE = {
    "path": "/var/log/app/a.log", "offset": 120, "head": "93ab:60", "tail": "11ff:64", "skipping": False,
    "left_alone": False, "was": "", "told": {"": 100},
}  # fmt: skip
POSITIONS = {
    "app_log:/var/log/app/*.log": {"files": {"1:2": FILE, "1:3": FILE | {"offset": 7}}, "turn": 1},
    "app_log:/nothing/yet": {"files": {}, "turn": 0},
    "access_log:my-logs/oss/": {"read": {"oss/b2024-01-01-00-00-00-0001": [10, 20, "etag"]}},
    "clock": {"last": "2024-01-01T00:00:00+00:00"},
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A state directory as revision 0003 left it."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ossmend.db'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(files("ossmend.daemon.journal") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        insert = sa.text("INSERT INTO cursors (source, position, moved_at) VALUES (:source, :position, 5.5)")
        rows = [{"source": name, "position": json.dumps(position)} for name, position in POSITIONS.items()]
        connection.execute(insert, rows)
    engine.dispose()
    return tmp_path


def test_cursors_become_a_row_for_each_part(old: Path) -> None:
    store = open_store(old, exclusive=True)
    with store.read() as connection:
        found = connection.execute(sa.text("SELECT source, part, position, moved_at FROM cursors")).all()
    store.close()
    rows = {(row.source, row.part): json.loads(row.position) for row in found}
    assert rows == {
        ("app_log:/var/log/app/*.log", BEGUN): True,
        ("app_log:/var/log/app/*.log", "1:2"): FILE,
        ("app_log:/var/log/app/*.log", "1:3"): FILE | {"offset": 7},
        ("app_log:/nothing/yet", BEGUN): True,
        ("access_log:my-logs/oss/", "oss/b2024-01-01-00-00-00-0001"): [10, 20, "etag"],
        ("clock", "last"): "2024-01-01T00:00:00+00:00",
    }
    assert {row.moved_at for row in found} == {5.5}


def test_an_older_place_in_a_file_is_understood() -> None:
    place = Places().of({"1:2": FILE}, "1:2")
    assert place == Place("/var/log/app/a.log", 120, "93ab:60", "11ff:64", told={"": 100})


BODY = {"operation": "RestoreObject", "bucket": "b", "key": "k", "version_id": None, "days": 1, "tier": None,
        "storage_class": "Archive", "size": 1, "planned_on": "x"}  # fmt: skip
CASES = [
    ("held", ["object", "b", "k"]), ("sending", ["object", "b", "k2"]), ("closed", ["key", "LTAI5tExampleExampleKey1"]),
    ("waiting", ["cors", "b", "rule=web"]),
]  # fmt: skip
WRITES = [
    (1, "held", "brake writes_per_hour: 3 of 3 spent", None), (2, "intended", "", 7.0), (3, "done", "accepted", 6.0),
    (3, "asked", "undo", None),
]  # fmt: skip


def filled(directory: Path, revision: str) -> None:
    """A state of that schema, with rows that point at each other."""
    engine = sa.create_engine(f"sqlite:///{directory / 'ossmend.db'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(files("ossmend.daemon.journal") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for number, (state, subject) in enumerate(CASES, 1):
            connection.execute(
                sa.text(
                    "INSERT INTO cases (id, subject_key, superseded, policy, code, subject, state, due_at, opened_at, "
                    "first_seen, last_seen, events, recurrences, tries, samples, usage, why) VALUES "
                    "(:id, :key, 0, 'p', 'InvalidObjectState', :subject, :state, 1, 1, 1, 1, 1, 0, 0, '[]', '{}', '')"
                ),
                {"id": number, "key": f"k{number}", "subject": json.dumps(subject), "state": state},
            )
        for number, (case_id, state, outcome, sent_at) in enumerate(WRITES, 1):
            connection.execute(
                sa.text(
                    "INSERT INTO writes (id, case_id, policy, digest, operation, target, body, state, bytes, "
                    "planned_at, sent_at, outcome) VALUES "
                    "(:id, :case_id, 'p', 'd', 'RestoreObject', 't', :body, :state, 1, 1, :sent_at, :outcome)"
                ),
                {"id": number, "case_id": case_id, "body": json.dumps(BODY), "state": state, "sent_at": sent_at,
                 "outcome": outcome},
            )  # fmt: skip
        connection.execute(sa.text("INSERT INTO approvals (digest, case_id, by, at, expires_at, granted) VALUES "
                                   "('d', 1, 'me', 1, 9, 1)"))  # fmt: skip
    engine.dispose()


@pytest.mark.parametrize("revision", ["0003", "0004", "0005"])
@pytest.mark.parametrize("reads", [False, True])
def test_an_older_state_with_cases_writes_and_approvals_is_brought_up_to_date_whole(
    tmp_path: Path, revision: str, reads: bool
) -> None:
    filled(tmp_path, revision)
    store = open_to_read(tmp_path) if reads else open_store(tmp_path, exclusive=True)
    try:
        with store.read() as connection:
            assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []
            assert connection.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1
            numbers = [connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in ("cases", "writes")]
            assert numbers == [len(CASES), len(WRITES)]
            sent = connection.execute(sa.text("SELECT oss_time FROM writes WHERE state = 'done'")).scalar()
            assert sent == 6.0, "it counts in the brakes as before"
    finally:
        store.close()
