"""Which object a text means: OSS's body alone, else what the world agrees with; prose names no target."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.remediators import agreement
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Act, Tell
from ossmend.remediators.image_damage import plan as plan_image
from ossmend.remediators.invalid_object_state import plan
from ossmend.remediators.settings.image import ImageSettings
from ossmend.remediators.settings.restore import RestoreSettings
from ossmend.remediators.writes.restore_object import RestoreObject
from tests.fakes import ASKED, FakeView, FakeWorld, case_of, receipt_of
from tests.remediators.test_image_damage import versioned

A, B = ObjectRef("b", "a"), ObjectRef("b", "b")
ELSEWHERE = ObjectRef("other", "a")


def meaning(*readings: tuple[ObjectRef, Origin], **changes: Any) -> Event:
    best = readings[0][0] if readings else None
    return Event(
        source="app_log:/x", code="InvalidObjectState", status=403, operation="GetObject",
        bucket=best.bucket if best else None, key=best.key if best else None,
        readings=tuple(Reading(ref, origin) for ref, origin in readings), **changes,
    )  # fmt: skip


def world_of(**archived: str) -> FakeWorld:
    """Keys of bucket b, and their storage classes."""
    world = FakeWorld()
    world.buckets |= {"b", "other"}
    for key, storage_class in archived.items():
        world.add_object(key, storage_class)
    return world


def verdict(event: Event, world: FakeWorld, **case: Any) -> Any:
    return plan(case_of(event, **case), FakeView(world), RestoreSettings())  # type: ignore[arg-type]  # FakeView forwards


def target(event: Event, world: FakeWorld) -> ObjectRef | None:
    answer = verdict(event, world)
    if not isinstance(answer, Act):
        return None
    (write,) = answer.writes
    assert isinstance(write, RestoreObject)
    return write.ref


BODY, REQUEST, RECORD, URI, IMPLIED, PROSE = Origin


# ------------------------------------------------------------------------------------------------------------- it names


@pytest.mark.parametrize("origin", [BODY, REQUEST, RECORD, URI])
def test_the_only_reading_is_restored_where_the_world_agrees(origin: Origin) -> None:
    assert target(meaning((A, origin)), world_of(a="Archive")) == A


def test_osss_own_body_is_believed_alone() -> None:
    event = meaning((A, BODY), (B, REQUEST), (ELSEWHERE, URI))
    assert target(event, world_of(a="Archive", b="Archive")) == A
    assert target(event, world_of(b="Archive")) is None


def test_osss_own_body_is_believed_wherever_it_stands_among_the_readings() -> None:
    assert target(meaning((B, PROSE), (A, BODY)), world_of(a="Archive", b="Archive")) == A


def test_of_readings_that_differ_the_one_that_is_archived_is_meant() -> None:
    assert target(meaning((A, REQUEST), (B, RECORD)), world_of(a="Standard", b="Archive")) == B


def test_a_reading_in_another_bucket_may_be_the_one() -> None:
    world = world_of()
    world.add_object("a", bucket="other")
    assert target(meaning((A, REQUEST), (ELSEWHERE, URI)), world) == ELSEWHERE


def test_the_same_object_read_twice_is_one_reading() -> None:
    assert target(meaning((A, REQUEST), (A, URI), (B, PROSE)), world_of(a="Archive", b="Archive")) == A


def test_an_event_with_one_place_is_as_good_as_its_least_believed_part() -> None:
    event = meaning((A, REQUEST))
    event = replace(event, readings=(), origins=ASKED)
    assert target(event, world_of(a="Archive")) == A
    for part in ("bucket", "key"):
        guessed = replace(event, origins=ASKED | {part: PROSE})
        assert target(guessed, world_of(a="Archive")) is None


def test_an_access_log_entry_of_an_older_state_is_osss_own_word() -> None:
    older = replace(meaning((A, REQUEST)), readings=(), source="access_log:logs/")
    assert target(older, world_of(a="Archive")) == A
    assert target(replace(older, source="app_log:/var/log/access_log:logs/"), world_of(a="Archive")) is None


# --------------------------------------------------------------------------------------------------- it asks a person


@pytest.mark.parametrize("others", [(), ((ELSEWHERE, REQUEST),)])
def test_a_key_in_a_bucket_that_only_prose_names_is_not_written_to_and_makes_no_worse_one_the_only_one(
    others: tuple[tuple[ObjectRef, Origin], ...],
) -> None:
    world = world_of(a="Archive")
    world.add_object("a", bucket="other")
    event = meaning((A, BODY), *others, origins={"bucket": PROSE, "key": BODY})
    assert target(event, world) is None
    assert target(replace(event, origins={"bucket": URI, "key": BODY}), world) == A


@pytest.mark.parametrize("origin", [PROSE, IMPLIED])
def test_prose_names_nothing_that_is_written_to(origin: Origin) -> None:
    answer = verdict(meaning((A, origin), (B, PROSE)), world_of(a="Archive"))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "named-in-prose"
    assert "only in prose: oss://b/a" in answer.why


def test_an_event_of_an_older_state_is_told_and_not_written_to() -> None:
    older = replace(meaning((A, REQUEST)), readings=(), origins={})
    answer = verdict(older, world_of(a="Archive"))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "named-in-prose"


@pytest.mark.parametrize(
    ("archived", "cause"),
    [
        ({"a": "Archive", "b": "ColdArchive"}, "readings-differ"),
        ({"a": "Standard", "b": "IA"}, "readings-differ"),
        ({"a": "Standard"}, "readings-differ"),
        ({}, "object-missing"),
    ],
)
def test_where_none_or_several_are_as_the_code_says_a_person_is_told_the_readings(
    archived: dict[str, str], cause: str
) -> None:
    answer = verdict(meaning((A, REQUEST), (B, RECORD), (ELSEWHERE, PROSE)), world_of(**archived))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == cause
    told = answer.diagnosis.facts["readings"]
    assert [(each["object"], each["from"]) for each in told] == [(str(A), "request"), (str(B), "record")]


def test_the_source_of_a_copy_is_restored_only_where_more_than_prose_names_it() -> None:
    world = world_of(source="Archive", a="Standard")
    event = meaning((A, REQUEST), fields={"x-oss-copy-source": "/b/source"})
    assert target(replace(event, origins={"copy_source": REQUEST}), world) == ObjectRef("b", "source")
    assert target(replace(event, origins={"copy_source": PROSE}), world) is None
    assert target(event, world) is None


# ----------------------------------------------------------------------------------------------- what it has begun


def restored_before(world: FakeWorld, ref: ObjectRef) -> Any:
    state = world.objects[ref]
    write = RestoreObject(
        bucket="b", key=ref.key, days=1, storage_class="Archive", size=state.size, planned_on=state.digest
    )
    return receipt_of(write)


def test_a_restore_of_an_older_state_is_followed_to_its_end() -> None:
    world = world_of()
    world.add_object("a", restore="ongoing")
    older = replace(meaning((A, REQUEST)), readings=(), origins={})
    receipt = restored_before(world, A)
    assert type(verdict(older, world, receipts=(receipt,))).__name__ == "Wait"
    world.finish_restores()
    assert type(verdict(older, world, receipts=(receipt,))).__name__ == "Done"


def test_a_restore_that_was_lost_is_not_repeated_on_a_doubtful_reading() -> None:
    world = world_of(a="Archive", b="Archive")
    receipt = restored_before(world, A)
    world.clock.pass_(timedelta(minutes=2))
    answer = verdict(meaning((A, REQUEST), (B, RECORD)), world, receipts=(receipt,))
    assert isinstance(answer, Tell)
    assert answer.diagnosis.cause == "readings-differ"


# ------------------------------------------------------------------------------------------------- pictures and buckets


def test_a_picture_that_only_prose_names_is_looked_at_and_no_version_is_offered() -> None:
    world = versioned("truncated", "good")
    event = Event(source="t", code="ImageDamage", status=400, bucket="photos", key="cat.jpg")
    settings = ImageSettings(restore_version="enforce")
    answer = plan_image(case_of(event), FakeView(world), settings)  # type: ignore[arg-type]  # FakeView forwards
    assert isinstance(answer, Tell)
    assert any("only in prose" in sentence for sentence in answer.diagnosis.evidence)
    named = replace(event, origins=ASKED)
    assert isinstance(plan_image(case_of(named), FakeView(world), settings), Act)  # type: ignore[arg-type]  # see above


@pytest.mark.parametrize(
    ("origin", "readings", "asks"),
    [
        (BODY, ((ELSEWHERE, REQUEST),), False),
        (REQUEST, ((A, REQUEST),), False),
        (REQUEST, ((A, REQUEST), (ELSEWHERE, PROSE)), False),
        (REQUEST, ((A, REQUEST), (ELSEWHERE, URI)), True),
        (PROSE, (), True),
    ],
)
def test_a_bucket_is_written_to_where_one_alone_is_named(
    origin: Origin, readings: tuple[tuple[ObjectRef, Origin], ...], asks: bool
) -> None:
    event = replace(meaning(*readings), bucket="b", origins={"bucket": origin})
    assert (agreement.bucket(event) is not None) is asks
