"""For all tests: what Hypothesis makes is judged by what comes out of it, never by how long that took."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("ossmend", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ossmend")
