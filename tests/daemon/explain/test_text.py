"""`explain`: the JSON that is a contract, the other refusals beside one, and what a person sees of hostile text."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest

from ossmend.daemon.explain.page import render
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.text import explain_text
from tests.patience import HUNG
from tests.work import grows

EVENT_KEYS = {"code", "ec", "request_id", "bucket", "key", "diagnosis", "writes"}
DIAGNOSIS_KEYS = {"cause", "confidence", "evidence", "next_steps", "avoid", "alternatives"}
ARCHIVED = (
    "oss2.exceptions.ServerError: {'status': 403, 'x-oss-request-id': '66F10B88C0FFEE1234ABCD01', "
    "'details': {'Code': 'InvalidObjectState', "
    "'Message': \"The operation is not valid for the object's state\", 'RequestId': '66F10B88C0FFEE1234ABCD01', "
    "'HostId': 'reports.oss-cn-hangzhou.aliyuncs.com', 'EC': '0016-00000404'}} while reading oss://reports/2024/a.csv"
)
DENIED = "AccessDenied: You have no right to access this object because of bucket acl."
SKEWED = "RequestTimeTooSkewed: The difference between the request time and the current time is too large."


def shown(text: str, lang: str = "en") -> str:
    out = io.StringIO()
    render(explain_text(text, lang=lang), lang, Paper(out, 100))
    return out.getvalue()


def test_the_document_has_the_keys_that_are_promised() -> None:
    report = explain_text(ARCHIVED)
    assert json.loads(json.dumps(report)) == report
    (event,) = report["events"]
    assert event.keys() >= EVENT_KEYS
    assert event["diagnosis"].keys() >= DIAGNOSIS_KEYS
    assert event["diagnosis"]["next_steps"].keys() == event["diagnosis"]["avoid"].keys() == {"en", "zh"}
    assert (event["code"], event["ec"], event["bucket"]) == ("InvalidObjectState", "0016-00000404", "reports")
    assert event["request_id"] == "66F10B88C0FFEE1234ABCD01"


def test_what_the_text_does_not_say_is_null() -> None:
    (event,) = explain_text(DENIED)["events"]
    assert [event[name] for name in ("ec", "request_id", "bucket", "key")] == [None] * 4
    assert event["writes"] == []


@pytest.mark.parametrize(
    "text",
    [
        "message: 帮忙看下 {} code: AccessDenied",
        "帮忙看下 {} AccessDenied 怎么办",
        "AccessDenied: 帮忙看下：{}",
        '{{"msg": "帮忙看下：{}", "code": "AccessDenied", "requestId": "66D3BC906F08E3A7784862BE"}}',
        "message: a colleague says: {} code: AccessDenied",
    ],
)
def test_what_stands_before_oss_s_sentence_is_not_oss_s_word(text: str) -> None:
    said = DENIED.partition(": ")[2]
    (event,) = explain_text(text.format(said), lang="zh")["events"]
    assert event["diagnosis"]["evidence"][0].startswith(f"OSS 返回：{said}")


def test_words_of_nobody_s_message_are_the_text_s_and_not_oss_s() -> None:
    text = "帮忙看下 AccessDenied denied by bucket policy 怎么办 谢谢"
    for lang, begins in (("zh", "文本中写道：帮忙看下"), ("en", "the text says: 帮忙看下")):
        (event,) = explain_text(text, lang=lang)["events"]
        assert event["diagnosis"]["cause"] == "denied-bucket-policy"
        assert event["diagnosis"]["evidence"][0].startswith(begins)


def test_a_sentence_of_oss_s_that_ends_like_another_is_whole() -> None:
    said = "The bucket you are attempting to access must be addressed using OSS third level domain."
    (event,) = explain_text(f"message: {said} code: SecondLevelDomainForbidden")["events"]
    assert f"OSS said: {said}" in event["diagnosis"]["evidence"]


def test_events_come_in_the_order_of_the_text() -> None:
    codes = [event["code"] for event in explain_text(f"{SKEWED}\n\n{DENIED}")["events"]]
    assert codes == ["RequestTimeTooSkewed", "AccessDenied"]


def test_alternatives_name_causes_with_titles_and_less_confidence() -> None:
    (event,) = explain_text("AccessDenied")["events"]
    alternatives = event["diagnosis"]["alternatives"]
    assert alternatives
    assert all(each["title"]["zh"] and each["confidence"] <= event["diagnosis"]["confidence"] for each in alternatives)


def test_a_key_id_is_shown_masked_and_a_signature_not_at_all() -> None:
    text = (
        "<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match</Message>"
        "<HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId><OSSAccessKeyId>LTAI5tSecretMiddlePart01</OSSAccessKeyId>"
        "<SignatureProvided>dG9wIHNlY3JldCBzaWduYXR1cmU=</SignatureProvided></Error>"
    )
    document = json.dumps(explain_text(text)) + shown(text)
    assert "LTAI5tSecretMiddlePart01" not in document
    assert "dG9wIHNlY3JldCBzaWduYXR1cmU" not in document


def test_an_account_that_is_disabled_is_said_beside_its_other_refusals() -> None:
    text = f"{DENIED}\n\nUserDisable: UserDisable (oss, HTTP 403)"
    denied = explain_text(text)["events"][0]
    assert any("UserDisable" in sentence for sentence in denied["diagnosis"]["evidence"])


def test_in_a_long_log_refusals_of_strangers_to_each_other_are_not_one_story() -> None:
    def line(n: int, code: str, client: str) -> str:
        return (
            f'{client} - - [23/Sep/2024:14:32:40 +0800] "GET /a{n} HTTP/1.1" 403 512 3 "-" "sdk" '
            f'"data.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE1234ABC{n:03d}" "true" "-" "GetObject" "data" "a{n}" '
            f'- 3 "{code}" 12 "1" - "-" "standard" "-" "-" "-"'
        )

    lines = [line(n, "AccessDenied", "10.0.0.1") for n in range(8)]
    mine, others = line(90, "RequestTimeTooSkewed", "10.0.0.1"), line(91, "RequestTimeTooSkewed", "10.9.9.9")
    apart = explain_text("\n".join([*lines, others]))["events"][0]
    together = explain_text("\n".join([*lines, mine]))["events"][0]
    assert not any("RequestTimeTooSkewed" in sentence for sentence in apart["diagnosis"]["evidence"])
    assert any("RequestTimeTooSkewed" in sentence for sentence in together["diagnosis"]["evidence"])


def test_evidence_is_in_the_language_asked_for() -> None:
    (event,) = explain_text(DENIED, lang="zh")["events"]
    assert event["diagnosis"]["evidence"][0].startswith("OSS 返回：")
    (event,) = explain_text(DENIED, lang="en")["events"]
    assert event["diagnosis"]["evidence"][0].startswith("OSS said:")


def test_a_person_reads_cause_evidence_next_steps_what_not_to_do_and_what_would_be_written() -> None:
    text = shown(ARCHIVED)
    for word in ("cause", "evidence", "next", "do not", "would write", "never-restored", "oss://reports/2024/a.csv"):
        assert word in text, text


def test_a_person_reads_it_in_chinese() -> None:
    text = shown(ARCHIVED, "zh")
    for word in ("原因", "依据", "下一步", "不要", "将执行", "前提"):
        assert word in text, text
    assert "cause " not in text


def test_what_is_open_is_shown_as_one_of_several() -> None:
    text = shown("AccessDenied")
    assert "one of these" in text
    assert "denied-bucket-acl" in text


def test_a_missing_grant_is_shown_as_a_statement_to_copy() -> None:
    body = (
        "<Error><Code>AccessDenied</Code><Message>Access denied.</Message>"
        "<HostId>data.oss-cn-hangzhou.aliyuncs.com</HostId><AccessDeniedDetail><PolicyType>AccountLevelIdentityBasedPolicy</PolicyType><NoPermissionType>ImplicitDeny</NoPermissionType>"
        "<AuthAction>oss:ListObjects</AuthAction></AccessDeniedDetail></Error>"
    )
    assert '"Action": ["oss:ListObjects"]' in " ".join(shown(body).split())


@pytest.mark.parametrize(
    "code", ["InvalidObjectState", "AccessForbidden", "InvalidAccessKeyId", "RequestTimeTooSkewed"]
)
def test_a_bare_code_also_says_what_ossmend_does_about_it(code: str) -> None:
    text = shown(code)
    assert "what ossmend does about it" in text
    assert "may write" in text


def test_a_bare_code_names_settings_and_permissions_of_its_write() -> None:
    text = shown("InvalidObjectState")
    assert "on_refreeze" in text
    assert "needs oss:RestoreObject on acs:oss:*:*:BUCKET/KEY" in text
    assert "TagUser (only if tag_owner)" in shown("InvalidAccessKeyId")


def test_a_code_that_is_only_told_says_so() -> None:
    assert "Nothing is written for it." in shown("CnameDenied")


def test_a_text_without_refusals_says_so() -> None:
    assert shown("all is well").strip() == "No refusal of OSS was found in this text."


@pytest.mark.parametrize(
    "key",
    [
        "a\x1b[31mred",
        "a\nFORGED cause  all is well",
        "a\rb",
        "[bold red]markup[/]",
        "a\u202egpj.exe",
        "a\x07\x00b",
        "[/]",
        "a\ud83d\ude00",
    ],
)
def test_hostile_names_cannot_forge_lines_or_reach_the_terminal(key: str) -> None:
    told = {"code": "InvalidObjectState", "status": 403, "bucket": "data", "key": key, "message": f"oss: {key}"}
    line = json.dumps({**told, "requestId": "66F10B88C0FFEE1234ABCD01"})
    text = shown(line)
    assert not any(sign in text for sign in ("\x1b", "\r", "\x07", "\x00", "\u202e"))
    assert not any(row.strip().startswith("FORGED") for row in text.splitlines())
    if key.startswith("[bold"):
        assert "[bold red]markup[/]" in text


def log_of(number: int) -> str:
    return "\n".join(f"2026-03-01 10:00:00 ERROR {ARCHIVED.replace('ABCD01', f'{n:06X}')}" for n in range(number))


def test_a_large_log_is_explained_to_its_end() -> None:
    assert len(explain_text(log_of(2000))["events"]) == 2000


def test_twice_as_many_refusals_are_twice_the_work() -> None:
    """They are not compared each with each."""
    assert grows(lambda number: explain_text(log_of(number)), 200) < 2.5


HOSTILE = (
    "fail", "copy ", "create a b c ", "via a b ", "cp -a ", "content-length: ", "ntp ", "versionId", "Expires=1",
    "access-control-request-headers ", "Date: Mon, 01 Jan ", f"{'a' * 30} ",
)  # fmt: skip


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_around_a_refusal_hides_it_or_makes_more_work_of_it(word: str) -> None:
    """Of a megabyte: a search that goes by its square would not end today, so no limit of ours is needed."""

    def explained(size: int) -> list[str]:
        return [event["code"] for event in explain_text(f"{ARCHIVED}\n{word * (size // len(word))}")["events"]]

    assert explained(1_000_000) == ["InvalidObjectState"]
    assert grows(explained, 50_000) < 2.5


@pytest.mark.machine
def test_explaining_needs_no_sdk_and_no_database() -> None:
    heavy = ("oss2", "aliyunsdkcore", "sqlalchemy", "requests")
    program = f"import sys, ossmend.daemon.explain.text; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=HUNG, check=True)
    assert done.stdout.strip() == "[]"


def report_of(text: str) -> dict[str, Any]:
    return explain_text(text)


@pytest.mark.parametrize(
    "text", ["\x00" * 1000, "\ud800", "<Error>" * 1000, "{" * 5000, "InvalidObjectState" * 2000, "🦊" * 1000]
)
def test_senseless_text_is_answered(text: str) -> None:
    assert isinstance(report_of(text)["events"], list)


@pytest.mark.parametrize(
    ("typed", "cause"),
    [
        ("AccessDenied Put public object acl is not allowed", "denied-public-access-block"),
        ("AccessDenied\nThe bucket you visit is not belong to you.", "denied-ram-implicit"),
        ("UserDisable: our account has an overdue bill", "account-overdue"),
        ("ImageDamage, the upload of that file was truncated", "image-truncated"),
    ],
)
def test_a_message_that_somebody_typed_is_read_as_one(typed: str, cause: str) -> None:
    (event,) = explain_text(typed)["events"]
    assert event["diagnosis"]["cause"] == cause
    assert event["writes"] == []


def test_a_key_named_as_aws_does_is_somebody_elses() -> None:
    text = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId></Error>"
    (event,) = explain_text(text)["events"]
    assert (event["code"], event["diagnosis"]["cause"]) == (None, "another-service")


def test_a_long_log_explains_each_kind_of_refusal_once_and_counts_the_rest() -> None:
    denied = "".join(f"StatusCode=403, ErrorCode=AccessDenied, Bucket=shop-{n} oss\n" for n in range(40))
    text = shown(denied + SKEWED)
    assert text.count("\n  do not ") == 2
    assert "and 39 more like it" in text
    assert "RequestTimeTooSkewed" in text


def test_a_short_text_explains_each_refusal_for_itself() -> None:
    text = shown("\n".join(f"oss: StatusCode=403, ErrorCode=AccessDenied, RequestId={n:024X}" for n in range(4)))
    assert text.count("do not") == 4
    assert "more like it" not in text
