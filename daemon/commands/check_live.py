"""`ossmend check --live`: are the credentials, the clock and the permissions fit for this configuration? Reads only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ossmend.config.model import Config
from ossmend.config.sources.access_log import AccessLogSource
from ossmend.daemon.cloud.accounts import ROOT_KEY, Cloud, connect
from ossmend.daemon.cloud.settings import cloud_settings
from ossmend.daemon.host.clock import SystemClock
from ossmend.remediators.contract.verdict import Refused, TryAgain

GLOB_SIGNS = "*?["


def check_live(config: Config) -> dict[str, Any]:
    """{"ok": bool, "live": [{"what", "ok", "found"}, ...]}. Raises CredentialsRefused."""
    settings = cloud_settings(config)
    cloud = connect(settings, clock=SystemClock(), may_write=False)
    try:
        lines = [
            _ask("credentials", lambda: _caller(cloud, allow_root=settings.allow_root)),
            _ask("clock", lambda: _clock(cloud)),
        ]
        lines += [_ask(f"CORS rules of {bucket}", partial(_cors, cloud, bucket)) for bucket in _buckets(config)]
        logs = [each.given for each in config.sources if isinstance(each.given, AccessLogSource)]
        lines += [
            _ask(f"list {log.bucket}/{log.prefix}", partial(_list, cloud, log.bucket, log.prefix)) for log in logs
        ]
        return {"ok": all(line["ok"] for line in lines), "live": lines}
    finally:
        cloud.close()


def _ask(what: str, question: Callable[[], tuple[bool, str]]) -> dict[str, Any]:
    """One question; our own refusals are answers here."""
    try:
        ok, found = question()
    except Refused as refused:
        ok, found = False, f"refused: {refused.code} {refused.message}"
    except TryAgain as later:
        ok, found = False, f"no answer: {later.why}"
    return {"what": what, "ok": ok, "found": found}


def _caller(cloud: Cloud, *, allow_root: bool) -> tuple[bool, str]:
    caller = cloud.caller()
    if caller.is_root and not allow_root:
        return False, f"{caller.arn}: {ROOT_KEY}"
    return True, caller.arn


def _clock(cloud: Cloud) -> tuple[bool, str]:
    reading = cloud.own_clock()
    if not reading.samples:
        return False, f"could not measure ({', '.join(reading.failed) or 'no source'})"
    low, high = max(sample.low for sample in reading.samples), min(sample.high for sample in reading.samples)
    worst = max(abs(low), abs(high))
    return worst < 60, f"server minus ours is between {low:+.1f} s and {high:+.1f} s"


def _cors(cloud: Cloud, bucket: str) -> tuple[bool, str]:
    return True, f"{len(cloud.view(()).cors(bucket).rules)} rules"


def _list(cloud: Cloud, bucket: str, prefix: str) -> tuple[bool, str]:
    found = cloud.logs.list(bucket, prefix, "", 1)
    return True, f"{'at least one object' if found else 'no object yet'}"


def _buckets(config: Config) -> list[str]:
    """Buckets that policies on AccessForbidden name without a wildcard."""
    names = {
        policy.match.bucket
        for policy in config.policies
        if "AccessForbidden" in policy.on
        and policy.match.bucket
        and not any(sign in policy.match.bucket for sign in GLOB_SIGNS)
    }
    return sorted(names)
