"""The log service's own SDK, pointed at a simulator, and what tests ask it for again and again."""

from __future__ import annotations

from typing import Any

import oss2
import pytest
import requests
from aliyun.log import LogClient
from aliyun.log.logexception import LogException
from aliyun.log.util import Util

from ossmend.simulator.serve import Running
from tests.patience import HUNG

REGION = "cn-hangzhou"
ACCOUNT = "1234567890123456"
PROJECT = f"oss-log-{ACCOUNT}-{REGION}"
STORE = "oss-log-store"

# The SDK asks the resolver for `PROJECT.127.0.0.1` unless it knows an address when it sees one, port and all.
Util.is_row_ip = staticmethod(lambda _: True)


def client(sim: Running, key: tuple[str, ...] = (), version: str = "v4", region: str = REGION) -> Any:
    """A client with that key (id, secret, perhaps a token), or the announced one; it tries nothing again in vain."""
    key_id, secret, *token = key or (sim.access_key_id, sim.access_key_secret)
    made = LogClient(sim.rpc, key_id, secret, *token, source="127.0.0.1", auth_version=version, region=region)
    made._session.trust_env = False
    made.timeout = HUNG
    return made


def rows(found: Any) -> list[dict[str, Any]]:
    """What a pull has brought, without what is billed."""
    return [row for row in found.get_flatten_logs_json() if row["__topic__"] == "oss_access_log"]


def everything(of: Any, project: str = PROJECT, **settings: Any) -> list[dict[str, Any]]:
    """All rows of all shards, by time of arrival in each."""
    found = []
    for shard in of.list_shards(project, STORE).get_shards_info():
        cursor = of.get_begin_cursor(project, STORE, shard["shardID"]).get_cursor()
        while True:
            pulled = of.pull_logs(project, STORE, shard["shardID"], cursor, **settings)
            found += rows(pulled)
            if pulled.get_next_cursor() == cursor:
                break
            cursor = pulled.get_next_cursor()
    return found


class NotRefused(AssertionError):
    """What should have been refused was not."""


def refusal(action: Any, *args: Any, **settings: Any) -> tuple[int, str, str]:
    """Status, code and words of the refusal that an action must meet."""
    try:
        action(*args, **settings)
    except LogException as refused:
        return refused.get_resp_status(), refused.get_error_code(), refused.get_error_message()
    raise NotRefused


def control(sim: Running, method: str, path: str, body: object = None) -> Any:
    answer = requests.request(method, f"{sim.control}/{path}", json=body, timeout=HUNG)
    assert answer.status_code == 200, answer.text
    return answer.json()


def cursor_of(sim: Running, shard: int, since: str | int) -> str:
    return str(client(sim).get_cursor(PROJECT, STORE, shard, since).get_cursor())


def refused_read(bucket: Any, key: str = "cold ä.bin") -> str:
    """The request id of a read that is refused."""
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object(key, headers={"User-Agent": "app/1"})
    return str(refused.value.request_id)
