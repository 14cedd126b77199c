"""Writes of our own that are refused: one notice for what has one cause, and none is lost with a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.stages.page import Page
from tests.daemon.stages.test_work import Scene, frozen

HOOK = 'notify: [ { webhook: { url: "http://127.0.0.1:1/" } } ]'


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    built.configure(top=HOOK)
    built.world.refuses.add("RestoreObject")
    yield built
    assert built.dispatch is not None
    built.dispatch.close()
    built.store.close()


def told(scene: Scene) -> list[str]:
    with scene.store.read() as connection:
        return [row.body["why"] for row in connection.execute(sa.select(notices).order_by(notices.c.id))]


def refused(scene: Scene, *keys: str) -> None:
    for key in keys:
        scene.world.add_object(key)
        scene.see(frozen(key))
        scene.turn()


REFUSED = "our own RestoreObject was refused: NoPermission"


def test_a_missing_right_is_told_once_in_an_hour_however_many_writes_it_refuses(scene: Scene) -> None:
    refused(scene, "a", "b", "c")
    assert told(scene) == [REFUSED]
    assert scene.states() == ["reported"] * 3
    scene.pass_(hours=1)
    refused(scene, "d")
    assert told(scene) == [REFUSED] * 2


def test_a_right_that_is_lost_again_is_told_again(scene: Scene) -> None:
    refused(scene, "a", "b")
    scene.world.refuses.clear()
    refused(scene, "c")
    scene.world.refuses.add("RestoreObject")
    refused(scene, "d", "e")
    assert told(scene) == [REFUSED] * 2


def test_what_could_not_be_stored_was_told_to_nobody_and_is_told_later(scene: Scene) -> None:
    assert scene.dispatch is not None
    replies: Any = scene.dispatch._record._replies
    write = replies.write

    def full_disk(page: Page, replied: Sequence[Any]) -> None:
        replies.write = write
        write(page, replied)
        raise StateUnavailable("the disk is full")

    replies.write = full_disk
    refused(scene, "a")
    assert told(scene) == []
    for _ in range(10):
        scene.settle()
        scene.turn()
        scene.pass_(minutes=5)
    assert told(scene) == [REFUSED]
