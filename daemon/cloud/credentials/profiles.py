"""A profile's file -> the settings that say the same, read again when the file has changed.

The library reads such a file once and for ever, and does not tell when the session of a profile ends. So the file is
read here, and what it says is opened like the same settings in ossmend.yaml. Two formats: the JSON of the Alibaba
Cloud CLI, and the SDKs' INI.
"""

from __future__ import annotations

import configparser
import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from ossmend.config.credentials import CredentialsConfig
from ossmend.daemon.cloud.credentials.pair import Credentials, Provider
from ossmend.daemon.cloud.credentials.said import logger
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.stops import CredentialsRefused

LOOK = 1.0
"""Seconds between two looks at the file's time."""
MOST_BYTES = 1024 * 1024
_CHAINS = 5
"""Profiles that a profile may lead to, one after the other."""
_NAMES: Mapping[str, str] = {
    "AK": "static", "StsToken": "static", "RamRoleArn": "role", "ChainableRamRoleArn": "role", "EcsRamRole": "ecs",
    "OIDC": "oidc", "access_key": "static", "ram_role_arn": "role", "ecs_ram_role": "ecs", "oidc_role_arn": "oidc",
}  # fmt: skip
"""The CLI's modes, then the INI's types."""


def read(file: Path, name: str | None) -> CredentialsConfig:
    """What the profile says; None: the one that the file calls current or default. Raises CredentialsRefused."""
    profiles, current = _profiles(file)
    return _settings(file, profiles, name or current, _CHAINS)


def _profiles(file: Path) -> tuple[dict[str, dict[str, Any]], str]:
    """Every profile by its name, and which one is meant where none is named."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES).decode()
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8"
        raise CredentialsRefused(f"the profiles in {file} cannot be read: {why}") from None
    try:
        return _of_cli(text) if text.lstrip().startswith("{") else (_of_ini(text), "default")
    except (ValueError, TypeError, AttributeError, RecursionError, configparser.Error):
        raise CredentialsRefused(f"{file} is neither whole JSON of the Alibaba Cloud CLI nor an INI file") from None


def _of_cli(text: str) -> tuple[dict[str, dict[str, Any]], str]:
    told = json.loads(text)
    return {str(each.get("name")): dict(each) for each in told.get("profiles") or []}, str(
        told.get("current") or "default"
    )


def _of_ini(text: str) -> dict[str, dict[str, Any]]:
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#",))
    parser.read_string(text)
    return {section: dict(parser.items(section)) for section in parser.sections()}


# ------------------------------------------------------------------------------------------------------ one profile


def _settings(file: Path, profiles: Mapping[str, dict[str, Any]], name: str, left: int) -> CredentialsConfig:
    where = f"profile {name!r} in {file}"
    profile = profiles.get(name)
    if profile is None:
        raise CredentialsRefused(f"there is no {where}; there are: {', '.join(sorted(profiles)) or 'none'}")
    mode = str(profile.get("mode") or profile.get("type") or "")
    if profile.get("policy"):
        raise CredentialsRefused(f"{where} narrows the session by a policy, which is not read: use assume_role")
    match _NAMES.get(mode):
        case "static":
            said = _pair(where, profile)
        case "ecs":
            said = {"ecs_role": profile.get("ram_role_name") or profile.get("role_name") or "auto"}
        case "oidc":
            said = {"oidc": _oidc(profile)}
        case "role":
            said = {"assume_role": _role(profile) | {"from": _base(file, profiles, profile, where, left)}}
        case _:
            raise CredentialsRefused(f"{where} is of a kind that a service cannot use: {mode or 'none is said'}")
    return _valid(where, said)


def _pair(where: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    key_id, secret = (str(profile.get(name) or "") for name in ("access_key_id", "access_key_secret"))
    if not key_id or not secret:
        there, missing = ("access_key_id", "access_key_secret") if key_id else ("access_key_secret", "access_key_id")
        said = f"{there} without {missing}" if key_id or secret else "neither access_key_id nor access_key_secret"
        raise CredentialsRefused(f"{where} has {said}; it needs both")
    token = str(profile.get("sts_token") or profile.get("security_token") or "")
    said_pair = {"access_key_id": SecretStr(key_id), "access_key_secret": SecretStr(secret)}
    return said_pair | ({"security_token": SecretStr(token)} if token else {})


def _role(profile: Mapping[str, Any]) -> dict[str, Any]:
    external = profile.get("external_id")
    return _given(
        arn=profile.get("ram_role_arn") or profile.get("role_arn"),
        external_id=SecretStr(str(external)) if external else None,
        session_name=profile.get("ram_session_name") or profile.get("role_session_name"),
        duration=_seconds(profile),
    )


def _oidc(profile: Mapping[str, Any]) -> dict[str, Any]:
    return _given(
        role_arn=profile.get("ram_role_arn") or profile.get("role_arn"),
        provider_arn=profile.get("oidc_provider_arn"),
        token_file=profile.get("oidc_token_file") or profile.get("oidc_token_file_path"),
        session_name=profile.get("role_session_name"),
        duration=_seconds(profile),
    )


def _seconds(profile: Mapping[str, Any]) -> str | None:
    seconds = profile.get("expired_seconds")
    return f"{seconds}s" if seconds else None


def _given(**settings: Any) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value}


def _base(
    file: Path, profiles: Mapping[str, dict[str, Any]], profile: Mapping[str, Any], where: str, left: int
) -> CredentialsConfig:
    """With whose credentials a profile's role is assumed: another profile's, or the pair beside it."""
    source = profile.get("source_profile")
    if not source:
        return _valid(where, _pair(where, profile))
    if left == 0:
        raise CredentialsRefused(f"{where}: its source profiles lead in a circle")
    return _settings(file, profiles, str(source), left - 1)


def _valid(where: str, said: Mapping[str, Any]) -> CredentialsConfig:
    try:
        return CredentialsConfig.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CredentialsRefused(f"{where}: {place}: {first['msg'].removeprefix('Value error, ')}") from None


# ----------------------------------------------------------------------------------------------------- and its changes


class FromProfile:
    """The credentials of a profile. Thread-safe. A file that has become unreadable changes nothing: it may be half
    written, and the log says so.
    """

    def __init__(
        self, file: Path, name: str | None, opened: Callable[[CredentialsConfig], Provider], clock: Clock
    ) -> None:
        """Raises CredentialsRefused: at the start there is nothing to go on with."""
        self._file = file
        self._name = name
        self._opened = opened
        self._clock = clock
        self._seen = _stamp(file)
        self._settings = read(file, name)
        self._provider = opened(self._settings)
        self._look_at = clock.monotonic() + LOOK
        self._kept_out: str | None = None
        self._lock = threading.Lock()

    @property
    def lasting(self) -> bool:
        return self._provider.lasting

    @property
    def trouble(self) -> str | None:
        """The next start would be refused for it."""
        return self._kept_out or self._provider.trouble

    def get_credentials(self) -> Credentials:
        if self._clock.monotonic() >= self._look_at:
            self._look()
        return self._provider.get_credentials()

    def renew(self, access_key_id: str) -> bool:
        before = self._provider
        self._look()
        return self._provider is not before or self._provider.renew(access_key_id)

    def _look(self) -> None:
        log = logger()
        with self._lock:
            self._look_at = self._clock.monotonic() + LOOK
            stamp = _stamp(self._file)
            if stamp == self._seen:
                return
            self._seen = stamp
            try:
                settings = read(self._file, self._name)
                provider = self._provider if settings == self._settings else self._opened(settings)
            except CredentialsRefused as refused:
                self._kept_out = f"{refused}; the credentials from before are kept"
                log.warning("credentials.kept", file=str(self._file), profile=self._name or "", why=str(refused))
                return
            self._kept_out = None
            if provider is self._provider:
                return
            self._provider, self._settings = provider, settings
        log.info("credentials.reread", file=str(self._file), profile=self._name or "")


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino
