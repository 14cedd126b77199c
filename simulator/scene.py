"""Turns a scene (a YAML file, the name of a shipped one, or a dict) into the state of a cloud; serve.py applies one.

A scene says what the world is like before the first request: the account and who lives in it, buckets, objects with
class and size, restores half done, faults. Whatever it says wrong is told with file, line and column.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ossmend.simulator import edit_buckets, edit_objects, given
from ossmend.simulator.batch import switched
from ossmend.simulator.control import add_fault
from ossmend.simulator.given import BadSetting
from ossmend.simulator.identity import ACCOUNT_STATUSES, Identity
from ossmend.simulator.log_store import switched as switched_log
from ossmend.simulator.principals import Balance
from ossmend.simulator.scene_file import Scene, SceneError, read_scene
from ossmend.simulator.scene_people import apply_networks, apply_people, document, each
from ossmend.simulator.state import restore_seconds

if TYPE_CHECKING:
    from ossmend.simulator.state import Cloud

__all__ = ["SceneError", "apply_scene", "shipped_scenes"]

_FOLDER = Path(__file__).parent / "scenes"


def shipped_scenes() -> dict[str, Path]:
    """The scenes that come with the simulator, by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.yaml"))}


def apply_scene(cloud: Cloud, source: str | Path | Mapping[str, Any]) -> None:
    """Set the scene. SceneError says what is wrong, and where."""
    scene = _open(source)
    for name in scene.data:
        if name not in _SECTIONS:
            raise scene.error(
                (name,), f"a scene has no section {name!r}{_nearest(name)}; it has {', '.join(_SECTIONS)}"
            )
    for section, apply in _SECTIONS.items():
        if apply is not None and (section in scene.data or section == "users"):
            with scene.at(section) if section in scene.data else scene.at():
                apply(cloud, scene)


def _nearest(name: str) -> str:
    close = difflib.get_close_matches(name, list(_SECTIONS), 1)
    return f" (do you mean {close[0]!r}?)" if close else ""


def _open(source: str | Path | Mapping[str, Any]) -> Scene:
    if isinstance(source, Mapping):
        return Scene(source)
    path = Path(source)
    shipped = shipped_scenes()
    if not path.exists() and str(source) in shipped:
        path = shipped[str(source)]
    if not path.is_file():
        raise SceneError(f"{source}: there is no such file, and no shipped scene of that name: {', '.join(shipped)}")
    return read_scene(path)


# -------------------------------------------------------------------------------------------------------- sections


def _description(_: Cloud, scene: Scene) -> None:
    given.text(scene.data["description"], "description")


def _region(cloud: Cloud, scene: Scene) -> None:
    cloud.region = cloud.identity.region = given.text(scene.data["region"], "region")


_ACCOUNT = (
    "id alias status balance networks any_role ram_activated oss_activated keys_per_user diagnosis report "
    "control_policies block_public_access administrator"
)


def _account(cloud: Cloud, scene: Scene) -> None:
    settings = given.mapping(scene.data["account"] or {}, "account")
    given.unknown(settings, _ACCOUNT, "the account")
    if settings.get("id") is not None:
        cloud.identity = Identity(cloud.clock, account_id=given.text(settings["id"], "id"))
        cloud.identity.region = cloud.region
    identity = cloud.identity
    for name, change in _ACCOUNT_CHANGES.items():
        if settings.get(name) is not None:
            with scene.at("account", name):
                change(identity, settings[name])
    if "block_public_access" in settings:
        cloud.account_block_public_access = given.truth(settings["block_public_access"], "block_public_access")


def _accounts(cloud: Cloud, scene: Scene) -> None:
    """`{"2222222222222222": {administrator: {id, secret}, status: overdue}}`: further accounts, each with a key of its
    own that may do everything there. A bucket's `owner` says whose it is.
    """

    def further(account_id: str, settings: given.Settings) -> None:
        given.unknown(settings, " ".join(_ACCOUNT_CHANGES), "a further account")
        identity = cloud.others[account_id] = Identity(cloud.clock, account_id=account_id)
        identity.region = cloud.region
        for name, change in _ACCOUNT_CHANGES.items():
            if settings.get(name) is not None:
                with scene.at("accounts", account_id, name):
                    change(identity, settings[name])

    each(scene, "accounts", further)


def _status(identity: Identity, value: object) -> None:
    identity.account_status = cast("Any", given.one_of(value, ACCOUNT_STATUSES, "status"))


_BALANCE = ("available", "cash", "credit", "mybank", "quota", "currency", "outcome")
_OUTCOMES = ("", "unsuccessful", "NotAuthorized", "NotApplicable", "InternalError")


def _balance(identity: Identity, value: object) -> None:
    settings = given.mapping(value, "balance")
    given.unknown(settings, " ".join(_BALANCE), "the balance")
    texts = {name: given.text(settings[name], name) for name in _BALANCE if name in settings}
    given.one_of(texts.get("outcome", ""), _OUTCOMES, "outcome")
    if "available" in texts:
        texts.setdefault("cash", texts["available"])
    identity.balance = Balance(**cast("dict[str, Any]", texts))


def _diagnosis(identity: Identity, value: object) -> None:
    settings = given.mapping(value, "diagnosis")
    given.unknown(settings, "lag_seconds life_seconds", "diagnosis")
    identity.diagnosis_lag_seconds = given.number(settings.get("lag_seconds", 0), "lag_seconds")
    identity.diagnosis_life_seconds = given.number(settings.get("life_seconds", 86400), "life_seconds")


def _report(identity: Identity, value: object) -> None:
    settings = given.mapping(value, "report")
    given.unknown(settings, "seconds limit", "report")
    identity.report_seconds = given.number(settings.get("seconds", 0), "seconds")
    identity.report_limit = int(given.number(settings.get("limit", 3500), "limit"))


def _controls(identity: Identity, value: object) -> None:
    if not isinstance(value, list):
        raise BadSetting("control_policies must be a list")
    identity.control_policies = [document(one, "control_policies") for one in value]


def _administrator(identity: Identity, value: object) -> None:
    """The announced key gets a known id and secret."""
    settings = given.mapping(value, "administrator")
    given.unknown(settings, "id secret", "the administrator")
    key = identity.administrator_key
    del identity.keys[key.id]
    key.id = given.text(settings.get("id", key.id), "id")
    key.secret = given.text(settings.get("secret", key.secret), "secret")
    identity.keys[key.id] = key


_ACCOUNT_CHANGES: dict[str, Callable[[Identity, Any], None]] = {
    "alias": lambda i, v: setattr(i, "alias", given.text(v, "alias")),
    "status": _status,
    "balance": _balance,
    "networks": apply_networks,
    "any_role": lambda i, v: setattr(i, "any_role", given.truth(v, "any_role")),
    "ram_activated": lambda i, v: setattr(i, "ram_activated", given.truth(v, "ram_activated")),
    "oss_activated": lambda i, v: setattr(i, "oss_activated", given.truth(v, "oss_activated")),
    "keys_per_user": lambda i, v: setattr(i, "keys_per_user", int(given.number(v, "keys_per_user", least=1))),
    "diagnosis": _diagnosis,
    "report": _report,
    "control_policies": _controls,
    "administrator": _administrator,
}


def _clock(cloud: Cloud, scene: Scene) -> None:
    settings = given.mapping(scene.data["clock"] or {}, "clock")
    given.unknown(settings, "offset_seconds speed realistic", "clock")
    if "offset_seconds" in settings:
        cloud.clock.offset_seconds = given.number(settings["offset_seconds"], "offset_seconds", least=-4e9)
    if "speed" in settings:
        cloud.clock.set_speed(given.number(settings["speed"], "speed"))
    if "realistic" in settings:
        cloud.clock.realistic = given.truth(settings["realistic"], "realistic")
        cloud.restore_seconds = restore_seconds(realistic=cloud.clock.realistic)


def _cors_delay(cloud: Cloud, scene: Scene) -> None:
    cloud.cors_delay_seconds = given.number(scene.data["cors_delay_seconds"], "cors_delay_seconds")


def _s3(cloud: Cloud, scene: Scene) -> None:
    """`{path_style: true}`: S3 clients may put the bucket into the path."""
    settings = given.mapping(scene.data["s3"] or {}, "s3")
    given.unknown(settings, "path_style", "s3")
    cloud.s3_path_style = given.truth(settings.get("path_style", False), "path_style")


def _batch_jobs(cloud: Cloud, scene: Scene) -> None:
    """`{in_progress_counts: success}`: what OSS's own batch jobs do where no source says it (batch.py lists all)."""
    switched(cloud.batch.switches, given.mapping(scene.data["batch_jobs"] or {}, "batch_jobs"))


def _real_time_log(cloud: Cloud, scene: Scene) -> None:
    """`{delay_seconds: 180}`: how the log service's rows about OSS come (log_store.py lists all switches)."""
    switched_log(cloud.log_service.switches, given.mapping(scene.data["real_time_log"] or {}, "real_time_log"))


def _restore_seconds(cloud: Cloud, scene: Scene) -> None:
    """`{Archive: 5, ColdArchive: {Expedited: 10, Standard: 20}}`: how long restores take."""
    for storage_class, value in given.mapping(scene.data["restore_seconds"], "restore_seconds").items():
        with scene.at("restore_seconds", storage_class):
            tiers = cloud.restore_seconds.get(storage_class)
            if tiers is None:
                raise BadSetting(f"restores exist for {', '.join(cloud.restore_seconds)}, not for {storage_class}")
            wanted = value if isinstance(value, Mapping) else dict.fromkeys(tiers, value)
            for tier, seconds in wanted.items():
                tiers[given.one_of(tier, tuple(tiers), "tier")] = given.number(seconds, tier)


def _buckets(cloud: Cloud, scene: Scene) -> None:
    def bucket(name: str, settings: given.Settings) -> None:
        given.unknown(settings, f"{edit_buckets.BUCKET_SETTINGS} many", "a bucket")
        edit_buckets.put_bucket(cloud, name, {})
        for setting, value in settings.items():
            if setting not in ("objects", "many"):
                with scene.at("buckets", name, setting):
                    edit_buckets.put_bucket(cloud, name, {setting: value})
        _objects(cloud, scene, name, settings)

    each(scene, "buckets", bucket)


def _objects(cloud: Cloud, scene: Scene, bucket: str, settings: given.Settings) -> None:
    """`objects` maps keys to one object or to a list of versions, oldest first; `many` makes rows of alike ones."""
    for key, value in given.mapping(settings.get("objects") or {}, "objects").items():
        steps = ("buckets", bucket, "objects", key)
        if isinstance(value, list):
            for position, version in enumerate(value):
                with scene.at(*steps, position):
                    edit_objects.put_object(cloud, bucket, key, given.mapping(version or {}, "a version"))
        else:
            with scene.at(*steps):
                edit_objects.put_object(cloud, bucket, key, given.mapping(value or {}, "an object"))
    many = settings.get("many") or []
    if not isinstance(many, list):
        raise BadSetting("many must be a list")
    for position, value in enumerate(many):
        with scene.at("buckets", bucket, "many", position):
            edit_objects.put_objects(cloud, bucket, given.mapping(value, "many"))


def _faults(cloud: Cloud, scene: Scene) -> None:
    faults = scene.data["faults"] or []
    if not isinstance(faults, list):
        raise BadSetting("faults must be a list")
    for position, settings in enumerate(faults):
        with scene.at("faults", position):
            add_fault(cloud, dict(given.mapping(settings, "a fault")))


_SECTIONS: dict[str, Callable[[Cloud, Scene], None] | None] = {
    "description": _description,
    "region": _region,
    "account": _account,
    "accounts": _accounts,
    "clock": _clock,
    "restore_seconds": _restore_seconds,
    "batch_jobs": _batch_jobs,
    "real_time_log": _real_time_log,
    "s3": _s3,
    "policies": None,
    "groups": None,
    "users": apply_people,
    "many_users": None,
    "roles": None,
    "keys": None,
    "buckets": _buckets,
    "cors_delay_seconds": _cors_delay,  # after the buckets: their own rules are long known
    "faults": _faults,
}
"""The sections in the order they are applied; those with None are people, and applied with the users."""
