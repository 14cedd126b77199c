"""OSS's texts, strictly: what is not documented is unreadable, not guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule, ObjectRef

UNTIL = datetime(2017, 4, 16, 8, 12, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ("none", None)),
        ("", ("none", None)),
        ('ongoing-request="true"', ("ongoing", None)),
        ('ongoing-request="false", expiry-date="Sun, 16 Apr 2017 08:12:33 GMT"', ("restored", UNTIL)),
        ('ongoing-request="false",expiry-date="Sun, 16 Apr 2017 08:12:33 GMT"', ("restored", UNTIL)),
        ('ongoing-request="false"', ("restored", None)),
        ('ongoing-request="true", expiry-date="Sun, 16 Apr 2017 08:12:33 GMT"', ("ongoing", None)),
    ],
)
def test_restore_states_that_oss_documents(text: str | None, expected: tuple[str, datetime | None]) -> None:
    assert wire.restore_state(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ongoing-request=true",
        'ongoing-request="TRUE"',
        'ongoing-request="maybe"',
        'ongoing-request="false" expiry-date="Sun, 16 Apr 2017 08:12:33 GMT"',
        'ongoing-request="false", expiry-date="tomorrow"',
        'ongoing-request="false", expiry-date=""',
        'x ongoing-request="false"',
        'ongoing-request="false" ongoing-request="true"',
    ],
)
def test_any_other_restore_state_is_unreadable_and_never_taken_for_restored(text: str) -> None:
    with pytest.raises(Unreadable):
        wire.restore_state(text)


def test_a_listing_and_a_head_of_one_object_have_the_same_digest() -> None:
    restored = 'ongoing-request="false", expiry-date="Sun, 16 Apr 2017 08:12:33 GMT"'
    head = wire.head_state(
        ObjectRef("b-1", "a b+c"),
        {
            "x-oss-storage-class": "ColdArchive",
            "x-oss-restore": restored,
            "ETag": '"5B3C1A2E053D763E1B002CC607C5A0FE"',
            "Content-Length": "344606",
            "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT",
        },
    )
    body = f"""<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><EncodingType>url</EncodingType>
      <IsTruncated>false</IsTruncated><Contents><Key>a%20b%2Bc</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>
      <ETag>"5B3C1A2E053D763E1B002CC607C5A0FE"</ETag><Type>Normal</Type><Size>344606</Size>
      <StorageClass>ColdArchive</StorageClass><RestoreInfo>{restored}</RestoreInfo></Contents></ListBucketResult>"""
    (row,) = wire.page("b-1", body.encode()).rows
    assert row.state == head
    assert row.state is not None
    assert (
        row.state.digest
        == head.digest
        == "ColdArchive/restored/2017-04-16T08:12:33+00:00/5B3C1A2E053D763E1B002CC607C5A0FE"
    )


def test_a_listed_link_or_an_unreadable_restore_state_is_left_to_head() -> None:
    rows = (
        "<Contents><Key>link</Key><Type>Symlink</Type><Size>1</Size><StorageClass>Standard</StorageClass></Contents>"
        "<Contents><Key>odd</Key><Size>1</Size><StorageClass>Archive</StorageClass><RestoreInfo>?</RestoreInfo></Contents>"
    )
    body = f"<ListBucketResult><IsTruncated>true</IsTruncated>{rows}</ListBucketResult>"
    page = wire.page("b-1", body.encode())
    assert [row.state for row in page.rows] == [None, None]
    assert page.truncated


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{}", b"<Error><Code>x</Code></Error>", b'<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult/>',
     b'<?xml version="1.0" encoding="nonsense"?><ListBucketResult/>'],
)  # fmt: skip
def test_what_is_no_listing_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.page("b-1", body)


@pytest.mark.parametrize("inside", ["<Key>%ff</Key><Size>1</Size>", "<Key>a</Key><Size>²</Size>", "<Key>a</Key>"])
def test_a_row_without_a_readable_name_and_size_is_unreadable(inside: str) -> None:
    body = f"<ListBucketResult><EncodingType>url</EncodingType><Contents>{inside}</Contents></ListBucketResult>"
    with pytest.raises(Unreadable):
        wire.page("b-1", body.encode())


@pytest.mark.parametrize("length", [None, "", "-1", "1e3"])
def test_a_head_without_a_readable_size_is_unreadable(length: str | None) -> None:
    with pytest.raises(Unreadable):
        wire.head_state(ObjectRef("b-1", "k"), {"Content-Length": length} if length is not None else {})


def test_cors_rules_keep_order_and_every_known_field() -> None:
    body = b"""<CORSConfiguration><CORSRule><AllowedOrigin>https://b</AllowedOrigin><AllowedOrigin>https://a</AllowedOrigin>
      <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader>
      <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>0</MaxAgeSeconds></CORSRule>
      <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>
      <ResponseVary>true</ResponseVary></CORSConfiguration>"""
    assert wire.cors(body) == CorsConfiguration(
        (
            CorsRule(("https://b", "https://a"), ("PUT", "GET"), ("*",), ("ETag",), 0),
            CorsRule(("*",), ("GET",)),
        ),
        response_vary=True,
    )


@pytest.mark.parametrize(
    ("inside", "unknown"),
    [
        ("<CORSRule><ID>x</ID></CORSRule>", ("CORSRule/ID",)),
        (f"<CORSRule>{'<MaxAgeSeconds>1</MaxAgeSeconds>' * 2}</CORSRule>", ("CORSRule/MaxAgeSeconds",)),
        ("<CORSRule><MaxAgeSeconds>soon</MaxAgeSeconds></CORSRule>", ("CORSRule/MaxAgeSeconds",)),
        ("<CORSRule><AllowedOrigin><Any/></AllowedOrigin></CORSRule>", ("CORSRule/AllowedOrigin",)),
        ("<CORSRule mode='x'/>", ("CORSRule@mode",)),
        ("<ResponseVary>perhaps</ResponseVary>", ("ResponseVary",)),
        ("<ResponseVary>true</ResponseVary><ResponseVary>false</ResponseVary>", ("ResponseVary",)),
        ("<Strategy>x</Strategy><Zone/>", ("Strategy", "Zone")),
    ],
)  # fmt: skip
def test_what_we_would_lose_by_writing_cors_is_named(inside: str, unknown: tuple[str, ...]) -> None:
    assert wire.cors(f"<CORSConfiguration>{inside}</CORSConfiguration>".encode()).unknown == unknown


def test_only_enabled_rules_that_archive_current_versions_are_told() -> None:
    def rule(name: str, status: str, action: str, prefix: str = "logs/") -> str:
        return f"<Rule><ID>{name}</ID><Prefix>{prefix}</Prefix><Status>{status}</Status>{action}</Rule>"

    def to(storage_class: str, element: str = "Transition") -> str:
        return f"<{element}><Days>30</Days><StorageClass>{storage_class}</StorageClass></{element}>"

    body = "".join(
        (
            rule("cold", "Enabled", to("IA") + to("ColdArchive")),
            rule("off", "Disabled", to("Archive")),
            rule("ia", "Enabled", to("IA")),
            rule("old", "Enabled", to("Archive", "NoncurrentVersionTransition")),
            rule("all", "Enabled", to("Archive"), prefix=""),
        )
    )
    told = wire.lifecycle(f"<LifecycleConfiguration>{body}</LifecycleConfiguration>".encode())
    assert [str(rule) for rule in told] == ["cold: logs/ -> ColdArchive", "all: (all) -> Archive"]


@pytest.mark.parametrize(
    "name", ["a", "A-b", "a_b", "evil.com/", "a.b", "-ab", "ab-", "a" * 64, "a\n", "", "ab/../c", "ä-b"]
)
def test_names_that_cannot_be_buckets(name: str) -> None:
    assert not wire.possible_bucket(name)


@pytest.mark.parametrize("key", ["", ".", "..", "a" * 1024, "é" * 512, "\ud800"])
def test_names_that_cannot_be_keys(key: str) -> None:
    assert not wire.possible_key(key)


@pytest.mark.parametrize("key", ["a", "a/../b", " ", "\n", "%2F", "é" * 511, "a" * 1023, "..."])
def test_odd_names_that_can_be_keys(key: str) -> None:
    assert wire.possible_key(key)
