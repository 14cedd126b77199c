"""The whole configuration as frozen values: everything the file can say, with unit, default and reason.

What a policy says is policy.py, what restores cost is prices.py, each source and channel is a file of sources/ or
channels/, and each remediator's settings lie beside its code; this file puts them together. The docstrings become the
descriptions that editors show (schema.py). How a file becomes these values, and how a complaint finds its line, is
load.py.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from ossmend.config import channels, kinds, sources
from ossmend.config.accounts import ALL, Accounts, CloudConfig, clouds
from ossmend.config.channels.registry import CHANNELS, ChannelSettings
from ossmend.config.credentials import CredentialsConfig
from ossmend.config.fields import (
    POSTGRES,
    SQLITE,
    AbsolutePath,
    Host,
    Mode,
    Name,
    Period,
    Secret,
    StateUrl,
    Trust,
    Version,
    Witness,
)
from ossmend.config.kinds import OneKind
from ossmend.config.policy import Brakes, Match, Money, OverallBrakes, Policies, Policy, StoredRule
from ossmend.config.prices import Prices
from ossmend.config.retention import CaseCeilings, Retention
from ossmend.config.sources.registry import SOURCES, SourceSettings
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.console import code_of
from ossmend.remediators.contract.settings import Duration, Settings
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef
from ossmend.remediators.settings.cors import CorsSettings

STATE_DIRECTORY = "/var/lib/ossmend"


def _state_directory() -> Path:
    """Systemd lists what StateDirectory= made, with colons between; ours is the first."""
    return Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or STATE_DIRECTORY)


class StateConfig(Settings):
    """Where the journal is kept: a directory of its own, or a PostgreSQL database that several machines work together.
    Say `path` or `url`, not both.
    """

    path: AbsolutePath = Field(default_factory=_state_directory)
    """A directory. Default: $STATE_DIRECTORY, which systemd sets, else /var/lib/ossmend."""
    url: StateUrl | None = None
    """The same as a URL, sqlite:////DIRECTORY; or postgresql://USER@HOST/DATABASE, without a password."""
    password: Secret | None = None
    """Of the database's user. Default: what libpq finds, $PGPASSFILE or $PGPASSWORD."""
    node: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """This machine's name among those that share a database; it has to stay the same. Default: the host's name."""

    @property
    def database(self) -> str | None:
        """The URL of the database, where it is one that machines share."""
        return self.url if self.url is not None and self.url.startswith(POSTGRES) else None

    @model_validator(mode="before")
    @classmethod
    def _path_of_url(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(url := values.get("url"), str):
            return values
        if "path" in values:
            raise ValueError("expected path or url, not both")
        return values | {"path": url.removeprefix(SQLITE)} if url.startswith(f"{SQLITE}/") else values

    @model_validator(mode="after")
    def _only_of_a_database(self) -> StateConfig:
        if self.database is None and (self.password is not None or self.node is not None):
            raise ValueError("password and node belong to a database: url: postgresql://USER@HOST/DATABASE")
        return self


class SourceConfig(OneKind):
    """One place where error events come from: exactly one of the kinds."""

    @property
    def given(self) -> SourceSettings:
        found: SourceSettings = super().given
        return found

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def trust(self) -> Trust:
        return self.given.trust

    @property
    def witness(self) -> Witness | None:
        return self.given.witness


class ClockConfig(Settings):
    """How this machine's clock is watched. OSS refuses every request from 15 minutes of drift on."""

    ntp_servers: tuple[Host, ...] = ("ntp.aliyun.com",)
    """SNTP servers, host or host:port; [] means OSS's own clock only, which is the one that refuses."""
    every: Period = timedelta(minutes=10)
    """How often it is measured, without any event."""


class Notify(OneKind):
    """One way to tell people, beside the log, where every notice is a line: exactly one of the kinds."""

    @property
    def given(self) -> ChannelSettings:
        found: ChannelSettings = super().given
        return found


if TYPE_CHECKING:
    Sources = tuple[SourceConfig, ...]
    Channels = tuple[Notify, ...]
else:
    # The file's entries have a field for each kind; everybody else asks for what is `given`.
    kinds.load(sources)
    kinds.load(channels)
    Sources = kinds.entries("SourceConfig", SourceConfig, SOURCES)
    Channels = kinds.entries("Notify", Notify, CHANNELS)


class LogConfig(Settings):
    """ossmend's own log, on stderr."""

    format: Literal["auto", "json", "console"] = "auto"
    """json: a line each, for machines. console: time, event and fields, for people. auto: console where stderr is a
    terminal, else json.
    """
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level that is logged."""


class Config(Settings):
    """Everything that steers ossmend."""

    version: Version
    """Version of this file's format: 1."""
    cloud: CloudConfig
    """Where the cloud is, and how patiently it is asked."""
    accounts: Accounts = ()
    """More than one account, each with credentials, limits and brakes of its own. Default: the one of `cloud`."""
    state: StateConfig = Field(default_factory=StateConfig)
    """Where the journal is kept."""
    sources: Sources = ()
    """Where error events come from."""
    mode: Mode = "dry-run"
    """For every policy that does not say its own. dry-run plans only, approve asks a person, enforce writes."""
    brakes: OverallBrakes = OverallBrakes()
    """Limits on what all policies write together, in each account."""
    prices: Prices = Prices()
    """What restores cost."""
    cors_rules: Mapping[Name, StoredRule] = {}
    """CORS rules that a person has approved, by name; a policy's `cors.rule` names one."""
    policies: Policies = ()
    """Tried in this order; the first that fits takes the event."""
    quiet: Duration = timedelta(hours=24)
    """A told case closes when nothing of it was seen for so long."""
    recurrence: Duration = timedelta(days=7)
    """A closed case that is seen again within this time is reopened, and counts as a recurrence."""
    cases: CaseCeilings = CaseCeilings()
    """How many cases may be open."""
    retention: Retention = Retention()
    """How long, and how many, closed cases and entries are kept."""
    clock: ClockConfig = ClockConfig()
    """How this machine's clock is watched."""
    notify: Channels = ()
    """Whom to tell."""
    log: LogConfig = LogConfig()
    """ossmend's own log."""

    @property
    def channels(self) -> tuple[ChannelSettings, ...]:
        """Whom to tell, beside the log."""
        return tuple(each.given for each in self.notify)

    def taking(self, event: Event) -> Policy | None:
        """The policy that takes an event: the first in the file that is enabled, has its code and fits. The only place
        that knows; None: no policy takes it, and a person is told.
        """
        for policy in self.policies:
            asked = policy.enabled and code_of(event) in policy.on and policy.works_in(event.account)
            if asked and policy.match.fits(event):
                return policy
        return None

    @cached_property
    def clouds(self) -> Mapping[str, CloudConfig]:
        """Where each account is asked, by its name, in the order of the file."""
        return clouds(self.cloud, self.accounts)

    @property
    def home(self) -> AccountRef:
        """The first account: what belongs to none of them (this machine's clock) is asked with its credentials."""
        return AccountRef(next(iter(self.clouds)))

    def account_of(self, source: SourceSettings) -> AccountRef:
        """Whose events a source has; ANY_ACCOUNT where it says none and there are several."""
        if source.account is not None:
            return AccountRef(source.account)
        return self.home if len(self.clouds) == 1 else ANY_ACCOUNT

    def settled(self, event: Event, policy: Policy | None) -> AccountRef:
        """The account of an event that has been taken: its source's, else its policy's, else the first one."""
        if event.account != ANY_ACCOUNT:
            return event.account
        return AccountRef(policy.account) if policy is not None and policy.account not in (None, ALL) else self.home

    def domains_of(self, account: AccountRef) -> dict[str, str]:
        """Host -> the bucket whose own domain it is; of all accounts where nobody says which one."""
        clouds = (cloud for name, cloud in self.clouds.items() if account in (AccountRef(name), ANY_ACCOUNT))
        pairs = (pair for cloud in clouds for pair in cloud.domains.items())
        return {urlsplit(domain).hostname or "": bucket for bucket, domain in pairs}

    @property
    def has_witness(self) -> bool:
        """Is there a source of high trust? Then room is kept for what it tells."""
        return any(source.trust == "high" for source in self.sources)

    def asks_witness(self, source: str, policy: Policy) -> bool:
        """Must OSS's own log confirm what that source tells, before the policy writes?"""
        return policy.confirm is not None or source in self._with_witness

    @cached_property
    def _with_witness(self) -> frozenset[str]:
        """Names of sources; asked for at every look at a case."""
        return frozenset(each.name for each in self.sources if each.witness)

    @cached_property
    def digest(self) -> str:
        """Changes with everything that plans are made by, so that open cases are planned again. Knows no secret."""
        parts = {"brakes", "prices", "cors_rules", "policies", "quiet", "recurrence"}
        told = self.model_dump(mode="json", include=parts)
        told["sources"] = sorted((each.name, each.trust, each.witness or "") for each in self.sources)
        places = {"region", "endpoint", "rpc_endpoint"}
        if any(each.domains for each in self.clouds.values()):
            places.add("domains")
        told["cloud"] = self.cloud.model_dump(mode="json", include=places)
        if self.accounts:
            told["accounts"] = {
                name: each.model_dump(mode="json", include=places) for name, each in self.clouds.items()
            }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    def effective(self) -> Config:
        """The same, with what policies inherit written out in each: the file's defaults, and the stored CORS rules."""
        return self.model_copy(update={"policies": tuple(self._effective(policy) for policy in self.policies)})

    def _effective(self, policy: Policy) -> Policy:
        inherited = {"mode", "quiet", "recurrence"} - policy.model_fields_set
        changes: dict[str, object] = {name: getattr(self, name) for name in inherited}
        cors = policy.section("cors")
        if isinstance(cors, CorsSettings) and cors.rule is not None:
            changes["cors"] = cors.model_copy(update={"stored": self.cors_rules[cors.rule].as_rule()})
        return policy.model_copy(update=changes)


__all__ = [
    "Brakes",
    "CaseCeilings",
    "ClockConfig",
    "CloudConfig",
    "Config",
    "CredentialsConfig",
    "LogConfig",
    "Match",
    "Money",
    "Notify",
    "OverallBrakes",
    "Policy",
    "Prices",
    "Retention",
    "SourceConfig",
    "StateConfig",
    "StoredRule",
]
