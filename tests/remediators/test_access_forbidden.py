"""AccessForbidden: a table of CORS configurations and what follows from each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ossmend.remediators.access_forbidden import NOT_ALLOWED, NOT_ENABLED, plan, subject
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.verdict import Act, Done, Tell, Wait
from ossmend.remediators.cors_rules import merged, size_of
from ossmend.remediators.settings.cors import CorsSettings
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from tests.fakes import ASKED, NOW, FakeView, FakeWorld, case_of, receipt_of

ORIGIN = "https://app.example.com"
STORED = CorsRule((ORIGIN,), ("GET", "PUT"), ("content-type", "x-oss-*"), ("ETag",), 600)
SETTINGS = CorsSettings(rule="web").model_copy(update={"stored": STORED})
OTHER = CorsRule(("https://www.example.com",), ("GET",), ("*",))
LAST = CorsRule(("https://old.example.com",), ("HEAD",))


def refused(**fields: object) -> Event:
    given = Event(
        source="t",
        code="AccessForbidden",
        status=403,
        message=NOT_ALLOWED,
        bucket="b",
        key="up.png",
        origins=ASKED,
        origin=ORIGIN,
        origin_from="origin",
        cors_method="PUT",
        cors_headers=("content-type",),
    )
    return replace(given, **fields)  # type: ignore[arg-type]  # the test names real fields


def world_with(*rules: CorsRule, vary: bool | None = None, unknown: tuple[str, ...] = ()) -> FakeWorld:
    return FakeWorld(buckets={"b"}, cors_of={"b": CorsConfiguration(rules, vary, unknown)})


def verdict(world: FakeWorld, case: Case | None = None, settings: CorsSettings = SETTINGS) -> object:
    return plan(case or case_of(refused()), FakeView(world), settings)  # type: ignore[arg-type]  # FakeView forwards


def write_of(answer: object) -> PutBucketCors:
    assert isinstance(answer, Act), answer
    (write,) = answer.writes
    assert isinstance(write, PutBucketCors)
    return write


def cause_of(answer: object) -> str:
    assert isinstance(answer, (Act, Tell)), answer
    return answer.diagnosis.cause


# ------------------------------------------------------------------------------------------------------------- it acts


def test_a_bucket_without_rules_gets_the_stored_rule() -> None:
    answer = verdict(FakeWorld(buckets={"b"}), case_of(refused(message=NOT_ENABLED + " for this bucket.")))
    assert write_of(answer).rules == (STORED,)
    assert cause_of(answer) == "cors-not-enabled"


def test_the_other_rules_stay_in_their_order_and_the_stored_one_goes_last() -> None:
    answer = verdict(world_with(OTHER, LAST, vary=True))
    write = write_of(answer)
    assert write.rules == (OTHER, LAST, STORED)
    assert (write.before, write.response_vary) == ((OTHER, LAST), True)
    assert cause_of(answer) == "cors-origin-not-allowed"


def test_one_rule_with_the_same_origins_and_methods_only_gets_the_missing_headers() -> None:
    narrow = CorsRule((ORIGIN,), ("PUT", "GET"), ("X-OSS-*",), (), 5)
    answer = verdict(world_with(OTHER, narrow, LAST))
    wider = replace(narrow, allowed_headers=("X-OSS-*", "content-type"))
    assert write_of(answer).rules == (OTHER, wider, LAST)
    assert cause_of(answer) == "cors-header-not-allowed"


def test_two_rules_with_the_same_origins_and_methods_are_ambiguous_so_the_stored_one_is_appended() -> None:
    narrow = CorsRule((ORIGIN,), ("GET", "PUT"))
    assert merged((narrow, narrow), STORED) == (narrow, narrow, STORED)


def test_a_method_that_no_rule_allows_is_the_cause() -> None:
    rule = CorsRule((ORIGIN,), ("GET",), ("*",))
    assert cause_of(verdict(world_with(rule))) == "cors-method-not-allowed"


def test_an_earlier_rule_that_answers_the_actual_request_is_said() -> None:
    earlier = CorsRule((ORIGIN,), ("PUT",))
    answer = verdict(world_with(earlier))
    assert isinstance(answer, Act)
    assert "rule 1 will still answer the actual request" in answer.why


def test_an_access_log_line_acts_if_the_stored_rule_covers_the_origin_and_is_absent() -> None:
    event = refused(origin_from="referer", cors_method=None, cors_headers=(), message=None)
    answer = verdict(world_with(OTHER), case_of(event))
    assert write_of(answer).rules == (OTHER, STORED)
    assert isinstance(answer, Act)
    assert any("Referer" in sentence for sentence in answer.diagnosis.evidence)


# ----------------------------------------------------------------------------------------------------- it leaves alone


def test_a_preflight_that_passes_by_now_writes_nothing() -> None:
    answer = verdict(world_with(CorsRule(("*",), ("PUT",), ("*",))))
    assert isinstance(answer, Done)
    assert answer.cause == "cors-already-allowed"


@pytest.mark.parametrize(
    "asked",
    [
        {"origin": "https://evil.example.net"},
        {"cors_method": "DELETE"},
        {"cors_headers": ("x-secret",)},
        {"origin": "http://app.example.com"},
        {"origin": ORIGIN + ".evil.net"},
    ],
)
def test_what_the_stored_rule_does_not_cover_is_never_merged(asked: dict[str, object]) -> None:
    answer = verdict(world_with(OTHER), case_of(refused(**asked)))
    assert cause_of(answer) == "cors-stored-rule-does-not-cover"
    assert isinstance(answer, Tell)


def test_without_a_stored_rule_nothing_is_written() -> None:
    answer = verdict(world_with(OTHER), settings=CorsSettings())
    assert isinstance(answer, Tell)
    assert answer.diagnosis.facts["needed"] == {"origin": ORIGIN, "method": "PUT", "headers": ["content-type"]}


def test_a_wildcard_origin_is_not_merged_for_a_page_that_sends_credentials() -> None:
    stored = replace(STORED, allowed_origins=("*",))
    settings = CorsSettings(rule="web").model_copy(update={"stored": stored})
    event = refused(fields={"credentials": "include"})
    assert cause_of(verdict(world_with(OTHER), case_of(event), settings)) == "cors-wildcard-with-credentials"


def test_elements_that_a_write_would_lose_keep_the_configuration_as_it_is() -> None:
    assert cause_of(verdict(world_with(OTHER, unknown=("FutureSetting",)))) == "cors-unknown-elements"


def test_an_eleventh_rule_is_not_written() -> None:
    rules = tuple(replace(OTHER, allowed_origins=(f"https://{number}.example.com",)) for number in range(10))
    assert cause_of(verdict(world_with(*rules))) == "cors-limit-reached"


def test_a_configuration_beyond_16_kb_is_not_written() -> None:
    large = replace(OTHER, allowed_headers=tuple(f"x-header-{number:04d}" for number in range(400)))
    assert size_of((large, STORED), None) > 16 * 1024
    assert cause_of(verdict(world_with(large))) == "cors-limit-reached"


def test_a_stored_rule_that_is_there_already_is_not_written_again() -> None:
    world = world_with(STORED)
    world.spreading = True
    assert cause_of(verdict(world)) == "cors-rule-present-not-effective"


def test_another_message_than_cors_s_is_not_ours() -> None:
    answer = verdict(world_with(OTHER), case_of(refused(message="You are forbidden.")))
    assert cause_of(answer) == "forbidden-not-cors"


@pytest.mark.parametrize("missing", [{"origin": None}, {"bucket": None}])
def test_without_an_origin_or_a_bucket_nothing_is_written(missing: dict[str, None]) -> None:
    assert isinstance(verdict(world_with(OTHER), case_of(refused(**missing))), Tell)


# ----------------------------------------------------------------------------------------------------- and afterwards


def after_merge(world: FakeWorld) -> Case:
    write = write_of(verdict(world))
    world.send(write)
    return case_of(refused(), receipts=(receipt_of(write),))


def test_a_preflight_that_passes_after_the_merge_is_done_with_the_cause_it_had() -> None:
    world = world_with(OTHER)
    answer = verdict(world, after_merge(world))
    assert isinstance(answer, Done)
    assert answer.cause == "cors-origin-not-allowed"


def test_while_the_change_spreads_the_preflight_is_repeated_and_nothing_is_written() -> None:
    world = world_with(OTHER)
    case = after_merge(world)
    world.spreading = True
    pauses = []
    for _ in range(7):
        answer = verdict(world, case)
        assert isinstance(answer, Wait)
        pauses.append((answer.until - world.now()).total_seconds())
        world.clock.pass_(answer.until - world.now())
        if world.now() - NOW >= timedelta(seconds=60):
            break
    assert pauses[:5] == [1, 1, 2, 4, 8]
    assert sum(pauses) == pytest.approx(61, abs=1)


def test_a_change_that_did_not_help_within_a_minute_is_told() -> None:
    world = world_with(OTHER)
    case = after_merge(world)
    world.spreading = True
    world.clock.pass_(timedelta(seconds=61))
    assert cause_of(verdict(world, case)) == "cors-rule-present-not-effective"


def test_a_rule_that_somebody_removed_since_is_merged_again() -> None:
    world = world_with(OTHER)
    case = after_merge(world)
    world.cors_of["b"] = CorsConfiguration((LAST,))
    world.clock.pass_(timedelta(minutes=2))
    assert write_of(verdict(world, case)).rules == (LAST, STORED)


def test_events_that_the_stored_rule_covers_are_one_case_and_strangers_their_own() -> None:
    assert subject(refused(), SETTINGS) == Subject("cors", ("b", "rule=web"))
    evil = "https://evil.example.net"
    assert subject(refused(origin=evil), SETTINGS) == Subject("cors", ("b", evil))


def test_a_wildcard_in_the_stored_rule_covers_subdomains_only() -> None:
    stored = replace(STORED, allowed_origins=("https://*.example.com",))
    settings = CorsSettings(rule="web").model_copy(update={"stored": stored})
    assert isinstance(verdict(world_with(OTHER), settings=settings), Act)
    bad = case_of(refused(origin="https://example.com.evil.net"))
    assert isinstance(verdict(world_with(OTHER), bad, settings), Tell)
