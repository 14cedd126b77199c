"""Reasons not to start or not to go on, each with a sentence for the person who has to do something about it."""

from pathlib import Path

from ossmend.config.rights import denied


class StateLocked(Exception):
    """Another `ossmend run` or `once` works on this state directory."""


class StateUnavailable(Exception):
    """The state cannot be read or written (full disk, read-only, locked): stop acting until it can."""


def unusable(directory: Path, error: OSError) -> StateUnavailable:
    """The state directory cannot be used: why, and where rights are the reason, whose it is and what helps."""
    if isinstance(error, PermissionError):
        return StateUnavailable(f"{directory}: {denied(directory, 'set state.path in the configuration')}")
    return StateUnavailable(f"{directory}: {error.strerror}")


class StateBusy(StateUnavailable):
    """Not for the moment: somebody else holds the database, or the disk is full. It is worth asking again."""


class StateOutgrown(StateUnavailable):
    """A newer ossmend has made the state what this version does not know: stop for good, in order."""


class CredentialsRefused(Exception):
    """The credentials cannot be used as they are given (none at all, or half a pair)."""


class CredentialsAbsent(CredentialsRefused):
    """There are none at all: this environment has nothing to say, and another one may."""
