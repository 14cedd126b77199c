"""A bucket's region is found by the answer of the wrong one; after that it is asked, and signed for, where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.regions import MOST, Regions
from ossmend.daemon.cloud.wire.resolve import Resolver
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.values import ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import StillClock, settings_for

RULE = {"allowed_origins": ["https://app.example.com"], "allowed_methods": ["GET"]}
NORTH = ObjectRef("north", "a.zip")
AT = datetime(2026, 11, 24, tzinfo=UTC)
SCENE = {
    "buckets": {
        "here": {"objects": {"a.zip": {"content": "x"}}},
        "north": {
            "region": "cn-beijing",
            "cors": [RULE],
            "objects": {"a.zip": {"size": 9, "storage_class": "Archive"}},
        },
    }
}


@contextmanager
def port(sim: Running, endpoint: str | None = None, **more: Any) -> Iterator[Cloud]:
    settings = settings_for(endpoint or sim.oss, key=(sim.access_key_id, sim.access_key_secret))
    opened = connect(replace(settings, **more), clock=StillClock(), may_write=True)
    yield opened
    opened.close()


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(scene=SCENE, speed=0.0) as running:
        yield running


def of_regions(sim: Running) -> str:
    """An endpoint with a host for each region."""
    return f"http://oss-{{region}}.localhost:{sim.oss.rpartition(':')[2]}"


def asked(sim: Running) -> list[tuple[str, int]]:
    return [(each.operation, each.status) for each in sim.do(lambda cloud: cloud.requests)]


def case(bucket: str, host: str) -> Case:
    event = Event(source="t", code="InvalidObjectState", bucket=bucket, key="a.zip", host=host)
    return Case(id=1, policy="p", code=event.code, subject=Subject("object", (bucket, "a.zip", "")), events=1,
                opened_at=AT, first_seen=AT, last_seen=AT, samples=(event,))  # fmt: skip


@pytest.mark.parametrize("by_host", [False, True])
def test_a_bucket_in_another_region_is_asked_again_there_and_from_then_on_at_once(sim: Running, by_host: bool) -> None:
    with port(sim, of_regions(sim) if by_host else None) as cloud:
        for _ in range(2):
            assert isinstance(cloud.view(()).object(NORTH), ObjectState)
        assert isinstance(cloud.view(()).object(ObjectRef("here", "a.zip")), ObjectState)
        assert (cloud.region_of("north"), cloud.region_of("here")) == ("cn-beijing", "cn-hangzhou")
    assert asked(sim) == [("HeadObject", 403), ("HeadObject", 200), ("HeadObject", 200), ("HeadObject", 200)]


@pytest.mark.parametrize("by_host", [False, True])
def test_a_write_is_signed_for_the_region_of_its_bucket(sim: Running, by_host: bool) -> None:
    with port(sim, of_regions(sim) if by_host else None) as cloud:
        state = cloud.view(()).object(NORTH)
        assert isinstance(state, ObjectState)
        write = RestoreObject(
            bucket="north", key="a.zip", days=1, planned_on=state.digest, size=9, storage_class="Archive"
        )
        assert cloud.executor is not None
        cloud.executor.send(write)
    assert asked(sim)[-1] == ("RestoreObject", 202)


def test_a_preflight_goes_where_the_bucket_is(sim: Running) -> None:
    with port(sim, of_regions(sim)) as cloud:
        told = cloud.view(()).preflight("north", None, "https://app.example.com", "GET", ())
        assert told.status == 200
    assert asked(sim) == [("OptionObject", 403), ("OptionObject", 200)]


def test_the_host_of_an_event_is_the_first_guess(sim: Running) -> None:
    with port(sim, of_regions(sim)) as cloud:
        cloud.view([case("north", "north.oss-cn-beijing.aliyuncs.com")]).object(NORTH)
    assert asked(sim) == [("HeadObject", 200)]


@pytest.mark.parametrize("host", ["north.oss-cn-shanghai.aliyuncs.com", "oss-cn-nowhere.aliyuncs.com", "evil.example"])
def test_a_host_that_leads_nowhere_costs_one_request_at_most(sim: Running, host: str) -> None:
    with port(sim, of_regions(sim)) as cloud:
        assert isinstance(cloud.view([case("north", host)]).object(NORTH), ObjectState)
    assert asked(sim) == [("HeadObject", 403), ("HeadObject", 200)]


def test_a_region_that_does_not_fit_is_no_matter_of_our_rights(sim: Running) -> None:
    """The endpoint is one host, and leads to one region."""
    with port(sim, of_regions(sim).format(region="cn-hangzhou")) as cloud, pytest.raises(Refused) as refused:
        cloud.view(()).object(NORTH)
    assert refused.value.code == "WrongRegion"
    assert "this bucket is in cn-beijing, the request went to" in refused.value.message


def test_a_refusal_of_our_rights_stays_one(sim: Running) -> None:
    sim.do(lambda cloud: cloud.create_bucket("strange", owner="2222222222222222", region="cn-beijing"))
    with port(sim) as cloud, pytest.raises(Refused) as refused:
        cloud.view(()).object(ObjectRef("strange", "a.zip"))
    assert (refused.value.code, len(asked(sim))) == ("AccessDenied", 2)


def settings(**more: Any) -> CloudSettings:
    return replace(settings_for("http://127.0.0.1:1"), **{"endpoint": None, **more})


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ({}, "https://oss-cn-beijing.aliyuncs.com"),
        ({"network": "dual-stack"}, "https://cn-beijing.oss.aliyuncs.com"),
        ({"network": "accelerate"}, "https://oss-accelerate.aliyuncs.com"),
        ({"network": "internal"}, "https://oss-cn-beijing.aliyuncs.com"),  # nobody reaches it from another region
        ({"endpoint": "https://oss-cn-hangzhou-internal.aliyuncs.com"}, "https://oss-cn-beijing.aliyuncs.com"),
        ({"endpoint": "https://oss-{region}-internal.aliyuncs.com"}, "https://oss-cn-beijing-internal.aliyuncs.com"),
        ({"endpoint": "https://oss.example.com"}, "https://oss.example.com"),
        ({"endpoint": "http://127.0.0.1:9300"}, "http://127.0.0.1:9300"),
    ],
)
def test_another_regions_endpoint_is_what_the_configuration_says_or_the_table(said: dict[str, Any], url: str) -> None:
    assert settings(**said).url_of("cn-beijing") == url


def test_the_own_region_is_asked_inside_where_that_is_said() -> None:
    assert settings(network="internal").oss_url == "https://oss-cn-hangzhou-internal.aliyuncs.com"


def test_names_of_buckets_that_anybody_may_invent_do_not_pile_up() -> None:
    regions = Regions(settings())
    for number in range(MOST + 5):
        regions.learn(f"bucket-{number}", "cn-beijing", "cn-hangzhou")
    assert (regions.of("bucket-0"), regions.of(f"bucket-{MOST}")) == ("cn-hangzhou", "cn-beijing")
    assert len(regions._known) == MOST


def test_a_name_below_localhost_is_this_machine_whatever_a_name_server_says() -> None:
    assert Resolver().addresses("north.oss-cn-beijing.localhost", 80, 1.0) == [(2, ("127.0.0.1", 80))]
