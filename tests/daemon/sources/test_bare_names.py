"""Names without quotes: where one may go on behind a blank, its beginning is the name of another object."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event

ID = "69786BB1C0FFEE1234ABCD01"
SAID = f"code=AccessDenied request_id={ID} bucket=reports"


def one(text: str) -> Event:
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.request_id) == ("AccessDenied", ID)
    return event


@pytest.mark.parametrize(
    "text",
    [
        f"{SAID} key=my file.csv",
        f"bucket=reports key=2025 q1.xlsx code=AccessDenied request_id={ID}",
        f"{SAID} key=a b c.tar.gz",
        f"{SAID} key=my folder/",
        f"{SAID} key=dump 2025-11-22 10:00:00.sql",
        f"{SAID} key=v1.2 notes.txt",
        f"{SAID} key=my file.csv: gone",
        f"PutObjectRequest{{bucketName=reports, key=my dir/a.txt, size=3}} failed: AccessDenied, RequestId={ID}",
        f"{{Bucket:reports Key:my photo.jpg Code:AccessDenied RequestID:{ID}}}",
    ],
)
def test_a_name_that_may_go_on_behind_a_blank_is_no_key(text: str) -> None:
    event = one(text)
    assert (event.key, event.readings) == (None, ())


@pytest.mark.parametrize(
    "behind",
    ["", " after 3 attempts", " took=3.5s", " at 10:00", "  size=3", " by client.go:77", " and c.csv failed", ". Next",
     " HTTP/1.1", " of web-1.example.com", ": oss2.exceptions.ServerError", " oss2.exceptions.AccessDenied: x",
     ", size=3", " (again)"],
)  # fmt: skip
def test_what_a_sentence_goes_on_with_is_none_of_the_name(behind: str) -> None:
    assert one(f"{SAID} key=a/b.png{behind}").key == "a/b.png"


@pytest.mark.parametrize("key", ["a(1).png", "a/b.", "a:b", "my file.csv"])
def test_a_quoted_name_has_all_of_its_signs(key: str) -> None:
    assert one(f"{SAID} key='{key}' failed").key == key


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("oss://reports/t/status=403/key=7/part-0.csv", "t/status=403/key=7/part-0.csv"),
        (
            "https://reports.oss-cn-hangzhou.aliyuncs.com/t/time=2025-11-22/code=A/p.csv",
            "t/time=2025-11-22/code=A/p.csv",
        ),
        ("oss://reports/d/x.doc?versionId=CAEQ", "d/x.doc"),
    ],
)
def test_a_name_with_a_sign_of_assignment_in_an_address_is_a_part_of_it(address: str, key: str) -> None:
    event = one(f"cannot read {address} failed: AccessDenied, RequestId={ID}")
    assert (event.bucket, event.key) == ("reports", key)
    assert event.version_id == ("CAEQ" if "versionId" in address else None)


@pytest.mark.parametrize("between", ["\u3000", "；"])
def test_a_ticket_in_chinese_has_its_own_signs_between_fields(between: str) -> None:
    text = f"错误码：AccessDenied{between}RequestId：{ID}{between}Bucket：reports{between}Object：a/b.docx"
    event = one(text)
    assert (event.bucket, event.key) == ("reports", "a/b.docx")


@pytest.mark.parametrize("spelled", ["Access Denied", "Invalid Access Key Id", "Signature Does Not Match"])
def test_a_code_that_somebody_wrote_in_words_is_that_code(spelled: str) -> None:
    (event,) = events_in(f"Error Code: {spelled} Request ID: {ID}", source="test")
    assert (event.code, event.request_id) == (spelled.replace(" ", ""), ID)


def test_words_behind_a_code_are_none_of_it() -> None:
    (event,) = events_in(f"Error Code: AccessDenied Now Request ID: {ID}", source="test")
    assert event.code == "AccessDenied"


def body(name: str) -> str:
    return f"<Error>\n  <Code>InvalidObjectState</Code>\n  <ObjectName>{name}</ObjectName>\n</Error>\n"


@pytest.mark.parametrize(
    ("address", "name", "version"),
    [
        ("http://127.0.0.1:9300/reports/ledger.csv?versionId=CAEQv1&OSSAccessKeyId=LTAI5tA", "ledger.csv", "CAEQv1"),
        ("https://reports.oss-cn-hangzhou.aliyuncs.com/a%20b.csv?versionId=CAEQv1", "a b.csv", "CAEQv1"),
        ("https://reports.oss-cn-hangzhou.aliyuncs.com/other.csv?versionId=CAEQv1", "ledger.csv", None),
    ],
)
def test_an_address_of_the_object_that_the_body_names_tells_its_version_and_another_s_does_not(
    address: str, name: str, version: str | None
) -> None:
    (event,) = events_in(f"GET {address}\nHTTP/1.1 403 Forbidden\n\n{body(name)}", source="t")
    assert (event.bucket, event.key, event.version_id) == ("reports", name, version)
