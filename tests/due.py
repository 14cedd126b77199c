"""The cases whose time has come, as a pass sees them: found by their lanes, and then read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ossmend.daemon.journal import cases
from ossmend.remediators.contract.case import Case


def due(connection: sa.Connection, now: datetime, limit: int) -> list[Case]:
    """The longest waiting first."""
    ids = [case_id for lane in cases.waiting(connection, now, limit).values() for case_id in lane.ids]
    return cases.rows(connection, now, ids).cases()
