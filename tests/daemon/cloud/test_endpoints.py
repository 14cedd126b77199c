"""A dead bucket fills its own slots and no one else's, and is left alone for a while; what is under way can be cut."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import Unsettled
from ossmend.daemon.cloud.wire import unused
from ossmend.daemon.cloud.wire.breaker import FIRST
from ossmend.daemon.cloud.wire.deadline import Deadline
from ossmend.daemon.cloud.wire.endpoints import MOST, Endpoints
from ossmend.daemon.cloud.wire.errors import NotAsked
from ossmend.daemon.cloud.wire.place import Place, place_of, split
from ossmend.daemon.cloud.wire.rate_limit import AtOnce
from ossmend.daemon.cloud.wire.resolve import Address, Lost, Resolver
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.manners import Asking, Server, server
from tests.daemon.cloud.stubs import HandClock, StillClock, answer, liar, settings_for
from tests.daemon.cloud.test_executor import executor_of, restore, tag
from tests.patience import HUNG, until

Open = Callable[..., Cloud]
DEAD, HEALTHY = "reports-dead", "reports-well"
IDENTITY = answer(200, b'{"RequestId":"R","AccountId":"1","Arn":"acs:ram::1:user/a","IdentityType":"RAMUser"}')


def head(cloud: Cloud, bucket: str) -> object:
    return cloud.view(()).object(ObjectRef(bucket, "k"))


def asked_of(it: Server, bucket: str) -> int:
    return sum(f" /{bucket}/" in asked for asked in it.asked)


# ---------------------------------------------------------------------------------------------------------------- slots


def test_a_bucket_that_says_nothing_fills_its_own_slots_and_no_one_elses(open_port: Open) -> None:
    with server(HandClock()) as it:
        it.manners[DEAD] = "says nothing"
        cloud = open_port(it.url, concurrency=2, slot_wait=0.0)
        waiting = [Asking(lambda: head(cloud, DEAD)) for _ in range(2)]
        until("both are under way", lambda: asked_of(it, DEAD) == 2)
        with pytest.raises(NotAsked, match=f"{DEAD}: 2 calls are under way") as full:
            head(cloud, DEAD)
        assert full.value.after == timedelta(seconds=FIRST)
        for _ in range(5):
            head(cloud, HEALTHY)
        assert all(each.is_alive() for each in waiting)
        assert asked_of(it, DEAD) == 2


def test_a_write_that_finds_no_slot_has_not_left_and_is_no_unsettled_one(open_port: Open) -> None:
    with server(HandClock()) as it:
        it.manners[DEAD] = "says nothing"
        cloud = open_port(it.url, concurrency=1, slot_wait=0.0)
        Asking(lambda: head(cloud, DEAD))
        until("it is under way", lambda: asked_of(it, DEAD) == 1)
        with pytest.raises(TryAgain):
            executor_of(cloud).send(restore(bucket=DEAD))
        assert asked_of(it, DEAD) == 1


def test_a_slot_is_free_again_after_every_kind_of_end(open_port: Open) -> None:
    with server(HandClock()) as it:
        cloud = open_port(it.url, concurrency=1)
        it.works = answer(404)
        with pytest.raises(Refused):
            cloud.view(()).cors(HEALTHY)
        it.works = answer(200, b"no xml")
        with pytest.raises(Refused):
            cloud.view(()).cors(HEALTHY)
        with pytest.raises(Refused, match="Unsendable"):
            cloud.view(()).preflight(HEALTHY, None, "https://a\n", "GET", ())
        it.works = answer(200, b"x" * 100_000)
        assert cloud.view(()).reads(ObjectRef(HEALTHY, "k"))  # more than asked for, so it is given up
        stream = cloud.logs.open(HEALTHY, "log")
        next(stream)
        stream.close()  # type: ignore[attr-defined]  # a generator
        it.works = answer(200)
        head(cloud, HEALTHY)


def test_whoever_waits_for_a_slot_gets_it_when_it_is_free(open_port: Open) -> None:
    with server(HandClock()) as it:
        cloud = open_port(it.url, concurrency=2)
        many = [Asking(lambda: head(cloud, HEALTHY)) for _ in range(20)]
        assert [each.ended() for each in many] == [None] * 20
        assert it.connections <= 2


# -------------------------------------------------------------------------------------------------------------- breaker


def test_a_dead_bucket_is_left_alone_for_a_while_then_tried_by_one_and_taken_up_again(open_port: Open) -> None:
    clock = StillClock()
    with server(clock) as it:
        it.manners[DEAD] = "hangs up"
        cloud = open_port(it.url, clock=clock)
        with pytest.raises(TryAgain, match="no answer"):
            head(cloud, DEAD)
        assert asked_of(it, DEAD) == 3, "a question is three tries, and they open it"
        with pytest.raises(NotAsked, match=DEAD) as at_once:
            head(cloud, DEAD)
        assert at_once.value.after == timedelta(seconds=5)
        assert asked_of(it, DEAD) == 3
        clock.pass_by(5)
        with pytest.raises(NotAsked) as after_one_try:
            head(cloud, DEAD)
        assert asked_of(it, DEAD) == 4
        assert after_one_try.value.after == timedelta(seconds=10)
        it.manners[DEAD] = "works"
        clock.pass_by(10)
        head(cloud, DEAD)
        head(cloud, DEAD)
        assert asked_of(it, DEAD) == 6


def test_its_neighbour_at_the_same_address_is_asked_as_ever(open_port: Open) -> None:
    with server(StillClock()) as it:
        it.manners[DEAD] = "hangs up"
        cloud = open_port(it.url)
        for _ in range(3):
            with pytest.raises(TryAgain):
                head(cloud, DEAD)
        head(cloud, HEALTHY)
        assert (asked_of(it, DEAD), asked_of(it, HEALTHY)) == (3, 1)


def test_while_one_tries_the_others_do_not_wait_for_it(open_port: Open) -> None:
    clock = StillClock()
    with server(clock) as it:
        it.manners[DEAD] = "hangs up"
        cloud = open_port(it.url, clock=clock)
        with pytest.raises(TryAgain):
            head(cloud, DEAD)
        clock.pass_by(5)
        it.manners[DEAD] = "says nothing"
        trying = Asking(lambda: head(cloud, DEAD))
        until("one tries", lambda: asked_of(it, DEAD) == 4)
        with pytest.raises(NotAsked):
            head(cloud, DEAD)
        with pytest.raises(NotAsked):
            executor_of(cloud).send(restore(bucket=DEAD))
        assert trying.is_alive()
        assert asked_of(it, DEAD) == 4


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_answer_of_whatever_status_is_an_answer(open_port: Open, status: int) -> None:
    with liar(answer(status)) as it:
        cloud = open_port(it.url)
        for _ in range(5):
            with pytest.raises((TryAgain, Refused)):
                cloud.view(()).cors(DEAD)
        assert len(it.heads) >= 5


def test_an_answer_that_is_too_long_is_an_answer(open_port: Open) -> None:
    with liar(answer(403, b"x" * 2 * 1024 * 1024)) as it:
        cloud = open_port(it.url)
        for _ in range(3):
            with pytest.raises(TryAgain, match="does not end"):
                cloud.view(()).cors(DEAD)
        assert len(it.heads) == 9


def test_ram_is_left_alone_like_a_bucket_and_says_when_it_is_tried_again(open_port: Open) -> None:
    clock = StillClock()
    with server(clock, "hangs up") as it:
        it.works = IDENTITY
        cloud = open_port(it.url, clock=clock)
        with pytest.raises(TryAgain, match="no answer"):
            cloud.caller()
        with pytest.raises(NotAsked, match="Sts") as at_once:
            cloud.caller()
        assert at_once.value.after == timedelta(seconds=5)
        assert len(it.asked) == 3
        with pytest.raises(Unsettled):
            executor_of(cloud).send(tag())  # another product, which has a breaker of its own
        it.manners[""] = "works"
        clock.pass_by(5)
        assert cloud.caller().account_id == "1"


def test_a_clock_that_is_asked_in_vain_is_named_and_no_error(open_port: Open) -> None:
    with server(StillClock(), "hangs up") as it:
        cloud = open_port(it.url)
        for _ in range(5):
            assert cloud.own_clock().samples == ()
        assert len(it.asked) == 3


# ------------------------------------------------------------------------------------------------------------------ cut


def test_what_is_under_way_is_cut_and_nothing_else_begins(open_port: Open) -> None:
    with server(HandClock(), "says nothing") as it:
        cloud = open_port(it.url)
        reads = [
            Asking(lambda: head(cloud, DEAD)),
            Asking(cloud.caller),
            Asking(lambda: list(cloud.logs.open(DEAD, "k"))),
        ]
        writes = [Asking(lambda: executor_of(cloud).send(restore())), Asking(lambda: executor_of(cloud).send(tag()))]
        until("all are under way", lambda: len(it.asked) == 5)
        cloud.cut()
        for each in reads:
            assert isinstance(each.ended(), TryAgain)
        for each in writes:
            assert isinstance(each.ended(), Unsettled), "it may have arrived"
        with pytest.raises(NotAsked, match="stopping"):
            head(cloud, HEALTHY)
        with pytest.raises(NotAsked, match="stopping"):
            executor_of(cloud).send(restore())
        assert len(it.asked) == 5


def test_a_body_that_has_no_length_is_not_whole_because_it_was_cut(open_port: Open) -> None:
    with server(HandClock(), "drips body") as it:
        it.begins, it.step = b"HTTP/1.1 200 OK\r\n\r\n<ListBucketResult></ListBucketResult>", 0.0
        cloud = open_port(it.url)
        asking = Asking(lambda: cloud.logs.list(DEAD, "", "", 1))
        until("it is under way", lambda: len(it.asked) == 1)
        cloud.cut()
        assert isinstance(asking.ended(), TryAgain)


def test_closing_cuts_what_is_left(open_port: Open) -> None:
    with server(HandClock(), "says nothing") as it:
        cloud = open_port(it.url)
        asking = Asking(lambda: head(cloud, DEAD))
        until("it is under way", lambda: len(it.asked) == 1)
        cloud.close()
        assert isinstance(asking.ended(), TryAgain)


# ---------------------------------------------------------------------------------------------------------------- lines


def test_a_line_carries_one_call_after_another(open_port: Open) -> None:
    with server(HandClock()) as it:
        cloud = open_port(it.url)
        for _ in range(5):
            head(cloud, HEALTHY)
        executor_of(cloud).send(restore(bucket=HEALTHY))
        assert it.connections == 1


def test_a_line_that_lay_unused_for_long_carries_nothing_more(open_port: Open) -> None:
    clock = StillClock()
    with server(clock) as it:
        cloud = open_port(it.url, clock=clock)
        head(cloud, HEALTHY)
        clock.pass_by(unused.LONGEST)
        head(cloud, HEALTHY)
        assert it.connections == 1
        clock.pass_by(unused.LONGEST + 1)
        head(cloud, HEALTHY)
        assert it.connections == 2


@pytest.mark.parametrize(
    "first",
    [
        answer(200, headers='Connection: close\r\nETag: "0"\r\n'),
        answer(200) + b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        b'HTTP/1.0 200 OK\r\nETag: "0"\r\nContent-Length: 0\r\n\r\n',
    ],
    ids=["it says so", "more came than was asked for", "HTTP/1.0"],
)
def test_an_answer_after_which_a_line_cannot_be_trusted_is_its_last(open_port: Open, first: bytes) -> None:
    with liar(first, answer(200)) as it:
        cloud = open_port(it.url)
        head(cloud, HEALTHY)
        executor_of(cloud).send(restore(bucket=HEALTHY))
        assert len(it.heads) == 2, "the second answer was to the second request"


def test_lines_to_many_endpoints_are_bounded(monkeypatch: pytest.MonkeyPatch, open_port: Open) -> None:
    monkeypatch.setattr(unused, "MOST", 3)
    clock = StillClock()
    with server(clock) as it:
        cloud = open_port(it.url, clock=clock)
        for number in range(5):
            head(cloud, f"bucket-{number}")
        kept = cloud._wire.endpoints._unused
        assert kept._number == 3
        clock.pass_by(unused.LONGEST + 1)
        head(cloud, "bucket-4")
        head(cloud, "bucket-4")
        assert kept._number == 1, "the others are over"


def test_endpoints_that_other_people_name_are_bounded() -> None:
    endpoints = Endpoints(settings_for("http://127.0.0.1:9"), StillClock())
    for number in range(3 * MOST):
        endpoints.begin(Place(False, "127.0.0.1", 9, f"b{number}"), Deadline(StillClock(), HUNG)).dropped()
    assert len(endpoints._all) <= MOST


@pytest.mark.parametrize(
    ("origin", "part", "place"),
    [
        ("https://b.oss-cn-hangzhou.aliyuncs.com", "b", Place(True, "b.oss-cn-hangzhou.aliyuncs.com", 443)),
        ("https://c.oss-cn-hangzhou.aliyuncs.com", "c", Place(True, "c.oss-cn-hangzhou.aliyuncs.com", 443)),
        ("http://127.0.0.1:9300", "b", Place(False, "127.0.0.1", 9300, "b")),
        ("http://localhost:9300", "c", Place(False, "localhost", 9300, "c")),
        ("http://127.0.0.1:9300", "", Place(False, "127.0.0.1", 9300)),
        ("https://ims.aliyuncs.com", "Ims", Place(True, "ims.aliyuncs.com", 443)),
    ],
)
def test_each_bucket_and_each_product_is_an_endpoint(origin: str, part: str, place: Place) -> None:
    assert place_of(origin, part) == place


def test_a_url_is_its_origin_and_its_path() -> None:
    assert split("http://127.0.0.1:9/b/k%2F?x=1") == ("http://127.0.0.1:9", "/b/k%2F?x=1")
    assert split("https://host") == ("https://host", "/")


# ---------------------------------------------------------------------------------------------------------------- names


class Names:
    """A name server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = threading.Event()

    def look_up(self, host: str, port: int) -> list[Address]:
        self.asked.append(host)
        self.answers.wait(HUNG)
        return [(2, ("192.0.2.1", port))]


def test_a_name_that_is_not_resolved_in_time_is_lost() -> None:
    names = Names()
    with pytest.raises(Lost, match="not resolved within"):
        Resolver(names.look_up).addresses("b.example", 443, 0.1)
    names.answers.set()


def test_a_name_that_many_ask_for_is_looked_up_once() -> None:
    names = Names()
    resolver = Resolver(names.look_up)
    first = Asking(lambda: resolver.addresses("b.example", 443, HUNG))
    until("it is looked up", lambda: names.asked == ["b.example"])
    for _ in range(5):
        with pytest.raises(Lost):
            resolver.addresses("b.example", 443, 0.0)
    assert names.asked == ["b.example"]
    names.answers.set()
    assert first.ended() is None
    assert first.answer == [(2, ("192.0.2.1", 443))]


def test_who_waits_for_a_name_can_be_cut() -> None:
    names = Names()
    resolver = Resolver(names.look_up)
    asking = Asking(lambda: resolver.addresses("b.example", 443, HUNG))
    until("it is looked up", lambda: len(names.asked) == 1)
    resolver.cut()
    assert isinstance(asking.ended(), Lost)
    names.answers.set()


def test_a_name_that_nobody_knows_is_lost() -> None:
    def unknown(host: str, port: int) -> list[Address]:
        raise OSError(f"{host}:{port}")

    for host in ("b.example", "127.0.0.1"):
        with pytest.raises(Lost, match="not resolved"):
            Resolver(unknown).addresses(host, 1, HUNG)


# ------------------------------------------------------------------------------------------------------------- at once


def test_one_owner_never_has_all_the_places() -> None:
    places = AtOnce(3)
    with places.one("dead", 0.0), places.one("dead", 0.0):
        with pytest.raises(TryAgain), places.one("dead", 0.0):
            pytest.fail("that was the last place")
        with places.one("well", 0.0), pytest.raises(TryAgain), places.one("other", 0.0):
            pytest.fail("there are three")
    with places.one("dead", 0.0):
        pass
