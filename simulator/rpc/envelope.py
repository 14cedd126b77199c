"""Turns answers and refusals of RPC calls into JSON or XML, as the client's `Format` asks; XML when it does not say."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from ossmend.simulator.wire import Response, xml_text

if TYPE_CHECKING:
    from ossmend.simulator.rpc.call import Answer, RpcError

Format = Literal["JSON", "XML"]
_TYPES: dict[Format, str] = {"JSON": "application/json;charset=utf-8", "XML": "text/xml;charset=utf-8"}


def new_request_id() -> str:
    return str(uuid.uuid4()).upper()


def _elements(name: str, value: Any) -> str:
    """A member as XML: a list repeats its own name, so `Users: {User: [..]}` becomes <Users><User/><User/></Users>."""
    if isinstance(value, list):
        return "".join(_elements(name, one) for one in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(_elements(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    return f"<{name}>{'' if value is None else xml_text(str(value))}</{name}>"


def _response(status: int, root: str, content: Answer, fmt: Format, request_id: str, *, code: str = "") -> Response:
    if fmt == "JSON":
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    else:
        body = ('<?xml version="1.0" encoding="UTF-8"?>' + _elements(root, content)).encode("utf-8", "replace")
    headers = {"Content-Type": _TYPES[fmt], "Server": "aliyun", "x-acs-request-id": request_id}
    return Response(status, headers, body, code=code)


def success(action: str, answer: Answer, fmt: Format, request_id: str) -> Response:
    """200 with the request id first."""
    return _response(200, f"{action}Response", {"RequestId": request_id, **answer}, fmt, request_id)


def failure(error: RpcError, fmt: Format, request_id: str, *, host: str, product: str) -> Response:
    """A refusal: id, host, code, message, whatever the code adds, and where to read about it."""
    content: Answer = {"RequestId": request_id, "HostId": host, "Code": error.code, "Message": error.message}
    content |= error.extra
    content["Recommend"] = f"https://api.aliyun.com/troubleshoot?q={quote(error.code)}&product={product}"
    return _response(error.status, "Error", content, fmt, request_id, code=error.code)
