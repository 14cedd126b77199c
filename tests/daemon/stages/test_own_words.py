"""What a person has just said himself is no notice to people; what follows from it that he cannot know is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.daemon import approvals
from ossmend.daemon.journal.schema import notices
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from tests.daemon.stages.test_work import Scene, frozen, preflight
from tests.fakes import NOW

HOOK = 'notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]'
OLD = CorsRule(("https://old.example",), ("GET",))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    built.world.buckets.add("b")
    built.world.add_object("k")
    built.clock.pass_(datetime.now(UTC) - NOW)  # what a person says has the machine's time
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    built.store.close()


def told(scene: Scene) -> list[str]:
    with scene.store.read() as connection:
        return [row.body["why"] for row in connection.execute(sa.select(notices).order_by(notices.c.id))]


def asked(scene: Scene, top: str = "") -> None:
    scene.configure("approve", top=f"{HOOK}\n{top}")
    scene.see(frozen())
    scene.turn()
    (why,) = told(scene)
    assert why.endswith("(held: waits for approval)")


def later(scene: Scene, **time: float) -> None:
    scene.pass_(**(time or {"minutes": 10}))
    scene.turn(2)


def _paused_and_approved(scene: Scene) -> None:
    approvals.pause(scene.store, "")
    approvals.approve(scene.store, 1)


def _rejected_and_retried(scene: Scene) -> None:
    approvals.reject(scene.store, 1)
    approvals.retry(scene.store, 1)


def _paused_and_resumed(scene: Scene) -> None:
    approvals.pause(scene.store, "")
    approvals.retry(scene.store, 1)
    later(scene)
    approvals.resume(scene.store, "")


@pytest.mark.parametrize("says", [
    lambda scene: approvals.reject(scene.store, 1), lambda scene: approvals.approve(scene.store, 1),
    lambda scene: approvals.retry(scene.store, 1), _rejected_and_retried, _paused_and_approved, _paused_and_resumed,
], ids=["reject", "approve", "retry", "reject and retry", "pause and approve", "pause and resume"])  # fmt: skip
def test_nobody_is_told_what_a_person_has_just_said(scene: Scene, says: Callable[[Scene], object]) -> None:
    asked(scene)
    says(scene)
    later(scene)
    assert len(told(scene)) == 1


def test_an_undo_tells_nobody_that_it_was_asked_for_or_done(scene: Scene) -> None:
    scene.configure("enforce", top=HOOK)
    scene.world.cors_of["b"] = CorsConfiguration((OLD,))
    scene.see(preflight())
    scene.turn()
    before = told(scene)
    approvals.undo(scene.store, 1)
    later(scene)
    assert (scene.world.cors_of["b"].rules, told(scene)) == ((OLD,), before)


def test_a_rejection_that_is_over_asks_again_and_tells_so(scene: Scene) -> None:
    asked(scene)
    approvals.reject(scene.store, 1)
    later(scene)
    scene.see(frozen())
    later(scene, hours=25)
    assert [why.endswith("(held: waits for approval)") for why in told(scene)] == [True, True]


def test_that_a_limit_holds_what_was_approved_is_told(scene: Scene) -> None:
    asked(scene, top="brakes: { writes_per_hour: 1 }")
    scene.world.add_object("other")
    scene.see(frozen("other"))
    scene.turn()
    approvals.approve(scene.store, 2)
    later(scene)
    approvals.approve(scene.store, 1)
    later(scene)
    assert "limit writes_per_hour: 1 of 1 spent" in told(scene)[-1]


def test_a_refusal_that_is_new_is_told_also_while_all_is_paused(scene: Scene) -> None:
    scene.configure("enforce", top=HOOK)
    approvals.pause(scene.store, "")
    scene.see(frozen())
    scene.turn()
    (why,) = told(scene)
    assert "paused by" in why
