"""Credentials with an end: fetched once, renewed ahead, kept while they are valid, and never made up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from ossmend.daemon.cloud.credentials import kept
from ossmend.daemon.cloud.credentials.kept import Fetched, Kept, NotFetched
from ossmend.daemon.cloud.credentials.pair import Credentials, NoCredentials
from tests.daemon.cloud.stubs import StillClock
from tests.patience import HUNG, until

HOUR = 3600.0


@dataclass
class Service:
    """Gives sessions that live for `seconds`; a new one each time, until it is told otherwise."""

    clock: StillClock
    seconds: float = HOUR
    fails: NotFetched | None = None
    repeats: bool = False
    asked: int = 0
    gate: threading.Event = field(default_factory=threading.Event)
    _number: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def fetch(self) -> Fetched:
        self.asked += 1
        assert self.gate.wait(HUNG)
        if self.fails is not None:
            raise self.fails
        self._number += 0 if self.repeats else 1
        ends = self.clock.now() + timedelta(seconds=self.seconds)
        return Fetched(Credentials(f"STS.{self._number}", "secret", "token"), ends)


@pytest.fixture
def service(clock: StillClock) -> Iterator[Service]:
    service = Service(clock)
    yield service
    service.gate.set()


@pytest.fixture
def provider(service: Service, clock: StillClock) -> Kept:
    return Kept("a role", service.fetch, clock)


def key(provider: Kept) -> str:
    return provider.get_credentials().access_key_id


def landed(provider: Kept, service: Service, asked: int) -> None:
    """The fetch of that number has ended."""
    until("the fetch has ended", lambda: service.asked == asked and provider._flight is None)


@pytest.mark.parametrize("seconds", [HOUR, 900.0, 2.0])
def test_a_session_is_fetched_once_however_often_it_is_asked_for(
    provider: Kept, service: Service, clock: StillClock, seconds: float
) -> None:
    service.seconds = seconds
    assert {key(provider) for _ in range(100)} == {"STS.1"}
    clock.pass_by(seconds * 0.6)
    assert key(provider) == "STS.1"
    assert service.asked == 1


@pytest.mark.parametrize(("seconds", "ahead"), [(6 * HOUR, 900.0), (HOUR, 900.0), (900.0, 300.0), (3.0, 1.0)])
def test_it_is_renewed_ahead_while_the_old_one_serves(
    provider: Kept, service: Service, clock: StillClock, seconds: float, ahead: float
) -> None:
    service.seconds = seconds
    assert key(provider) == "STS.1"
    clock.pass_by(seconds - ahead - 0.01)
    assert key(provider) == "STS.1"
    assert service.asked == 1
    service.gate.clear()
    clock.pass_by(0.02)
    assert key(provider) == "STS.1"  # nobody waits for the fetch that has begun
    service.gate.set()
    landed(provider, service, 2)
    assert key(provider) == "STS.2"


def test_a_renewal_that_fails_for_ten_minutes_costs_nothing(
    provider: Kept, service: Service, clock: StillClock
) -> None:
    assert key(provider) == "STS.1"
    clock.pass_by(HOUR - 899)
    service.fails = NotFetched("the service is away")
    with capture_logs() as told:
        for _ in range(60):
            assert key(provider) == "STS.1"
            until("the fetch has ended", lambda: provider._flight is None)
            clock.pass_by(10)
        service.fails = None
        until("a new session", lambda: key(provider) == "STS.2")
        until("the fetch has ended", lambda: provider._flight is None)  # and has told it
    assert 10 < service.asked < 30  # and it is not asked at every signature
    assert [line["event"] for line in told] == ["credentials.unreachable", "credentials.renewed"]


def test_credentials_are_in_trouble_when_none_is_valid_or_none_will_be_and_not_before(
    provider: Kept, service: Service, clock: StillClock
) -> None:
    assert (key(provider), provider.trouble) == ("STS.1", None)
    service.fails = NotFetched("the service is away")
    clock.pass_by(HOUR - 899)
    key(provider)
    until("the fetch has ended", lambda: provider._flight is None)
    assert provider.trouble is None, "the session is valid, and the next fetch is near"
    clock.pass_by(900)
    assert provider.trouble == "no valid credentials (a role): the service is away"
    service.fails = None
    assert (key(provider), provider.trouble) == ("STS.2", None)
    service.fails = NotFetched("403 NoPermission", refused=True)
    clock.pass_by(HOUR - 899)
    key(provider)
    until("the fetch has ended", lambda: provider._flight is None)
    assert provider.trouble == "the credentials (a role) are not renewed any more, and end soon: 403 NoPermission"


def test_with_nothing_valid_left_nothing_was_asked_of_the_cloud(
    provider: Kept, service: Service, clock: StillClock
) -> None:
    assert key(provider) == "STS.1"
    service.fails = NotFetched("the service is away")
    clock.pass_by(HOUR + 1)
    with pytest.raises(NoCredentials, match=r"a role.*the service is away"):
        key(provider)
    with pytest.raises(NoCredentials):
        key(provider)  # at once: it rests
    assert service.asked == 2
    clock.pass_by(kept.RESTS)
    service.fails = None
    assert key(provider) == "STS.2"


def test_a_refusal_is_said_once_and_plainly(provider: Kept, service: Service, clock: StillClock) -> None:
    service.fails = NotFetched("AssumeRole of ossmend: 403 NoPermission", refused=True)
    with capture_logs() as told:
        for _ in range(5):
            with pytest.raises(NoCredentials, match="403 NoPermission"):
                key(provider)
            clock.pass_by(kept.RESTS)
    assert service.asked == 5
    assert [(line["event"], line["log_level"]) for line in told] == [("credentials.refused", "error")]


def test_a_hundred_threads_share_one_fetch(provider: Kept, service: Service) -> None:
    service.gate.clear()
    with ThreadPoolExecutor(100) as threads:
        asked = [threads.submit(key, provider) for _ in range(100)]
        service.gate.set()
        assert {each.result(HUNG) for each in asked} == {"STS.1"}
    assert service.asked == 1


def test_the_same_session_again_is_no_renewal_and_no_end(provider: Kept, service: Service, clock: StillClock) -> None:
    assert key(provider) == "STS.1"
    service.repeats = True
    clock.pass_by(HOUR - 600)
    service.seconds = 600
    assert key(provider) == "STS.1"
    landed(provider, service, 2)
    assert key(provider) == "STS.1"
    assert service.asked == 2  # and not at once again
    service.repeats = False
    clock.pass_by(kept.LONGEST_REST)
    until("a new session", lambda: key(provider) == "STS.2")


def test_a_session_that_the_cloud_calls_over_is_fetched_anew_once(
    provider: Kept, service: Service, clock: StillClock
) -> None:
    assert key(provider) == "STS.1"
    assert provider.renew("STS.1")
    assert provider.renew("STS.1")  # another thread's answer to the same session
    assert key(provider) == "STS.2"
    assert provider.renew("STS.1")
    assert service.asked == 2
    service.repeats = True
    assert provider.renew("STS.2")
    assert key(provider) == "STS.2"
    assert not provider.renew("STS.2")  # the service knows no other: the refusal stands
    assert service.asked == 3


def test_what_is_over_when_it_comes_is_none(provider: Kept, service: Service) -> None:
    service.seconds = -1.0
    with pytest.raises(NoCredentials, match="clock"):
        key(provider)


def test_a_step_of_the_machines_clock_ends_no_session(service: Service, clock: StillClock) -> None:
    class Stepped(StillClock):
        stepped = 0.0

        def now(self):  # type: ignore[no-untyped-def]  # as StillClock's
            return super().now() + timedelta(seconds=self.stepped)

    stepped = Stepped()
    service.clock = stepped
    provider = Kept("a role", service.fetch, stepped)
    assert key(provider) == "STS.1"
    stepped.stepped = 5 * HOUR
    assert key(provider) == "STS.1"
    assert service.asked == 1


def test_a_fetch_that_never_ends_is_given_up(provider: Kept, service: Service, clock: StillClock) -> None:
    assert key(provider) == "STS.1"
    service.gate.clear()
    clock.pass_by(HOUR - 600)
    assert key(provider) == "STS.1"
    until("the fetch has begun", lambda: service.asked == 2)
    clock.pass_by(kept.GIVEN_UP)
    assert key(provider) == "STS.1"
    until("another has begun", lambda: service.asked == 3)
