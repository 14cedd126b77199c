"""Turns requests for 100.100.100.200 into what an ECS instance's metadata service says about its role.

server.py sends here whatever names that host, as a request through a proxy does, too. Only what credentials are made
of: the token of the hardened mode, the role's name, the role's session. The statuses of refused requests are our
choice where no source names them (UNCONFIRMED): 401 for a token that is over, 403 for none in the hardened mode.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import utc
from ossmend.simulator.wire import Request, Response, new_request_id

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.state import Cloud

HOST = "100.100.100.200"
LONGEST_TOKEN = 21600
_TICKETS = "/latest/api/token"
_ROLES = "/latest/meta-data/ram/security-credentials/"
_TTL = "x-aliyun-ecs-metadata-token-ttl-seconds"
_SHOWN = "x-aliyun-ecs-metadata-token"


def answer(cloud: Cloud, request: Request) -> Response:
    """One request, with the faults that are set for it."""
    request.operation, request.request_id = operation_of(request), new_request_id(cloud.clock.shown())
    fault = cloud.faults.take(request)
    replaced = fault is not None and fault.replaces
    response = fault.response(request) if fault and replaced else _answer(cloud, request)
    if fault is not None:
        fault.mark(response)
    return response


def operation_of(request: Request) -> str:
    """By what faults and the log of requests know it."""
    if request.path == _TICKETS:
        return "MetadataToken"
    if request.path.startswith(_ROLES):
        return "MetadataCredentials" if request.path != _ROLES else "MetadataRole"
    return "Metadata"


def _answer(cloud: Cloud, request: Request) -> Response:
    if "x-forwarded-for" in request.headers:
        return _text(403, "no proxies")
    if request.path == _TICKETS:
        return _new_token(cloud, request)
    refused = _token_refused(cloud, request)
    if refused is not None:
        return refused
    role = cloud.instance.role
    if request.method != "GET":
        return _text(405, "")
    if role is None or not request.path.startswith(_ROLES):
        return _text(404, "")
    asked = request.path.removeprefix(_ROLES)
    if not asked:
        return _text(200, role)
    return _text(404, "") if asked != role else _session(cloud, role)


def _new_token(cloud: Cloud, request: Request) -> Response:
    seconds = request.headers.get(_TTL, "")
    if request.method != "PUT":
        return _text(405, "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 9 and 1 <= int(seconds) <= LONGEST_TOKEN):
        return _text(400, "")
    token, now = secrets.token_urlsafe(32), cloud.clock.elapsed()
    tokens = cloud.instance.tokens
    for old in [each for each, until in tokens.items() if until <= now]:
        del tokens[old]
    tokens[token] = now + int(seconds)
    return _text(200, token)


def _token_refused(cloud: Cloud, request: Request) -> Response | None:
    shown = request.headers.get(_SHOWN)
    if shown is None:
        return _text(403, "") if cloud.instance.hardened else None
    return _text(401, "") if cloud.instance.tokens.get(shown, -1.0) <= cloud.clock.elapsed() else None


SOONEST = 1.0
"""Seconds by the shown clock in which a session that is handed out may end."""


def _session(cloud: Cloud, name: str) -> Response:
    """The same for everybody, until a twelfth of its life is left; a role that is gone has none."""
    instance, identity = cloud.instance, cloud.identity
    role = identity.roles.get(name.lower())
    if role is None and identity.any_role:
        role = identity.add_role(name)
        identity.attach(role, "System", "AdministratorAccess")
    if role is None:
        return _text(404, "")
    key = instance.session
    if key is None or identity.key(key.id) is None or _is_old(cloud, key):
        key = instance.session = identity.issue_token(role, "i-simulated", instance.session_seconds, None)
    told = {
        "AccessKeyId": key.id,
        "AccessKeySecret": key.secret,
        "Expiration": utc(cloud.clock.shown_at_end(key.expires_at or 0.0)),
        "SecurityToken": key.token,
        "LastUpdated": utc(key.created),
        "Code": "Success",
    }
    return Response(200, {"Content-Type": "text/plain"}, json.dumps(told, indent=2).encode())


def _is_old(cloud: Cloud, key: AccessKey) -> bool:
    """Its end is told in whole seconds, and what hastens here may end within one: nobody is given a past one."""
    end = key.expires_at or 0.0
    shown = int(cloud.clock.shown_at_end(end)) - cloud.clock.shown()
    return end - cloud.clock.elapsed() < cloud.instance.session_seconds / 12 or shown < SOONEST


def _text(status: int, text: str) -> Response:
    return Response(status, {"Content-Type": "text/plain"}, text.encode())
