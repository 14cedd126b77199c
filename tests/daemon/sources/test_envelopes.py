"""Whatever is put around the lines of an application: explain and the daemon read what it printed, told apart by
process."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.sources.envelopes.encodings import as_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event
from tests.daemon.sources.writing import at_once, line_by_line, torn
from tests.samples.printed import SHAPES, Refused
from tests.samples.wrapped import IN_PARTS, WHOLE, WRAPPERS, Process

FIRST = Refused(code="InvalidObjectState", message="The operation is not valid for the object's state")
SECOND = Refused(
    code="AccessDenied",
    message="You have no right to access this object because of bucket acl.",
    request_id="66F10B99C0FFEE1234ABCD02",
    bucket="other-bucket",
    key="x/y.txt",
    ec="0003-00000002",
)
JAVA_TRACE = "".join(f"\tat com.example.store.Loader.step{number}(Loader.java:{number})\n" for number in range(6))
TOLD = ("code", "request_id", "bucket", "key", "ec", "status", "message")
ALL = WRAPPERS | IN_PARTS | WHOLE


def lines_of(shape: str, refused: Refused) -> list[str]:
    text = SHAPES[shape](refused).text.rstrip("\n")
    trace = JAVA_TRACE if shape == "java" else ""
    return [
        "2026-03-01 10:00:00.100  INFO 7 --- [main] c.e.Loader : going on",
        "2026-03-01 10:00:00.123 ERROR 7 --- [main] c.e.Loader : failed",
        *f"{text}\n{trace}".rstrip("\n").split("\n"),
        "2026-03-01 10:00:01.456  INFO 7 --- [main] c.e.Loader : going on",
    ]


def facts_of(events: list[Event]) -> list[dict[str, object]]:
    return [{name: getattr(event, name) for name in TOLD} for event in events]


def everywhere(tmp_path: Path, data: bytes) -> dict[str, list[dict[str, object]]]:
    """What explain and a running daemon say of it."""
    log = tmp_path / "app.log"
    return {
        "pasted": facts_of(events_in(data.decode(), source="test", strict=True)),
        "at once": facts_of(at_once(log, data)),
        "line by line": facts_of(line_by_line(log, data)),
    }


def each_once(found: list[dict[str, object]]) -> list[dict[str, object]]:
    """A traceback may tell of one request twice; triage counts a request id once."""
    return [
        each for number, each in enumerate(found) if each["request_id"] not in [e["request_id"] for e in found[:number]]
    ]


def bare(shape: str, refused: Refused) -> list[dict[str, object]]:
    return facts_of(events_in("\n".join(lines_of(shape, refused)), source="test", strict=True))


# ------------------------------------------------------------------------------------------------------- one process


@pytest.mark.parametrize("shape", ["java", "oss2_class", "oss2_traceback", "node_inspect", "go_v2", "body"])
@pytest.mark.parametrize("wrapper", ALL)
def test_what_is_around_its_lines_changes_nothing(wrapper: str, shape: str, tmp_path: Path) -> None:
    wanted = bare(shape, FIRST)
    assert len(wanted) == 1
    data = "\n".join([*ALL[wrapper](Process(), lines_of(shape, FIRST)), ""]).encode()
    for how, found in everywhere(tmp_path, data).items():
        assert found == wanted, how


@pytest.mark.parametrize("shape", ["java", "oss2_class", "oss2_traceback", "node_inspect", "go_v2", "body"])
@pytest.mark.parametrize("wrapper", ALL)
def test_one_who_prints_slowly_is_waited_for(wrapper: str, shape: str, tmp_path: Path) -> None:
    data = "\n".join([*ALL[wrapper](Process(), lines_of(shape, FIRST)), ""]).encode()
    assert each_once(facts_of(line_by_line(tmp_path / "app.log", data, pause=0.9))) == bare(shape, FIRST)


@pytest.mark.parametrize("wrapper", ["docker json-file", "CRI in parts", "journald export", "syslog", "filebeat"])
def test_lines_may_be_torn_while_they_are_written(wrapper: str, tmp_path: Path) -> None:
    data = "\n".join([*ALL[wrapper](Process(), lines_of("java", FIRST)), ""]).encode()
    assert facts_of(torn(tmp_path / "app.log", data)) == bare("java", FIRST)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_structured_record_inside_is_read_as_one(wrapper: str, tmp_path: Path) -> None:
    record = {"level": 50, "time": 1772359200123, "msg": "oss refused", "err": {"code": "InvalidObjectState"}}
    record["err"] |= {"requestId": FIRST.request_id, "host": FIRST.host, "status": 403}  # type: ignore[operator]  # a mapping of objects
    lines = ['{"level":30,"msg":"before"}', json.dumps(record), '{"level":30,"msg":"behind"}']
    data = "\n".join([*WRAPPERS[wrapper](Process(), lines), ""]).encode()
    for how, found in everywhere(tmp_path, data).items():
        assert [(each["code"], each["request_id"], each["bucket"]) for each in found] == [
            ("InvalidObjectState", FIRST.request_id, FIRST.bucket)
        ], how


# ----------------------------------------------------------------------------------------------------- two processes


@pytest.mark.parametrize(
    "shapes", [("java", "java"), ("java", "oss2_class"), ("node_inspect", "java"), ("body", "body")]
)
@pytest.mark.parametrize("wrapper", [*WRAPPERS, *IN_PARTS])
def test_two_processes_that_print_at_once_are_told_apart(wrapper: str, shapes: tuple[str, str], tmp_path: Path) -> None:
    wrap = (WRAPPERS | IN_PARTS)[wrapper]
    one = wrap(Process("loader", 1), lines_of(shapes[0], FIRST))
    other = wrap(Process("viewer", 2), lines_of(shapes[1], SECOND))
    wanted = bare(shapes[0], FIRST) + bare(shapes[1], SECOND)
    data = "\n".join([*mixed(one, other, wrapper, seed=len(wrapper)), ""]).encode()
    for how, found in everywhere(tmp_path, data).items():
        assert sorted(found, key=str) == sorted(wanted, key=str), how


def mixed(one: list[str], other: list[str], wrapper: str, seed: int) -> list[str]:
    """The lines of both, each in its order; entries of the export format stay together."""
    if wrapper == "journald export":
        one, other = entries(one), entries(other)
    rng = random.Random(seed)
    turns = [0] * len(one) + [1] * len(other)
    rng.shuffle(turns)
    sources = (iter(one), iter(other))
    return [next(sources[turn]) for turn in turns]


def entries(lines: list[str]) -> list[str]:
    return [f"{entry}\n" for entry in "\n".join(lines).rstrip("\n").split("\n\n")]


# --------------------------------------------------------------------------------------------------- what it must not


@pytest.mark.parametrize(
    "line",
    [
        "ERROR | the cache is cold",
        "web-1 is going down",
        "a | b | c",
        '{"message": "slow", "level": "warn", "kubernetes": {}}',
        '{"log": 5, "stream": "stderr"}',
        '{"MESSAGE": {"a": 1}, "_PID": "1"}',
        "__CURSOR=s=1;i=1",
        "MESSAGE",
        "<11>1 2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456789Z",
        "2026-03-01T10:00:00.123456789Z stderr P ",
        '{"log":"no end","stream":"stderr","time":"2026-03-01T10:00:00Z"}',
    ],
)
def test_a_line_that_only_looks_like_an_envelope_hides_nothing_behind_it(line: str, tmp_path: Path) -> None:
    wanted = bare("java", FIRST)
    for text in (f"{line}\n", f"{line}\n{line}\n"):
        data = (text + "\n".join([*lines_of("java", FIRST), ""])).encode()
        for how, found in everywhere(tmp_path, data).items():
            assert found == wanted, how


def test_forged_streams_do_not_take_a_refusal_apart(tmp_path: Path) -> None:
    """Somebody makes an application log lines of a thousand processes between those of a genuine error."""
    genuine = WRAPPERS["docker json-file"](Process(), lines_of("java", FIRST))
    forged = [
        json.dumps({"log": f"pod-{number}  | <Code>InvalidObjectState</Code>\n", "stream": "stdout", "time": "x"})
        for number in range(100)
    ]
    half = len(genuine) // 2
    data = "\n".join([*genuine[:half], *forged, *genuine[half:], ""]).encode()
    (wanted,) = bare("java", FIRST)
    for how, found in everywhere(tmp_path, data).items():
        assert found.count(wanted) == 1, how


def test_a_wire_log_of_the_http_client_is_read_as_what_went_over_the_wire(tmp_path: Path) -> None:
    went = ['>> "GET /2024/a.csv HTTP/1.1[\\r][\\n]"', f'>> "Host: {FIRST.host}[\\r][\\n]"']
    went += ['>> "<Error><Code>AccessDenied</Code></Error>[\\n]"', '<< "HTTP/1.1 403 Forbidden[\\r][\\n]"']
    went += [f'<< "{line}[\\n]"' for line in SHAPES["body"](FIRST).text.rstrip("\n").split("\n")]
    before = "2026-03-01 10:00:00.123 DEBUG [main] org.apache.http.wire - http-outgoing-3"
    data = "\n".join([*(f"{before} {line}" for line in went), ""]).encode()
    for how, found in everywhere(tmp_path, data).items():
        assert [(each["code"], each["request_id"], each["bucket"]) for each in found] == [
            ("InvalidObjectState", FIRST.request_id, FIRST.bucket)
        ], how


# ------------------------------------------------------------------------------------------------ the collected files

OURS = Path(__file__).parents[2] / "samples" / "envelopes"
SHARED = Path(os.environ.get("OSSMEND_SHARED") or Path(__file__).parents[4] / "shared")


def collected(folder: Path) -> list[Any]:
    answers = folder / "expected.json"
    if not answers.is_file():
        return [pytest.param("", {}, marks=pytest.mark.skip(reason=f"no collection of wrapped logs at {folder}"))]
    rows = json.loads(answers.read_text(encoding="utf-8"))
    return [pytest.param(folder / name, row, id=name) for name, row in rows.items()]


@pytest.mark.parametrize(("path", "expected"), [*collected(OURS), *collected(SHARED / "samples" / "envelopes_dev")])
def test_a_collected_log_is_read_to_what_it_tells(path: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    data = path.read_bytes()
    log = tmp_path / "app.log"
    ways = {
        "explained": events_in(as_text(data), source="test"),
        "at once": at_once(log, data),
        "line by line": line_by_line(log, data),
        "slowly": line_by_line(log, data, pause=0.9),
        "torn": torn(log, data),
    }
    if path.name.startswith("journald-short"):
        del ways["slowly"]  # the journal prints a message of many lines at once
    for how, events in ways.items():
        assert len(events) == expected["refusals"], how
        for answers in expected["events"]:
            assert any(fits(event, answers) for event in events), (how, answers, facts_of(events))


def fits(event: Event, answers: dict[str, Any]) -> bool:
    return all(
        getattr(event, field) in (answer if isinstance(answer, list) else [answer]) for field, answer in answers.items()
    )


def test_two_pods_of_one_set_in_stern_are_told_apart(tmp_path: Path) -> None:
    """Their names have no replica set in them: the colours, or the container's name in the pod's, tell."""
    for prefix in ("\x1b[32mloader-{}\x1b[0m \x1b[36mmain\x1b[0m ", "loader-{} loader "):
        pairs = zip(lines_of("java", FIRST), lines_of("java", SECOND), strict=True)
        lines = [f"{prefix.format(number)}{line}" for pair in pairs for number, line in enumerate(pair)]
        wanted = [*bare("java", FIRST), *bare("java", SECOND)]
        for how, found in everywhere(tmp_path, "\n".join([*lines, ""]).encode()).items():
            assert sorted(found, key=str) == sorted(wanted, key=str), how


def test_a_file_of_fluentd_is_opened(tmp_path: Path) -> None:
    stamp = "2026-03-01T10:00:00+08:00\tkube.var.log.containers.loader.log"
    records = [json.dumps({"stream": "stderr", "logtag": "F", "message": line}) for line in lines_of("java", FIRST)]
    data = "\n".join([*(f"{stamp}\t{record}" for record in records), ""]).encode()
    for how, found in everywhere(tmp_path, data).items():
        assert found == bare("java", FIRST), how


ROUTERS = {
    "Heroku's": (
        "2026-03-01T10:00:00.12345{n}+00:00 app[web.1]: ",
        "2026-03-01T10:00:00.12345{n}+00:00 app[worker.2]: ",
    ),
    "Cloud Foundry's": (
        "2026-03-01T10:00:00.1{n}+0800 [APP/PROC/WEB/0] ERR ",
        "2026-03-01T10:00:00.1{n}+0800 [APP/PROC/WEB/1] ERR ",
    ),
}


@pytest.mark.parametrize("prefixes", ROUTERS.values(), ids=list(ROUTERS))
def test_lines_of_two_processes_behind_a_platforms_router_are_told_apart(prefixes: tuple[str, str]) -> None:
    one, other = (
        [prefix.replace("{n}", str(n % 10)) + line for n, line in enumerate(lines_of("node_inspect", refused))]
        for prefix, refused in zip(prefixes, (FIRST, SECOND), strict=True)
    )
    between = [line for pair in zip(one, other, strict=True) for line in pair]
    events = events_in("\n".join(between), source="test", strict=True)
    assert [(event.code, event.request_id) for event in events] == [
        (refused.code, refused.request_id) for refused in (FIRST, SECOND)
    ]
