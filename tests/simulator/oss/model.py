"""Turns a seed into random steps by two SDKs over a few keys, and holds every answer against a model of OSS.

The model knows of a key only its stack of versions; what it says was written from OSS's documentation, not from the
simulator. `python -m tests.simulator.oss.model NUMBER [SEED]` takes that many steps.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.clients import bucket_of
from tests.simulator.oss.hands import First, Hand, Row, Second, Seen, Told

KEYS = ("a", "a/b", "a/b/c d+e", "a/b/", "b%2Fc", "中/é", "中/é.txt", "~")
PREFIXES = ("", "a", "a/", "a/b/", "中", "z")
NULL = "null"


@dataclass(frozen=True)
class Version:
    """One version of a key, or its delete marker."""

    version_id: str
    data: bytes = b""
    meta: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    grows: bool = False
    marker: bool = False


class Model:
    """What a bucket holds: per key its versions, the newest first."""

    def __init__(self) -> None:
        self.status = ""
        self.stacks: dict[str, list[Version]] = {}
        self.gone: dict[str, list[str]] = {}
        """Ids that were once given: asked for again, each is no version any more."""

    def current(self, key: str) -> Version | None:
        stack = self.stacks.get(key, [])
        return stack[0] if stack and not stack[0].marker else None

    def push(self, key: str, version: Version, told: str | None) -> None:
        """A new current version, whose id OSS has told: none of its own unless versions are kept."""
        stack = self.stacks.get(key, [])
        if self.status == "Enabled":
            known = [each.version_id for each in stack] + self.gone.get(key, [])
            assert told not in (None, NULL, *known), told
        else:
            assert told == (NULL if self.status else None), told
            stack = [each for each in stack if each.version_id != NULL] if self.status else []
        self.stacks[key] = [replace(version, version_id=told or NULL), *stack]

    def drop(self, key: str, version_id: str) -> None:
        self.stacks[key] = [each for each in self.stacks.get(key, []) if each.version_id != version_id]
        self.gone.setdefault(key, []).append(version_id)

    def find(self, key: str, version_id: str | None) -> Version:
        """The version that is meant, or the Code of the refusal."""
        if version_id is None:
            current = self.current(key)
            if current is None:
                raise Told("NoSuchKey")
            return current
        for each in self.stacks.get(key, []):
            if each.version_id == version_id:
                if each.marker:
                    raise Told("MethodNotAllowed")
                return each
        raise Told("NoSuchVersion")

    def keys(self, prefix: str = "") -> list[str]:
        found = [key for key in self.stacks if key.startswith(prefix) and self.current(key) is not None]
        return sorted(found, key=str.encode)

    def rows(self, prefix: str) -> list[Row]:
        return [
            Row(key, each.version_id, position == 0, each.marker)
            for key, stack in self.stacks.items()
            if key.startswith(prefix)
            for position, each in enumerate(stack)
        ]


def outcome(ask: Callable[[], object]) -> object:
    """What somebody says, be it a Code."""
    try:
        return ask()
    except Told as refusal:
        return f"refused: {refusal}"


class Walk:
    """Random steps; each is taken by one of the hands and checked at once."""

    def __init__(self, sim: Running, seed: int) -> None:
        self.rng = random.Random(seed)
        self.model = Model()
        bucket_of(sim, "model-bucket").create_bucket()
        self.hands: list[Hand] = [First(sim, "model-bucket"), Second(sim, "model-bucket")]
        self.steps: list[Callable[[Hand, str], None]] = [
            *[self.put] * 4,
            *[self.append, self.upload, self.copy, self.tag] * 2,
            *[self.get, self.delete] * 4,
            *[self.delete_many, self.list, self.versions, self.switch],
        ]

    def take(self, count: int) -> None:
        for number in range(count):
            step, key = self.rng.choice(self.steps), self.rng.choice(KEYS)
            hand = self.rng.choice(self.hands)
            try:
                step(hand, key)
            except AssertionError as wrong:
                wrong.add_note(f"step {number}: {step.__name__} of {key!r} by {type(hand).__name__}")
                raise
        for hand in self.hands:
            self.compare(hand)

    def compare(self, hand: Hand) -> None:
        """Everything the bucket holds."""
        assert set(hand.versions("", 1000)) == set(self.model.rows(""))
        for row in self.model.rows(""):
            here = (row.key, row.version_id)
            self.same(partial(self.seen, *here), partial(hand.get, *here))

    def same(self, expected: Callable[[], object], told: Callable[[], object]) -> None:
        right, answered = outcome(expected), outcome(told)
        assert right == answered, f"{answered!r} instead of {right!r}"

    def seen(self, key: str, version_id: str | None) -> Seen:
        version = self.model.find(key, version_id)
        return Seen(version.data, version.meta, version.version_id if self.model.status else None)

    def text(self) -> bytes:
        return self.rng.randbytes(self.rng.choice((0, 1, 7, 300)))

    def version(self, key: str) -> str | None:
        """Mostly the current one; else one there is, one there was, or the null one."""
        there = [each.version_id for each in self.model.stacks.get(key, [])]
        return self.rng.choice([*[None] * (2 + len(there)), *there, *self.model.gone.get(key, [])[-1:], NULL])

    def put(self, hand: Hand, key: str) -> None:
        data, meta = self.text(), self.rng.choice(({}, {"one": "1"}, {"a-b": "x y", "two": "2"}))
        self.model.push(key, Version("", data, meta), hand.put(key, data, meta))

    def upload(self, hand: Hand, key: str) -> None:
        parts = [self.rng.randbytes(100 * 1024), self.text()][self.rng.randrange(2) :]
        self.model.push(key, Version("", b"".join(parts)), hand.upload(key, parts))

    def append(self, hand: Hand, key: str) -> None:
        data, current = self.text(), self.model.current(key)
        size = len(current.data) if current else 0
        position = self.rng.choice((size, size, size, 0, 3))
        expected = self.growth(current, position, data)
        told = outcome(lambda: hand.append(key, position, data))
        assert told == expected, f"{told!r} instead of {expected!r}"
        if isinstance(told, str):
            return
        if current is None:
            self.model.push(key, Version("", data, grows=True), hand.get(key, None).version_id)
        else:
            self.model.stacks[key][0] = replace(current, data=current.data + data)

    def growth(self, current: Version | None, position: int, data: bytes) -> object:
        if current is not None and not current.grows:
            return "refused: ObjectNotAppendable"
        size = len(current.data) if current else 0
        return size + len(data) if position == size else "refused: PositionNotEqualToLength"

    def copy(self, hand: Hand, key: str) -> None:
        """Onto itself, the request's metadata counts, and there is none; anywhere else the source's."""
        source = self.rng.choice(KEYS)
        version_id = self.version(source)
        found = outcome(lambda: self.model.find(source, version_id))
        told = outcome(lambda: hand.copy(source, version_id, key))
        if not isinstance(found, Version):
            assert told == found, f"{told!r} instead of {found!r}"
            return
        meta = {} if found is self.model.current(key) else found.meta
        assert told is None or not str(told).startswith("refused"), told
        self.model.push(key, replace(found, meta=meta, grows=False), told if told is None else str(told))

    def get(self, hand: Hand, key: str) -> None:
        version_id = self.version(key)
        self.same(lambda: self.seen(key, version_id), lambda: hand.get(key, version_id))
        self.same(lambda: len(self.model.find(key, version_id).data), lambda: hand.size(key, version_id))
        self.same(lambda: self.model.find(key, version_id).tags, lambda: hand.tags(key, version_id))

    def delete(self, hand: Hand, key: str) -> None:
        version_id = self.version(key)
        told = hand.delete(key, version_id)
        if version_id is not None:
            assert told == version_id, told
            self.model.drop(key, version_id)
        elif self.model.status:
            self.model.push(key, Version("", marker=True), told)
        else:
            assert told is None, told
            self.model.stacks.pop(key, None)

    def delete_many(self, hand: Hand, key: str) -> None:
        """Of versions, whose ids are known before: what a marker is called, only the listing tells."""
        wanted = [(each, self.version(each) or NULL) for each in self.rng.sample(KEYS, 3)]
        assert hand.delete_many([*wanted]) == len(wanted)
        for each, version_id in wanted:
            self.model.drop(each, version_id)

    def tag(self, hand: Hand, key: str) -> None:
        version_id, tags = self.version(key), self.rng.choice(({"a": "1"}, {"b": "", "c d": "x+y"}))
        found = outcome(lambda: self.model.find(key, version_id))
        told = outcome(lambda: hand.tag(key, version_id, tags))
        assert told == (None if isinstance(found, Version) else found), f"{told!r} instead of {found!r}"
        if isinstance(found, Version):
            self.model.stacks[key] = [replace(v, tags=tags) if v is found else v for v in self.model.stacks[key]]

    def list(self, hand: Hand, key: str) -> None:
        prefix, delimiter, page = self.rng.choice(PREFIXES), self.rng.choice(("", "/", "b")), self.rng.randint(1, 5)
        keys, folded = hand.list(prefix, delimiter, page)
        right: list[str] = []
        above: list[str] = []
        for each in self.model.keys(prefix):
            head, found, _ = each[len(prefix) :].partition(delimiter) if delimiter else (each, "", "")
            if not found:
                right.append(each)
            elif prefix + head + delimiter not in above:
                above.append(prefix + head + delimiter)
        assert (keys, sorted(folded)) == (right, sorted(above)), (prefix, delimiter, page, keys, folded)

    def versions(self, hand: Hand, key: str) -> None:
        prefix = self.rng.choice(PREFIXES)
        rows, right = hand.versions(prefix, self.rng.randint(1, 5)), self.model.rows(prefix)
        assert sorted(rows) == sorted(right)

    def switch(self, hand: Hand, key: str) -> None:
        """Once versions were kept, a bucket can only stop keeping them; it begins without."""
        if self.rng.random() < 0.4:
            self.model.status = self.rng.choice(("Enabled", "Enabled", "Suspended"))
            hand.versioning(self.model.status)


def walk(seed: int, count: int) -> None:
    with running_simulator(speed=0.0) as sim:
        Walk(sim, seed).take(count)


if __name__ == "__main__":
    for number in range(int(sys.argv[2]) if len(sys.argv) > 2 else 0, 10**6):
        walk(number, int(sys.argv[1]))
        sys.stdout.write(f"seed {number}: {sys.argv[1]} steps agree\n")
        sys.stdout.flush()
