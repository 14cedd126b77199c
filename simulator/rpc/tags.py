"""Turns tag operations into tags: IMS tags users, RAM only roles and policies; each spells its lists its own way."""

from __future__ import annotations

from ossmend.simulator.rpc.call import Answer, Call, RpcError, invalid, missing, not_found, operation, token_page
from ossmend.simulator.rpc.shapes import no_user

MOST_TAGS = 20
MOST_RESOURCES = 50
_KEY_LENGTH = 128


def checked_tags(call: Call) -> dict[str, str]:
    """The tags of the request, if they can be tags."""
    tags = call.tags()
    if len(tags) > MOST_TAGS:
        raise RpcError(400, "LimitExceeded.Tag", "The number of tags exceeds the limit.")
    for key, value in tags.items():
        if not key or len(key) > _KEY_LENGTH or key.lower().startswith(("aliyun", "acs:")) or "://" in key:
            raise invalid("TagKey", f'The specified tag key "{key}" is not valid.')
        if len(value) > _KEY_LENGTH or "://" in value:
            raise invalid("TagValue", f'The specified tag value "{value}" is not valid.')
    return tags


Resource = tuple[str, str, dict[str, str]]
"""Id, name, and the resource's own tags."""


def _resources(call: Call, action: str, *, mandatory: bool) -> list[Resource]:
    """The resources the request names, after the right to each was checked; all of them if none need be named."""
    kind = call.text("ResourceType")
    if kind not in (("user",) if call.ims else ("role", "policy")):
        raise invalid("ResourceType")
    found = _users(call, action) if call.ims else _named(call, action, kind)
    if found is None:
        if mandatory:
            raise missing("ResourceId" if call.ims else "ResourceNames")
        call.require(action, f"{kind}/*")
        return _everything(call, kind)
    if len(found) > MOST_RESOURCES:
        raise invalid("ResourceId" if call.ims else "ResourceNames")
    return found


def _users(call: Call, action: str) -> list[Resource] | None:
    ids, names = call.texts("ResourceId"), call.texts("ResourcePrincipalName")
    if ids and names:
        raise RpcError(400, "InvalidParameter", "Only one of ResourceId and ResourcePrincipalName may be specified.")
    if not ids and not names:
        return None
    identity = call.identity
    users = [identity.user_by_id(one) for one in ids] or [identity.user_by_upn(one) for one in names]
    found: list[Resource] = []
    for user in users:
        call.require(action, f"user/{user.name if user else '*'}")
        if user is None:
            raise no_user()
        found.append((user.id, identity.upn(user.name), user.tags))
    return found


def _named(call: Call, action: str, kind: str) -> list[Resource] | None:
    names = call.texts("ResourceNames")
    if not names:
        return None
    found: list[Resource] = []
    for name in names:
        call.require(action, f"{kind}/{name}")
        if kind == "role":
            role = call.identity.roles.get(name.lower())
            if role is None:
                raise not_found("Role", "The role does not exist.")
            found.append((role.id, role.name, role.tags))
        else:
            policy = call.identity.policies.get(("Custom", name))
            if policy is None:
                raise not_found("Policy", "The policy does not exist.")
            found.append((policy.name, policy.name, policy.tags))
    return found


def _everything(call: Call, kind: str) -> list[Resource]:
    identity = call.identity
    if kind == "user":
        return [(user.id, identity.upn(user.name), user.tags) for user in identity.users.values()]
    if kind == "role":
        return [(role.id, role.name, role.tags) for role in identity.roles.values()]
    return [(one.name, one.name, one.tags) for one in identity.policies.values() if one.type == "Custom"]


@operation("Ims", "Ram", name="TagResources")
def tag_resources(call: Call) -> Answer:
    """Tagging again with the same value is fine; more than 20 tags on one resource are not, and then none is set."""
    resources = _resources(call, "ram:TagResources", mandatory=True)
    tags = checked_tags(call)
    if not tags:
        raise missing("Tag")
    for _, _, own in resources:
        if len(own | tags) > MOST_TAGS:
            raise RpcError(400, "LimitExceeded.Tag", "The number of tags exceeds the limit.")
    for _, _, own in resources:
        own.update(tags)
    return {}


@operation("Ims", "Ram", name="UntagResources")
def untag_resources(call: Call) -> Answer:
    resources = _resources(call, "ram:UntagResources", mandatory=True)
    keys = call.texts("TagKey" if call.ims else "TagKeys")
    everything = call.flag("All")
    if not keys and not everything:
        raise missing("TagKey")
    for _, _, own in resources:
        for key in list(own) if everything and not keys else keys:
            own.pop(key, None)
    return {}


@operation("Ims", "Ram", name="ListTagResources")
def list_tag_resources(call: Call) -> Answer:
    """One row for each tag of each resource; IMS wraps the list twice, RAM once."""
    kind = call.text("ResourceType")
    wanted = call.tags()
    rows = [
        {"ResourceType": kind, "ResourceId": ident, "ResourceName": name, "TagKey": key, "TagValue": value}
        for ident, name, own in _resources(call, "ram:ListTagResources", mandatory=False)
        if all(key in own and value in ("", own[key]) for key, value in wanted.items())
        for key, value in own.items()
        if not wanted or key in wanted
    ]
    if call.ims:
        for row in rows:
            row["ResourcePrincipalName"] = row.pop("ResourceName")
    shown, more = token_page(call, rows, default=20 if call.ims else 100, most=100, size="PageSize")
    return {**more, "TagResources": {"TagResource": shown} if call.ims else shown}
