"""Settings of request_time_too_skewed.py: the section `clock` of a policy."""

from __future__ import annotations

from datetime import timedelta

from pydantic import model_validator

from ossmend.remediators.contract.settings import Duration, Settings, section
from ossmend.remediators.contract.values import REFUSED_SKEW


@section("clock")
class ClockSettings(Settings):
    """When ossmend warns that the clock of its own host is off; OSS refuses requests from 15 minutes on."""

    warn_after: Duration = timedelta(seconds=60)
    """A person is told when the clock of this host is off by so much."""
    critical_after: Duration = timedelta(minutes=10)
    """Told as critical when it is off by so much: OSS will soon refuse requests."""

    @model_validator(mode="after")
    def _in_order(self) -> ClockSettings:
        if self.warn_after > self.critical_after:
            raise ValueError("warn_after must not be longer than critical_after")
        if self.critical_after >= REFUSED_SKEW:
            raise ValueError("critical_after must be less than 15m: OSS refuses requests from there on")
        return self
