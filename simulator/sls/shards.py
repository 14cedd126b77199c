"""Turns requests about a logstore and its shards into answers: what there is, where to begin, and the log groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ossmend.simulator.log_store import LOGSTORE
from ossmend.simulator.sls import answers, cursors, spl
from ossmend.simulator.sls.call import Call, invalid, missing, not_simulated, operation
from ossmend.simulator.sls.conditions import Test, Unreadable

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Shard
    from ossmend.simulator.wire import Response

_MOST_GROUPS = 1000
_MOST_BYTES = 10 * 1024 * 1024
"""What one answer holds; documented are 10 MB a second for each shard."""


@operation("GetLogStore")
def get_logstore(call: Call) -> Response:
    project = call.project
    value = {
        "logstoreName": LOGSTORE,
        "ttl": max(1, int(call.cloud.log_service.switches.retention_days)),
        "shardCount": len(project.shards),
        "enable_tracking": False,
        "appendMeta": False,
        "autoSplit": True,
        "maxSplitShard": 64,
        "createTime": int(project.created),
        "lastModifyTime": int(project.created),
        "telemetryType": "",
        "mode": "standard",
    }
    return answers.plain_json(call.request, value)


def shown(shard: Shard) -> dict[str, Any]:
    """A shard as ListShards tells it; the last one's end is written as the greatest hash."""
    return {
        "shardID": shard.id,
        "status": "readwrite" if shard.closed is None else "readonly",
        "inclusiveBeginKey": f"{shard.begin:032x}",
        "exclusiveEndKey": f"{min(shard.end, (1 << 128) - 1):032x}",
        "createTime": int(shard.created),
    }


@operation("ListShards")
def list_shards(call: Call) -> Response:
    found = sorted(call.project.shards.values(), key=lambda shard: shard.id)
    return answers.plain_json(call.request, [shown(shard) for shard in found])


@operation("GetCursor", action="log:GetCursorOrData")
def get_cursor(call: Call) -> Response:
    shard, since = call.shard, call.text("from")
    if since == "begin":
        position = shard.first
    elif since == "end":
        position = shard.next
    elif since.isascii() and since.isdigit() and len(since) < 16:
        position = shard.since(float(since))
    else:
        raise invalid("Parameter From is not valid")
    return answers.plain_json(call.request, {"cursor": cursors.written(position)})


@operation("GetCursorTime", action="log:GetCursorOrData")
def get_cursor_time(call: Call) -> Response:
    """When the group at a cursor was received; at the end of a shard it is now (UNCONFIRMED)."""
    shard = call.shard
    place = cursors.read(call.text("cursor"), shard) - shard.first
    when = shard.groups[place].received if place < len(shard.groups) else call.cloud.clock.shown()
    return answers.plain_json(call.request, {"cursor_time": int(when)})


@operation("PullLogs", action="log:GetCursorOrData")
def pull_logs(call: Call) -> Response:
    """Groups from a cursor on; with a query only the rows that pass, and the cursor steps over the others."""
    shard = call.shard
    start = cursors.read(call.text("cursor"), shard)
    count, test = _count(call), _test(call)
    end = start + count
    if call.request.query.get("end_cursor"):
        end = min(end, cursors.read(call.request.query["end_cursor"], shard))
    found: list[bytes] = []
    position, size = start, 0
    while position < min(end, shard.next) and size < _MOST_BYTES:
        group = shard.groups[position - shard.first]
        whole = answers.log_group(group.rows, group.topic)
        position, size = position + 1, size + len(whole)
        if test is None:
            found.append(whole)
        elif rows := [row for row in group.rows if test(row)]:
            found.append(answers.log_group(rows, group.topic))
    extra = {"x-log-cursor": cursors.written(position)}
    if test is not None:
        extra |= {"x-log-rawdatacount": str(position - start), "x-log-rawdatasize": str(size)}
    return answers.log_groups(call.request, found, len(found), extra)


def _count(call: Call) -> int:
    text = call.text("count")
    if not text.isascii() or not text.isdigit() or len(text) > 4 or int(text) > _MOST_GROUPS:
        raise invalid("ParameterCount should be in [0-1000]")
    return int(text)


def _test(call: Call) -> Test | None:
    """The filter that `pullMode=scan_on_stream` names."""
    asked = call.request.query
    if asked.get("processor"):
        raise not_simulated("a consume processor")
    mode = asked.get("pullMode")
    if mode is None:
        return None
    if mode != "scan_on_stream":
        raise invalid("Parameter PullMode is not valid")  # words ours
    if not asked.get("query"):
        raise missing("Missing query key : query.")
    try:
        return spl.read(asked["query"])
    except Unreadable as problem:
        # status and code as for other parameters; the real words are UNCONFIRMED
        raise invalid(f"Parameter Query is not valid: {problem}") from None
