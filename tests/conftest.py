"""For all tests: what Hypothesis makes is judged by what comes out of it, never by how long that took.

Its examples are the same in every run, so that a green commit is green for the next one who runs it. Whoever wants to
look for new ones asks for them: `pytest --hypothesis-profile=hunt`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ossmend", UNHURRIED, derandomize=True)
settings.register_profile("hunt", UNHURRIED, max_examples=2000)
settings.load_profile("ossmend")
