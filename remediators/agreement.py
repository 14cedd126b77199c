"""The readings of a text -> the one object that may be written to, or the Tell that asks a person.

A text is evidence, never authority. OSS's own body is believed alone; what the refused request, a record's field or an
address says is believed where the world agrees; prose explains and names nothing (docs/decisions/0006). Remediators
that write call this before they plan; daemon/stages/decide.py asks the policy afterwards, whatever was chosen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ossmend.remediators import causes
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import Missing, ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Tell
from ossmend.remediators.contract.view import Objects

NAMING = frozenset({Origin.BODY, Origin.REQUEST, Origin.RECORD, Origin.URI})
"""What may name the target of a write. Not IMPLIED: OSS's sentences imply a code, never a place."""
OSS_LOG = ("access_log:", "sls:")
"""How the sources of OSS's own log are called. No text can name its own source: our reader puts it there."""
COPY_SOURCE = "copy_source"
"""Under this name `Event.origins` says where the source of a copy came from."""


def one(event: Event, view: Objects, claimed: Callable[[ObjectState], bool]) -> ObjectRef | Tell | None:
    """The object that is meant; a Tell where that is open; None where no object is named at all.

    `claimed` is what the code says of the object's state: where readings differ, the world has to agree with it too.
    """
    every = readings(event)
    named = naming(every)
    if not named:
        return in_prose(every) if every else None
    if len(named) > 1:
        looked = [(reading, view.object(reading.ref)) for reading in named]
        named = tuple(reading for reading, state in looked if isinstance(state, ObjectState) and claimed(state))
        if len(named) != 1:
            return _open(looked, len(named))
    return in_prose(named) if borrows_its_bucket(event, named[0].ref) else named[0].ref


def readings(event: Event) -> tuple[Reading, ...]:
    """Every object that the text may mean, best believed first."""
    if event.readings:
        return tuple(sorted(event.readings, key=lambda reading: reading.origin.rank))
    return (Reading(event.object, _origin(event, "bucket", "key", "version_id")),) if event.object is not None else ()


def borrows_its_bucket(event: Event, ref: ObjectRef) -> bool:
    """A key may be told well and without a bucket, and be read in one that only prose names. Such a reading is not
    written to; but it stays among the readings, so that it makes no worse one the only one.
    """
    return ref.bucket == event.bucket and event.origins.get("bucket", Origin.BODY) not in NAMING


def naming(every: Sequence[Reading]) -> tuple[Reading, ...]:
    """The readings that may be written to, each object once. Where OSS's own body speaks, nobody else does."""
    best: dict[ObjectRef, Reading] = {}
    for reading in every:
        if reading.origin in NAMING:
            best.setdefault(reading.ref, reading)
    of_oss = tuple(reading for reading in best.values() if reading.origin is Origin.BODY)
    return of_oss or tuple(best.values())


def bucket(event: Event) -> Tell | None:
    """None: the event's bucket may be written to. A Tell where only prose names it, or where readings differ."""
    if event.bucket is None:
        return None
    origin = _origin(event, "bucket")
    if origin not in NAMING:
        return in_prose((Reading(ObjectRef(event.bucket, ""), origin),))
    others = {reading.ref.bucket for reading in naming(event.readings)} - {event.bucket}
    if origin is Origin.BODY or not others:
        return None
    told = ", ".join(sorted({event.bucket, *others}))
    why = f"the text names several buckets: {told}"
    return Tell(why, causes.diagnosis("readings-differ", 0.9, (why,), {"buckets": sorted({event.bucket, *others})}))


def copy_source_named(event: Event) -> bool:
    """Does more than prose name the source of the refused copy?"""
    return event.origins.get(COPY_SOURCE, Origin.PROSE) in NAMING


def in_prose(every: Sequence[Reading]) -> Tell:
    """Only prose names it: a person has to say whether it is meant."""
    guesses = [_shown(reading.ref) for reading in every]
    why = f"the text names it only in prose: {', '.join(guesses)}"
    return Tell(why, causes.diagnosis("named-in-prose", 0.9, (why,), {"guesses": guesses}))


def _origin(event: Event, *parts: str) -> Origin:
    """The least believed of these parts. What was stored before origins were kept may be prose; OSS's log never is."""
    if event.source.startswith(OSS_LOG) and not event.origins:
        return Origin.BODY
    told = [event.origins.get(part, Origin.PROSE) for part in parts if getattr(event, part) is not None]
    return max(told, key=lambda origin: origin.rank)


def _open(looked: Sequence[tuple[Reading, ObjectState | Missing]], agreed: int) -> Tell:
    """None of the readings is in the state that the code claims, or several are."""
    if all(isinstance(state, Missing) for _, state in looked):
        why = f"OSS has none of the objects that the text may mean: {', '.join(str(each.ref) for each, _ in looked)}"
        return Tell(why, causes.diagnosis("object-missing", 0.8, (why,), {"readings": _found(looked)}))
    why = f"the text may mean {len(looked)} objects, and {agreed} of them are in the state that the code claims"
    evidence = (why, *(f"{each['object']} (from {each['from']}): {each['found']}" for each in _found(looked)))
    return Tell(why, causes.diagnosis("readings-differ", 0.9, evidence, {"readings": _found(looked)}))


def _found(looked: Sequence[tuple[Reading, ObjectState | Missing]]) -> list[dict[str, str]]:
    return [
        {"object": str(reading.ref), "from": reading.origin.value, "found": _state(state)} for reading, state in looked
    ]


def _state(state: ObjectState | Missing) -> str:
    if isinstance(state, Missing):
        return f"{state.what}: missing"
    return f"{state.storage_class}, restore {state.restore}"


def _shown(ref: ObjectRef) -> str:
    return str(ref) if ref.key else f"oss://{ref.bucket}"
