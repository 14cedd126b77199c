"""How far our clock is off: intervals that hold the truth, and answers that prove nothing told apart."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask import clock_sources
from ossmend.daemon.cloud.ask.clock_sources import (
    DATE_RESOLUTION,
    LONGEST_TRIP,
    Unmeasured,
    _address,
    _unix,
    ntp_sample,
)
from ossmend.remediators.contract.values import ClockSample
from ossmend.simulator.serve import Running
from tests.daemon.cloud.stubs import OK_HEADERS, HandClock, StillClock, answer, control, liar, refused_port
from tests.patience import HUNG

Open = Callable[..., Cloud]
NTP_EPOCH = 2_208_988_800
DRIFTS = [0.0, 42.0, -42.0, 900.0, -8 * 3600.0, 86400.0 * 365]


def stamp(seconds: float) -> bytes:
    total = seconds + NTP_EPOCH
    return struct.pack("!II", int(total) % 2**32, int((total % 1) * 2**32))


@contextmanager
def ntp_server(reply: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """A time server on loopback that answers as `reply` says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind(("127.0.0.1", 0))
        channel.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    question, sender = channel.recvfrom(256)
                except TimeoutError:
                    continue
                told = reply(question)
                if told is not None:
                    channel.sendto(told, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{channel.getsockname()[1]}"
        finally:
            over.set()
            thread.join(HUNG)


class Clock(StillClock):
    """Time passes only while a question is under way, and as long as the test says."""

    def __init__(self, *, there: float = 0.2, back: float = 0.1) -> None:
        super().__init__()
        self.there, self.back = there, back

    def seconds(self) -> float:
        return self.now().timestamp()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests answer, though a busy machine may take its time over it."""
    monkeypatch.setattr(clock_sources, "NTP_TIMEOUT", HUNG)


def answering(clock: Clock, **answer: Any) -> Callable[[bytes], bytes]:
    """Answers as `honest` does, with the clock's trip there and back."""

    def reply(question: bytes) -> bytes:
        clock.pass_by(clock.there)
        told = honest(question, clock.seconds(), **answer)
        clock.pass_by(clock.back)
        return told

    return reply


def honest(
    question: bytes,
    seconds: float,
    *,
    drift: float = 0.0,
    first: int = 0x24,
    stratum: int = 2,
    originate: bytes | None = None,
    root_delay: float = 0.0,
    received: bytes | None = None,
) -> bytes:
    """A server's answer; by default a good one of a clock that is `drift` seconds ahead of ours."""
    now = stamp(seconds + drift)
    header = struct.pack("!BBBbII4s", first, stratum, 6, -20, int(root_delay * 65536), 0, b"LOCL")
    return header + now + (question[40:48] if originate is None else originate) + (received or now) + now


def holds(sample: ClockSample, truth: float) -> bool:
    return sample.low <= truth <= sample.high


@pytest.mark.parametrize("drift", DRIFTS)
def test_ntp_finds_the_drift_within_the_round_trip(drift: float) -> None:
    clock = Clock()
    with ntp_server(answering(clock, drift=drift)) as server:
        sample = ntp_sample(clock, server)
    assert holds(sample, drift)
    assert sample.high - sample.low == pytest.approx(clock.there + clock.back, abs=1e-5)


def test_the_servers_own_doubt_widens_the_interval() -> None:
    clock = Clock()
    with ntp_server(answering(clock, root_delay=0.8)) as server:
        sample = ntp_sample(clock, server)
    assert sample.high - sample.low == pytest.approx(clock.there + clock.back + 0.8, abs=1e-4)


def test_an_answer_that_took_too_long_proves_too_little() -> None:
    clock = Clock(there=LONGEST_TRIP, back=0.1)
    with ntp_server(answering(clock)) as server, pytest.raises(Unmeasured, match="took"):
        ntp_sample(clock, server)


def test_a_pause_before_sending_does_not_narrow_the_interval() -> None:
    class Preempted(Clock):
        """Some time is lost each time it has been asked for the time of day."""

        def now(self) -> datetime:
            told = super().now()
            self.pass_by(0.05)
            return told

        def seconds(self) -> float:
            return super().now().timestamp()

    clock = Preempted(there=0.01, back=0.01)  # shorter than what is lost
    with ntp_server(answering(clock)) as server:
        assert holds(ntp_sample(clock, server), 0.0)


@pytest.mark.parametrize(
    ("lie", "told"),
    [
        ({"originate": bytes(8)}, "not to our question"),
        ({"first": 0x23}, "not a server's"),
        ({"first": 0x25}, "not a server's"),
        ({"first": 0xE4}, "not synchronised"),
        ({"stratum": 0}, "kiss of death"),
        ({"stratum": 16}, "not synchronised"),
        ({"received": bytes(8)}, "no time"),
        ({"root_delay": 30.0}, "too uncertain"),
        ({"received": stamp(Clock().seconds() + 3600)}, "contradict"),
    ],
)
def test_an_ntp_answer_that_proves_nothing_is_no_sample(lie: dict[str, object], told: str) -> None:
    clock = Clock()
    with ntp_server(answering(clock, **lie)) as server, pytest.raises(Unmeasured, match=told):
        ntp_sample(clock, server)


def test_a_short_answer_and_a_closed_port_are_no_samples() -> None:
    with ntp_server(lambda _: b"short") as server, pytest.raises(Unmeasured):
        ntp_sample(Clock(), server)
    with pytest.raises(Unmeasured):
        ntp_sample(Clock(), refused_port().removeprefix("http://"))


def test_our_question_does_not_show_our_clock() -> None:
    seen: list[bytes] = []
    clock = Clock()

    def note(question: bytes) -> bytes:
        seen.append(question)
        return answering(clock)(question)

    with ntp_server(note) as server:
        for _ in range(2):
            ntp_sample(clock, server)
    assert seen[0][40:48] != seen[1][40:48]
    assert abs(struct.unpack("!I", seen[0][40:44])[0] - (clock.seconds() + NTP_EPOCH)) > 60


@pytest.mark.parametrize("year", [2026, 2035, 2037, 2040, 2099])
def test_the_era_of_2036_is_told_from_the_one_before(year: int) -> None:
    truth = (year - 1970) * 365.2425 * 86400
    assert _unix((truth + NTP_EPOCH) % 2**32, truth + 5) == pytest.approx(truth)


def test_an_unset_clock_does_not_choose_a_lost_era() -> None:
    truth = 1_790_000_000.0
    assert _unix(truth + NTP_EPOCH, 0.0) == pytest.approx(truth)


@pytest.mark.parametrize(
    ("server", "address"),
    [("ntp.aliyun.com", ("ntp.aliyun.com", 123)), ("127.0.0.1:1123", ("127.0.0.1", 1123)), ("::1", ("::1", 123)),
     ("[::1]:99", ("::1", 99)), ("[::1]", ("::1", 123))],
)  # fmt: skip
def test_servers_may_have_a_port(server: str, address: tuple[str, int]) -> None:
    assert _address(server) == address


# ----------------------------------------------------------------------------------------------------------------- OSS


@pytest.mark.parametrize("drift", DRIFTS)
def test_osss_clock_holds_the_drift_within_a_second_and_the_trip(sim: Running, open_port: Open, drift: float) -> None:
    control(sim, "POST", "clock", {"offset_seconds": drift})
    begun = time.monotonic()
    reading = open_port(sim.oss, clock=HandClock()).own_clock()
    trip = time.monotonic() - begun
    assert reading.failed == ()
    (sample,) = reading.samples
    assert holds(sample, drift)
    assert sample.high - sample.low <= DATE_RESOLUTION + trip


def test_our_own_clock_is_the_one_that_is_judged(sim: Running, open_port: Open) -> None:
    (sample,) = open_port(sim.oss, clock=HandClock(offset=-600.0)).own_clock().samples
    assert holds(sample, 600.0)  # we are ten minutes behind


def test_the_probe_is_not_signed(sim: Running, open_port: Open) -> None:
    open_port(sim.oss).own_clock()
    assert {request["access_key_id"] for request in control(sim, "GET", "requests")["requests"]} == {None}


DATE = "Date: Tue, 24 Nov 2026 03:00:00 GMT\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
        "Date: yesterday\r\n",
        "",
        DATE + "Age: 17\r\n",
        DATE + "Via: 1.1 cache\r\n",
    ],
)
def test_a_date_that_proves_nothing_is_named_as_failed(open_port: Open, headers: str) -> None:
    with liar(answer(403, headers=OK_HEADERS + headers)) as server:
        reading = open_port(server.url).own_clock()
    assert reading.samples == ()
    assert len(reading.failed) == 1
    assert reading.failed[0].startswith("oss: ")


def test_server_time_in_the_body_goes_before_the_date_of_something_on_the_way(open_port: Open) -> None:
    now = f"{StillClock().now():%Y-%m-%dT%H:%M:%S}.000Z"
    body = f"<Error><Code>X</Code><ServerTime>{now}</ServerTime></Error>".encode()
    with liar(answer(403, body, OK_HEADERS + "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n")) as server:
        (sample,) = open_port(server.url).own_clock().samples
    assert sample.low == pytest.approx(0.0, abs=1e-6)


def test_every_source_is_asked_and_each_failure_named(sim: Running, open_port: Open) -> None:
    dead = refused_port().removeprefix("http://")
    clock = Clock()
    with ntp_server(answering(clock)) as server:
        reading = open_port(sim.oss, clock=clock, ntp_servers=(server, dead)).own_clock()
    assert [sample.source for sample in reading.samples] == [f"ntp:{server}", "oss"]
    assert len(reading.failed) == 1
    assert reading.failed[0].startswith(f"ntp:{dead}: no answer")


def test_nothing_that_answers_is_an_empty_reading_and_no_error(open_port: Open) -> None:
    reading = open_port(refused_port()).own_clock()
    assert reading.samples == ()
    assert reading.failed == ("oss: no answer: no connection (ConnectionRefusedError)",)


def test_a_pass_measures_once(sim: Running, open_port: Open) -> None:
    view = open_port(sim.oss).view([])
    assert view.clock() is view.clock()
