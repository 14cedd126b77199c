"""The same stories with less left of them: what an SDK prints of a body, what was cut off, what an access log keeps.

Then the right cause is named, or it is honestly one of several; what is said with confidence is right, and no write
is proposed that the whole text would not justify.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ossmend.daemon.explain.text import explain_text
from tests.naming import each_named
from tests.samples.printed import SHAPES, Refused
from tests.scenarios.held_out import HELD_OUT
from tests.scenarios.story import PARTIAL, WHOLE, Story, access_log, go_v2, node, node_json, ossutil
from tests.scenarios.test_stories import STORIES, operations, told

SURE = 0.9
NOT_SURE = 0.6
HIDE_THE_COPY = (ossutil, node, node_json)
"""They print an object and no method: that a copy was refused cannot be seen. The look at the object decides."""
UNTOLD = frozenset({"clock-unmeasured", "unknown", "no-code"})
"""Right wherever the text does not tell more."""
LOG_IS_CLEARER = {"S15", "h-part-copy", "h-pdf"}
"""It tells how long a request took and which operation it was; and it lacks OSS's "may be damaged", which misleads."""
SAY_NOTHING_OF_OSS = ("php", "sentence")
"""Of a code that nobody has heard of: nothing there says that it is OSS's."""
LOGGED = [pytest.param(story, id=story.id) for story in STORIES if story.logged]
PRINTED = [
    story
    for story in STORIES
    if not (story.detail or story.before or story.after or story.host) and story.key and story.id != "unheard-of"
]


def may_write(story: Story) -> set[str]:
    return {operation for operation in (story.write, story.reduced_write) if operation}


def assert_honest(event: dict[str, Any], story: Story) -> None:
    """Right; or open, and then with the right one named or with little confidence."""
    diagnosis = event["diagnosis"]
    named = {diagnosis["cause"], *(each["cause"] for each in diagnosis["alternatives"])}
    if diagnosis["cause"] in story.causes | UNTOLD:
        return
    assert diagnosis["confidence"] < SURE, diagnosis
    # another version of an object looks like the object, and an S3 client like one whose secret is wrong
    open_ones = {
        "version",
        "S07",
        "S01-again",
        "being-restored",
        "copy-names-source",
        "S37-chunked",
        "h-part-copy",
        "h-thawed",
        "h-lifecycle-zh",
        "h-pdf",
    }
    assert named & story.causes or diagnosis["confidence"] < NOT_SURE or story.id in open_ones, diagnosis


@pytest.mark.parametrize("shape", PARTIAL, ids=lambda shape: shape.__name__)
def test_a_part_of_the_text_is_read_honestly_and_justifies_no_other_write(shape: Callable[[Story], str]) -> None:
    untold = {"unheard-of"} if shape.__name__ in SAY_NOTHING_OF_OSS else set()
    with each_named() as of:
        for story in STORIES:
            if story.id not in untold:
                with of(story.id):
                    assert_justified(shape, story)


def assert_justified(shape: Callable[[Story], str], story: Story) -> None:
    event = told(shape(story), story.code)
    assert_honest(event, story)
    if story.id in ("copy-names-source", "h-part-copy") and shape in HIDE_THE_COPY:
        assert all("frozen when it is looked at" in write["note"] for write in event["writes"])
        return
    assert set(operations(event)) <= may_write(story)


@pytest.mark.parametrize("story", PRINTED, ids=lambda story: story.id)
def test_every_sdk_prints_it_and_it_is_read_honestly(story: Story) -> None:
    refused = Refused(
        story.code,
        story.message,
        story.status,
        story.request_id,
        story.bucket,
        story.key,
        story.ec or "0000-00000000",
        story.region,
        tuple(story.fields.items()),
    )
    for name, shape in SHAPES.items():
        event = told(shape(refused).text, story.code)
        assert_honest(event, story)
        if story.method == "GET" or story.code != "InvalidObjectState":
            assert set(operations(event)) <= may_write(story), name


@pytest.mark.parametrize("story", LOGGED)
def test_a_line_of_the_access_log_is_less_sure_and_writes_nothing_new(story: Story) -> None:
    event = told(access_log(story), story.code)
    whole = told(WHOLE[0](story), story.code)
    assert_honest(event, story)
    assert set(operations(event)) <= may_write(story)
    if story.id not in LOG_IS_CLEARER and event["diagnosis"]["cause"] == whole["diagnosis"]["cause"]:
        assert event["diagnosis"]["confidence"] <= whole["diagnosis"]["confidence"]


@pytest.mark.parametrize(
    "story", [each for each in STORIES if each.write == "RestoreObject" and each.logged], ids=lambda each: each.id
)
def test_an_access_log_line_of_an_archived_object_is_enough_to_propose_its_restore(story: Story) -> None:
    event = told(access_log(story), story.code)
    assert operations(event) == ["RestoreObject"]
    assert event["writes"][0]["target"].startswith(f"oss://{story.bucket}/{story.key}")


def test_a_copy_in_the_access_log_restores_nothing_because_it_names_the_target() -> None:
    copies = [story for story in STORIES if story.operation == "CopyObject" and story.code == "InvalidObjectState"]
    assert copies
    for story in copies:
        event = told(access_log(story), story.code)
        assert event["diagnosis"]["cause"] == "copy-source-archived"
        assert event["writes"] == []


@pytest.mark.parametrize("story", HELD_OUT, ids=lambda story: story.id)
def test_no_story_that_was_held_out_leads_to_a_wrong_write(story: Story) -> None:
    for shape in (*WHOLE, *PARTIAL, *((access_log,) if story.logged else ())):
        for event in explain_text(shape(story))["events"]:
            assert set(operations(event)) <= may_write(story), shape.__name__


def test_a_cut_body_whose_code_is_lost_proposes_nothing() -> None:
    for story in STORIES:
        text = go_v2(story).replace(f"Error Code: {story.code}.\n", "")
        assert all(event["writes"] == [] for event in explain_text(text)["events"] if event["code"] is None)
