"""`explain` has no opinion of its own: what it proposes is what the remediator's plan writes if the world agrees."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.explain import proposals
from ossmend.daemon.explain.planning import NotAsked, TextView, case_of, decided_by_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators import causes
from ossmend.remediators.contract.answers import ImageAnswer, ImageCheck, ObjectVersion
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import Explained, Remediator
from ossmend.remediators.contract.values import (
    CorsConfiguration,
    KeyOwner,
    KeyStatus,
    Missing,
    ObjectRef,
    ObjectState,
    PreflightAnswer,
)
from ossmend.remediators.contract.verdict import Act, Verdict
from ossmend.remediators.contract.view import View
from tests.scenarios.further import FURTHER
from tests.scenarios.held_out import HELD_OUT
from tests.scenarios.listed import LISTED
from tests.scenarios.retired import RETIRED
from tests.scenarios.story import PARTIAL, WHOLE, access_log

NOW = datetime(2024, 9, 23, 6, 0, tzinfo=UTC)
EVERYTHING = load_text(
    """
version: 1
cloud: { region: cn-hangzhou }
cors_rules:
  open: { allowed_origins: ["*"], allowed_methods: [GET, PUT, POST, HEAD, DELETE], allowed_headers: ["*"] }
policies:
  - name: all
    on: [InvalidObjectState, AccessForbidden, InvalidAccessKeyId, ImageDamage]
    match: { bucket: "*" }
    cors: { rule: open }
    key: { tag_owner: true }
"""
)
PICTURE = (
    "GET https://photos.oss-cn-hangzhou.aliyuncs.com/cat.jpg?x-oss-process=image/info -> 400\n<Error>"
    "<Code>ImageDamage</Code><Message>The image file may be damaged.</Message>"
    "<RequestId>66F10B88C0FFEE1234ABCD01</RequestId><HostId>photos.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
)


class AgreeingWorld:
    """As the refusal says: frozen, without CORS, disabled, damaged; and nothing was done about it yet. Of two ways to
    read a key, only the one that is proposed is there.
    """

    def __init__(self, target: str) -> None:
        self._target = target

    def now(self) -> datetime:
        return NOW

    def object(self, ref: ObjectRef) -> ObjectState | Missing:
        if str(ref) != self._target:
            return Missing("object")
        return ObjectState(ref=ref, storage_class="Archive", size=10, restore="none", etag="E")

    def reads(self, _ref: ObjectRef) -> bool:
        return False

    def archive_direct_read(self, _bucket: str) -> bool:
        return False

    def cors(self, _bucket: str) -> CorsConfiguration:
        return CorsConfiguration(())

    def preflight(self, *_asked: Any) -> PreflightAnswer:
        return PreflightAnswer(403, "AccessForbidden")

    def key_owner(self, _key_id: str) -> KeyOwner:
        return KeyOwner(user_id="1", principal="shop@example.onaliyun.com", name="shop")

    def key_status(self, _owner: KeyOwner, _key_id: str) -> KeyStatus:
        return KeyStatus(status="Inactive")

    def image(self, ref: ObjectRef) -> ImageCheck:
        verdict = "good" if ref.version_id else "damaged"
        return ImageCheck(verdict=cast("Any", verdict), says=f"it is {verdict}", format="JPEG", size=10)

    def processes(self, _ref: ObjectRef) -> ImageAnswer:
        return ImageAnswer(ok=False, code="ImageDamage")

    def versions(self, _ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        return tuple(
            ObjectVersion(version_id=name, size=10, etag=name, storage_class="Standard", last_modified=NOW)
            for name in ("now", "before")
        )

    def object_acl(self, _ref: ObjectRef) -> str:
        return "default"


def texts() -> list[str]:
    """Every story in every shape that it is printed in."""
    stories = (*LISTED, *FURTHER, *RETIRED, *HELD_OUT)
    found = [shape(story) for story in stories for shape in (*WHOLE, *PARTIAL)]
    return [*found, *(access_log(story) for story in stories if story.logged), PICTURE]


def planned(event: Event, config: Config, target: str) -> Verdict:
    policy = config.taking(event)
    assert policy is not None  # something was proposed for it
    remediator = Remediator.registry[event.code or ""]
    settings = policy.settings_for(remediator.code)
    view = cast("View", AgreeingWorld(target))
    return remediator.plan(case_of(event, (), remediator, settings, NOW), view, settings)


def test_every_proposal_is_what_the_plan_writes_in_a_world_that_agrees() -> None:
    seen = set()
    for text in texts():
        for event in events_in(text, source="explain", now=NOW):
            told = Explained(event, causes.diagnose_event(event, around=text), text)
            for write in proposals.of(told, (), EVERYTHING):
                verdict = planned(event, EVERYTHING, write["target"])
                assert isinstance(verdict, Act), text
                (would,) = verdict.writes
                assert write["operation"] == would.operation
                if would.place is not None:
                    place = would.place
                    ref = ObjectRef(place.bucket, place.key, place.version_id) if place.key else f"oss://{place.bucket}"
                    assert write["target"] == str(ref)
                seen.add(would.operation)
    assert seen == {"RestoreObject", "PutBucketCors", "TagUser", "RestoreVersion"}


def test_the_text_alone_knows_what_time_it_is_and_nothing_else() -> None:
    questions = {name for name, _ in inspect.getmembers(View, inspect.isfunction) if not name.startswith("_")}
    assert len(questions) > 10
    view = cast("Any", TextView())
    assert view.now().tzinfo is UTC
    for question in questions - {"now"}:
        with pytest.raises(NotAsked):
            getattr(view, question)


def key(key_id: str) -> Event:
    return Event(source="t", code="InvalidAccessKeyId", status=403, access_key_id=key_id)


@pytest.mark.parametrize(
    ("key_id", "decided"),
    [("LTAI5tMadeUpForThisTest1", False), ("LTAI****est1", True), ("STS.NTmadeup", True), (" LTAI5tMadeUp", True)],
)
def test_a_plan_that_does_not_ask_has_decided_by_the_text(key_id: str, decided: bool) -> None:
    remediator = Remediator.registry["InvalidAccessKeyId"]
    assert decided_by_text(remediator, key(key_id), (), remediator.settings()) is decided


def test_explain_names_no_single_remediator_and_no_single_write() -> None:
    shared = r"contract\b|causes\b|other\b|settings import told\b|writes import WRITES\b"
    single = re.compile(rf"^\s*(?:from|import) ossmend\.remediators\.(?!{shared})", re.MULTILINE)
    files = list((Path(__file__).parents[3] / "daemon/explain").glob("*.py"))
    assert len(files) > 5
    assert [path.name for path in files if single.search(path.read_text(encoding="utf-8"))] == []
