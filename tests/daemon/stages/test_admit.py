"""Who is opened near a ceiling: a flood fills its part, and what is real, or told by others, is not shut out."""

from __future__ import annotations

from collections import Counter

from ossmend.config.retention import CaseCeilings
from ossmend.daemon.stages.admit import ALL, EACH, Newcomer, Rank, Standing, is_roomy, turned_away
from ossmend.daemon.stages.fair import Party

LIMITS = CaseCeilings(most_open=100, most_open_per_policy=50)
FLOOD = Party("app_log:a", "")


def some(number: int, party: Party = FLOOD, policy: str = "p", rank: Rank = Rank.TOLD) -> list[Newcomer]:
    return [Newcomer(f"{policy} {party} {rank} {each}", policy, party, rank) for each in range(number)]


def opened(*newcomers: Newcomer, standing: Standing | None = None, several: bool = False) -> Counter[tuple[str, Party]]:
    """How many of each policy and party are opened."""
    refused = turned_away(newcomers, standing or Standing({}), LIMITS, several=several)
    return Counter((each.policy, each.party) for each in newcomers if each.key not in refused)


def full(number: int = 40, policy: str = "p") -> Standing:
    return Standing({(policy, *FLOOD): number})


def test_a_flood_of_one_party_fills_eight_tenths_of_its_policy() -> None:
    assert opened(*some(1000)) == {("p", FLOOD): 40}


def test_what_says_no_is_named() -> None:
    refused = turned_away(
        [*some(41), *some(40, policy="q"), *some(40, policy="r")], Standing({}), LIMITS, several=False
    )
    assert Counter(refused.values()) == {EACH: 1, ALL: 40}


def test_another_policy_has_its_own_room() -> None:
    assert opened(*some(30), *some(5, policy="q"), standing=full()) == {("q", FLOOD): 5}


def test_a_client_that_comes_with_the_flood_gets_as_much_as_it_asks_for() -> None:
    few = Party("app_log:a", "10.0.0.7")
    assert opened(*some(1000, Party("app_log:a", "10.0.0.1")), *some(3, few))["p", few] == 3


def test_a_client_that_comes_after_the_flood_finds_room_that_was_kept() -> None:
    flood, late = Party("app_log:a", "10.0.0.1"), Party("app_log:a", "10.0.0.7")
    first = opened(*some(1000, flood))
    standing = Standing({("p", *flood): first["p", flood]})
    assert opened(*some(1000, flood), *some(2, late), standing=standing) == {("p", late): 2}


def test_a_second_source_finds_room_that_was_kept() -> None:
    first = opened(*some(1000), several=True)["p", FLOOD]
    other = Party("app_log:b", "")
    assert opened(*some(9), *some(2, other), standing=full(first), several=True) == {("p", other): 2}


def test_what_the_world_confirms_is_opened_where_the_flood_is_at_its_end() -> None:
    real = some(1, rank=Rank.REAL)
    assert opened(*some(1000), *real, standing=full()) == {("p", FLOOD): 1}
    assert opened(*some(1000, rank=Rank.REAL), standing=full()) == {("p", FLOOD): 5}


def test_high_trust_is_opened_where_everything_else_is_at_its_end_and_no_further_than_the_ceiling() -> None:
    assert opened(*some(9, rank=Rank.REAL), standing=full(45)) == {}
    assert opened(*some(9, rank=Rank.OURS), standing=full(45)) == {("p", FLOOD): 5}


def test_there_is_room_as_long_as_the_flood_could_not_fill_it() -> None:
    assert is_roomy(LIMITS, {"p": 30}, {"p": 10})
    assert not is_roomy(LIMITS, {"p": 30}, {"p": 11})
    assert not is_roomy(LIMITS, {"p": 30, "q": 30, "r": 15}, {"r": 6})
