"""What every write says of itself: where it changes something, what it needs, what it spends, how it is taken back.

A write is a value and two files: the value in remediators/writes/ and its sender in daemon/cloud/send/. Nobody else
asks which write it is: the journal, the brakes and the reports ask a `Write` for what they need to know.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

GIB = 1024**3
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a write changes something: a bucket, an object in it, or one version of that. The policy's `match` is asked
    about exactly this (config/policy.py), so a write that named less than it touches would slip out of its policy.
    """

    bucket: str
    key: str | None = None
    """None: the bucket's own configuration."""
    version_id: str | None = None


class PriceList(Protocol):
    """What config/prices.py knows."""

    def restore_cost(
        self, storage_class: str, tier: str | None, size: int, days: int, number: int = 1
    ) -> Decimal | None: ...


class Write(ABC):
    """One mutating call as a value. Subclasses are frozen dataclasses with `operation` as their first field."""

    __slots__ = ()

    objects: ClassVar[int] = 0
    """How many it takes of `objects_per_day`, as a rule."""
    asks: ClassVar[tuple[str, ...]] = ()
    """Questions (view.py) that are asked for its sake: to plan it, before it is sent, and to settle it."""
    operation: str
    """OSS's or RAM's own name of the call; in the journal it tells which write it is."""
    planned_on: str
    """What the world was when it was planned: before it is sent, the world must still be that."""

    @classmethod
    @abstractmethod
    def example(cls) -> Write:
        """One of nothing in particular, to say which permissions it needs."""

    @classmethod
    def examples(cls) -> tuple[Write, ...]:
        """One of each kind that needs other permissions than the rest."""
        return (cls.example(),)

    @property
    @abstractmethod
    def place(self) -> Place | None:
        """None: it lies in no bucket."""

    @property
    @abstractmethod
    def target(self) -> str:
        """The place for people: `oss://bucket/key`, `ram:user/NAME`."""

    @property
    @abstractmethod
    def permissions(self) -> tuple[tuple[str, str], ...]:
        """(action, resource) pairs, as a RAM policy has to grant them."""

    @property
    def places(self) -> tuple[Place | None, ...]:
        """Every place that it changes something at: the policy's `match` has to cover them all."""
        return (self.place,)

    @property
    def counted(self) -> int:
        """How many it takes of `objects_per_day`, where one write may take many."""
        return self.objects

    @property
    def only_prepares(self) -> bool:
        """Does it restore, replace and cost nothing? Then a person is asked about what follows it, and not about it."""
        return False

    @property
    def stored_bytes(self) -> int:
        """Bytes that are stored a second time because of it, and paid for: what `restore_gib_per_day` limits."""
        return 0

    @property
    def takes(self) -> str | None:
        """How long it takes until it has its effect, for people, where that is long."""
        return None

    @property
    def quota(self) -> str | None:
        """Which quota of so many a second the cloud counts it in: RestoreObject's are by storage class."""
        return None

    def cost(self, prices: PriceList) -> Decimal | None:  # noqa: ARG002  # only a write that costs asks the prices
        """In the currency of `prices`; None where a price is not known."""
        return Decimal(0)

    @property
    def effects(self) -> tuple[str, ...]:
        """What it does, whatever the world was when it was planned: by this a write is known to be the same as one that
        a person has taken back, in whatever case it is planned. One for each thing that somebody may want without the
        others.
        """
        return (f"{self.operation} {self.target}",)

    @property
    def replaces(self) -> tuple[object, object] | None:
        """What is there and what will be in its place, as JSON has them, where it replaces a configuration as a whole;
        None for a call that adds or copies.
        """
        return None

    def undone(self, outcome: str) -> Write | None:  # noqa: ARG002  # only RestoreVersion's undo depends on the answer
        """The write that takes this one back, planned on what it left behind; None where nothing can. `outcome` is what
        the journal holds of its answer.
        """
        return None

    def not_undone(self) -> str:
        """Why nothing takes it back, where `undone` has no answer: the rest of a sentence for the person who asked."""
        return "ossmend knows no call that takes it back"


WRITES: dict[str, type[Write]] = {}
"""The closed list, by operation: filled by the files of remediators/writes/, and by nothing else."""

W = TypeVar("W", bound=Write)


def undos_among(steps: Sequence[tuple[Write, str | None]], asked: Collection[int] = ()) -> Mapping[int, int]:
    """Which write takes back which, both by their place in the order of one case's writes; each is given with what the
    cloud answered, None where it was not done. To write the same again after an undo looks like an undo of that: only
    a person's wish (`asked`: places) makes it one.
    """
    found: dict[int, int] = {}
    for number, (write, _) in enumerate(steps):
        for place in reversed(range(number)):
            done, outcome = steps[place]
            back = done.undone(outcome) if outcome is not None else None
            if back is not None and digest(back) == digest(write) and (number in asked or place not in found):
                found[number] = place
                break
    return found


def gib(size: int | Decimal) -> str:
    """So many bytes, for people: `30 GiB`, `1.5 GiB`."""
    told = f"{Decimal(size) / GIB:.2f}".rstrip("0").rstrip(".")
    return f"{told} GiB" if told != "0" or not size else "under 0.01 GiB"


def restored_by_job(bucket: str, number: int, size: int, storage_class: str, tier: str | None, days: int) -> str:
    """What a batch job restores, for people: who approves its release reads what its making said."""
    how = f"{size / GIB:.2f} GiB of {storage_class}{f', {tier}' if tier else ''}, {days} d"
    return f"{number} objects ({how}) of oss://{bucket}/"


def write(cls: type[W]) -> type[W]:
    """Put a write on the list. Raises ImportError where two files claim one operation."""
    operation = cls.__dataclass_fields__["operation"].default  # type: ignore[attr-defined]  # every write is a dataclass
    known = WRITES.setdefault(operation, cls)
    if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
        raise ImportError(f"{operation} is claimed by {known.__module__} and by {cls.__module__}")
    return cls


@cache
def _adapter(cls: type[Write]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(cls)


@lru_cache(2048)
def to_json(value: Write) -> str:
    """Stable text: sorted keys, no blanks. The journal keeps it, and `digest` is taken over it: a turn asks for both,
    of as many writes as it has cases.
    """
    return _ENCODER.encode(_adapter(type(value)).dump_python(value, mode="json"))


def from_json(text: str) -> Write:
    """Raises KeyError for an operation that this version does not know."""
    import_module("ossmend.remediators.writes")  # fills the list; by name, since nothing here knows a single write
    found: Write = _adapter(WRITES[json.loads(text)["operation"]]).validate_json(text)
    return found


def digest(value: Write) -> str:
    """What an approval names: operation, target, arguments, what it was planned on. Other digest, other approval."""
    import hashlib

    return hashlib.sha256(to_json(value).encode()).hexdigest()
