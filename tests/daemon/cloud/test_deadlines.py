"""Nobody waits for a stranger: every call ends with its deadline, whatever the other side does with the time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import NotSent, Unsettled
from ossmend.daemon.cloud.wire.connections import Response
from ossmend.daemon.cloud.wire.deadline import Deadline
from ossmend.daemon.cloud.wire.endpoints import Call
from ossmend.daemon.cloud.wire.errors import NoAnswer
from ossmend.daemon.cloud.wire.http1 import Exchange
from ossmend.daemon.cloud.wire.line import Line, Silence
from ossmend.daemon.cloud.wire.resolve import Lost, Resolver
from ossmend.remediators.contract.verdict import TryAgain
from tests.daemon.cloud.manners import Asking, Manner, server
from tests.daemon.cloud.stubs import BUCKET, HandClock, StillClock, answer, liar, page_of, ref, refused_port
from tests.daemon.cloud.test_executor import executor_of, restore, tag
from tests.daemon.cloud.test_tls import Secure
from tests.patience import HUNG, until

Open = Callable[..., Cloud]
Ask = Callable[[Cloud], object]

WITH_A_BODY: dict[str, Ask] = {
    "a question about a bucket": lambda cloud: cloud.view(()).cors(BUCKET),
    "a page": lambda cloud: cloud.logs.list(BUCKET, "", "", 1),
    "a preflight, which is not signed": lambda cloud: cloud.view(()).preflight(BUCKET, "k", "https://a", "GET", ()),
    "a call to RAM": lambda cloud: cloud.caller(),
    "a log": lambda cloud: list(cloud.logs.open(BUCKET, "k")),
}
READS: dict[str, Ask] = WITH_A_BODY | {"a HEAD": lambda cloud: cloud.view(()).object(ref("k"))}
WRITES: dict[str, Ask] = {
    "a write to OSS": lambda cloud: executor_of(cloud).send(restore()),
    "a write to RAM": lambda cloud: executor_of(cloud).send(tag()),
}


@pytest.mark.parametrize("question", READS)
def test_headers_that_drip_end_with_the_deadline(open_port: Open, question: str) -> None:
    clock = HandClock()
    with server(clock, "drips headers") as it:
        with pytest.raises(TryAgain, match="no whole answer within"):
            READS[question](open_port(it.url, clock=clock))
        assert it.left_by_client.wait(HUNG)
        assert it.connections == 1, "what took all the time is not asked again"


@pytest.mark.parametrize("question", WITH_A_BODY)
def test_a_body_that_drips_ends_with_the_deadline(open_port: Open, question: str) -> None:
    clock = HandClock()
    with server(clock, "drips body") as it:
        with pytest.raises(TryAgain, match="no whole answer within"):
            WITH_A_BODY[question](open_port(it.url, clock=clock))
        assert it.left_by_client.wait(HUNG)
        assert it.connections == 1


@pytest.mark.parametrize("question", READS)
@pytest.mark.parametrize("manner", ["drips headers", "says nothing"])
def test_over_tls_it_is_the_same(tmp_path: Path, open_port: Open, question: str, manner: Manner) -> None:
    clock, secure = HandClock(), Secure(tmp_path, "localhost")
    with server(clock, manner, secure.wrap) as it:
        url = it.url.replace("http://127.0.0.1", "https://localhost")
        deadline = HUNG if manner == "drips headers" else 0.5
        with pytest.raises(TryAgain, match=r"no (whole answer|connection) within"):
            READS[question](open_port(url, clock=clock, ca_bundle=str(secure.path), deadline=deadline))


@pytest.mark.parametrize("question", READS)
def test_an_answer_that_is_too_late_is_not_waited_for(open_port: Open, question: str) -> None:
    clock = HandClock()
    with server(clock, "says nothing") as it, pytest.raises(TryAgain, match=r"no (whole answer|connection) within"):
        READS[question](open_port(it.url, clock=clock, deadline=0.3))


@pytest.mark.parametrize("manner", ["drips headers", "says nothing", "hangs up"])
@pytest.mark.parametrize("write", WRITES)
def test_of_a_write_without_a_whole_answer_nobody_knows_what_became(
    open_port: Open, write: str, manner: Manner
) -> None:
    clock = HandClock()
    with server(clock, manner) as it:
        cloud = open_port(it.url, clock=clock, read_timeout=0.3 if manner == "says nothing" else HUNG)
        with pytest.raises(Unsettled):
            WRITES[write](cloud)
        assert len(it.asked) == 1, "nothing is sent twice"


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_nobody_listens_to_has_certainly_not_left(open_port: Open, write: str) -> None:
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        WRITES[write](open_port(refused_port()))


@pytest.mark.parametrize(("hesitates", "tries"), [(0.0, 3), (0.6 * HUNG, 2), (1.1 * HUNG, 1)])
def test_all_tries_of_a_read_have_one_deadline(open_port: Open, hesitates: float, tries: int) -> None:
    clock = HandClock()
    with server(clock, "hangs up") as it:
        it.hesitates = hesitates
        with pytest.raises(TryAgain):
            open_port(it.url, clock=clock).view(()).cors(BUCKET)
        assert len(it.asked) == tries


# ----------------------------------------------------------------------------------------------------------- connecting


@contextmanager
def full() -> Iterator[tuple[str, int]]:
    """An address where connections begin and never open: nobody takes them, and there is no room for more."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()


def test_a_connection_that_is_never_accepted_ends_with_the_connect_timeout() -> None:
    with full() as (host, port), pytest.raises(Lost, match=r"no connection within 0\.3 s"):
        Line(Silence(0.3, HUNG)).connect(host, port, Resolver(), None, Deadline(StillClock(), HUNG))


def test_a_connection_that_is_never_accepted_ends_with_the_deadline_if_that_is_sooner() -> None:
    with full() as (host, port), pytest.raises(Lost, match=r"no connection within 0\.3 s"):
        Line(Silence(HUNG, HUNG)).connect(host, port, Resolver(), None, Deadline(StillClock(), 0.3))


def test_an_address_that_is_dead_leaves_time_for_the_next_one() -> None:
    with full() as dead, socket.create_server(("127.0.0.1", 0)) as alive:
        both = [(int(socket.AF_INET), address) for address in (dead, alive.getsockname())]
        line = Line(Silence(0.5, HUNG))
        line.connect("b.example", 80, Resolver(lambda host, port: both), None, Deadline(HandClock(), HUNG))
        line.send(b"hello", Deadline(HandClock(), HUNG))
        channel, _ = alive.accept()
        with channel:
            assert channel.recv(5) == b"hello"
        line.close()


def test_a_handshake_that_never_comes_ends_like_a_connection_that_never_comes(open_port: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(TryAgain, match="no connection within"):
            open_port(url, deadline=0.3).view(()).object(ref("k"))


def test_a_connection_under_way_can_be_cut() -> None:
    with full() as (host, port):
        line = Line(Silence(HUNG, HUNG))
        asking = Asking(lambda: line.connect(host, port, Resolver(), None, Deadline(HandClock(), HUNG)))
        until("it has begun", lambda: line.opened)
        line.cut()
        assert str(asking.ended()) == "cut off"


# ------------------------------------------------------------------------------------------------------------ downloads


@dataclass
class Dripping:
    """A call whose answer is a byte every so many seconds."""

    deadline: Deadline
    clock: StillClock
    step: float
    ends: list[str] = field(default_factory=list)

    def receive(self) -> bytes:
        self.clock.pass_by(self.step)
        if self.deadline.left() <= 0:
            raise Lost("late")
        return b"x"

    def answered(self, *, keep: bool) -> None:
        self.ends.append(f"answered, {keep=}")

    def lost(self) -> None:
        self.ends.append("lost")


@pytest.mark.parametrize(
    ("length", "bytes_in_time"),
    [
        (100, 10),  # ten seconds, and a moment
        (100 * 256 * 1024, 109),  # a hundred seconds more
        (10**15, 309),  # five minutes, whatever it says
        (None, 309),
    ],
)
def test_a_download_has_as_much_more_time_as_its_length_needs(length: int | None, bytes_in_time: int) -> None:
    clock = StillClock()
    call = Dripping(Deadline(clock, 10.0), clock, step=1.0)
    said = "" if length is None else f"Content-Length: {length}\r\n"
    exchange = Exchange("GET", "b.example", "/k", {})
    exchange.head(f"HTTP/1.1 200 OK\r\n{said}\r\n".encode)
    exchange.receive = call.receive
    got: list[bytes] = []
    with pytest.raises(NoAnswer, match="half an answer: late"):
        got.extend(Response("GetObject", cast(Call, call), exchange).download())
    assert len(got) == bytes_in_time
    assert call.ends[0] == "lost"


def test_what_the_reader_of_a_download_does_meanwhile_does_not_count(open_port: Open) -> None:
    clock = HandClock()
    with liar(answer(200, b"x" * 200_000)) as it:
        got = 0
        for block in open_port(it.url, clock=clock).logs.open(BUCKET, "log"):
            got += len(block)
            clock.pass_by(10 * HUNG)
        assert got == 200_000


def test_a_page_has_no_more_time_for_saying_that_it_is_long(open_port: Open) -> None:
    clock = HandClock()
    with server(clock, "drips body") as it:
        it.begins = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
        with pytest.raises(TryAgain, match="no whole answer within"):
            open_port(it.url, clock=clock).logs.list(BUCKET, "", "", 1)


def test_a_proof_that_an_object_reads_is_a_byte_that_came(open_port: Open) -> None:
    clock = HandClock()
    with server(clock, "drips body") as it:
        it.begins = b"HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\n"
        with pytest.raises(TryAgain):
            open_port(it.url, clock=clock).view(()).reads(ref("k"))


def test_after_a_dripping_answer_the_same_port_answers_as_ever(open_port: Open) -> None:
    clock = HandClock()
    with server(clock, "drips headers") as it:
        cloud = open_port(it.url, clock=clock, concurrency=1)
        with pytest.raises(TryAgain):
            cloud.view(()).cors(BUCKET)
        it.manners[""] = "works"
        it.works = answer(200, page_of(["a"]))
        assert [row.key for row in cloud.logs.list(BUCKET, "", "", 1)] == ["a"], "slot and thread are free again"
