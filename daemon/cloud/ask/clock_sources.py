"""NTP servers and OSS's own clock -> how far ours is off, as intervals. Never a point, never a setting of the clock.

An interval is what a round trip proves: the server's time lies between our send and our receive. A source that fails
is named and says nothing about the clock. Plain NTP is not authenticated and OSS's Date over https is, so both are
asked. remediators/request_time_too_skewed.py judges.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence

import ntplib

from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.errors import NoAnswer, NotAsked, parse_xml
from ossmend.daemon.cloud.wire.transport import Unsigned
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.values import ClockReading, ClockSample
from ossmend.remediators.contract.verdict import Refused

NTP_TIMEOUT = 2.0
NTP_TRIES = 2
"""Samples of one server; the narrowest is kept."""
OSS_TRIES = 3
DATE_RESOLUTION = 1.0
LONGEST_TRIP = 1.0
"""Seconds; a slower NTP answer proves too little."""
EARLIEST, LATEST = 1_577_836_800.0, 4_102_444_800.0
"""2020 and 2100: a Date outside was made up on the way (1970 has been seen)."""


class Unmeasured(Exception):
    """This source could not be asked, or its answer proves nothing."""


def measure(clock: Clock, ntp_servers: Sequence[str], unsigned: Unsigned, oss_url: str) -> ClockReading:
    """Ask every source. Takes at most a few seconds for each that does not answer."""
    samples: list[ClockSample] = []
    failed: list[str] = []
    for name, ask, tries in (
        *((f"ntp:{server}", _asker(clock, server), NTP_TRIES) for server in ntp_servers),
        ("oss", lambda: oss_sample(clock, unsigned, oss_url), OSS_TRIES),
    ):
        try:
            samples.append(_narrowest(ask, tries))
        except Unmeasured as why:
            failed.append(f"{name}: {why}")
    return ClockReading(tuple(samples), tuple(failed))


def _asker(clock: Clock, server: str) -> Callable[[], ClockSample]:
    return lambda: ntp_sample(clock, server)


def _narrowest(ask: Callable[[], ClockSample], tries: int) -> ClockSample:
    """The sample with the shortest round trip. One failure is enough to stop asking that source."""
    samples: list[ClockSample] = []
    for _ in range(tries):
        try:
            samples.append(ask())
        except Unmeasured:
            if not samples:
                raise
            break
    return min(samples, key=lambda sample: sample.high - sample.low)


# --------------------------------------------------------------------------------------------------------------- SNTP


def ntp_sample(clock: Clock, server: str) -> ClockSample:
    """One SNTP exchange with `host` or `host:port`. Raises Unmeasured."""
    host, port = _address(server)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as channel:
            channel.settimeout(NTP_TIMEOUT)
            channel.connect(address)  # answers from any other address or port are not even delivered
            # a random transmit time instead of ours: nobody learns our clock, nobody off the path can answer for it
            question = ntplib.NTPPacket(version=4, mode=3).to_data()[:40] + os.urandom(8)
            started, sent_at = clock.monotonic(), clock.now()  # in this order, or a pause between them goes unseen
            channel.send(question)
            answer = channel.recv(256)
            trip = clock.monotonic() - started
    except OSError as lost:
        raise Unmeasured(f"no answer ({type(lost).__name__})") from None
    packet = _checked(question, answer)
    took = packet.tx_timestamp - packet.recv_timestamp
    if not 0 <= took <= trip:
        raise Unmeasured("the answer's times contradict each other")
    if trip - took > LONGEST_TRIP:
        raise Unmeasured(f"the answer took {trip:.1f} s")
    before, after = sent_at.timestamp(), sent_at.timestamp() + trip
    doubt = packet.root_delay / 2 + packet.root_dispersion
    low = _unix(packet.tx_timestamp, before) - after - doubt
    high = _unix(packet.recv_timestamp, before) - before + doubt
    return ClockSample(f"ntp:{server}", low, high)


def _checked(question: bytes, answer: bytes) -> ntplib.NTPPacket:
    """The answer, if it is one to this question by a server that knows the time."""
    packet = ntplib.NTPPacket()
    try:
        packet.from_data(answer)
    except ntplib.NTPException:
        raise Unmeasured("the answer is too short") from None
    faults = {
        "is not to our question": answer[24:32] != question[40:48],
        "is not a server's": packet.mode != 4,
        "says: not synchronised": packet.leap == 3,
        "refuses (kiss of death)": packet.stratum == 0,
        "says: not synchronised (stratum)": packet.stratum > 15,
        "has no time": packet.tx_timestamp == 0 or packet.recv_timestamp == 0,
        "is too uncertain": packet.root_delay / 2 + packet.root_dispersion > LONGEST_TRIP,
    }
    for fault, found in faults.items():
        if found:
            raise Unmeasured(f"the answer {fault}")
    return packet


def _unix(ntp_time: float, near: float) -> float:
    """NTP's 32-bit seconds as Unix time, in the era (they roll over in 2036) that lies nearest to ours or 2020."""
    era = 2.0**32
    seconds = ntp_time - float(ntplib.NTP.NTP_DELTA)
    return seconds + era * round((max(near, EARLIEST) - seconds) / era)


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if host and port.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(port)
    return server.strip("[]"), 123


# ---------------------------------------------------------------------------------------------------------------- OSS


def oss_sample(clock: Clock, unsigned: Unsigned, oss_url: str) -> ClockSample:
    """The Date of any answer, refusals included. Not signed: with a bad clock a signature would be the problem."""
    started, sent_at = clock.monotonic(), clock.now()
    try:
        response, body = unsigned.ask("GET", f"{oss_url}/")
    except (NoAnswer, NotAsked) as lost:
        raise Unmeasured(lost.why) from None
    except Refused as refused:
        raise Unmeasured(refused.message) from None
    trip = clock.monotonic() - started
    if "Age" in response.headers or "Via" in response.headers:
        raise Unmeasured("a cache or proxy answered")
    told = _server_time(body) or response.headers.get("Date", "")
    try:
        server = (wire.iso_date(told) if "T" in told[:11] and told[:1].isdigit() else wire.http_date(told)).timestamp()
    except Unreadable:
        raise Unmeasured("the answer has no time") from None
    if not EARLIEST < server < LATEST:
        raise Unmeasured(f"the answer's time is made up ({told})")
    before = sent_at.timestamp()
    return ClockSample("oss", server - (before + trip), server + DATE_RESOLUTION - before)


def _server_time(body: bytes) -> str | None:
    """OSS's own word in the error body goes before a Date that something on the way may have put there."""
    root = parse_xml(body)
    found = None if root is None else root.find("ServerTime")
    return None if found is None else (found.text or "").strip() or None
