"""Where the cloud is: `cloud:`, and `accounts:` beside it, each of which says what it has otherwise.

An account is a name for an Alibaba Cloud account with its credentials. A bucket's region is nobody's setting: it is
found (daemon/cloud/wire/regions.py). What the entries say of each other is whose.py; model.py puts this and everything
else together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from ossmend.config.credentials import CredentialsConfig
from ossmend.config.fields import (
    Bucket,
    Domain,
    Endpoint,
    LoopbackEndpoint,
    Name,
    OssEndpoint,
    Patience,
    Rate,
    Region,
    text,
)
from ossmend.config.regions import Network, region_of
from ossmend.remediators.contract.settings import Settings
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT

ALL = "*"
"""As an account of a policy: each of them, which has to be said."""
AccountName = Annotated[str, text(r"\*|[a-z0-9][a-z0-9_-]{0,62}", 'expected the name of an account, or "*"')]


class RestoreQuotas(Settings):
    """How many objects OSS restores a second, for each account and region: what is asked for beyond that waits there
    without telling, and longer than its tier says. All nodes together stay within it; `unlimited` takes one off.
    """

    archive: Rate = 500
    """Archive. OSS documents none; this is as for ColdArchive."""
    cold_archive: Rate = 500
    """ColdArchive, of all tiers together, as documented."""
    deep_cold_archive: Rate = 100
    """DeepColdArchive, of both tiers together, as documented."""

    def of(self, storage_class: str) -> int | None:
        """None: no limit is known."""
        by_class = {"Archive": self.archive, "ColdArchive": self.cold_archive}
        return by_class.get(storage_class, self.deep_cold_archive)


class CloudConfig(Settings):
    """Where the cloud is, and how patiently it is asked."""

    region: Region
    """Region of the buckets, bare: cn-hangzhou. Signatures are made with it."""
    endpoint: OssEndpoint | None = None
    """OSS: https://HOST, or http to this machine (the simulator). `{region}` in it stands for each bucket's region.
    Default: the region's host, which `network` says.
    """
    network: Network = "public"
    """Which of a region's hosts is used. internal: only inside of that region, so buckets of other regions are asked
    at their public host. accelerate: one host for all regions, for buckets that have it switched on.
    """
    domains: Mapping[Bucket, Domain] = {}
    """Bucket -> its own domain, https://HOST, which leads to OSS itself and not to a CDN. Everything that is asked of
    that bucket is asked there, and a refusal that names that host alone is of that bucket. Accounts that may use
    nothing else for data need it (docs/facts.md). Default: none.
    """
    rpc_endpoint: Endpoint | None = None
    """RAM, IMS, STS, BSS, ActionTrail and the log service, all at one address. Default: each product's public endpoint,
    and for the log service the one that `network` says.
    """
    metadata_endpoint: LoopbackEndpoint | None = None
    """The ECS metadata service of a simulator, on this machine only. Default: the real one, http://100.100.100.200."""
    credentials: CredentialsConfig | None = None
    """Whose credentials are used. Default: the standard chain (docs/credentials.md): the environment, OIDC, a profile,
    the role of the ECS instance.
    """
    connect_timeout: Patience = timedelta(seconds=5)
    """How long a connection may take, with TLS."""
    read_timeout: Patience = timedelta(seconds=15)
    """How long an answer may be silent; not how long it may take."""
    deadline: Patience = timedelta(seconds=20)
    """How long a call may take in all, from the host's name to the last byte, and a read with all its tries. Downloads
    (logs, pictures) have as much more as their length needs at 256 KiB a second, at most 5 minutes.
    """
    concurrency: Annotated[int, Field(ge=1, le=256)] = 32
    """Calls at the same time to one bucket; the documented 500 restores a second need no more."""
    restores_per_second: RestoreQuotas = RestoreQuotas()
    """The quotas of RestoreObject, kept busy and never exceeded."""


class AccountConfig(Settings):
    """One of several accounts. What it leaves out is as `cloud` says."""

    name: Name
    """Unique; sources and policies name it, and cases show it."""
    credentials: CredentialsConfig | None = None
    """Whose credentials are used for it. Default: those of `cloud`; one account at most may leave it out."""
    region: Region | None = None
    """Where a bucket is looked for first. Default: the region of `cloud`."""
    endpoint: OssEndpoint | None = None
    """As in `cloud`."""
    network: Network | None = None
    """As in `cloud`."""
    domains: Mapping[Bucket, Domain] | None = None
    """As in `cloud`; what stands here takes the place of all of those."""
    rpc_endpoint: Endpoint | None = None
    """As in `cloud`."""
    metadata_endpoint: LoopbackEndpoint | None = None
    """As in `cloud`."""
    concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    """As in `cloud`."""
    restores_per_second: RestoreQuotas | None = None
    """As in `cloud`."""


Accounts = tuple[AccountConfig, ...]


def clouds(cloud: CloudConfig, accounts: Iterable[AccountConfig]) -> Mapping[str, CloudConfig]:
    """Where each account is asked, by its name; `cloud` alone is one with the name that cases always had."""
    return {each.name: _of(cloud, each) for each in accounts} or {DEFAULT_ACCOUNT.account: cloud}


def _of(cloud: CloudConfig, account: AccountConfig) -> CloudConfig:
    said = {name: getattr(account, name) for name in account.model_fields_set & set(CloudConfig.model_fields)}
    endpoint, region = cloud.endpoint, said.get("region", cloud.region)
    if endpoint is not None and region_of(urlsplit(endpoint).hostname or "") not in (None, region):
        said.setdefault("endpoint", None)  # a host of OSS serves its own region only
    return cloud.model_copy(update=said)
