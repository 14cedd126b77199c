"""Where two promises meet: a pause and an approval, an undo and somebody else's write, a lost answer and a dry run."""

from __future__ import annotations

import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Retention
from ossmend.daemon import approvals
from ossmend.daemon.app import App
from ossmend.daemon.cloud.send.executor import Sent, Unsettled
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import entries, pause, retention
from ossmend.daemon.stages.pause import Pause
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.values import AccountRef, CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import Write
from tests.daemon.stages.test_promises import HOOK, OLD, merged_by_hand, notified, scene
from tests.daemon.stages.test_work import CONFIG, Scene, frozen, preflight
from tests.fakes import FakeAccounts, FakeWorld
from tests.patience import HUNG

__all__ = ["scene"]

THEIRS = CorsRule(("https://theirs.example",), ("GET",))


def test_after_a_pause_a_write_that_waits_for_a_person_is_told_to_one(scene: Scene) -> None:
    scene.configure(top=HOOK)
    scene.world.add_object("k")
    approvals.pause(scene.store, "")
    scene.see(frozen())
    scene.turn()
    approvals.resume(scene.store, "")
    scene.configure("approve", top=HOOK)
    scene.pass_(minutes=10)
    scene.turn()
    assert [each["why"].count("waits for approval") for each in notified(scene)] == [0, 1]


def test_what_was_read_of_a_pause_a_moment_ago_is_not_believed_where_a_write_is_stored(scene: Scene) -> None:
    approvals.pause(scene.store, "")
    switch = Pause(scene.store, scene.clock)
    assert switch.why("thaw") is not None
    approvals.resume(scene.store, "")
    assert switch.why("thaw") is not None, "in a turn a thousand writes ask"
    switch.look_again()
    assert switch.why("thaw") is None


def test_an_undo_that_somebody_elses_write_has_crossed_is_told_and_not_repaired_again(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    scene.pass_(seconds=3)
    scene.turn()
    approvals.undo(scene.store, 1)
    scene.pass_(minutes=10)
    sends = scene.world.send

    def crossed(write: Write) -> Sent:
        sent = sends(write)
        scene.world.cors_of["b"] = CorsConfiguration((OLD, THEIRS))
        return replace(sent, crossed=("somebody else wrote",))

    scene.world.send = crossed  # type: ignore[method-assign]  # the moment between
    scene.turn()
    scene.world.send = sends  # type: ignore[method-assign]
    for _ in range(6):
        scene.pass_(seconds=40)
        scene.turn()
    assert scene.states() == ["closed"]
    assert scene.world.cors_of["b"].rules == (OLD, THEIRS)


def test_a_second_undo_of_a_case_is_refused_while_the_first_is_asked_for(scene: Scene) -> None:
    merged_by_hand(scene, OLD)
    approvals.undo(scene.store, 1)
    with pytest.raises(approvals.Impossible, match="already"):
        approvals.undo(scene.store, 1)


def test_after_one_transaction_that_failed_nothing_further_leaves(scene: Scene) -> None:
    scene.configure(top="brakes: { writes_per_hour: 1000, calls_per_minute: 1000 }")
    scene.see(*(frozen(scene.world.add_object(f"k{number:02}").key) for number in range(12)))
    assert scene.dispatch is not None
    record: Any = scene.dispatch._record  # the one stage that may fail so
    replies, gate, sends = record.replies, threading.Semaphore(4), scene.world.send

    def gated(write: Write) -> Sent:
        assert gate.acquire(timeout=HUNG)
        return sends(write)

    def fails(_replied: object) -> None:
        for _ in range(12):
            gate.release()
        raise StateUnavailable("database is locked")

    scene.world.send, record.replies = gated, fails  # type: ignore[method-assign]
    scene.turn()
    gone = len(scene.world.sent)
    record.replies = replies
    scene.settle()
    assert len(scene.world.sent) == gone < 12
    outcomes = [scene.writes(case_id)[0][1] for case_id in range(1, 13)]
    assert outcomes.count("done") == gone


def test_a_write_that_is_unsettled_when_all_policies_go_to_dry_run_is_told_to_a_person(scene: Scene) -> None:
    scene.configure(top=HOOK)
    scene.world.add_object("k")
    scene.world.loses_answers = True
    scene.see(frozen())
    scene.turn()
    assert scene.dispatch is not None
    scene.dispatch.close()
    scene.config = load_text(CONFIG % (HOOK, "dry-run", "", "dry-run"))
    accounts: Any = FakeAccounts(scene.world, may_write=False)
    scene.dispatch = Work(scene.config, scene.store, accounts, scene.clock, dry_run=False)
    for _ in range(12):
        scene.settle()
        scene.pass_(seconds=30)
    assert scene.states() == ["reported"]
    assert "nobody can tell" in scene.rows()[0]["why"]
    assert scene.settle() == 0, "and `once` ends"


def test_a_case_whose_write_is_unsettled_keeps_no_loop_turning(scene: Scene) -> None:
    scene.world.add_object("k")
    scene.see(frozen())

    def lost(write: Write) -> Sent:
        raise Unsettled("no answer")

    scene.world.send = lost  # type: ignore[method-assign]
    scene.turn()
    scene.world.down = True
    for _ in range(12):
        scene.settle()
        scene.pass_(seconds=10)
    scene.see(frozen(client="10.0.0.2"))
    scene.pass_(seconds=20)
    assert scene.dispatch is not None
    assert (scene.dispatch.start(), scene.dispatch.next_due()) == (0, None)


def test_an_undo_of_an_account_that_is_gone_stays_asked_for(scene: Scene) -> None:
    other = scene.others["two"] = FakeWorld(clock=scene.clock)
    other.buckets.add("b")
    other.cors_of["b"] = CorsConfiguration((OLD,))
    scene.see(replace(preflight(), account=AccountRef("two")))
    scene.turn()
    approvals.undo(scene.store, 1)
    del scene.others["two"]
    scene.pass_(minutes=10)
    scene.turn()
    assert scene.writes() == [("PutBucketCors", "done"), ("PutBucketCors", "asked")]


def test_the_number_of_a_case_that_was_let_go_is_not_given_again(scene: Scene) -> None:
    scene.world.add_object("k", "Standard")
    scene.see(frozen())
    for _ in range(4):
        scene.turn()
        scene.pass_(days=10)
    assert retention.retire(scene.store, Retention(), scene.clock.now()).cases == 1
    scene.see(preflight())
    assert [row["id"] for row in scene.rows()] == [2]
    with scene.store.read() as connection:
        assert {entry.case_id for entry in entries.newest(connection, 100)} <= {None, 1, 2}


def test_a_signal_to_pause_is_not_lost_while_the_state_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ID", "SECRET"):
        monkeypatch.setenv(f"ALIBABA_CLOUD_ACCESS_KEY_{name}", "LTAI5tExampleExampleKey1")
    config, state = tmp_path / "ossmend.yaml", tmp_path / "state"
    text = 'cloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }'
    config.write_text(f"version: 1\n{text}\nstate: {{ path: {state} }}\npolicies: []\n", encoding="utf-8")
    app = App(config, dry_run=False)
    try:
        state.rename(tmp_path / "away")
        with app._orders.heard():
            signal.raise_signal(signal.SIGUSR1)
        with pytest.raises(StateUnavailable):
            app._throw_switch()
        (tmp_path / "away").rename(state)
        app._throw_switch()
        with app.store.read() as connection:
            assert [each.by for each in pause.standing(connection)] == ["SIGUSR1"]
    finally:
        app.close()
