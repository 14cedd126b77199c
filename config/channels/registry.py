"""What is the same for the settings of every channel, and how a file of this folder makes its own known."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from ossmend.config.kinds import registered
from ossmend.remediators.contract.settings import Settings


class ChannelSettings(Settings):
    """Base of each channel's settings."""

    address: ClassVar[str]
    """The setting that says where notices go: two entries of one kind must differ in it."""
    in_dry_run: bool = False
    """true: also used in dry runs, which are silent otherwise."""

    @property
    def name(self) -> str:
        """As the journal calls it. It stays, or notices on their way would be dropped; it holds no secret."""
        raise NotImplementedError


S = TypeVar("S", bound=type[ChannelSettings])

CHANNELS: dict[str, type[ChannelSettings]] = {}
"""By kind, which is the key in the file."""


def channel(kind: str) -> Callable[[S], S]:
    return registered(CHANNELS, kind)  # type: ignore[return-value]  # a dict of types takes each of their kind
