"""Turns requests about consumer groups into answers; consumers.py shares the shards out and keeps the checkpoints.

Sources: the pages of the six operations, and the order on the wire that the SDK's own consumers were seen to keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ossmend.simulator.consumers import Checkpoint, ConsumerGroup
from ossmend.simulator.sls import answers, cursors
from ossmend.simulator.sls.call import Call, SlsError, operation

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Shard
    from ossmend.simulator.wire import Response

_MOST_GROUPS = 30
"""Two pages disagree: 20 or 30."""


@operation("CreateConsumerGroup", of_group=True)
def create(call: Call) -> Response:
    settings = _settings(call)
    name = settings.get("consumerGroup")
    if not isinstance(name, str) or not name or "timeout" not in settings:
        raise _bad_settings()
    groups = call.project.consumer_groups
    if name in groups:
        raise SlsError(400, "ConsumerGroupAlreadyExist", "consumer group already exist")
    if len(groups) >= _MOST_GROUPS:
        # code documented for other resources, words ours
        raise SlsError(403, "ProjectQuotaExceed", "consumer group quota exceed")
    group = ConsumerGroup(name, 0.0)
    _apply(group, settings)
    groups[name] = group
    return answers.done(call.request)


@operation("UpdateConsumerGroup", of_group=True)
def update(call: Call) -> Response:
    group = call.group
    _apply(group, _settings(call))
    return answers.done(call.request)


@operation("DeleteConsumerGroup", of_group=True)
def delete(call: Call) -> Response:
    del call.project.consumer_groups[call.group.name]
    return answers.done(call.request)


@operation("ListConsumerGroup", of_group=True)
def list_groups(call: Call) -> Response:
    found = [
        {"name": group.name, "timeout": int(group.timeout), "order": group.order}
        for group in call.project.consumer_groups.values()
    ]
    return answers.plain_json(call.request, found)


@operation("ConsumerGroupHeartBeat", of_group=True)
def heartbeat(call: Call) -> Response:
    """Who is heard of keeps its shards, and learns which it should have."""
    group, consumer, held = call.group, call.text("consumer"), call.json()
    if not isinstance(held, list) or not all(type(shard) is int for shard in held):
        raise SlsError(400, "PostBodyInvalid", "The request body is not valid JSON object.")
    now = call.cloud.clock.elapsed()
    group.forget_silent(now)
    if held and consumer not in group.seen:
        message = "non-exist consumer with non-empty body of heartbeat message"
        raise SlsError(400, "NotExistConsumerWithBody", message)
    return answers.plain_json(call.request, group.beat(consumer, held, _to_read(call, group), now))


def _to_read(call: Call, group: ConsumerGroup) -> list[int]:
    """Every shard; in an ordered group not those that a split made, until what was before is read."""
    shards = call.project.shards
    found = [shard for shard in shards.values() if not group.order or _parent_is_read(shard, shards, group)]
    return sorted(shard.id for shard in found)


def _parent_is_read(shard: Shard, shards: dict[int, Shard], group: ConsumerGroup) -> bool:
    parent = None if shard.parent is None else shards.get(shard.parent)
    if parent is None:
        return True
    reached = group.checkpoints.get(parent.id)
    return parent.first == parent.next or (reached is not None and reached.cursor == cursors.written(parent.next))


@operation("GetConsumerGroupCheckPoint", of_group=True)
def get_checkpoints(call: Call) -> Response:
    """Of one shard, or of all; where none was saved it is the empty text."""
    group, asked = call.group, call.request.query.get("shard")
    shards = sorted(call.project.shards)
    if asked is not None:
        shards = [call.shard_named(asked).id]
    found = []
    for shard in shards:
        saved = group.checkpoints.get(shard, Checkpoint("", 0, ""))
        found.append(
            {"shard": shard, "checkpoint": saved.cursor, "updateTime": saved.updated, "consumer": saved.consumer}
        )
    return answers.plain_json(call.request, found)


@operation("ConsumerGroupUpdateCheckPoint", of_group=True)
def save_checkpoint(call: Call) -> Response:
    """With `forceSuccess`, in whatever letters, anybody's counts: a zombie's, too. Else only the reader's."""
    group, told = call.group, call.json()
    shard, cursor = (told.get("shard"), told.get("checkpoint")) if isinstance(told, dict) else (None, None)
    if type(shard) is not int or not isinstance(cursor, str):
        raise SlsError(400, "JsonInfoInvalid", "shard or checkpoint is of error format")  # words ours
    call.shard_named(str(shard))
    consumer = call.request.query.get("consumer", "")
    if call.request.query.get("forceSuccess", "").lower() != "true" and group.readers.get(shard) != consumer:
        # UNCONFIRMED: no page says what one hears who does not read the shard and does not insist
        raise SlsError(400, "ConsumerNotExist", "consumer not exist")
    group.checkpoints[shard] = Checkpoint(cursor, int(call.cloud.clock.shown() * 1e6), consumer)
    return answers.done(call.request)


def _bad_settings() -> SlsError:
    return SlsError(400, "JsonInfoInvalid", "consumerGroup or timeout is of error format")


def _settings(call: Call) -> dict[str, Any]:
    told = call.json()
    if not isinstance(told, dict):
        raise _bad_settings()
    return told


def _apply(group: ConsumerGroup, settings: dict[str, Any]) -> None:
    timeout, order = settings.get("timeout", group.timeout), settings.get("order", group.order)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < 1e9:
        raise _bad_settings()
    if not isinstance(order, bool):
        raise _bad_settings()
    group.timeout, group.order = float(timeout), order
