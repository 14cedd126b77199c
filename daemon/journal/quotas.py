"""The slots of a quota of so many a second -> from when on they are free: one row that all nodes share.

A slot is a moment at which one call may leave. They are given away in a row, a quota's length apart, so that no second
ever has more than the quota; what is free now is not saved up. The caller holds the account's lock BRAKES, or is alone
(locks.py), so no slot is given twice, and a transaction that fails gives none. stages/quota.py says who gets how many.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ossmend.daemon.journal.schema import quotas
from ossmend.remediators.contract.values import AccountRef


class Quota(NamedTuple):
    """Whose: OSS counts by account, region and storage class."""

    account: AccountRef
    region: str
    name: str


def free_at(connection: sa.Connection, quota: Quota) -> datetime | None:
    """When the first slot is that nobody has; None where nobody ever had one."""
    at: datetime | None = connection.scalar(sa.select(quotas.c.free_at).where(*_of(quota)).with_for_update())
    return at


def give(connection: sa.Connection, free: Mapping[Quota, datetime]) -> None:
    """All slots before these moments are somebody's from now on."""
    for quota, at in free.items():
        if connection.execute(quotas.update().where(*_of(quota)).values(free_at=at)).rowcount:
            continue
        row = {"account": str(quota.account), "region": quota.region, "quota": quota.name, "free_at": at}
        connection.execute(quotas.insert().values(row))


def _of(quota: Quota) -> tuple[sa.ColumnElement[bool], ...]:
    return (quotas.c.account == str(quota.account), quotas.c.region == quota.region, quotas.c.quota == quota.name)
