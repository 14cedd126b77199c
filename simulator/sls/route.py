"""Turns Host, method, path and `type` into a Place: project, operation, and what of the project is meant."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ossmend.simulator.hosts import name_of
from ossmend.simulator.sls.call import Place
from ossmend.simulator.wire import percent_decode

if TYPE_CHECKING:
    from ossmend.simulator.wire import Request

_DOMAIN: Final = ".log.aliyuncs.com"
_SCHEMES: Final = ("LOG ", "SLS4-")
_REAL_HOST: Final = re.compile(
    r"(?:(?P<project>[a-z0-9-]+)\.)?(?P<region>[a-z0-9-]+?)(?:-intranet|-share)?\.log\.aliyuncs\.com\Z"
)
_LOCAL_HOST: Final = re.compile(r"(?P<project>[a-z0-9-]+)\.(?:localhost|127\.0\.0\.1)\Z")

_STORE: Final = r"/logstores/(?P<logstore>[^/]+)"
_SHARD: Final = _STORE + r"/shards/(?P<shard>[^/]+)"
_GROUP: Final = _STORE + r"/consumergroups/(?P<group>[^/]+)"
_ROUTES: Final = tuple(
    (method, re.compile(path + r"\Z"), kind, name)
    for method, path, kind, name in (
        ("GET", _STORE, "", "GetLogStore"),
        ("GET", _STORE, "log", "GetLogs"),
        ("POST", _STORE + "/logs", "", "GetLogs"),
        ("GET", _STORE + "/shards", "", "ListShards"),
        ("GET", _SHARD, "cursor", "GetCursor"),
        ("GET", _SHARD, "cursor_time", "GetCursorTime"),
        ("GET", _SHARD, "log", "PullLogs"),
        ("GET", _SHARD, "logs", "PullLogs"),
        ("POST", _STORE + "/consumergroups", "", "CreateConsumerGroup"),
        ("GET", _STORE + "/consumergroups", "", "ListConsumerGroup"),
        ("PUT", _GROUP, "", "UpdateConsumerGroup"),
        ("DELETE", _GROUP, "", "DeleteConsumerGroup"),
        ("GET", _GROUP, "", "GetConsumerGroupCheckPoint"),
        ("POST", _GROUP, "heartbeat", "ConsumerGroupHeartBeat"),
        ("POST", _GROUP, "checkpoint", "ConsumerGroupUpdateCheckPoint"),
    )
)


def is_for(request: Request) -> bool:
    """Is it the log service's? Its clients say so by a header, their signature, or the host."""
    headers = request.headers
    return (
        "x-log-apiversion" in headers
        or headers.get("authorization", "").startswith(_SCHEMES)
        or _is_log_host(request.host)
    )


@lru_cache(maxsize=1024)
def _is_log_host(host: str) -> bool:
    return name_of(host).endswith(_DOMAIN)


def locate(request: Request) -> Place:
    """What is addressed. A host without a project, and a path that is not served, are the empty text."""
    host = name_of(request.host)
    match = _REAL_HOST.match(host) or _LOCAL_HOST.match(host)
    said = match.groupdict() if match else {}
    project, region = said.get("project") or "", said.get("region") or ""
    path, kind = percent_decode(request.path, plus=False), request.query.get("type", "")
    for method, pattern, wanted, name in _ROUTES:
        found = pattern.match(path)
        if found is not None and (request.method, kind) == (method, wanted):
            return Place(project, region, name, **found.groupdict())
    return Place(project, region)
