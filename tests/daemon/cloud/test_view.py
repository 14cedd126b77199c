"""The view on a real simulator: what it answers, and with how few requests."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask.view import LIFE
from ossmend.remediators.contract.values import CorsConfiguration, Missing, ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors
from ossmend.remediators.writes.restore_object import RestoreObject
from ossmend.simulator import edit_objects
from ossmend.simulator.serve import Running
from ossmend.simulator.state import Cloud as Account
from tests.daemon.cloud.stubs import (
    BUCKET,
    StillClock,
    answer,
    archived,
    case_of,
    control,
    liar,
    make_bucket,
    operations,
    oss_error,
    page_of,
    ref,
)

RESTORE_STATES = {"frozen": "none", "restoring": "ongoing", "restored": "restored"}
ODD_NAMES = [
    "a b",
    "50%",
    "50%25",
    "a+b",
    "a/../b",
    "é/\u4f8b.bin",
    "q?x=1&y=2",
    "#",
    "line\nbreak",
    "'\"<>",
    "~",
    "x" * 1023,
]


def state_of(view_answer: ObjectState | Missing) -> ObjectState:
    assert isinstance(view_answer, ObjectState)
    return view_answer


def test_a_hundred_archived_keys_under_one_prefix_are_one_list_call(sim: Running, cloud: Cloud) -> None:
    keys = [f"2024/{number:03d}.bin" for number in range(100)]
    make_bucket(sim, objects={key: archived() for key in keys})
    view = cloud.view([case_of(key) for key in keys])
    with ThreadPoolExecutor(32) as threads:
        states = list(threads.map(lambda key: view.object(ref(key)), keys))
    assert {state_of(state).storage_class for state in states} == {"Archive"}
    assert operations(sim) == {"ListObjectsV2": 1}


def test_asking_again_within_the_pass_costs_nothing(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim, objects={"k": archived()})
    view = cloud.view([case_of("k")])
    assert view.object(ref("k")) == view.object(ref("k"))
    assert view.cors(BUCKET) == view.cors(BUCKET) == CorsConfiguration()
    assert operations(sim) == {"HeadObject": 1, "GetBucketCors": 1}


def test_nothing_is_remembered_for_longer_than_ten_seconds(sim: Running, open_port: Callable[..., Cloud]) -> None:
    clock = StillClock()
    cloud = open_port(sim.oss, clock=clock, key=(sim.access_key_id, sim.access_key_secret))
    make_bucket(sim, objects={"k": archived()})
    view = cloud.view([])
    view.object(ref("k"))
    clock.pass_by(LIFE - 1)
    view.object(ref("k"))
    assert operations(sim) == {"HeadObject": 1}
    clock.pass_by(1)
    view.object(ref("k"))
    assert operations(sim) == {"HeadObject": 2}


def test_a_view_does_not_remember_for_the_next_one(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim, objects={"k": archived()})
    assert state_of(cloud.view([]).object(ref("k"))).restore == "none"
    control(sim, "PUT", f"buckets/{BUCKET}/objects/k", archived(restore="restored"))
    assert state_of(cloud.view([]).object(ref("k"))).restore == "restored"


@pytest.mark.parametrize(
    ("storage_class", "restore"),
    [
        ("Standard", "frozen"),
        ("IA", "frozen"),
        *((name, state) for name in ("Archive", "ColdArchive", "DeepColdArchive") for state in RESTORE_STATES),
    ],
)
def test_listing_and_head_agree_on_every_state(sim: Running, cloud: Cloud, storage_class: str, restore: str) -> None:
    keys = [f"k{number}" for number in range(6)]
    make_bucket(sim, objects={key: {"size": 7, "storage_class": storage_class, "restore": restore} for key in keys})
    listed = state_of(cloud.view([case_of(key) for key in keys]).object(ref("k3")))
    asked = state_of(cloud.view([]).object(ref("k3")))
    assert operations(sim) == {"ListObjectsV2": 1, "HeadObject": 1}
    assert listed == asked
    assert listed.digest == asked.digest
    assert listed.restore == RESTORE_STATES[restore]
    assert (listed.until is not None) == (restore == "restored")


def test_odd_names_survive_both_roads(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim)
    for number, key in enumerate(ODD_NAMES):
        sim.do(partial(_put, key=key, size=number))
    view, single = cloud.view([case_of(key) for key in ODD_NAMES]), cloud.view([])
    for number, key in enumerate(ODD_NAMES):
        assert state_of(view.object(ref(key))).size == number
        assert state_of(single.object(ref(key))).size == number
        assert single.reads(ref(key))
    assert operations(sim)["ListObjectsV2"] == 1


def _put(account: Account, key: str, size: int) -> None:
    edit_objects.put_object(account, BUCKET, key, {"size": size})


def test_what_is_not_there_is_missing_by_both_roads(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim, objects={"a0": archived()})
    keys = [f"a{number}" for number in range(8)]
    view = cloud.view([case_of(key) for key in keys])
    assert view.object(ref("a5")) == cloud.view([]).object(ref("a5")) == Missing("object")
    assert view.object(ref("/a5")) == Missing("object")  # 400 InvalidObjectName: no object begins with a slash
    assert view.object(ObjectRef("no-such-bucket", "k")) == Missing("bucket")
    elsewhere = cloud.view([case_of(key, bucket="no-such-bucket") for key in keys])
    assert elsewhere.object(ObjectRef("no-such-bucket", "a1")) == Missing("bucket")
    assert not view.reads(ref("a5"))


@pytest.mark.parametrize("where", [ObjectRef("evil.example/", "k"), ObjectRef("UPPER", "k"), ObjectRef(BUCKET, ".."),
                                   ObjectRef(BUCKET, "\ud800"), ObjectRef(BUCKET, "k" * 1024), ObjectRef(BUCKET, ""),
                                   ObjectRef(BUCKET, "k", "\ud800"), ObjectRef(BUCKET, "k", "v\r\n")])  # fmt: skip
def test_names_that_cannot_be_cost_no_request(open_port: Callable[..., Cloud], where: ObjectRef) -> None:
    with liar(answer(200)) as server:
        view = open_port(server.url).view([case_of(where.key or "k", bucket=where.bucket)])
        assert isinstance(view.object(where), Missing)
        assert not view.reads(where)
        assert server.heads == []


def test_a_version_is_asked_for_by_itself(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim, versioning="Enabled", objects={f"k{number}": {"size": 1} for number in range(8)})
    control(sim, "PUT", f"buckets/{BUCKET}/objects/k1", archived(version_id="OLD"))
    control(sim, "PUT", f"buckets/{BUCKET}/objects/k1", {"size": 1, "version_id": "NEW"})
    view = cloud.view([case_of("k1", version="OLD"), *(case_of(f"k{number}") for number in range(8))])
    assert state_of(view.object(ref("k1", "OLD"))).storage_class == "Archive"
    assert state_of(view.object(ref("k1"))).storage_class == "Standard"
    assert not view.reads(ref("k1", "OLD"))
    assert view.reads(ref("k1"))
    assert view.object(ref("k1", "CAEQ0123456789abcdefghij")) == Missing("version")


def test_a_write_drops_its_key_from_every_view(sim: Running, cloud: Cloud) -> None:
    keys = [f"k{number}" for number in range(8)]
    make_bucket(sim, objects={key: archived() for key in keys})
    view = cloud.view([case_of(key) for key in keys])
    before = state_of(view.object(ref("k1")))
    write = RestoreObject(bucket=BUCKET, key="k1", days=1, storage_class="Archive", size=1, planned_on=before.digest)
    assert cloud.executor is not None
    cloud.executor.send(write)
    assert state_of(view.object(ref("k1"))).restore == "none"
    cloud.forget(write)
    assert state_of(view.object(ref("k1"))).restore == "ongoing"
    assert state_of(view.object(ref("k2"))).restore == "none"
    assert operations(sim) == {"ListObjectsV2": 1, "RestoreObject": 1, "HeadObject": 1}


def test_a_cors_write_drops_its_bucket(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim)
    view = cloud.view([])
    view.cors(BUCKET)
    cloud.forget(PutBucketCors(bucket=BUCKET, rules=(), planned_on="x"))
    view.cors(BUCKET)
    assert operations(sim) == {"GetBucketCors": 2}


def test_without_the_right_to_list_keys_are_asked_one_by_one(sim: Running, cloud: Cloud) -> None:
    keys = [f"k{number}" for number in range(8)]
    make_bucket(sim, objects={key: archived() for key in keys})
    control(sim, "POST", "faults", {"operation": "ListObjects*", "status": 403, "code": "AccessDenied"})
    view = cloud.view([case_of(key) for key in keys])
    assert all(isinstance(view.object(ref(key)), ObjectState) for key in keys)
    assert operations(sim) == {"ListObjectsV2": 1, "HeadObject": 8}


def test_a_listing_that_fails_fails_once_for_all_who_wait(open_port: Callable[..., Cloud]) -> None:
    keys = [f"k{number}" for number in range(40)]
    with liar(oss_error(503, "ServiceUnavailable")) as server:
        view = open_port(server.url).view([case_of(key) for key in keys])

        def ask(key: str) -> str:
            with pytest.raises(TryAgain):
                view.object(ref(key))
            return key

        with ThreadPoolExecutor(16) as threads:
            assert list(threads.map(ask, keys)) == keys
        assert len(server.heads) == 3  # three tries of one list call


def test_a_single_head_that_is_refused_is_not_a_missing_object(open_port: Callable[..., Cloud]) -> None:
    for status, code in ((403, "AccessDenied"), (403, "InvalidAccessKeyId"), (400, "InvalidArgument"), (404, "")):
        with liar(oss_error(status, code)) as server, pytest.raises(Refused):
            open_port(server.url).view([]).object(ref("k"))


@pytest.mark.parametrize(
    ("described", "readable"),
    [
        ({"size": 5}, True),
        ({"size": 0}, True),
        (archived(), False),
        (archived(restore="restoring"), False),
        (archived(restore="restored"), True),
    ],
)
def test_a_one_byte_read_is_the_proof(sim: Running, cloud: Cloud, described: dict[str, object], readable: bool) -> None:
    make_bucket(sim, objects={"k": described})
    view = cloud.view([])
    assert view.reads(ref("k")) is readable
    assert view.reads(ref("k")) is readable
    assert operations(sim) == {"GetObject": 2}  # never from the cache


def test_a_read_that_we_may_not_do_is_no_proof(open_port: Callable[..., Cloud]) -> None:
    for code in ("AccessDenied", "RequestTimeTooSkewed", "UserDisable"):
        with liar(oss_error(403, code)) as server, pytest.raises(Refused):
            open_port(server.url).view([]).reads(ref("k"))


def test_archive_direct_read_is_read_from_the_bucket(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim, archive_direct_read=True)
    make_bucket(sim, "other-bucket")
    assert cloud.view([]).archive_direct_read(BUCKET)
    assert not cloud.view([]).archive_direct_read("other-bucket")
    with pytest.raises(Refused, match="NoSuchBucket"):
        cloud.view([]).archive_direct_read("no-such-bucket")


def test_a_region_without_direct_read_has_it_off(open_port: Callable[..., Cloud]) -> None:
    with liar(oss_error(501, "NotImplemented")) as server:
        assert not open_port(server.url).view([]).archive_direct_read(BUCKET)


def test_a_preflight_is_what_a_browser_sends(sim: Running, cloud: Cloud) -> None:
    rule = {"allowed_origins": ["https://a.example"], "allowed_methods": ["PUT"], "allowed_headers": ["*"]}
    make_bucket(sim, cors=[rule])
    view = cloud.view([])
    found = view.preflight(BUCKET, "dir/ k", "https://a.example", "put", ("X-Two", "x-one"))
    assert found.allows("https://a.example", "PUT", ("X-Two",))
    refused = view.preflight(BUCKET, None, "https://b.example", "PUT", ())
    assert (refused.status, refused.code) == (403, "AccessForbidden")
    assert refused.message
    assert refused.message.startswith("CORSResponse")
    seen = control(sim, "GET", "requests")["requests"]
    assert [request["access_key_id"] for request in seen] == [None, None]


def test_a_preflight_has_a_browsers_shape_and_is_never_remembered(open_port: Callable[..., Cloud]) -> None:
    with liar(answer(200)) as server:
        view = open_port(server.url).view([])
        for _ in range(2):
            view.preflight(BUCKET, "k", "https://a.example", "PUT", ("X-Two", "x-one"))
        head = server.heads[0]
        assert server.asked == [f"OPTIONS /{BUCKET}/k"] * 2
        assert "Origin: https://a.example" in head
        assert "Access-Control-Request-Method: PUT" in head
        assert "Access-Control-Request-Headers: x-one,x-two" in head
        assert "authorization" not in head.lower()


@pytest.mark.parametrize("accident", [oss_error(503, "ServiceUnavailable"), "reset"])
def test_a_preflight_that_fails_on_the_way_is_no_refusal(
    open_port: Callable[..., Cloud], accident: bytes | str
) -> None:
    with liar(accident) as server, pytest.raises(TryAgain):
        open_port(server.url).view([]).preflight(BUCKET, None, "https://a.example", "PUT", ())


def test_on_real_oss_the_bucket_is_in_the_host(open_port: Callable[..., Cloud]) -> None:
    reads = open_port("https://oss-cn-hangzhou.aliyuncs.com")._reads
    assert reads._browser_url(BUCKET, "a/b c") == f"https://{BUCKET}.oss-cn-hangzhou.aliyuncs.com/a%2Fb%20c"
    here = open_port("http://127.0.0.1:9300")._reads
    assert here._browser_url(BUCKET, "") == f"http://127.0.0.1:9300/{BUCKET}/"


def test_no_lifecycle_is_no_rules(sim: Running, cloud: Cloud) -> None:
    make_bucket(sim)
    assert cloud.view([]).lifecycle_rules(BUCKET) == ()


def test_lifecycle_rules_are_told(open_port: Callable[..., Cloud]) -> None:
    to = b"<Transition><StorageClass>Archive</StorageClass></Transition>"
    rule = b"<Rule><ID>r</ID><Prefix>p/</Prefix><Status>Enabled</Status>" + to + b"</Rule>"
    with liar(answer(200, b"<LifecycleConfiguration>" + rule + b"</LifecycleConfiguration>")) as server:
        (found,) = open_port(server.url).view([]).lifecycle_rules(BUCKET)
    assert str(found) == "r: p/ -> Archive"
    assert not found.conditional


def test_a_lifecycle_rule_for_some_tag_is_told_as_such(open_port: Callable[..., Cloud]) -> None:
    to = b"<Transition><StorageClass>ColdArchive</StorageClass></Transition>"
    tag = b"<Tag><Key>old</Key><Value>yes</Value></Tag>"
    rule = b"<Rule><Prefix></Prefix><Status>Enabled</Status>" + tag + to + b"</Rule>"
    with liar(answer(200, b"<LifecycleConfiguration>" + rule + b"</LifecycleConfiguration>")) as server:
        (found,) = open_port(server.url).view([]).lifecycle_rules(BUCKET)
    assert found.conditional
    assert found.may_have_moved("any/key", "ColdArchive")
    assert not found.may_have_moved("any/key", "Archive")


def test_scattered_keys_are_not_paid_for_with_pages(open_port: Callable[..., Cloud]) -> None:
    wanted = [f"{number:06d}" for number in range(0, 30_000, 1000)]
    full = page_of([f"{number:06d}" for number in range(1000)], truncated=True)
    with liar(answer(200, full), answer(200)) as server:
        view = open_port(server.url).view([case_of(key) for key in wanted])
        for key in wanted:
            view.object(ref(key))
        methods = [asked.split(" ")[0] for asked in server.asked]
        assert methods.count("GET") == 1
        assert methods.count("HEAD") == 29


def test_the_view_tells_the_ports_time(cloud: Cloud, clock: StillClock) -> None:
    clock.pass_by(3600)
    assert cloud.view([]).now() == clock.now()


def test_a_page_that_answers_a_head_with_200_is_no_object(open_port: Callable[..., Cloud]) -> None:
    page = answer(200, headers="Server: proxy\r\nContent-Type: text/html\r\n", length=46)
    with liar(*[page] * 9) as server, pytest.raises(Refused, match="UnreadableAnswer"):
        open_port(server.url).view(()).object(ref("k"))
