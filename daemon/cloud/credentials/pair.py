"""A key pair, given or from the environment -> a provider that always answers with it; and what a provider is.

Only two families of names are read: ALIBABA_CLOUD_*, then OSS_*. ALIYUN_* is not: the core SDK would prefer those
silently to whatever was configured, and half the calls would be made as somebody else. rpc.py keeps it from doing so.
kept.py is the other provider, for what has an end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ossmend.daemon.host.stops import CredentialsAbsent, CredentialsRefused
from ossmend.remediators.contract.verdict import TryAgain

FAMILIES: tuple[tuple[str, str, str], ...] = (
    ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
)
"""(key id, secret, token of temporary credentials), best first."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One set, with the method names that oss2 asks for."""

    access_key_id: str
    access_key_secret: str = field(repr=False)
    security_token: str | None = field(default=None, repr=False)

    def get_access_key_id(self) -> str:
        return self.access_key_id

    def get_access_key_secret(self) -> str:
        return self.access_key_secret

    def get_security_token(self) -> str | None:
        return self.security_token


OVER = ("SecurityTokenExpired", "InvalidSecurityToken", "InvalidAccessKeyId", "AccessKeyIdAndSecurityTokenNotMatch")
"""How the cloud says that a session has ended, or that its role is gone: the beginnings of its codes."""


class NoCredentials(TryAgain):
    """There are none that are valid just now: nothing was asked, and nothing was found out about anybody."""


class Provider(Protocol):
    """Asked anew for every signature, so that rotating credentials need nothing else. Thread-safe."""

    def get_credentials(self) -> Credentials:
        """Those that are valid now. Raises NoCredentials."""
        ...

    @property
    def lasting(self) -> bool:
        """A key without an end: of a RAM user, or of the account itself. A session is of a role, always."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why there are none that are valid, or why there will be none before long; None: all is well."""
        ...

    def renew(self, access_key_id: str) -> bool:
        """The cloud says that the token of this key is over. May there be another by now?"""
        ...


@dataclass(frozen=True, slots=True)
class StaticProvider:
    """Always the same credentials."""

    credentials: Credentials

    def get_credentials(self) -> Credentials:
        return self.credentials

    @property
    def lasting(self) -> bool:
        return self.credentials.security_token is None

    @property
    def trouble(self) -> None:
        return None

    def renew(self, access_key_id: str) -> bool:  # noqa: ARG002  # nobody renews what was given
        return False


def static(access_key_id: str, access_key_secret: str, security_token: str | None = None) -> StaticProvider:
    """Credentials that were given, checked for the mistakes that OSS reports as something else."""
    credentials = Credentials(access_key_id, access_key_secret, security_token or None)
    check(credentials, "the credentials")
    return StaticProvider(credentials)


def from_environment(environment: Mapping[str, str] = os.environ) -> StaticProvider:
    """The first family that is set. Half a pair is refused: the other half may be somebody else's."""
    found = pair_of(environment)
    if found is None:
        names = " or ".join(f"{id_name} and {secret_name}" for id_name, secret_name, _ in FAMILIES)
        raise CredentialsAbsent(f"no credentials: set {names} in the environment")
    return found


def pair_of(environment: Mapping[str, str]) -> StaticProvider | None:
    """The same; None where no family is set."""
    for id_name, secret_name, token_name in FAMILIES:
        key_id, secret, token = (environment.get(name, "") for name in (id_name, secret_name, token_name))
        if not (key_id or secret or token):
            continue
        missing = [name for name, value in ((id_name, key_id), (secret_name, secret)) if not value]
        if missing:
            there = [name for name, value in ((id_name, key_id), (secret_name, secret), (token_name, token)) if value]
            raise CredentialsRefused(f"{' and '.join(there)} without {' and '.join(missing)}; set both or none")
        credentials = Credentials(key_id, secret, token or None)
        check(credentials, f"{id_name}, {secret_name}")
        return StaticProvider(credentials)
    return None


def check(credentials: Credentials, where: str) -> None:
    """A blank or a line end copied along is the commonest typing error, and no header could carry it anyway."""
    if not credentials.access_key_id or not credentials.access_key_secret:
        raise CredentialsRefused(f"{where}: the key id or the secret is empty")
    for what, value in (
        ("key id", credentials.access_key_id),
        ("secret", credentials.access_key_secret),
        ("token", credentials.security_token or ""),
    ):
        if any(sign.isspace() or not sign.isprintable() or not sign.isascii() for sign in value):
            raise CredentialsRefused(f"{where}: the {what} has a blank, a line end or another sign that no {what} has")
