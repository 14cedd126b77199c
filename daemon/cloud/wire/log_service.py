"""One question to the log service (SLS) -> one answer: signed here, sent by connections.py, read by errors.py.

The service's own SDK is not used: it sends by a session of its own (ten tries a second apart, two minutes each, no
deadline over all), prints to stdout, sets the locale of the process, and brings twenty packages along, the client of a
search engine among them. What is asked are three reads, and their signature is twenty lines (V4, docs/decisions/0034);
a test holds it against that SDK. ask/logstores.py is the caller.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ossmend.daemon.cloud.credentials import Provider
from ossmend.daemon.cloud.settings import CloudSettings, is_literal
from ossmend.daemon.cloud.wire.connections import Connections, Response, Wire
from ossmend.daemon.cloud.wire.errors import BODY_CAP, log_answer
from ossmend.daemon.cloud.wire.guard import Guard
from ossmend.daemon.host.clock import Clock

API_VERSION = "0.6.0"
_NOTHING = hashlib.sha256().hexdigest()
"""Of an empty body: no question here has one."""


@dataclass(frozen=True, slots=True)
class Logstore:
    """Where entries are kept."""

    project: str
    name: str
    region: str
    """Signatures are made with it."""
    endpoint: str | None = None
    """None: the region's own host."""

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


class LogService:
    """The log service as one guard allows it. Thread-safe."""

    def __init__(self, settings: CloudSettings, wire: Wire, guard: Guard, clock: Clock) -> None:
        self.asked = wire.asked
        self._settings = settings
        self._guard = guard
        self._clock = clock
        self._standing = wire.standing
        self._connections = Connections(wire, frozenset({"GET"}))

    def get(self, store: Logstore, path: str, params: Mapping[str, str]) -> Response:
        """A successful answer, whose body is still to be read. `path` is below the logstore, and plain: a URL carries
        it as it is. Raises NoAnswer, BadAnswer, WriteForbidden.
        """
        path = f"/logstores/{store.name}{path}"
        operation = self._guard.log_operation(path, params)
        provider = self._settings.credentials
        url, host = _address(store.endpoint or self._settings.log_url(store.region), store.project)
        headers = {"Host": host, **self._signed(provider, store.region, host, path, params)}
        response = self._connections.send(operation, "GET", url + path, params, headers, part=store.project)
        if not 200 <= response.status < 300:
            refusal = log_answer(operation, response.status, response.headers, response.whole(BODY_CAP))
            refusal = refusal.of_session(headers["Authorization"].partition("=")[2].partition("/")[0], provider)
            self._standing.answered(refusal)
            raise refusal
        self._standing.answered()
        return response

    def _signed(
        self, provider: Provider, region: str, host: str, path: str, params: Mapping[str, str]
    ) -> dict[str, str]:
        credentials = provider.get_credentials()
        now = self._clock.now().strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "x-log-apiversion": API_VERSION,
            "x-log-bodyrawsize": "0",
            "x-log-content-sha256": _NOTHING,
            "x-log-date": now,
        }
        if credentials.security_token:
            headers["x-acs-security-token"] = credentials.security_token
        named = dict(sorted({"host": host, **headers}.items()))
        request = "\n".join(
            [
                "GET",
                path,
                "&".join(f"{name}={_quoted(value)}" if value else name for name, value in sorted(params.items())),
                *(f"{name}:{value}" for name, value in named.items()),
                "",
                ";".join(named),
                _NOTHING,
            ]
        )
        scope = f"{now[:8]}/{region}/sls/aliyun_v4_request"
        told = "\n".join(["SLS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = f"aliyun_v4{credentials.access_key_secret}".encode()
        for part in scope.split("/"):
            key = _hmac(key, part)
        signature = _hmac(key, told).hex()
        authorization = f"SLS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope},Signature={signature}"
        # no compression is asked for: behind the filter little is left, and nothing needs to be unpacked
        return {**headers, "Accept": "application/x-protobuf", "Accept-Encoding": "", "Authorization": authorization}


def _address(endpoint: str, project: str) -> tuple[str, str]:
    """Where a project is asked, and the host that is signed: at an address (the simulator's) that alone names it."""
    scheme, _, host = endpoint.partition("://")
    named = f"{project}.{host}"
    return f"{scheme}://{host if is_literal(host.partition(':')[0]) else named}", named


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _quoted(value: str) -> str:
    return quote(value, safe="")


def json_of(response: Response) -> Any:
    """The answer as JSON. Raises NoAnswer; ValueError where it is none."""
    return json.loads(response.whole())
