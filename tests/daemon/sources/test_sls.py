"""The log of the log service is read shard by shard, each entry once, across splits, gaps, refusals and restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ossmend.config.sources.sls import SlsSource
from ossmend.daemon.cloud.ask.logstores import Pulled
from ossmend.daemon.cloud.wire.log_groups import LogEntry, entries
from ossmend.daemon.cloud.wire.log_service import Logstore
from ossmend.daemon.sources import sls
from ossmend.daemon.sources.sls import QUERY, Sls
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.test_log_groups import group, log, part
from tests.daemon.sources.following import Follower, HandClock
from tests.daemon.sources.test_log_entry import NOON, fields

PROJECT = "oss-log-1000000000000011-cn-hangzhou"


def entry(number: int, *, topic: str = "oss_access_log", **other: str) -> LogEntry:
    return LogEntry(NOON + number, topic, fields(request_id=f"692A3A80C0FFEE12{number:08X}", **other))


class Shelf:
    """A logstore as plain data: shards with entries, of which the oldest may be gone. A cursor is a number in it."""

    def __init__(self, shards: int = 2) -> None:
        self.kept: dict[int, list[LogEntry]] = {number: [] for number in range(shards)}
        self.gone: dict[int, int] = {}
        """How many entries of a shard are not kept any longer."""
        self.away: set[int] = set()
        self.refused: Refused | None = None
        self.page = 3
        self.restless = False
        """A cursor moves although nothing has come."""
        self.breaks_behind: int | None = None
        self.project = PROJECT
        self.asked: list[str] = []
        self.queries: set[str | None] = set()

    def of(self, project: str | None, name: str, region: str | None, endpoint: str | None) -> Logstore:
        if self.refused is not None:
            raise self.refused
        return Logstore(project or self.project, name, region or "cn-hangzhou", endpoint)

    def shards(self, store: Logstore) -> tuple[int, ...]:
        self.asked.append("shards")
        return tuple(sorted(self.kept))

    def cursor(self, store: Logstore, shard: int, since: str) -> str:
        self.asked.append(f"cursor {shard} {since}")
        self._answer(shard)
        if since == "end":
            return str(len(self.kept[shard]))
        first = self.gone.get(shard, 0)
        if since == "begin":
            return str(first)
        later = (place for place, each in enumerate(self.kept[shard]) if each.time >= int(since))
        return str(max(first, next(later, len(self.kept[shard]))))

    def pull(
        self, store: Logstore, shard: int, cursor: str, query: str | None, worth: Callable[[bytes], bool]
    ) -> Pulled:
        self.asked.append(f"pull {shard}")
        self.queries.add(query)
        self._answer(shard)
        if self.breaks_behind == int(cursor):
            raise TryAgain("half an answer")
        if int(cursor) < self.gone.get(shard, 0):
            raise Refused("PullLogs", "InvalidCursor", "the cursor is too old")
        if self.restless:
            assert len(self.asked) < 50, "it would be asked for ever"
            return Pulled((), str(int(cursor) + 1), 0, 0)
        end = min(int(cursor) + self.page, len(self.kept[shard]))
        return Pulled(tuple(self.kept[shard][int(cursor) : end]), str(end), 100 * (end - int(cursor)))

    def _answer(self, shard: int) -> None:
        if shard in self.away:
            raise TryAgain("no answer")


def follow(shelf: Shelf, *, since: timedelta | None = None, **settings: object) -> tuple[Follower, HandClock]:
    clock = HandClock()
    given = SlsSource.model_validate({"start": "beginning", **settings})
    return Follower(Sls(given, shelf, clock, since=since)), clock


def ids(follower: Follower) -> list[int]:
    return sorted(int((event.request_id or "0")[16:], 16) for event in follower.read())


def test_every_shard_is_read_and_each_entry_once() -> None:
    shelf = Shelf()
    shelf.kept = {0: [entry(each) for each in range(10)], 1: [entry(each) for each in range(10, 15)]}
    follower, _ = follow(shelf)
    assert ids(follower) == list(range(15))
    assert ids(follower) == []
    shelf.kept[1].append(entry(15))
    assert ids(follower) == [15]


def test_who_starts_anew_goes_on_where_the_journal_says() -> None:
    shelf = Shelf()
    shelf.kept[0] = [entry(each) for each in range(5)]
    before, _ = follow(shelf)
    before.read()
    shelf.kept[0].append(entry(5))
    after, _ = follow(shelf)
    after.cursor = before.cursor
    assert ids(after) == [5]


def test_a_logstore_that_was_never_read_is_begun_at_its_end() -> None:
    shelf = Shelf()
    shelf.kept[0] = [entry(0)]
    follower, _ = follow(shelf, start="end")
    assert ids(follower) == []
    shelf.kept[0].append(entry(1))
    shelf.kept[1].append(entry(2))
    assert ids(follower) == [1, 2]


def test_an_audit_reads_what_came_within_its_time_whatever_is_configured() -> None:
    shelf = Shelf()
    now = int(HandClock().now().timestamp())
    shelf.kept[0] = [replace(entry(each), time=now - age) for each, age in enumerate((90_000, 7200, 60))]
    follower, _ = follow(shelf, start="end", since=timedelta(hours=1))
    assert ids(follower) == [2]


def test_the_shards_of_a_split_are_read_from_their_beginning_and_the_old_one_to_its_end() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(0)]
    follower, clock = follow(shelf, start="end")
    follower.read()
    shelf.kept[0].append(entry(1))
    shelf.kept |= {1: [entry(2)], 2: [entry(3)]}
    clock.pass_(sls.SHARDS_SECONDS)
    assert ids(follower) == [1, 2, 3]


def test_a_shard_that_is_gone_is_forgotten_and_nothing_is_read_twice_because_of_it() -> None:
    shelf = Shelf()
    shelf.kept = {0: [entry(0)], 1: [entry(1)]}
    follower, clock = follow(shelf)
    follower.read()
    del shelf.kept[0]
    clock.pass_(sls.SHARDS_SECONDS)
    assert ids(follower) == []
    assert set(follower.cursor) == {f"{PROJECT}/1"}


def test_a_logstore_that_shows_no_shards_for_a_moment_loses_nothing() -> None:
    shelf = Shelf(1)
    follower, clock = follow(shelf, start="end")
    follower.read()
    shelf.kept[0].append(entry(0))
    kept, shelf.kept = shelf.kept, {}
    clock.pass_(sls.SHARDS_SECONDS)
    with pytest.raises(TryAgain, match="shows no shards"):
        follower.once()
    shelf.kept = kept
    assert ids(follower) == [0]


def test_shards_that_took_the_place_of_all_others_meanwhile_are_read_from_their_beginning() -> None:
    shelf = Shelf(1)
    before, _ = follow(shelf, start="end")
    before.read()
    shelf.kept = {1: [entry(1)], 2: [entry(2)]}
    after, _ = follow(shelf, start="end")
    after.cursor = before.cursor
    assert ids(after) == [1, 2]
    assert set(after.cursor) == {f"{PROJECT}/1", f"{PROJECT}/2"}


def test_what_another_node_has_read_of_the_shards_of_a_split_is_not_read_again() -> None:
    shelf = Shelf(1)
    mine, _ = follow(shelf)
    mine.read()
    shelf.kept |= {1: [entry(1)], 2: [entry(2)]}
    theirs, _ = follow(shelf)
    theirs.cursor = mine.cursor
    assert ids(theirs) == [1, 2]
    mine.cursor = theirs.cursor
    assert ids(mine) == []
    assert set(mine.cursor) == {f"{PROJECT}/{shard}" for shard in range(3)}


def test_if_one_shard_cannot_be_begun_none_is_so_that_the_week_is_not_read_for_it_later() -> None:
    shelf = Shelf()
    shelf.kept = {0: [entry(0)], 1: [entry(1)]}
    shelf.away = {1}
    follower, _ = follow(shelf, start="end")
    with pytest.raises(TryAgain):
        follower.once()
    assert follower.cursor is None
    shelf.away = set()
    assert ids(follower) == []


def test_a_shard_of_a_split_that_cannot_be_begun_keeps_no_other_waiting_and_is_read_whole_later() -> None:
    shelf = Shelf(1)
    follower, clock = follow(shelf, start="end")
    assert ids(follower) == []
    shelf.kept |= {0: [entry(0)], 1: [entry(1)]}
    shelf.away = {1}
    clock.pass_(sls.SHARDS_SECONDS)
    assert ids(follower) == [0]
    assert follower.once().trouble == f"{PROJECT}/oss-log-store, 1 of 2 shards: no answer"
    shelf.away = set()
    assert ids(follower) == [1]


def test_a_shard_that_does_not_answer_keeps_no_other_waiting_and_is_told() -> None:
    shelf = Shelf()
    follower, _ = follow(shelf)
    follower.read()
    shelf.kept = {0: [entry(0)], 1: [entry(1)]}
    shelf.away = {0}
    batch = follower.once()
    assert [event.request_id for event in batch.events] == ["692A3A80C0FFEE1200000001"]
    assert batch.trouble == f"{PROJECT}/oss-log-store, 1 of 2 shards: no answer"
    assert batch.complaints == (batch.trouble,)
    assert follower.once().complaints == (), "once is enough for the log"
    shelf.away = set()
    assert ids(follower) == [0]
    shelf.away = {1}
    assert follower.once().complaints == (batch.trouble,)


def test_a_pass_ends_and_reads_the_rest_however_long_some_shards_give_no_answer() -> None:
    shelf = Shelf(3)
    follower, clock = follow(shelf)
    follower.read()
    shelf.away, shelf.kept[2] = {0, 1}, [entry(2)]
    answer = shelf.pull

    def slow(store: Logstore, shard: int, *asked: Any) -> Pulled:
        clock.pass_(sls.MOST_SECONDS + 5 if shard in shelf.away else 0)
        return answer(store, shard, *asked)

    shelf.pull = slow  # type: ignore[method-assign, assignment]
    passes = [follower.once() for _ in range(3)]
    assert [event.request_id for batch in passes for event in batch.events] == ["692A3A80C0FFEE1200000002"]
    assert [batch.more for batch in passes[1:]] == [False, False]


def test_where_no_shard_answers_the_source_cannot_be_reached() -> None:
    shelf = Shelf()
    follower, _ = follow(shelf)
    follower.read()
    shelf.away = {0, 1}
    with pytest.raises(TryAgain, match="no answer"):
        follower.once()


def test_what_was_read_before_a_shard_broke_off_is_kept() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(each) for each in range(6)]
    follower, _ = follow(shelf)
    shelf.breaks_behind = 3
    first = follower.once()
    assert len(first.events) == 3
    assert first.trouble
    shelf.breaks_behind = None
    assert ids(follower) == [3, 4, 5]


def test_a_gap_in_what_is_kept_is_told_with_the_moment_behind_which_it_lies() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(each) for each in range(3)]
    follower, _ = follow(shelf)
    assert ids(follower) == [0, 1, 2]
    shelf.kept[0] += [entry(each) for each in range(3, 9)]
    shelf.gone[0] = 6
    assert ids(follower) == [6, 7, 8]
    (told,) = follower.complaints
    assert told == (
        f"{PROJECT}/oss-log-store, shard 0: the place behind 2025-11-29 00:00:02 UTC is gone; "
        "what came then and is kept no longer was not read"
    )


def test_entries_of_other_topics_and_of_answers_are_no_refusals() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(0, topic="oss_metering_log"), entry(1, http_status="200", error_code="-"), entry(2)]
    follower, _ = follow(shelf)
    assert ids(follower) == [2]


def test_what_the_daemon_itself_asked_is_left_out() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(0, user_agent="ossmend/0.1.0"), entry(1), entry(2)]
    own = {"692A3A80C0FFEE1200000001"}
    follower = Follower(Sls(SlsSource(start="beginning"), shelf, HandClock(), own_request_ids=own.__contains__))
    assert ids(follower) == [2]
    assert follower.counts["own"] == 2


def test_entries_that_come_twice_have_the_same_request_id_by_which_triage_knows_them() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(0), entry(0)]
    follower, _ = follow(shelf)
    assert ids(follower) == [0, 0]


def test_a_batch_is_bounded_and_the_next_one_begins_with_another_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sls, "MOST_EVENTS", 4)
    shelf = Shelf()
    shelf.kept = {number: [entry(20 * number + each) for each in range(12)] for number in (0, 1)}
    follower, _ = follow(shelf)
    first, second = follower.once(), follower.once()
    assert first.more
    assert second.more
    assert len(first.events) == len(second.events) == 6
    assert {event.where for event in first.events} != {event.where for event in second.events}


def test_a_cursor_that_moves_over_nothing_is_at_the_end_for_now() -> None:
    shelf = Shelf(1)
    shelf.restless = True
    follower, _ = follow(shelf)
    batch = follower.once()
    assert not batch.more
    assert shelf.asked.count("pull 0") == 1


def test_a_shard_that_went_while_nobody_read_is_told_as_a_gap() -> None:
    shelf = Shelf()
    shelf.kept = {0: [entry(0)], 1: [entry(1)]}
    before, _ = follow(shelf)
    before.read()
    shelf.kept = {2: [entry(2)]}
    after, _ = follow(shelf)
    after.cursor = before.cursor
    assert ids(after) == [2]
    gone = "is gone: what came to it after 2025-11-29 00:00:0{0} UTC was not read"
    assert sorted(after.complaints) == [
        f"{PROJECT}/oss-log-store, shard {number} {gone.format(number)}" for number in (0, 1)
    ]


def test_a_shard_that_goes_while_it_is_read_is_no_gap() -> None:
    shelf = Shelf()
    shelf.kept = {0: [entry(0)], 1: [entry(1)]}
    follower, clock = follow(shelf)
    follower.read()
    del shelf.kept[0]
    clock.pass_(sls.SHARDS_SECONDS)
    follower.read()
    assert follower.complaints == []


def test_the_service_is_asked_to_leave_out_what_was_answered() -> None:
    shelf = Shelf(1)
    follow(shelf)[0].read()
    assert shelf.queries == {QUERY}
    assert QUERY == (
        "* | where __topic__ = 'oss_access_log' and "
        "(http_status = '403' or error_code = 'ImageDamage' or error_code = 'MissingArgument')"
    )


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({}, True),
        ({"http_status": "400", "error_code": "ImageDamage"}, True),
        ({"http_status": "400", "error_code": "MissingArgument"}, True),
        ({"http_status": "200", "error_code": "-", "object_size": "4031", "response_time": "1403"}, False),
        ({"http_status": "404", "error_code": "NoSuchKey"}, False),
    ],
)
def test_where_the_service_leaves_nothing_out_an_entry_is_decoded_for_what_it_filters_by(
    told: dict[str, str], kept: bool
) -> None:
    named = {name: value for name, value in fields(**told).items() if name != "time"}
    body = part(1, group(log(NOON, **named)))
    assert [each.fields for each in entries(body, sls._worth)] == ([named] if kept else [])


def test_and_is_not_where_the_configuration_says_so() -> None:
    shelf = Shelf(1)
    follow(shelf, filter="ossmend")[0].read()
    assert shelf.queries == {None}


def test_shards_are_listed_once_a_minute_and_news_cost_a_call_for_each() -> None:
    shelf = Shelf()
    follower, clock = follow(shelf)
    follower.read()
    shelf.asked.clear()
    clock.pass_(10)
    follower.read()
    assert sorted(shelf.asked) == ["pull 0", "pull 1"]


def test_a_project_of_another_name_is_begun_anew_and_the_old_places_are_forgotten() -> None:
    shelf = Shelf(1)
    shelf.kept[0] = [entry(0)]
    follower, _ = follow(shelf, start="end")
    follower.read()
    shelf.project = "oss-log-1000000000000011-cn-beijing"
    assert ids(follower) == []
    assert set(follower.cursor) == {f"{shelf.project}/0"}


def test_a_refusal_of_the_service_is_said_as_it_came() -> None:
    shelf = Shelf()
    shelf.refused = Refused("ListShards", "ProjectNotExist", "The Project does not exist : oss-log-1")
    follower, _ = follow(shelf)
    with pytest.raises(Refused, match="ProjectNotExist"):
        follower.once()


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "sls:oss-log-*"),
        ({"region": "cn-beijing"}, "sls:cn-beijing:oss-log-*"),
        ({"account": "prod", "region": "cn-beijing"}, "sls:prod@cn-beijing:oss-log-*"),
        ({"project": "mine", "logstore": "access"}, "sls:mine/access"),
        ({"project": "oss-log"}, "sls:oss-log"),
        ({"account": "a-a", "project": "b-b"}, "sls:a-a@b-b"),
        ({"project": "a-a", "logstore": "b-b"}, "sls:a-a/b-b"),
    ],
)
def test_its_name_tells_one_logstore_from_another(settings: dict[str, str], name: str) -> None:
    assert SlsSource.model_validate(settings).name == name
