"""A browser's console and OSS's answer in two lines of a log: one case, closed by what the bucket's rules say."""

from __future__ import annotations

import oss2

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_browser import ORIGIN, POLICY, RULES, preflight, rules, tell
from tests.journeys.test_service import fault

OTHER = oss2.models.CorsRule(["https://www.example.com"], ["GET"], ["*"])
MINE = oss2.models.CorsRule([ORIGIN], ["GET", "PUT"], ["*"])

TWO_POLICIES = """\
  - { name: shop, on: AccessForbidden, mode: enforce, match: { bucket: "*", key: "shop/**" }, cors: { rule: web } }
  - { name: rest, on: AccessForbidden, mode: enforce, match: { bucket: "*" }, cors: { rule: web } }
"""


def console(daemon: Daemon, bucket: str, key: str = "a.png") -> None:
    """What a page's logger sends home: the browser's words, and nothing of OSS's."""
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(
            f"page: Access to XMLHttpRequest at 'https://{bucket}.oss-cn-hangzhou.aliyuncs.com/{key}' from origin "
            f"'{ORIGIN}' has been blocked by CORS policy: Response to preflight request doesn't pass access control "
            "check: No 'Access-Control-Allow-Origin' header is present on the requested resource.\n"
        )


def states(daemon: Daemon) -> list[str]:
    return [case["state"] for case in daemon.cases()]


def test_minutes_apart_they_are_one_case_and_oss_s_answer_lets_the_repair_go(world: World, daemon: Daemon) -> None:
    bucket = world.bucket("assets-both", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors([OTHER]))
    daemon.configure(POLICY, cors_rules=RULES)
    console(daemon, "assets-both")
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["code"]) == ("held", "AccessForbidden")
    assert len(rules(bucket)) == 1
    tell(daemon, "assets-both", preflight(world, "assets-both"))
    daemon.start()
    until("the one case is closed", lambda: states(daemon) == ["closed"])
    assert daemon.stop() == 0
    assert preflight(world, "assets-both").status_code == 200


def test_told_by_a_console_alone_a_retry_closes_it_when_somebody_has_added_the_rule(
    world: World, daemon: Daemon
) -> None:
    bucket = world.bucket("assets-page", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors([OTHER]))
    puts = len(world.requests("PutBucketCors"))
    daemon.configure(POLICY, cors_rules=RULES)
    console(daemon, "assets-page")
    daemon.command("once")
    daemon.command("cases", "retry", "1")
    assert [case["state"] for case in daemon.command("once")[1]["cases"]] == ["held"]
    assert len(world.requests("PutBucketCors")) == puts
    bucket.put_bucket_cors(oss2.models.BucketCors([OTHER, MINE]))
    daemon.command("cases", "retry", "1")
    daemon.command("once")
    found = daemon.command("cases", "show", "1")[1]
    assert (found["state"], found["cause"]) == ("closed", "cors-already-allowed")
    assert found["why"] == f"the preflight of {ORIGIN} on assets-page passes: rule 2 allows it now"


def test_rules_that_may_not_be_read_leave_it_open_and_say_why(world: World, daemon: Daemon) -> None:
    world.bucket("assets-shut", create=True)
    daemon.configure(POLICY, cors_rules=RULES)
    fault(world, operation="GetBucketCors", status=403, code="AccessDenied")
    console(daemon, "assets-shut")
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["cause"]) == ("reported", "could-not-check")
    assert "GetBucketCors" in case["why"]
    assert "AccessDenied" in case["why"]


def test_what_no_policy_takes_is_told_as_before(world: World, daemon: Daemon) -> None:
    world.bucket("assets-left", create=True)
    daemon.configure(POLICY.replace("assets-*", "none-*"), cors_rules=RULES)
    console(daemon, "assets-left")
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["policy"], case["code"]) == ("reported", "-", None)


def test_a_merge_that_works_wakes_the_cases_of_its_bucket_that_other_policies_took(
    world: World, daemon: Daemon
) -> None:
    bucket = world.bucket("assets-two", create=True)
    bucket.put_bucket_cors(oss2.models.BucketCors([OTHER]))
    daemon.configure(TWO_POLICIES, cors_rules=RULES)
    console(daemon, "assets-two", "shop/b.png")
    assert [case["state"] for case in daemon.command("once")[1]["cases"]] == ["held"]
    tell(daemon, "assets-two", preflight(world, "assets-two"))
    daemon.start()
    until("both cases are closed", lambda: states(daemon) == ["closed", "closed"])
    assert daemon.stop() == 0
    assert len(rules(bucket)) == 2
