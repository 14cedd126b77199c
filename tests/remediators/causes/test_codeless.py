"""A refusal without a code: a HEAD has no body, OSS's own marks are no proxy's, and what has neither stays vague."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.remediators.causes import CAUSES, diagnose_event
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Diagnosis

ID = "66F10B88C0FFEE1234ABCD01"
PROXY = ("proxy", "代理", "CDN", "firewall")


def read(**fields: Any) -> Diagnosis:
    lang = fields.pop("lang", "en")
    return diagnose_event(Event(source="t", status=403, **fields), lang=lang)


def words(diagnosis: Diagnosis, lang: str = "en") -> str:
    title = CAUSES[diagnosis.cause].title.words(lang)
    return " ".join((title, *diagnosis.evidence, *diagnosis.next_steps[lang]))


@pytest.mark.parametrize(
    "asked",
    [{"method": "HEAD"}, {"operation": "HeadObject"}, {"operation": "HeadBucket"}, {"operation": "GetObjectMeta"}],
)
@pytest.mark.parametrize(
    "mark", [{"request_id": ID}, {"fields": {"server": "AliyunOSS"}}, {"ec": "0003-00000001", "request_id": ID}]
)
def test_a_refused_head_that_oss_answered_is_told_as_one(asked: dict[str, Any], mark: dict[str, Any]) -> None:
    diagnosis = read(**asked, **mark)
    if mark.get("ec"):
        assert diagnosis.cause == "denied-bucket-acl"  # x-oss-ec is a header: a HEAD has it, and it tells more
        assert diagnosis.confidence < 0.7
        assert "HEAD" in words(diagnosis)
        return
    assert diagnosis.cause == "head-refused"
    assert diagnosis.confidence < 0.7
    assert len(diagnosis.alternatives) >= 4
    for lang in ("en", "zh"):
        said = words(read(**asked, **mark, lang=lang), lang)
        assert "HEAD" in said
        assert not any(word in said for word in PROXY)
    assert "statement" not in diagnosis.facts


def test_the_word_of_http_that_s3_clients_print_is_no_code() -> None:
    assert read(code="Forbidden", message="Forbidden", operation="HeadBucket", request_id=ID).cause == "head-refused"
    assert read(code="Forbidden", operation="HeadBucket").cause == "head-without-code"


def test_a_refused_head_without_a_mark_of_oss_stays_vague_and_says_head() -> None:
    diagnosis = read(operation="HeadBucket")
    assert diagnosis.cause == "head-without-code"
    assert diagnosis.confidence < 0.7
    assert "HEAD" in words(diagnosis)


def test_a_head_that_only_the_text_names_is_read() -> None:
    assert read(sample="HEAD https://b.oss-cn-hangzhou.aliyuncs.com/a -> 403").cause == "head-without-code"
    assert read(sample="curl -s -I https://b.oss-cn-hangzhou.aliyuncs.com/a").cause == "head-without-code"
    assert read(sample="curl -i https://b.oss-cn-hangzhou.aliyuncs.com/a").cause == "no-code"
    assert read(sample="(403) when calling the HeadObject operation: Forbidden").cause == "head-without-code"


def test_another_method_rules_a_head_out_whatever_stands_in_the_text() -> None:
    assert (
        read(method="GET", request_id=ID, sample="HEAD https://b/ was fine, then GET failed").cause == "code-not-shown"
    )


def test_an_answer_of_oss_without_method_and_body_looks_like_a_head() -> None:
    diagnosis = read(request_id=ID)
    assert diagnosis.cause == "head-refused"
    assert diagnosis.confidence <= 0.5
    assert "HEAD" in words(diagnosis)


@pytest.mark.parametrize(
    "mark", [{"request_id": ID}, {"fields": {"server": "AliyunOSS"}}, {"sample": "< Server: AliyunOSS\n< 403"}]
)
def test_what_oss_answered_is_not_blamed_on_a_proxy(mark: dict[str, Any]) -> None:
    diagnosis = read(method="GET", **mark)
    assert diagnosis.cause == "code-not-shown"
    assert not any(word in words(diagnosis) for word in PROXY)


@pytest.mark.parametrize(
    "request_id",
    [
        None,
        "4442587FB7D0A2F9",
        "17F3C2A1B4D5E6F7",
        "7B5D3F2A-0C1E-4A5B-9C8D-1234567890AB",
        "00000000C0FFEE1234ABCD01",
        "66f10b88c0ffee1234abcd01",
    ],
)
def test_another_services_request_id_is_no_mark_of_oss(request_id: str | None) -> None:
    assert read(method="GET", request_id=request_id).cause == "no-code"


def test_a_page_for_people_is_not_of_oss_whatever_id_came_along() -> None:
    page = "403, x-oss-request-id: 66F10B88C0FFEE1234ABCD01\n<html><head><title>403 Forbidden</title></head></html>"
    assert read(request_id=ID, sample=page).cause == "no-code"


def test_a_refused_preflight_is_cors_since_it_has_no_signature() -> None:
    diagnosis = read(method="OPTIONS", host="b.oss-cn-hangzhou.aliyuncs.com")
    assert CAUSES[diagnosis.cause].codes == ("AccessForbidden",)


# ------------------------------------------------------------------------------------------------------- a CDN's words


@pytest.mark.parametrize(
    "header",
    ["X-Tengine-Error: denied by Referer ACL", "x-tengine-error: denied by Referer ACL",
     '"X-Tengine-Error": "denied by Referer ACL"', "< X-Tengine-Error:denied by Referer ACL"],
)  # fmt: skip
def test_a_cdn_that_says_referer_is_told_as_one(header: str) -> None:
    diagnosis = read(sample=f"HTTP/1.1 403 Forbidden\nServer: Tengine\n{header}\n")
    assert diagnosis.cause == "denied-referer"
    assert 0.7 <= diagnosis.confidence < 0.9
    assert diagnosis.evidence[0].endswith("by its own rules: X-Tengine-Error: denied by Referer ACL")


@pytest.mark.parametrize(
    "said", ["denied by req auth: no url arg auth_key", "denied by IP ACL = blacklist", "black ua"]
)
def test_another_rule_of_a_cdn_is_said_and_is_no_referer(said: str) -> None:
    diagnosis = read(sample=f"HTTP/1.1 403 Forbidden\nX-Tengine-Error: {said}\n")
    assert diagnosis.cause == "no-code"
    assert said in diagnosis.evidence[0]


@pytest.mark.parametrize(
    "line", ["Server: Tengine", "Referer: https://a.example/X-Tengine-Error", "denied by Referer ACL"]
)
def test_without_its_header_no_cdn_is_named(line: str) -> None:
    diagnosis = read(sample=f"HTTP/1.1 403 Forbidden\n{line}\n")
    assert diagnosis.cause == "no-code"
    assert not any("CDN" in each for each in diagnosis.evidence)


def test_osss_own_answer_is_believed_more_than_a_cdn_s_header() -> None:
    message = "You have no right to access this object because of bucket acl."
    sample = f"X-Tengine-Error: denied by Referer ACL\nAccessDenied: {message}"
    assert read(code="AccessDenied", message=message, sample=sample).cause == "denied-bucket-acl"
