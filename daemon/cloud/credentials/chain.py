"""A machine without settings -> which of its credentials are meant: the standard chain, gone through at the start.

The first that is there is taken, and only that one, for as long as the process lives: no call is made to find out.
Half of something is refused by name, for whoever set it had a reason: (1) the key pair of the environment, (2) the
variables of an OIDC role, (3) a profile, (4) the role of the ECS instance. provide.py opens what is found.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ossmend.config.credentials import AUTO
from ossmend.daemon.cloud.credentials.pair import FAMILIES, StaticProvider, pair_of
from ossmend.daemon.cloud.credentials.profiles import read
from ossmend.daemon.host.stops import CredentialsAbsent, CredentialsRefused

OIDC = ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN")
PROFILE, PROFILE_FILE = "ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"
ECS_ROLE, NO_ECS, NO_CLI = (
    "ALIBABA_CLOUD_ECS_METADATA", "ALIBABA_CLOUD_ECS_METADATA_DISABLED", "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
)  # fmt: skip
PRODUCT = Path("/sys/class/dmi/id/product_name")
ECS = "Alibaba Cloud ECS"
"""What the firmware of an instance calls it. Elsewhere the address of the metadata service may be a stranger's."""


@dataclass(frozen=True, slots=True)
class Oidc:
    role_arn: str
    provider_arn: str
    token_file: str


@dataclass(frozen=True, slots=True)
class Profile:
    file: Path
    name: str | None


@dataclass(frozen=True, slots=True)
class EcsRole:
    name: str | None
    """None: whichever the instance has."""


Link = StaticProvider | Oidc | Profile | EcsRole


def found(environment: Mapping[str, str], home: Path, product: Path) -> Link:
    """The first link that is there. Raises CredentialsRefused where none is, or half of one."""
    first = pair_of(environment) or oidc_of(environment) or _profile(environment, home) or _ecs(environment, product)
    if first is None:
        names = " or ".join(f"{key_id} and {secret}" for key_id, secret, _ in FAMILIES)
        raise CredentialsAbsent(
            f"no credentials: set {names} in the environment, or say in cloud.credentials where they come from"
        )
    return first


def oidc_of(environment: Mapping[str, str]) -> Oidc | None:
    """A role's ARN alone is no half: other tools read it, too."""
    provider_arn, token_file, role_arn = (environment.get(name, "") for name in OIDC)
    if not (provider_arn or token_file):
        return None
    missing = [name for name in OIDC if not environment.get(name)]
    if missing:
        there = [name for name in OIDC if environment.get(name)]
        raise CredentialsRefused(f"{' and '.join(there)} without {' and '.join(missing)}: set all three or none")
    return Oidc(role_arn, provider_arn, token_file)


def profile_file(environment: Mapping[str, str], home: Path) -> Path | None:
    """Where profiles are: the file that the environment names, else the CLI's or the SDKs' in the home directory."""
    if environment.get(PROFILE_FILE):
        return Path(environment[PROFILE_FILE])
    cli = () if environment.get(NO_CLI, "").lower() == "true" else (home / ".aliyun/config.json",)
    known = (*cli, home / ".alibabacloud/credentials.ini")
    return next((file for file in known if os.path.isfile(file)), None)  # noqa: PTH113  # Path's own raises in a closed home


def _profile(environment: Mapping[str, str], home: Path) -> Profile | None:
    file, name = profile_file(environment, home), environment.get(PROFILE) or None
    if file is None:
        if name is not None:
            raise CredentialsRefused(f"{PROFILE} names {name!r}, and there is no file with profiles in {home}")
        return None
    read(file, name)
    return Profile(file, name)


def _ecs(environment: Mapping[str, str], product: Path) -> EcsRole | None:
    if environment.get(NO_ECS, "").lower() == "true":
        return None
    name = environment.get(ECS_ROLE, "")
    if not name:
        try:
            is_ecs = product.read_text(errors="replace").strip() == ECS
        except OSError:
            is_ecs = False
        return EcsRole(None) if is_ecs else None
    return EcsRole(None if name == AUTO else name)
