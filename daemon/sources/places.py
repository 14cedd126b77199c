"""Where reading goes on in each followed file: what the cursor keeps of it, one part a file.

A file that only got longer goes on where it was; one that was truncated, or another one under an inode that was used
again, begins anew. Both are told from the first bytes and from those before the place. Next: app_log.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

BEGUN = "begun"
"""The part of the cursor that says: this source was read before, even if there was no file yet."""
FINGERPRINT = 256
TAIL = 64


Passed = tuple[str, ...]
"""A fingerprint for each event: nothing of a log's text is kept in a cursor."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on in one file."""

    path: str
    offset: int = 0
    head: str = ""
    """Digest of the first bytes, with how many there are: `93ab..:256`."""
    tail: str = ""
    """Digest of the bytes before `offset`: they change when the file is truncated and written anew."""
    skipping: bool = False
    """Inside a line that is too long."""
    left_alone: bool = False
    """Not text; looked at again only if it shrinks."""
    was: str = ""
    """The name that it had before it was renamed: its last lines may go on in the file that has the name now."""
    told: dict[str, int] | None = None
    """By stream: everything of it before this place is told. Only of what is not far from `offset`; None: nothing is
    known of what is before `offset`.
    """
    passed: Passed = ()
    """Events of blocks that still wait, which were passed on already (whole.py)."""
    tries: int = 0
    """So often it was begun to read the long blocks behind `offset`, and the process did not live to end it."""

    @classmethod
    def from_json(cls, position: Mapping[str, Any]) -> Place:
        return cls(**{**position, "passed": tuple(position.get("passed", ()))})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def former_name(self, path: str) -> str:
        """The name that it had before it had that one."""
        return self.was if self.path == path else self.path

    def settled(self, file: BinaryIO, size: int) -> Place:
        """The same file as before? Truncated, or another under an inode that was used again: from the beginning."""
        if self.offset > size:
            return Place(self.path)
        if not self.head:
            return self
        same = _is_at(file, 0, self.head)
        if same and self.tail:
            same = _is_at(file, self.offset - _length(self.tail), self.tail)
        return self if same else Place(self.path)


class Places:
    """The places of a cursor. Each is made from its JSON once, not at every look at five thousand files."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, Place]] = {}

    def of(self, cursor: Mapping[str, Any] | None, identity: str) -> Place | None:
        position = (cursor or {}).get(identity)
        if position is None:
            return None
        made = self._made.get(identity)
        if made is None or made[0] is not position:
            made = self._made[identity] = (position, Place.from_json(position))
        return made[1]

    def all_of(self, cursor: Mapping[str, Any] | None) -> dict[str, Place]:
        identities = [identity for identity in cursor or {} if identity != BEGUN]
        found = {identity: place for identity in identities if (place := self.of(cursor, identity)) is not None}
        self._made = {identity: made for identity, made in self._made.items() if identity in found}
        return found


def digest(data: bytes) -> str:
    """A fingerprint, with the length of what it was taken of."""
    return f"{hashlib.blake2b(data, digest_size=8).hexdigest()}:{len(data)}"


def _length(fingerprint: str) -> int:
    return int(fingerprint.partition(":")[2])


def _is_at(file: BinaryIO, at: int, fingerprint: str) -> bool:
    file.seek(at)
    return digest(file.read(_length(fingerprint))) == fingerprint
