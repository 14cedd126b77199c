"""A node of an older version, while a newer one changes the schema under it: it stops in order, and says why."""

from __future__ import annotations

import psycopg
import pytest

from tests.journeys.conftest import Daemon, until
from tests.journeys.test_restore import POLICY

pytestmark = pytest.mark.machine
NEEDS_A_HUMAN = 1


def test_an_older_node_gives_everything_back_and_ends_with_one(daemon: Daemon, shared_state: str) -> None:
    daemon.configure(POLICY)
    given = daemon.config.read_text(encoding="utf-8")
    ours = f"state: {{ path: '{daemon.directory / 'state'}' }}"
    assert ours in given
    daemon.config.write_text(given.replace(ours, f"state: {{ url: '{shared_state}', node: old }}"), encoding="utf-8")
    daemon.start()
    with psycopg.connect(shared_state, options="-c search_path=ossmend", autocommit=True) as newer:
        assert newer.execute("SELECT host FROM nodes").fetchall() == [("old",)]
        with newer.transaction():  # what a migration of a newer version does that older ones cannot live with
            newer.execute("LOCK TABLE leases IN EXCLUSIVE MODE")
            newer.execute("UPDATE leases SET node = '', fence = fence + 1")
            newer.execute("UPDATE alembic_version SET version_num = '0099'")
            newer.execute("DELETE FROM meta WHERE name = 'schema_serves'")
            newer.execute("INSERT INTO meta VALUES ('schema_serves', '0099')")
        until("the older node has said goodbye", lambda: newer.execute("SELECT 1 FROM nodes").fetchone() is None)
    assert daemon.ends() == NEEDS_A_HUMAN
    told = daemon.trace.read_text(encoding="utf-8")
    assert ('"event": "state.outgrown"' in told, "install their version here" in told) == (True, True)
    assert '"event": "daemon.stopped"' in told
    assert daemon.refused("run")[0] == NEEDS_A_HUMAN
