"""Turns requests under the announced `control` address into looks at, and changes of, the cloud; given.py checks them.

JSON in, JSON out. What is here can do everything, so three things keep web pages out: the Host must be loopback
(hosts.py), the address holds a secret of this start, and changes come as `application/json`, which a page may not send
without asking first. `GET {control}` lists the routes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

from ossmend.simulator import (
    control_identity,
    control_logs,
    control_roles,
    control_views,
    edit_buckets,
    edit_objects,
    given,
)
from ossmend.simulator.batch import switched
from ossmend.simulator.control_views import Json
from ossmend.simulator.faults import Fault
from ossmend.simulator.hosts import is_loopback
from ossmend.simulator.oss import access_log, batch_run
from ossmend.simulator.state import Cloud, restore_seconds
from ossmend.simulator.wire import Request, Response, percent_decode

PREFIX = "/_simulator"
Route = Callable[[Cloud, list[str], Json, Request], Any]

_FAULT_SETTINGS = (
    "operation method bucket key access_key_id times skip latency_seconds status code message ec headers body abort "
    "execute lie stale_seconds"
)


class NoSuch(LookupError):
    """What the path names is not there."""


def _requests(cloud: Cloud, _: list[str], __: Json, request: Request) -> Any:
    return control_views.requests(cloud, request.query)


def _advance(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "seconds", "advance")
    cloud.clock.advance(given.number(body.get("seconds"), "seconds"))
    access_log.deliver_when_due(cloud)
    return control_views.clock(cloud)


def _clock(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "offset_seconds speed", "clock")
    if "offset_seconds" in body:
        cloud.clock.offset_seconds = given.number(body["offset_seconds"], "offset_seconds", least=-4e9)
    if "speed" in body:
        cloud.clock.set_speed(given.number(body["speed"], "speed"))
    return control_views.clock(cloud)


def _flush(cloud: Cloud, _: list[str], __: Json, ___: Request) -> Any:
    return {"written": [{"bucket": bucket, "key": key} for bucket, key in access_log.flush(cloud)]}


def _bucket(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    name = names[0]
    if request.method in ("PUT", "PATCH"):
        if request.method == "PATCH" and name not in cloud.buckets:
            raise NoSuch(f"there is no bucket {name}")
        return control_views.bucket(cloud, edit_buckets.put_bucket(cloud, name, body))
    if name not in cloud.buckets:
        raise NoSuch(f"there is no bucket {name}")
    if request.method == "DELETE":
        del cloud.buckets[name]
        return {}
    return control_views.bucket(cloud, cloud.buckets[name])


def _many_objects(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    if names[0] not in cloud.buckets:
        raise NoSuch(f"there is no bucket {names[0]}")
    if request.method == "GET":
        return control_views.objects(cloud, cloud.buckets[names[0]], request.query)
    return {"created": edit_objects.put_objects(cloud, names[0], body)}


def _object(cloud: Cloud, names: list[str], body: Json, request: Request) -> Any:
    bucket_name, key = names
    bucket = cloud.buckets.get(bucket_name)
    if bucket is None:
        raise NoSuch(f"there is no bucket {bucket_name}")
    if request.method == "PUT":
        return control_views.version(cloud, edit_objects.put_object(cloud, bucket_name, key, body))
    stack = bucket.stack(key)
    version_id = request.query.get("version_id")
    found = [version for version in stack if version_id is None or version.version_id == version_id]
    if not found:
        raise NoSuch(f"there is no such object in {bucket_name}")
    if request.method == "PATCH":
        return control_views.version(cloud, edit_objects.patch_object(cloud, bucket_name, key, body, version_id))
    if request.method == "DELETE":
        kept = () if version_id is None else tuple(v for v in stack if v.version_id != version_id)
        bucket.set_stack(key, kept, now=cloud.clock.elapsed())
        return {}
    return {"versions": [control_views.version(cloud, version) for version in found]}


def _faults(cloud: Cloud, _: list[str], body: Json, request: Request) -> Any:
    if request.method == "DELETE":
        cloud.faults.clear()
        return {}
    if request.method == "POST":
        return control_views.fault(add_fault(cloud, body))
    return {"faults": [control_views.fault(fault) for fault in cloud.faults.rules]}


def add_fault(cloud: Cloud, body: Json) -> Fault:
    """Check and add one rule."""
    given.unknown(body, _FAULT_SETTINGS, "a fault")
    settings = dict(body)
    for name in ("operation", "method", "bucket", "key", "access_key_id", "code", "message", "ec"):
        given.text(settings.get(name, ""), name)
    for name in ("latency_seconds", "stale_seconds"):
        settings[name] = given.number(settings.get(name, 0), name)
    for name in ("times", "skip", "status"):
        if settings.get(name) is not None:
            settings[name] = int(given.number(settings[name], name))
    if settings.get("status") and not 200 <= settings["status"] <= 599:
        raise given.BadSetting("status must be an HTTP status from 200 to 599")
    given.one_of(settings.get("abort", ""), ("", "reset", "half"), "abort")
    for name in ("execute", "lie"):
        given.truth(settings.get(name, False), name)
    _check_effect(settings)
    if settings.get("body") is not None:
        given.text(settings["body"], "body")
    settings["headers"] = dict(given.pairs(settings.get("headers", {}), "headers"))
    if any(ord(c) < 32 for name, value in settings["headers"].items() for c in name + value):
        raise given.BadSetting("a header cannot hold control characters")
    return cloud.faults.add(**settings)


_NEEDS = {
    "code": ("status",),
    "message": ("status",),
    "ec": ("status",),
    "body": ("status", "lie"),
    "execute": ("status", "abort"),
}
"""Settings of a fault that do nothing without one of these."""


def _check_effect(settings: Json) -> None:
    """A rule that changes no answer, or says words that nobody would be told, is a mistake of who wrote it."""
    for name, partners in _NEEDS.items():
        if settings.get(name) not in (None, "", False) and not any(settings.get(partner) for partner in partners):
            raise given.BadSetting(f"{name} does nothing without {' or '.join(partners)}")
    effects = ("latency_seconds", "stale_seconds", "status", "abort", "lie", "headers")
    if not any(settings.get(name) for name in effects):
        raise given.BadSetting(f"a fault needs one of {', '.join(effects)}")


def _one_fault(cloud: Cloud, names: list[str], _: Json, request: Request) -> Any:
    for fault in cloud.faults.rules:
        if str(fault.id) == names[0]:
            if request.method == "DELETE":
                cloud.faults.rules.remove(fault)
                return {}
            return control_views.fault(fault)
    raise NoSuch(f"there is no fault {names[0]}")


def _propagation(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "cors_seconds", "propagation")
    cloud.cors_delay_seconds = given.number(body.get("cors_seconds", cloud.cors_delay_seconds), "cors_seconds")
    return {"cors_seconds": cloud.cors_delay_seconds}


def _s3(cloud: Cloud, _: list[str], body: Json, __: Request) -> Any:
    given.unknown(body, "path_style", "s3")
    cloud.s3_path_style = given.truth(body.get("path_style", cloud.s3_path_style), "path_style")
    return {"path_style": cloud.s3_path_style}


def _batch_jobs(cloud: Cloud, _: list[str], body: Json, request: Request) -> Any:
    if request.method != "GET":
        switched(cloud.batch.switches, body)
    return control_views.batch(cloud)


def set_restore_durations(cloud: Cloud, body: Json) -> dict[str, dict[str, float]]:
    """`{"Archive": 5, "ColdArchive": {"Expedited": 10}}`: seconds, for all tiers of a class or for some."""
    given.unknown(body, " ".join(cloud.restore_seconds), "restore durations")
    for storage_class, value in body.items():
        tiers = cloud.restore_seconds[storage_class]
        if isinstance(value, dict):
            given.unknown(value, " ".join(tiers), storage_class)
            tiers.update({tier: given.number(seconds, tier) for tier, seconds in value.items()})
        else:
            seconds = given.number(value, storage_class)
            tiers.update(dict.fromkeys(tiers, seconds))
    return cloud.restore_seconds


def _restore_durations(cloud: Cloud, _: list[str], body: Json, request: Request) -> Any:
    if request.method == "DELETE":
        cloud.restore_seconds = restore_seconds(realistic=cloud.clock.realistic)
        return cloud.restore_seconds
    return set_restore_durations(cloud, body)


def _overview(cloud: Cloud, _: list[str], __: Json, ___: Request) -> Any:
    routes = [f"{'|'.join(methods)} /{path}" for path, methods, _, _ in _ROUTES]
    return {"region": cloud.region, "account_id": cloud.account_id, **control_views.clock(cloud), "routes": routes}


def _route(path: str, methods: str, run: Route) -> tuple[str, tuple[str, ...], re.Pattern[str], Route]:
    pattern = re.sub(r"\{key\}", "(.+)", re.sub(r"\{(?!key)\w+\}", "([^/]+)", path))
    return path, tuple(methods.split()), re.compile(pattern + r"\Z", re.DOTALL), run


_ROUTES = (
    _route("", "GET", _overview),
    _route("requests", "GET", _requests),
    _route("state", "GET", lambda cloud, *_: control_views.state(cloud)),
    _route("advance", "POST", _advance),
    _route("clock", "GET POST PUT PATCH", _clock),
    _route("logs/flush", "POST", _flush),
    _route("buckets", "GET", lambda cloud, *_: {"buckets": control_views.buckets(cloud)}),
    _route("buckets/{bucket}", "GET PUT PATCH DELETE", _bucket),
    _route("buckets/{bucket}/objects", "GET POST", _many_objects),
    _route("buckets/{bucket}/objects/{key}", "GET PUT PATCH DELETE", _object),
    _route("account", "GET PUT PATCH", control_identity.account),
    _route("users/{user}", "GET PUT PATCH DELETE", control_identity.user),
    _route("keys", "GET POST", control_identity.keys),
    _route("keys/{id}", "GET PUT PATCH DELETE", control_identity.key),
    _route("roles/{role}", "GET PUT PATCH DELETE", control_roles.role),
    _route("oidc-providers/{name}", "PUT DELETE", control_roles.oidc_provider),
    _route("instance", "GET PUT PATCH", control_roles.instance),
    _route("faults", "GET POST DELETE", _faults),
    _route("faults/{id}", "GET DELETE", _one_fault),
    _route("s3", "GET PUT PATCH POST", _s3),
    _route("propagation", "GET PUT PATCH POST", _propagation),
    _route("batch-jobs", "GET PUT PATCH POST", _batch_jobs),
    _route("real-time-log", "GET PUT PATCH POST", control_logs.overview),
    _route("real-time-log/split", "POST", control_logs.split),
    _route("real-time-log/repeat", "POST", control_logs.repeat),
    _route("real-time-log/forget", "POST", control_logs.forget),
    _route("restore-durations", "GET PUT PATCH POST DELETE", _restore_durations),
)


def _problem(status: int, code: str, message: str) -> Response:
    return _json(status, {"error": {"code": code, "message": message}})


def _json(status: int, value: Any) -> Response:
    return Response(
        status, {"Content-Type": "application/json", "Cache-Control": "no-store"}, json.dumps(value).encode()
    )


def _body(request: Request) -> Json:
    if not request.body.strip():
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise given.BadSetting(f"the body is not JSON: {problem}") from None
    return dict(given.mapping(body, "the body"))


def _path_of(cloud: Cloud, request: Request) -> str | None:
    """What follows the secret; None for whoever does not know it, or came by another name than loopback's."""
    secret, _, path = request.path.removeprefix(PREFIX).lstrip("/").partition("/")
    known = compare_digest(secret.encode("utf-8", "replace"), cloud.control_secret.encode())
    return path.strip("/") if known and is_loopback(request.host) else None


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def is_for(request: Request) -> bool:
    return request.path == PREFIX or request.path.startswith(PREFIX + "/")


def failed() -> Response:
    return _problem(500, "InternalError", "the simulator has failed; its stderr says where")


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer one control request."""
    batch_run.catch_up(cloud)
    path = _path_of(cloud, request)
    if path is None:
        return _problem(404, "NoSuchRoute", "the control API is at the address that was announced as `control`")
    for _, methods, pattern, run in _ROUTES:
        match = pattern.match(path)
        if match is None:
            continue
        if request.method not in methods:
            return _problem(405, "MethodNotAllowed", f"{path or '/'} takes {', '.join(methods)}")
        if request.method != "GET" and not _is_json(request):
            return _problem(415, "UnsupportedMediaType", "a change needs the header Content-Type: application/json")
        names = [percent_decode(name, plus=False) for name in match.groups()]
        try:
            return _json(200, run(cloud, names, _body(request), request))
        except given.BadSetting as problem:
            return _problem(400, "BadSetting", str(problem))
        except (NoSuch, control_identity.NoSuch, control_roles.NoSuch) as problem:
            return _problem(404, "NoSuch", str(problem))
    return _problem(404, "NoSuchRoute", f"there is no {path}; GET the control address itself for what there is")
