"""Every field of a scene works or is refused: none is read, kept and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.simulator import edit_buckets, edit_objects
from ossmend.simulator.clock import Clock
from ossmend.simulator.oss.documents import KINDS
from ossmend.simulator.scene import SceneError, apply_scene
from ossmend.simulator.state import Bucket, Cloud, ObjectVersion

_LIFECYCLE = (
    "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule>"
    "</LifecycleConfiguration>"
)
_RULE = {"allowed_origins": ["*"], "allowed_methods": ["GET"]}
BUCKET_FIELDS: dict[str, Any] = {
    "acl": "public-read",
    "storage_class": "IA",
    "redundancy": "ZRS",
    "region": "cn-beijing",
    "owner": "1111111111111111",
    "versioning": "Suspended",
    "block_public_access": True,
    "archive_direct_read": True,
    "transfer_acceleration": True,
    "disabled": True,
    "real_time_log": True,
    "comment": "words",
    "request_payer": "Requester",
    "cnames": ["img.example.com"],
    "tags": {"a": "b"},
    "referer": {"allow_empty": False},
    "logging": {"target_bucket": "logs"},
    "policy": {"Version": "1", "Statement": []},
    "documents": {"lifecycle": _LIFECYCLE},
    "cors": [_RULE],
    "objects": {"k": {"size": 1}},
}
OBJECT_FIELDS: dict[str, Any] = {
    "size": 5,
    "content": "text",
    "content_base64": "dGV4dA==",
    "storage_class": "Archive",
    "content_type": "text/x",
    "headers": {"x-oss-meta-a": "b"},
    "tags": {"a": "b"},
    "acl": "private",
    "modified": 5,
    "transitioned": 5,
    "restore": {"state": "restored", "days": 2},
    "version_id": "CAEQsome",
    "symlink_target": "other",
    "kind": "Appendable",
    "etag": "0" * 32,
    "delete_marker": True,
}
_NEEDS_ARCHIVE = {"restore"}


def _played(scene: dict[str, Any]) -> Cloud:
    cloud = Cloud(clock=Clock(monotonic=lambda: 1000.0, machine=lambda: 1_700_000_000.0))
    apply_scene(cloud, scene)
    return cloud


def _bucket(settings: dict[str, Any]) -> Bucket:
    return _played({"buckets": {"photos": settings}}).buckets["photos"]


def _facts(bucket: Bucket) -> dict[str, Any]:
    return {name: getattr(bucket, name) for name in bucket.__slots__ if name != "index"}


def _version(settings: dict[str, Any]) -> ObjectVersion:
    return _bucket({"objects": {"k": settings}}).stack("k")[0]


def test_these_are_all_fields() -> None:
    assert set(BUCKET_FIELDS) == set(edit_buckets.BUCKET_SETTINGS.split())
    assert set(OBJECT_FIELDS) == set(edit_objects.OBJECT_SETTINGS.split())


@pytest.mark.parametrize("field", BUCKET_FIELDS)
def test_field_of_a_bucket_changes_the_bucket(field: str) -> None:
    assert _facts(_bucket({field: BUCKET_FIELDS[field]})) != _facts(_bucket({}))


@pytest.mark.parametrize("field", OBJECT_FIELDS)
def test_field_of_an_object_changes_the_object(field: str) -> None:
    rest = {"storage_class": "ColdArchive"} if field in _NEEDS_ARCHIVE else {}
    assert _version(rest | {field: OBJECT_FIELDS[field]}) != _version(rest)


def _unknown_inside(value: Any) -> Any:
    """The value with one more name in each of its mappings that has names of ours."""
    if isinstance(value, list):
        return [_unknown_inside(one) for one in value]
    return {**value, "typo": value.get("state", True)}


@pytest.mark.parametrize("field", ["referer", "logging", "cors", "documents", "objects"])
def test_unknown_name_inside_a_field_of_a_bucket_is_refused(field: str) -> None:
    value = BUCKET_FIELDS[field]
    with pytest.raises(SceneError):
        _bucket({field: {"k": {"typo": 1}} if field == "objects" else _unknown_inside(value)})


@pytest.mark.parametrize("cors", [{"rules": [_RULE], "vary": True}, {"rule": [_RULE]}, [{**_RULE, "max_age": 5}]])
def test_misspelt_cors_is_refused(cors: Any) -> None:
    with pytest.raises(SceneError, match="has no setting"):
        _bucket({"cors": cors})


@pytest.mark.parametrize("own", ["cors", "policy", "referer", "logging", "acl", "versioning", "tags", "documents"])
def test_document_that_is_a_setting_of_its_own_is_refused_and_told_where_to(own: str) -> None:
    with pytest.raises(SceneError, match=f"documents has no '{own}': it is a setting of the bucket itself"):
        _bucket({"documents": {own: "<x/>"}})


@pytest.mark.parametrize("kind", [*KINDS, "inventory", "nonsense"])
@pytest.mark.parametrize("text", ["", "nonsense", "<x/>", "<CORSConfiguration/>"])
def test_document_that_is_none_of_its_kind_is_refused(kind: str, text: str) -> None:
    with pytest.raises(SceneError, match="documents"):
        _bucket({"documents": {kind: text}})


@pytest.mark.parametrize(
    "settings",
    [
        {"count": 5},
        {"pattern": "{n}"},
        {"content": "a", "delete_marker": True},
        {"content": "a", "symlink_target": "b"},
        {"kind": "Symlink"},
        {"storage_class": "Archive", "restore": {"state": "frozen", "days": 5}},
        {"storage_class": "Archive", "restore": {"state": "restored", "ready_in_seconds": 5}},
    ],
)
def test_field_that_would_do_nothing_for_an_object_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SceneError):
        _version(settings)


def test_version_id_of_many_objects_is_refused() -> None:
    with pytest.raises(SceneError, match="version_id"):
        _bucket({"many": [{"pattern": "{n}", "count": 2, "version_id": "CAEQsome"}]})


@pytest.mark.parametrize("cors", [[{"allowed_methods": ["GET"]}], [{"allowed_origins": ["*"]}], [{}]])
def test_cors_rule_that_allows_nothing_is_refused(cors: list[dict[str, Any]]) -> None:
    with pytest.raises(SceneError, match="would allow nothing"):
        _bucket({"cors": cors})


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"operation": "GetObject"},
        {"code": "AccessDenied"},
        {"latency_seconds": 1, "message": "words"},
        {"latency_seconds": 1, "ec": "0003-00000001"},
        {"abort": "reset", "body": "<html/>"},
        {"latency_seconds": 1, "execute": True},
        {"times": 3},
    ],
)
def test_fault_that_would_change_nothing_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(SceneError):
        _played({"faults": [fault]})
