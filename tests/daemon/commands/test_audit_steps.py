"""What the audit's page says below its table, case by case: enough to act by, for a bounded number, and no markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ossmend.daemon.commands import audit_steps
from ossmend.daemon.journal.states import HUMAN, CaseState

STEP, PROOF = "Grant the action.", "OSS said no."
HOSTILE = "<script>alert(1)</script>&lt;\"'"


def case(number: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"A{number}", "case": None, "state": "reported", "code": "AccessDenied", "cause": "denied-no-policy",
        "subject": f"oss://b/k{number}", "policy": "p", "why": "x lacks y", "evidence": [PROOF], "next_steps": [STEP],
        "first_seen": "2026-03-01T12:00:00+00:00", "last_seen": "2026-03-02T12:00:00+00:00",
    } | changed  # fmt: skip


def page(*cases: dict[str, Any]) -> str:
    return "\n".join(audit_steps.section(cases))


def test_a_reported_case_has_its_evidence_its_times_and_what_to_do() -> None:
    told = page(case())
    for each in (STEP, PROOF, "first seen 2026-03-01 12:00:00Z, last seen 2026-03-02 12:00:00Z", "Next, for a person"):
        assert each in told


@pytest.mark.parametrize("state", [each.value for each in CaseState if each is not CaseState.CLOSED])
def test_every_case_says_what_comes_next_and_steps_are_for_those_that_a_person_can_do(state: str) -> None:
    told = page(case(state=state))
    assert "Next" in told
    assert (STEP in told) is (state in HUMAN or state == "planned")
    if state in ("open", "waiting", "sending", "watching"):
        assert "nothing for you to do: x lacks y" in told


def test_without_evidence_or_steps_there_is_no_empty_list() -> None:
    told = page(case(evidence=[], next_steps=[], cause=None))
    assert "<ul>" not in told
    assert "<ol>" not in told
    assert "a person has to look at it" in told


def test_where_there_is_no_case_there_is_no_section() -> None:
    assert page() == ""


def test_a_page_tells_a_bounded_number_those_that_need_a_person_first_and_says_how_many_more() -> None:
    waiting = [case(number, state="waiting") for number in range(audit_steps.MOST + 5)]
    told = page(*waiting, case(1000))
    assert told.count("<h3>") == audit_steps.MOST
    assert told.index("oss://b/k1000<") < told.index("oss://b/k0<")
    assert "6 more in the table above; `ossmend audit --json` has the steps of all." in told
    assert "more in the table" not in page(*waiting[: audit_steps.MOST])


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@pytest.mark.parametrize("name", ["subject", "code", "cause", "policy", "why", "evidence", "next_steps", "state"])
def test_text_of_a_log_is_text(name: str) -> None:
    hostile: dict[str, Any] = {name: [HOSTILE] if name in ("evidence", "next_steps") else HOSTILE}
    told = page(case() | hostile, case(state="planned") | hostile)
    seen = Tags()
    seen.feed(told)
    assert seen.tags <= {"h2", "h3", "p", "ul", "ol", "li", "div"}
    assert not re.search(r"<script", told)
