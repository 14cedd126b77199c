"""Settings of request_time_too_skewed.py: the section `clock` of a policy."""

from __future__ import annotations

from datetime import timedelta

from pydantic import model_validator

from ossmend.remediators.contract.settings import Duration, Settings, section
from ossmend.remediators.contract.values import REFUSED_SKEW


@section("clock")
class ClockSettings(Settings):
    """When our own clock is worth a warning; OSS refuses at 15 minutes."""

    warn_after: Duration = timedelta(seconds=60)
    """Drift of this host that is said."""
    critical_after: Duration = timedelta(minutes=10)
    """Drift of this host that is said as critical: requests will soon be refused."""

    @model_validator(mode="after")
    def _in_order(self) -> ClockSettings:
        if self.warn_after > self.critical_after:
            raise ValueError("warn_after must not be longer than critical_after")
        if self.critical_after >= REFUSED_SKEW:
            raise ValueError("critical_after must be less than 15m: OSS refuses requests from there on")
        return self
