"""What the tests of the cloud port share: a clock moved by hand, a server that lies as it is told to, scenes."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import requests

from ossmend.daemon.cloud.credentials import static
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.connections import RequestIds, Wire
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.values import ObjectRef
from ossmend.simulator.serve import Running
from tests.patience import HUNG

BUCKET = "reports-cn"
OK_HEADERS = (
    'Server: AliyunOSS\r\nx-oss-request-id: 66F10B88AAAAAAAAAAAAAAAA\r\nETag: "9A0364B9E99BB480DD25E1F0284C8555"\r\n'
)


class HandClock:
    """Real time plus what was added by hand."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def monotonic(self) -> float:
        return time.monotonic() + self.offset

    def pass_by(self, seconds: float) -> None:
        self.offset += seconds


class StillClock(HandClock):
    """Time stands, except by hand."""

    def __init__(self, since: datetime = datetime(2026, 11, 24, tzinfo=UTC)) -> None:
        super().__init__()
        self._since = since

    def now(self) -> datetime:
        return self._since + timedelta(seconds=self.offset)

    def monotonic(self) -> float:
        return 1000.0 + self.offset


def settings_for(
    url: str,
    *,
    key: tuple[str, str] = ("LTAI5tStubStubStubStub12", "secret"),
    token: str | None = None,
    read_timeout: float = HUNG,
    deadline: float = HUNG,
    slot_wait: float = HUNG,
    concurrency: int = 32,
    ntp_servers: tuple[str, ...] = (),
    ca_bundle: str | None = None,
) -> CloudSettings:
    return CloudSettings(
        region="cn-hangzhou",
        credentials=static(*key, token),
        endpoint=url,
        rpc_endpoint=url,
        connect_timeout=HUNG,
        read_timeout=read_timeout,
        deadline=deadline,
        slot_wait=slot_wait,
        concurrency=concurrency,
        retry_pauses=(0.0, 0.0),
        ntp_servers=ntp_servers,
        ca_bundle=ca_bundle,
    )


def wire_for(settings: CloudSettings, clock: Clock | None = None) -> Wire:
    return Wire(settings, clock or HandClock(), RequestIds(None))


# -------------------------------------------------------------------------------------------------------------- scenes


def control(sim: Running, method: str, path: str, body: object = None) -> Any:
    """A control request that must succeed; its JSON."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Content-Type"] = "application/json"
        answer = session.request(method, f"{sim.control}/{path}", json=body, timeout=HUNG)
    assert answer.status_code == 200, answer.text
    return answer.json()


def operations(sim: Running) -> Counter[str]:
    """How often each operation was asked for."""
    return Counter(request["operation"] for request in control(sim, "GET", "requests")["requests"])


def make_bucket(sim: Running, name: str = BUCKET, **settings: object) -> None:
    control(sim, "PUT", f"buckets/{name}", settings)


def archived(**more: object) -> dict[str, object]:
    return {"size": 100, "storage_class": "Archive"} | more


def case_of(key: str, *, bucket: str = BUCKET, version: str = "", number: int = 1) -> Case:
    now = datetime.now(UTC)
    return Case(
        id=number,
        policy="thaw",
        code="InvalidObjectState",
        subject=Subject("object", (bucket, key, version)),
        events=1,
        opened_at=now,
        first_seen=now,
        last_seen=now,
        samples=(Event(source="test"),),
    )


def ref(key: str, version: str | None = None) -> ObjectRef:
    return ObjectRef(BUCKET, key, version)


# -------------------------------------------------------------------------------------------------- a server that lies


@dataclass
class Liar:
    """Answers each request with the next of its answers; the last one again and again. Keeps what it was asked."""

    answers: list[bytes | str]
    """Raw answers; `reset` breaks the connection, `silence` says nothing until the client goes."""
    url: str = ""
    heads: list[str] = field(default_factory=list)
    _taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, head: str) -> bytes | str:
        with self._lock:
            self.heads.append(head)
            answer = self.answers[min(self._taken, len(self.answers) - 1)]
            self._taken += 1
            return answer

    @property
    def asked(self) -> list[str]:
        """`METHOD /target` of each request."""
        return [" ".join(head.split("\r\n", 1)[0].split(" ")[:2]) for head in self.heads]


def answer(status: int, body: bytes = b"", headers: str = OK_HEADERS, *, length: int | None = None) -> bytes:
    """One raw answer; `length` other than the body's is a lie."""
    told = len(body) if length is None else length
    return f"HTTP/1.1 {status} Told\r\n{headers}Content-Length: {told}\r\n\r\n".encode() + body


def oss_error(status: int, code: str, message: str = "m", more: str = "") -> bytes:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message>{more}</Error>"
    return answer(status, body.encode())


@contextmanager
def liar(*answers: bytes | str, wrap: Callable[[socket.socket], socket.socket] | None = None) -> Iterator[Liar]:
    """A server on loopback for the length of a `with` block."""
    told = Liar(list(answers))
    listening = socket.create_server(("127.0.0.1", 0))
    told.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    over = threading.Event()
    open_now: list[socket.socket] = []

    def serve() -> None:
        while not over.is_set():
            try:
                channel, _ = listening.accept()
            except OSError:
                return
            open_now.append(channel)
            threading.Thread(target=_converse, args=(channel, told, over, wrap), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for channel in open_now:
            with suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
            channel.close()
        thread.join(HUNG)


def _converse(
    channel: socket.socket, told: Liar, over: threading.Event, wrap: Callable[[socket.socket], socket.socket] | None
) -> None:
    with suppress(OSError), channel:
        spoken = wrap(channel) if wrap is not None else channel
        seen = b""
        while not over.is_set():
            while b"\r\n\r\n" not in seen:
                block = spoken.recv(65536)
                if not block:
                    return
                seen += block
            head, _, rest = seen.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            wanted = int(length[1]) if length else 0
            while len(rest) < wanted:
                rest += spoken.recv(65536)
            seen = rest[wanted:]
            said = told.next(head.decode("latin-1"))
            if said == "reset":
                return
            if said == "silence":
                over.wait()
                return
            assert isinstance(said, bytes)
            spoken.sendall(said)
            declared = re.search(rb"(?i)content-length: *(\d+)", said)
            if declared and int(declared[1]) > len(said.partition(b"\r\n\r\n")[2]) and not head.startswith(b"HEAD"):
                return  # half a body, and then the end


@cache
def refused_port() -> str:
    """An address where nobody listens, nor will: the port is held for as long as this process lives."""
    _held.bind(("127.0.0.1", 0))
    return f"http://127.0.0.1:{_held.getsockname()[1]}"


_held = socket.socket()


def page_of(keys: Sequence[str], *, truncated: bool = False) -> bytes:
    """A listing's body, in plain words."""
    rows = "".join(
        f'<Contents><Key>{key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>"AB"</ETag>'
        f"<Type>Normal</Type><Size>1</Size><StorageClass>Archive</StorageClass></Contents>"
        for key in keys
    )
    told = str(truncated).lower()
    return f"<ListBucketResult><IsTruncated>{told}</IsTruncated>{rows}</ListBucketResult>".encode()
