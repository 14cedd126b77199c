"""Turns the parameters of one RPC request into arguments, and refusals into RpcError; the operations register here.

gateway.py makes a Call after it has checked the signature; account.py, users.py, keys.py, ... hold the operations;
envelope.py writes what they return.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ossmend.simulator.authorize import decide_ram
from ossmend.simulator.decisions import Decision

if TYPE_CHECKING:
    from ossmend.simulator.identity import Identity
    from ossmend.simulator.principals import AccessKey, Principal
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request

Answer = dict[str, Any]


class RpcError(Exception):
    """A refused call; envelope.py prints it in the format the client asked for."""

    def __init__(self, status: int, code: str, message: str, extra: Answer | None = None) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra or {}


def not_found(what: str, message: str) -> RpcError:
    return RpcError(404, f"EntityNotExist.{what}", message)


def conflict(code: str, message: str) -> RpcError:
    return RpcError(409, code, message)


def invalid(name: str, message: str = "", *, suffix: str = "") -> RpcError:
    text = message or f'The specified parameter "{name}" is not valid.'
    return RpcError(400, f"InvalidParameter.{name}{suffix}", text)


def missing(name: str) -> RpcError:
    text = f'The input parameter "{name}" that is mandatory for processing this request is not supplied.'
    return RpcError(400, "MissingParameter", text)


def whole(text: str) -> int | None:
    """A whole number as people write it; None for anything else, and for more digits than any number here has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def read_json(text: str) -> Any:
    """JSON of a client: a ValueError for whatever is wrong with it, too much nesting included."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def utc(seconds: float | None) -> str:
    """`2026-01-02T03:04:05Z`; empty where there is no time, as never-used keys have it."""
    return "" if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def no_permission(decision: Decision, message: str = "You are not authorized to do this action.") -> RpcError:
    """403 with who lacked what, where RAM knows it."""
    detail = decision.detail
    extra: Answer = {}
    if detail is not None:
        extra["AccessDeniedDetail"] = {
            "AuthAction": detail.AuthAction,
            "AuthPrincipalType": detail.AuthPrincipalType,
            "AuthPrincipalOwnerId": detail.AuthPrincipalOwnerId,
            "AuthPrincipalDisplayName": detail.AuthPrincipalDisplayName,
            "NoPermissionType": detail.NoPermissionType,
            "PolicyType": detail.PolicyType,
            "EncodedDiagnosticMessage": detail.EncodedDiagnosticMessage,
        }
    return RpcError(403, "NoPermission", message, extra)


@dataclass(slots=True)
class Call:
    """One authenticated call. The readers raise the refusal that a missing or bad parameter gets."""

    cloud: Cloud
    request: Request
    product: str
    action: str
    parameters: dict[str, str]
    key: AccessKey
    condition: dict[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        """The caller's account: RAM shows nobody another one."""
        return self.cloud.account_of_key(self.key.id)

    @property
    def principal(self) -> Principal:
        return self.key.owner

    @property
    def ims(self) -> bool:
        """IMS and RAM share names but neither parameters nor shapes."""
        return self.product == "Ims"

    def text(self, name: str) -> str:
        """A mandatory parameter."""
        value = self.parameters.get(name, "")
        if not value:
            raise missing(name)
        return value

    def optional(self, name: str, default: str = "") -> str:
        return self.parameters.get(name) or default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.parameters.get(name)
        if not value:
            return default
        number = whole(value)
        if number is None or not low <= number <= high:
            raise invalid(name)
        return number

    def flag(self, name: str) -> bool:
        value = self.parameters.get(name, "").lower()
        if value not in ("", "true", "false"):
            raise invalid(name)
        return value == "true"

    def texts(self, name: str) -> list[str]:
        """A list: `Name.1=a&Name.2=b` in IMS, a JSON array in RAM."""
        if self.ims:
            return [self.parameters[key] for key in self._numbered(name, "")]
        found = self._json_list(name)
        if not all(isinstance(one, str) for one in found):
            raise invalid(name)
        return found

    def tags(self) -> dict[str, str]:
        """Tags: `Tag.1.Key=a&Tag.1.Value=b` in IMS, `Tag=[{"Key":"a","Value":"b"}]` in RAM."""
        if self.ims:
            keys = self._numbered("Tag", ".Key")
            return {self.parameters[key]: self.parameters.get(key[:-3] + "Value", "") for key in keys}
        found = self._json_list("Tag")
        if not all(isinstance(one, dict) and isinstance(one.get("Key"), str) for one in found):
            raise invalid("Tag")
        return {one["Key"]: str(one.get("Value", "")) for one in found}

    def _numbered(self, name: str, end: str) -> list[str]:
        start = name + "."
        numbers = [
            number
            for key in self.parameters
            if key.startswith(start) and key.endswith(end)
            if (number := whole(key[len(start) : len(key) - len(end)])) is not None
        ]
        return [key for number in sorted(numbers) if (key := f"{start}{number}{end}") in self.parameters]

    def _json_list(self, name: str) -> list[Any]:
        value = self.parameters.get(name)
        if not value:
            return []
        try:
            found = read_json(value)
        except ValueError as error:
            raise invalid(name) from error
        if not isinstance(found, list):
            raise invalid(name)
        return found

    def one_of(self, names: Iterable[str]) -> tuple[str, str]:
        """Exactly one of several selectors, with its name."""
        given = [(name, self.parameters[name]) for name in names if self.parameters.get(name)]
        if not given:
            raise missing(" or ".join(names))
        if len(given) > 1:
            raise RpcError(400, "InvalidParameter", "Only one of the parameters may be specified: " + ", ".join(names))
        return given[0]

    def require(self, action: str, resource: str = "*") -> None:
        """The caller's right to do this: `resource` is what follows the account in the ARN."""
        service = {"bssapi": "bssapi", "actiontrail": "actiontrail", "sts": "ram"}.get(action.partition(":")[0], "ram")
        arn = f"acs:{service}:*:{self.identity.account_id}:{resource}"
        decision = decide_ram(self.principal, action, arn, self.condition, identity=self.identity)
        if not decision.allowed:
            raise no_permission(decision)


Run = Callable[[Call], Answer]
OPERATIONS: Final[dict[tuple[str, str], Run]] = {}


def operation(*products: str, name: str) -> Callable[[Run], Run]:
    """Register a function as what an action of these products does."""

    def register(run: Run) -> Run:
        for product in products:
            OPERATIONS[product, name] = run
        return run

    return register


def page(call: Call, items: list[Any], *, default: int, most: int = 1000) -> tuple[list[Any], Answer]:
    """One page by `Marker` and `MaxItems`: the items, and `IsTruncated` with the next Marker if there is one.

    The marker is a number in disguise: opaque to clients, and a deleted item between two pages skips nobody twice.
    """
    size = call.number("MaxItems", default, 1, most)
    start = _position(call, "Marker", len(items))
    return _slice(items, start, size, "Marker")


def token_page(call: Call, items: list[Any], *, default: int, most: int, size: str) -> tuple[list[Any], Answer]:
    """One page by `NextToken`, where that is the name."""
    return _slice(items, _position(call, "NextToken", len(items)), call.number(size, default, 1, most), "NextToken")


_MARK = "EXAMPLE"


def _slice(items: list[Any], start: int, size: int, marker: str) -> tuple[list[Any], Answer]:
    end = start + size
    more: Answer = {"IsTruncated": end < len(items)}
    if end < len(items):
        more[marker] = f"{_MARK}{end:08d}"
    return items[start:end], more


def _position(call: Call, name: str, length: int) -> int:
    marker = call.optional(name)
    if not marker:
        return 0
    number = whole(marker.removeprefix(_MARK)) if marker.startswith(_MARK) else None
    if number is None or number > length:
        raise invalid(name)
    return number
