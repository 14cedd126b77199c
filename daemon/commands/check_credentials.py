"""What the configuration says of credentials, opened as `run` opens them, and nothing asked: what would be refused?

A file that says where its credentials come from is refused as `run` would refuse it, at its place. What the standard
chain finds hangs on who looks: variables that are wrong are wrong for the service as well, but a person's own profiles
are none of its business, and are doubted. Where there is nothing at all nothing is said: the service has its own
environment. check.py calls this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ossmend.config.accounts import CloudConfig
from ossmend.config.credentials import CredentialsConfig
from ossmend.config.model import Config
from ossmend.config.problems import Doubt, Where, file_name
from ossmend.config.rights import user
from ossmend.daemon.cloud.credentials import World, open_credentials
from ossmend.daemon.host.stops import CredentialsAbsent, CredentialsRefused

NO_HOME = Path("/dev/null")


def refused(config: Config) -> Iterator[Doubt]:
    """What keeps `run` from starting, whoever starts it."""
    for where, cloud in _clouds(config):
        world = _world(cloud)
        if _base(cloud.credentials).kind == "chain":
            world = replace(world, home=NO_HOME)
        try:
            open_credentials(cloud.credentials, world)
        except CredentialsAbsent:
            continue
        except CredentialsRefused as why:
            yield where, str(why), None


def doubted(config: Config, environment: Mapping[str, str] = os.environ) -> Iterator[Doubt]:
    """What keeps it from starting as who looks, and a token that is not there yet."""
    for where, cloud in _clouds(config):
        said = _base(cloud.credentials)
        try:
            open_credentials(cloud.credentials, _world(cloud))
        except CredentialsAbsent as why:
            if said.kind != "chain":
                yield where, f"{why}; here it is not", None
        except CredentialsRefused as why:
            yield where, f"{why}; {user()} could not run ossmend so", None
        else:
            yield from _token(where, said, environment)


def _token(where: Where, said: CredentialsConfig, environment: Mapping[str, str]) -> Iterator[Doubt]:
    """It is read when it is used: `run` starts without, and can ask nobody anything."""
    if said.oidc is None:
        return
    file = str(said.oidc.token_file or environment.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE", ""))
    if not os.access(file, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        yield (*where, "oidc", "token_file"), f"there is no token in {file_name(file)} that {user()} may read", None


def _base(said: CredentialsConfig | None) -> CredentialsConfig:
    """What stands at the end of roles that are assumed with other credentials."""
    while said is not None and said.assume_role is not None:
        said = said.assume_role.base
    return said or CredentialsConfig()


def _clouds(config: Config) -> Iterator[tuple[Where, CloudConfig]]:
    places: dict[str, Where] = {
        each.name: ("accounts", index, "credentials")
        for index, each in enumerate(config.accounts)
        if each.credentials is not None
    }
    for name, cloud in config.clouds.items():
        yield places.get(name, ("cloud", "credentials")), cloud


def _world(cloud: CloudConfig) -> World:
    return World(sts=cloud.rpc_endpoint, metadata=cloud.metadata_endpoint)
