"""What a question is said to ask is what it asks: every question of a view, put to the simulator, and what that saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import connect
from ossmend.daemon.cloud.ask.questions import QUESTIONS
from ossmend.daemon.cloud.ask.view import CloudView
from ossmend.daemon.host.clock import SystemClock
from ossmend.remediators.contract.values import KeyOwner
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.simulator.batch import Order
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import BUCKET, archived, case_of, control, make_bucket, ref, settings_for

NOBODY = "LTAI5tNobodyNobodyNobody"
OWNER = KeyOwner(user_id="1", principal="nobody@1234567890123456.onaliyun.com", name="nobody")
NAMES = {"ListObjects": "ListObjectsV2", "GetService": "ListBuckets"}
"""The simulator's name of a call, where the table has another."""

ASKED: dict[str, tuple[Callable[[CloudView], Any], ...]] = {
    "now": (lambda view: view.now(),),
    "clock": (),  # unsigned: to OSS it looks like any other question that nobody signed
    "object": (lambda view: view.object(ref("listed")), lambda view: view.object(ref("alone", "CAEQ"))),
    "reads": (lambda view: view.reads(ref("small")),),
    "batch_jobs": (lambda view: view.batch_jobs(BUCKET, ""),),
    "role_policies": (lambda view: view.role_policies("nobody"),),
    "archive_direct_read": (lambda view: view.archive_direct_read(BUCKET),),
    "lifecycle_rules": (lambda view: view.lifecycle_rules(BUCKET),),
    "cors": (lambda view: view.cors(BUCKET),),
    "preflight": (lambda view: view.preflight(BUCKET, "small", "https://a.example.com", "GET", ()),),
    "bucket_access": (lambda view: view.bucket_access(BUCKET),),
    "object_acl": (lambda view: view.object_acl(ref("small")),),
    "denial": (lambda view: view.denial("junk"),),
    "account_id": (lambda view: view.account_id(),),
    "image": (lambda view: view.image(ref("small")),),
    "processes": (),  # to the simulator it is a GetObject like any other: see below
    "versions": (lambda view: view.versions(ref("small")),),
    "key_owner": (lambda view: view.key_owner(NOBODY),),
    "key_status": (lambda view: view.key_status(OWNER, NOBODY),),
    "recycled_key": (lambda view: view.recycled_key(NOBODY),),
    "key_last_used": (lambda view: view.key_last_used(NOBODY),),
    "key_networks": (lambda view: view.key_networks(OWNER, NOBODY),),
    "answers": (lambda view: view.answers(BUCKET), lambda view: view.answers(None)),
    "balance": (lambda view: view.balance(),),
}


JOB = Order(
    token="t", days=1, tier="Standard", confirmation_required=True, manifest=(BUCKET, "m.csv", "0" * 32, None),
    with_versions=False, report=None, role="r", role_arn="acs:ram::1234567890123456:role/r", priority=1,
    description="d",
)  # fmt: skip
"""One is described, where it is listed."""


@pytest.fixture(scope="module")
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        make_bucket(running)
        for key in ("listed", "alone", "small"):
            control(running, "PUT", f"buckets/{BUCKET}/objects/{key}", archived() if key == "listed" else {"size": 10})
        running.do(lambda cloud: cloud.batch.add(cloud.account_id, cloud.region, JOB, 0.0))
        yield running


def seen(sim: Running) -> list[str]:
    return [NAMES.get(each["operation"], each["operation"]) for each in control(sim, "GET", "requests")["requests"]]


def test_no_question_is_left_out_here() -> None:
    assert set(ASKED) == set(QUESTIONS)


@pytest.mark.parametrize("question", sorted(name for name, asking in ASKED.items() if asking))
def test_a_question_asks_what_the_table_says(sim: Running, question: str) -> None:
    key = (sim.access_key_id, sim.access_key_secret)
    cloud = connect(settings_for(sim.oss, key=key), clock=SystemClock(), may_write=False)
    before = len(seen(sim))
    for ask in ASKED[question]:
        with suppress(Refused, TryAgain):  # there is no such thing; that it was asked for is what counts
            ask(cloud.view([case_of(f"listed{end}") for end in ("", *range(9))] if question == "object" else ()))
    cloud.close()
    assert set(seen(sim)[before:]) == set(QUESTIONS[question])
