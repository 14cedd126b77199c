"""Configuration -> what the cloud port needs to know. The one place that decides which endpoints are acceptable.

A request that is signed over plain http shows its credentials to everybody on the way, so http is for loopback only.
accounts.py takes these settings and opens nothing by itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ossmend import __version__
from ossmend.config.regions import ACCELERATED, DOMAIN, LOGS, Network, host_of, region_of
from ossmend.daemon.cloud.credentials import Provider, World, open_credentials
from ossmend.daemon.host.stops import CredentialsRefused

if TYPE_CHECKING:
    from ossmend.config.accounts import CloudConfig
    from ossmend.config.model import Config

REGION = "{region}"
"""In an endpoint of the configuration: the region of each bucket."""
AGENT = f"ossmend/{__version__}"
"""The mark in the User-Agent by which our own requests are recognised in access logs."""


class EndpointRefused(ValueError):
    """This URL must not get signed requests, or oss2 could not use it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSettings:
    region: str
    """Bare, `cn-hangzhou`: V4 signatures are made with it."""
    credentials: Provider = field(repr=False)
    allow_root: bool = False
    """May they be a key of the account itself, which no policy limits?"""
    endpoint: str | None = None
    """OSS; None: the public endpoint of the region."""
    network: Network = "public"
    """Which of a region's hosts is used, where `endpoint` does not say one."""
    domains: Mapping[str, str] = field(default_factory=dict)
    """Bucket -> its own domain, with scheme and without a path: it is asked there and nowhere else."""
    rpc_endpoint: str | None = None
    """RAM, IMS, STS, ActionTrail, the log service; None: each product's own public host."""
    connect_timeout: float = 5.0
    """Seconds for one connection, TLS included."""
    read_timeout: float = 15.0
    """Seconds without a byte."""
    deadline: float = 20.0
    """Seconds for one call, from the host's name to the last byte of the answer, and for all tries of one read."""
    concurrency: int = 32
    """Calls to one endpoint at once."""
    slot_wait: float = 2.0
    """Seconds that a caller waits for one of them: as long as many quick calls take, and not as long as a dead one."""
    retry_pauses: tuple[float, ...] = (0.2, 0.6)
    """Seconds before a read is asked again, each once."""
    ntp_servers: tuple[str, ...] = ()
    """`host` or `host:port`; none: OSS's clock only."""
    page_worth: int = 1
    """A list page costs as much money as so many HEADs."""
    agent: str = AGENT
    ca_bundle: str | None = None
    """A file with the certificate authorities to trust; None: those that the SDKs bring."""

    def __post_init__(self) -> None:
        for url in (self.oss_url, self.rpc_endpoint, *self.domains.values()):
            if url is not None:
                check_endpoint(url)

    @property
    def oss_url(self) -> str:
        """The OSS endpoint of the account's own region, with scheme and without a path."""
        return self.url_of(self.bare_region)

    def url_of(self, region: str) -> str:
        """The OSS endpoint for the buckets of a region. What the configuration says goes first: `{region}` in it stands
        for each; an address, or a host that is not OSS's own, serves all. A host of OSS serves its own region only, and
        an internal one nobody outside of it.
        """
        if self.endpoint is not None:
            host = urlsplit(self.endpoint).hostname or ""
            if REGION in self.endpoint:
                return self.endpoint.replace(REGION, region).rstrip("/")
            if region == self.bare_region or region_of(host) is None:
                return self.endpoint.rstrip("/")
            return f"https://{host_of(region)}"
        network = "public" if self.network == "internal" and region != self.bare_region else self.network
        return f"https://{host_of(region, network)}"

    def log_url(self, region: str) -> str:
        """The endpoint of the log service (SLS) in a region. Its projects are hosts below it."""
        if self.rpc_endpoint is not None:
            return self.rpc_endpoint.rstrip("/")
        inside = self.network == "internal" and region == self.bare_region
        return f"https://{region}{'-intranet' if inside else ''}{LOGS}"

    @property
    def one_for_all(self) -> bool:
        """Does OSS serve all regions at one host here? Then it never says that a bucket is somewhere else."""
        host = urlsplit(self.oss_url).hostname or ""
        return host.removesuffix(DOMAIN) in ACCELERATED

    @property
    def bare_region(self) -> str:
        """With `oss-cn-hangzhou`, as the console shows it, every V4 signature would be refused."""
        return self.region.removeprefix("oss-")


def check_endpoint(url: str) -> None:
    """Raise EndpointRefused unless this is https, or http to this machine, and nothing but scheme, host and port."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise EndpointRefused(f"{url!r} is not an endpoint; write https://HOST or http://127.0.0.1:PORT")
    if ":" in parts.hostname:
        raise EndpointRefused(f"{url!r} has an IPv6 address, which oss2 does not take; write a name or an IPv4 address")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise EndpointRefused(f"{url!r} has more than scheme, host and port")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise EndpointRefused(f"{url!r} is not https; plain http is for this machine only")


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def on_this_machine(*urls: str | None) -> bool:
    """Are all of them given, and here?"""
    return all(url is not None and is_loopback(urlsplit(url).hostname or "") for url in urls)


def is_literal(host: str) -> bool:
    """An address, or this machine: OSS's virtual hosts (bucket.host) cannot be asked there, the path has the bucket."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def account_settings(config: Config) -> dict[str, CloudSettings]:
    """By the account's name, in the order of the file. Nothing is asked yet. Raises CredentialsRefused."""
    return {name: _settings(config, name, cloud) for name, cloud in config.clouds.items()}


def cloud_settings(config: Config) -> CloudSettings:
    """The same for the first account."""
    return next(iter(account_settings(config).values()))


def _settings(config: Config, name: str, cloud: CloudConfig) -> CloudSettings:
    world = World(sts=cloud.rpc_endpoint, metadata=cloud.metadata_endpoint)
    try:
        credentials = open_credentials(cloud.credentials, world)
    except CredentialsRefused as refused:
        raise CredentialsRefused(f"account {name}: {refused}") if config.accounts else refused from None
    return CloudSettings(
        region=cloud.region,
        credentials=credentials,
        allow_root=_allow_root(cloud),
        endpoint=cloud.endpoint,
        network=cloud.network,
        domains=cloud.domains,
        rpc_endpoint=cloud.rpc_endpoint,
        connect_timeout=cloud.connect_timeout.total_seconds(),
        read_timeout=cloud.read_timeout.total_seconds(),
        deadline=cloud.deadline.total_seconds(),
        concurrency=cloud.concurrency,
        ntp_servers=tuple(config.clock.ntp_servers),
        page_worth=config.prices.page_worth,
    )


def _allow_root(cloud: CloudConfig) -> bool:
    """A cloud on this machine is the simulator, whose announced key is its account's own."""
    said = cloud.credentials.allow_root if cloud.credentials is not None else None
    return said if said is not None else on_this_machine(cloud.endpoint, cloud.rpc_endpoint)
