"""Archive classes: what can be read when, and what a restore answers in each state."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from oss2.models import RestoreConfiguration, RestoreJobParameters

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import until
from tests.simulator.oss.clients import Wire, advance, bucket_of, control, error_of, stopped, v2_client

DAY = 86400


def _put(bucket: Any, key: str, storage_class: str, data: bytes = b"cold") -> None:
    bucket.put_object(key, data, headers={"x-oss-storage-class": storage_class})


def _restore(bucket: Any, key: str, days: int, tier: str | None = None, **params: str) -> Any:
    job = RestoreJobParameters(tier) if tier else None
    return bucket.restore_object(key, params=params or None, input=RestoreConfiguration(days, job))


def _header(bucket: Any, key: str) -> str | None:
    found: str | None = bucket.head_object(key).headers.get("x-oss-restore")
    return found


@pytest.mark.parametrize("storage_class", ["Archive", "ColdArchive", "DeepColdArchive"])
def test_frozen_object_answers_head_but_not_get(sim: Running, bucket: Any, storage_class: str) -> None:
    _put(bucket, "k", storage_class)
    head = bucket.head_object("k")
    assert (head.status, head.content_length) == (200, 4)
    assert head.headers["x-oss-storage-class"] == storage_class
    assert "x-oss-restore" not in head.headers
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("k")
    error = refused.value
    assert (error.status, error.code, error.ec) == (403, "InvalidObjectState", "0016-00000404")
    assert error.details["ObjectName"] == "k"


@pytest.mark.parametrize("storage_class", ["Standard", "IA"])
def test_restore_of_what_is_not_archived_is_not_supported(sim: Running, bucket: Any, storage_class: str) -> None:
    _put(bucket, "k", storage_class)
    with pytest.raises(oss2.exceptions.OperationNotSupported) as refused:
        bucket.restore_object("k")
    assert (refused.value.status, refused.value.ec) == (400, "0016-00000702")
    assert refused.value.details["Detail"]


def test_archive_goes_through_all_states(sim: Running, bucket: Any) -> None:
    _put(bucket, "k", "Archive")
    assert bucket.restore_object("k").status == 202
    assert _header(bucket, "k") == 'ongoing-request="true"'
    with pytest.raises(oss2.exceptions.RestoreAlreadyInProgress) as again:
        bucket.restore_object("k")
    assert again.value.status == 409
    with pytest.raises(oss2.exceptions.ServerError):
        bucket.get_object("k")
    advance(sim, 6)
    text = _header(bucket, "k")
    assert text is not None
    assert text.startswith('ongoing-request="false", expiry-date="')
    assert bucket.get_object("k", byte_range=(0, 0)).status == 206
    assert bucket.restore_object("k").status == 200
    advance(sim, DAY + 10)
    assert _header(bucket, "k") is None
    with pytest.raises(oss2.exceptions.ServerError) as frozen:
        bucket.get_object("k")
    assert frozen.value.code == "InvalidObjectState"
    assert bucket.restore_object("k").status == 202


@pytest.mark.parametrize("days", [1, 3, 7])
def test_expiry_date_is_completion_plus_days(sim: Running, bucket: Any, days: int) -> None:
    _put(bucket, "k", "Archive")
    _restore(bucket, "k", days)
    moment = stopped(sim)
    advance(sim, 5)
    head = bucket.head_object("k")
    expiry = parsedate_to_datetime(head.headers["x-oss-restore"].partition('expiry-date="')[2].rstrip('"'))
    assert expiry.timestamp() == moment + days * DAY
    assert _header(bucket, "k") == head.headers["x-oss-restore"]


@pytest.mark.parametrize(
    ("storage_class", "tier", "seconds"),
    [
        ("ColdArchive", "Expedited", 3600),
        ("ColdArchive", "Standard", 5 * 3600),
        ("ColdArchive", "Bulk", 12 * 3600),
        ("DeepColdArchive", "Expedited", 12 * 3600),
        ("DeepColdArchive", "Standard", 48 * 3600),
    ],
)
def test_realistic_restores_take_as_long_as_documented(storage_class: str, tier: str, seconds: int) -> None:
    with running_simulator(realistic=True) as sim:
        bucket = bucket_of(sim, "examplebucket", "v4")
        bucket.create_bucket()
        _put(bucket, "k", storage_class)
        answer = _restore(bucket, "k", 30, tier)
        assert (answer.status, answer.headers["x-oss-object-restore-priority"]) == (202, tier)
        advance(sim, seconds - 60)
        assert _header(bucket, "k") == 'ongoing-request="true"'
        advance(sim, 61)
        assert bucket.get_object("k").read() == b"cold"
        assert bucket.restore_object("k").headers["x-oss-object-restore-priority"] == tier


@pytest.mark.parametrize("storage_class", ["Archive", "ColdArchive", "DeepColdArchive"])
def test_default_restores_take_seconds_but_are_never_instant(sim: Running, bucket: Any, storage_class: str) -> None:
    _put(bucket, "k", storage_class)
    bucket.restore_object("k")
    assert _header(bucket, "k") == 'ongoing-request="true"'
    advance(sim, 3)
    assert _header(bucket, "k") == 'ongoing-request="true"'
    advance(sim, 30)
    assert bucket.get_object("k").read() == b"cold"


@pytest.mark.parametrize(
    ("storage_class", "body", "code", "ec"),
    [
        ("Archive", "<Days>1</Days><JobParameters><Tier>Standard</Tier></JobParameters>", "MalformedXML", None),
        ("Archive", "<Days>8</Days>", "InvalidArgument", "0016-00000704"),
        ("Archive", "<Days>0</Days>", "InvalidArgument", "0016-00000704"),
        ("Archive", "<Days>many</Days>", "MalformedXML", None),
        ("ColdArchive", "<Days>366</Days>", "InvalidArgument", "0016-00000704"),
        ("ColdArchive", "<JobParameters><Tier>Fast</Tier></JobParameters>", "InvalidArgument", "0016-00000703"),
        ("DeepColdArchive", "<JobParameters><Tier>Bulk</Tier></JobParameters>", "InvalidArgument", "0016-00000703"),
    ],
)
def test_refused_restore_changes_nothing(
    sim: Running, bucket: Any, wire: Wire, storage_class: str, body: str, code: str, ec: str | None
) -> None:
    _put(bucket, "k", storage_class)
    answer = wire.xml("POST", "examplebucket", "restore", f"<RestoreRequest>{body}</RestoreRequest>", "k")
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"]) == (400, code)
    assert ec is None or error["EC"] == ec
    assert _header(bucket, "k") is None


@pytest.mark.parametrize("body", ["<RestoreRequest>", "nonsense", "<Other/>", "<!DOCTYPE x><RestoreRequest/>", "\0"])
def test_malformed_restore_documents_are_refused(sim: Running, bucket: Any, wire: Wire, body: str) -> None:
    _put(bucket, "k", "Archive")
    answer = wire.xml("POST", "examplebucket", "restore", body, "k")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "MalformedXML")
    assert _header(bucket, "k") is None


def test_restore_without_a_body_takes_the_defaults(sim: Running, bucket: Any, wire: Wire) -> None:
    _put(bucket, "k", "ColdArchive")
    answer = wire.signed("POST", "examplebucket", "k", query="restore")
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["x-oss-object-restore-priority"] == "Standard"


def test_higher_tier_speeds_a_running_restore_up_and_a_lower_one_is_refused(sim: Running, bucket: Any) -> None:
    _put(bucket, "k", "ColdArchive")
    _restore(bucket, "k", 1, "Standard")
    with pytest.raises(oss2.exceptions.ServerError) as lower:
        _restore(bucket, "k", 1, "Bulk")
    assert (lower.value.status, lower.value.ec) == (409, "0016-00000715")
    assert _restore(bucket, "k", 1, "Expedited").status == 202
    advance(sim, 11)
    assert bucket.get_object("k").read() == b"cold"


def test_extension_never_shortens(sim: Running, bucket: Any) -> None:
    _put(bucket, "k", "Archive")
    _restore(bucket, "k", 7)
    advance(sim, 6)
    before = _header(bucket, "k")
    assert _restore(bucket, "k", 1).status == 200
    assert _header(bucket, "k") == before


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_listing_shows_the_same_text_as_head(sim: Running, bucket: Any, version: str) -> None:
    for key in ("a", "b", "c"):
        _put(bucket, key, "Archive")
    bucket.restore_object("a")
    advance(sim, 6)
    bucket.restore_object("b")
    shown = {entry.key: entry.restore_info for entry in bucket.list_objects().object_list}
    assert shown == {key: _header(bucket, key) for key in ("a", "b", "c")}
    assert shown["c"] is None
    assert {entry.key: entry.restore_info for entry in bucket.list_objects_v2().object_list} == shown
    page = v2_client(sim, version).list_objects_v2(oss_v2.ListObjectsV2Request(bucket="examplebucket"))
    assert {entry.key: entry.restore_info for entry in page.contents} == shown


def test_second_sdk_restores_and_cleans(sim: Running, bucket: Any) -> None:
    client = v2_client(sim)
    _put(bucket, "k", "ColdArchive")
    request = oss_v2.RestoreObjectRequest(
        bucket="examplebucket",
        key="k",
        restore_request=oss_v2.RestoreRequest(days=2, job_parameters=oss_v2.JobParameters(tier="Expedited")),
    )
    assert client.restore_object(request).status_code == 202
    clean = oss_v2.CleanRestoredObjectRequest(bucket="examplebucket", key="k")
    with pytest.raises(oss_v2.exceptions.OperationError) as running:
        client.clean_restored_object(clean)
    assert (running.value.unwrap().code, running.value.unwrap().ec) == ("ArchiveRestoreNotFinished", "0016-00000719")
    advance(sim, 11)
    assert client.clean_restored_object(clean).status_code == 200
    with pytest.raises(oss_v2.exceptions.OperationError) as frozen:
        client.get_object(oss_v2.GetObjectRequest(bucket="examplebucket", key="k"))
    assert frozen.value.unwrap().code == "InvalidObjectState"
    with pytest.raises(oss_v2.exceptions.OperationError) as stale:
        client.clean_restored_object(clean)
    assert (stale.value.unwrap().status_code, stale.value.unwrap().code) == (409, "ArchiveRestoreFileStale")


def test_copy_needs_a_thawed_source_and_then_thaws_for_good(sim: Running, bucket: Any) -> None:
    _put(bucket, "k", "Archive")
    with pytest.raises(oss2.exceptions.ServerError) as frozen:
        bucket.copy_object("examplebucket", "k", "k", headers={"x-oss-storage-class": "Standard"})
    assert (frozen.value.code, frozen.value.ec) == ("InvalidObjectState", "0016-00000330")
    bucket.restore_object("k")
    advance(sim, 6)
    bucket.copy_object("examplebucket", "k", "k", headers={"x-oss-storage-class": "Standard"})
    head = bucket.head_object("k")
    assert head.headers["x-oss-storage-class"] == "Standard"
    assert "x-oss-restore" not in head.headers
    assert bucket.get_object("k").read() == b"cold"


def test_restore_of_one_version(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    _put(bucket, "k", "Archive", b"one")
    old = bucket.head_object("k").versionid
    _put(bucket, "k", "Archive", b"two")
    answer = bucket.restore_object("k", params={"versionId": old})
    assert (answer.status, answer.headers["x-oss-version-id"]) == (202, old)
    advance(sim, 6)
    assert bucket.get_object("k", params={"versionId": old}).read() == b"one"
    with pytest.raises(oss2.exceptions.ServerError) as frozen:
        bucket.get_object("k")
    assert frozen.value.code == "InvalidObjectState"
    restored = {entry.versionid: entry.restore_info for entry in bucket.list_object_versions().versions}
    assert restored[old] is not None
    assert sum(text is None for text in restored.values()) == 1


def test_missing_key_bucket_and_delete_marker_are_404(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.restore_object("nothing")
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket_of(sim, "not-there").restore_object("k")
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(oss2.BUCKET_VERSIONING_ENABLE))
    _put(bucket, "k", "Archive")
    bucket.delete_object("k")
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.restore_object("k")


def test_archive_direct_read_makes_archive_readable_and_nothing_colder(sim: Running, bucket: Any) -> None:
    _put(bucket, "archive", "Archive")
    _put(bucket, "colder", "ColdArchive")
    assert bucket.get_bucket_archive_direct_read().enabled is False
    bucket.put_bucket_archive_direct_read(True)
    assert bucket.get_bucket_archive_direct_read().enabled is True
    assert bucket.get_object("archive").read() == b"cold"
    with pytest.raises(oss2.exceptions.ServerError) as frozen:
        bucket.get_object("colder")
    assert frozen.value.code == "InvalidObjectState"


def test_speed_makes_waiting_shorter_and_dates_no_different() -> None:
    with running_simulator(speed=100_000.0, realistic=True) as sim:
        bucket = bucket_of(sim, "examplebucket")
        bucket.create_bucket()
        _put(bucket, "k", "DeepColdArchive")
        before = int(time.time())
        _restore(bucket, "k", 365, "Standard")
        until("two days are over", lambda: 'ongoing-request="false"' in (_header(bucket, "k") or ""))
        told = parsedate_to_datetime(bucket.head_object("k").headers["Date"]).timestamp()
        assert before <= told <= time.time()


def test_speed_zero_waits_for_advance() -> None:
    with running_simulator(speed=0.0) as sim:
        bucket = bucket_of(sim, "examplebucket")
        bucket.create_bucket()
        _put(bucket, "k", "Archive")
        bucket.restore_object("k")
        advance(sim, 4.9)
        assert _header(bucket, "k") == 'ongoing-request="true"'
        advance(sim, 0.2)
        assert bucket.get_object("k").read() == b"cold"


def test_control_sets_durations_and_states(sim: Running, bucket: Any) -> None:
    control(sim, "PUT", "restore-durations", {"Archive": 100, "ColdArchive": {"Bulk": 7}})
    _put(bucket, "k", "Archive")
    bucket.restore_object("k")
    advance(sim, 90)
    assert _header(bucket, "k") == 'ongoing-request="true"'
    control(sim, "PATCH", "buckets/examplebucket/objects/k", {"restore": "frozen"})
    assert _header(bucket, "k") is None
    control(sim, "PATCH", "buckets/examplebucket/objects/k", {"restore": {"state": "restored", "days": 2}})
    assert bucket.get_object("k").read() == b"cold"


_SQL = "select * from ossobject"
_LINES = {"Json_Type": "LINES"}


@pytest.mark.parametrize(
    ("operation", "ask"),
    [
        ("SelectObject", lambda b, key: b.select_object(key, _SQL)),
        ("SelectObject", lambda b, key: b.select_object(key, _SQL, select_params=_LINES)),
        ("CreateSelectObjectMeta", lambda b, key: b.create_select_object_meta(key)),
        ("CreateSelectObjectMeta", lambda b, key: b.create_select_object_meta(key, _LINES)),
    ],
)
def test_what_is_frozen_cannot_be_selected_from(
    sim: Running, bucket: Any, operation: str, ask: Callable[[Any, str], object]
) -> None:
    """Nor what is not there; what can be read meets the end of the simulation."""

    def asked(key: str) -> tuple[int, str]:
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            ask(bucket, key)
        return refused.value.status, refused.value.code

    _put(bucket, "k", "Archive")
    assert asked("not-there") == (404, "NoSuchKey")
    assert asked("k") == (403, "InvalidObjectState")
    assert control(sim, "GET", "requests")["requests"][-1]["operation"] == operation
    control(sim, "PATCH", "buckets/examplebucket/objects/k", {"restore": {"state": "restored", "days": 2}})
    assert asked("k") == (501, "NotImplemented")
