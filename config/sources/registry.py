"""What is the same for the settings of every source, and how a file of this folder makes its own known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ossmend.config.fields import Name, Trust, Witness
from ossmend.config.kinds import registered
from ossmend.remediators.contract.settings import Settings


class SourceSettings(Settings):
    """Base of each source's settings. Each says its own default of `trust`."""

    trust: Trust
    account: Name | None = None
    """Whose buckets its events are about, where there are several `accounts`. Default: the account of the policy that
    takes an event; of what no such policy takes, the first one.
    """

    @property
    def name(self) -> str:
        """As cursors and events call it; stable, or everything would be read again."""
        raise NotImplementedError

    @property
    def local(self) -> bool:
        """Does it lie in files of this machine, so that no other can read it?"""
        return False

    @property
    def witness(self) -> Witness | None:
        """What has to tell a refusal, too, before anything is written for it."""
        return None

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """(action, resource) pairs that reading it needs of RAM, as a policy grants them; each kind says its own."""
        raise NotImplementedError


S = TypeVar("S", bound=type[SourceSettings])

SOURCES: dict[str, type[SourceSettings]] = {}
"""By kind, which is the key in the file."""


def source(kind: str) -> Callable[[S], S]:
    return registered(SOURCES, kind)  # type: ignore[return-value]  # a dict of types takes each of their kind
