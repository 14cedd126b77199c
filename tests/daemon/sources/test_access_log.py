"""Access logs: fields by position, refusals found by their bytes, objects read once however late and however they
grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ossmend.daemon.cloud.ask.logs import LogObject
from ossmend.daemon.sources.access_log import AccessLog, hour_of
from ossmend.daemon.sources.app_log import AppLog
from ossmend.daemon.sources.parsers.access_line import entry_event, parse_line
from ossmend.daemon.sources.scanner import refused_lines
from ossmend.remediators.contract.registry import is_ours
from ossmend.remediators.contract.verdict import TryAgain
from tests.daemon.sources.following import Follower, HandClock

NOW = datetime(2026, 9, 13, 12, 0, tzinfo=UTC)


def entry(
    number: int = 1,
    *,
    method: str = "GET",
    url: str = "/2024%2Fa%20b.csv",
    status: int = 403,
    code: str = "InvalidObjectState",
    agent: str = "curl/8.7.1",
    referer: str = "-",
    name: str = "2024%2Fa%20b.csv",
    key_id: str = "LTAI5tExample",
    tail: str = "",
) -> str:
    return (
        f'198.51.100.23 - - [13/Sep/2026:15:47:19 +0800] "{method} {url} HTTP/1.1" {status} 370 15 '
        f'"{referer}" "{agent}" '
        f'"reports.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE12{number:08X}" "true" '
        f'"300000000000000033" "GetObject" "reports" '
        f'"{name}" 370070 13 "{code}" 119 "1000000000000011" - "-" "archive" "-" "-" "{key_id}"{tail}'
    )


class Reader:
    """A bucket of log objects, as plain data; counts what it is asked."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.opened: list[tuple[str, int]] = []
        self.lists = 0
        self.away = False
        self.breaks_after: int | None = None

    def list(self, bucket: str, prefix: str, start_after: str, max_keys: int) -> list[LogObject]:
        assert bucket == "my-logs"
        if self.away:
            raise TryAgain("no connection")
        self.lists += 1
        names = sorted(name for name in self.objects if name.startswith(prefix) and name > start_after)[:max_keys]
        return [LogObject(name, len(self.objects[name]), f"etag-{hash(self.objects[name])}") for name in names]

    def open(self, bucket: str, key: str, offset: int) -> Iterator[bytes]:
        self.opened.append((key, offset))
        data = self.objects[key][offset:]
        for start in range(0, len(data), 1000):
            if self.breaks_after is not None and start > self.breaks_after:
                raise TryAgain("half an answer")
            yield data[start : start + 1000]


def name(hour: str, serial: int = 1, source: str = "reports") -> str:
    return f"oss/{source}{hour}-00-00-{serial:04d}"


def follow(objects: dict[str, bytes], **settings: object) -> tuple[Follower, Reader]:
    reader = Reader(objects)
    source = AccessLog("my-logs", "oss/", reader, HandClock(NOW), **settings)  # type: ignore[arg-type]  # any of its settings
    return Follower(source), reader


def ids(follower: Follower) -> list[int]:
    return [int((event.request_id or "0")[16:], 16) for event in follower.read()]


# ---------------------------------------------------------------------------------------------------------- one line


def test_a_refused_line_becomes_an_event() -> None:
    parsed = parse_line(entry().encode())
    assert parsed is not None
    event = entry_event(parsed, source="test")
    assert event is not None
    assert (event.code, event.status, event.bucket, event.key) == ("InvalidObjectState", 403, "reports", "2024/a b.csv")
    assert (event.client, event.user_agent, event.access_key_id) == ("198.51.100.23", "curl/8.7.1", "LTAI5tExample")
    assert (event.method, event.operation, event.requester_id) == ("GET", "GetObject", "300000000000000033")
    assert event.time == datetime(2026, 9, 13, 7, 47, 19, tzinfo=UTC)
    assert event.shape == "access_log"
    assert event.ec is None


@pytest.mark.parametrize("tail", ["", ' "acs:oss:cn-hangzhou:1:reports"', ' "a" "b" "c" 17 "later fields"'])
def test_fields_that_were_added_at_the_end_change_nothing(tail: str) -> None:
    parsed = parse_line(entry(tail=tail).encode())
    assert parsed is not None
    assert parsed.access_key_id == "LTAI5tExample"


def test_an_old_line_of_25_fields_is_read() -> None:
    line = (
        '47.93.1.2 - - [06/Mar/2017:15:13:32 +0800] "HEAD /logs_%24folder%24 HTTP/1.1" 403 0 1 "-" '
        '"aliyun-sdk-http/1.0()/ossfs1.79.8" '
        '"web.oss-cn-beijing.aliyuncs.com" "58BD0C1C483412961E8C9FB3" "true" "12953726" "HeadObject" '
        '"web" "logs_%24folder%24" - 1 '
        '"AccessDenied" 254 "12953726" - "-" "-"'
    )
    parsed = parse_line(line.encode())
    assert parsed is not None
    assert (parsed.key, parsed.code, parsed.access_key_id, parsed.size) == ("logs_$folder$", "AccessDenied", None, None)


def test_a_leading_blank_and_quotes_inside_the_agent_do_not_shift_the_fields() -> None:
    parsed = parse_line(b" " + entry(agent='evil" "x" "y').encode())
    assert parsed is not None
    assert (parsed.user_agent, parsed.bucket, parsed.code) == ('evil" "x" "y', "reports", "InvalidObjectState")


@pytest.mark.parametrize(
    "line", [b"", b"-", b"\xff" * 300, entry().encode()[:200], entry().encode()[20:], b'a b c [d] "e" 403 1 1 ']
)
def test_a_malformed_line_is_none(line: bytes) -> None:
    assert parse_line(line) is None


def test_a_key_of_any_bytes_is_decoded_once() -> None:
    parsed = parse_line(entry(name="%E6%8A%A5%E8%A1%A8%20100%2525%2B%0A.csv").encode())
    assert parsed is not None
    assert parsed.key == "报表 100%25+\n.csv"


def test_the_version_is_in_the_url_only() -> None:
    parsed = parse_line(entry(url="/a?versionId=CAEQ&Expires=1&Signature=abcdefgh").encode())
    assert parsed is not None
    event = entry_event(parsed, source="test")
    assert event is not None
    assert event.version_id == "CAEQ"
    assert "abcdefgh" not in (event.url or "") + event.sample


def test_the_origin_of_a_preflight_is_derived_from_the_referer_and_says_so() -> None:
    text = entry(method="OPTIONS", code="AccessForbidden", referer="https://app.example.com:8443/page?x=1")
    parsed = parse_line(text.encode())
    assert parsed is not None
    event = entry_event(parsed, source="test")
    assert event is not None
    assert (event.origin, event.origin_from, event.method) == ("https://app.example.com:8443", "referer", "OPTIONS")


@pytest.mark.parametrize("referer", ["-", "about:client", "android-app://x", "https://", "http://[::1", "javascript:1"])
def test_a_referer_that_names_no_page_gives_no_origin(referer: str) -> None:
    parsed = parse_line(entry(method="OPTIONS", code="AccessForbidden", referer=referer).encode())
    assert parsed is not None
    event = entry_event(parsed, source="test")
    assert event is not None
    assert (event.origin, event.origin_from) == (None, None)


def test_only_refusals_become_events_and_image_damage_also_with_400() -> None:
    lines = [
        entry(1, status=200, code="-"),
        entry(2, status=404, code="NoSuchKey"),
        entry(3, status=400, code="ImageDamage"),
        entry(4),
        entry(5, status=400, code="InvalidArgument"),
    ]
    data = "\n".join(lines).encode()
    found = list(refused_lines(data, len(data)))
    assert len(found) == 2
    answered = parse_line(lines[0].encode())
    assert answered is not None
    assert entry_event(answered, source="test") is None


def test_several_objects_deleted_without_their_md5_are_taken_though_it_is_a_400() -> None:
    lines = [
        entry(1, method="POST", url="/?delete", status=400, code="MissingArgument", name="-"),
        entry(2, method="PUT", url="/a.csv", status=400, code="MissingArgument"),
    ]
    follower, _ = follow({name("2026-09-13-15"): "\n".join([*lines, ""]).encode()})
    ours = [event for event in follower.read() if is_ours(event)]
    assert [event.url for event in ours] == ["/?delete"]


def test_a_403_in_a_url_is_no_refusal() -> None:
    follower, _ = follow({name("2026-09-13-15"): (entry(1, url='/x" 403 y', status=200, code="-") + "\n").encode()})
    assert follower.read() == []


# ----------------------------------------------------------------------------------------------------------- objects


def test_each_object_is_read_once() -> None:
    follower, reader = follow({name("2026-09-13-15"): f"{entry(1)}\n{entry(2)}\n".encode()})
    assert ids(follower) == [1, 2]
    assert ids(follower) == []
    assert len(reader.opened) == 1


def test_several_and_late_objects_of_an_hour_are_read() -> None:
    follower, reader = follow(
        {name("2026-09-13-15", 1): f"{entry(1)}\n".encode(), name("2026-09-13-16"): f"{entry(2)}\n".encode()}
    )
    assert ids(follower) == [1, 2]
    reader.objects[name("2026-09-13-15", 2)] = f"{entry(3)}\n".encode()
    reader.objects[name("2026-09-11-20", 1)] = f"{entry(4)}\n".encode()
    assert sorted(ids(follower)) == [3, 4]


def test_an_object_that_grew_is_read_from_where_it_ended() -> None:
    key = name("2026-09-13-15")
    follower, reader = follow({key: f"{entry(1)}\n".encode()})
    assert ids(follower) == [1]
    reader.objects[key] += f"{entry(2)}\n".encode()
    assert ids(follower) == [2]
    assert reader.opened[-1][1] > 0


def test_an_object_that_was_written_anew_is_read_again() -> None:
    key = name("2026-09-13-15")
    follower, reader = follow({key: f"{entry(1)}\n{entry(2)}\n".encode()})
    assert ids(follower) == [1, 2]
    reader.objects[key] = f"{entry(3)}\n".encode()
    assert ids(follower) == [3]


def test_the_last_line_of_an_object_needs_no_newline() -> None:
    follower, _ = follow({name("2026-09-13-15"): entry(1).encode()})
    assert ids(follower) == [1]


def test_years_of_old_logs_are_passed_over_and_not_remembered() -> None:
    old = {
        name(f"2025-{month:02d}-{day:02d}-03"): f"{entry(1)}\n".encode()
        for month in range(1, 13)
        for day in range(1, 29)
    }
    old |= {name(f"2025-{month:02d}-07-03", 1, "another"): f"{entry(2)}\n".encode() for month in range(1, 13)}
    follower, reader = follow({**old, name("2026-09-13-15"): f"{entry(3)}\n".encode()})
    assert ids(follower) == [3]
    assert reader.lists <= 4
    assert list(follower.cursor) == [name("2026-09-13-15")]


def test_objects_that_are_no_logs_are_left_alone() -> None:
    follower, reader = follow(
        {"oss/readme.txt": entry(1).encode(), "oss/reports2026-99-13-15-00-00-0001": entry(2).encode()}
    )
    assert ids(follower) == []
    assert reader.opened == []


def test_a_big_object_is_read_in_batches_and_goes_on_inside() -> None:
    follower, _ = follow({name("2026-09-13-15"): "".join(f"{entry(number)}\n" for number in range(5000)).encode()})
    first = follower.once()
    assert first.more
    assert len(first.events) < 5000
    assert len(first.events) + len(follower.read()) == 5000


def test_the_daemons_own_requests_are_skipped_by_mark_and_id_never_by_key() -> None:
    lines = [entry(1, agent="aliyun-sdk-python/2.19.1 ossmend/0.1"), entry(2), entry(3)]
    own = f"66F10B88C0FFEE12{2:08X}"
    follower, _ = follow({name("2026-09-13-15"): "\n".join(lines).encode()}, own_request_ids=lambda told: told == own)
    assert ids(follower) == [3]
    assert follower.counts["own"] == 2


def test_malformed_lines_are_counted_sampled_and_skipped() -> None:
    broken = '" 403 \x1b[31m broken\n' * 20
    follower, _ = follow({name("2026-09-13-15"): f"{broken}{entry(1)}\n".encode()})
    assert ids(follower) == [1]
    assert follower.counts["malformed"] == 20
    assert 0 < len(follower.complaints) <= 3
    assert not any("\x1b" in complaint for complaint in follower.complaints)


def test_a_huge_line_is_skipped() -> None:
    follower, _ = follow({name("2026-09-13-15"): b'" 403 ' * 400_000 + b"\n" + entry(1).encode() + b"\n"})
    assert ids(follower) == [1]
    assert follower.counts["oversized"] >= 1


def test_a_bucket_that_cannot_be_reached_is_asked_again_later() -> None:
    follower, reader = follow({name("2026-09-13-15"): f"{entry(1)}\n".encode()})
    reader.away = True
    with pytest.raises(TryAgain):
        follower.read()
    reader.away = False
    assert ids(follower) == [1]


def test_a_large_object_is_asked_for_once_and_read_batch_by_batch() -> None:
    follower, reader = follow({name("2026-09-13-15"): "".join(f"{entry(number)}\n" for number in range(9000)).encode()})
    assert ids(follower) == list(range(9000))
    assert len(reader.opened) == 1


def test_what_came_before_a_stream_broke_off_is_kept_and_the_rest_is_asked_for_from_there() -> None:
    follower, reader = follow({name("2026-09-13-15"): "".join(f"{entry(number)}\n" for number in range(3000)).encode()})
    reader.breaks_after = 500_000
    first = follower.once()
    assert first.more
    reader.breaks_after = None
    assert [event.request_id for event in (*first.events, *follower.read())] == [
        f"66F10B88C0FFEE12{number:08X}" for number in range(3000)
    ]
    assert reader.opened[-1][1] > 0


def test_the_hour_in_a_name_is_chinas() -> None:
    assert hour_of("oss/reports2026-09-13-15-00-00-0001") == datetime(2026, 9, 13, 7, tzinfo=UTC)
    assert hour_of("oss/readme.txt") is None


def test_downloaded_access_logs_can_be_followed_as_files(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"{entry(1)}\n{entry(2, status=200, code='-')}\n{entry(3)}\n")
    clock = HandClock()
    follower = Follower(AppLog(str(tmp_path / "*.log"), "beginning", clock))
    events = follower.read()
    clock.pass_(1)
    events += follower.read()
    assert [event.shape for event in events] == ["access_log", "access_log"]
    assert {event.key for event in events} == {"2024/a b.csv"}
