"""Is ossmend's own key taken, and does anybody answer? Said when it changes, and not by each case anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.wire.endpoints import Endpoints
from ossmend.daemon.cloud.wire.errors import BadAnswer
from ossmend.daemon.cloud.wire.place import place_of
from ossmend.daemon.cloud.wire.standing import AGAIN_SECONDS, OF_THE_KEY, Standing
from ossmend.daemon.host.troubles import TROUBLES
from ossmend.remediators.contract.verdict import Refused
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import HandClock, control, make_bucket, ref, settings_for, wire_for


def refusal(code: str, status: int = 403) -> BadAnswer:
    return BadAnswer("HeadObject", status, code, "in words", "69786BB1", timedelta(0))


def said(events: list[Any]) -> list[str]:
    return [each["event"] for each in events]


@pytest.mark.parametrize("code", [*OF_THE_KEY, "InvalidAccessKeyId.NotFound"])
def test_a_key_that_is_refused_is_said_once_a_minute_and_its_return_once(code: str) -> None:
    clock = HandClock()
    standing = Standing(clock)
    with capture_logs() as events:
        for _ in range(3):
            standing.answered(refusal(code))
        clock.pass_by(AGAIN_SECONDS)
        standing.answered(refusal(code))
        standing.answered()
        standing.answered()
    assert said(events) == ["key.refused", "key.refused", "key.accepted"]
    assert code in events[0]["why"]


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "InvalidObjectState", "RequestTimeTooSkewed"])
def test_another_refusal_says_nothing_about_the_key(code: str) -> None:
    with capture_logs() as events:
        Standing(HandClock()).answered(refusal(code))
    assert events == []


def test_a_refusal_of_rights_shows_that_the_key_is_taken_and_a_fault_of_the_cloud_does_not() -> None:
    standing = Standing(HandClock())
    standing.answered(refusal("InvalidAccessKeyId"))
    with capture_logs() as events:
        standing.answered(refusal("InternalError", 500))
        assert events == []
        standing.answered(refusal("AccessDenied"))
    assert said(events) == ["key.accepted"]


def test_a_disabled_key_of_our_own_is_said_by_the_first_question_and_its_return_by_the_next(
    sim: Running, cloud: Cloud
) -> None:
    make_bucket(sim)
    own = f"keys/{sim.ready.access_key_id}"
    control(sim, "PATCH", own, {"status": "Inactive"})
    with capture_logs() as events:
        with pytest.raises(Refused):
            cloud.view([]).object(ref("a"))
        assert said(events) == ["key.refused"]
        assert "InvalidAccessKeyId" in events[0]["why"]
        control(sim, "PATCH", own, {"status": "Active"})
        TROUBLES.note(None, "", {"event": "key.refused", "level": "warning", "why": "disabled", "timestamp": ""})
        cloud.view([]).object(ref("a"))
    assert said(events) == ["key.refused", "key.accepted"]
    assert not TROUBLES.end("key.refused"), "it is over, whatever lines the log may show"


def lose(endpoints: Endpoints, url: str, times: int = 3) -> None:
    deadline = wire_for(settings_for(url)).deadline
    for _ in range(times):
        endpoints.begin(place_of(url, ""), deadline()).lost()


@pytest.fixture
def endpoints() -> Callable[[HandClock], Endpoints]:
    return lambda clock: wire_for(settings_for("http://127.0.0.1:9"), clock).endpoints


def test_calls_without_an_answer_are_said_when_no_endpoint_answers_and_the_first_answer_ends_it(
    endpoints: Callable[[HandClock], Endpoints],
) -> None:
    clock = HandClock()
    of_account = endpoints(clock)
    dead, other = "http://127.0.0.1:9", "http://127.0.0.2:9"
    with capture_logs() as events:
        lose(of_account, dead)
        assert said(events) == ["cloud.away"]
        clock.pass_by(6)
        lose(of_account, dead, 1)  # the call that tries
        of_account.begin(place_of(other, ""), wire_for(settings_for(other)).deadline()).answered(keep=False)
    assert said(events) == ["cloud.away", "cloud.away", "cloud.answered"]


def test_one_dead_endpoint_beside_one_that_answers_is_no_outage(endpoints: Callable[[HandClock], Endpoints]) -> None:
    clock = HandClock()
    of_account = endpoints(clock)
    dead, other = "http://127.0.0.1:9", "http://127.0.0.2:9"
    with capture_logs() as events:
        lose(of_account, dead, 1)
        clock.pass_by(1)
        of_account.begin(place_of(other, ""), wire_for(settings_for(other)).deadline()).answered(keep=False)
        lose(of_account, dead, 2)
    assert events == []
