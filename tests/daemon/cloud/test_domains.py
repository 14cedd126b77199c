"""A bucket with a domain of its own is asked there and nowhere else, and signed for where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from ossmend.config.regions import Network
from ossmend.daemon.cloud.accounts import Cloud, connect
from ossmend.daemon.cloud.settings import EndpointRefused
from ossmend.daemon.cloud.wire.errors import Unsettled
from ossmend.daemon.cloud.wire.guard import READ_ONLY, WriteForbidden
from ossmend.daemon.cloud.wire.resolve import Address, Resolver
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import Missing, ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.writes.create_job import CreateJob
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.manners import DROPS, server
from tests.daemon.cloud.stubs import (
    HandClock,
    StillClock,
    answer,
    case_of,
    liar,
    oss_error,
    refused_port,
    settings_for,
)
from tests.patience import HUNG

RULE = {"allowed_origins": ["https://app.example.com"], "allowed_methods": ["GET"]}
HERE, NORTH = ObjectRef("here", "a/b ü.zip"), ObjectRef("north", "a.zip")
ARCHIVED = {"size": 9, "storage_class": "Archive"}
SCENE = {
    "buckets": {
        "here": {"cnames": ["files.localhost"], "cors": [RULE], "objects": {HERE.key: ARCHIVED}},
        "north": {"cnames": ["far.localhost"], "region": "cn-beijing", "objects": {NORTH.key: ARCHIVED}},
        "other": {"cors": [RULE], "objects": {HERE.key: ARCHIVED}},
    }
}


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(scene=SCENE, speed=0.0) as running:
        yield running


@contextmanager
def port(
    sim: Running,
    endpoint: str | None = None,
    clock: HandClock | None = None,
    key: tuple[str, str] | None = None,
    **domains: str,
) -> Iterator[Cloud]:
    """`domains` by the bucket: the label of its domain, which the simulator has bound or not."""
    settings = settings_for(endpoint or sim.oss, key=key or (sim.access_key_id, sim.access_key_secret))
    places = {bucket: label if "://" in label else at(sim, label) for bucket, label in domains.items()}
    opened = connect(replace(settings, domains=places), clock=clock or StillClock(), may_write=True)
    yield opened
    opened.close()


def at(sim: Running, label: str) -> str:
    return f"http://{label}.localhost:{sim.oss.rpartition(':')[2]}"


def asked(sim: Running) -> list[tuple[str, str, int]]:
    """Operation, target and status: at a domain the target has no bucket."""
    return [(each.operation, each.target, each.status) for each in sim.do(lambda cloud: cloud.requests)]


def restore(cloud: Cloud, ref: ObjectRef) -> RestoreObject:
    state = cloud.view(()).object(ref)
    assert isinstance(state, ObjectState)
    return RestoreObject(bucket=ref.bucket, key=ref.key, days=1, planned_on=state.digest, size=9,
                         storage_class="Archive")  # fmt: skip


FOUND = ("GetBucketInfo", "/here/?bucketInfo=", 200)


def test_what_is_asked_of_a_bucket_with_a_domain_is_asked_there(sim: Running) -> None:
    with port(sim, here="files") as cloud:
        for _ in range(2):
            assert isinstance(cloud.view(()).object(HERE), ObjectState)
        assert cloud.view(()).cors("here").rules
        assert isinstance(cloud.view(()).object(ObjectRef("other", HERE.key)), ObjectState)
    key = "/a%2Fb%20%C3%BC.zip"
    assert asked(sim) == [
        FOUND,
        ("HeadObject", key, 200),
        ("HeadObject", key, 200),
        ("GetBucketCors", "/?cors=", 200),
        ("HeadObject", f"/other{key}", 200),
    ]


def test_a_write_and_a_preflight_go_to_the_domain(sim: Running) -> None:
    with port(sim, here="files") as cloud:
        write = restore(cloud, HERE)
        assert cloud.executor is not None
        assert cloud.executor.send(write).outcome == "accepted"
        told = cloud.view(()).preflight("here", "k", "https://app.example.com", "GET", ())
    assert told.status == 200
    assert [each[:2] for each in asked(sim)[2:]] == [
        ("RestoreObject", "/a%2Fb%20%C3%BC.zip?restore="),
        ("OptionObject", "/k"),
    ]


def test_what_names_no_bucket_stays_at_the_endpoint(sim: Running) -> None:
    with port(sim, "http://oss-{region}.localhost:" + sim.oss.rpartition(":")[2], here="files", north="far") as cloud:
        assert cloud.has("here")
        cloud.view(()).object(NORTH)
        cloud.jobs.of("north", "d")
    assert [each[0] for each in asked(sim)] == ["ListBuckets", "GetBucketInfo", "HeadObject", "ListJobs"]
    assert {status for _, _, status in asked(sim)[2:]} == {200}


def test_the_region_is_asked_for_once_at_the_usual_endpoint_and_signed_for_at_the_domain(sim: Running) -> None:
    with port(sim, north="far") as cloud:
        write = restore(cloud, NORTH)
        assert cloud.executor is not None
        cloud.executor.send(write)
        assert cloud.region_of("north") == "cn-beijing"
    assert asked(sim) == [
        ("GetBucketInfo", "/north/?bucketInfo=", 403),
        ("HeadObject", "/a.zip", 200),
        ("RestoreObject", "/a.zip?restore=", 202),
    ]


def test_a_write_to_a_bucket_that_nobody_has_asked_for_is_signed_for_its_region(sim: Running) -> None:
    """The list of a batch job."""
    write = CreateJob(
        bucket="here", keys=("k",), days=3, tier="Bulk", storage_class="ColdArchive", size=3,
        role_arn="acs:ram::1234567890123456:role/batch", into="north", prefix="o/", name="n1", planned_on="no job",
    )  # fmt: skip
    with port(sim, north="far") as cloud:
        assert cloud.executor is not None
        with suppress(Refused):  # OSS wants it in the region of the objects; the list is there
            cloud.executor.send(write)
    assert asked(sim)[:2] == [
        ("GetBucketInfo", "/north/?bucketInfo=", 403),
        ("PutObject", f"/{write.manifest_key.replace('/', '%2F')}", 200),
    ]


def test_the_host_of_an_event_is_no_guess_for_a_bucket_with_a_domain(sim: Running) -> None:
    event = Event(source="t", code="InvalidObjectState", bucket="here", key="k",
                  host="here.oss-cn-beijing.aliyuncs.com")  # fmt: skip
    case = replace(case_of(HERE.key, bucket="here"), samples=(event,))
    with port(sim, refused_port(), here="files") as cloud:
        assert isinstance(cloud.view([case]).object(HERE), ObjectState)


def test_without_an_answer_of_the_usual_endpoint_the_own_region_is_tried(sim: Running) -> None:
    with port(sim, refused_port(), here="files") as cloud:
        assert isinstance(cloud.view(()).object(HERE), ObjectState)
        assert cloud.region_of("here") == "cn-hangzhou", "the domain has answered: nobody is asked again"


def test_a_usual_endpoint_that_takes_all_the_time_leaves_half_of_it_to_the_domain(sim: Running) -> None:
    clock = HandClock()
    with server(clock, "drips headers") as it, port(sim, it.url, clock, here="files") as cloud:
        it.step = HUNG / (DROPS + 2)  # all of them are more than a half, and less than the whole
        assert isinstance(cloud.view(()).object(HERE), ObjectState)
        assert it.connections == 1


def test_a_usual_endpoint_that_knows_no_such_bucket_leaves_it_to_the_domain(sim: Running) -> None:
    with liar(oss_error(404, "NoSuchBucket")) as it, port(sim, it.url, here="files") as cloud:
        assert isinstance(cloud.view(()).object(HERE), ObjectState)


def test_a_bucket_that_has_said_that_an_object_is_missing_is_where_it_was_signed_for(sim: Running) -> None:
    """The usual endpoint is asked once, also where it tells nothing."""
    refuses = oss_error(400, "PublicEndpointForbidden", "no")
    with liar(refuses) as it, port(sim, it.url, here="files") as cloud:
        for key in ("gone", "gone too"):
            assert cloud.view(()).object(ObjectRef("here", key)) == Missing("object")
        assert cloud.region_of("here") == "cn-hangzhou"
        assert len(it.heads) == 1


def test_a_region_that_nobody_tells_and_that_does_not_fit_is_told_as_what_it_is(sim: Running) -> None:
    with port(sim, refused_port(), north="far") as cloud, pytest.raises(Refused) as refused:
        cloud.view(()).object(NORTH)
    assert refused.value.code == "WrongRegion"
    assert "far.localhost" in refused.value.message
    assert 'refuses signatures for cn-hangzhou ("Invalid signing region' in refused.value.message
    assert "set region to the bucket's" in refused.value.message


def test_a_domain_of_a_bucket_elsewhere_is_told_as_another_buckets(sim: Running) -> None:
    with port(sim, here="far") as cloud, pytest.raises(Refused, match="leads to another bucket") as refused:
        cloud.view(()).cors("here")
    assert refused.value.code == "WrongRegion"


def test_a_domain_that_leads_to_another_regions_host_is_told_so_and_asked_once(sim: Running) -> None:
    said = "The bucket you are attempting to access must be addressed using the specified endpoint."
    elsewhere = oss_error(403, "AccessDenied", said, "<Endpoint>oss-cn-beijing.aliyuncs.com</Endpoint>")
    with liar(elsewhere) as it, port(sim, here=it.url.replace("127.0.0.1", "files.localhost")) as cloud:
        view = cloud.view(())
        with pytest.raises(Refused, match="is in cn-beijing, the request went to http:") as refused:
            view.cors("here")
        assert len(it.heads) == 1
    assert refused.value.code == "WrongRegion"


def test_a_domain_of_another_bucket_is_no_trouble_of_our_key(sim: Running) -> None:
    """OSS signs for the bucket that the domain is bound to."""
    trouble = pytest.raises(Refused, match="leads to another bucket")
    with port(sim, other="files") as cloud, capture_logs() as events, trouble as refused:
        cloud.view(()).cors("other")
    assert refused.value.code == "SignatureDoesNotMatch"
    assert [each for each in events if each["event"] == "key.refused"] == []


@pytest.mark.parametrize("at_domains", [True, False])
def test_a_wrong_region_does_not_say_that_a_refused_key_is_taken_again(sim: Running, at_domains: bool) -> None:
    """Whatever waits is asked again when the key is taken again: so it would be asked without end."""
    nobody = ("LTAI5tNobodysKeyAtAll", "x" * 30)
    with_domains = port(sim, refused_port(), key=nobody, here="files", north="far")
    with with_domains if at_domains else port(sim, key=nobody) as cloud, capture_logs() as events:
        for ref in (HERE, NORTH, HERE, NORTH):
            with pytest.raises(Refused):
                cloud.view(()).object(ref)
        assert cloud._wire.returns == 0
    assert [each["event"] for each in events if each["event"].startswith("key.")] == ["key.refused"]


@pytest.mark.parametrize("status", [200, 206, 403, 404, 409, 416])
def test_what_is_not_oss_is_believed_nothing(sim: Running, status: int) -> None:
    page = answer(status, b"<h1>hello</h1>", "Server: nginx\r\n")
    with liar(page) as web, port(sim, here=web.url.replace("127.0.0.1", "files.localhost")) as cloud:
        view = cloud.view(())
        for question in (
            lambda: view.object(HERE),
            lambda: view.reads(HERE),
            lambda: view.cors("here"),
            lambda: view.preflight("here", "k", "https://app.example.com", "GET", ()),
        ):
            with pytest.raises(Refused, match=f"answered {status}, and not as OSS does") as refused:
                question()
            assert refused.value.code == "NotOss"
        write = RestoreObject(bucket="here", key="k", days=1, planned_on="x", size=9, storage_class="Archive")
        assert cloud.executor is not None
        with pytest.raises(Unsettled, match="not as OSS does"):
            cloud.executor.send(write)


def test_what_is_not_oss_says_nothing_of_osss_clock(sim: Running) -> None:
    """The brakes count by it."""
    page = answer(404, b"<h1>hello</h1>", "Server: nginx\r\nDate: Thu, 01 Jan 2099 00:00:00 GMT\r\n")
    with liar(page) as web, port(sim, here=web.url.replace("127.0.0.1", "files.localhost")) as cloud:
        for _ in range(3):
            with pytest.raises(Refused, match="not as OSS does"):
                cloud.view(()).object(HERE)
        said = cloud.oss_clock()
    assert said is not None
    assert said.year < 2099


def test_what_is_not_oss_and_down_is_asked_again_later(sim: Running) -> None:
    page = answer(502, b"<h1>bad gateway</h1>", "Server: nginx\r\n")
    with liar(page) as web, port(sim, here=web.url.replace("127.0.0.1", "files.localhost")) as cloud:
        view = cloud.view(())
        with pytest.raises(TryAgain):
            view.object(HERE)


def test_a_refusal_of_the_public_endpoint_names_the_settings_that_cure_it(sim: Running) -> None:
    with liar(oss_error(400, "PublicEndpointForbidden", "no")) as it, port(sim, it.url) as cloud:
        view = cloud.view(())
        with pytest.raises(Refused, match=r"no .say the bucket's own domain in cloud") as refused:
            view.cors("here")
    assert refused.value.code == "PublicEndpointForbidden"


def test_a_domain_that_does_not_answer_opens_its_own_breaker(sim: Running) -> None:
    dead = refused_port().replace("127.0.0.1", "files.localhost")
    with port(sim, here=dead) as cloud:
        for _ in range(2):
            with pytest.raises(TryAgain):
                cloud.view(()).object(HERE)
        with pytest.raises(TryAgain, match="3 calls in a row had no answer"):
            cloud.view(()).object(HERE)
        assert isinstance(cloud.view(()).object(ObjectRef("other", HERE.key)), ObjectState)


def test_a_dry_run_sends_nothing_else_to_a_domain(sim: Running) -> None:
    settings = settings_for(sim.oss, key=(sim.access_key_id, sim.access_key_secret))
    cloud = connect(replace(settings, domains={"here": at(sim, "files")}), clock=StillClock(), may_write=False)
    try:
        assert cloud.executor is None
        with pytest.raises(WriteForbidden):
            Oss(replace(settings, domains={"here": at(sim, "files")}), cloud._wire, READ_ONLY).call("POST", "here", "k")
    finally:
        cloud.close()
    assert asked(sim) == [FOUND]


@pytest.mark.parametrize(
    "domain",
    [
        "http://files.example.com",
        "https://files.example.com/x",
        "https://user@files.example.com",
        "ftp://f.example.com",
    ],
)
def test_a_domain_that_must_not_get_signed_requests_is_refused(domain: str) -> None:
    with pytest.raises(EndpointRefused):
        replace(settings_for("http://127.0.0.1:1"), domains={"here": domain})


@pytest.mark.parametrize(
    ("network", "host"), [("internal", "oss-cn-hangzhou-internal"), ("accelerate", "oss-cn-hangzhou")]
)
def test_the_region_is_asked_for_in_the_accounts_network_or_at_a_public_host_where_that_never_tells(
    network: Network, host: str
) -> None:
    settings = replace(settings_for("http://127.0.0.1:1"), endpoint=None, network=network,
                       domains={"here": "https://files.example.com"})  # fmt: skip
    asked_for: list[str] = []

    def look_up(host: str, port: int) -> list[Address]:
        asked_for.append(host)
        raise OSError(port)

    with closing(connect(settings, clock=StillClock(), may_write=False)) as cloud:
        cloud._wire.endpoints._resolver = Resolver(look_up)
        with pytest.raises(TryAgain):
            cloud.view(()).object(HERE)
    assert asked_for[:2] == [f"here.{host}.aliyuncs.com", "files.example.com"]
    assert set(asked_for) == {*asked_for[:2]}
