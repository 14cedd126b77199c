"""Durable flags on access keys: owner, status, since when. Shown by `ossmend cases`; never a change to the key."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ossmend.daemon.journal.schema import flags
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.verdict import KeyFlag


def put(connection: sa.Connection, case: Case, flag: KeyFlag, now: datetime) -> bool:
    """Raise or renew a flag; True when it says something that was not flagged before."""
    known = connection.execute(sa.select(flags).where(flags.c.access_key_id == flag.access_key_id)).first()
    values = {
        "case_id": case.id,
        "status": flag.status,
        "owner": flag.owner,
        "since": flag.since,
        "note": flag.note,
        "dry_run": case.dry_run,
        "account": str(case.account),
    }
    if known is None:
        connection.execute(flags.insert().values(access_key_id=flag.access_key_id, raised_at=now, **values))
        return True
    connection.execute(flags.update().where(flags.c.access_key_id == flag.access_key_id).values(values))
    return (known.status, known.owner) != (flag.status, flag.owner)
