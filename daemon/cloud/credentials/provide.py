"""`credentials:` of the configuration -> the one provider that signs for that account.

Nothing is asked here: a role is fetched when something is first signed, so that a metadata service or STS that is away
keeps no daemon from starting. What can be seen without asking is refused at once: half a pair, a profile that is not
there, a variable that is missing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakValueDictionary

from ossmend.config.credentials import AUTO, AssumedRole, CredentialsConfig, OidcCredentials
from ossmend.daemon.cloud.credentials import chain, library
from ossmend.daemon.cloud.credentials.kept import Fetched, Kept, NotFetched
from ossmend.daemon.cloud.credentials.pair import Provider, from_environment, static
from ossmend.daemon.cloud.credentials.profiles import FromProfile
from ossmend.daemon.host.clock import Clock, SystemClock
from ossmend.daemon.host.stops import CredentialsAbsent, CredentialsRefused

SYSTEM_CLOCK = SystemClock()
_sessions: WeakValueDictionary[tuple[object, ...], Kept] = WeakValueDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What credentials come from, beside the settings."""

    clock: Clock = SYSTEM_CLOCK
    sts: str | None = None
    """STS, with its scheme; None: the public endpoint, or the one that ALIBABA_CLOUD_STS_REGION and
    ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED name.
    """
    metadata: str | None = None
    """The metadata service, `http://127.0.0.1:PORT`; None: the real one."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    home: Path = field(default_factory=lambda: Path(os.environ.get("HOME") or "/"))
    product: Path = chain.PRODUCT
    """Where the machine says that it is an ECS instance."""


def open_credentials(settings: CredentialsConfig | None, world: World) -> Provider:
    """None: the standard chain. Raises CredentialsRefused."""
    settings = settings or CredentialsConfig()
    match settings.kind:
        case "static":
            return _given(settings)
        case "environment":
            return from_environment(world.environment)
        case "profile":
            return _named_profile(settings, world)
        case "ecs_role":
            return _ecs(None if settings.ecs_role == AUTO else settings.ecs_role, world)
        case "oidc":
            assert settings.oidc is not None
            return _oidc(settings.oidc, world)
        case "assume_role":
            assert settings.assume_role is not None
            return _assumed(settings.assume_role, world)
        case "chain":
            return _chain(world)


def _given(settings: CredentialsConfig) -> Provider:
    assert settings.access_key_id is not None
    assert settings.access_key_secret is not None
    token = settings.security_token.get_secret_value() if settings.security_token is not None else None
    return static(settings.access_key_id.get_secret_value(), settings.access_key_secret.get_secret_value(), token)


def _chain(world: World) -> Provider:
    match chain.found(world.environment, world.home, world.product):
        case chain.Oidc():
            return _oidc(OidcCredentials(), world)
        case chain.Profile(file, name):
            return _profile(file, name, world)
        case chain.EcsRole(name):
            return _ecs(name, world)
        case given:
            return given


def _named_profile(settings: CredentialsConfig, world: World) -> Provider:
    file = settings.profile_file or chain.profile_file(world.environment, world.home)
    if file is None:
        raise CredentialsRefused(
            f"profile {settings.profile!r}: there is no file with profiles; name it by profile_file"
        )
    return _profile(file, settings.profile, world)


def _profile(file: Path, name: str | None, world: World) -> Provider:
    return FromProfile(file, name, lambda settings: open_credentials(settings, world), world.clock)


def _ecs(name: str | None, world: World) -> Provider:
    return _kept(f"ecs_role {name or AUTO}", lambda: library.ecs_role(name, world.metadata), world, name)


def _oidc(settings: OidcCredentials, world: World) -> Provider:
    environment = world.environment
    role_arn = settings.role_arn or environment.get("ALIBABA_CLOUD_ROLE_ARN", "")
    provider_arn = settings.provider_arn or environment.get("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "")
    token_file = str(settings.token_file or environment.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE", ""))
    if not (provider_arn or token_file or settings.role_arn):  # a role's ARN alone is no half: other tools read it, too
        raise CredentialsAbsent(f"oidc: neither the file nor the environment says it: set {', '.join(chain.OIDC)}")
    for value, setting, variable in zip(
        (provider_arn, token_file, role_arn), ("provider_arn", "token_file", "role_arn"), chain.OIDC, strict=True
    ):
        if not value:
            raise CredentialsRefused(f"oidc: neither {setting} nor ${variable} says it")
    session = library.Session(role_arn, settings.session_name, settings.duration)
    return _kept(
        f"oidc {role_arn}",
        lambda: library.assume_role_with_oidc(provider_arn, token_file, session, world.sts),
        world,
        (provider_arn, token_file, session),
    )


def _assumed(settings: AssumedRole, world: World) -> Provider:
    base = open_credentials(settings.base, world)
    external_id = settings.external_id.get_secret_value() if settings.external_id is not None else None
    session = library.Session(settings.arn, settings.session_name, settings.duration)

    def ask() -> Fetched:
        return library.assume_role(base.get_credentials(), session, external_id, world.sts)

    return _kept(f"assume_role {settings.arn}", lambda: _once_more(ask, base), world, settings)


def _kept(name: str, fetch: Callable[[], Fetched], world: World, what: object) -> Kept:
    """One for everybody who means the same: accounts share a base, and a configuration that is read again while STS is
    away goes on with the session that it had.
    """
    key = (name, what, world.sts, world.metadata, id(world.clock), id(world.environment))
    with _lock:
        found = _sessions.get(key)
        if found is None:
            found = _sessions[key] = Kept(name, fetch, world.clock)
        return found


def _once_more(ask: Callable[[], Fetched], base: Provider) -> Fetched:
    """With a fresh base, where the one that it was asked with is over."""
    before = base.get_credentials().access_key_id
    try:
        return ask()
    except NotFetched as failed:
        if failed.spent and base.renew(before):
            return ask()
        raise
