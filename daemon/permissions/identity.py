"""The `credentials:` of an account -> what its policy is attached to: a RAM user or a role. Asks nobody."""

from __future__ import annotations

from ossmend.config.model import Config
from ossmend.daemon.cloud.credentials import World, open_credentials
from ossmend.daemon.host.stops import CredentialsRefused
from ossmend.daemon.permissions.needs import Identity

OF_A_ROLE = frozenset({"ecs_role", "oidc", "assume_role"})
"""Kinds of credentials that are a role's wherever they are used."""


def identity_of(config: Config, account: str) -> Identity:
    """A profile, and what the standard chain finds here, may be either: what is here is looked at, as at a start. A
    policy may be written where nothing is to be found, for another machine: then it is a user's, as most are.
    """
    cloud = config.clouds[account]
    if cloud.credentials is not None and cloud.credentials.kind in OF_A_ROLE:
        return "role"
    try:
        provider = open_credentials(cloud.credentials, World())
    except CredentialsRefused:
        return "user"
    return "user" if provider.lasting else "role"


def assumed_role(config: Config, account: str) -> str | None:
    """The role that the configuration has it assume: for that somebody else needs a right of his own."""
    credentials = config.clouds[account].credentials
    role = credentials.assume_role if credentials is not None else None
    return role.arn if role is not None else None
