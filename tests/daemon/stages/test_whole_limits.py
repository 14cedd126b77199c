"""A write that is larger than a whole limit: what is told, to whom, and that no approval lifts a limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.daemon import approvals, queries
from ossmend.daemon.commands import case_page
from ossmend.daemon.host.show import moment
from ossmend.daemon.journal.schema import notices
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import GIB, gib
from tests.daemon.stages.test_work import Scene, frozen, preflight
from tests.fakes import NOW

SMALL = "brakes: { restore_gib_per_day: 20 }"
HOOK = 'notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]'


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    built.clock.pass_(datetime.now(UTC) - NOW)  # what a person says has the machine's time
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    built.store.close()


def large(scene: Scene, size: int = 30 * GIB, storage_class: str = "Archive") -> None:
    scene.world.add_object("k", storage_class, size=size)
    scene.see(frozen())
    scene.turn()


def nexts(scene: Scene, case: int = 1) -> list[str]:
    with scene.store.read() as connection:
        found = queries.one_case(connection, case)
    assert found is not None
    told = list(case_page.lines(found))
    names = [name for name, _ in told]
    at = names.index("next")
    end = next(n for n in range(at + 1, len(names)) if names[n])
    return [str(value) for _, value in told[at:end]]


def counted(scene: Scene) -> int:
    with scene.store.read() as connection:
        return queries.waiting_for_a_person(connection, queries.by_state(connection))


def held(scene: Scene) -> dict[str, int]:
    with scene.store.read() as connection:
        return queries.held(connection)


@pytest.mark.parametrize(("top", "policy", "told", "raised"), [
    (SMALL, "", "restore_gib_per_day lets 20 GiB go and this is 30 GiB", "restore_gib_per_day to at least 30"),
    ("", "brakes: { restore_gib_per_day: 0.5 }", "restore_gib_per_day of policy thaw lets 0.5 GiB go and this is",
     "restore_gib_per_day of policy thaw to at least 30"),
    ("brakes: { cost_per_day: { amount: 1, currency: CNY } }", "", "cost_per_day lets 1 CNY go and this is 1.80001 CNY",
     "cost_per_day to at least 1.80001"),
    ("brakes: { writes_per_hour: 0 }", "", "writes_per_hour lets 0 go and this is 1", "writes_per_hour to at least 1"),
    ("brakes: { calls_per_minute: 0 }", "", "calls_per_minute lets 0 go", "calls_per_minute to at least 1"),
    ("brakes: { objects_per_day: 0 }", "", "objects_per_day lets 0 go", "objects_per_day to at least 1"),
])  # fmt: skip
def test_what_is_larger_than_a_whole_limit_names_it_both_sizes_and_what_it_has_to_be(
    scene: Scene, top: str, policy: str, told: str, raised: str
) -> None:
    scene.configure(top=top, policy=policy)
    large(scene)
    first, second, *_ = nexts(scene)
    assert told in first
    assert f"; raise {raised}, or do it by hand" in first
    assert second == "or ossmend cases reject 1, if it is not wanted"
    assert (scene.states(), scene.world.sent, counted(scene)) == (["held"], [], 1)


def test_what_is_larger_by_a_byte_does_not_look_the_same(scene: Scene) -> None:
    scene.configure(top=SMALL)
    large(scene, 20 * GIB + 1)
    assert "lets 20 GiB go and this is 20.01 GiB; raise restore_gib_per_day to at least 20.01" in nexts(scene)[0]


def test_every_limit_that_is_too_small_is_named_at_once(scene: Scene) -> None:
    scene.configure(top="brakes: { restore_gib_per_day: 20, objects_per_day: 0 }")
    large(scene)
    assert "raise objects_per_day to at least 1 and restore_gib_per_day to at least 30, or" in nexts(scene)[0]


@pytest.mark.parametrize("storage_class", ["Archive", "DeepColdArchive"])
def test_nobody_is_asked_to_approve_what_could_not_leave_then(scene: Scene, storage_class: str) -> None:
    scene.configure("approve", top=SMALL)
    large(scene, 1024 * GIB, storage_class)
    assert held(scene) == {"beyond restore_gib_per_day": 1}
    assert "at least 1024" in nexts(scene)[0]
    with pytest.raises(approvals.Impossible, match="no approval lets case 1 go: it is larger than a whole limit"):
        approvals.approve(scene.store, 1)
    assert counted(scene) == 1


def test_a_limit_that_is_lowered_after_an_approval_needs_a_person_again(scene: Scene) -> None:
    scene.configure("approve")
    large(scene)
    approvals.approve(scene.store, 1)
    assert counted(scene) == 0
    scene.configure("approve", top=SMALL)
    scene.pass_(minutes=10)
    scene.turn()
    assert (scene.world.sent, counted(scene)) == ([], 1)
    assert nexts(scene)[0].startswith("it is larger than a whole limit")


def test_a_limit_that_was_raised_lets_it_go_and_in_approve_asks_first(scene: Scene) -> None:
    scene.configure("approve", top=SMALL)
    large(scene)
    scene.configure("approve")
    approvals.retry(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert held(scene) == {"approval": 1}
    approvals.approve(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert len(scene.world.sent) == 1


def test_a_rejection_of_it_is_an_answer(scene: Scene) -> None:
    scene.configure(top=SMALL)
    large(scene)
    approvals.reject(scene.store, 1)
    assert counted(scene) == 0
    scene.pass_(minutes=10)
    scene.turn()
    assert (held(scene), counted(scene)) == ({"rejected": 1}, 0)


def test_its_notice_says_what_to_raise(scene: Scene) -> None:
    scene.configure(top=f"{SMALL}\n{HOOK}")
    large(scene)
    with scene.store.read() as connection:
        (body,) = connection.scalars(sa.select(notices.c.body)).all()
    assert "raise restore_gib_per_day to at least 30, or do it by hand" in body["why"]
    for _ in range(3):
        scene.see(frozen())
        scene.pass_(hours=1)
        scene.turn()
    with scene.store.read() as connection:
        assert len(connection.execute(sa.select(notices.c.id)).all()) == 1, "it is said once"


def test_an_undo_that_a_limit_can_never_let_go_says_so(scene: Scene) -> None:
    scene.world.buckets.add("b")
    scene.world.cors_of["b"] = CorsConfiguration((CorsRule(("https://old.example",), ("GET",)),))
    scene.configure()
    scene.see(preflight())
    scene.turn()
    approvals.undo(scene.store, 1)
    scene.configure(top="brakes: { writes_per_hour: 0 }")
    scene.pass_(minutes=10)
    scene.turn()
    assert len(scene.world.sent) == 1
    assert "raise writes_per_hour to at least 1" in nexts(scene)[0]
    scene.configure()
    approvals.retry(scene.store, 1)
    scene.turn()
    assert len(scene.world.sent) == 2


# ------------------------------------------------------------------------------------------------- a limit that frees


def test_a_limit_that_frees_says_how_much_is_spent_in_its_unit_and_from_when(scene: Scene) -> None:
    scene.configure("approve", top=SMALL)
    for key in ("a", "b"):
        scene.world.add_object(key, size=15 * GIB)
        scene.see(frozen(key))
    scene.turn()
    for case in (1, 2):
        approvals.approve(scene.store, case)
    scene.pass_(minutes=10)
    at = scene.clock.now()
    scene.turn()
    assert len(scene.world.sent) == 1
    (why,) = [row["why"] for row in scene.rows() if row["state"] == "held"]
    told = moment(at + timedelta(days=1))
    assert f"limit restore_gib_per_day: 15 GiB of 20 GiB spent, this is 15 GiB; frees from {told}" in why
    assert why.startswith("approved by ")
    assert counted(scene) == 0, "it goes on by itself"
    again = approvals.approve(scene.store, 2)
    assert again["holds_on"].startswith("limit restore_gib_per_day: 15 GiB of 20 GiB spent")


def test_what_a_person_has_to_approve_is_not_said_to_wait_for_a_limit(scene: Scene) -> None:
    scene.configure("approve")
    large(scene)
    assert approvals.approve(scene.store, 1)["holds_on"] is None
    scene.pass_(minutes=10)
    scene.turn()
    assert len(scene.world.sent) == 1


@pytest.mark.parametrize("size", [20 * GIB, 1])
def test_what_just_fits_a_limit_goes(scene: Scene, size: int) -> None:
    scene.configure(top=SMALL)
    large(scene, size)
    assert len(scene.world.sent) == 1


def test_an_unknown_price_is_a_persons_and_no_limit_is_too_small_for_it(scene: Scene) -> None:
    scene.configure(top="brakes: { cost_per_day: { amount: 0.01, currency: CNY } }")
    large(scene, GIB, "DeepColdArchive")
    assert held(scene) == {"price": 1}
    approvals.approve(scene.store, 1)
    scene.pass_(minutes=10)
    scene.turn()
    assert len(scene.world.sent) == 1


@pytest.mark.parametrize(("size", "told"), [
    (0, "0 GiB"), (1, "under 0.01 GiB"), (GIB, "1 GiB"), (GIB * 3 // 2, "1.5 GiB"), (1024 * GIB, "1024 GiB"),
    (100 * GIB, "100 GiB"),
])  # fmt: skip
def test_bytes_are_told_in_gib(size: int, told: str) -> None:
    assert gib(size) == told


# ------------------------------------------------------------------------------------------- what is read at approval


@pytest.mark.parametrize(("storage_class", "size", "cost", "time"), [
    ("DeepColdArchive", 1024 * GIB, None, "about 48 hours (DeepColdArchive, Standard)"),
    ("ColdArchive", 10 * GIB, "0.6403", "2 to 5 hours (ColdArchive, Standard)"),
    ("Archive", 30 * GIB, "1.80001", "about a minute (Archive)"),
])  # fmt: skip
def test_who_approves_reads_the_size_the_cost_and_how_long_this_class_takes(
    scene: Scene, storage_class: str, size: int, cost: str | None, time: str
) -> None:
    scene.configure("approve", top="brakes: { restore_gib_per_day: unlimited }")
    large(scene, size, storage_class)
    prices = scene.config.prices
    with scene.store.read() as connection:
        found = queries.one_case(connection, 1, prices)
    assert found is not None
    for (write,) in (found["writes"], approvals.approve(scene.store, 1, prices)["writes"]):
        assert (write["gib"], write["cost"], write["takes"]) == (size / GIB, cost, time)
        assert (write["currency"], write["prices_as_of"]) == ("CNY", prices.as_of.isoformat())
    steps = found["diagnosis"]["next_steps"]
    assert [step for step in steps["en"] if f"This one takes {time}" in step]
    assert [step for step in steps["zh"] if storage_class in step]
    assert "colder classes" not in str(steps)
