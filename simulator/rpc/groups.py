"""Turns RAM's group operations into groups and memberships; a group's policies reach all of its members."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ossmend.simulator.rpc.call import Answer, Call, conflict, invalid, not_found, operation, page, utc
from ossmend.simulator.rpc.shapes import check_user_name, group_members, named_user, no_user

if TYPE_CHECKING:
    from ossmend.simulator.principals import Group, User

_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}\Z")


def _group(call: Call, action: str) -> Group:
    name = call.text("GroupName")
    call.require(action, f"group/{name}")
    group = call.identity.groups.get(name)
    if group is None:
        raise not_found("Group", "The group does not exist.")
    return group


@operation("Ram", name="CreateGroup")
def create_group(call: Call) -> Answer:
    name = call.text("GroupName")
    if not _NAME.match(name):
        raise invalid("GroupName", suffix=".InvalidChars")
    call.require("ram:CreateGroup", f"group/{name}")
    if name in call.identity.groups:
        raise conflict("EntityAlreadyExists.Group", "The group does already exist.")
    return {"Group": group_members(call.identity.add_group(name, comments=call.optional("Comments")))}


@operation("Ram", name="GetGroup")
def get_group(call: Call) -> Answer:
    return {"Group": group_members(_group(call, "ram:GetGroup"))}


@operation("Ram", name="ListGroups")
def list_groups(call: Call) -> Answer:
    call.require("ram:ListGroups", "group/*")
    groups, more = page(call, list(call.identity.groups.values()), default=100)
    return {**more, "Groups": {"Group": [group_members(group) for group in groups]}}


@operation("Ram", name="UpdateGroup")
def update_group(call: Call) -> Answer:
    """Another name, other comments; its members stay and keep what it gives them."""
    group = _group(call, "ram:UpdateGroup")
    new, groups = call.optional("NewGroupName", group.name), call.identity.groups
    if not _NAME.match(new):
        raise invalid("NewGroupName", suffix=".InvalidChars")
    if new != group.name and new in groups:
        raise conflict("EntityAlreadyExists.Group", "The group does already exist.")
    old, members = group.name, call.identity.members(group.name)
    group.name, group.updated = new, call.cloud.clock.shown()
    group.comments = call.parameters.get("NewComments", group.comments)
    call.identity.groups = {one.name: one for one in groups.values()}
    for user in members:
        user.groups = {new if name == old else name: joined for name, joined in user.groups.items()}
    call.identity.refresh(members)
    return {"Group": group_members(group)}


@operation("Ram", name="DeleteGroup")
def delete_group(call: Call) -> Answer:
    group = _group(call, "ram:DeleteGroup")
    if call.identity.members(group.name):
        raise conflict("DeleteConflict.Group.User", "The group still has users.")
    if group.attached:
        raise conflict("DeleteConflict.Group.Policy", "The group still has policies attached.")
    del call.identity.groups[group.name]
    return {}


def _member(call: Call) -> tuple[User, Group]:
    group = _group(call, f"ram:{call.action}")
    name = check_user_name(call.text("UserName"), "UserName")
    user = call.identity.users.get(name)
    if user is None:
        raise no_user()
    return user, group


@operation("Ram", name="AddUserToGroup")
def add_user_to_group(call: Call) -> Answer:
    user, group = _member(call)
    if group.name in user.groups:
        raise conflict("EntityAlreadyExists.User.Group", "The user is already in the group.")
    user.groups[group.name] = call.cloud.clock.shown()
    call.identity.refresh([user])
    return {}


@operation("Ram", name="RemoveUserFromGroup")
def remove_user_from_group(call: Call) -> Answer:
    user, group = _member(call)
    if group.name not in user.groups:
        raise not_found("User.Group", "The user is not in the group.")
    del user.groups[group.name]
    call.identity.refresh([user])
    return {}


@operation("Ram", name="ListGroupsForUser")
def list_groups_for_user(call: Call) -> Answer:
    user = named_user(call, "ram:ListGroupsForUser")
    rows = []
    for name, joined in user.groups.items():
        group = call.identity.groups[name]
        rows.append({"GroupId": group.id, "GroupName": name, "Comments": group.comments, "JoinDate": utc(joined)})
    return {"Groups": {"Group": rows}}


@operation("Ram", name="ListUsersForGroup")
def list_users_for_group(call: Call) -> Answer:
    group = _group(call, "ram:ListUsersForGroup")
    users, more = page(call, call.identity.members(group.name), default=100)
    rows = [
        {"UserName": user.name, "DisplayName": user.display_name, "JoinDate": utc(user.groups[group.name])}
        for user in users
    ]
    return {**more, "Users": {"User": rows}}
