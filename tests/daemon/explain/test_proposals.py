"""What `explain` proposes to write: with a configuration what its enabled policies would do, and never more."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.explain.text import explain_text

CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
cors_rules:
  web: { allowed_origins: ["https://app.example.com"], allowed_methods: [GET, PUT], allowed_headers: ["content-type"] }
  open: { allowed_origins: ["*"], allowed_methods: [GET] }
policies:
  - { name: off, on: InvalidObjectState, match: { bucket: "*" }, enabled: false, mode: enforce }
  - { name: thaw, on: InvalidObjectState, match: { bucket: "reports-*", key: "2024/**" }, mode: enforce }
  - { name: web, on: AccessForbidden, match: { bucket: web-assets }, cors: { rule: web } }
  - { name: open, on: AccessForbidden, match: { bucket: web-open }, cors: { rule: open } }
  - { name: told, on: AccessForbidden, match: { bucket: web-told } }
  - { name: keys, on: InvalidAccessKeyId, match: { bucket: "tagged-*" }, key: { tag_owner: true } }
  - { name: keys-told, on: InvalidAccessKeyId, match: { bucket: "*" } }
"""


def config() -> Config:
    return load_text(CONFIG)


def archived(bucket: str, key: str, **more: str) -> str:
    extra = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        f"GET https://{bucket}.oss-cn-hangzhou.aliyuncs.com/{key} -> 403\n<Error><Code>InvalidObjectState</Code>"
        f"<Message>The operation is not valid for the object's state</Message>"
        f"<HostId>{bucket}.oss-cn-hangzhou.aliyuncs.com</HostId>{extra}</Error>"
    )


def refused(bucket: str, asked: str = "", message: str = "CORSResponse: CORS is not enabled for this bucket.") -> str:
    return (
        f"OPTIONS https://{bucket}.oss-cn-hangzhou.aliyuncs.com/a.png {asked}\n"
        f"<Error><Code>AccessForbidden</Code><Message>{message}</Message><HostId>{bucket}.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
    )


ASKED = "Origin: https://app.example.com Access-Control-Request-Method: PUT"


def disabled(
    bucket: str,
    key_id: str = "LTAI5tMadeUpForThisTest1",
    message: str = "The OSS Access Key Id you provided is disabled.",
) -> str:
    return (
        f"<Error><Code>InvalidAccessKeyId</Code><Message>{message}</Message><HostId>{bucket}.oss-cn-hangzhou.aliyuncs.com</HostId>"
        f"<OSSAccessKeyId>{key_id}</OSSAccessKeyId></Error>"
    )


def writes(text: str, configuration: Config | None = None) -> list[dict[str, Any]]:
    (event,) = explain_text(text, config=configuration)["events"]
    found: list[dict[str, Any]] = event["writes"]
    return found


def test_without_a_configuration_a_restore_is_proposed() -> None:
    (write,) = writes(archived("anything", "a.csv"))
    assert (write["operation"], write["target"], write["policy"], write["mode"]) == (
        "RestoreObject",
        "oss://anything/a.csv",
        None,
        None,
    )


def test_the_policy_that_takes_it_says_its_name_and_mode() -> None:
    (write,) = writes(archived("reports-eu", "2024/a.csv"), config())
    assert (write["operation"], write["policy"], write["mode"]) == ("RestoreObject", "thaw", "enforce")


@pytest.mark.parametrize(
    ("bucket", "key"), [("reports-eu", "2023/a.csv"), ("other", "2024/a.csv"), ("reports", "2024/a.csv")]
)
def test_what_no_enabled_policy_takes_is_left_alone(bucket: str, key: str) -> None:
    assert writes(archived(bucket, key), config()) == []


def test_without_a_configuration_a_merge_is_proposed_and_names_no_rule() -> None:
    (write,) = writes(refused("anything"))
    assert (write["operation"], write["target"]) == ("PutBucketCors", "oss://anything")
    assert "a person has stored" in write["note"]


def test_a_stored_rule_that_covers_what_was_asked_would_be_merged() -> None:
    (write,) = writes(refused("web-assets", ASKED), config())
    assert (write["operation"], write["policy"], write["mode"]) == ("PutBucketCors", "web", "dry-run")


@pytest.mark.parametrize(
    ("bucket", "asked"),
    [
        ("web-assets", "Origin: https://evil.example.org Access-Control-Request-Method: PUT"),
        ("web-assets", "Origin: https://app.example.com Access-Control-Request-Method: DELETE"),
        ("web-assets", f"{ASKED} Access-Control-Request-Headers: x-other"),
        ("web-assets", ""),
        ("web-told", ASKED),
        ("web-unknown", ASKED),
    ],
)
def test_what_the_stored_rule_does_not_cover_is_left_alone(bucket: str, asked: str) -> None:
    assert writes(refused(bucket, asked), config()) == []


def test_another_message_than_one_of_cors_is_left_alone() -> None:
    text = refused("web-assets", ASKED, "The request is forbidden.")
    assert writes(text) == writes(text, config()) == []


def test_a_refusal_in_the_access_log_that_was_no_preflight_is_left_alone() -> None:
    line = (
        '10.0.0.1 - - [23/Sep/2024:14:32:40 +0800] "{} /a.png HTTP/1.1" 403 512 3 "https://app.example.com/" "sdk" '
        '"web-assets.oss-cn-hangzhou.aliyuncs.com" "66F10B88C0FFEE1234ABCD01" "true" "-" "{}" "web-assets" "a.png" - 3 '
        '"AccessForbidden" 12 "1" - "-" "standard" "-" "-" "-"'
    )
    assert writes(line.format("GET", "GetObject")) == []
    (write,) = writes(line.format("OPTIONS", "OptionObject"), config())
    assert write["operation"] == "PutBucketCors"


def test_nobody_is_tagged_without_having_asked_for_it() -> None:
    assert writes(disabled("tagged-a")) == []
    assert writes(disabled("other"), config()) == []


def test_the_owner_of_a_disabled_key_would_be_tagged_where_a_policy_says_so() -> None:
    (write,) = writes(disabled("tagged-a"), config())
    assert write["operation"] == "TagUser"
    assert "LTAI5tMadeUpForThisTest1" not in write["target"]


@pytest.mark.parametrize(
    "text",
    [
        disabled("tagged-a", key_id="STS.NTmadeup"),
        disabled("tagged-a", key_id=" LTAI5tMadeUp"),
        disabled("tagged-a", message="The OSS Access Key Id you provided does not exist in our records."),
    ],
)
def test_a_key_that_is_not_said_to_be_disabled_tags_nobody(text: str) -> None:
    assert writes(text, config()) == []


@pytest.mark.parametrize(
    "text",
    [
        archived("reports-eu", "2024/a.csv").replace("GET ", "PUT "),
        archived("reports-eu", "2024/a.csv", **{"x-oss-copy-source": "/other/2024/b.csv"}),
        archived("reports-eu", "2024/a.csv") + '\nHEAD: x-oss-restore: ongoing-request="true"',
        "InvalidObjectState",
        "0016-00000404",
        'StatusCode=403, ErrorCode=InvalidObjectState, ErrorMessage="The operation is not valid"',
    ],
)
def test_a_restore_that_the_text_does_not_justify_is_not_proposed(text: str) -> None:
    assert writes(text) == []


def test_the_source_of_a_copy_is_restored_where_the_text_names_it() -> None:
    text = archived("reports-eu", "2024/copy.csv", **{"x-oss-copy-source": "/reports-eu/2024/a.csv"}).replace(
        "GET ", "PUT "
    )
    (write,) = writes(text)
    assert write["target"] == "oss://reports-eu/2024/a.csv"


def test_another_code_writes_nothing_whatever_the_policies_are() -> None:
    for code in (
        "AccessDenied",
        "SignatureDoesNotMatch",
        "RequestTimeTooSkewed",
        "UserDisable",
        "ImageDamage",
        "SecurityTokenExpired",
    ):
        text = archived("reports-eu", "2024/a.csv").replace("InvalidObjectState", code)
        assert writes(text) == writes(text, config()) == []


def picture(status: int = 403, message: str = "The image file may be damaged.") -> str:
    return (
        f"GET https://photos.oss-cn-hangzhou.aliyuncs.com/cat.jpg?x-oss-process=image/info -> {status}\n<Error>"
        f"<Code>ImageDamage</Code><Message>{message}</Message><HostId>photos.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
    )


def of_pictures(restore_version: str) -> Config:
    policy = (
        f"{{ name: p, on: ImageDamage, match: {{ bucket: photos }}, image: {{ restore_version: {restore_version} }} }}"
    )
    return load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\npolicies:\n  - {policy}\n")


@pytest.mark.parametrize("status", [400, 403])
def test_an_older_version_of_a_damaged_picture_would_be_copied_where_a_policy_says_so(status: int) -> None:
    (write,) = writes(picture(status), of_pictures("enforce"))
    assert (write["operation"], write["target"], write["policy"]) == ("RestoreVersion", "oss://photos/cat.jpg", "p")
    assert "a person approves it" not in write["note"]


def test_a_copy_that_a_person_has_to_approve_says_so_in_both_languages() -> None:
    (write,) = writes(picture(), of_pictures("approve"))
    assert "a person approves it" in write["note"]
    (event,) = explain_text(picture(), config=of_pictures("approve"), lang="zh")["events"]
    assert "须由人批准" in event["writes"][0]["note"]


@pytest.mark.parametrize(
    "text",
    [
        'StatusCode=404, ErrorCode=ImageDamage, ErrorMessage="The image file may be damaged.", url=https://photos.oss-cn-hangzhou.aliyuncs.com/cat.jpg',
        picture().replace("cat.jpg?", "cat.jpg?versionId=CAEQ&"),
        picture(message="The image is too large."),
        'ErrorCode=ImageDamage, ErrorMessage="The image file may be damaged.", StatusCode=403',
    ],
)
def test_a_copy_that_the_text_does_not_justify_is_not_proposed(text: str) -> None:
    assert writes(text, of_pictures("enforce")) == []


def test_nobodys_picture_is_copied_without_a_policy_that_says_so() -> None:
    assert writes(picture()) == writes(picture(), of_pictures("never")) == writes(picture(), config()) == []


def test_the_owner_of_a_key_that_the_text_shows_masked_cannot_be_looked_up_and_is_not_tagged() -> None:
    assert writes(disabled("tagged-a", key_id="LTAI****est1"), config()) == []


@pytest.mark.parametrize("status", [400, 404, 409])
def test_what_was_no_403_is_left_alone(status: int) -> None:
    text = (
        f'oss: service returned error: StatusCode={status}, ErrorCode=InvalidObjectState, ErrorMessage="x", '
        "Bucket=reports-eu, Object=2024/a.csv"
    )
    for event in explain_text(text)["events"]:
        assert event["writes"] == []


def test_notes_are_in_the_language_asked_for() -> None:
    (event,) = explain_text(archived("data", "k"), lang="zh")["events"]
    assert event["writes"][0]["note"].startswith("前提")


# ------------------------------------------------------------------------------------------ only what dispatch would do


ONLY_2024 = """
version: 1
cloud: { region: cn-hangzhou }
policies:
  - { name: thaw, on: InvalidObjectState, match: { bucket: "bkt-*", key: "2024/*" }, mode: enforce }
"""
URL = "https://bkt-a.oss-cn-hangzhou.aliyuncs.com"
GO = "oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, url="


@pytest.mark.parametrize(
    "text",
    [
        f"CopyObject {URL}/2024/copy.bin x-oss-copy-source: /bkt-a/payroll/huge.bin failed: {GO}{URL}/2024/copy.bin",
        f"ERROR get failed: {GO}{URL}/2024/a%2Fb.bin",
        f"ERROR get failed: {GO}{URL}/payroll/huge.bin",
        f"ERROR warming cache key: 2024/a.csv of bkt-a: {GO}",
    ],
)
def test_nothing_outside_of_the_match_is_proposed_and_nothing_that_prose_names(text: str) -> None:
    assert writes(text, load_text(ONLY_2024)) == []


def test_what_lies_inside_of_the_match_is_proposed() -> None:
    (write,) = writes(f"ERROR get failed: {GO}{URL}/2024/a.csv", load_text(ONLY_2024))
    assert write["target"] == "oss://bkt-a/2024/a.csv"


def test_of_two_urls_none_is_proposed_before_the_world_was_asked() -> None:
    text = f"ERROR mirror of {URL}/2024/a.csv failed: {GO}{URL}/2024/b.csv"
    assert writes(text) == []
