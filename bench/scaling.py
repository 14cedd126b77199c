"""What several nodes come to, out of what was measured of one: the tables of docs/scaling.md, which a test compares.

Two questions. How many turns a second do so many nodes come to: a simulation of nodes, each one Python that computes in
one thread at a time, of a server with so many cores, and of the journal's end, which one transaction has at a time. And
what does a load need of each part: arithmetic, the fullest part first. The same numbers in every run.

Run `python bench/scaling.py`.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

# Measured by bench/postgres.py in a quiet hour: microseconds of CPU that one case takes in one turn.
TURN_NODE, TURN_SERVER = 195.0, 65.0
# The same of one refusal that is stored: of a case that is new, and of one that is known.
NEW_NODE, NEW_SERVER = 50.0, 25.0
KNOWN_NODE, KNOWN_SERVER = 32.0, 18.0
# The end of the chain: what one case adds, and what the commit adds; 9.6 ms at the least for 250 cases.
CHAIN_CASE, CHAIN_COMMIT = 20.0, 4500.0
BATCH, WRITERS = 250, 3
ROW_BYTES = 3200.0
"""Of a new case with its entries, request id and indexes."""
FIND = 0.5e9
"""Bytes a second that one core takes from OSS and searches for refusals: TLS is nearly all of it, decision 29."""
LINE_BYTES = 470.0
QUANTUM = 5000.0

Held = Generator["Resource | float", None, None]


@dataclass
class Resource:
    """So many at once; who comes then waits in line."""

    number: int
    free: int = field(init=False)
    queue: deque[Held] = field(default_factory=deque)
    busy: float = 0.0

    def __post_init__(self) -> None:
        self.free = self.number


class World:
    """Processes that hold resources for a time, in microseconds of their own."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Held]] = []
        self._count = 0

    def begin(self, process: Held, after: float = 0.0) -> None:
        self._count += 1
        heapq.heappush(self._events, (self.now + after, self._count, process))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, process = heapq.heappop(self._events)
            self._step(process)

    def _step(self, process: Held) -> None:
        """A process yields what it wants next: a resource, or a time to pass."""
        for wanted in process:
            if not isinstance(wanted, Resource):
                self.begin(process, wanted)
                return
            if wanted.free == 0:
                wanted.queue.append(process)
                return
            wanted.free -= 1

    def release(self, resource: Resource) -> None:
        if resource.queue:
            self.begin(resource.queue.popleft())
        else:
            resource.free += 1

    def works(self, resources: list[Resource], time: float) -> Held:
        """Holds all of these for that time, in slices, as an operating system does."""
        while time > 0:
            now = min(time, QUANTUM)
            for each in resources:
                yield each
            yield now
            for each in resources:
                each.busy += now
                self.release(each)
            time -= now


@dataclass(frozen=True)
class Came:
    """What a simulated minute came to."""

    turns: float
    fullest: str


def turnover(nodes: int, cores: int, *, shared: bool = False, seconds: float = 60.0) -> Came:
    """`cores`: of the server; `shared`: the nodes compute on the same ones."""
    world, done = World(), [0]
    server, chain = Resource(cores), Resource(1)
    pythons = [Resource(1) for _ in range(nodes)]

    def writer(python: Resource) -> Held:
        computes = [python, server] if shared else [python]
        while True:
            yield from world.works(computes, TURN_NODE * BATCH)
            yield from world.works([server], (TURN_SERVER - CHAIN_CASE / 2) * BATCH)
            yield chain
            yield from world.works([server], CHAIN_CASE * BATCH)
            yield CHAIN_COMMIT
            chain.busy += CHAIN_CASE * BATCH + CHAIN_COMMIT
            world.release(chain)
            done[0] += BATCH

    for number, python in enumerate(pythons):
        for each in range(WRITERS):
            world.begin(writer(python), after=1000.0 * (number + nodes * each))
    world.run(seconds * 1e6)
    used = {
        "the nodes": sum(each.busy for each in pythons) / nodes,
        "the server": server.busy / cores,
        "the chain": chain.busy,
    }
    return Came(done[0] / seconds, max(used, key=lambda name: used[name]))


def simulated() -> Iterator[str]:
    yield "nodes   server of 2 cores        4 cores        8 cores   the fullest with 8"
    alone = {cores: turnover(1, cores).turns for cores in (2, 4, 8)}
    for nodes in (1, 2, 4, 8, 16):
        came = {cores: turnover(nodes, cores) for cores in alone}
        told = "".join(f"{each.turns:8.0f}/s {each.turns / alone[cores]:4.1f}x" for cores, each in came.items())
        yield f"{nodes:>5}   {told}   {came[8].fullest}"
    one, two = (turnover(nodes, 2, shared=True).turns for nodes in (1, 2))
    yield f"all on the same 2 cores: 1 node {one:.0f}/s, 2 nodes {two:.0f}/s, {two / one:.2f}x"


# ---------------------------------------------------------------------------------------------------------- arithmetic


@dataclass(frozen=True)
class Load:
    """What arrives."""

    name: str
    refusals_a_day: float
    different: float
    """Which part of the refusals is a case of its own."""
    lines_an_hour: float
    looks: float = 6.0
    """Turns of one case until it is closed."""
    peak: float = 5.0
    """The fullest hour, against the average of the day."""

    @property
    def refusals(self) -> float:
        """A second, in the fullest hour."""
        return self.refusals_a_day / 86400 * self.peak

    @property
    def cases(self) -> float:
        return self.refusals * self.different

    @property
    def bytes(self) -> float:
        return self.lines_an_hour / 3600 * LINE_BYTES


@dataclass(frozen=True)
class Part:
    """Something that is used up."""

    name: str
    has: float
    needs: Callable[[Load], float]
    unit: str


NODES, CORES = 4, 16
PARTS = (
    Part("restores: the API's quota", 500.0, lambda load: load.cases, "calls/s"),
    Part("network of the nodes, 10 Gbit each", NODES * 1.25, lambda load: load.bytes / 1e9, "GB/s"),
    Part("finding, one more core a node", NODES * FIND / 1e9, lambda load: load.bytes / 1e9, "GB/s"),
    Part("Python of the nodes", NODES, lambda load: (
        load.cases * (NEW_NODE + load.looks * TURN_NODE) + (load.refusals - load.cases) * KNOWN_NODE) / 1e6, "cores"),
    Part("cores of the server", CORES, lambda load: (
        load.cases * (NEW_SERVER + load.looks * TURN_SERVER) + (load.refusals - load.cases) * KNOWN_SERVER) / 1e6,
        "cores"),
    Part("intake: one batch at a time, of all nodes", 1.0, lambda load: (
        load.cases * (NEW_NODE + NEW_SERVER) + (load.refusals - load.cases) * (KNOWN_NODE + KNOWN_SERVER)) / 1e6,
        "of 1"),
    Part("the end of the journal", 1.0, lambda load: (
        load.cases * 3 * (CHAIN_CASE + CHAIN_COMMIT / BATCH)) / 1e6, "of 1"),
    Part("new rows a day on a disk of 4 TB, kept 30 days", 4000.0 / 30, lambda load: (
        load.refusals_a_day * load.different * ROW_BYTES) / 1e9, "GB"),
)  # fmt: skip
LOADS = (
    Load("a million refusals a day, all different; 10 million lines an hour", 1e6, 1.0, 1e7),
    Load("a billion refusals a day, 1 % different; 10 billion lines an hour", 1e9, 0.01, 1e10),
    Load("a billion refusals a day, all different; 10 billion lines an hour", 1e9, 1.0, 1e10),
)


def counted(load: Load) -> Iterator[str]:
    yield f"{load.name}: {load.refusals:.0f} refusals/s, {load.cases:.0f} new cases/s in the fullest hour"
    for part in sorted(PARTS, key=lambda part: -part.needs(load) / part.has):
        needs = part.needs(load)
        told = "  <- too little" if needs > part.has else ""
        yield f"  {part.name:<47} {needs:>9.2f} of {part.has:>7.2f} {part.unit:<8} {needs / part.has:>7.2f}{told}"


def lines() -> Iterator[str]:
    yield from simulated()
    for load in LOADS:
        yield ""
        yield from counted(load)


if __name__ == "__main__":
    print("\n".join(lines()))
