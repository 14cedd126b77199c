"""(product, action, parameters) -> JSON, through aliyun-python-sdk-core with its traps closed.

What is closed here, each seen in version 2.16.1: environment credentials that beat configured ones, http as the
default, .netrc, an IndexError on one error text, error texts with signed URLs in them that are also logged. What it
vendors to connect with (proxies from the environment even for loopback, no server name on Python 3.12+, time-outs that
begin anew with each byte) is not used at all: it signs, and connections.py sends. keys.py and tag_user.py are callers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aliyunsdkcore.client
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.request import CommonRequest
from aliyunsdkcore.vendored.requests import Response as VendoredResponse

from ossmend.daemon.cloud.credentials import Provider
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.connections import Connections, Response, Wire
from ossmend.daemon.cloud.wire.errors import BODY_CAP, NoAnswer, rpc_answer
from ossmend.daemon.cloud.wire.guard import Guard, WriteForbidden

PRODUCTS: Mapping[str, tuple[str, str]] = {
    "Ims": ("2019-08-15", "https://ims.aliyuncs.com"),
    "Sts": ("2015-04-01", "https://sts.aliyuncs.com"),
    "Ram": ("2015-05-01", "https://ram.aliyuncs.com"),
    "BssOpenApi": ("2017-12-14", "https://business.aliyuncs.com"),
    "Actiontrail": ("2020-07-06", "https://actiontrail.{region}.aliyuncs.com"),
}
"""Product -> (API version, public host)."""

_OF_THE_WIRE = frozenset({"host", "accept-encoding", "content-length", "connection", "transfer-encoding"})

for _name in ("aliyunsdkcore", "aliyunsdkcore.client", "aliyunsdkcore.http.http_response"):
    _logger = logging.getLogger(_name)
    _logger.handlers[:] = [logging.NullHandler()]
    _logger.propagate = False
    _logger.disabled = True  # it logs URLs with signatures and tokens, at ERROR; errors.py says what happened


class _Signer:
    """Asks the guard, then signs with whatever the provider holds at this moment."""

    def __init__(self, guard: Guard, provider: Provider) -> None:
        self._guard = guard
        self._provider = provider

    def sign(self, region: str, request: Any) -> tuple[dict[str, str], str]:
        if request.get_style() != "RPC":
            raise WriteForbidden("only RPC requests are known here")
        names = set(request.get_body_params()) | set(request.get_query_params())
        self._guard.rpc_operation(request.get_product(), request.get_action_name(), names)
        credentials = self._provider.get_credentials()
        if credentials.security_token:
            request.add_query_param("SecurityToken", credentials.security_token)
        pair = (region, credentials.access_key_id, credentials.access_key_secret)
        headers: dict[str, str] = request.get_signed_header(*pair)
        return headers, request.get_url(*pair)


class _Adapter:
    """What the SDK calls an adapter. Errors leave from here, so that the SDK neither parses nor logs them."""

    def __init__(self, wire: Wire, guard: Guard, provider: Provider) -> None:
        self._connections = Connections(wire, frozenset({"POST"}))
        self._standing = wire.standing
        self._provider = provider
        self._products = {action: product for product, action in guard.rpc}

    def send(self, request: Any, **_: object) -> Any:
        query = parse_qs(urlsplit(request.url).query)
        action = query.get("Action", [""])
        if len(action) != 1 or action[0] not in self._products:
            raise WriteForbidden(f"{action} must not leave here")
        operation = action[0]
        response = self._connections.send(
            operation, request.method, request.url, headers=_own(request.headers), body=_bytes(request.body),
            part=self._products[operation],
        )  # fmt: skip
        body = response.whole(BODY_CAP)
        if not 200 <= response.status < 300:
            refusal = rpc_answer(operation, response.status, response.headers, body)
            refusal = refusal.of_session(query.get("AccessKeyId", [""])[0], self._provider)
            self._standing.answered(refusal)
            raise refusal
        self._standing.answered()
        return _answer(response, body)

    def close(self) -> None:
        """The connections are the account's."""


def _own(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Without those that requests has added: http1.py says them itself."""
    return {name: value for name, value in headers.items() if name.lower() not in _OF_THE_WIRE}


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def _answer(response: Response, body: bytes) -> Any:
    """In the shape that the SDK reads."""
    told = VendoredResponse()
    told.status_code = response.status
    told.headers = response.headers
    told._content = body  # noqa: SLF001  # this is where requests keeps it
    return told


class Rpc:
    """RAM's family as one guard allows it. Thread-safe; every call has a request object of its own."""

    def __init__(self, settings: CloudSettings, wire: Wire, guard: Guard) -> None:
        self.asked = wire.asked
        self._settings = settings
        self._guard = guard
        self._ids = wire.ids
        self._client = aliyunsdkcore.client.AcsClient(
            "never",  # a pair must be given, or the SDK takes ALIYUN_ACCESS_KEY_ID from the environment; see _signer
            "used",
            settings.bare_region,
            auto_retry=False,
            user_agent=settings.agent,
        )
        self._client._signer = _Signer(guard, settings.credentials)  # noqa: SLF001  # the SDK takes no provider
        self._client.session.trust_env = False  # no .netrc
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, _Adapter(wire, guard, settings.credentials))

    def call(self, product: str, action: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The answer's JSON. Raises NoAnswer, BadAnswer."""
        operation = self._guard.rpc_operation(product, action, params or {})
        version, host = PRODUCTS[product]
        request = CommonRequest(version=version, action_name=action, product=product)
        request.set_domain((self._settings.rpc_endpoint or host.format(region=self._settings.bare_region)).rstrip("/"))
        request.set_method("POST")
        request.set_protocol_type("https")  # where the domain has a scheme, that one wins: http to loopback only
        for name, value in (params or {}).items():
            request.add_body_params(name, value)
        try:
            body = self._client.do_action_with_exception(request)
            told = json.loads(body)
        except (ClientException, ServerException, IndexError, ValueError, TypeError, AttributeError) as fault:
            # the SDK's own troubles; its messages may hold the whole signed URL
            raise NoAnswer(operation, f"no answer to be read ({type(fault).__name__})", left=True) from None
        if not isinstance(told, dict):
            raise NoAnswer(operation, "the answer is no JSON object", left=True)
        if isinstance(told.get("RequestId"), str):
            self._ids.add(told["RequestId"])
        return told
