"""A channel that is one POST: what to send and what counts as taken is said by the channel's own file.

One deadline holds for all of it, from the name's lookup to the last byte of the answer: a receiver that answers a byte
a second is cut off as one that does not answer at all. It is spoken as OSS is (daemon/cloud/wire/): redirects are not
followed, and no proxy is asked.
"""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ossmend import __version__
from ossmend.daemon.cloud.wire.deadline import Deadline
from ossmend.daemon.cloud.wire.http1 import Exchange, Unsendable
from ossmend.daemon.cloud.wire.line import Line, Silence
from ossmend.daemon.cloud.wire.resolve import Lost, Resolver
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.notices.channel import Undelivered

CLOCK = SystemClock()
"""A socket waits in the machine's seconds, whatever clock a test has."""
RESOLVER = Resolver()
SENT_AS_IT_IS = ";/?:@&=+$,%-_.!~*'()"
DEADLINE = 10.0
MOST_BYTES = 64 * 1024
"""So much of an answer is read."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent."""

    url: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    data: bytes


class Posted(ABC):
    """Base of the channels that are one POST."""

    @abstractmethod
    def body(self, notice: Mapping[str, Any]) -> Post:
        """The notice as this receiver wants it."""

    @abstractmethod
    def accepted(self, answer: Answer) -> bool:
        """Has the receiver taken it? Some say no with a 200."""

    def send(self, notice: Mapping[str, Any]) -> None:
        answer = exchange(self.body(notice), DEADLINE)
        if not self.accepted(answer):
            raise Undelivered(f"HTTP {answer.status}")


def exchange(post: Post, seconds: float) -> Answer:
    """Send, and read the answer, within so many seconds. Raises Undelivered."""
    parts, deadline, line = urlsplit(post.url), Deadline(CLOCK, seconds), Line(Silence(seconds, seconds))
    tls = _trust() if parts.scheme == "https" else None
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SENT_AS_IT_IS)
    try:
        exchange = Exchange("POST", parts.netloc, target, _headers(post), post.data)
        line.connect(parts.hostname or "", parts.port or (443 if tls else 80), RESOLVER, tls, deadline)
        line.send(exchange.request, deadline)
        exchange.head(lambda: line.receive(deadline))
        return Answer(exchange.status, _beginning(exchange))
    except Unsendable as odd:
        raise Undelivered(f"no request can carry {odd}") from None
    except Lost as lost:
        raise Undelivered(str(lost)) from None
    finally:
        line.close()


def _beginning(exchange: Exchange) -> bytes:
    data = b""
    for block in exchange.blocks():
        data += block
        if len(data) >= MOST_BYTES:
            break
    return data[:MOST_BYTES]


def _headers(post: Post) -> dict[str, str]:
    return {"User-Agent": f"ossmend/{__version__}", "Content-Type": "application/json", **post.headers}


def _trust() -> ssl.SSLContext:
    """The machine's authorities, and those that come with the SDKs."""
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context
