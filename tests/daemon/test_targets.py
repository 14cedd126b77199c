"""For every text and policy: what is written to lies within `match`; body, request, record or agreement names it.

Once on events made of any mixture of readings, against plans alone; once on texts, through the parser, triage and
dispatch, in a world where every object that is spoken of is archived and could be restored.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ossmend.config.globs import fits
from ossmend.config.policy import Match, Policy
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.stages.consent import outside
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Act
from ossmend.remediators.invalid_object_state import plan
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.daemon.stages.test_work import Scene
from tests.fakes import NOW, FakeView, FakeWorld, case_of

BUCKETS = ("bkt-a", "bkt-b")
KEYS = ("2024/a.csv", "2024/b c.csv", "2024/a%2Fb.bin", "2024/a/b.bin", "payroll/huge.bin")
CLASSES = ("Archive", "ColdArchive", "Standard", None)
NAMING = {Origin.BODY, Origin.REQUEST, Origin.RECORD, Origin.URI}

refs = st.builds(ObjectRef, st.sampled_from(BUCKETS), st.sampled_from(KEYS))
origins = st.sampled_from(list(Origin))
readings = st.lists(st.builds(Reading, refs, origins), max_size=4).map(tuple)
worlds = st.dictionaries(refs, st.sampled_from(CLASSES))
matches = st.builds(
    Match,
    bucket=st.sampled_from(["*", "bkt-a", "bkt-?"]),
    key=st.sampled_from([None, "2024/*", "2024/**", "**", "payroll/*"]),
)


@st.composite
def events(draw: st.DrawFn) -> Event:
    found = draw(readings)
    best = found[0].ref if found else draw(st.none() | refs)
    told = draw(st.dictionaries(st.sampled_from(["bucket", "key", "copy_source"]), origins))
    source = draw(st.none() | refs)
    return Event(
        source="app_log:/x", code="InvalidObjectState", status=403, readings=found, origins=told,
        bucket=best.bucket if best else None, key=best.key if best else None,
        fields={"x-oss-copy-source": f"/{source.bucket}/{source.key}"} if source else {},
    )  # fmt: skip


def world_of(objects: dict[ObjectRef, str | None]) -> FakeWorld:
    world = FakeWorld()
    world.buckets |= set(BUCKETS)
    for ref, storage_class in objects.items():
        if storage_class is not None:
            world.add_object(ref.key, storage_class, bucket=ref.bucket)
    return world


def policy_of(match: Match) -> Policy:
    return Policy(name="p", on=("InvalidObjectState",), match=match, mode="enforce")


def is_named(event: Event, ref: ObjectRef, archived: set[ObjectRef]) -> bool:
    """The definition, in other words than the code's."""
    if "x-oss-copy-source" in event.fields:
        source = event.fields["x-oss-copy-source"] == f"/{ref.bucket}/{ref.key}"
        return source and event.origins.get("copy_source") in NAMING
    if not event.readings:
        return ref == event.object and {event.origins.get("bucket"), event.origins.get("key")} <= NAMING
    if ref.bucket == event.bucket and event.origins.get("bucket", Origin.BODY) not in NAMING:
        return False
    by_body = {each.ref for each in event.readings if each.origin is Origin.BODY}
    named = {each.ref for each in event.readings if each.origin in NAMING}
    if ref in by_body:
        return True
    return ref in named and (len(named) == 1 or named & archived == {ref})


@given(events(), matches, worlds)
@settings(max_examples=600, deadline=None)
def test_whatever_an_event_says_the_target_is_named_and_within_the_match(
    event: Event, match: Match, objects: dict[ObjectRef, str | None]
) -> None:
    world = world_of(objects)
    case = case_of(event)
    verdict = plan(case, FakeView(world), RestoreSettings())  # type: ignore[arg-type]  # FakeView forwards
    if not isinstance(verdict, Act):
        return
    for write in verdict.writes:
        assert isinstance(write, RestoreObject)
        archived = {ref for ref, each in objects.items() if each in ("Archive", "ColdArchive")}
        assert is_named(event, write.ref, archived)
        if outside(policy_of(match), case, write) is None:
            assert fits(match.bucket, write.bucket)
            assert fits(match.key, write.key, path=True)


# ------------------------------------------------------------------------------------------- texts, and the whole way


HOST = "oss-cn-hangzhou.aliyuncs.com"
STATE = "The operation is not valid for the object's state"
GENUINE = (
    (
        "<Error><Code>InvalidObjectState</Code><Message>{state}</Message><RequestId>{id}</RequestId>"
        "<HostId>{bucket}.{host}</HostId><ObjectName>{key}</ObjectName></Error>"
    ),
    (
        "ERROR get failed: oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
        "ErrorMessage={state}, RequestId={id}, url=https://{bucket}.{host}/{key}"
    ),
    (
        "ERROR cannot read oss://{bucket}/{key}: {{'status': 403, 'x-oss-request-id': '{id}', "
        "'details': {{'Code': 'InvalidObjectState', 'Message': \"{state}\", 'HostId': '{bucket}.{host}'}}}}"
    ),
    (
        '{{"level": "error", "bucket": "{bucket}", "key": "{key}", "status": 403, "code": "InvalidObjectState", '
        '"requestId": "{id}"}}'
    ),
)
"""Shapes that name their object by more than prose."""
BESIDE = (
    "INFO warming cache key: {key} of bucket {bucket}",
    '10.0.0.9 - - "GET /{key} HTTP/1.1" 500 12 "-" "curl/8"',
    '10.0.0.9 "GET /?q=%7B%22status%22:403,%22code%22:%22InvalidObjectState%22,%22key%22:%22{key}%22%7D" 200 5',
    '10.0.0.9 "GET /?q={{"status":403,"code":"InvalidObjectState","bucket":"{bucket}","key":"{key}"}} HTTP/1.1" 200',
    '10.0.0.9 - - "GET / HTTP/1.1" 200 5 "-" "<Error><Code>InvalidObjectState</Code><ObjectName>{key}</ObjectName>"',
    (
        '10.0.0.9 - - "GET / HTTP/1.1" 200 5 "-" "{{\\"status\\":403,\\"code\\":\\"InvalidObjectState\\",'
        '\\"bucket\\":\\"{bucket}\\",\\"key\\":\\"{key}\\"}}"'
    ),
    "DEBUG the object {key} in {bucket} was fine yesterday",
)
"""Text that speaks of another object beside it, and refuses nothing."""
plain_keys = st.sampled_from(["2024/a.csv", "2024/q1/b.csv", "payroll/huge.bin"])
bystanders = st.sampled_from(["2024/bystander.csv", "2024/other.raw", "payroll/secret.bin"])


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, set[ObjectRef]]:
    """A log, and the objects whose refusal it tells."""
    lines: list[str] = []
    named: set[ObjectRef] = set()
    for number in range(draw(st.integers(1, 4))):
        bucket = draw(st.sampled_from(BUCKETS))
        if draw(st.booleans()):
            key = draw(plain_keys)
            named.add(ObjectRef(bucket, key))
            shape = draw(st.sampled_from(GENUINE))
            lines.append(
                shape.format(bucket=bucket, key=key, host=HOST, state=STATE, id=f"65F0000{number}A1B2C3D4E5F60718")
            )
        else:
            lines.append(draw(st.sampled_from(BESIDE)).format(bucket=bucket, key=draw(bystanders)))
    return draw(st.sampled_from(["\n", "\n\n"])).join(lines), named


K1 = (
    "ERROR failed to get object: oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
    f"RequestId=65F00000A1B2C3D4E5F60718, url=https://bkt-a.{HOST}/2024/a.csv"
)
K2 = (
    'ERROR 10.0.0.9 "GET /2024/bystander.csv HTTP/1.1" 500 '
    f"{{'status': 403, 'details': {{'Code': 'InvalidObjectState', 'HostId': 'bkt-a.{HOST}'}}}}"
)


@given(stories(), matches)
@example((K1, {ObjectRef("bkt-a", "2024/a.csv")}), Match(bucket="*"))
@example((f"warming cache key: 2024/bystander.csv\n{K1}", {ObjectRef("bkt-a", "2024/a.csv")}), Match(bucket="*"))
@example((K2, set()), Match(bucket="*"))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_log_says_only_what_was_refused_within_the_match_is_restored(
    story: tuple[str, set[ObjectRef]], match: Match
) -> None:
    text, named = story
    with tempfile.TemporaryDirectory() as directory:
        sent = run(text, match, Path(directory))
    assert sent <= named, (text, sent)
    assert all(fits(match.bucket, ref.bucket) and fits(match.key, ref.key, path=True) for ref in sent)


def run(text: str, match: Match, directory: Path) -> set[ObjectRef]:
    """What a daemon restores that reads this text, in a world where everything is archived."""
    scene = Scene(directory)
    try:
        thaw = scene.config.policies[0].model_copy(update={"match": match})
        scene.use(scene.config.model_copy(update={"policies": (thaw,)}))
        scene.world.buckets |= set(BUCKETS)
        for bucket in BUCKETS:
            for key in ("2024/a.csv", "2024/q1/b.csv", "payroll/huge.bin", "2024/bystander.csv", "2024/other.raw"):
                scene.world.add_object(key, bucket=bucket)
            scene.world.add_object("payroll/secret.bin", bucket=bucket)
        scene.see(*events_in(text, source="app_log:/x", now=NOW, strict=True))
        scene.turn(2)
        scene.pass_(seconds=timedelta(minutes=6).total_seconds())
        scene.turn(2)
        return {write.ref for write in scene.world.sent if isinstance(write, RestoreObject)}
    finally:
        assert scene.dispatch is not None
        scene.dispatch.close()
        scene.store.close()


def test_the_genuine_shapes_are_restored_so_that_the_property_is_not_empty(tmp_path: Path) -> None:
    for number, shape in enumerate(GENUINE):
        key = "2024/a.csv"
        text = shape.format(bucket="bkt-a", key=key, host=HOST, state=STATE, id="65F00000A1B2C3D4E5F60718")
        assert run(text, Match(bucket="*"), tmp_path / str(number)) == {ObjectRef("bkt-a", key)}, shape
