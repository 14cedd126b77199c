"""What a channel is, and how a file of this folder makes its own known: `@channel("webhook")` on a class.

Being asked for by the configuration is enough: the file of a kind has the kind's name. outbox.py is the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, TypeVar

from ossmend.config.model import Config


class Undelivered(Exception):
    """The channel did not take it; its text says why, and holds no secret."""


class Channel(Protocol):
    """One configured way to tell people. `send` is called by one thread at a time."""

    def __init__(self, settings: Any) -> None: ...

    def send(self, notice: Mapping[str, Any]) -> None:
        """Hand one notice over, within a bounded time. Raises Undelivered."""
        ...


C = TypeVar("C", bound=type[Channel])

SENDERS: dict[str, type[Channel]] = {}
"""By kind, as in the configuration."""


def channel(kind: str) -> Callable[[C], C]:
    def register(cls: C) -> C:
        SENDERS[kind] = cls
        return cls

    return register


def build_channels(config: Config) -> dict[str, Channel]:
    """Every channel of the configuration, by the name that the journal has for it."""
    found: dict[str, Channel] = {}
    for entry in config.notify:
        import_module(f"{__package__}.{entry.kind}")
        found[entry.given.name] = SENDERS[entry.kind](entry.given)
    return found
