"""Turns an RPC request into what RAM, IMS, STS, BSS or ActionTrail would answer; server.py sends it here.

gateway.py checks who is calling, the other modules hold the operations, envelope.py writes the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ossmend.simulator.principals import AccessKey, Principal
from ossmend.simulator.rpc import (
    account,
    acs3,
    actiontrail,
    bss,
    groups,
    keys,
    oidc,
    policies,
    recycle_bin,
    reports,
    roles,
    sts,
    tags,
    users,
)
from ossmend.simulator.rpc.call import OPERATIONS, Call, RpcError, missing
from ossmend.simulator.rpc.envelope import Format, failure, new_request_id, success
from ossmend.simulator.rpc.gateway import PRODUCTS, Nonces, authenticate, parameters

if TYPE_CHECKING:
    from ossmend.simulator.faults import Fault
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request, Response

__all__ = ["fault_response", "handle", "identify", "named_in_headers"]

THEMES = (account, actiontrail, bss, groups, keys, oidc, policies, recycle_bin, reports, roles, sts, tags, users)
"""Importing a theme registers its operations."""

UNSIGNED = {("Sts", "AssumeRoleWithOIDC")}
"""Operations that bring their own proof."""
_NOBODY = AccessKey("", "", Principal("user", "", "", "", ""))

_nonces: WeakKeyDictionary[Cloud, Nonces] = WeakKeyDictionary()


named_in_headers = acs3.action


def identify(request: Request) -> None:
    """Fill in what faults and the log of requests go by: the operation's name and the claimed key."""
    found = parameters(request)
    request.operation = found.get("Action", "")
    request.access_key_id = found.get("AccessKeyId")


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer one call."""
    identify(request)
    found = parameters(request)
    request.request_id = new_request_id()
    product = PRODUCTS.get(found.get("Version", ""), ("", ""))[0]
    try:
        action = found.get("Action") or _raise(missing("Action"))
        answer = _run(cloud, request, product, found)
    except RpcError as error:
        return _refused(request, error)
    return success(action, answer, _format(found), request.request_id)


def _raise(error: RpcError) -> str:
    raise error


def _run(cloud: Cloud, request: Request, product: str, found: dict[str, str]) -> dict[str, object]:
    if request.method not in ("GET", "POST"):
        raise RpcError(405, "UnsupportedHTTPMethod", "This http method is not supported.")
    if not found.get("Version"):
        raise missing("Version")
    if (product, found["Action"]) in UNSIGNED:
        key = _NOBODY
    else:
        key = authenticate(cloud, request, found, _nonces.setdefault(cloud, Nonces()))
    if not product:
        raise RpcError(404, "InvalidVersion", "Specified parameter Version is not valid.")
    run = OPERATIONS.get((product, found["Action"]))
    if run is None:
        text = "Specified api is not found, please check your url and method."
        raise RpcError(404, "InvalidAction.NotFound", text)
    if key is not _NOBODY:
        _check_account(cloud, product, key)
    cloud.account_of_key(key.id).use(key.id, product, request.received)
    call = Call(cloud, request, product, found["Action"], found, key, _condition(request))
    return run(call)


def _check_account(cloud: Cloud, product: str, key: AccessKey) -> None:
    account = cloud.account_of_key(key.id)
    if key.owner.account_id != account.account_id:
        raise RpcError(403, "NoPermission", "You are not authorized to do this action.")
    if product in ("Ram", "Ims") and not account.ram_activated:
        raise RpcError(403, "Inactive", "Your ram service is inactive, please activate it.")


def _condition(request: Request) -> dict[str, str]:
    return {"acs:SourceIp": request.peer, "acs:SecureTransport": "false"}


def _format(found: dict[str, str]) -> Format:
    return "JSON" if found.get("Format", "").upper() == "JSON" else "XML"


def _host(request: Request, product_host: str) -> str:
    """The host the client addressed; on loopback the one it would have addressed."""
    name = request.host.partition(":")[0]
    local = name in ("", "localhost") or name.replace(".", "").isdigit()
    return (product_host or "api.aliyuncs.com") if local else name


_FAULTS = {
    400: ("Throttling.User", "Request was denied due to user flow control."),
    403: ("NoPermission", "You are not authorized to do this action."),
    429: ("Throttling.User", "Request was denied due to user flow control."),
    500: ("InternalError", "The request processing has failed due to some unknown error."),
    503: ("ServiceUnavailable", "The request has failed due to a temporary failure of the server."),
}


def failed(request: Request) -> Response:
    """A fault of the service itself."""
    return _refused(request, RpcError(500, "InternalError", _FAULTS[500][1]))


def _refused(request: Request, error: RpcError) -> Response:
    found = parameters(request)
    product, host = PRODUCTS.get(found.get("Version", ""), ("", ""))
    return failure(error, _format(found), request.request_id, host=_host(request, host), product=product)


def fault_response(request: Request, fault: Fault) -> Response:
    """What a fault rule answers instead of the operation, in this family's envelope."""
    found = parameters(request)
    request.request_id = new_request_id()
    if fault.abort == "reset" or (fault.body is not None and not fault.lie):
        return fault.response(request)
    if fault.lie or 200 <= fault.status < 300:
        return success(request.operation, {}, _format(found), request.request_id)
    code, message = _FAULTS.get(fault.status, _FAULTS[500])
    response = _refused(request, RpcError(fault.status, fault.code or code, fault.message or message))
    response.headers |= fault.headers
    return response
