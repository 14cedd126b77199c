"""Turns one answered request into the facts that both of OSS's logs tell of it, each as text; absent is `-`.

access_log.py writes them as a line, real_time_log.py as a row of the log service.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ossmend.simulator.oss.call import Call
from ossmend.simulator.state import Bucket
from ossmend.simulator.wire import Response

ABSENT: Final = "-"
ZONE_SECONDS: Final = 8 * 3600
"""Both logs tell China's time."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Logged:
    """What both logs tell. Header texts are latin-1, as they came."""

    client_ip: str
    time: str
    target: str
    """Path and query as they were sent, without the bucket."""
    cost: str
    """Milliseconds."""
    sent: str
    """Bytes of the answer's body."""
    referer: str
    user_agent: str
    host: str
    requester: str
    operation: str
    object: str
    object_size: str
    error_code: str
    delta_size: str
    storage_class: str
    """As the API writes it: each log has words of its own."""
    access_key_id: str


def log_time(seconds: int) -> str:
    """`27/Feb/2018:13:58:45`, without a zone."""
    t = time.gmtime(seconds + ZONE_SECONDS)
    month = _MONTHS[t.tm_mon - 1]
    return f"{t.tm_mday:02d}/{month}/{t.tm_year}:{t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d}"


def _target(call: Call) -> str:
    """As real OSS logs it: the bucket is in the Host there, so it is not in the path, whatever the client sent."""
    request = call.request
    path = request.path
    if not call.in_host and call.bucket_name:
        path = "/" + path[1:].partition("/")[2]
    return f"{path}?{request.query_string}" if request.query_string else path


def _number(value: int | None) -> str:
    return ABSENT if value is None else str(value)


def logged(call: Call, bucket: Bucket, response: Response) -> Logged:
    """The facts. With failed authentication the key id stays, the requester does not (UNCONFIRMED)."""
    request = call.request
    op = call.operation
    return Logged(
        client_ip=request.peer,
        time=log_time(call.now),
        target=_target(call),
        cost=str(max(1, round((call.cloud.clock.shown() - request.received) * 1000))),
        sent=str(0 if request.method == "HEAD" else response.length),
        referer=request.headers.get("referer") or ABSENT,
        user_agent=request.headers.get("user-agent") or ABSENT,
        host=f"{bucket.name}.{bucket.endpoint}",
        requester=call.principal.user_id if call.principal else ABSENT,
        operation=call.log_operation or (op.log_name if op else "") or ABSENT,
        object=quote(call.key, safe="", errors="replace") if call.key else ABSENT,
        object_size=_number(call.object_size),
        error_code=response.code or ABSENT,
        delta_size=_number(call.delta_size),
        storage_class=call.storage_class or bucket.storage_class,
        access_key_id=request.access_key_id or ABSENT,
    )
