"""A state of an older version is brought to the present one with what it holds."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ossmend.daemon.journal.store import open_store
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
