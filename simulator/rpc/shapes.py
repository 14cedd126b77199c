"""Turns the account's rows into the members RAM and IMS print, and names into rows; users.py, keys.py, ... use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, invalid, not_found, utc

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey, Group, Role, User

_USER_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")
USER_NAME_LENGTH = 64


def check_user_name(name: str, parameter: str) -> str:
    if len(name) > USER_NAME_LENGTH:
        text = f'The parameter - "{parameter}" beyond the length limit.'
        raise invalid(parameter, text, suffix=".Length")
    if not _USER_NAME.match(name):
        text = f'The parameter - "{parameter}" contains invalid chars.'
        raise invalid(parameter, text, suffix=".InvalidChars")
    return name


def upn_name(call: Call, parameter: str, *, new: bool = False) -> str:
    """The user name inside a user principal name; the domain must be the account's."""
    name, at, domain = call.text(parameter).partition("@")
    if not at or domain not in (call.identity.domain, f"{call.identity.account_id}.onaliyun.com"):
        if at and not new:
            raise no_user()
        raise invalid(parameter)
    return check_user_name(name, parameter)


def no_user() -> Exception:
    return not_found("User", "The user does not exist.")


def no_key() -> Exception:
    return not_found("User.AccessKey", "The user access key does not exist.")


def name_parameter(call: Call) -> str:
    """How this product names a user in parameters."""
    return "UserPrincipalName" if call.ims else "UserName"


def named_user(call: Call, action: str) -> User:
    """The user that a mandatory parameter names, after the caller's right to `action` on it was checked."""
    parameter = name_parameter(call)
    name = upn_name(call, parameter) if call.ims else check_user_name(call.text(parameter), parameter)
    call.require(action, f"user/{name}")
    user = call.identity.users.get(name)
    if user is None:
        raise no_user()
    return user


def user_members(call: Call, user: User) -> Answer:
    """A user, as the product prints it."""
    members: Answer = {"UserId": user.id, "UserName": user.name}
    if call.ims:
        members["UserPrincipalName"] = call.identity.upn(user.name)
    members |= {
        "DisplayName": user.display_name,
        "MobilePhone": user.mobile_phone,
        "Email": user.email,
        "Comments": user.comments,
        "CreateDate": utc(user.created),
        "UpdateDate": utc(user.updated),
        "LastLoginDate": utc(user.last_login),
    }
    if call.ims:
        members["ProvisionType"] = user.provision_type
        members["Status"] = user.status
        members["Tags"] = {"Tag": tag_members(user.tags)}
    return members


def tag_members(tags: dict[str, str]) -> list[Answer]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def key_members(call: Call, key: AccessKey) -> Answer:
    """A key without its secret; RAM does not tell when it was last changed."""
    members = {"AccessKeyId": key.id, "Status": key.status, "CreateDate": utc(key.created)}
    return members | {"UpdateDate": utc(key.updated)} if call.ims else members


def group_members(group: Group) -> Answer:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": utc(group.created),
        "UpdateDate": utc(group.updated),
    }


def role_members(call: Call, role: Role) -> Answer:
    return {
        "RoleId": role.id,
        "RoleName": role.name,
        "Arn": f"acs:ram::{call.identity.account_id}:role/{role.name.lower()}",
        "Description": role.description,
        "CreateDate": utc(role.created),
        "UpdateDate": utc(role.updated),
        "MaxSessionDuration": role.max_session_seconds,
    }
