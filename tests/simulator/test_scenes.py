from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ossmend.simulator.clock import Clock
from ossmend.simulator.scene import SceneError, apply_scene, shipped_scenes
from ossmend.simulator.state import Cloud

if TYPE_CHECKING:
    from pathlib import Path

THE_EIGHT = (
    "invalid_object_state",
    "access_forbidden",
    "invalid_access_key_id",
    "request_time_too_skewed",
    "access_denied",
    "signature_does_not_match",
    "image_damage",
    "user_disable",
)
QUICK = [name for name in shipped_scenes() if name != "million_archived"]


def played(scene: dict[str, Any]) -> Cloud:
    cloud = Cloud(clock=Clock(monotonic=lambda: 1000.0, machine=lambda: 1_700_000_000.0))
    apply_scene(cloud, scene)
    return cloud


@pytest.mark.parametrize("code", THE_EIGHT)
def test_each_of_the_eight_codes_has_a_scene(code: str) -> None:
    assert code in shipped_scenes()


@pytest.mark.parametrize("name", QUICK)
def test_a_shipped_scene_loads_and_says_what_it_is(name: str) -> None:
    cloud = Cloud()
    apply_scene(cloud, shipped_scenes()[name])
    text = shipped_scenes()[name].read_text("utf-8")
    assert text.startswith("#")
    assert "\ndescription: " in text
    assert cloud.identity.users
    assert cloud.identity.key(cloud.identity.administrator_key.id) is not None


def test_a_shipped_scene_is_found_by_its_name() -> None:
    cloud = Cloud()
    apply_scene(cloud, "user_disable")
    assert cloud.identity.account_status == "overdue"


def test_a_million_archived_objects_share_their_bytes() -> None:
    cloud = Cloud()
    apply_scene(cloud, "million_archived")
    bucket = cloud.buckets["warehouse"]
    assert len(bucket.objects) == 1_000_000
    assert bucket.stack("2020/0000000.bin")[0] is bucket.stack("2020/0999999.bin")[0]


# ----------------------------------------------------------------------------------------------------- what it says


def test_an_empty_scene_leaves_the_defaults_alone() -> None:
    cloud = played({})
    assert list(cloud.identity.users) == ["app"]
    assert cloud.identity.any_role is True
    assert cloud.buckets == {}


def test_a_scene_without_users_keeps_the_default_user() -> None:
    assert list(played({"buckets": {"reports": {}}}).identity.users) == ["app"]


def test_users_of_a_scene_replace_the_default_one() -> None:
    cloud = played({"users": {"alice": {"keys": [{"id": "LTAI5tA", "secret": "s"}]}}})
    assert list(cloud.identity.users) == ["alice"]
    key = cloud.identity.key("LTAI5tA")
    assert key is not None
    assert (key.owner.name, key.secret, key.status) == ("alice", "s", "Active")


def test_a_scene_may_define_the_default_user_anew() -> None:
    cloud = played({"users": {"app": {"comments": "mine"}}})
    assert cloud.identity.users["app"].comments == "mine"
    assert cloud.identity.users["app"].keys == []


def test_roles_of_a_scene_are_the_only_ones_unless_it_says_otherwise() -> None:
    assert played({"roles": {"reader": {}}}).identity.any_role is False
    assert played({"roles": {"reader": {}}, "account": {"any_role": True}}).identity.any_role is True
    assert played({"account": {"any_role": False}}).identity.any_role is False


def test_an_account_may_have_another_id_and_a_known_administrator() -> None:
    cloud = played({"account": {"id": "42", "administrator": {"id": "LTAI5tAdmin", "secret": "known"}}})
    key = cloud.identity.key("LTAI5tAdmin")
    assert key is not None
    assert (cloud.account_id, key.secret, key.owner.account_id) == ("42", "known", "42")
    assert cloud.identity.administrator_key is key


def test_policies_may_be_the_systems_ones_own_or_written_out() -> None:
    own = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:Get*", "Resource": "*"}]}
    users = {"alice": {"policies": ["mine", "ReadOnlyAccess", own, {"name": "mine", "scope": "rg-1"}]}}
    cloud = played({"policies": {"mine": own}, "users": users})
    granted = cloud.identity.principal(cloud.identity.users["alice"]).policies
    assert [(one.name, one.type, one.scope) for one in granted] == [
        ("mine", "Custom", "Account"),
        ("ReadOnlyAccess", "System", "Account"),
        ("alice-3", "Custom", "Account"),
        ("mine", "Custom", "rg-1"),
    ]


def test_keys_can_be_deleted_restricted_old_and_used() -> None:
    keys = [
        {"id": "gone", "deleted": True},
        {
            "id": "kept",
            "networks": ["10.0.0.0/8"],
            "created_days_ago": 2,
            "last_used_days_ago": 1,
            "status": "Inactive",
        },
    ]
    identity = played({"users": {"alice": {"keys": keys}}}).identity
    assert identity.key("gone") is None
    assert identity.recycled_key("gone") is not None
    kept = identity.keys["kept"]
    assert (kept.status, kept.networks, kept.last_service) == ("Inactive", ("10.0.0.0/8",), "oss")
    assert kept.last_used == 1_700_000_000.0 - 86400


def test_a_deleted_user_is_in_the_recycle_bin_with_its_key() -> None:
    identity = played({"users": {"carol": {"deleted": True, "id": "7", "keys": [{"id": "hers"}]}}}).identity
    assert identity.users == {}
    assert identity.recycled_user("7") is not None
    assert identity.recycled_key("hers") is not None


def test_sessions_may_be_alive_or_expired() -> None:
    sessions = [
        {"name": "a1", "id": "STS.alive", "secret": "s", "token": "t", "seconds": 60},
        {"name": "b1", "id": "STS.dead", "expired": True},
    ]
    cloud = played({"roles": {"reader": {"sessions": sessions}}})
    alive, dead = cloud.identity.keys["STS.alive"], cloud.identity.keys["STS.dead"]
    now = cloud.clock.elapsed()
    assert alive.expires_at is not None
    assert dead.expires_at is not None
    assert (alive.token, alive.expires_at > now, dead.expires_at <= now) == ("t", True, True)
    assert alive.owner.name == "reader:a1"


def test_objects_have_class_size_and_restore_state_without_bytes() -> None:
    objects = {"k": {"size": 1 << 40, "storage_class": "Archive", "restore": "restoring"}, "plain": None}
    bucket = played({"buckets": {"reports": {"objects": objects}}}).buckets["reports"]
    version = bucket.stack("k")[0]
    assert (version.size, version.storage_class) == (1 << 40, "Archive")
    assert version.restore is not None
    assert bucket.stack("plain")[0].size == 0


def test_versions_are_listed_oldest_first_and_the_last_one_is_current() -> None:
    versions = [{"content": "1", "version_id": "v1"}, {"content": "2", "version_id": "v2"}]
    bucket = played({"buckets": {"b-1": {"versioning": "Enabled", "objects": {"k": versions}}}}).buckets["b-1"]
    assert [one.version_id for one in bucket.stack("k")] == ["v2", "v1"]


def test_settings_may_stand_in_any_order() -> None:
    settings = {"objects": {"k": [{"version_id": "v1"}, {"version_id": "v2"}]}, "versioning": "Enabled"}
    assert len(played({"buckets": {"b-1": settings}}).buckets["b-1"].stack("k")) == 2


def test_restores_take_as_long_as_the_scene_says() -> None:
    cloud = played({"restore_seconds": {"Archive": 1, "ColdArchive": {"Bulk": 99}}})
    assert cloud.restore_seconds["Archive"]["Standard"] == 1
    assert cloud.restore_seconds["ColdArchive"]["Bulk"] == 99
    assert played({"clock": {"realistic": True}}).restore_seconds["ColdArchive"]["Bulk"] == 12 * 3600


def test_faults_of_a_scene_are_in_force() -> None:
    cloud = played({"faults": [{"bucket": "b*", "status": 503}]})
    assert [(fault.bucket, fault.status) for fault in cloud.faults.rules] == [("b*", 503)]


# ------------------------------------------------------------------------------------------------- what it refuses

BAD = [
    ("buckts: {}", "1:1", "do you mean 'buckets'"),
    ("- a\n- b", "1:1", "a scene is a mapping"),
    ("users:\n  alice: {}\n  alice: {}\n", "3:3", "is there twice"),
    ("users:\n  7: {}\n", "2:3", "must be a text"),
    ("buckets: {\n  reports: [", "2:", ""),
    ("users:\n  alice:\n    keyz: []\n", "3:5", "keyz"),
    ("users:\n  alice:\n    status: asleep\n", "3:5", "active, freeze"),
    ("users:\n  alice:\n    policies: [NoSuchAccess]\n", "3:5", "NoSuchAccess"),
    ("users:\n  alice:\n    groups: [staff]\n", "3:5", "no group 'staff'"),
    ("users:\n  alice: 5\n", "2:3", "must be an object"),
    ("policies:\n  p:\n    document: {Version: '1'}\n", "3:5", "no Statement"),
    ("policies:\n  p: {Version: '1', Statement: [{Effect: Maybe, Action: '*', Resource: '*'}]}\n", "2:", "Effect"),
    ("account:\n  status: rich\n", "2:3", "normal"),
    ("account:\n  balance: {available: 12}\n", "2:13", "must be a string"),
    ("account:\n  networks: [10.0.0.0/99]\n", "2:3", "no network"),
    ("clock:\n  speeed: 2\n", "2:3", "speeed"),
    ("buckets:\n  UPPER: {}\n", "2:3", "no bucket name"),
    ("buckets:\n  reports:\n    acl: open\n", "3:5", "public-read"),
    ("buckets:\n  reports:\n    collour: red\n", "3:5", "collour"),
    ("buckets:\n  reports:\n    objects:\n      k: {storage_class: Frozen}\n", "4:11", "Archive"),
    ("buckets:\n  reports:\n    objects:\n      k: {size: -1}\n", "4:11", "size"),
    ("buckets:\n  reports:\n    objects:\n      k: {restore: restoring}\n", "4:", "cannot be restoring"),
    ("buckets:\n  reports:\n    many:\n      - {pattern: same, count: 2}\n", "4:", "pattern"),
    ("buckets:\n  reports:\n    cors: [{allowed_methods: [PATCH]}]\n", "3:5", "allowed_methods"),
    ("faults:\n  - {status: 99}\n", "2:6", "status"),
    ("faults:\n  - {operation: GetObject, delay: 5}\n", "2:28", "delay"),
    ("roles:\n  r:\n    trust: {Version: '1', Statement: []}\n", "3:5", "trust"),
    ("restore_seconds:\n  Standard: 5\n", "2:3", "Standard"),
    ("keys:\n  - {id: a}\n  - {id: a}\n", "3:6", "already a key"),
    ("users: !!python/object/apply:os.getcwd []\n", "1:8", "means nothing here"),
    ("region: !!python/name:os.getcwd\n", "1:9", ""),
    ("users: &u\n  alice: *u\n", "1:1", "contains itself"),
]


@pytest.mark.parametrize(("text", "place", "words"), BAD)
def test_a_bad_scene_says_file_line_and_column(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SceneError) as refused:
        apply_scene(Cloud(), path)
    message = str(refused.value)
    assert message.startswith(f"{path}:{place}"), message
    assert words in message


def test_a_scene_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SceneError, match="access_forbidden"):
        apply_scene(Cloud(), tmp_path / "none.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SceneError):
        apply_scene(Cloud(), path)


def test_a_bad_dict_is_told_by_its_names() -> None:
    with pytest.raises(SceneError, match=r"^buckets\.reports\.acl: "):
        played({"buckets": {"reports": {"acl": "open"}}})


def test_dates_in_conditions_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "dates.yaml"
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    condition = "Condition: {DateLessThan: {acs:CurrentTime: 2030-01-01T00:00:00Z}}"
    path.write_text(
        f"policies:\n  p:\n    Version: '1'\n    Statement: [{{{json.dumps(statement)[1:-1]}, {condition}}}]\n"
    )
    cloud = Cloud()
    apply_scene(cloud, path)
    found = cloud.identity.policies["Custom", "p"].current.document["Statement"][0]["Condition"]
    assert found == {"DateLessThan": {"acs:CurrentTime": "2030-01-01T00:00:00Z"}}
