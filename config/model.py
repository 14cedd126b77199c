"""The whole configuration as frozen values: the daemon's settings here, each remediator's beside its code.

Each field has a docstring with its unit, default and reason; they become the schema's descriptions (schema.py). How a
YAML file becomes these values, and how complaints get their place, is load.py.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ossmend import remediators
from ossmend.config.globs import fits
from ossmend.remediators.access_forbidden import CorsSettings
from ossmend.remediators.contract import CorsRule, Duration, Event, Remediator, Settings
from ossmend.remediators.invalid_access_key_id import KeySettings
from ossmend.remediators.invalid_object_state import RestoreSettings
from ossmend.remediators.request_time_too_skewed import ClockSettings

Mode = Literal["dry-run", "approve", "enforce"]
GB = Decimal(10**9)

assert remediators.CODES  # importing the package registers every remediator, which policies are checked against


def _endpoint(url: str) -> str:
    """https, or http to this machine: a signed request in clear text shows its credentials to the network."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an endpoint is https://HOST, or http://127.0.0.1:PORT for the simulator")
    if parts.path.strip("/") or parts.query or parts.username:
        raise ValueError("an endpoint is scheme, host and port only")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ValueError("plain http is for loopback only; use https")
    return url.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _region(name: str) -> str:
    if name.startswith("oss-"):
        raise ValueError(f'write it without "oss-": {name.removeprefix("oss-")} (V4 signatures need the bare region)')
    if not re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", name):
        raise ValueError("a region is written like cn-hangzhou")
    return name


def _web_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a webhook is https://HOST/PATH, or http://127.0.0.1:PORT/PATH")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ValueError("plain http is for loopback only; use https")
    return url


Endpoint = Annotated[str, AfterValidator(_endpoint)]


class StaticCredentials(Settings):
    """A key pair given in the file by `!secret`; the environment is not asked then."""

    access_key_id: SecretStr
    """The AccessKey id."""
    access_key_secret: SecretStr
    """The AccessKey secret; write `!secret NAME`, never the secret itself."""
    security_token: SecretStr | None = None
    """The STS token of a temporary key."""


class CloudConfig(Settings):
    """Where the cloud is, and how patiently it is asked."""

    region: Annotated[str, AfterValidator(_region)]
    """Region of the buckets, bare: cn-hangzhou."""
    endpoint: Endpoint | None = None
    """OSS endpoint. Default: the region's public one. The simulator or an internal endpoint otherwise."""
    rpc_endpoint: Endpoint | None = None
    """One endpoint for RAM, IMS, STS, BSS and ActionTrail. Default: each product's public one."""
    credentials: StaticCredentials | None = None
    """Default: ALIBABA_CLOUD_ACCESS_KEY_ID and its siblings from the environment."""
    connect_timeout: Duration = timedelta(seconds=5)
    """How long a connection may take."""
    read_timeout: Duration = timedelta(seconds=15)
    """How long OSS may be silent within one answer."""
    concurrency: int = Field(32, ge=1, le=256)
    """Calls at the same time; more threads than this only queue at 20 ms of network."""


class StateConfig(Settings):
    """Where the journal lies."""

    path: Path | None = None
    """State directory. Default: $STATE_DIRECTORY (systemd), then /var/lib/ossmend."""


class AppLogSource(Settings):
    """Follow application logs."""

    path: str = Field(min_length=1)
    """File name pattern (glob): /var/log/app/*.log. Rotation by rename and by copy-truncate is followed."""
    start: Literal["end", "beginning"] = "end"
    """Where to begin in files that are there at the first start."""

    @model_validator(mode="after")
    def _absolute(self) -> AppLogSource:
        if not self.path.startswith("/"):
            raise ValueError("path must be absolute: a daemon has no useful working directory")
        return self


class AccessLogSource(Settings):
    """Read the hourly server access logs that OSS writes into a bucket."""

    bucket: str = Field(min_length=3, max_length=63)
    """The bucket the logs are written to (TargetBucket)."""
    prefix: str = ""
    """TargetPrefix of the bucket's logging configuration."""


class SourceConfig(Settings):
    """Exactly one of the kinds of source."""

    app_log: AppLogSource | None = None
    """Application log files."""
    access_log: AccessLogSource | None = None
    """Server access logs in a bucket."""

    @model_validator(mode="after")
    def _one(self) -> SourceConfig:
        if (self.app_log is None) == (self.access_log is None):
            raise ValueError("a source is exactly one of app_log, access_log")
        return self


class Money(Settings):
    """An amount in one currency."""

    amount: Decimal = Field(ge=0)
    """How much."""
    currency: str = Field("CNY", pattern="^[A-Z]{3}$")
    """Three letters; it must be the currency of the prices."""


class Brakes(Settings):
    """Limits on what may be written; a limit that is not set does not hold."""

    writes_per_hour: int | None = Field(None, ge=0)
    """Writes within any hour."""
    objects_per_day: int | None = Field(None, ge=0)
    """Objects restored within any 24 h."""
    restore_gib_per_day: Decimal | None = Field(None, ge=0)
    """GiB restored within any 24 h."""
    cost_per_day: Money | None = None
    """Cost of all writes within any 24 h, by `prices`."""
    calls_per_minute: int | None = Field(None, ge=0)
    """Mutating calls within any minute."""


class OverallBrakes(Brakes):
    """The limits over all policies; they are on by default."""

    writes_per_hour: int | None = Field(100, ge=0)
    """Writes within any hour, over all policies."""
    restore_gib_per_day: Decimal | None = Field(Decimal(100), ge=0)
    """GiB restored within any 24 h, over all policies."""
    cost_per_day: Money | None = Money(amount=Decimal(50), currency="CNY")
    """Cost of all writes within any 24 h, over all policies."""


class ClassPrice(Settings):
    """What a restore from one class and tier costs."""

    per_gb: Decimal = Field(ge=0)
    """Retrieval, for each GB."""
    per_10000_requests: Decimal = Field(Decimal(0), ge=0)
    """Retrieval requests, for each 10,000."""
    replica_per_gb_month: Decimal = Field(Decimal(0), ge=0)
    """Storage of the readable copy, for each GB and month of 30 days."""


class Prices(Settings):
    """What restores cost. The default is public list prices of Hangzhou as quoted in about 2024: not re-verified."""

    as_of: date = date(2024, 4, 1)
    """The day these prices were true."""
    currency: str = Field("CNY", pattern="^[A-Z]{3}$")
    """Three letters."""
    restore: Mapping[str, ClassPrice] = {
        "Archive": ClassPrice(per_gb=Decimal("0.06"), per_10000_requests=Decimal("0.1")),
        "ColdArchive/Expedited": ClassPrice(
            per_gb=Decimal("0.20"), per_10000_requests=Decimal(30), replica_per_gb_month=Decimal("0.12")
        ),
        "ColdArchive/Standard": ClassPrice(
            per_gb=Decimal("0.06"), per_10000_requests=Decimal(3), replica_per_gb_month=Decimal("0.12")
        ),
        "ColdArchive/Bulk": ClassPrice(
            per_gb=Decimal("0.03"), per_10000_requests=Decimal("0.3"), replica_per_gb_month=Decimal("0.12")
        ),
    }
    """By `CLASS` or `CLASS/TIER`. DeepColdArchive has no shipped price: its writes are held until one is set."""

    def restore_cost(self, storage_class: str, tier: str | None, size: int, days: int) -> Decimal | None:
        """Cost of one RestoreObject in `currency`; None where no price is known. 64 KiB is the least that is billed."""
        name = storage_class if storage_class == "Archive" else f"{storage_class}/{tier or 'Standard'}"
        price = self.restore.get(name)
        if price is None:
            return None
        gigabytes = Decimal(max(size, 64 * 1024)) / GB
        replica = price.replica_per_gb_month * gigabytes * days / 30
        return (price.per_gb * gigabytes + price.per_10000_requests / 10_000 + replica).quantize(Decimal("0.000001"))


class StoredRule(Settings):
    """A CORS rule that a person has approved; the only kind that is ever merged. Limits as PutBucketCors has them."""

    allowed_origins: tuple[str, ...] = Field(min_length=1)
    """Scheme, host and port: https://app.example.com; at most one * in each."""
    allowed_methods: tuple[Literal["GET", "PUT", "DELETE", "POST", "HEAD"], ...] = Field(min_length=1)
    """OSS knows exactly these."""
    allowed_headers: tuple[str, ...] = ()
    """At most one * in each."""
    expose_headers: tuple[str, ...] = ()
    """No *."""
    max_age_seconds: int | None = Field(None, ge=0, le=999_999_999)
    """How long browsers may keep a preflight's answer."""

    @model_validator(mode="after")
    def _as_oss_takes_it(self) -> StoredRule:
        for origin in self.allowed_origins:
            if origin.count("*") > 1 or any(sign.isspace() for sign in origin):
                raise ValueError(f"allowed_origins: {origin!r}: at most one *, no blanks")
            if origin != "*" and not re.match(r"^[a-z][a-z0-9+.-]*://[^/]+$", origin):
                raise ValueError(f"allowed_origins: {origin!r}: write scheme and host without a slash at the end")
        if any(header.count("*") > 1 for header in self.allowed_headers):
            raise ValueError("allowed_headers: at most one * in each")
        if any("*" in header for header in self.expose_headers):
            raise ValueError("expose_headers: * is not allowed there")
        return self

    def as_rule(self) -> CorsRule:
        return CorsRule(
            self.allowed_origins, tuple(self.allowed_methods), self.allowed_headers, self.expose_headers, self.max_age_seconds
        )


class Match(Settings):
    """Which events a policy takes. Every pattern that is given must fit; a field the event lacks fits no pattern."""

    bucket: str | None = Field(None, min_length=1)
    """Bucket name; * and ? are wildcards. "*" alone means all buckets, and must be said."""
    key: str | None = Field(None, min_length=1)
    """Object key; * and ? stop at a slash, ** does not: 2024/** is everything below 2024/."""
    access_key_id: str | None = Field(None, min_length=1)
    """AccessKey id of the refused request; * and ? are wildcards."""
    client: str | None = Field(None, min_length=1)
    """Client address; * and ? are wildcards."""
    origin: str | None = Field(None, min_length=1)
    """Origin of a browser's request; * and ? are wildcards."""

    @property
    def is_empty(self) -> bool:
        return not any((self.bucket, self.key, self.access_key_id, self.client, self.origin))

    def fits(self, event: Event) -> bool:
        """Does this event belong to the policy?"""
        return (
            fits(self.bucket, event.bucket)
            and fits(self.key, event.key, slashes=True)
            and fits(self.access_key_id, event.access_key_id)
            and fits(self.client, event.client)
            and fits(self.origin, event.origin)
        )


class Policy(Settings):
    """Which events, which remediator settings, which mode and limits."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    """Unique; it is what cases, logs and brakes call it."""
    on: tuple[str, ...]
    """One error code, or a list of them."""
    match: Match = Match()
    """Required for policies that can write."""
    mode: Mode = "dry-run"
    """Default: the top-level mode."""
    enabled: bool = True
    """A policy that is off takes no events."""
    quiet: Duration = timedelta(hours=24)
    """A told case closes when nothing of it was seen for so long."""
    recurrence: Duration = timedelta(days=7)
    """A closed case that is seen again within this time is the same case, recurring."""
    brakes: Brakes | None = None
    """Limits of this policy alone, beside the overall ones."""
    restore: RestoreSettings | None = None
    """InvalidObjectState: how to restore."""
    cors: CorsSettings | None = None
    """AccessForbidden: which stored rule may be merged."""
    key: KeySettings | None = None
    """InvalidAccessKeyId: how to flag."""
    clock: ClockSettings | None = None
    """RequestTimeTooSkewed: when to warn."""

    def settings_for(self, code: str) -> Settings:
        """The settings of that code's remediator, as given or by default."""
        remediator = Remediator.registry[code]
        given: Settings | None = getattr(self, remediator.section) if remediator.section else None
        return given if given is not None else remediator.settings()

    @property
    def can_write(self) -> bool:
        return any(Remediator.registry[code].writes for code in self.on if code in Remediator.registry)


class ClockConfig(Settings):
    """How our own clock is watched."""

    ntp_servers: tuple[str, ...] = ("ntp.aliyun.com",)
    """SNTP servers to compare with; [] means OSS's clock only."""
    every: Duration = timedelta(minutes=10)
    """How often."""


class Webhook(Settings):
    """POST every notice as JSON."""

    url: Annotated[str, AfterValidator(_web_url)]
    """Where to."""
    secret: SecretStr | None = None
    """Signs the body: header X-Ossmend-Signature, sha256=HMAC. Write `!secret NAME`."""
    in_dry_run: bool = False
    """Dry runs are silent unless this is on."""


class Notify(Settings):
    """One way to tell people."""

    webhook: Webhook
    """A generic webhook."""


class LogConfig(Settings):
    """Our own log, on stderr."""

    format: Literal["json", "console"] = "json"
    """JSON lines, or columns for a person."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""


class Config(Settings):
    """Everything that steers ossmend."""

    version: Literal[1]
    """Version of this file's format."""
    cloud: CloudConfig
    """Where the cloud is."""
    state: StateConfig = StateConfig()
    """Where the journal lies."""
    sources: tuple[SourceConfig, ...] = ()
    """Where error events come from."""
    mode: Mode = "dry-run"
    """The default for every policy."""
    brakes: OverallBrakes = OverallBrakes()
    """Limits over all policies."""
    prices: Prices = Prices()
    """What writes cost."""
    cors_rules: Mapping[str, StoredRule] = {}
    """Stored CORS rules, by name."""
    policies: tuple[Policy, ...] = ()
    """Tried in this order; the first that fits takes the event."""
    quiet: Duration = timedelta(hours=24)
    """For cases that no policy took: as a policy's `quiet`."""
    recurrence: Duration = timedelta(days=7)
    """For cases that no policy took: as a policy's `recurrence`."""
    clock: ClockConfig = ClockConfig()
    """Our own clock."""
    notify: tuple[Notify, ...] = ()
    """Whom to tell, beside the log."""
    log: LogConfig = LogConfig()
    """Our own log."""

    @property
    def webhooks(self) -> tuple[Webhook, ...]:
        return tuple(each.webhook for each in self.notify)

    @property
    def webhook_by_url(self) -> Mapping[str, Webhook]:
        return {webhook.url: webhook for webhook in self.webhooks}

    @cached_property
    def digest(self) -> str:
        """Changes when anything changes that plans are made by; secrets are not in it."""
        told: dict[str, Any] = self.model_dump(mode="json", include={"mode", "brakes", "prices", "cors_rules", "policies"})
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
