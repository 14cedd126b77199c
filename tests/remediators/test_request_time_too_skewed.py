"""RequestTimeTooSkewed: whose clock, how far, which way, what kind; and when nobody is told anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from ossmend.remediators.causes import diagnose_event
from ossmend.remediators.causes.times import drift_of
from ossmend.remediators.contract.case import Event, Subject
from ossmend.remediators.contract.values import ClockReading, ClockSample
from ossmend.remediators.contract.verdict import Done, Tell
from ossmend.remediators.request_time_too_skewed import THIS_HOST, host_clock_verdict, plan, subject
from ossmend.remediators.settings.clock import ClockSettings
from tests.fakes import NOW, FakeView, FakeWorld, case_of

SETTINGS = ClockSettings()


def refused(drift: float | None = -1387.0, **fields: object) -> Event:
    event = Event(source="t", code="RequestTimeTooSkewed", status=403, client="10.0.0.8", user_agent="x/1")
    if drift is not None:
        event = replace(event, request_time=NOW + timedelta(seconds=drift), server_time=NOW)
    return replace(event, **fields)  # type: ignore[arg-type]  # the test names real fields


def tell(*events: Event, world: FakeWorld | None = None, **changes: object) -> Tell:
    answer = plan(case_of(*events, **changes), FakeView(world or FakeWorld()), SETTINGS)  # type: ignore[arg-type]  # FakeView forwards
    assert isinstance(answer, Tell), answer
    return answer


@pytest.mark.parametrize(
    ("drift", "cause", "words"),
    [
        (-1387, "clock-drift", "23 min behind"),
        (+1000, "clock-drift", "17 min ahead"),
        (-8 * 3600, "clock-time-zone", "8.0 h behind"),
        (+8 * 3600 + 40, "clock-time-zone", "8.0 h ahead"),
        (+5.5 * 3600, "clock-time-zone", "5.5 h ahead"),
        (+29 * 60, "clock-drift", "29 min ahead"),
        (+30 * 60, "clock-drift", "30 min ahead"),
        (+31 * 60, "clock-drift", "31 min ahead"),
        (+59 * 60, "clock-drift", "59 min ahead"),
        (-31 * 60, "clock-drift", "31 min behind"),
        (+45 * 60, "clock-drift", "45 min ahead"),
        (+3600, "clock-time-zone", "60 min ahead"),
        (-86402, "clock-drift", "24.0 h behind"),
        (-3 * 86400 - 500, "clock-drift", "3 days behind"),
        (8 * 3600 + 400, "clock-drift", "8.1 h ahead"),
    ],
)
def test_kind_size_and_sign_are_said(drift: float, cause: str, words: str) -> None:
    answer = tell(refused(drift))
    assert answer.diagnosis.cause == cause
    assert words in answer.why
    assert answer.diagnosis.facts["drift_seconds"] == drift


def test_a_zone_to_the_second_is_surer_than_one_that_minutes_are_beside() -> None:
    exact, beside = tell(refused(+8 * 3600 - 3)).diagnosis, tell(refused(+8 * 3600 + 100)).diagnosis
    assert exact.cause == beside.cause == "clock-time-zone"
    assert exact.confidence > 0.9
    assert 0.7 <= beside.confidence < 0.8
    assert beside.alternatives[0][0] == "clock-drift"
    assert "that is +8 h, a time zone's offset, but for 100 s" in beside.evidence


@pytest.mark.parametrize("minutes", [30, 31, 59, -31])
def test_of_a_drift_of_minutes_nothing_says_time_zone(minutes: int) -> None:
    answer = tell(refused(minutes * 60.0))
    assert "time zone" not in f"{answer.why} {answer.diagnosis.evidence}"


def test_a_clock_near_the_epoch_is_unset() -> None:
    epoch = refused(request_time=datetime(1970, 1, 1, 0, 3, tzinfo=UTC))
    assert tell(epoch).diagnosis.cause == "clock-unset"


@pytest.mark.parametrize("year", [1970, 2200])
def test_an_absurd_server_time_proves_nothing(year: int) -> None:
    event = refused(server_time=datetime(year, 1, 1, tzinfo=UTC))
    assert drift_of(event) is None
    answer = tell(event)
    assert answer.diagnosis.cause == "clock-absurd-server-time"
    assert "drift_seconds" not in answer.diagnosis.facts


def test_one_absurd_sample_does_not_spoil_the_others() -> None:
    answer = tell(refused(-1000), refused(server_time=datetime(1970, 1, 1, tzinfo=UTC)), refused(-1000))
    assert answer.diagnosis.facts["drift_seconds"] == -1000


def test_a_large_upload_that_is_a_little_late_was_slow_and_its_clock_may_be_fine() -> None:
    event = refused(-960, method="PUT", fields={"content-length": "5000000000"})
    assert tell(event).diagnosis.cause == "clock-slow-upload"


@pytest.mark.parametrize(
    "told_by",
    [{"fields": {"ContentLength": "5000000000"}}, {"fields": {"content_length": "5000000000"}},
     {"fields": {"request_length": "5000000000"}}, {"sample": "Content-Length: 5000000000"}],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["PutObject", "AppendObject", "UploadPart"])
def test_the_size_of_an_upload_counts_however_it_is_spelled(told_by: dict[str, object], operation: str) -> None:
    assert tell(refused(-960, operation=operation, **told_by)).diagnosis.cause == "clock-slow-upload"


@pytest.mark.parametrize("fields", [{"method": "GET"}, {"method": "PUT", "fields": {"content-length": "10"}}])
def test_a_small_or_reading_request_was_not_a_slow_upload(fields: dict[str, object]) -> None:
    assert tell(refused(-960, **fields)).diagnosis.cause == "clock-drift"


def test_many_different_lags_with_a_good_own_clock_are_queued_requests() -> None:
    answer = tell(refused(-950), refused(-1400), refused(-2100))
    assert answer.diagnosis.cause == "clock-slow-upload"


def test_an_access_log_line_without_times_says_that_the_size_is_unknown() -> None:
    answer = tell(refused(None))
    assert answer.diagnosis.cause == "clock-unmeasured"
    assert answer.diagnosis.confidence < 0.7


def test_many_clients_without_times_are_said_as_many() -> None:
    usage = {"clients": {f"10.0.0.{number}": 1 for number in range(5)}}
    assert tell(refused(None), usage=usage).diagnosis.cause == "clock-many-clients"


def test_a_good_own_clock_clears_this_host() -> None:
    assert any("this host's clock is right" in sentence for sentence in tell(refused()).diagnosis.evidence)


def reading(*intervals: tuple[str, float, float]) -> ClockReading:
    return ClockReading(tuple(ClockSample(*interval) for interval in intervals))


@pytest.mark.parametrize(
    "harmless",
    [
        reading(("oss", -0.6, 0.6)),
        reading(("oss", 20.0, 21.0), ("ntp:a", 20.2, 20.4)),
        reading(("oss", -500.0, 500.0)),
        reading(("oss", 100.0, 101.0), ("ntp:a", -0.1, 0.1)),
        reading(),
    ],
)
def test_no_warning_unless_the_whole_interval_says_so_and_all_sources_agree(harmless: ClockReading) -> None:
    assert host_clock_verdict(harmless, SETTINGS) is None


@pytest.mark.parametrize(
    ("seconds", "severity", "sign"), [(70, "warning", -1), (-70, "warning", 1), (700, "critical", -1)]
)
def test_a_drift_of_this_host_is_warned_of_before_oss_refuses(seconds: float, severity: str, sign: int) -> None:
    found = host_clock_verdict(
        reading(("oss", seconds - 0.5, seconds + 0.5), ("ntp:a", seconds, seconds + 0.1)), SETTINGS
    )
    assert found is not None
    assert (found.facts["severity"], found.facts["drift_seconds"] * sign > 0) == (severity, True)


def test_one_source_alone_is_said_with_less_confidence() -> None:
    one = host_clock_verdict(reading(("oss", 100.0, 101.0)), SETTINGS)
    two = host_clock_verdict(reading(("oss", 100.0, 101.0), ("ntp:a", 100.1, 100.2)), SETTINGS)
    assert one is not None
    assert two is not None
    assert one.confidence < two.confidence


def test_a_case_about_this_host_ends_when_its_clock_is_right_again() -> None:
    event = Event(source="clock", code="RequestTimeTooSkewed", client=THIS_HOST)
    world = FakeWorld(clock_reading=reading(("oss", 100.0, 101.0)))
    answer = plan(case_of(event), FakeView(world), SETTINGS)  # type: ignore[arg-type]  # FakeView forwards
    assert isinstance(answer, Tell)
    world.clock_reading = reading(("oss", -0.5, 0.5))
    assert isinstance(plan(case_of(event), FakeView(world), SETTINGS), Done)  # type: ignore[arg-type]  # see above


def test_a_clock_that_could_not_be_measured_is_no_finding() -> None:
    event = Event(source="clock", code="RequestTimeTooSkewed", client=THIS_HOST)
    world = FakeWorld(clock_reading=ClockReading((), ("oss: timed out",)))
    answer = plan(case_of(event), FakeView(world), SETTINGS)  # type: ignore[arg-type]  # FakeView forwards
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "could-not-check"


def test_this_host_and_each_client_are_cases_of_their_own() -> None:
    assert subject(refused(client=THIS_HOST), SETTINGS) == Subject("clock", (THIS_HOST,))
    assert subject(refused(), SETTINGS) == Subject("clock", ("10.0.0.8", "x/1"))


# ---------------------------------------------------------------------------------------- clocks that nobody has named


def nameless(drift: float, **fields: object) -> Event:
    return refused(drift, client=None, **fields)


def test_different_skews_without_a_client_are_told_each_and_never_as_a_mean() -> None:
    answer = tell(nameless(-3600.0 * 8), nameless(-1387.0), nameless(+1000.0), nameless(+1010.0))
    assert answer.why.startswith("clocks of unknown machines are off by 3 different amounts: ")
    assert all(words in answer.why for words in ("8.0 h behind (1)", "23 min behind (1)", "17 min ahead (2)"))
    facts = answer.diagnosis.facts
    assert "drift_seconds" not in facts
    assert [each["samples"] for each in facts["drifts"]] == [1, 1, 2]


def test_of_several_nameless_clocks_a_cause_is_as_sure_as_the_share_of_the_samples_that_have_it() -> None:
    alone, among = tell(nameless(-1387.0)).diagnosis, tell(nameless(-1387.0), nameless(-8 * 3600.0)).diagnosis
    assert alone.confidence > 0.85
    assert among.confidence <= 0.5
    assert {among.cause, *(cause for cause, _ in among.alternatives)} == {"clock-drift", "clock-time-zone"}


def test_nameless_lags_of_minutes_may_be_a_queue_or_several_clocks_and_neither_is_sure() -> None:
    late, ahead = tell(nameless(-950.0), nameless(-1400.0)).diagnosis, tell(nameless(-950.0), nameless(+1400.0))
    assert (late.cause, late.confidence, late.alternatives) == ("clock-slow-upload", 0.5, (("clock-drift", 0.4),))
    assert ahead.diagnosis.cause == "clock-drift"


def test_one_skew_without_a_client_is_one_clock_and_a_named_client_keeps_its_mean() -> None:
    assert tell(nameless(-1387.0), nameless(-1380.0)).why.startswith("the clock of the client is 23 min behind")
    assert tell(refused(+1000.0), refused(+1400.0)).why.startswith("the clock of 10.0.0.8 is 20 min ahead")


def test_nameless_refusals_of_two_keys_are_two_cases_and_a_named_client_is_one_whatever_its_key() -> None:
    one, two = (nameless(-1387.0, access_key_id=f"LTAI5tExampleOfAKey000{number}") for number in (1, 2))
    assert subject(one, SETTINGS) != subject(two, SETTINGS)
    assert subject(replace(one, client="10.0.0.8"), SETTINGS) == subject(replace(two, client="10.0.0.8"), SETTINGS)
    assert subject(nameless(-1387.0), SETTINGS) == Subject("clock", ("", "x/1"))


@pytest.mark.parametrize("event", [refused(-1387.0), refused(+8 * 3600.0), refused(None), refused(-960.0, method="PUT",
                                   fields={"content-length": "5000000000"})])  # fmt: skip
def test_a_clock_is_judged_as_explain_judges_it(event: Event) -> None:
    told, weighed = tell(event).diagnosis, diagnose_event(event)
    assert (told.cause, told.confidence, told.alternatives) == (weighed.cause, weighed.confidence, weighed.alternatives)


@pytest.mark.parametrize("bad", [{"warn_after": "11m", "critical_after": "10m"}, {"critical_after": "15m"}])
def test_thresholds_out_of_order_or_beyond_oss_s_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ClockSettings.model_validate(bad)
