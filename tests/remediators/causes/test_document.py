"""docs/causes.md and the catalogue, compared in both directions."""

from __future__ import annotations

import re
from pathlib import Path

from ossmend.remediators.causes import CAUSES, CODES
from ossmend.remediators.causes.document import markdown

DOCUMENT = Path(__file__).parents[3] / "docs" / "causes.md"


def test_the_document_is_what_the_catalogue_makes() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == markdown(), (
        "run python -m ossmend.remediators.causes.document > docs/causes.md"
    )


def test_every_cause_is_in_the_document_and_no_other() -> None:
    headings = re.findall(r"^### (\S+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(CAUSES)


def test_every_code_is_in_the_table_and_no_other() -> None:
    rows = re.findall(r"^\| `(\S+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(CODES)


def test_every_text_of_a_cause_is_told_in_both_languages() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for cause in CAUSES.values():
        for sentence in (cause.title, *cause.next_steps, *cause.avoid):
            assert sentence.en in text
            assert sentence.zh in text
