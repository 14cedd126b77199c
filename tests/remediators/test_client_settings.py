"""Which 400s of S3 clients the daemon takes, and how it leaves every other one alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.causes import diagnose_event
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import is_ours

NOW = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
CHUNKED = "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value."
BOTO = "An error occurred ({}) when calling the {} operation: {}"


def event(code: str, message: str = "", **fields: Any) -> Event:
    return Event(source="t", code=code, status=400, message=message or None, **fields)


TAKEN = {
    "chunks, by OSS's words": (event("InvalidArgument", CHUNKED), "aws-chunked-body"),
    "chunks, by EC": (
        event("InvalidArgument", ec="0017-00000804", sample="Content-Encoding: aws-chunked"),
        "aws-chunked-body",
    ),
    "chunks, by the argument": (
        event("InvalidArgument", fields={"ArgumentName": "Content-Encoding", "ArgumentValue": "aws-chunked"}),
        "aws-chunked-body",
    ),
    "chunks, in OSS's older words": (
        event("NotImplemented", "Aws MultiChunkedEncoding is not supported."),
        "aws-chunked-body",
    ),
    "several deleted without Content-MD5": (
        event("MissingArgument", "Missing Some Required Arguments.", operation="DeleteObjects"),
        "content-md5-missing",
    ),
    "a field of the signature": (
        event("InvalidArgument", ec="0002-00000417", fields={"ArgumentName": "X-Amz-Expires"}),
        "signature-field-malformed",
    ),
}


@pytest.mark.parametrize(("told", "cause"), TAKEN.values(), ids=TAKEN)
def test_a_400_that_a_client_setting_causes_is_taken_and_told_its_cause(told: Event, cause: str) -> None:
    assert is_ours(told)
    assert diagnose_event(told).cause == cause


@pytest.mark.parametrize("told", [told for told, _ in TAKEN.values()], ids=TAKEN)
@pytest.mark.parametrize("change", [{"status": 404}, {"status": 200}, {"fields": {"foreign_service": "s3"}}], ids=str)
def test_the_same_with_another_status_or_of_another_service_is_left_alone(told: Event, change: dict[str, Any]) -> None:
    assert not is_ours(replace(told, **change))


@pytest.mark.parametrize(
    "told",
    [
        event("InvalidArgument", "Argument max-keys must be an integer between 1 and 1000."),
        event("InvalidArgument", ec="0017-00000220", fields={"ArgumentName": "partNumber", "ArgumentValue": "0"}),
        event("InvalidArgument", "The signing region in credential is invalid.", ec="0002-00000226"),
        event("MissingArgument", "Missing Some Required Arguments.", operation="PutObject"),
        event("MalformedXML"),
        event("InvalidBucketName", ec="0015-00000001"),
        event("NotImplemented", "A header you provided implies functionality that is not implemented."),
    ],
    ids=str,
)
def test_other_400s_are_left_alone(told: Event) -> None:
    assert not is_ours(told)


@pytest.mark.parametrize(
    ("line", "operation", "cause"),
    [
        (BOTO.format("InvalidArgument", "PutObject", CHUNKED), "PutObject", "aws-chunked-body"),
        (
            BOTO.format("MissingArgument", "DeleteObjects", "Missing Some Required Arguments."),
            "DeleteObjects",
            "content-md5-missing",
        ),
    ],
)
def test_the_line_of_an_s3_client_in_a_log_becomes_an_event_that_is_taken(
    line: str, operation: str, cause: str
) -> None:
    (found,) = events_in(f"2026-11-28 05:59:58 ERROR app {line}\n", source="t", now=NOW, strict=True)
    assert (found.operation, found.status) == (operation, 400)
    assert is_ours(found)
    assert diagnose_event(found).cause == cause


@pytest.mark.parametrize("operation", ["GetBucketVersioning", "RestoreObject", "PutBucketCors", "GetObjectTagging"])
def test_a_call_that_oss_does_not_offer_to_s3_clients_is_explained_and_not_taken_in_a_log(operation: str) -> None:
    line = BOTO.format(
        "NotImplemented", operation, "A header you provided implies functionality that is not implemented."
    )
    (found,) = events_in(line, source="t", now=NOW)
    assert diagnose_event(found).cause == "s3-call-not-offered"
    assert events_in(line, source="t", now=NOW, strict=True) == []
