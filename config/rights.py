"""A file or directory that we may not use -> whose it is, and what to do: words for those who see "permission denied".

Used where a configuration is read (load.py) and where the state is opened (daemon/journal/store.py).
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path


def user(number: int | None = None) -> str:
    """A user by name, ourselves if none is given; `user 4711` where the machine has no name for it."""
    number = os.geteuid() if number is None else number
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def denied(path: Path, instead: str) -> str:
    """Why we may not: who we are, whose it is; `instead` is what helps whoever cannot become the owner."""
    blocking = _blocking(path)
    owner = _owner(blocking)
    place = "it" if blocking == path else str(blocking)
    if owner is None or owner == user():
        return f"{user()} has no permission to use it: look at the rights of {blocking} (ls -ld), or {instead}"
    return f"{user()} has no permission to use it, for {place} belongs to {owner}: run this as {owner}, or {instead}"


def usable(directory: Path) -> bool:
    """May we make, read and change files in it?"""
    return os.access(directory, os.R_OK | os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def open_to_all(path: Path) -> bool:
    """May every user of this machine write to it? No where it is not there, or may not be looked at."""
    try:
        return bool(path.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False


def meant_for_all(path: Path) -> bool:
    """Is it a directory as /tmp is, which others need as it is? It is there."""
    return bool(path.stat().st_mode & stat.S_ISVTX)


def _blocking(path: Path) -> Path:
    """The first directory on the way that we may not pass, or else the last that is there."""
    there = path
    for each in (*reversed(path.absolute().parents), path):
        try:
            each.lstat()
        except OSError:
            break
        there = each
    return there


def _owner(path: Path) -> str | None:
    try:
        return user(path.stat().st_uid)
    except OSError:
        return None
