"""Turns fault rules, set by tests or scenes, into what goes wrong with one request; server.py and oss/ apply it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from ossmend.simulator.wire import Abort, Refusal, Request, Response, error_response


@dataclass(slots=True)
class Fault:
    """One rule. The patterns are shell globs; an empty one matches everything. The first rule that matches is used."""

    id: int
    operation: str = ""
    method: str = ""
    bucket: str = ""
    key: str = ""
    access_key_id: str = ""
    times: int | None = None
    """How often it strikes before it is used up; None is for ever."""
    skip: int = 0
    """How many matching requests it lets pass first."""
    latency_seconds: float = 0.0
    status: int = 0
    code: str = ""
    message: str = ""
    ec: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    """Sent instead of the document: a proxy's HTML page as a refusal, other XML as a success."""
    abort: Abort = ""
    """`reset`: the connection breaks instead of the answer; `half`: after half of the body."""
    execute: bool = False
    """With `status` or `abort`: do the work all the same, as a server that died after it."""
    lie: bool = False
    """Answer as if it had worked (with `status`, or 200) and do nothing."""
    stale_seconds: float = 0.0
    """Reads answer with what was there before a change younger than this."""
    struck: int = 0

    def matches(self, request: Request) -> bool:
        fields = (
            (self.operation, request.operation),
            (self.method, request.method),
            (self.bucket, request.bucket),
            (self.key, request.key),
            (self.access_key_id, request.access_key_id),
        )
        return all(not pattern or fnmatchcase(value or "", pattern) for pattern, value in fields)

    @property
    def replaces(self) -> bool:
        """Is the request's own work left undone?"""
        return (bool(self.status) or self.lie or self.abort == "reset") and not self.execute

    def mark(self, response: Response) -> None:
        """What this rule does to an answer, its own or the real one: delay, break, add headers (a wrong Date, say)."""
        response.delay, response.abort = self.latency_seconds, self.abort
        response.headers.update(self.headers)

    def response(self, request: Request) -> Response:
        """The answer instead of the real one."""
        if self.lie or 200 <= self.status < 300:
            headers = {"Content-Type": "application/xml", **self.headers} if self.body is not None else self.headers
            return Response(self.status or 200, dict(headers), (self.body or "").encode())
        if self.abort == "reset":
            return Response(500, code="", abort="reset")
        if self.body is not None:
            headers = {"Content-Type": "text/html", **self.headers}
            return Response(self.status, headers, self.body.encode(), code=self.code)
        default = _DEFAULTS.get(self.status, ("InternalError", "Please contact the server administrator."))
        refusal = Refusal(
            self.status, self.code or default[0], self.message or default[1], self.ec, headers=self.headers
        )
        return error_response(refusal, request.method, request.request_id, request.host)


_DEFAULTS = {
    429: ("QpsLimitExceeded", "Please reduce your request rate."),
    503: ("ServiceUnavailable", "Please reduce your request rate."),
    500: ("InternalError", "Please contact the server administrator."),
    403: ("AccessDenied", "You have no right to access this object."),
}


class Faults:
    """The rules in force, in the order they were set."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._last_id = 0

    def add(self, **settings: Any) -> Fault:
        """Add one rule; see Fault for the settings."""
        self._last_id += 1
        fault = Fault(id=self._last_id, **settings)
        self.rules.append(fault)
        return fault

    def clear(self) -> None:
        self.rules.clear()

    def take(self, request: Request) -> Fault | None:
        """The rule that strikes this request, counted; its operation, bucket, key and key id must be filled in."""
        for fault in self.rules:
            if not fault.matches(request):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None and fault.struck >= fault.times:
                continue
            fault.struck += 1
            return fault
        return None
