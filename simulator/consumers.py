"""Turns heartbeats into who reads which shard, and keeps how far each was read: the log service's consumer groups.

Seen on the wire with the SDK's own consumers: a shard goes to somebody else only after its reader has been answered
without it, has shut down, and has left it out of its next heartbeat. Whoever is silent for the group's timeout (of the
elapsed clock) has lost everything. log_store.py keeps the groups, sls/groups.py answers for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a shard was read, who said so, and when (microseconds of the shown clock)."""

    cursor: str
    updated: int
    consumer: str


@dataclass(slots=True)
class ConsumerGroup:
    """One group; `seen` has its consumers with the time of their last heartbeat on the elapsed clock."""

    name: str
    timeout: float
    order: bool = False
    seen: dict[str, float] = field(default_factory=dict)
    readers: dict[int, str] = field(default_factory=dict)
    """Shard -> the consumer that has it, or that still has it while it is asked back."""
    leaving: set[int] = field(default_factory=set)
    """Shards that are asked back."""
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)

    def forget_silent(self, now: float) -> None:
        """Consumers that were not heard of for the timeout lose their shards."""
        silent = {name for name, heard in self.seen.items() if now - heard > self.timeout}
        for name in silent:
            del self.seen[name]
        for shard in [shard for shard, reader in self.readers.items() if reader in silent]:
            self._free(shard)

    def _free(self, shard: int) -> None:
        del self.readers[shard]
        self.leaving.discard(shard)

    def beat(self, consumer: str, held: Iterable[int], shards: list[int], now: float) -> list[int]:
        """One heartbeat: what this consumer holds, and which of `shards` it should hold from now on."""
        self.seen[consumer] = now
        for shard in (self.leaving | set(self.readers)) - set(shards):
            self._free(shard)  # a shard that is no more
        for shard in self.leaving - set(held):
            if self.readers[shard] == consumer:
                self._free(shard)
        fair = self._fair(shards)
        mine = self._of(consumer)
        if any(len(self._of(name)) < share for name, share in fair.items()):
            self.leaving.update(mine[fair[consumer] :])
            mine = mine[: fair[consumer]]
        for shard in shards:
            if len(mine) < fair[consumer] and shard not in self.readers:
                self.readers[shard] = consumer
                mine.append(shard)
        return sorted(mine)

    def _of(self, consumer: str) -> list[int]:
        found = (shard for shard, reader in self.readers.items() if reader == consumer and shard not in self.leaving)
        return sorted(found)

    def _fair(self, shards: list[int]) -> dict[str, int]:
        """How many each should have; who has more already gets what cannot be shared evenly, so that nothing moves."""
        each, rest = divmod(len(shards), len(self.seen))
        by_most = sorted(self.seen, key=lambda name: (-len(self._of(name)), name))
        return {name: each + (place < rest) for place, name in enumerate(by_most)}
