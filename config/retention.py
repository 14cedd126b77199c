"""How much is kept: how many cases may be open, and when closed cases, entries, notices and request ids are let go.

Both are bounds on the state, whatever a log tells (docs/decisions/0018-ceilings-and-retention.md). model.py puts them
into the file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from ossmend.config.fields import at_least
from ossmend.remediators.contract.settings import Duration, Settings

Number = Annotated[int, Field(ge=1, le=100_000_000)]
"""There is no word that takes one of these off: a state without a bound is what they are against."""
Age = Annotated[Duration, at_least(timedelta(hours=1), "1h")]
ForBrakes = Annotated[Duration, at_least(timedelta(days=2), "2d")]
"""Brakes look back a day; a copy that is still readable may be asked for again."""


class CaseCeilings(Settings):
    """How many cases may be open. Beyond that a new subject is counted and not opened, and people are told once. What
    is open stays open, and what is seen of it is counted in.
    """

    most_open: Number = 20_000
    """Of all policies together. A state of so many cases is some 60 MB."""
    most_open_per_policy: Number = 10_000
    """Of each policy, and of what no policy takes. A fifth of it is kept for what the world confirms, for what was a
    case before, and for sources of high trust.
    """


class Retention(Settings):
    """What is let go, by age and by number, whichever comes first. Never what is open, nor a write that was sent within
    two days or whose answer is not known. What is left of the journal stays provable: `ossmend journal verify`.
    """

    closed_cases_for: ForBrakes = timedelta(days=30)
    """Closed cases, with their writes. One that is seen again after that is a new case, whatever `recurrence` says."""
    most_closed_cases: Number = 20_000
    """Closed cases; the longest closed go first."""
    journal_for: Age = timedelta(days=90)
    """Entries of the journal."""
    most_entries: Number = 200_000
    """Entries of the journal; the oldest go first. So many are some 100 MB."""
    notices_for: Age = timedelta(days=30)
    """Notices that were sent, or given up."""
    most_notices: Number = 10_000
    """Notices that were sent, or given up."""
    request_ids_for: Age = timedelta(days=3)
    """Request ids, by which a refusal that is told twice counts once. Access logs come up to 48 h late."""
    most_request_ids: Number = 500_000
    """Request ids; the oldest go first. So many are some 60 MB."""
