"""RequestTimeTooSkewed: somebody's clock is off. Say whose, by how much, in which direction, and of what kind.

The error itself carries both clocks (RequestTime, ServerTime); our own clock is measured from outside and judged by
the interval, never by a point. Nothing is ever set: a person, or NTP, corrects a clock (docs/facts.md#clocks).
"""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from ossmend.remediators import causes
from ossmend.remediators.causes.features import BIG_BYTES, size_of
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.values import ClockReading, ClockSample
from ossmend.remediators.contract.verdict import Diagnosis, Done, Tell, Verdict
from ossmend.remediators.contract.view import Clocks

if TYPE_CHECKING:
    from ossmend.remediators.settings.clock import ClockSettings

THIS_HOST = "this host"
"""What the daemon's own host is called as a client."""
HALF_HOUR = 1800
ZONE_SLACK = 90.0
"""A time zone taken for another is off by half hours, give or take the drift of an ordinary clock."""
MOST_ZONE = 14 * 3600
SLOW_SLACK = 3600.0
"""An upload that was signed and then queued or slowly sent is behind by minutes, not by days."""
EARLIEST, LATEST = datetime(2011, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""OSS opened in 2011: a server time outside is not OSS's (a proxy's, or a bad Date of 1970)."""
UNSET_BEFORE = datetime(2011, 1, 1, tzinfo=UTC)
UPLOADS = ("PUT", "POST", "PutObject", "PostObject", "UploadPart", "AppendObject")
MANY_CLIENTS = 3


def subject(event: Event, _settings: ClockSettings) -> Subject:
    """This host, or a client: address and agent."""
    if event.client == THIS_HOST:
        return Subject("clock", (THIS_HOST,))
    return Subject("clock", (event.client or "", event.user_agent or ""))


@remedies("RequestTimeTooSkewed", subject=subject, section="clock", asks=("clock",))
def plan(case: Case, view: Clocks, settings: ClockSettings) -> Verdict:
    """Measure what can be measured, and tell."""
    if case.event.client == THIS_HOST:
        return _this_host(view.clock(), settings)
    drifts = [drift for event in case.samples if (drift := drift_of(event)) is not None]
    reading = view.clock()
    if not drifts:
        return _unmeasured(case, reading)
    return _client(case, drifts, reading)


# ------------------------------------------------------------------------------------------------------- the client


def drift_of(event: Event) -> float | None:
    """The client's clock minus OSS's, in seconds (negative: the client is behind); None if absurd or not told."""
    if event.request_time is None or event.server_time is None or not EARLIEST <= event.server_time <= LATEST:
        return None
    return (event.request_time - event.server_time).total_seconds()


def _client(case: Case, drifts: list[float], reading: ClockReading) -> Tell:
    drift = median(drifts)
    kind, confidence = kind_of(drift, case.event)
    spread = max(drifts) - min(drifts)
    if kind == "clock-drift" and len(drifts) > 1 and spread > 60 and drift < 0 and own_clock_is_fine(reading):
        kind, confidence = "clock-slow-upload", 0.6  # one clock is off by one amount; queued requests by many
    evidence = [
        f"RequestTime minus ServerTime is {drift:+.0f} s ({_words(drift)}) in {len(drifts)}/{len(case.samples)} samples"
    ]
    if kind == "clock-time-zone":
        evidence.append(f"that is {drift / 3600:+g} h: half hours point to a time zone taken for UTC, not to drift")
    clients = _clients(case)
    facts = {"drift_seconds": drift, "kind": kind, "clients": len(clients), "samples": len(drifts)}
    if len(clients) >= MANY_CLIENTS:
        evidence.append(f"{len(clients)} clients are affected: {', '.join(clients[:5])}")
    who = case.event.client or "the client"
    why = f"the clock of {who} is {_words(drift)} ({kind.removeprefix('clock-').replace('-', ' ')})"
    evidence += _own_clock(reading)
    return Tell(why, causes.diagnosis(kind, confidence, tuple(evidence), facts))


def kind_of(drift: float, event: Event) -> tuple[str, float]:
    """Which of the known kinds a drift is, and how sure that is."""
    if event.request_time is not None and event.request_time < UNSET_BEFORE:
        return "clock-unset", 0.97
    halves = round(drift / HALF_HOUR)
    if halves and abs(drift) <= MOST_ZONE + ZONE_SLACK and abs(drift - halves * HALF_HOUR) <= ZONE_SLACK:
        return "clock-time-zone", 0.95 if abs(drift) >= 3600 else 0.7
    if drift < 0 and -drift < SLOW_SLACK and _is_upload(event) and _is_large(event):
        return "clock-slow-upload", 0.7
    return "clock-drift", 0.9


def _is_upload(event: Event) -> bool:
    return (event.operation or event.method or "") in UPLOADS


def _is_large(event: Event) -> bool:
    """The text tells of many bytes: 100 MB or more take minutes on a slow line."""
    return size_of(event, event.sample) >= BIG_BYTES


def _unmeasured(case: Case, reading: ClockReading) -> Tell:
    """An access log, or a cut text: who is known, by how much is not."""
    event = case.event
    if event.server_time is not None and not EARLIEST <= event.server_time <= LATEST:
        why = f"the server time in the text is {event.server_time:%Y-%m-%d}: not OSS's clock, so it proves nothing"
        return Tell(why, causes.diagnosis("clock-absurd-server-time", 0.9, (why, *_own_clock(reading))))
    why = "the text has no RequestTime and ServerTime, so the drift is not known; it is more than 15 minutes"
    clients = _clients(case)
    many = len(clients) >= MANY_CLIENTS
    evidence = [why, *([f"{len(clients)} clients are affected: {', '.join(clients[:5])}"] if many else [])]
    cause = "clock-many-clients" if many else "clock-unmeasured"
    return Tell(why, causes.diagnosis(cause, 0.6, (*evidence, *_own_clock(reading)), {"clients": len(clients)}))


def _clients(case: Case) -> list[str]:
    """Every client that is known to be skewed now: a case is one client's, so the others stand beside it."""
    others = {other.event.client for other in case.correlated if other.code == case.code}
    return sorted({*case.usage.get("clients", {}), *(client for client in others if client and client != THIS_HOST)})


# ------------------------------------------------------------------------------------------------------- our own clock


def host_clock_verdict(reading: ClockReading, settings: ClockSettings) -> Diagnosis | None:
    """Is our own clock worth a warning? Only if all sources agree that it is off by at least `warn_after`.

    One source alone may be wrong: it is said with less confidence, as something to look at.
    """
    agreed = agreement(reading)
    if agreed is None:
        return None
    least = _least(agreed)
    if least < settings.warn_after.total_seconds():
        return None
    behind = agreed.low > 0
    drift = -(agreed.low + agreed.high) / 2
    critical = least >= settings.critical_after.total_seconds()
    confidence = 0.95 if len({sample.source.split(":")[0] for sample in reading.samples}) > 1 else 0.7
    evidence = tuple(
        f"{sample.source}: our clock is between {-sample.high:+.1f} s and {-sample.low:+.1f} s off"
        for sample in reading.samples
    )
    facts = {
        "drift_seconds": round(drift, 1),
        "kind": "clock-this-host",
        "severity": "critical" if critical else "warning",
        "behind": behind,
    }
    return causes.diagnosis("clock-this-host", confidence, evidence, facts)


def agreement(reading: ClockReading) -> ClockSample | None:
    """The interval in which all samples lie; None without samples, or where they contradict each other."""
    if not reading.samples:
        return None
    low, high = max(sample.low for sample in reading.samples), min(sample.high for sample in reading.samples)
    return ClockSample("all", low, high) if low <= high else None


def _least(interval: ClockSample) -> float:
    """The least drift that the interval allows."""
    return 0.0 if interval.low <= 0 <= interval.high else min(abs(interval.low), abs(interval.high))


def own_clock_is_fine(reading: ClockReading) -> bool:
    agreed = agreement(reading)
    return agreed is not None and max(abs(agreed.low), abs(agreed.high)) < 30


def _own_clock(reading: ClockReading) -> tuple[str, ...]:
    """What our own clock says about it: a clock of ours that is wrong would explain our own refusals, not theirs."""
    agreed = agreement(reading)
    if agreed is None:
        return (
            ("this host's clock could not be measured",)
            if not reading.samples
            else ("the time sources contradict each other",)
        )
    if own_clock_is_fine(reading):
        return ("this host's clock is right: the failing client is elsewhere",)
    return (f"this host's clock is off, too: between {-agreed.high:+.0f} s and {-agreed.low:+.0f} s",)


def _this_host(reading: ClockReading, settings: ClockSettings) -> Verdict:
    diagnosis = host_clock_verdict(reading, settings)
    if diagnosis is not None:
        drift = diagnosis.facts["drift_seconds"]
        return Tell(f"this host's clock is {_words(drift)} ({diagnosis.facts['severity']})", diagnosis)
    if agreement(reading) is None:
        why = "this host's clock could not be measured"
        return Tell(why, causes.diagnosis("could-not-check", 1.0, (why, *reading.failed)))
    return Done("this host's clock is right again", "clock-this-host")


def _words(drift: float) -> str:
    size = abs(drift)
    amount = f"{size:.0f} s" if size < 120 else f"{size / 60:.0f} min" if size < 7200 else f"{size / 3600:.1f} h"
    if size >= 3 * 86400:
        amount = f"{size / 86400:.0f} days"
    return f"{amount} {'behind' if drift < 0 else 'ahead'}"
