"""What signs look at: shapes of key ids, times, and what a StringToSign tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ossmend.remediators.causes import signed, times
from ossmend.remediators.causes.features import features, key_shape
from ossmend.remediators.contract.case import Event

SERVED = datetime(2024, 9, 23, 6, 32, 40, tzinfo=UTC)


def skewed(seconds: float) -> Event:
    return Event(
        source="t", code="RequestTimeTooSkewed", request_time=SERVED + timedelta(seconds=seconds), server_time=SERVED
    )


@pytest.mark.parametrize(
    ("key_id", "shape"),
    [
        (None, "none"),
        ("", "none"),
        ("LTAI5tMadeUpForThisTest1", "plain"),
        ("0wNEpMMlzy7sabcd", "plain"),
        (" LTAI5t", "blank"),
        ("LTAI5t\n", "blank"),
        ("LTAI5t\r", "blank"),
        ('"LTAI5t"', "characters"),
        ("LTAI-5t", "characters"),
        ("STS.NTabc", "temporary"),
        ("TMP.abc", "temporary"),
        ("AKIAIOSFODNN7EXAMPLE", "foreign"),
        ("LTAI****abcd", "masked"),
        ("null", "placeholder"),
        ("undefined", "placeholder"),
        ("${KEY_ID}", "placeholder"),
        ("<your-key-id>", "placeholder"),
        ("your-access-key-id", "placeholder"),
        ("Test5tRealLookingKey0001", "plain"),
    ],
)
def test_a_key_id_is_judged_by_its_looks(key_id: str | None, shape: str) -> None:
    assert key_shape(key_id) == shape


@pytest.mark.parametrize(
    ("seconds", "kind"),
    [
        (-901, "drift"),
        (950, "drift"),
        (1800, "drift"),
        (-1800, "drift"),
        (31 * 60, "drift"),
        (59 * 60, "drift"),
        (-61 * 60, "drift"),
        (3600 - 4, "zone"),
        (-3600, "zone"),
        (90 * 60, "drift"),
        (-8 * 3600, "zone"),
        (8 * 3600 - 12, "zone"),
        (8 * 3600 + 80, "near"),
        (-9.5 * 3600 - 100, "near"),
        (8 * 3600 + 200, "drift"),
        (5.5 * 3600, "zone"),
        (5.75 * 3600, "zone"),
        (5.25 * 3600, "drift"),
        (7.5 * 3600, "drift"),
        (12.75 * 3600, "zone"),
        (-86402, "drift"),
        (-14 * 3600, "zone"),
        (-15 * 3600, "drift"),
        (-30 * 365 * 86400, "unset"),
    ],
)
def test_a_difference_is_a_time_zone_only_if_it_is_one(seconds: float, kind: str) -> None:
    assert times.drift_kind(skewed(seconds)) == kind


@pytest.mark.parametrize("year", [1970, 2005, 2150])
def test_a_server_time_that_cannot_be_is_no_measure(year: int) -> None:
    event = Event(source="t", request_time=SERVED, server_time=SERVED.replace(year=year))
    assert times.drift_kind(event) == "absurd"
    assert times.drift_of(event) is None


def test_no_times_are_no_drift() -> None:
    assert times.drift_kind(Event(source="t")) == ""
    assert "untimed" in times.features(Event(source="t"))


def test_only_a_request_that_is_a_little_late_may_have_been_queued() -> None:
    assert "late" in times.features(skewed(-1200))
    assert "late" not in times.features(skewed(1200))
    assert "late" not in times.features(skewed(-86402))


@pytest.mark.parametrize(
    ("seconds", "words"), [(-40, "40 s"), (960, "16 min"), (-28800, "8.0 h"), (-86402, "24.0 h"), (4 * 86400, "4 days")]
)
def test_spans_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert times.words(seconds) == words


def test_the_expiry_of_a_url_is_read_from_body_and_query() -> None:
    body = Event(source="t", server_time=SERVED, fields={"Expires": "2024-09-23T06:02:40.000Z"})
    assert times.expired_by(body) == 1800
    v1 = Event(source="t", time=SERVED, sample="GET /a?OSSAccessKeyId=x&Expires=1727071360&Signature=***")
    assert times.expired_by(v1) == 1800
    v4 = Event(source="t", time=SERVED, sample="/a?x-oss-date=20240923T053240Z&x-oss-expires=1800&x-oss-signature=***")
    assert times.expired_by(v4) == 1800


def test_a_url_that_lives_is_not_expired() -> None:
    event = Event(source="t", time=SERVED, sample="/a?Expires=1727076360&Signature=***")
    assert "expired" not in times.features(event)


@pytest.mark.parametrize(
    "sample",
    [
        "?Expires=99999999999",
        "?x-oss-date=99999999T999999Z&x-oss-expires=999999999",
        "?Expires=abc",
        "?x-oss-date=20240923T053240Z&x-oss-expires=999999999",
    ],
)
def test_senseless_expiries_do_not_hurt(sample: str) -> None:
    past = times.expired_by(Event(source="t", time=SERVED, sample=sample))
    assert past is None or past < 0


def sign(string: str, **fields: str) -> dict[str, str]:
    event = Event(
        source="t",
        code="SignatureDoesNotMatch",
        bucket="b",
        host="b.oss-cn-hangzhou.aliyuncs.com",
        method=fields.pop("method", None),
        fields={"StringToSign": string, **fields},
    )
    return signed.features(event)


def test_a_string_to_sign_is_taken_apart() -> None:
    found = sign("PUT\nmd5==\nimage/png\n1727073160\nx-oss-meta-a:1\nx-oss-object-acl:private\n/b/k.png")
    assert found["signed.method"] == "PUT"
    assert found["signed.type"] == "image/png"
    assert found["signed.md5"] == "md5=="
    assert found["signed.headers"] == "x-oss-meta-a, x-oss-object-acl"
    assert found["signed.resource"] == "/b/k.png"
    assert "presigned" in found


def test_a_header_signed_request_is_not_presigned() -> None:
    assert "presigned" not in sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/b/k")


def test_a_bucket_that_stands_twice_and_another_bucket_are_seen() -> None:
    assert sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/b/b/k")["bucket_twice"] == "/b/b/k"
    assert sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/other/k")["other_bucket"] == "other, not b"
    assert "other_bucket" not in sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/b/k")
    assert "other_bucket" not in sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/*****/k")


def test_another_method_than_was_sent_is_seen() -> None:
    assert "method_differs" in sign("GET\n\n\n1727073160\n/b/k", method="PUT")
    assert "method_differs" not in sign("GET\n\n\n1727073160\n/b/k", method="GET")


@pytest.mark.parametrize(
    ("region", "odd", "differs"),
    [
        ("", True, False),
        ("oss-cn-hangzhou", True, False),
        ("cn-hangzhou", False, False),
        ("cn-beijing", False, True),
        ("us", True, True),
    ],
)
def test_the_region_of_a_v4_scope_is_compared_with_the_endpoint(region: str, odd: bool, differs: bool) -> None:
    found = sign(f"OSS4-HMAC-SHA256\n20240923T063240Z\n20240923/{region}/oss/aliyun_v4_request\nabc")
    assert ("odd_region" in found, "region_differs" in found) == (odd, differs)


@pytest.mark.parametrize("string", ["", "\n", "x", "OSS4-HMAC-SHA256", "PUT\n\n", "\x00" * 50, "GET\n\n\n\n"])
def test_a_broken_string_to_sign_tells_nothing_and_breaks_nothing(string: str) -> None:
    assert "signed.resource" not in sign(string)


def test_only_in_a_url_is_a_signature_cut() -> None:
    header = sign("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/b/k", signature_length="16")
    url = sign("GET\n\n\n1727073160\n/b/k", signature_length="16")
    assert "signature" not in header
    assert url["signature"].startswith("short")


def test_other_refusals_stand_beside_only_if_they_are_of_another_code() -> None:
    event = Event(source="t", code="AccessDenied")
    assert "nearby_codes" not in features(event, (Event(source="t", code="AccessDenied"),))
    assert features(event, (Event(source="t", code="UserDisable"), Event(source="t")))["nearby_codes"] == "UserDisable"


@pytest.mark.parametrize(
    ("fields", "big"),
    [
        ({"content-length": "734003200"}, True),
        ({"Content-Length": "734003200"}, True),
        ({"request_length": "12"}, False),
        ({"content_length": "x"}, False),
        ({}, False),
    ],
)
def test_the_size_of_an_upload_is_read_however_it_is_spelled(fields: dict[str, str], big: bool) -> None:
    assert ("big" in features(Event(source="t", fields=fields))) == big


def test_what_somebody_has_called_a_bucket_or_a_key_is_not_what_the_text_says() -> None:
    said = "GET https://old-lifecycle.oss-cn-hangzhou.aliyuncs.com/lifecycle/a.csv: InvalidObjectState"
    named = Event(source="t", code="InvalidObjectState", bucket="old-lifecycle", key="lifecycle/a.csv", sample=said)
    assert "lifecycle" not in features(named)["sample"]
    assert features(named)["bucket"] == "old-lifecycle"
    told = "a lifecycle rule archived it: " + named.sample
    assert "lifecycle rule" in features(replace(named, sample=told))["sample"]
