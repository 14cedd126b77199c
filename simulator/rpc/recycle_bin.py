"""Turns IMS's recycle-bin operations into looks at, and moves out of, what was deleted lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, conflict, not_found, operation, page, utc
from ossmend.simulator.rpc.shapes import no_user

if TYPE_CHECKING:
    from ossmend.simulator.principals import RecycledKey, RecycledUser


def _gone_key(call: Call, action: str) -> RecycledKey:
    key_id = call.text("UserAccessKeyId")
    call.require(action, "user/*")
    recycled = call.identity.recycled_key(key_id)
    if recycled is None:
        raise not_found("User.AccessKey", "The user access key does not exist in the recycle bin.")
    return recycled


def _key_members(call: Call, recycled: RecycledKey) -> Answer:
    gone = recycled.user_name not in call.identity.users and recycled.key.owner.kind == "user"
    return {
        "AccessKeyId": recycled.key.id,
        "UserId": recycled.user_id,
        "UserPrincipalName": call.identity.upn(recycled.user_name),
        "UserRecycled": gone,
        "CreateDate": utc(recycled.key.created),
        "RecycleDate": utc(recycled.recycled),
        "DeleteDate": utc(recycled.purge_shown),
    }


def _user_members(call: Call, recycled: RecycledUser) -> Answer:
    user = recycled.user
    return {
        "UserId": user.id,
        "UserPrincipalName": call.identity.upn(user.name),
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "CreateDate": utc(user.created),
        "UpdateDate": utc(user.updated),
        "RecycleDate": utc(recycled.recycled),
        "DeleteDate": utc(recycled.purge_shown),
    }


@operation("Ims", name="GetAccessKeyInfoInRecycleBin")
def get_access_key_info_in_recycle_bin(call: Call) -> Answer:
    return {"AccessKey": _key_members(call, _gone_key(call, "ram:GetAccessKeyInfoInRecycleBin"))}


@operation("Ims", name="ListAccessKeysInRecycleBin")
def list_access_keys_in_recycle_bin(call: Call) -> Answer:
    call.require("ram:ListAccessKeysInRecycleBin", "user/*")
    call.identity.purge()
    keys, more = page(call, list(call.identity.recycled_keys.values()), default=100)
    return {**more, "AccessKeys": {"AccessKey": [_key_members(call, one) for one in keys]}}


@operation("Ims", name="RestoreAccessKeyFromRecycleBin")
def restore_access_key_from_recycle_bin(call: Call) -> Answer:
    """It comes back disabled, and only to a user who is still there with room for it."""
    recycled = _gone_key(call, "ram:RestoreAccessKeyFromRecycleBin")
    user = call.identity.users.get(recycled.user_name)
    if user is None or user.id != recycled.user_id:
        raise no_user()
    if len(user.keys) >= call.identity.keys_per_user:
        raise conflict("LimitExceeded.User.AccessKey", "The count of access keys beyond the current limits.")
    call.identity.restore_key(recycled.key.id)
    return {}


@operation("Ims", name="DeleteAccessKeyInRecycleBin")
def delete_access_key_in_recycle_bin(call: Call) -> Answer:
    recycled = _gone_key(call, "ram:DeleteAccessKeyInRecycleBin")
    del call.identity.recycled_keys[recycled.key.id]
    return {}


@operation("Ims", name="GetUserInRecycleBin")
def get_user_in_recycle_bin(call: Call) -> Answer:
    selector, value = call.one_of(("UserId", "UserAccessKeyId"))
    call.require("ram:GetUserInRecycleBin", "user/*")
    if selector == "UserAccessKeyId":
        key = call.identity.recycled_key(value)
        value = key.user_id if key is not None else ""
    recycled = call.identity.recycled_user(value)
    if recycled is None:
        raise not_found("User", "The user does not exist in the recycle bin.")
    return {"User": _user_members(call, recycled)}


@operation("Ims", name="ListUsersInRecycleBin")
def list_users_in_recycle_bin(call: Call) -> Answer:
    call.require("ram:ListUsersInRecycleBin", "user/*")
    call.identity.purge()
    users, more = page(call, list(call.identity.recycled_users.values()), default=100)
    return {**more, "Users": {"User": [_user_members(call, one) for one in users]}}
