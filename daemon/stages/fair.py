"""Who has had how much, and who asks for more -> who may have it: one at a time, always whoever has had the least.

Between sources first, then between the clients of one source. The last fifth is kept for those who have had little: a
flood that comes first must leave room for whoever comes later. Numbers in, numbers out; brakes.py reads them from the
journal.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

KEPT = 5
"""One part in so many is kept. Below five writes there is nothing to keep: a small limit is used up."""


class Party(NamedTuple):
    """Among whom it is shared out."""

    source: str
    client: str
    """Empty where no text of the source tells it."""


def kept(limit: int) -> int:
    """How much of a limit is only for those who have had less than that."""
    return limit - math.ceil(limit * (KEPT - 1) / KEPT)


def shared_out(
    left: int, limit: int, had: Mapping[Party, int], asks: Mapping[Party, int], *, several: bool
) -> Counter[Party]:
    """How many more each may have of what is left. `several`: there are more sources than one, heard of or not."""
    granted: Counter[Party] = Counter()
    totals = Counter({party.source: 0 for party in asks})
    for party, number in had.items():
        totals[party.source] += number
    queues: dict[str, list[tuple[int, int, Party]]] = {party.source: [] for party in asks}
    for order, party in enumerate(asks):
        heapq.heappush(queues[party.source], (had.get(party, 0), order, party))
    while left > 0 and queues:
        source = min(queues, key=totals.__getitem__)
        queue = queues[source]
        total, order, party = queue[0]
        last = left <= kept(limit)
        if last and ((several and totals[source] >= kept(limit)) or (party.client and total >= kept(limit))):
            del queues[source]  # the least of it has had enough; what is left is for others
            continue
        granted[party] += 1
        totals[source] += 1
        left -= 1
        if granted[party] < asks[party]:
            heapq.heapreplace(queue, (total + 1, order, party))
        else:
            heapq.heappop(queue)
        if not queue:
            del queues[source]
    return granted
