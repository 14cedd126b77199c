"""A log -> what keeps the service from reading it: for root, who reads everything and does not see it.

systemd makes a user for the service, who is in no group and sees no homes (systemd/ossmend.service: DynamicUser,
ProtectHome). A drop-in may say otherwise: its groups count here, and where it names a user nothing is said.
"""

from __future__ import annotations

import grp
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ossmend.config.rights import user

CONFIG = "etc/ossmend/ossmend.yaml"
"""The file that the service reads."""
UNIT = "ossmend.service"
UNITS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
HOMES = ("/home", "/root", "/run/user")
ACL = "system.posix_acl_access"
EXAMPLE = "/usr/share/doc/ossmend/ossmend.service.d/adm-logs.conf.example"
_SETTING = re.compile(r"^[ \t]*(User|SupplementaryGroups)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def is_meant(config: str, root: Path = Path("/")) -> bool:
    """Is it the service's configuration that root looks at, on a machine that has the service?"""
    units = (root / place / UNIT for place in UNITS)
    return os.geteuid() == 0 and is_its_file(config, root) and any(unit.is_file() for unit in units)


def is_its_file(config: str, root: Path = Path("/")) -> bool:
    return Path(config).absolute() == root / CONFIG


def closed(path: Path, root: Path = Path("/")) -> str | None:
    """Why the service could not read the file, and what to do; None: it could, or nobody can tell from here."""
    said = dict(_settings(root))
    if "User" in said:
        return None
    groups = set(said.get("SupplementaryGroups", "").split())
    there = path.resolve()
    if any(there.is_relative_to(home) for home in HOMES):
        return "the service sees no homes (ProtectHome): let the application write its log elsewhere"
    for each in (*reversed(there.parents), there):
        try:
            info = each.stat()
        except OSError:
            return None
        if not _is_open(each, info, groups):
            group = _group(info.st_gid)
            return (
                f"root may read it and the service's own user may not, for {each} is {user(info.st_uid)}:{group} "
                f"{stat.filemode(info.st_mode)}: let it into the group (SupplementaryGroups={group}, as in {EXAMPLE}), "
                "or let others read it"
            )
    return None


def _is_open(path: Path, info: os.stat_result, groups: set[str]) -> bool:
    others, group = (stat.S_IXOTH, stat.S_IXGRP) if stat.S_ISDIR(info.st_mode) else (stat.S_IROTH, stat.S_IRGRP)
    if info.st_mode & others or (info.st_mode & group and _group(info.st_gid) in groups):
        return True
    try:
        return ACL in os.listxattr(path)  # who else may read it is said there
    except OSError:
        return False


def _settings(root: Path) -> Iterator[tuple[str, str]]:
    """Of the unit's drop-ins; a later line of one name adds to the earlier ones, as systemd has it."""
    found: dict[str, list[str]] = {}
    for place in reversed(UNITS):
        for file in sorted((root / place / f"{UNIT}.d").glob("*.conf")):
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            for name, value in _SETTING.findall(text):
                found[name] = [*found.get(name, []), value] if value else []
    yield from ((name, " ".join(values)) for name, values in found.items() if values)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
