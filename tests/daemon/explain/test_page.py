"""What a person sees of an explanation: who was refused, what a typo may be meant as, and Chinese to the end."""

from __future__ import annotations

import io
import re
from importlib import import_module
from typing import Any

import pytest

from ossmend.daemon.explain import page_zh
from ossmend.daemon.explain.page import render
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators import settings
from ossmend.remediators.causes import CAUSES, CODES, ecs
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.settings import descriptions
from tests.daemon.explain.chinese import HAN, english
from tests.naming import each_named
from tests.scenarios.further import FURTHER
from tests.scenarios.held_out import HELD_OUT
from tests.scenarios.listed import LISTED
from tests.scenarios.retired import RETIRED
from tests.scenarios.story import PARTIAL, WHOLE, Story, access_log, body, go, sentence

STORIES = (*LISTED, *FURTHER, *RETIRED, *HELD_OUT)
KEY = (
    "GET https://shop.oss-cn-hangzhou.aliyuncs.com/img/a.jpg -> 403\n<Error><Code>InvalidAccessKeyId</Code>"
    "<Message>The OSS Access Key Id you provided does not exist in our records.</Message>"
    "<HostId>shop.oss-cn-hangzhou.aliyuncs.com</HostId><OSSAccessKeyId>LTAI5tSecretMiddlePart01</OSSAccessKeyId></Error>"
)


def shown(text: str, lang: str = "en") -> str:
    out = io.StringIO()
    render(explain_text(text, lang=lang), lang, Paper(out, 400))
    return out.getvalue()


def only(text: str, lang: str = "en") -> dict[str, Any]:
    (event,) = explain_text(text, lang=lang)["events"]
    found: dict[str, Any] = event
    return found


# ---------------------------------------------------------------------------------------------------------------- who


def test_a_refused_key_is_named_masked_in_both_languages() -> None:
    for lang in ("en", "zh"):
        event = only(KEY, lang)
        assert event["access_key_id"] == "LTAI****rt01"
        assert any("LTAI****rt01" in said for said in event["diagnosis"]["evidence"])
        assert "SecretMiddle" not in shown(KEY, lang)
        assert "LTAI****rt01" in shown(KEY, lang)


def test_host_client_and_operation_are_told_where_the_text_has_them() -> None:
    story = next(story for story in STORIES if story.logged)
    event = only(access_log(story))
    assert (event["host"], event["client"], event["operation"]) == (story.host_id, story.client, story.operation)
    text = shown(access_log(story))
    assert all(part in text for part in (story.host_id, story.client, story.operation))


def test_what_is_not_told_is_null() -> None:
    event = only("AccessDenied: You have no right to access this object because of bucket acl.")
    assert [event[name] for name in ("host", "client", "access_key_id", "operation")] == [None] * 4
    assert not re.search(r"^ +who ", shown("AccessDenied"), re.MULTILINE)


def test_a_hostile_host_or_key_cannot_forge_lines() -> None:
    text = KEY.replace("LTAI5tSecretMiddlePart01", "LTAI5t\x1b[31mSecretMiddle\u202ePart01")
    assert "\x1b" not in shown(text)
    assert "\u202e" not in shown(text)


# --------------------------------------------------------------------------------------------------------------- typos


@pytest.mark.parametrize(
    ("word", "code"), [("InvalidAccesKeyId", "InvalidAccessKeyId"), ("invalidobjectstate", "InvalidObjectState")]
)
def test_a_typo_is_asked_about_in_both_languages_and_writes_nothing(word: str, code: str) -> None:
    event = only(word)
    assert event["code"] == word
    assert event["diagnosis"]["cause"] == "unknown-code"
    assert event["diagnosis"]["facts"]["did_you_mean"] == code
    assert event["writes"] == []
    assert f"did you mean     {code}" in shown(word)
    assert f"您是否想查询     {code}" in shown(word, "zh")
    assert "what ossmend does about it" not in shown(word)


def test_what_was_meant_is_asked_with_the_command_to_copy() -> None:
    for word in ("AccesDenied", "accessdenied"):
        assert "did you mean     AccessDenied: ossmend explain AccessDenied" in shown(word)
        assert "您是否想查询     AccessDenied: ossmend explain AccessDenied" in shown(word, "zh")


def test_behind_what_was_meant_nothing_is_advised() -> None:
    text = shown("AccesDenied")
    assert "A code that ossmend does not know" in text
    assert not re.search(r"^ +(evidence|next|do not) ", text, re.MULTILINE)


def test_a_line_with_a_mistyped_code_is_asked_about_and_not_believed() -> None:
    line = "ERROR 403 AccesDenied: You have no right to acces this object"
    event = only(line)
    assert (event["code"], event["diagnosis"]["cause"], event["writes"]) == (None, "no-code", [])
    assert "did you mean     AccessDenied: ossmend explain AccessDenied" in shown(line)
    assert events_in(line, source="log", strict=True) == []


@pytest.mark.parametrize("code", ["NeedVerifyDomainOwnership", "MissingArgument", "NotImplemented", "InvalidRequest"])
def test_every_code_of_the_catalogue_may_be_typed(code: str) -> None:
    assert only(code)["code"] == code
    assert "did_you_mean" not in only(code)["diagnosis"]["facts"]


@pytest.mark.parametrize("words", ["forbidden", "all is well", "nothing", "accessories"])
def test_other_words_are_no_typos(words: str) -> None:
    assert explain_text(words)["events"] == []


def test_an_ec_alone_is_shown_without_a_status_that_nobody_told() -> None:
    text = shown("0016-00000701")
    assert text.startswith("EC 0016-00000701")
    assert "restore-in-progress" in text


def test_a_resource_name_is_no_picture() -> None:
    assert "ram:TagResources on acs:ram:*:*:user/USER" in shown("InvalidAccessKeyId")


# ------------------------------------------------------------------------------------------------- Chinese to the end


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_no_text_of_a_cause_is_english_in_chinese(cause: Any) -> None:
    says = [sign.says for sign in cause.signs if sign.says is not None]
    for text in (cause.title, *cause.next_steps, *cause.avoid, *says):
        assert english(text.zh) == [], text.zh


def test_no_row_of_an_ec_is_english_in_chinese() -> None:
    for text in (*(row.says for row in ecs.ECS.values()), *ecs.FAMILIES.values()):
        assert english(text.zh) == []


def of_the_text(story: Story) -> tuple[str, ...]:
    """What a Chinese answer may quote."""
    return (
        story.message,
        story.agent,
        *story.fields.values(),
        *story.detail.values(),
        "does not exist in our records.",
    )


@pytest.mark.parametrize("shape", [body, sentence, go, access_log], ids=lambda shape: shape.__name__)
def test_no_answer_is_english_in_chinese(shape: Any) -> None:
    with each_named() as of:
        for story in STORIES:
            with of(story.id):
                assert_chinese(shape(story), story)


def assert_chinese(text: str, story: Story) -> None:
    for event in explain_text(text, lang="zh")["events"]:
        said = [*event["diagnosis"]["evidence"], *(write["note"] for write in event["writes"])]
        for each in said:
            quoted = each.partition("OSS 返回：")[0] if "OSS 返回：" in each else each
            assert english(quoted, *of_the_text(story)) == [], each
            assert HAN.search(each), each
    shown_text = shown(text, "zh")
    assert not re.search(r"^\s+(?:cause|evidence|next|do not|who|would write)\b", shown_text, re.MULTILINE)


@pytest.mark.parametrize("code", sorted({*CODES, *Remediator.registry}))
def test_a_bare_code_is_told_in_chinese_to_its_end(code: str) -> None:
    assert english(shown(code, "zh")) == []


def test_an_empty_answer_is_chinese() -> None:
    assert english(shown("all is well", "zh")) == []
    assert HAN.search(shown("all is well", "zh"))


@pytest.mark.parametrize("remediator", Remediator.registry.values(), ids=lambda each: each.code)
def test_every_remediator_has_its_paragraphs_and_settings_in_chinese(remediator: Remediator) -> None:
    paragraphs = page_zh.PARAGRAPHS[remediator.module.rpartition(".")[2]]
    told = (import_module(remediator.module).__doc__ or "").strip().split("\n\n")
    assert len(paragraphs) == len(told)
    assert all(HAN.search(each) for each in paragraphs)
    if remediator.section:
        shown_fields = {name for name, field in remediator.settings.model_fields.items() if not field.exclude}
        assert set(page_zh.SETTINGS[remediator.section]) == shown_fields


@pytest.mark.parametrize("remediator", Remediator.registry.values(), ids=lambda each: each.code)
def test_the_settings_are_told_from_their_source_as_the_configuration_has_them(remediator: Remediator) -> None:
    """The page of a code does not import them: they are pydantic's, and `explain` does without."""
    told = settings.told(remediator.section) if remediator.section else ()
    fields = {name: field for name, field in remediator.settings.model_fields.items() if not field.exclude}
    assert [(each.name, each.default) for each in told] == [(name, field.default) for name, field in fields.items()]
    said = descriptions(remediator.settings)
    assert {each.name: each.says for each in told} == {name: said[name] for name in fields}
    assert all(each.setting in fields for each in remediator.opt_in)


def test_nothing_is_told_in_chinese_that_is_not_there() -> None:
    modules = {each.module.rpartition(".")[2] for each in Remediator.registry.values()}
    assert set(page_zh.PARAGRAPHS) == modules
    assert set(page_zh.SETTINGS) == {each.section for each in Remediator.registry.values() if each.section}


def test_the_test_itself_knows_an_english_sentence() -> None:
    assert english("依据 nothing in the text points elsewhere")
    assert english("the key is disabled")
    assert english("OSS 返回：Access denied by policy.", "Access denied by policy.") == []
    assert len(WHOLE) + len(PARTIAL) > 20
