"""Looks at our own clock on a schedule, and makes an event of it before OSS does.

OSS refuses every request of a host whose clock is 15 minutes off: then the daemon could not even say so by the cloud.
What is measured goes the road of every other event: triage, case, RequestTimeTooSkewed's remediator, notice.
"""

from __future__ import annotations

import structlog

from ossmend.config.model import Config
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.sources import Batch
from ossmend.daemon.stages.triage import MEASURED, Triage
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import ClockReading
from ossmend.remediators.request_time_too_skewed import THIS_HOST, host_clock_verdict
from ossmend.remediators.settings.clock import ClockSettings

log = structlog.get_logger("ossmend.clock")

SOURCE = "clock"


def watch_clock(config: Config, cloud: Cloud, triage: Triage, clock: Clock) -> tuple[ClockReading, str | None]:
    """Measure once; where the drift is worth a warning, put an event into triage. The reading, and that warning's
    cause.
    """
    reading = cloud.own_clock()
    for failed in reading.failed:
        log.info("clock.unmeasured", source=failed)
    diagnosis = host_clock_verdict(reading, _settings(config))
    if diagnosis is not None:
        log.warning("clock.drift", cause=diagnosis.cause, **dict(diagnosis.facts))
        event = Event(
            source=SOURCE,
            account=config.home,
            shape=MEASURED,
            code="RequestTimeTooSkewed",
            client=THIS_HOST,
            time=clock.now(),
            sample="; ".join(diagnosis.evidence),
        )
        triage.take(SOURCE, Batch((event,), {"last": clock.now().isoformat()}))
    return reading, diagnosis.cause if diagnosis is not None else None


def _settings(config: Config) -> ClockSettings:
    """The thresholds of the first policy on RequestTimeTooSkewed; the defaults without one."""
    for policy in config.policies:
        if policy.enabled and "RequestTimeTooSkewed" in policy.on:
            settings = policy.settings_for("RequestTimeTooSkewed")
            if isinstance(settings, ClockSettings):
                return settings
    return ClockSettings()
