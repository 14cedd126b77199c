"""Turns RAM's and IMS's user operations into changes of the account; keys.py holds what users own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, conflict, invalid, operation, page
from ossmend.simulator.rpc.shapes import check_user_name, name_parameter, named_user, no_key, no_user, upn_name
from ossmend.simulator.rpc.shapes import user_members as members
from ossmend.simulator.rpc.tags import checked_tags

if TYPE_CHECKING:
    from ossmend.simulator.principals import User

USERS_PER_ACCOUNT = 5000
_FIELDS = {"DisplayName": "display_name", "MobilePhone": "mobile_phone", "Email": "email", "Comments": "comments"}


@operation("Ram", name="GetUser")
def get_user_of_ram(call: Call) -> Answer:
    return {"User": members(call, named_user(call, "ram:GetUser"))}


@operation("Ims", name="GetUser")
def get_user_of_ims(call: Call) -> Answer:
    """By exactly one of name, id and key id; a disabled key still names its owner, a deleted one no longer."""
    selector, value = call.one_of(("UserPrincipalName", "UserId", "UserAccessKeyId"))
    if selector == "UserPrincipalName":
        return {"User": members(call, named_user(call, "ram:GetUser"))}
    by_key = selector == "UserAccessKeyId"
    user = call.identity.user_by_key(value) if by_key else call.identity.user_by_id(value)
    call.require("ram:GetUser", f"user/{user.name if user else '*'}")
    if user is None:
        raise no_key() if by_key else no_user()
    return {"User": members(call, user)}


def _listed(call: Call) -> list[User]:
    users = sorted(call.identity.users.values(), key=lambda user: (user.created, user.name))
    if not call.ims:
        return users
    wanted = {part.strip() for part in call.optional("Status", "active").split(",")}
    if not wanted <= {"active", "freeze"}:
        raise invalid("Status")
    tags = call.tags()
    return [user for user in users if user.status in wanted and _has(user, tags)]


def _has(user: User, tags: dict[str, str]) -> bool:
    return all(key in user.tags and value in ("", user.tags[key]) for key, value in tags.items())


@operation("Ram", "Ims", name="ListUsers")
def list_users(call: Call) -> Answer:
    """IMS hides frozen users unless asked for them."""
    call.require("ram:ListUsers", "user/*")
    users, more = page(call, _listed(call), default=1000 if call.ims else 100)
    return {**more, "Users": {"User": [members(call, user) for user in users]}}


@operation("Ims", name="ListUserBasicInfos")
def list_user_basic_infos(call: Call) -> Answer:
    call.require("ram:ListUserBasicInfos", "user/*")
    users, more = page(call, _listed(call), default=100)
    names = ("UserPrincipalName", "DisplayName", "UserId", "Status")
    basic = [{name: members(call, user)[name] for name in names} for user in users]
    return {**more, "UserBasicInfos": {"UserBasicInfo": basic}}


@operation("Ram", "Ims", name="CreateUser")
def create_user(call: Call) -> Answer:
    parameter = name_parameter(call)
    name = upn_name(call, parameter, new=True) if call.ims else check_user_name(call.text(parameter), parameter)
    call.require("ram:CreateUser", f"user/{name}")
    tags = checked_tags(call)
    if any(name.lower() == other.lower() for other in call.identity.users):
        raise conflict("EntityAlreadyExists.User", "The user does already exist.")
    if len(call.identity.users) >= USERS_PER_ACCOUNT:
        raise conflict("LimitExceeded.User", "The count of users beyond the current limits.")
    user = call.identity.add_user(name)
    for field, attribute in _FIELDS.items():
        if call.optional(field):
            setattr(user, attribute, call.optional(field))
    user.tags |= tags
    return {"User": members(call, user)}


@operation("Ram", "Ims", name="UpdateUser")
def update_user(call: Call) -> Answer:
    user = _addressed(call, "ram:UpdateUser")
    new = f"New{name_parameter(call)}"
    if call.optional(new):
        name = upn_name(call, new, new=True) if call.ims else check_user_name(call.text(new), new)
        if name != user.name and name in call.identity.users:
            raise conflict("EntityAlreadyExists.User", "The user does already exist.")
        call.identity.rename_user(user, name)
    for field, attribute in _FIELDS.items():
        if f"New{field}" in call.parameters:
            setattr(user, attribute, call.parameters[f"New{field}"])
    user.updated = call.cloud.clock.shown()
    return {"User": members(call, user)}


def _addressed(call: Call, action: str) -> User:
    """The user to change: in IMS by name or by id."""
    if not call.ims:
        return named_user(call, action)
    selector, value = call.one_of(("UserPrincipalName", "UserId"))
    if selector == "UserPrincipalName":
        return named_user(call, action)
    user = call.identity.user_by_id(value)
    call.require(action, f"user/{user.name if user else '*'}")
    if user is None:
        raise no_user()
    return user


@operation("Ram", "Ims", name="DeleteUser")
def delete_user(call: Call) -> Answer:
    """A user with groups or policies stays. IMS takes the keys along to the recycle bin, RAM wants them gone first."""
    user = _addressed(call, "ram:DeleteUser")
    if user.groups:
        raise conflict("DeleteConflict.User.Group", "The user is still in a group.")
    if user.attached:
        raise conflict("DeleteConflict.User.Policy", "The user still has policies attached.")
    if user.keys and not call.ims:
        raise conflict("DeleteConflict.User.AccessKey", "The user still has access keys.")
    call.identity.remove_user(user.name)
    return {}
