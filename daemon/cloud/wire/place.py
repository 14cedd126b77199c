"""A URL -> the endpoint that it belongs to: what slots, breakers and lines are counted by.

Real OSS has a host for each bucket, and RAM's family one for each product. Where the host is an address (the
simulator's), it is the same for all of them; there the bucket, or the product, is part of the endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ossmend.daemon.cloud.settings import is_literal


@dataclass(frozen=True, slots=True)
class Place:
    tls: bool
    host: str
    port: int
    part: str = ""
    """The bucket, or the product, where the host is the same for all."""

    def __str__(self) -> str:
        return f"{self.host}/{self.part}" if self.part else self.host


@lru_cache(maxsize=4096)
def place_of(origin: str, part: str) -> Place:
    """`origin` is scheme and host, with a port or without, as settings.py has checked it."""
    scheme, _, where = origin.partition("://")
    host, _, port = where.partition(":")
    tls = scheme == "https"
    return Place(tls, host.lower(), int(port or (443 if tls else 80)), part if is_literal(host) else "")


def split(url: str) -> tuple[str, str]:
    """(scheme and host, path)."""
    start = url.index("://") + 3
    slash = url.find("/", start)
    return (url, "/") if slash < 0 else (url[:slash], url[slash:])
