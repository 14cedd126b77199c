"""RequestTimeTooSkewed: somebody's clock is off. Say whose, by how much, in which direction, and of what kind.

The error itself carries both clocks (RequestTime, ServerTime). The clock of ossmend's own host is compared with time
servers and with OSS. An answer takes time to arrive, so each comparison only shows between which two values the error
lies; the clock is called wrong only if even the smaller one is too much. ossmend never sets a clock: a person, or NTP,
corrects it (docs/facts.md#clocks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.causes.sureness import hedge
from ossmend.remediators.causes.times import LATE_AT_MOST, drift_of, zone_of
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.values import ClockReading, ClockSample
from ossmend.remediators.contract.verdict import Diagnosis, Done, Tell, Verdict
from ossmend.remediators.contract.view import Clocks

if TYPE_CHECKING:
    from ossmend.remediators.settings.clock import ClockSettings

THIS_HOST = "this host"
"""What the daemon's own host is called as a client."""
ONE_CLOCK = 60.0
"""Seconds by which the drift of one clock differs from request to request."""
MANY_CLIENTS = 3
ONE_SAMPLE = ("RequestTime minus ServerTime", "RequestTime 比 ServerTime")
"""What one sample tells of the drift; a case says it of all of them."""

Timed = tuple[float, Event]
"""A refusal that tells both times, and the client's clock minus OSS's in seconds."""


def subject(event: Event, _settings: ClockSettings) -> Subject:
    """This host, or a client: address and agent. Where no address is told, the key tells some machines apart; it stays
    out where a client is named: a client with two keys has one clock.
    """
    if event.client == THIS_HOST:
        return Subject("clock", (THIS_HOST,))
    known = (event.access_key_id,) if event.access_key_id and not event.client else ()
    return Subject("clock", (event.client or "", event.user_agent or "", *known))


@remedies("RequestTimeTooSkewed", subject=subject, section="clock", asks=("clock",))
def plan(case: Case, view: Clocks, settings: ClockSettings) -> Verdict:
    """Measure what can be measured, and tell."""
    if case.event.client == THIS_HOST:
        return _this_host(view.clock(), settings)
    timed = [(drift, event) for event in case.samples if (drift := drift_of(event)) is not None]
    reading = view.clock()
    if not timed:
        return _unmeasured(case, reading)
    clocks = _clocks(timed)
    return _client(case, timed, reading) if case.event.client or len(clocks) == 1 else _nameless(case, clocks, reading)


# ------------------------------------------------------------------------------------------------------- the client


def _client(case: Case, timed: Sequence[Timed], reading: ClockReading) -> Tell:
    """One machine's clock, weighed as every cause is: `explain` says the same of the same text."""
    drifts = [drift for drift, _ in timed]
    drift, spread = median(drifts), max(drifts) - min(drifts)
    weighed = company.diagnosed(case, timed[-1][1])
    if weighed.cause == "clock-drift" and spread > ONE_CLOCK and drift < 0 and own_clock_is_fine(reading):
        queued = "the same client is late by different amounts: a clock is off by one amount, queued requests by many"
        weighed = causes.diagnosis("clock-slow-upload", 0.6, (queued, *weighed.evidence), weighed.facts)
    said = [
        f"RequestTime minus ServerTime is {drift:+.0f} s ({_words(drift)}) in {len(drifts)}/{len(case.samples)} samples"
    ]
    if weighed.cause == "clock-time-zone":
        zone = zone_of(drift) or drift
        said.append(f"that is {zone / 3600:+g} h, a time zone's offset, but for {abs(drift - zone):.0f} s")
    who = case.event.client or "the client"
    facts = {"drift_seconds": drift, "samples": len(drifts)}
    return _told(case, f"the clock of {who} is {_words(drift)} ({_kind(weighed)})", weighed, said, facts, reading)


def _nameless(case: Case, clocks: Sequence[Sequence[Timed]], reading: ClockReading) -> Tell:
    """Different skews that have no name beside them are no one machine's drift: each is told, and none is a mean."""
    found = [company.diagnosed(case, clock[-1][1]) for clock in clocks]
    number, shares = sum(map(len, clocks)), dict[str, float]()
    for diagnosis, clock in zip(found, clocks, strict=True):
        shares[diagnosis.cause] = shares.get(diagnosis.cause, 0.0) + diagnosis.confidence * len(clock) / number
    cause, *others = sorted(shares, key=lambda each: (-shares[each], each))
    each_of = ", ".join(f"{_words(clock[-1][0])} ({len(clock)})" for clock in clocks)
    evidence = next(diagnosis.evidence for diagnosis in found if diagnosis.cause == cause)
    left = tuple((each, round(shares[each], 2)) for each in others)
    weighed = causes.diagnosis(cause, round(shares[cause], 2), evidence, {}, left)
    if own_clock_is_fine(reading) and all(-LATE_AT_MOST <= drift < 0 for clock in clocks for drift, _ in clock):
        queued = "all are late by less than an hour, by different amounts: a queue does that, or several slow clocks"
        weighed = causes.diagnosis("clock-slow-upload", 0.5, (queued, *evidence), {}, (("clock-drift", 0.4),))
    said = [f"clocks of unknown machines, off by {len(clocks)} different amounts (with their samples): {each_of}"]
    facts = {"drifts": [{"drift_seconds": clock[-1][0], "samples": len(clock)} for clock in clocks], "samples": number}
    why = f"clocks of unknown machines are off by {len(clocks)} different amounts: {each_of}"
    return _told(case, why, weighed, said, facts, reading)


def _unmeasured(case: Case, reading: ClockReading) -> Tell:
    """An access log, or a cut text: who is known, by how much is not."""
    weighed, server_time = company.diagnosed(case), case.event.server_time
    why = "the text has no RequestTime and ServerTime, so the drift is not known; it is more than 15 minutes"
    if weighed.cause == "clock-absurd-server-time" and server_time is not None:
        why = f"the server time in the text is {server_time:%Y-%m-%d}: not OSS's clock, so it proves nothing"
    return _told(case, why, weighed, [why], {}, reading)


def _told(
    case: Case, why: str, weighed: Diagnosis, said: list[str], facts: Mapping[str, Any], reading: ClockReading
) -> Tell:
    """What was weighed, with what was measured before it and this host's clock behind it."""
    clients = _clients(case)
    if len(clients) >= MANY_CLIENTS:
        said = [*said, f"{len(clients)} clients are affected: {', '.join(clients[:5])}"]
    known = {**weighed.facts, **facts, "kind": weighed.cause, "clients": len(clients)}
    further = [each for each in weighed.evidence if not each.startswith(ONE_SAMPLE)]
    evidence = (*said, *further, *_own_clock(reading))
    return Tell(why, replace(weighed, evidence=tuple(dict.fromkeys(evidence)), facts=known))


def _kind(weighed: Diagnosis) -> str:
    """What stands behind the drift, and no surer than it is."""
    kind = weighed.cause.removeprefix("clock-").replace("-", " ")
    return f"{hedge(weighed.cause, weighed.confidence).en}{kind}"


def _clocks(timed: Sequence[Timed]) -> list[list[Timed]]:
    """Drifts that lie as close together as those of one clock do; from the furthest behind to the furthest ahead."""
    found: list[list[Timed]] = []
    for each in sorted(timed, key=lambda one: one[0]):
        if found and each[0] - found[-1][-1][0] <= ONE_CLOCK:
            found[-1].append(each)
        else:
            found.append([each])
    return found


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
