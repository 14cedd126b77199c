"""Each story, told with OSS's whole body in every wrapping: the right cause, and the write or its absence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ossmend.daemon.explain.text import explain_text
from tests.naming import each_named
from tests.scenarios.further import FURTHER
from tests.scenarios.listed import LISTED
from tests.scenarios.retired import RETIRED
from tests.scenarios.story import WHOLE, Story

STORIES = (*LISTED, *FURTHER, *RETIRED)


def told(text: str, code: str) -> dict[str, Any]:
    """The one event of that code; a text may also show another answer of OSS beside it (a 409, say)."""
    events = explain_text(text)["events"]
    found = [event for event in events if event["code"] == code]
    assert len(found) == 1, [(event["code"], event["shape"]) for event in events]
    event: dict[str, Any] = found[0]
    return event


def operations(event: dict[str, Any]) -> list[str]:
    return [write["operation"] for write in event["writes"]]


@pytest.mark.parametrize("shape", WHOLE, ids=lambda shape: shape.__name__)
def test_the_whole_text_names_the_cause_and_no_other_write(shape: Callable[[Story], str]) -> None:
    with each_named() as of:
        for story in STORIES:
            with of(story.id):
                event = told(shape(story), story.code)
                assert event["diagnosis"]["cause"] in story.causes, event["diagnosis"]
                assert operations(event) == ([story.write] if story.write else [])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_every_story_is_told_what_to_do_in_both_languages(story: Story) -> None:
    diagnosis = told(WHOLE[0](story), story.code)["diagnosis"]
    assert diagnosis["evidence"]
    assert len(diagnosis["next_steps"]["en"]) == len(diagnosis["next_steps"]["zh"]) > 0
    assert len(diagnosis["avoid"]["en"]) == len(diagnosis["avoid"]["zh"])


def test_the_story_ids_are_unique() -> None:
    assert len({story.id for story in STORIES}) == len(STORIES)


def test_a_restore_is_proposed_for_the_object_that_was_read() -> None:
    story = next(story for story in STORIES if story.id == "unicode-name")
    for shape in WHOLE:
        write = told(shape(story), story.code)["writes"][0]
        assert write["target"] == f"oss://{story.bucket}/{story.key}", shape.__name__


def test_an_expired_url_says_by_how_much() -> None:
    story = next(story for story in STORIES if story.id == "S56")
    diagnosis = told(WHOLE[0](story), story.code)["diagnosis"]
    assert diagnosis["facts"]["expired_by_seconds"] == 4 * 86400
    assert any("4 days" in sentence for sentence in diagnosis["evidence"])


def test_a_skew_says_its_size_and_its_sign() -> None:
    sizes = {"S09": (-1298.0, "22 min behind"), "S11": (-86402.0, "24.0 h behind"), "ahead": (1320.0, "22 min ahead")}
    for story in STORIES:
        if story.id in sizes:
            drift, words = sizes[story.id]
            diagnosis = told(WHOLE[0](story), story.code)["diagnosis"]
            assert diagnosis["facts"]["drift_seconds"] == drift
            assert any(words in sentence for sentence in diagnosis["evidence"]), diagnosis["evidence"]


def test_a_missing_grant_gets_the_narrowest_statement() -> None:
    story = next(story for story in STORIES if story.id == "implicit")
    facts = told(WHOLE[0](story), story.code)["diagnosis"]["facts"]
    assert facts["statement"] == {
        "Effect": "Allow",
        "Action": ["oss:GetObject"],
        "Resource": ["acs:oss:*:*:shop-data/img/2024/a.jpg"],
    }


def test_an_explicit_deny_says_that_an_allow_cannot_help_and_proposes_none() -> None:
    story = next(story for story in STORIES if story.id == "explicit")
    diagnosis = told(WHOLE[0](story), story.code)["diagnosis"]
    assert "statement" not in diagnosis["facts"]
    assert any("Allow" in sentence for sentence in diagnosis["avoid"]["en"])


@pytest.mark.parametrize("story", [each for each in STORIES if each.code == "AccessDenied"], ids=lambda story: story.id)
def test_nobody_whose_access_is_denied_is_told_to_open_the_bucket(story: Story) -> None:
    diagnosis = told(WHOLE[0](story), story.code)["diagnosis"]
    assert any("public" in sentence for sentence in diagnosis["avoid"]["en"])
    assert not any("public-read" in sentence for sentence in diagnosis["next_steps"]["en"])
