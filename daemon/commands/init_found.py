"""The account, as far as it can be asked -> who we are, which buckets there are, and which of them log, and where.

Only reads, each within a few seconds. What cannot be found is a sentence, and no end: a file can be written without.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from ossmend.config.load import load_text
from ossmend.config.sources.sls import SlsSource
from ossmend.daemon.cloud.accounts import Accounts, Cloud
from ossmend.daemon.cloud.ask.inventory import BucketEntry, LogTarget
from ossmend.daemon.cloud.ask.logstores import NO_LOGSTORE
from ossmend.daemon.cloud.ask.probes import DENIED
from ossmend.daemon.cloud.settings import account_settings
from ossmend.daemon.host import log
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.host.show import text
from ossmend.daemon.host.stops import CredentialsRefused
from ossmend.remediators.contract.values import AccountRef
from ossmend.remediators.contract.verdict import Refused, TryAgain

FIRST_REGION = "cn-hangzhou"
"""Where the buckets of all regions are asked for, if nobody has named one."""
MOST_ASKED = 200
"""Buckets that are asked for their logging."""
HANDS = 8
MOST_NAMED = 3
"""Of the buckets to which the same happened."""
READ_LOGGING = "oss:GetBucketLogging on acs:oss:*:*:*"
LOOK_THERE = " on ".join(SlsSource().needs[0])


@dataclass(slots=True)
class Found:
    """What is known."""

    account: str = ""
    arn: str = ""
    is_root: bool = False
    has_key: bool = True
    """Were there credentials to ask with? Whether they are any good is another thing."""
    buckets: tuple[BucketEntry, ...] = ()
    targets: dict[LogTarget, list[str]] = field(default_factory=dict)
    """Where logs go, with the buckets they are of."""
    streams: list[str] = field(default_factory=list)
    """Regions whose log is in the log service, too: real-time log query."""
    missing: list[str] = field(default_factory=list)
    """What could not be found, and why."""

    @property
    def region(self) -> str:
        """Where most of the buckets are; empty where none is known."""
        regions = Counter(bucket.region for bucket in self.buckets if bucket.region)
        return regions.most_common(1)[0][0] if regions else ""


def cloud_section(region: str, endpoint: str | None, rpc_endpoint: str | None) -> str:
    """YAML of these three, for a file and for our own questions."""
    given = {"region": region, "endpoint": endpoint, "rpc_endpoint": rpc_endpoint}
    told = [f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in given.items() if value]
    return "\n".join(["cloud:", *told])


def find(region: str | None, endpoint: str | None, rpc_endpoint: str | None) -> Found:
    """Ask. Raises ConfigRefused where one of the three is no region or no endpoint."""
    asking = cloud_section(region or FIRST_REGION, endpoint, rpc_endpoint)
    config = load_text(f"version: 1\n{asking}\n  connect_timeout: 3s\n  deadline: 6s\n")
    found = Found()
    try:
        settings = account_settings(config)
    except CredentialsRefused as refused:
        found.has_key = False
        found.missing.append(f"the account and its buckets: {refused}")
        return found
    log.quiet()
    accounts = Accounts(settings, SystemClock(), may_write=False)
    try:
        _identity(accounts.of(AccountRef()), found)
        _buckets(accounts.of(AccountRef()), found)
        _logging(accounts, region or FIRST_REGION, found)
        _streams(accounts, region, found)
    finally:
        accounts.close()
    return found


@contextmanager
def _told(what: str, found: Found) -> Iterator[None]:
    """A refusal, or no answer, is noted."""
    try:
        yield
    except Refused as refused:
        found.missing.append(f"{what}: {refused.operation} was refused: {refused.code} {text(refused.message)}")
    except TryAgain as later:
        found.missing.append(f"{what}: {text(later.why)}")


def _identity(cloud: Cloud, found: Found) -> None:
    with _told("the account", found):
        caller = cloud.caller()
        found.account, found.arn, found.is_root = caller.account_id, caller.arn, caller.is_root


def _buckets(cloud: Cloud, found: Found) -> None:
    with _told("the buckets, and the logs that OSS writes of them", found):
        found.buckets = cloud.inventory.buckets()


def _logging(accounts: Accounts, region: str, found: Found) -> None:
    """Each bucket is asked in its own region: any other one would refuse."""

    def ask(bucket: BucketEntry) -> None:
        elsewhere = bucket.region if bucket.region != region else ""
        try:
            target = accounts.of(AccountRef(region=elsewhere)).inventory.logging(bucket.name)
        except Refused as refused:
            needs = f"; to read it needs {READ_LOGGING}" if refused.code.startswith(DENIED) else ""
            said = f"{refused.operation} was refused: {refused.code} {text(refused.message)}{needs}"
            refusals.setdefault(said, []).append(bucket.name)
        except TryAgain as later:
            refusals.setdefault(text(later.why), []).append(bucket.name)
        else:
            if target is not None:
                found.targets.setdefault(target, []).append(bucket.name)

    refusals: dict[str, list[str]] = {}
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(ask, _some(found)))
    for why, several in sorted(refusals.items()):
        shown = sorted(several)[:MOST_NAMED]
        more = f" and {len(several) - len(shown)} more" if len(several) > len(shown) else ""
        found.missing.append(f"the logging of {', '.join(shown)}{more}: {why}")
    for sources in found.targets.values():
        sources.sort()
    found.targets = dict(sorted(found.targets.items()))


def _streams(accounts: Accounts, region: str | None, found: Found) -> None:
    """Each region has a project of its own. Which of its buckets are in it, nobody can be asked. Where the buckets may
    not be listed, the region that a person has named is looked at.
    """
    known = {bucket.region for bucket in found.buckets if bucket.region}
    if not known and region is not None and found.account:
        known = {region}

    def ask(name: str) -> None:
        logstores = accounts.of(AccountRef(region=name if name != (region or FIRST_REGION) else "")).logstores
        try:
            logstores.shards(logstores.of(None))
            found.streams.append(name)
        except Refused as refused:
            if refused.code not in NO_LOGSTORE:
                needs = f"; to look there needs {LOOK_THERE}" if refused.code.startswith(DENIED) else ""
                refusals.setdefault(f"ListShards was refused: {refused.code}{needs}", []).append(name)
        except TryAgain as later:
            refusals.setdefault(text(later.why), []).append(name)

    refusals: dict[str, list[str]] = {}
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(ask, sorted(known)))
    found.streams.sort()
    for why, regions in sorted(refusals.items()):
        found.missing.append(f"OSS's log of {', '.join(sorted(regions))} in the log service: {why}")


def _some(found: Found) -> Iterable[BucketEntry]:
    if len(found.buckets) > MOST_ASKED:
        found.missing.append(f"the logging of {len(found.buckets) - MOST_ASKED} buckets: only {MOST_ASKED} are asked")
    return found.buckets[:MOST_ASKED]
