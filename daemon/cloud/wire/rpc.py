"""(product, action, parameters) -> JSON, through aliyun-python-sdk-core with its traps closed.

What is closed here, each seen in version 2.16.1: environment credentials that beat configured ones, http as the
default, proxies from the environment even for loopback, .netrc, no SNI on Python 3.12+, an IndexError on one error
text, error texts with signed URLs in them that are also logged. keys.py and executor.py are the callers.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aliyunsdkcore.client
from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
from aliyunsdkcore.request import CommonRequest
from aliyunsdkcore.vendored.requests.adapters import HTTPAdapter
from aliyunsdkcore.vendored.requests.exceptions import ConnectTimeout, RequestException
from aliyunsdkcore.vendored.requests.packages.urllib3.exceptions import HTTPError, NewConnectionError
from aliyunsdkcore.vendored.requests.packages.urllib3.util import ssl_

from ossmend.daemon.cloud.credentials import Provider
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.errors import BODY_CAP, NoAnswer, rpc_answer
from ossmend.daemon.cloud.wire.guard import Guard, WriteForbidden
from ossmend.daemon.cloud.wire.transport import RequestIds

PRODUCTS: Mapping[str, tuple[str, str]] = {
    "Ims": ("2019-08-15", "https://ims.aliyuncs.com"),
    "Sts": ("2015-04-01", "https://sts.aliyuncs.com"),
    "Ram": ("2015-05-01", "https://ram.aliyuncs.com"),
    "BssOpenApi": ("2017-12-14", "https://business.aliyuncs.com"),
    "Actiontrail": ("2020-07-06", "https://actiontrail.{region}.aliyuncs.com"),
}
"""Product -> (API version, public host)."""

ssl_.HAS_SNI = True
"""The vendored urllib3 looks for ssl.wrap_socket, gone since Python 3.12, and then sends no server name."""

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
    """The last thing before the wire. Errors leave from here, so that the SDK neither parses nor logs them."""

    def __init__(self, inner: Any, guard: Guard, ids: RequestIds) -> None:
        self._inner = inner
        self._actions = {action for _, action in guard.rpc}
        self._ids = ids

    def send(self, request: Any, **options: Any) -> Any:
        action = parse_qs(urlsplit(request.url).query).get("Action", [""])
        if len(action) != 1 or action[0] not in self._actions:
            raise WriteForbidden(f"{action} must not leave here")
        operation = action[0]
        try:
            response = self._inner.send(request, **(options | {"proxies": {}}))
            body = _whole(operation, response)
        except (RequestException, HTTPError, OSError) as lost:
            raise NoAnswer(operation, f"no answer ({type(lost).__name__})", left=not _never_left(lost)) from None
        if not 200 <= response.status_code < 300:
            raise rpc_answer(operation, response.status_code, response.headers, body)
        response._content = body  # noqa: SLF001  # read above, within bounds; this is where requests keeps it
        return response

    def close(self) -> None:
        self._inner.close()


class Rpc:
    """RAM's family as one guard allows it. Thread-safe; every call has a request object of its own."""

    def __init__(self, settings: CloudSettings, ids: RequestIds, guard: Guard) -> None:
        self._settings = settings
        self._guard = guard
        self._ids = ids
        self._client = aliyunsdkcore.client.AcsClient(
            "never",  # a pair must be given, or the SDK takes ALIYUN_ACCESS_KEY_ID from the environment; see _signer
            "used",
            settings.bare_region,
            auto_retry=False,
            user_agent=settings.agent,
            connect_timeout=settings.connect_timeout,
            timeout=settings.read_timeout,
            verify=settings.ca_bundle or True,
        )
        self._client._signer = _Signer(guard, settings.credentials)  # noqa: SLF001  # the SDK takes no provider
        self._client.session.trust_env = False  # no .netrc
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, _Adapter(HTTPAdapter(4, settings.concurrency), guard, ids))
        self._closing = threading.Lock()

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

    def close(self) -> None:
        with self._closing:
            self._client.session.close()


def _whole(operation: str, response: Any) -> bytes:
    body = bytearray()
    for block in response.iter_content(64 * 1024):
        body += block
        if len(body) > BODY_CAP:
            response.close()
            raise NoAnswer(operation, "the answer does not end", left=True)
    return bytes(body)


def _never_left(lost: Exception) -> bool:
    if isinstance(lost, ConnectTimeout):
        return True
    cause = lost.args[0] if lost.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
