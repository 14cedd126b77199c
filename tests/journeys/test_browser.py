"""A browser's upload is refused: the stored rule is merged among the others, and a second run changes nothing."""

from __future__ import annotations

import getpass
import os

import oss2
import requests

from tests.journeys.conftest import Daemon, World, until
from tests.patience import HUNG

ORIGIN = "https://app.example.com"
POLICY = """\
  - { name: cors, on: AccessForbidden, mode: enforce, match: { bucket: "assets-*" }, cors: { rule: web } }
"""
RULES = "\n  web: { allowed_origins: ['https://app.example.com'], allowed_methods: [GET, PUT], allowed_headers: ['*'] }"
OTHERS = [
    oss2.models.CorsRule(["https://www.example.com"], ["GET"], ["*"], ["ETag"], 60),
    oss2.models.CorsRule(["https://old.example.com"], ["HEAD", "POST"], ["x-a", "x-b"], ["x-c"], 5),
    oss2.models.CorsRule(["*"], ["HEAD"], [], [], 1),
]


def preflight(world: World, bucket: str, origin: str = ORIGIN) -> requests.Response:
    wanted = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-new,x-a"}
    with requests.Session() as session:
        session.trust_env = False
        return session.options(f"{world.simulator.oss}/{bucket}/a.png", headers=wanted, timeout=HUNG)


def tell(daemon: Daemon, bucket: str, answer: requests.Response, origin: str = ORIGIN) -> None:
    """What the page reports: the preflight it sent, and OSS's body on one line."""
    body = answer.text.replace("\n", "")
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(f"upload failed: OPTIONS /{bucket}/a.png origin={origin} method=PUT headers=x-new,x-a ")
        log.write(f"bucket={bucket}: {body}\n")


def rules(bucket: oss2.Bucket) -> list[tuple[list[str], list[str], list[str], list[str], int | None]]:
    return [
        (rule.allowed_origins, rule.allowed_methods, rule.allowed_headers, rule.expose_headers, rule.max_age_seconds)
        for rule in bucket.get_bucket_cors().rules
    ]


def test_all_other_rules_stay_in_order_and_a_second_run_changes_nothing(world: World, daemon: Daemon) -> None:
    bucket = world.bucket("assets-1", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    before = rules(bucket)
    daemon.configure(POLICY, cors_rules=RULES)
    refused = preflight(world, "assets-1")
    assert refused.status_code == 403
    tell(daemon, "assets-1", refused)
    daemon.start()
    until("the case is closed", lambda: [case["state"] for case in daemon.cases()] == ["closed"])
    assert daemon.stop() == 0
    after = rules(bucket)
    assert after[: len(before)] == before
    assert [rule[0] for rule in after[len(before) :]] == [[ORIGIN]]
    assert preflight(world, "assets-1").status_code == 200
    puts = len(world.requests("PutBucketCors"))
    tell(daemon, "assets-1", refused)
    daemon.command("once")
    daemon.command("once")
    assert (rules(bucket), len(world.requests("PutBucketCors"))) == (after, puts)


def test_an_origin_that_is_not_stored_is_told_and_the_bucket_stays_as_it_is(world: World, daemon: Daemon) -> None:
    bucket = world.bucket("assets-2", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    before, puts = rules(bucket), len(world.requests("PutBucketCors"))
    daemon.configure(POLICY, cors_rules=RULES)
    evil = "https://evil.example.net"
    tell(daemon, "assets-2", preflight(world, "assets-2", evil), evil)
    status, told = daemon.command("once")
    (case,) = told["cases"]
    assert (status, case["state"], case["cause"]) == (1, "reported", "cors-stored-rule-does-not-cover")
    assert (rules(bucket), len(world.requests("PutBucketCors"))) == (before, puts)


def test_approval_by_hand_lets_exactly_that_merge_go_and_undo_takes_it_back(world: World, daemon: Daemon) -> None:
    bucket = world.bucket("assets-3", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    before = rules(bucket)
    daemon.configure(POLICY.replace("enforce", "approve"), cors_rules=RULES)
    tell(daemon, "assets-3", preflight(world, "assets-3"))
    assert daemon.command("once")[1]["cases"][0]["state"] == "held"
    assert rules(bucket) == before
    (write,) = daemon.command("cases", "approve", "1")[1]["writes"]
    assert write["operation"] == "PutBucketCors"
    daemon.start()
    until("the merge was made", lambda: len(rules(bucket)) == 4)
    until("the case is closed", lambda: [case["state"] for case in daemon.cases()] == ["closed"])
    (asked,) = daemon.command("cases", "undo", "1")[1]["writes"]
    there, then = write["replaces"]["then"], write["replaces"]["now"]
    assert asked["replaces"] == {"now": there, "then": then}, "what goes is seen before it does"
    until("it was taken back", lambda: rules(bucket) == before)
    assert daemon.stop() == 0
    merge, undo = daemon.command("cases", "show", "1")[1]["writes"]
    assert (merge["number"], merge["undoes"], merge["asked_by"]) == (1, None, None)
    assert (undo["number"], undo["undoes"], undo["asked_by"]) == (
        2,
        1,
        os.environ.get("SUDO_USER") or getpass.getuser(),
    )
    kinds = [entry["kind"] for entry in daemon.command("journal", "show")[1]["entries"]]
    assert [kind for kind in kinds if kind.startswith("write.")] == [
        "write.held", "write.approved", "write.intended", "write.done", "write.asked", "write.intended", "write.done",
    ]  # fmt: skip


def test_what_was_undone_waits_for_a_person_although_a_new_case_and_a_new_daemon_plan_it(
    world: World, daemon: Daemon
) -> None:
    bucket = world.bucket("assets-back", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    before = rules(bucket)
    daemon.configure(POLICY.replace(", cors: { rule: web }", ""), cors_rules=RULES)
    tell(daemon, "assets-back", preflight(world, "assets-back"))
    daemon.command("once")
    daemon.configure(POLICY, cors_rules=RULES)
    daemon.command("cases", "retry", "1")
    daemon.start()
    until("the merge was made", lambda: len(rules(bucket)) == 4)
    until("the case is closed", lambda: [case["state"] for case in daemon.cases()] == ["closed"])
    daemon.command("cases", "undo", "1")
    until("it was taken back", lambda: rules(bucket) == before)
    until("the case is closed again", lambda: [case["state"] for case in daemon.cases()] == ["closed"])
    assert daemon.stop() == 0
    puts = len(world.requests("PutBucketCors"))
    tell(daemon, "assets-back", preflight(world, "assets-back"))
    held = daemon.command("once")[1]["cases"][0]
    assert (held["id"], held["state"], len(world.requests("PutBucketCors"))) == (2, "held", puts)
    assert "the same was undone by hand in case 1 at " in held["why"]
    daemon.command("cases", "approve", "2")
    daemon.command("once")
    assert len(rules(bucket)) == 4


def test_a_bucket_that_was_deleted_is_told_as_that_and_not_as_a_trouble_of_ours(world: World, daemon: Daemon) -> None:
    bucket = world.bucket("assets-gone", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    refused = preflight(world, "assets-gone")
    bucket.delete_bucket()
    daemon.configure(POLICY, cors_rules=RULES)
    tell(daemon, "assets-gone", refused)
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["cause"], case["why"]) == (
        "reported",
        "no-such-bucket",
        "there is no bucket assets-gone",
    )
