"""What a policy says: which events it takes, with which settings, in which mode, within which limits.

The settings of each remediator stand in a section of their own (`restore`, `cors`, ...), whose class lives beside the
remediator's code. The sections are found in the registry, so that a new remediator brings its own along: see
`sections`. model.py puts policies and everything else together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model

from ossmend import remediators
from ossmend.config.accounts import ALL, AccountName
from ossmend.config.fields import (
    Amount,
    AmountLimit,
    BucketPattern,
    ClientPattern,
    Currency,
    Header,
    HeaderPattern,
    KeyPattern,
    Limit,
    Mode,
    Name,
    Origin,
    Pattern,
    Share,
    Witness,
    text,
    unlimited,
)
from ossmend.config.globs import fits
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.settings import Duration, NoSettings, Settings
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef, CorsRule
from ossmend.remediators.contract.write import Place

CODE = text("[A-Za-z][A-Za-z0-9.]{1,99}", "expected an error code as OSS writes it, like InvalidObjectState")


class Match(Settings):
    """Which events a policy takes: all patterns that are given must fit. What an event does not tell fits no pattern,
    not even "*". Case matters; globs.py says what the wildcards mean.
    """

    bucket: BucketPattern | None = None
    """Bucket. `*` is any run of characters, `?` is one. All buckets: "*", which has to be said."""
    key: KeyPattern | None = None
    """Object key, decoded. `*` and `?` stop at a slash, `**` does not: "2024/**" is everything below 2024/."""
    access_key_id: Pattern | None = None
    """Access key id of the refused request."""
    client: ClientPattern | None = None
    """Address of the client: "10.0.*"."""
    user_agent: Pattern | None = None
    """What the client called itself: "*aliyun-sdk-python*"."""
    origin: Pattern | None = None
    """Origin of the page, for refused preflights: "https://*.example.com"."""

    @property
    def is_empty(self) -> bool:
        return self == Match()

    def fits(self, event: Event) -> bool:
        """Does the policy take this event?"""
        return (
            fits(self.bucket, event.bucket)
            and fits(self.key, event.key, path=True)
            and fits(self.access_key_id, event.access_key_id)
            and fits(self.client, event.client)
            and fits(self.user_agent, event.user_agent)
            and fits(self.origin, event.origin)
        )

    def covers(self, place: Place | None, event: Event) -> bool:
        """May this be written to because of that event? The place is asked about itself, whoever has chosen it: the
        source of a copy, a second reading, a decoded key. On what a place does not say (the client, the origin, for a
        bucket the key) the event speaks; None, which lies in no bucket, says nothing at all.
        """
        if place is None:
            return self.fits(event)
        key = event.key if place.key is None else place.key
        return self.fits(replace(event, bucket=place.bucket, key=key))


class Money(Settings):
    """An amount of money."""

    amount: Amount
    """How much."""
    currency: Currency = "CNY"
    """Three capitals; must be the currency of `prices`."""


MoneyLimit = Annotated[Money | None, BeforeValidator(unlimited)]
"""Money; `unlimited` is None."""


class Brakes(Settings):
    """Limits on a policy's own writes, beside the overall ones. A limit that is left out does not hold."""

    writes_per_hour: Limit = None
    """Writes in any 60 minutes."""
    objects_per_day: Limit = None
    """Objects restored in any 24 hours."""
    restore_gib_per_day: AmountLimit = None
    """GiB restored in any 24 hours."""
    cost_per_day: MoneyLimit = None
    """Cost of all writes in any 24 hours, by `prices`. A write without a known price waits for approval."""
    calls_per_minute: Limit = None
    """Writing calls in any minute."""


class OverallBrakes(Brakes):
    """Limits on what all policies write together in one account, shared by every node: of several accounts each has as
    much. They are on by default; the word `unlimited` takes one off.
    """

    writes_per_hour: Limit = 100
    """Writes in any 60 minutes. 100 is a busy night; a thousand is a mistake in a pattern."""
    objects_per_day: Limit = 1000
    """Objects restored in any 24 hours."""
    restore_gib_per_day: AmountLimit = Decimal(100)
    """GiB restored in any 24 hours."""
    cost_per_day: MoneyLimit = Money(amount=Decimal(50), currency="CNY")
    """Cost of all writes in any 24 hours, by `prices`. A write without a known price waits for approval."""
    calls_per_minute: Limit = 600
    """Writing calls in any minute; far below OSS's own limits."""
    low_trust_share: Share = Decimal("0.5")
    """How much of each limit, here and in policies, may go to what only sources of low trust tell, 0 to 1. It holds as
    soon as the file has a source of high trust: the rest is kept for that one. A limit on numbers leaves one at least.
    """


class StoredRule(Settings):
    """A CORS rule that a person has approved by writing it here; no other is ever merged into a bucket. Its limits are
    OSS's own.
    """

    allowed_origins: Annotated[tuple[Origin, ...], Field(min_length=1)]
    """Scheme, host and port as browsers send them; at most one `*` in each. "*" alone is every site."""
    allowed_methods: Annotated[tuple[Literal["GET", "PUT", "DELETE", "POST", "HEAD"], ...], Field(min_length=1)]
    """OSS knows these five; OPTIONS is never named."""
    allowed_headers: tuple[HeaderPattern, ...] = ()
    """Headers a page may send, without regard to case; at most one `*` in each. Default: none."""
    expose_headers: tuple[Header, ...] = ()
    """Headers a page may read; no `*`. Default: none."""
    max_age_seconds: Annotated[int, Field(ge=0, le=999_999_999)] | None = None
    """Seconds browsers may remember the answer. Default: their own."""

    def as_rule(self) -> CorsRule:
        return CorsRule(
            allowed_origins=self.allowed_origins,
            allowed_methods=self.allowed_methods,
            allowed_headers=self.allowed_headers,
            expose_headers=self.expose_headers,
            max_age_seconds=self.max_age_seconds,
        )


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


_CODES = {"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}


class Policy(Settings):
    """Which events, which settings, which mode and limits. Policies are tried in the order of the file, and the first
    that fits takes the event; what none takes is told to a person, never acted on.
    """

    name: Name
    """Unique; cases, logs and brakes call the policy by it."""
    on: Annotated[
        tuple[Annotated[str, CODE], ...],
        BeforeValidator(_listed),
        Field(min_length=1),
        WithJsonSchema({"anyOf": list(_CODES)}),
    ]
    """The error code, or a list of them."""
    account: AccountName | None = None
    """Whose events: the name of an account, or "*" for each of `accounts`. Default: each, for a policy that cannot
    write; one that can must say it as soon as there are several. It writes in the event's account and in no other.
    """
    match: Match = Match()
    """Which events. A policy that can write must say it, and must name the bucket."""
    mode: Mode = "dry-run"
    """Default: the `mode` of the whole file."""
    enabled: bool = True
    """false: the policy takes nothing, as if it were not there."""
    quiet: Duration = timedelta(hours=24)
    """A told case closes when nothing of it was seen for so long. Default: the `quiet` of the whole file."""
    recurrence: Duration = timedelta(days=7)
    """A closed case that is seen again within this time is reopened. Default: the `recurrence` of the whole file."""
    confirm: Witness | None = None
    """access_log: before it writes for what only a source of low trust tells, OSS's own access log must tell that
    refusal, too. In a bucket it comes hourly, in the log service within three minutes; a person is told after 24 h.
    Needs an access_log or sls source. Default: not asked.
    """
    brakes: Brakes | None = None
    """Limits of this policy's own; the overall ones hold as well. Default: none."""

    def works_in(self, account: AccountRef) -> bool:
        """May it take what belongs to that account, and write there?"""
        return self.account in (None, ALL, account.account) or account == ANY_ACCOUNT

    def section(self, name: str) -> Settings | None:
        """The remediator's settings of that name as the file has them; None where it has none."""
        found: Settings | None = getattr(self, name, None)
        return found

    def settings_for(self, code: str) -> Settings:
        """The settings of that code's remediator: as given, else its defaults."""
        remediator = Remediator.registry.get(code)
        if remediator is None:
            return NoSettings()
        given = self.section(remediator.section) if remediator.section else None
        return given if given is not None else _defaults(remediator.settings)

    @property
    def writes(self) -> frozenset[str]:
        """Operations this policy could ever ask for, whatever its mode."""
        return frozenset(
            operation
            for code in self.on
            if (remediator := Remediator.registry.get(code)) is not None
            for operation in remediator.may_write(self.settings_for(code))
        )

    @property
    def can_write(self) -> bool:
        return bool(self.writes)


@cache
def _defaults(settings: type[Settings]) -> Settings:
    """Frozen, so one is enough: every event asks."""
    return settings()


def sections() -> Mapping[str, type[Settings]]:
    """Every section a policy may have, with its class: one for each remediator that has something to set."""
    known = (Remediator.registry[code] for code in remediators.CODES)
    return {each.section: each.settings for each in known if each.section is not None}


def _fields() -> dict[str, Any]:
    """The sections as fields: none is required, and each says whose it is."""
    fields = {}
    for name, settings in sections().items():
        codes = ", ".join(code for code in remediators.CODES if Remediator.registry[code].section == name)
        fields[name] = (settings | None, Field(None, description=f"For {codes}. {settings.__doc__}"))
    return fields


if TYPE_CHECKING:
    Policies = tuple[Policy, ...]
else:
    # The file's policies have a field for each section; everybody else asks a Policy with `settings_for`.
    Policies = tuple[create_model("Policy", __base__=Policy, __doc__=Policy.__doc__, **_fields()), ...]
