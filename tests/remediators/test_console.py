"""A browser's console line about CORS: judged by the bucket's rules as OSS's own answer is, and written for by nobody
but a person.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators import causes
from ossmend.remediators.access_forbidden import NOT_ALLOWED, ONLY_CONSOLE, SILENCE, plan, proposes, subject
from ossmend.remediators.contract.case import Case, Event, Neighbour
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.registry import Explained
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.verdict import Act, Done, Refused, Tell, Verdict
from ossmend.remediators.settings.cors import CorsSettings
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from tests.fakes import ASKED, NOW, FakeView, FakeWorld, case_of, receipt_of

PAGE, ELSEWHERE = "https://app.example.com", "https://www.example.com"
STORED = CorsRule((PAGE,), ("GET", "PUT"), ("content-type", "x-oss-*"), ("ETag",), 600)
SETTINGS = CorsSettings(rule="web").model_copy(update={"stored": STORED})
NO_RULE = CorsSettings()
PREFLIGHT = "Response to preflight request doesn't pass access control check"
METHOD = "Method PUT is not allowed by Access-Control-Allow-Methods in preflight response."


def console(why: str = PREFLIGHT, origin: str = PAGE, bucket: str = "assets") -> Event:
    """Read by the parser, as a page's logger writes it."""
    text = (
        f"Access to XMLHttpRequest at 'https://{bucket}.oss-cn-hangzhou.aliyuncs.com/up/a.png' from origin "
        f"'{origin}' has been blocked by CORS policy: {why}"
    )
    (event,) = events_in(text, source="t")
    assert (event.code, event.bucket, event.origin) == (None, bucket, origin)
    return event


def answer(**fields: object) -> Event:
    given = Event(
        source="t", code="AccessForbidden", status=403, message=NOT_ALLOWED, bucket="assets", key="up/a.png",
        origins=ASKED, origin=PAGE, origin_from="origin", cors_method="PUT", time=NOW,
    )  # fmt: skip
    return replace(given, **fields)  # type: ignore[arg-type]  # the test names real fields


def world_with(*rules: CorsRule, bucket: str = "assets") -> FakeWorld:
    return FakeWorld(buckets={"assets"}, cors_of={bucket: CorsConfiguration(rules)})


def case(*events: Event, **changes: object) -> Case:
    return replace(case_of(*events, code="AccessForbidden"), **changes)  # type: ignore[arg-type]  # as above


def verdict(world: FakeWorld, about: Case | None = None, settings: CorsSettings = SETTINGS) -> Verdict:
    return plan(about or case(console()), FakeView(world), settings)  # type: ignore[arg-type]  # FakeView forwards


# ----------------------------------------------------------------------------------------------------------- is it over


@pytest.mark.parametrize(
    ("rule", "why", "settings"),
    [
        (STORED, PREFLIGHT, SETTINGS),
        (CorsRule(("*",), ("PUT", "GET"), ("*",)), PREFLIGHT, SETTINGS),
        (CorsRule((PAGE,), ("PUT",)), METHOD, NO_RULE),
        (CorsRule((PAGE,), ("GET",)), "No 'Access-Control-Allow-Origin' header is present.", NO_RULE),
        (CorsRule((PAGE,), ("GET", "PUT", "POST")), PREFLIGHT, NO_RULE),
    ],
    ids=["stored rule", "wider rule", "method is told", "no preflight was sent", "all that uploads need"],
)
def test_a_page_that_a_rule_allows_by_now_is_done_and_the_rule_is_named(
    rule: CorsRule, why: str, settings: CorsSettings
) -> None:
    found = verdict(world_with(CorsRule((ELSEWHERE,), ("GET",)), rule), case(console(why)), settings)
    assert isinstance(found, Done)
    assert found.why == f"the preflight of {PAGE} on assets passes: rule 2 allows it now"


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (world_with(replace(STORED, allowed_origins=(ELSEWHERE,))), PREFLIGHT),
        (world_with(STORED, bucket="another"), PREFLIGHT),
        (world_with(replace(STORED, allowed_methods=("GET",))), METHOD),
        (world_with(replace(STORED, allowed_methods=("GET",))), PREFLIGHT),
        (world_with(replace(STORED, allowed_headers=())), PREFLIGHT),
    ],
    ids=["another origin", "another bucket", "another method", "one of the methods it may use", "headers"],
)
def test_a_rule_that_does_not_allow_the_page_leaves_it_open(world: FakeWorld, why: str) -> None:
    found = verdict(world, case(console(why)))
    assert isinstance(found, Act)
    assert found.approve


def test_without_a_stored_rule_it_is_told_and_nothing_is_proposed() -> None:
    found = verdict(world_with(CorsRule((PAGE,), ("GET",))), settings=NO_RULE)
    assert isinstance(found, Tell)
    assert found.diagnosis.cause == "cors-method-not-allowed"
    assert any("does not tell the method" in said for said in found.diagnosis.evidence)


def test_rules_that_may_not_be_read_are_no_finding_about_the_page() -> None:
    world = world_with(STORED)
    world.refuses.add("GetBucketCors")
    with pytest.raises(Refused):
        verdict(world)


def test_a_rule_that_is_there_and_that_oss_does_not_answer_by_yet_ends_nothing() -> None:
    world = world_with(STORED)
    world.spreading = True
    found = verdict(world)
    assert isinstance(found, Tell)
    assert found.diagnosis.cause == "cors-rule-present-not-effective"


def test_what_the_console_leaves_open_counts_for_nothing_after_a_day_without_a_word() -> None:
    world = world_with(CorsRule((PAGE,), ("PUT",), ("content-type",)))
    assert isinstance(verdict(world), Act)
    world.clock.pass_(SILENCE + timedelta(minutes=1))
    assert isinstance(verdict(world), Done)
    assert isinstance(verdict(world_with(CorsRule((ELSEWHERE,), ("PUT",)))), Act)


def test_a_wildcard_rule_does_not_help_a_page_that_sends_credentials() -> None:
    why = "The value of the header must not be the wildcard '*' when the request's credentials mode is 'include'."
    found = verdict(world_with(CorsRule(("*",), ("GET", "PUT"), ("*",))), case(console(why)))
    assert isinstance(found, Tell)
    assert found.diagnosis.cause == "cors-wildcard-with-credentials"


# -------------------------------------------------------------------------------------------------- what may be written


def test_only_a_person_lets_a_write_go_for_what_a_console_alone_tells() -> None:
    found = verdict(world_with())
    assert isinstance(found, Act)
    assert found.approve
    assert found.diagnosis.evidence[0] == ONLY_CONSOLE
    (write,) = found.writes
    assert isinstance(write, PutBucketCors)
    assert write.rules == (STORED,)


@pytest.mark.parametrize("samples", [(console(), answer()), (answer(), console())], ids=["after", "before"])
def test_oss_s_own_answer_in_the_same_case_vouches_for_the_write(samples: tuple[Event, ...]) -> None:
    found = verdict(world_with(), case(*samples))
    assert isinstance(found, Act)
    assert not found.approve


def test_an_answer_from_before_it_was_well_vouches_for_nothing_a_console_tells_later() -> None:
    old = case(answer(), console(), verified_at=NOW + timedelta(hours=1))
    found = verdict(world_with(), old)
    assert isinstance(found, Act)
    assert found.approve


def test_explained_it_proposes_only_what_a_policy_has_stored_and_a_person_approves() -> None:
    told = Explained(console(), causes.diagnose_event(console()))
    found = proposes(told, SETTINGS)
    assert found is not None
    assert (found.operation, found.target) == ("PutBucketCors", "oss://assets")
    assert found.only_if.endswith("; a person approves it")
    assert proposes(told, None) is None
    assert proposes(Explained(console(origin=ELSEWHERE), told.diagnosis), SETTINGS) is None


def test_a_page_that_the_stored_rule_does_not_cover_gets_no_write() -> None:
    found = verdict(world_with(), case(console(origin="https://evil.example.net")))
    assert isinstance(found, Tell)
    assert found.diagnosis.cause == "cors-stored-rule-does-not-cover"


def test_a_case_is_over_only_when_the_console_s_page_passes_too() -> None:
    stored = replace(STORED, allowed_origins=(PAGE, ELSEWHERE))
    settings = CorsSettings(rule="web").model_copy(update={"stored": stored})
    both = case(answer(), console(origin=ELSEWHERE))
    found = verdict(world_with(STORED), both, settings)
    assert isinstance(found, Act)
    assert found.approve
    assert isinstance(verdict(world_with(stored), both, settings), Done)


def test_after_its_merge_the_case_is_done_with_the_cause_it_had() -> None:
    world = world_with(CorsRule((ELSEWHERE,), ("GET",)))
    found = verdict(world)
    assert isinstance(found, Act)
    world.send(found.writes[0])
    found = verdict(world, case(console(), receipts=(receipt_of(found.writes[0]),)))
    assert isinstance(found, Done)
    assert found.cause == "cors-origin-not-allowed"


# ----------------------------------------------------------------------------------------------------- whose case it is


def test_a_console_line_and_oss_s_answer_of_one_bucket_and_page_are_one_case() -> None:
    for settings in (SETTINGS, NO_RULE):
        assert subject(console(), settings) == subject(answer(), settings)
    assert code_of(console()) == code_of(answer()) == "AccessForbidden"


def test_another_bucket_or_another_page_is_another_case() -> None:
    mine = subject(console(), NO_RULE)
    assert mine not in (subject(console(origin=ELSEWHERE), NO_RULE), subject(console(bucket="another"), NO_RULE))


def test_without_bucket_or_origin_there_is_nothing_to_look_at() -> None:
    assert code_of(replace(console(), bucket=None)) is None
    assert code_of(replace(console(), origin=None)) is None


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        (None, "see case 7: the same bucket, and its text names no origin"),
        (PAGE, "see case 7: the same bucket and origin"),
        (ELSEWHERE, None),
    ],
)
def test_another_case_that_may_be_the_same_trouble_is_named(origin: str | None, said: str | None) -> None:
    other = Neighbour(id=7, code="AccessForbidden", cause=None, event=answer(origin=origin), usage={},
                      first_seen=NOW, last_seen=NOW)  # fmt: skip
    found = verdict(world_with(), case(console(), correlated=(other,)))
    assert isinstance(found, Act)
    assert found.why.endswith(f"; {said}") is (said is not None)
    assert (said in found.diagnosis.evidence) is (said is not None)


def test_an_answer_without_an_origin_names_the_case_whose_console_tells_it() -> None:
    other = Neighbour(
        id=7, code="AccessForbidden", cause=None, event=console(), usage={}, first_seen=NOW, last_seen=NOW
    )
    found = verdict(world_with(), case(answer(origin=None), correlated=(other,)))
    assert isinstance(found, Tell)
    assert found.why.endswith(f"; see case 7: the same bucket, refused to pages of {PAGE}")


def test_a_log_that_tells_late_of_a_refusal_from_before_does_not_vouch_for_a_console() -> None:
    """The owner has taken the rule away since; an access log comes an hour after its requests."""
    early, well = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    about = case(console(), answer(time=early), verified_at=well)
    found = verdict(world_with(CorsRule((ELSEWHERE,), ("GET",))), about)
    assert isinstance(found, Act)
    assert found.approve


def test_a_refusal_after_all_was_well_is_oss_s_own_word() -> None:
    about = case(console(), answer(time=NOW), verified_at=NOW - timedelta(hours=1))
    found = verdict(world_with(CorsRule((ELSEWHERE,), ("GET",))), about)
    assert isinstance(found, Act)
    assert not found.approve
