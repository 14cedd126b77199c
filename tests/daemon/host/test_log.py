"""The log: JSON for machines, lines for a person at a terminal; no text can forge a line or a field in either."""

from __future__ import annotations

import io
import json
import re
from typing import Any, Literal

import pytest
import structlog

from ossmend.daemon.host import log

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ")
SECRET = "abcdefghijklmnopqrstuvwxyz1234"
HOSTILE = (
    f'a\nb 2026-11-28 10:00:00Z error forged.event why=x "q" \x1b[2J\x1b]8;;https://e.example\x07 \u202e \u2028 \r '
    f"\x9b31m AccessKeySecret={SECRET} LTAI5tExampleExampleKey1"
)


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def said(
    monkeypatch: pytest.MonkeyPatch, style: Literal["auto", "json", "console"], *, terminal: bool, **fields: Any
) -> str:
    """What one event is, on stderr."""
    screen = Screen(terminal=terminal)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("NO_COLOR", "1")
    log.configure(style)
    structlog.get_logger("test").error("source.read", **fields)
    return screen.getvalue()


@pytest.mark.parametrize(
    ("style", "terminal", "is_json"),
    [("auto", False, True), ("auto", True, False), ("json", True, True), ("console", False, False)],
)
def test_a_terminal_gets_lines_for_people_and_everything_else_json_unless_it_is_told(
    style: Literal["auto", "json", "console"], terminal: bool, is_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = said(monkeypatch, style, terminal=terminal, events=3, why="no answer")
    if is_json:
        assert json.loads(line)["events"] == 3
    else:
        assert re.fullmatch(STAMP.pattern + 'error   source.read events=3 why="no answer"\n', line)


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize("nested", [False, True])
def test_hostile_text_forges_no_line_and_no_field_and_secrets_are_gone(
    style: Literal["json", "console"], nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = said(monkeypatch, style, terminal=True, what={"inner": [HOSTILE]} if nested else HOSTILE, last=1)
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    assert SECRET not in line
    assert "LTAI5tExampleExampleKey1" not in line
    if style == "json":
        assert set(json.loads(line)) == {"what", "last", "event", "level", "timestamp"}
    else:
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
        assert re.findall(r"[\w.]+=", outside) == ["what=", "last="], "a field is what stands outside of quotes"


def fails() -> None:
    raise ValueError(HOSTILE)


def test_a_traceback_on_a_terminal_is_indented_so_that_its_text_is_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    told = ""
    try:
        fails()
    except ValueError:
        told = said(monkeypatch, "console", terminal=True, exc_info=True)
    first, *rest = told.splitlines()
    assert STAMP.match(first)
    assert len(rest) > 3
    assert all(line.startswith("    | ") and line.isprintable() for line in rest)
    assert SECRET not in "".join(rest)


def test_a_person_is_spared_zeros_and_the_long_fields_of_a_notice_and_a_machine_gets_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields: dict[str, Any] = {"events": 0, "foreign": 0, "turned_away": 2, "next_steps": {"en": ["x"]}}
    assert said(monkeypatch, "console", terminal=True, **fields).endswith(
        'source.read events=0 no_room_for=2 next_steps={"en": ["x"]}\n'
    )
    assert json.loads(said(monkeypatch, "json", terminal=True, **fields)).items() >= fields.items()
    screen = Screen(terminal=True)
    monkeypatch.setattr("sys.stderr", screen)
    log.configure("auto")
    structlog.get_logger("test").warning("notice", case=1, **fields)
    assert "next_steps" not in screen.getvalue()
    assert "case=1" in screen.getvalue()


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_value_that_is_no_string_is_as_safe_as_one(
    monkeypatch: pytest.MonkeyPatch, style: Literal["json", "console"]
) -> None:
    found = said(monkeypatch, style, terminal=True, trouble=ValueError(HOSTILE), more=[{"in": {HOSTILE}}, Text()])
    assert SECRET not in found
    assert "LTAI5tExampleExampleKey1" not in found
    assert found.count("\n") == 1
    assert found.strip().isprintable()


class Text:
    def __str__(self) -> str:
        return HOSTILE


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_private_key_in_a_traceback_is_gone_with_all_its_lines(
    monkeypatch: pytest.MonkeyPatch, style: Literal["json", "console"]
) -> None:
    trouble = ValueError("-----BEGIN RSA PRIVATE KEY-----\nMIIEone\nMIIEtwo\n-----END RSA PRIVATE KEY-----\nafter")
    found = said(monkeypatch, style, terminal=True, exc_info=trouble)
    assert "after" in found
    assert "MIIE" not in found
