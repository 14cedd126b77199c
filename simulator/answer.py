"""Turns one whole request into its response: control.py, sls/, rpc/ or oss/handle.py gives it; server.py has the wire.

Every request is written into the log that `GET {control}/requests` shows.
"""

from __future__ import annotations

import traceback
from sys import intern

from ossmend.simulator import control, hosts, metadata, rpc, sls
from ossmend.simulator.oss import handle as oss
from ossmend.simulator.state import Cloud, RequestRecord
from ossmend.simulator.wire import Refusal, Request, Response, error_response


def answer(cloud: Cloud, request: Request) -> Response:
    """Answer one request, whatever becomes of it: a fault of ours is the 500 that a service answers, and a traceback on
    stderr for whoever mends it.
    """
    try:
        return _routed(cloud, request)
    except Exception:  # noqa: BLE001 - one place, as in any service
        traceback.print_exc()
    if control.is_for(request):
        return control.failed()
    service = "sls" if sls.is_for(request) else "rpc" if _action(request) is not None else "oss"
    failed = {"sls": sls.failed, "rpc": rpc.failed, "oss": oss.failed}[service]
    response = failed(request)
    note(cloud, request, response, service=service)
    return response


def _routed(cloud: Cloud, request: Request) -> Response:
    """The metadata service, control, the log service, RPC if it names an Action, else OSS; all noted but control."""
    if not hosts.admits(cloud, request.host):
        if hosts.name_of(request.host) == metadata.HOST:
            response = metadata.answer(cloud, request)
            note(cloud, request, response, service="metadata")
            return response
        return _foreign_host(cloud, request)
    if control.is_for(request):
        return control.handle(cloud, request)
    if sls.is_for(request):
        response = sls.handle(cloud, request)
        note(cloud, request, response, service="sls")
        return response
    if hosts.is_before_address(request.host):
        return _foreign_host(cloud, request)  # nobody but the log service's clients asks so
    action = _action(request)
    if action:
        rpc.identify(request)
        fault = cloud.faults.take(request)
        replaced = fault is not None and fault.replaces
        response = rpc.fault_response(request, fault) if fault and replaced else rpc.handle(cloud, request)
        if fault is not None:
            fault.mark(response)
    else:
        response = oss.handle(cloud, request)
        spent = cloud.clock.shown() - request.received
        response.headers.setdefault("x-oss-server-time", str(max(0, round(spent * 1000))))
    note(cloud, request, response, service="rpc" if action else "oss")
    return response


def _action(request: Request) -> str | None:
    """The operation that a request of the RPC family names: a parameter, or a header of the newer signature."""
    if request.path != "/":
        return None
    by_form = request.form().get("Action") if request.method == "POST" else None
    return request.query.get("Action") or by_form or rpc.named_in_headers(request) or None


def _foreign_host(cloud: Cloud, request: Request) -> Response:
    """The code is documented for odd hosts; its words and EC are ours."""
    refusal = Refusal(403, "NonStandardHostForbidden", "The host you are attempting to access is not allowed.")
    response = error_response(refusal, request.method, request.request_id, request.host)
    response.headers |= {"x-oss-request-id": request.request_id, "x-oss-server-time": "0"}
    note(cloud, request, response, service="http")
    return response


def note(cloud: Cloud, request: Request, response: Response, *, service: str) -> None:
    # Nothing is ever dropped from this list, so what repeats (agents, buckets, key ids, whole targets) is shared.
    cloud.requests.append(
        RequestRecord(
            operation=request.operation,
            method=intern(request.method),
            bucket=request.bucket and intern(request.bucket),
            key=request.key and intern(request.key),
            access_key_id=request.access_key_id and intern(request.access_key_id),
            status=response.status,
            shown=request.received,
            user_agent=intern(request.headers.get("user-agent", "")),
            code=response.code,
            request_id=request.request_id,
            target=intern(request.target),
            service=service,
        )
    )
