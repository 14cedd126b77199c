"""What a person sees of the work: where a case came from, which number it has, and who reads an answer."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_restore import POLICY, archive, refusal
from tests.patience import HUNG

SPELT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
APPROVE = POLICY.replace("enforce", "approve")


def said(daemon: Daemon, *words: str) -> str:
    """What a command prints for people."""
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", *words, "--config", str(daemon.config)], env=daemon.environment,
        capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout.decode()


def asked(daemon: Daemon, *words: str) -> tuple[int, str]:
    """How a command ends, and what it says on stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", *words, "--config", str(daemon.config)], env=daemon.environment,
        capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


@pytest.fixture
def held(world: World, daemon: Daemon) -> Daemon:
    """Two held cases, of two pods, and one of a line that no envelope is around."""
    bucket = archive(world, "reports-people", ["first", "a:fire:b", "c"])
    daemon.configure(APPROVE)
    daemon.log.write_text(refusal(bucket, "first"), encoding="utf-8")
    daemon.command("once")
    replaced = daemon.log.with_suffix(".new")
    pod = "[pod/web-7d9f8-x2x4z/app] "
    replaced.write_text(
        f"{pod}client_ip=10.0.0.8 {refusal(bucket, 'a:fire:b')}" + refusal(bucket, "c"), encoding="utf-8"
    )
    replaced.replace(daemon.log)
    daemon.command("once")
    return daemon


def test_a_case_shows_the_client_the_log_file_and_the_pod_it_came_from(held: Daemon) -> None:
    (case,) = [each for each in held.cases() if "fire" in each["subject"]]
    log = f"{held.log} (pod/web-7d9f8-x2x4z/app)"
    shown = held.command("cases", "show", str(case["id"]))[1]
    assert shown["used_by"]["logs"] == {log: 1}
    assert log in case["from"]
    assert log in said(held, "cases", "show", str(case["id"]))
    (other,) = [each for each in held.cases() if "first" in each["subject"]]
    assert str(held.log) in other["from"]
    assert "pod" not in other["from"]


def test_an_audit_names_the_cases_number_beside_its_own(held: Daemon) -> None:
    known = {case["subject"]: case["id"] for case in held.cases()}
    audited = held.command("audit", "--since", "3650d")[1]
    numbers = {case["subject"]: (case["id"], case["case"]) for case in audited["cases"]}
    assert len(numbers) == 2, "the first line is not in the log any more"
    assert {case for _, case in numbers.values()} == {known[subject] for subject in numbers}
    assert all(number[0] == "A" for number, _ in numbers.values())
    assert [case for _, case in numbers.values()] != [int(number[1:]) for number, _ in numbers.values()]


def test_an_approval_says_whether_a_daemon_reads_it(held: Daemon) -> None:
    assert "no daemon works on this state" in said(held, "cases", "approve", "1")
    held.start()
    assert "within seconds" in said(held, "cases", "retry", "1")
    assert held.stop() == 0
    assert "no daemon works on this state" in said(held, "cases", "retry", "1")


def test_a_second_approval_says_by_whom_and_when_it_was_approved_and_nothing_of_usage(held: Daemon) -> None:
    said(held, "cases", "approve", "1")
    held.command("once")
    status, told = asked(held, "cases", "approve", "1")
    assert (status, told.count("\n")) == (1, 1)
    words = rf"case 1 was approved by \S+ at {SPELT}, and is \w+ now: nothing of it waits for approval\n"
    assert re.fullmatch(words, told)


def test_an_undo_of_what_was_never_written_is_one_sentence(held: Daemon) -> None:
    said_of = (1, "case 1 has no write that can be undone: nothing was written\n")
    assert asked(held, "cases", "undo", "1") == said_of


def test_what_people_see_spells_every_time_in_one_way(held: Daemon) -> None:
    told = said(held, "pause") + said(held, "cases", "show", "1") + said(held, "status")
    spelt = re.findall(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*", told)
    assert len(spelt) >= 5
    assert [each for each in spelt if not re.fullmatch(rf"{SPELT}[:,;]?", each)] == []
