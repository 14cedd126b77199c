"""New subjects of a batch -> which of them are opened: all, as long as there is room; near a ceiling a fair part.

Eight tenths of a ceiling are for whoever tells, shared out between sources and clients (fair.py). Nine tenths are for
what the world confirms (glance.py) and for what was a case before, and all of it for what high trust tells: a flood
must not shut out what is real. Numbers in, keys out; triage.py reads them from the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ossmend.config.retention import CaseCeilings
from ossmend.daemon.stages.fair import Party, shared_out

TENTHS = 10
EACH, ALL = "cases.most_open_per_policy", "cases.most_open"


class Rank(IntEnum):
    """How many tenths of a ceiling are open to a subject."""

    TOLD = 8
    """Only text says so."""
    REAL = 9
    """The world says so, too, or it was a case before."""
    OURS = 10
    """A source of high trust says so, or we have measured it, or it is about the account itself."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A subject that would be one more open case."""

    key: str
    policy: str
    party: Party
    rank: Rank = Rank.TOLD


class Standing:
    """What is open, by policy and in all, and whose it is."""

    def __init__(self, by_party: Mapping[tuple[str, str, str], int]) -> None:
        """As journal/ceilings.py counts it: by policy, source and client."""
        self._had: dict[str, Counter[Party]] = {ALL: Counter()}
        for (policy, source, client), number in by_party.items():
            self.add(policy, Party(source, client), number)

    def add(self, policy: str, party: Party, number: int = 1) -> None:
        self._had.setdefault(f"of {policy}", Counter())[party] += number
        self._had[ALL][party] += number

    def grants(self, policy: str | None, most: int, asking: Iterable[Newcomer], *, several: bool) -> Counter[Party]:
        """How many each party may open of these, which are of one rank. No policy: of all together."""
        had = self._had.get(ALL if policy is None else f"of {policy}", Counter())
        asks = Counter(each.party for each in asking)
        return shared_out(most - had.total(), most, had, asks, several=several)


def is_roomy(ceilings: CaseCeilings, by_policy: Mapping[str, int], new: Mapping[str, int]) -> bool:
    """Could all of these be opened, even if they were all told by one party? Then nothing has to be shared out."""
    most = _part(ceilings.most_open_per_policy, Rank.TOLD)
    fit = all(by_policy.get(policy, 0) + number <= most for policy, number in new.items())
    return fit and sum(by_policy.values()) + sum(new.values()) <= _part(ceilings.most_open, Rank.TOLD)


def turned_away(
    newcomers: Sequence[Newcomer], standing: Standing, ceilings: CaseCeilings, *, several: bool
) -> dict[str, str]:
    """By key of those that are not opened: which ceiling says no. `several`: there is more than one source."""
    refused: dict[str, str] = {}
    for rank in sorted(Rank, reverse=True):
        asking = [each for each in newcomers if each.rank is rank]
        most = _part(ceilings.most_open_per_policy, rank)
        left: list[Newcomer] = []
        for policy in dict.fromkeys(each.policy for each in asking):
            mine = [each for each in asking if each.policy == policy]
            left += _granted(mine, standing.grants(policy, most, mine, several=several), EACH, refused)
        overall = standing.grants(None, _part(ceilings.most_open, rank), left, several=several)
        for each in _granted(left, overall, ALL, refused):
            standing.add(each.policy, each.party)
    return refused


def _granted(
    asking: Sequence[Newcomer], grants: Counter[Party], ceiling: str, refused: dict[str, str]
) -> list[Newcomer]:
    """Those first that were told first; of the others, what says no."""
    found: list[Newcomer] = []
    for each in asking:
        if grants[each.party] > 0:
            grants[each.party] -= 1
            found.append(each)
        else:
            refused[each.key] = ceiling
    return found


def _part(most: int, rank: Rank) -> int:
    return max(most * rank // TENTHS, 1)
