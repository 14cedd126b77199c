"""Planned restores -> the batch jobs that they would come to: a dry run makes none, and an audit has to say so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ossmend.config.model import Config
from ossmend.daemon.host.show import clean
from ossmend.daemon.journal.intents import Intent
from ossmend.remediators.batch_restore import may_be_listed
from ossmend.remediators.contract.write import GIB
from ossmend.remediators.settings.batch import BatchSettings
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.restore_object import RestoreObject


def jobs(planned: Iterable[Intent], config: Config) -> list[dict[str, Any]]:
    """One for each group of at least `at_least` restores; JSON values with stable keys."""
    groups: dict[tuple[Any, ...], list[RestoreObject]] = {}
    for intent in planned:
        write = intent.write
        if isinstance(write, RestoreObject) and _settings(config, intent.policy) is not None and may_be_listed(write):
            key = (intent.policy, intent.account, write.bucket, write.storage_class, write.tier, write.days)
            groups.setdefault(key, []).append(write)
    found = []
    for (policy, account, bucket, storage_class, tier, days), writes in groups.items():
        batch = _settings(config, policy)
        if batch is None or len(writes) < batch.at_least:
            continue
        size = sum(write.size for write in writes)
        cost = config.prices.restore_cost(storage_class, tier, size, days, len(writes))
        found.append(
            {
                "policy": policy,
                "account": account.account,
                "bucket": clean(bucket),
                "storage_class": storage_class,
                "tier": tier,
                "days": days,
                "objects": len(writes),
                "gib": round(size / GIB, 2),
                "cost": None if cost is None else str(cost),
                "role": batch.role_arn,
            }
        )
    return found


def _settings(config: Config, policy: str) -> BatchSettings | None:
    found = next((each.section("restore") for each in config.policies if each.name == policy), None)
    return found.batch if isinstance(found, RestoreSettings) else None


def told(job: dict[str, Any], currency: str) -> str:
    """One of them, in a line for people."""
    cost = "price unknown" if job["cost"] is None else f"at most {job['cost']} {currency}"
    what = (
        f"{job['objects']} objects of bucket {job['bucket']}, {job['gib']} GiB of {job['storage_class']}, {job['tier']}"
    )
    return f"of these, one batch job of policy {job['policy']}: {what}, {job['days']} d ({cost})"
