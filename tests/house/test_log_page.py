"""docs/operations.md says what each line of the log says: every event that the code logs is there, with every field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ossmend.daemon.commands.held_words import WORDS
from ossmend.daemon.host.log_console import LONG, NAMES
from ossmend.daemon.journal.retention import Gone
from ossmend.daemon.journal.states import HUMAN, CaseState, WriteState
from tests.house.test_names import ROOT

LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
ENDED = ("done", "failed", "not-sent", "stale")
WRITE = ("operation", "target", "outcome", "request_id")
OF_CASE = ("code", "subject", "state", "cause", "why")
NOTICE = (
    "case", "code", "policy", "account", "region", "subject", "why", "cause", "confidence", "evidence", "next_steps",
    "avoid", "facts", "events", "first_seen", "last_seen", "used_by", "recurrences", "dry_run", "alike", "alike_cases",
)  # fmt: skip
COUNTS = re.compile(r"\bcount\(\"(\w+)\"")
SPREAD: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("app.py", "asdict(gone)"): tuple(field.name for field in fields(Gone)),
    ("outbox.py", "body"): NOTICE,
    ("clock_steps.py", "said"): ("seconds", "woken"),
    ("findings.py", "data"): WRITE,
    ("replies.py", "data"): WRITE,
    ("outcomes.py", "counted((each.state.value for each in news))"): tuple(CaseState),
    ("outcomes.py", "of_case(by_id[each.case_id], each)"): OF_CASE,
    ("replies.py", "counted((entry.kind for entry in page.said if entry.kind.startswith('write.')))"): tuple(
        f"write.{each}" for each in ENDED
    ),
    ("ceiling.reached", "data"): ("policy", "ceiling", "most"),
    ("ceiling.cleared", "data"): ("policy", "subjects", "events"),
    ("fault.py", "about"): (),
    ("watch_clock.py", "dict(diagnosis.facts)"): ("drift_seconds", "kind", "severity", "behind"),
    ("read.py", "dict(batch.counts)"): tuple(
        name
        for path in (ROOT / "daemon/sources").glob("*.py")
        for name in COUNTS.findall(path.read_text(encoding="utf-8"))
    ),
}
"""What a line is given as a whole: (file or event, expression) -> its fields. A new one has to be written down here."""
EVENTS: Mapping[str, tuple[str, ...]] = {
    "f'case.{each.state}'": tuple(f"case.{each}" for each in CaseState),
    "f'write.{state}'": ("write.done", "write.not-sent"),
    "f'write.{how.state}'": tuple(f"write.{each}" for each in ENDED),
    "'paused' if number == signal.SIGUSR1 else 'resumed'": ("paused", "resumed"),
    "'paused' if there else 'resumed'": ("paused", "resumed"),
    "event": (),
}
"""Names that are made. `event` is fault.py's, whose callers name it."""


def documented() -> dict[str, str]:
    """Event -> the words of its row."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## What a line of the log says")[2]
    rows = re.findall(r"(?m)^\| (`[^|]+) \|(.*)\|$", text)
    return {name: words for names, words in rows for name in re.findall(r"`([^`]+)`", names)}


def logged(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(event, fields) of each line that a file of the daemon may log."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and _is_log(call.func):
            for event in _events(call.args[0]):
                yield event, tuple(name for each in call.keywords for name in _fields(path, event, each))
        elif isinstance(call, ast.Call) and getattr(call.func, "id", "") == "caught":
            yield ast.literal_eval(call.args[1]), tuple(str(each.arg) for each in call.keywords)


def _is_log(called: ast.Attribute) -> bool:
    return called.attr in LEVELS and getattr(called.value, "id", "") == "log"


def _events(said: ast.expr) -> tuple[str, ...]:
    return (
        (said.value,) if isinstance(said, ast.Constant) and isinstance(said.value, str) else EVENTS[ast.unparse(said)]
    )


def _fields(path: Path, event: str, keyword: ast.keyword) -> tuple[str, ...]:
    if keyword.arg:
        return (keyword.arg,)
    given = ast.unparse(keyword.value)
    return SPREAD[(event, given) if (event, given) in SPREAD else (path.name, given)]


def all_logged() -> list[tuple[str, tuple[str, ...]]]:
    files = [path for path in (ROOT / "daemon").rglob("*.py") if "demo" not in path.parts]
    return [line for path in files for line in logged(path)]


def unexplained(known: Mapping[str, str], lines: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, str]]:
    """(event, field) of what is logged and stands nowhere."""
    missing = [(event, "") for event, _ in lines if event not in known]
    as_above = ("reported", "parked", "unsettled")  # `the same`: their fields stand in the row above
    for event, named in lines:
        words = known.get(event, "") + (known["case.open"] + known["write.done"] if event.endswith(as_above) else "")
        missing += [(event, name) for name in named if name != "exception" and f"`{name}`" not in words]
    return missing


def test_every_event_and_every_field_of_the_log_is_explained() -> None:
    lines = all_logged()
    assert len({event for event, _ in lines}) > 40
    assert unexplained(documented(), lines) == []


def test_an_event_or_a_field_that_nobody_explains_is_seen() -> None:
    known: dict[str, Any] = documented()
    assert unexplained(known, [("daemon.dreams", ())]) == [("daemon.dreams", "")]
    assert unexplained(known, [("daemon.ready", ("mood",))]) == [("daemon.ready", "mood")]


def test_every_kind_of_entry_of_the_journal_is_named() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    said = re.compile(r"\b(?:Entry|say)\(\"([a-z.-]+)\"")
    kinds = {
        kind for path in (ROOT / "daemon").rglob("*.py") for kind in said.findall(path.read_text(encoding="utf-8"))
    }
    assert len(kinds) > 10
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in text] == []


def test_no_event_is_explained_that_nothing_logs() -> None:
    assert set(documented()) - {event for event, _ in all_logged()} == set()


def test_what_a_terminal_calls_otherwise_and_what_holds_a_write_is_explained() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert [name for name in WORDS if f"`{name}`" not in text and f"`{name} ..." not in text] == []
    assert [field for field, plain in NAMES.items() if f"`{field}` (`{plain}`)" not in text] == []
    assert set(LONG) <= set(documented())
    assert len(WriteState) > len(ENDED)


def test_every_state_of_a_case_has_a_row_and_says_whether_it_needs_a_person() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text))
    assert {state: rows[state].startswith("needs a person") for state in CaseState} == {
        state: state in HUMAN for state in CaseState
    }
