"""The cases that `explain` counts: an object, a page's trouble, a key are one each, with a configuration or without."""

from __future__ import annotations

import io
from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.commands.init_file import POLICIES
from ossmend.daemon.explain.gathered import USUAL
from ossmend.daemon.explain.page import render
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.text import explain_text

ORIGIN = "https://app.example.com"
CONSOLE = (
    f"Access to fetch at 'https://web-assets.oss-cn-hangzhou.aliyuncs.com/up/a.png' from origin '{ORIGIN}' has been "
    "blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
)
ANSWER = (
    f"bucket=web-assets status=403 code=AccessForbidden origin={ORIGIN} "
    'message="CORSResponse: This CORS request is not allowed." request_id=6929B33D0000000000000001'
)
FROZEN = "bucket=reports key=2026/{}.csv status=403 code=InvalidObjectState operation=GetObject"
LOG = "".join(
    f"2026-11-28T03:1{number}:00Z ERROR {line}\n2026-11-28T03:1{number}:30Z INFO goes on\n"
    for number, line in enumerate((FROZEN.format("q1"), CONSOLE, FROZEN.format("q2"), ANSWER, FROZEN.format("q1")))
)
PLACELESS = "2026-11-28T03:12:00Z ERROR status=403 code=InvalidObjectState key={}.csv operation=GetObject\n"
ACCOUNTS = "2026-11-28T03:12:00Z ERROR bucket=a-b status=403 code={}\n"


@pytest.fixture(scope="module")
def usual() -> Config:
    return load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\n{POLICIES}")


def cases(text: str, config: Config | None) -> list[tuple[Any, ...]]:
    events = explain_text(text, config=config)["events"]
    found = {each["case"]["number"]: each["case"] for each in events if each["case"]}
    return [(each["subject"], each["events"]) for each in found.values()]


@pytest.mark.parametrize("configured", [True, False])
def test_an_object_is_a_case_and_so_is_a_page_whoever_tells_of_it(usual: Config, *, configured: bool) -> None:
    assert [number for _, number in cases(LOG, usual if configured else None)] == [2, 2, 1]


@pytest.mark.parametrize(
    "text",
    [LOG, PLACELESS.format("a") + PLACELESS.format("b"), "".join(map(ACCOUNTS.format, ("InDebt", "UserDisable")))],
)
def test_without_a_configuration_they_are_those_of_the_policies_that_init_writes(text: str, usual: Config) -> None:
    assert cases(text, None) == cases(text, usual)


def test_the_usual_codes_are_those_of_init(usual: Config) -> None:
    assert {code for policy in usual.policies for code in policy.on} == USUAL


def test_the_sum_says_whose_policies_it_counts_by() -> None:
    def told(*, configured: bool, lang: str = "en") -> str:
        out = io.StringIO()
        render(explain_text(LOG), lang, Paper(out, 400), configured=configured)
        return out.getvalue()

    assert "5 refusals, which are 3 cases as `ossmend audit` counts them with the policies of `ossmend init`." in told(
        configured=False
    )
    assert "5 refusals, which are 3 cases as `ossmend audit` counts them." in told(configured=True)
    assert "（使用 `ossmend init` 写出的策略）为 3 个案例。" in told(configured=False, lang="zh")


def page(text: str) -> list[str]:
    """What is printed of each group of refusals that are explained alike."""
    out = io.StringIO()
    render(explain_text(text), "en", Paper(out, 400))
    return out.getvalue().split("\n\n")


STAMPED = "2026-11-28T03:12:0{}Z ERROR {}\n2026-11-28T03:12:30Z INFO goes on\n"
ANSWERS = "".join(STAMPED.format(number, "method=PUT " + ANSWER.replace("0001", f"000{number}")) for number in range(6))
BLOCKED = STAMPED.format(7, CONSOLE)


@pytest.mark.parametrize(
    "text", [ANSWERS + BLOCKED, BLOCKED + ANSWERS, ANSWERS + 2 * BLOCKED], ids=["behind", "before", "twice"]
)
def test_what_only_a_console_says_is_not_said_of_oss_s_answers(text: str) -> None:
    answered = next(each for each in page(text) if "AccessForbidden  oss://" in each)
    assert "OSS said: CORSResponse: This CORS request is not allowed." in answered
    assert f"origin {ORIGIN}, method PUT" in answered
    assert "and 5 more like it" in answered
    assert not any(word in answered for word in ("the browser said", "method unknown", "does not show the code"))


def test_what_oss_answered_is_not_said_of_a_console_s_line() -> None:
    console = next(each for each in page(ANSWERS + BLOCKED) if each.startswith("403"))
    assert "the browser said" in console
    assert "OSS said" not in console


@pytest.mark.parametrize("lines", [1, 6])
def test_consoles_alone_speak_for_themselves(lines: int) -> None:
    (console, *_) = page(BLOCKED * lines)
    assert "the browser said" in console
    assert "the text does not show the code; it fits AccessForbidden" in console


def test_what_is_told_of_one_of_many_stands_under_its_own_line() -> None:
    signed = "2026-11-28T03:12:0{0}Z ERROR bucket=web-assets status=403 code=KmsServiceNotEnabled message=m{0}"
    (told, *_) = page("".join(f"{signed.format(number)} request_id={number:024X}\n" for number in range(1, 8)))
    assert f"{7:024X}" in told.splitlines()[0]
    assert "line 7 of 7" in told


def test_a_policy_writes_in_one_case_on_one_condition() -> None:
    config = load_text(
        "version: 1\ncloud: { region: cn-hangzhou }\n"
        f"cors_rules: {{ web: {{ allowed_origins: ['{ORIGIN}'], allowed_methods: [GET, PUT] }} }}\n"
        "policies: [ { name: cors, on: AccessForbidden, match: { bucket: '*' }, cors: { rule: web } } ]\n"
    )

    def notes(text: str) -> list[str]:
        return [write["note"] for event in explain_text(text, config=config)["events"] for write in event["writes"]]

    both = notes(f"{CONSOLE}\n" + LOG)
    assert len(both) == 3
    assert len(set(both)) == 1
    assert "a person approves it" not in both[0]
    assert all(note.endswith("a person approves it") for note in notes(CONSOLE))
