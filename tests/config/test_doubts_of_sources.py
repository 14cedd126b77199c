"""Sources that nobody reads, that are read twice, or whose first pass leaves a log out: told, with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossmend.config.doubts_of_sources import first_pass
from ossmend.config.load import load_text, load_with_doubts
from tests.config.test_doubts import HEAD, doubts
from tests.config.test_rights import as_root, public, somebody_else

__all__ = ["public"]


def whole(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "o.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    return [each.told("").removeprefix(f"{file}:") for each in load_with_doubts(file)[1]]


def test_a_file_without_sources_or_without_policies_that_work_is_told(tmp_path: Path) -> None:
    nothing, alone = whole(tmp_path, "")
    assert nothing == "1:1: sources: nothing is read: no source is named, and only this machine's clock is watched"
    assert alone == "1:1: policies: there are no policies: every refusal is told to a person, and none is ever mended"
    sources = "sources: [ { access_log: { bucket: my-logs } } ]\n"
    off = "policies:\n  - { name: a, on: AccessDenied, enabled: false }\n"
    (told,) = whole(tmp_path, sources + off)
    assert told.startswith("4:1: policies: no policy is enabled: ")
    assert whole(tmp_path, sources + off.replace("false", "true")) == []


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("app_log: { path: '%s/*.log' }", "app_log: { path: '%s/*.log' }", "path: is read by sources[0] already"),
        ("app_log: { path: '%s/*.log' }", "app_log: { path: '%s/a.log' }", "a.log is read by sources[0] already"),
        ("app_log: { path: '%s/*.log' }", "access_log: { path: '%s/a.*' }", "a.log is read by sources[0] already"),
        ("access_log: { bucket: logs }", "access_log: { bucket: logs }", "bucket: it is read by sources[0] already"),
        (
            "access_log: { bucket: logs }",
            "access_log: { bucket: logs, prefix: oss/ }",
            "prefix: what begins with oss/ is read by sources[0] already",
        ),
    ],
)
def test_a_log_that_two_sources_name_is_told(tmp_path: Path, first: str, second: str, said: str) -> None:
    (tmp_path / "a.log").touch()
    sources = f"sources:\n  - {first}\n  - {second}\n".replace("%s", str(tmp_path))
    (told,) = doubts(tmp_path, sources)
    assert "sources[1]." in told
    assert told.endswith(said)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("app_log: { path: '%s/*.log' }", "app_log: { path: '%s/*.txt' }"),
        ("access_log: { bucket: logs, prefix: a/ }", "access_log: { bucket: logs, prefix: b/ }"),
        ("access_log: { bucket: logs }", "access_log: { bucket: other-logs }"),
    ],
)
def test_two_sources_that_share_nothing_are_left_alone(tmp_path: Path, first: str, second: str) -> None:
    (tmp_path / "a.log").touch()
    (tmp_path / "a.txt").touch()
    assert doubts(tmp_path, f"sources:\n  - {first}\n  - {second}\n".replace("%s", str(tmp_path))) == []


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("/oss/", 'no object fits: keys do not begin with a slash; did you mean "oss/"?'),
        ("/", "no object fits: keys do not begin with a slash"),
        ("oss/*", 'a prefix is taken as it stands, and * is no wildcard in it; did you mean "oss/"?'),
    ],
)
def test_a_prefix_that_no_log_has_is_told(tmp_path: Path, prefix: str, said: str) -> None:
    (told,) = doubts(tmp_path, f"sources:\n  - access_log: {{ bucket: logs, prefix: '{prefix}' }}\n")
    assert told.endswith(f"sources[0].access_log.prefix: {said}")


@as_root
@pytest.mark.usefixtures("public")
def test_logs_in_a_directory_that_may_be_listed_and_not_entered_are_told_of(public: Path) -> None:
    (public / "logs").mkdir()
    (public / "logs/a.log").touch()
    (public / "logs").chmod(0o744)
    file = public / "o.yaml"
    file.write_text(f"{HEAD}sources: [ {{ app_log: {{ path: '{public}/logs/*.log' }} }} ]\n", encoding="utf-8")
    load_with_doubts(file)
    with somebody_else():
        told = [each.message for each in load_with_doubts(file)[1] if each.path.endswith("path")]
    assert told == [f"nobody may not look into {public}/logs: look at its rights (ls -ld)"]


# ----------------------------------------------------------------------------------------------------------- first pass


@pytest.mark.parametrize(
    ("source", "begun", "told"),
    [
        ("app_log: { path: '%s/a.log' }", [], ["path"]),
        ("app_log: { path: '%s/*.log', start: end }", [], ["start"]),
        ("access_log: { path: '%s/a.log' }", [], ["path"]),
        ("app_log: { path: '%s/a.log' }", ["app_log:%s/a.log"], []),
        ("app_log: { path: '%s/a.log' }", ["app_log:%s/b.log"], ["path"]),
        ("app_log: { path: '%s/a.log', start: beginning }", [], []),
        ("app_log: { path: '%s/empty' }", [], []),
        ("app_log: { path: '%s/none' }", [], []),
        ("app_log: { path: '%s/*.gz' }", [], []),
        ("access_log: { path: '%s/*.gz' }", [], ["path"]),
        ("access_log: { bucket: logs }", [], []),
    ],
)
def test_a_first_pass_that_leaves_out_what_is_there_is_told_of_a_source_that_the_state_does_not_know(
    tmp_path: Path, source: str, begun: list[str], told: list[str]
) -> None:
    for name in ("a.log", "b.gz"):
        (tmp_path / name).write_text("ERROR\n", encoding="utf-8")
    (tmp_path / "empty").touch()
    config = load_text(f"{HEAD}sources:\n  - {source}\n".replace("%s", str(tmp_path)))
    found = first_pass(config, [each.replace("%s", str(tmp_path)) for each in begun])
    assert [where[-1] for where, _, _ in found] == told


OF_BEIJING = "project: oss-log-1234567890123456-cn-beijing"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            OF_BEIJING,
            (
                "project: is OSS's project of cn-beijing, and this source is of cn-hangzhou; "
                'did you mean "oss-log-1234567890123456-cn-hangzhou"?'
            ),
        ),
        ("project: oss-log-store", "project: is what OSS calls the logstore: its projects are oss-log-*"),
        (
            "logstore: oss-log-1234567890123456-cn-hangzhou",
            (
                "logstore: is what OSS calls a project, and the logstore in it has another name; "
                'did you mean "oss-log-store"?'
            ),
        ),
    ],
)
def test_a_logstore_by_the_name_of_another_thing_or_region_is_told(tmp_path: Path, given: str, said: str) -> None:
    (told,) = doubts(tmp_path, f"sources: [ {{ sls: {{ {given} }} }} ]\n")
    assert told.endswith(f"sources[0].sls.{said}")


@pytest.mark.parametrize(
    "given",
    [
        "region: cn-beijing, " + OF_BEIJING,
        "project: our-own, logstore: oss",
        "endpoint: https://cn-hangzhou-intranet.log.aliyuncs.com",
        "endpoint: https://logs.example.com",
        "region: cn-hangzhou, endpoint: http://127.0.0.1:9300",
    ],
)
def test_a_logstore_by_a_name_of_its_own_is_not_told(tmp_path: Path, given: str) -> None:
    assert doubts(tmp_path, f"sources: [ {{ sls: {{ {given} }} }} ]\n") == []
