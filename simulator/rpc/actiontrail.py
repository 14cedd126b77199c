"""Turns ActionTrail's key-usage calls into who owns a key, root's included, and where it was last seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, operation
from ossmend.simulator.rpc.keys import service_names

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.state import RequestRecord

_MOST_EVENTS = 20
_NOTHING = {"ServiceName": "", "ServiceNameEn": "", "UsedTimestamp": "", "Source": "", "Detail": ""}


def _key(call: Call) -> AccessKey | None:
    """A key of this account, deleted or not; what belongs to others or to nobody is not told apart."""
    key_id = call.text("AccessKey")
    call.require(f"actiontrail:{call.action}")
    recycled = call.identity.recycled_key(key_id)
    key = recycled.key if recycled is not None else call.identity.keys.get(key_id)
    mine = key is not None and key.owner.account_id == call.identity.account_id and key.token is None
    return key if mine else None


def _usage(call: Call, key: AccessKey) -> Answer:
    if key.last_used is None:
        return dict(_NOTHING)
    name, english = service_names(key)
    last = next((record for record in reversed(call.cloud.requests) if record.access_key_id == key.id), None)
    detail = {} if last is None else {"eventName": last.operation, "requestId": last.request_id}
    return {
        "ServiceName": name,
        "ServiceNameEn": english,
        "UsedTimestamp": int(key.last_used * 1000),
        "Source": "DataEvent" if name == "Oss" else "ManagementEvent",
        "Detail": json.dumps({"eventSource": english, **detail}),
    }


@operation("Actiontrail", name="GetAccessKeyLastUsedInfo")
def get_access_key_last_used_info(call: Call) -> Answer:
    """An unknown key and one that was never used give the same: empty fields."""
    key = _key(call)
    empty = {"AccessKeyId": call.text("AccessKey"), "AccountId": "", "AccountType": "", "OwnerId": "", "UserName": ""}
    if key is None or key.last_used is None:
        return empty | _NOTHING
    root = key.owner.kind == "root"
    owner = {
        "AccountId": key.owner.account_id,
        "AccountType": "root-account" if root else "ram-user",
        "OwnerId": key.owner.user_id,
        "UserName": "root" if root else key.owner.name,
    }
    return empty | owner | _usage(call, key)


@operation("Actiontrail", name="GetAccessKeyLastUsedProducts")
def get_access_key_last_used_products(call: Call) -> Answer:
    key = _key(call)
    used = key is not None and key.last_used is not None
    return {"Products": [_usage(call, key)] if used and key is not None else []}


@operation("Actiontrail", name="GetAccessKeyLastUsedEvents")
def get_access_key_last_used_events(call: Call) -> Answer:
    """The last events, newest first, each operation once."""
    key = _key(call)
    events: dict[str, RequestRecord] = {}
    for record in reversed(call.cloud.requests if key is not None else []):
        if key is not None and record.access_key_id == key.id and record.operation:
            events.setdefault(record.operation, record)
        if len(events) == _MOST_EVENTS:
            break
    rows = [
        {
            "EventName": name,
            "ServiceName": "Oss" if record.service == "oss" else "Ram",
            "UsedTimestamp": int(record.shown * 1000),
            "Detail": json.dumps({"eventName": name, "requestId": record.request_id}),
        }
        for name, record in events.items()
    ]
    return {"Events": rows}
