"""Turns STS calls into who the caller is, and into temporary keys that expire by the elapsed clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ossmend.simulator.authorize import decide_assume
from ossmend.simulator.decisions import Decision
from ossmend.simulator.policy_complaints import complaint
from ossmend.simulator.rpc.call import (
    Answer,
    Call,
    invalid,
    missing,
    no_permission,
    not_found,
    operation,
    read_json,
    utc,
    whole,
)

if TYPE_CHECKING:
    from ossmend.simulator.policies import Document
    from ossmend.simulator.principals import Role

LEAST_SECONDS = 900
DEFAULT_SECONDS = 3600
POLICY_LIMIT = 2048
_SESSION = re.compile(r"[A-Za-z0-9.@_-]{2,64}\Z")
_ROLE_ARN = re.compile(r"acs:ram::(\d+):role/([A-Za-z0-9.-]{1,64})\Z", re.IGNORECASE)


@operation("Sts", name="GetCallerIdentity")
def get_caller_identity(call: Call) -> Answer:
    """Needs no permission: it is how a client proves its credential."""
    principal = call.principal
    kind = {"root": "Account", "user": "RAMUser", "role-session": "AssumedRoleUser"}[principal.kind]
    answer: Answer = {
        "AccountId": principal.account_id,
        "Arn": principal.arn,
        "IdentityType": kind,
        "PrincipalId": principal.user_id,
    }
    if principal.kind == "role-session":
        return answer | {"RoleId": principal.user_id.partition(":")[0]}
    return answer | {"UserId": principal.user_id}


def _arn(call: Call) -> tuple[str, str]:
    match = _ROLE_ARN.match(call.text("RoleArn"))
    if match is None:
        raise invalid("RoleArn", "The parameter RoleArn is wrongly formed.")
    return match[1], match[2]


def _session_policy(call: Call) -> Document | None:
    text = call.optional("Policy")
    if not text:
        return None
    if len(text) > POLICY_LIMIT:
        raise invalid("PolicySize", "The size of the session policy exceeds the limit.")
    try:
        document = read_json(text)
    except ValueError as error:
        raise invalid("PolicyGrammar", "The parameter Policy has not passed grammar check.") from error
    if complaint(document) is not None:
        raise invalid("PolicyGrammar", "The parameter Policy has not passed grammar check.")
    found: Document = document
    return found


def _session_name(call: Call) -> str:
    session = call.text("RoleSessionName")
    if not _SESSION.match(session):
        raise invalid("RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
    return session


def _seconds(call: Call, role: Role) -> int:
    text = call.optional("DurationSeconds", str(DEFAULT_SECONDS))
    seconds = whole(text)
    if seconds is None or not LEAST_SECONDS <= seconds <= role.max_session_seconds:
        message = f"The Min/Max value of DurationSeconds is 15min/{role.max_session_seconds // 60}min."
        raise invalid("DurationSeconds", message)
    return seconds


def _role(call: Call, account_id: str, name: str) -> Role:
    """The role; by default every role of the account exists for whoever asks, and may do everything."""
    identity = call.identity
    role = identity.roles.get(name.lower()) if account_id == identity.account_id else None
    if role is None and identity.any_role and account_id == identity.account_id:
        role = identity.add_role(name)
        identity.attach(role, "System", "AdministratorAccess")
    if role is None:
        raise not_found("Role", f"The role not exists: {call.text('RoleArn')}.")
    return role


@operation("Sts", name="AssumeRole")
def assume_role(call: Call) -> Answer:
    """The caller needs sts:AssumeRole, and the role must trust the caller.

    Root keys are refused, but for the administrator's: it was announced as one that may do everything.
    """
    account_id, name = _arn(call)
    _session_name(call)
    _session_policy(call)
    principal = call.principal
    if principal.kind == "root" and call.key is not call.identity.administrator_key:
        raise no_permission(Decision(allowed=False), "Roles may not be assumed by root accounts.")
    call.require("sts:AssumeRole", f"role/{name}")
    role = role_of(call)
    arn = f"acs:ram:*:{account_id}:role/{role.name}"
    decision = decide_assume(principal, role.trust, arn, _trust_context(call), identity=call.identity)
    if not decision.allowed:
        message = "You are not authorized to do this action. You should be authorized by RAM."
        raise no_permission(decision, message)
    return assumed(call, role)


def role_of(call: Call) -> Role:
    """The role that RoleArn names."""
    return _role(call, *_arn(call))


def assumed(call: Call, role: Role) -> Answer:
    """A session of the role, under the name and for the time that were asked for."""
    session = _session_name(call)
    key = call.identity.issue_token(role, session, _seconds(call, role), _session_policy(call))
    if key.token is None or key.expires_at is None:
        raise missing("SecurityToken")
    return {
        "Credentials": {
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.token,
            "Expiration": utc(call.cloud.clock.shown_at_end(key.expires_at)),
        },
        "AssumedRoleUser": {
            "Arn": f"acs:ram::{call.identity.account_id}:role/{role.name.lower()}/{session}",
            "AssumedRoleId": f"{role.id}:{session}",
        },
    }


def _trust_context(call: Call) -> dict[str, str]:
    external = call.optional("ExternalId")
    return call.condition | ({"sts:ExternalId": external} if external else {})
