"""Somebody else writes the same at the moment of our own write: with the real SDK, against the simulator."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import oss2
import oss2.models
import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon import queries
from ossmend.daemon.cloud.accounts import Accounts
from ossmend.daemon.cloud.send.put_bucket_cors import PutsCors
from ossmend.daemon.cloud.wire.connections import Connections
from ossmend.daemon.journal import intents
from ossmend.daemon.journal.schema import notices
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.triage import Triage
from ossmend.daemon.stages.work import Work
from ossmend.remediators.contract.case import Event
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import BUCKET, HandClock, control, make_bucket, operations, settings_for
from tests.fakes import ASKED

image = pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

CONFIG = f"""
version: 1
cloud: {{ region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }}
cors_rules:
  web: {{ allowed_origins: ["https://app.example.com"], allowed_methods: [PUT] }}
  shop: {{ allowed_origins: ["https://shop.example.com"], allowed_methods: [GET] }}
mode: enforce
brakes: {{ writes_per_hour: 10 }}
notify: [ {{ webhook: {{ url: "http://127.0.0.1:1/" }} }} ]
policies:
  - {{ name: web, on: AccessForbidden, match: {{ bucket: "{BUCKET}", key: "web/**" }}, cors: {{ rule: web }} }}
  - {{ name: shop, on: AccessForbidden, match: {{ bucket: "{BUCKET}", key: "shop/**" }}, cors: {{ rule: shop }} }}
  - {{ name: pictures, on: ImageDamage, match: {{ bucket: "{BUCKET}" }}, image: {{ restore_version: enforce }} }}
"""
OLD, THEIRS = "https://old.example.com", "https://theirs.example.com"
WEB, SHOP = "https://app.example.com", "https://shop.example.com"


class Scene:
    """The daemon's stages on the simulator, and somebody else's client of the same bucket."""

    def __init__(self, sim: Running, directory: Path) -> None:
        key = (sim.access_key_id, sim.access_key_secret)
        self.sim = sim
        self.clock = HandClock()
        self.store = open_store(directory, exclusive=True)
        config = load_text(CONFIG)
        self.accounts = Accounts({"default": settings_for(sim.oss, key=key)}, self.clock, may_write=True)
        self.triage = Triage(config, self.store, self.clock)
        self.work = Work(config, self.store, self.accounts, self.clock, dry_run=False)
        self.other = oss2.Bucket(oss2.Auth(*key), sim.oss, BUCKET)

    def close(self) -> None:
        self.work.close()
        self.accounts.close()
        self.store.close()

    def others_write(self, *origins: str) -> None:
        rules = [oss2.models.CorsRule(allowed_origins=[origin], allowed_methods=["GET"]) for origin in origins]
        self.other.put_bucket_cors(oss2.models.BucketCors(rules))

    def origins(self) -> list[str]:
        return [rule.allowed_origins[0] for rule in self.other.get_bucket_cors().rules]

    def see(self, origin: str, key: str, method: str) -> None:
        event = Event(
            source="t", code="AccessForbidden", status=403, bucket=BUCKET, key=key, origin=origin, cors_method=method,
            origins=ASKED, time=datetime.now(UTC), message="CORSResponse: This CORS request is not allowed.",
        )  # fmt: skip
        self.triage.take("t", Batch((event,), {"at": 1}))

    def turns(self, number: int, seconds: float = 3.0) -> None:
        for _ in range(number):
            self.work.turn()
            self.clock.pass_by(seconds)

    def rows(self) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            return queries.all_cases(connection)

    def writes(self) -> list[tuple[str, str]]:
        with self.store.read() as connection:
            return [(each.state.value, each.outcome) for each in intents.of_case(connection, 1)]

    def reported(self) -> list[str]:
        with self.store.read() as connection:
            return [row.body["cause"] for row in connection.execute(sa.select(notices).order_by(notices.c.id))]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with running_simulator(speed=1.0) as sim:
        make_bucket(sim)
        built = Scene(sim, tmp_path)
        yield built
        built.close()


def once_after(method: Callable[..., Any], then: Callable[[], object]) -> Callable[..., Any]:
    """The same method; after its first call the other one writes."""
    left = [then]

    def wrapped(*given: Any, **named: Any) -> Any:
        answer = method(*given, **named)
        if left:
            left.pop()()
        return answer

    return wrapped


def test_a_rule_that_somebody_adds_between_our_look_and_our_put_is_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.others_write(OLD)
    scene.see(WEB, "web/a", "PUT")
    monkeypatch.setattr(PutsCors, "look", once_after(PutsCors.look, lambda: scene.others_write(OLD, THEIRS)))
    scene.turns(4)
    assert scene.origins() == [OLD, THEIRS, WEB]
    assert [state for state, _ in scene.writes()] == ["stale", "done"]
    assert scene.rows()[0]["state"] == "closed"


def test_a_rule_of_ours_that_somebody_overwrites_at_once_is_told_and_merged_again_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.others_write(OLD)
    scene.see(WEB, "web/a", "PUT")
    send = Connections.send

    def sends(self: Connections, operation: str, *given: Any, **named: Any) -> Any:
        response = send(self, operation, *given, **named)
        if operation == "PutBucketCors":
            scene.others_write(OLD, THEIRS)
        return response

    monkeypatch.setattr(Connections, "send", sends)
    scene.turns(1)
    (row,) = scene.rows()
    assert (row["state"], row["cause"]) == ("reported", "crossed-by-another-write")
    assert scene.reported() == ["crossed-by-another-write"]
    scene.turns(40, seconds=10.0)
    assert operations(scene.sim)["PutBucketCors"] == 5, "two of ours, two after them, and the first rule"
    assert scene.reported()[-1] == "cors-rule-changed-back"
    assert scene.origins() == [OLD, THEIRS]


def test_two_rules_of_ours_that_are_merged_at_the_same_time_are_both_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is not looked for before the first is there."""
    order: list[str] = []
    send, look = PutsCors.send, PutsCors.look

    def looks(self: PutsCors, write: Any) -> str:
        order.append("look")
        return look(self, write)

    def sends(self: PutsCors, write: Any) -> Any:
        order.append("put")
        try:
            return send(self, write)
        finally:
            order.append("read back")

    monkeypatch.setattr(PutsCors, "look", looks)
    monkeypatch.setattr(PutsCors, "send", sends)
    control(scene.sim, "POST", "faults", {"operation": "PutBucketCors", "latency_seconds": 0.3})
    scene.see(WEB, "web/a", "PUT")
    scene.see(SHOP, "shop/a", "GET")
    scene.turns(4)
    assert sorted(scene.origins()) == [WEB, SHOP]
    assert [row["state"] for row in scene.rows()] == ["closed", "closed"]
    assert operations(scene.sim)["PutBucketCors"] == 2
    assert scene.reported() == []
    assert order == ["look", "look", "put", "read back", "look", "look", "look", "put", "read back"]


def test_a_version_that_our_copy_has_covered_is_on_top_again_and_a_person_knows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.other.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    good, theirs = jpeg(0), jpeg(90)
    for data in (good, good[: len(good) // 2]):
        scene.other.put_object("a.jpg", data)
    event = Event(
        source="t", code="ImageDamage", status=400, bucket=BUCKET, key="a.jpg", origins=ASKED, time=datetime.now(UTC)
    )
    scene.triage.take("t", Batch((event,), {"at": 1}))
    send, left = Connections.send, [lambda: scene.other.put_object("a.jpg", theirs)]

    def sends(self: Connections, operation: str, *given: Any, **named: Any) -> Any:
        if operation == "RestoreVersion" and left:
            left.pop()()
        return send(self, operation, *given, **named)

    monkeypatch.setattr(Connections, "send", sends)
    scene.turns(4)
    assert scene.other.get_object("a.jpg").read() == theirs
    assert [state for state, _ in scene.writes()] == ["done", "done"]
    assert scene.reported() == ["crossed-by-another-write"]
    (row,) = scene.rows()
    assert (row["state"], row["why"]) == ("closed", "what somebody else wrote at the same moment is on top again")
    assert len(scene.other.list_object_versions().versions) == 5, "nothing is lost"


def jpeg(turned: int) -> bytes:
    out = io.BytesIO()
    image.linear_gradient("L").rotate(turned).save(out, "JPEG")
    return out.getvalue()
