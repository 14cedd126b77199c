"""Two versions on one state: who may go on, and that none writes into a schema that it does not know."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ossmend.daemon.host.stops import StateOutgrown, StateUnavailable
from ossmend.daemon.journal import migrate, versions
from ossmend.daemon.journal.leases import LEASE_SECONDS, LeaseLost
from ossmend.daemon.journal.postgres import LIVE, Address, PostgresStore, open_beside, open_node
from ossmend.daemon.journal.schema import cases, meta
from tests.patience import HUNG

OLDER, NEWER = "0008", "0099"
HOUR = 3600.0
"""Longer than any test lasts."""
LANE = "default/object/b"
CASE = """INSERT INTO cases (id, subject_key, superseded, policy, code, subject, state, due_at, opened_at, first_seen,
  last_seen, events, recurrences, tries, samples, usage, why)
  VALUES (7, 'k', false, 'thaw', 'InvalidObjectState', '["object", "b", "k", ""]', 'open', 1, 1, 1, 1, 1, 0, 0, '[]',
  '{}', '')"""


@pytest.fixture
def node(shared_state: str, tmp_path: Path) -> Iterator[PostgresStore]:
    with closing(open_node(Address(shared_state, LIVE), tmp_path, "old")) as opened:
        yield opened


def becomes_newer(store: PostgresStore, serves: str) -> None:
    """What a migration of a newer version leaves behind."""
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :new"), {"new": NEWER})
        connection.execute(meta.delete().where(meta.c.name == versions.ROW))
        connection.execute(meta.insert().values(name=versions.ROW, value=serves))


def test_nodes_that_start_at_once_on_an_older_schema_bring_it_up_to_date_once_and_lose_nothing(
    postgres_url: str, tmp_path: Path
) -> None:
    engine = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"),
                              connect_args={"options": f"-c search_path={LIVE}"})  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(LIVE))
        older = Config()
        older.set_main_option("script_location", str(files("ossmend.daemon.journal") / "migrations"))
        older.attributes["connection"] = connection
        command.upgrade(older, OLDER)
        connection.execute(sa.text(CASE))
    engine.dispose()
    with pytest.raises(StateUnavailable, match=f"older ossmend .schema {OLDER}"):
        open_beside(Address(postgres_url, LIVE), tmp_path)
    with ThreadPoolExecutor(2) as pool:
        nodes = list(pool.map(lambda name: open_node(Address(postgres_url, LIVE), tmp_path, name), ("a", "b")))
    with nodes[0].read() as connection:
        assert migrate.revision(connection) == migrate.HEAD
        assert connection.scalars(sa.select(cases.c.id)).all() == [7]
        assert versions.serves_us(connection, migrate.HEAD)
    for each in nodes:
        each.close()


def test_a_node_goes_on_where_the_newer_schema_serves_it(
    node: PostgresStore, shared_state: str, tmp_path: Path
) -> None:
    assert node.leases.take([LANE])
    becomes_newer(node, serves=migrate.HEAD)
    node.renew()
    node.check()
    with node.begin(LANE) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(cases)) == 0
    open_node(Address(shared_state, LIVE), tmp_path, "another").close()
    open_beside(Address(shared_state, LIVE), tmp_path).close()


def test_a_node_that_the_newer_schema_does_not_serve_writes_nothing_takes_nothing_and_says_so(
    node: PostgresStore, shared_state: str, tmp_path: Path
) -> None:
    assert node.leases.take([LANE])
    becomes_newer(node, serves=NEWER)
    with pytest.raises(LeaseLost), node.begin(LANE):
        pytest.fail("an older version writes into a newer schema")
    assert not node.leases.take(["default/object/c"])
    with pytest.raises(StateOutgrown), node.begin():
        pytest.fail("as above, without a lease")
    with pytest.raises(StateOutgrown, match=f"serves {NEWER} and newer; this one knows {migrate.HEAD}"):
        node.renew()
    with pytest.raises(StateOutgrown):
        node.check()
    with pytest.raises(StateUnavailable, match="written by a newer ossmend"):
        open_node(Address(shared_state, LIVE), tmp_path, "another")


def test_a_breaking_migration_waits_for_what_is_being_written_and_ends_every_lease(
    node: PostgresStore, shared_state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = open_beside(Address(shared_state, LIVE), tmp_path)
    monkeypatch.setattr(migrate, "SERVES", NEWER)
    assert node.leases.take([LANE])
    begun = threading.Event()

    def migrates() -> None:
        with newer.begin() as connection:
            begun.set()
            versions.upgrade(connection, migrate.HEAD)

    with ThreadPoolExecutor(1) as pool, closing(newer):
        with node.begin(LANE) as connection:
            migration = pool.submit(migrates)
            assert begun.wait(HUNG)
            connection.execute(meta.insert().values(name="written by the older", value="yes"))
            assert not migration.done()
        migration.result(HUNG)
    with node.read() as connection:
        assert connection.scalar(sa.select(meta.c.value).where(meta.c.name == "written by the older")) == "yes"
    with pytest.raises(LeaseLost), node.begin(LANE):
        pytest.fail("its lease was ended by the migration")


def test_a_lane_is_taken_over_from_an_outgrown_node_when_its_last_lease_is_over_and_no_sooner(
    node: PostgresStore, shared_state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert node.leases.take([LANE])
    with closing(open_node(Address(shared_state, LIVE), tmp_path, "new")) as newer:
        with monkeypatch.context() as migrating, newer.begin() as connection:
            migrating.setattr(migrate, "SERVES", NEWER)
            connection.execute(sa.text("UPDATE leases SET until = until + :hour"), {"hour": HOUR})
            versions.upgrade(connection, migrate.HEAD)
        # our code plays the newer version, and its schema serves it
        with newer._engine.begin() as connection:  # begin() is refused, as an older version's is
            connection.execute(meta.delete().where(meta.c.name == versions.ROW))
        assert not newer.leases.take([LANE])
        assert node.leases.others() == newer.leases.others() == {LANE}, "neither of them has it"
        with newer.begin() as connection:
            connection.execute(sa.text("UPDATE leases SET until = until - :lease"), {"lease": HOUR + LEASE_SECONDS})
        assert newer.leases.take([LANE])
