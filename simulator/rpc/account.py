"""Turns the operations about the account as a whole into its alias, its numbers and its root keys."""

from __future__ import annotations

import re

from ossmend.simulator.rpc.call import Answer, Call, invalid, operation

_ALIAS = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]\Z")


@operation("Ram", name="GetAccountAlias")
def get_account_alias(call: Call) -> Answer:
    call.require("ram:GetAccountAlias")
    return {"AccountAlias": call.identity.alias}


@operation("Ram", name="SetAccountAlias")
def set_account_alias(call: Call) -> Answer:
    """The alias is the default domain, and so the end of every user principal name."""
    call.require("ram:SetAccountAlias")
    alias = call.text("AccountAlias")
    if not _ALIAS.match(alias):
        raise invalid("AccountAlias")
    call.identity.alias = alias
    return {}


@operation("Ram", name="ClearAccountAlias")
def clear_account_alias(call: Call) -> Answer:
    """Then the account's number is its alias again."""
    call.require("ram:ClearAccountAlias")
    call.identity.alias = call.identity.account_id
    return {}


@operation("Ims", name="GetDefaultDomain")
def get_default_domain(call: Call) -> Answer:
    call.require("ram:GetDefaultDomain")
    return {"DefaultDomainName": call.identity.domain}


@operation("Ims", name="GetAccountSummary")
def get_account_summary(call: Call) -> Answer:
    call.require("ram:GetAccountSummary")
    identity = call.identity
    custom = [policy for kind, policy in identity.policies if kind == "Custom"]
    return {
        "SummaryMap": {
            "Users": len(identity.users),
            "UsersQuota": 1000,
            "Groups": len(identity.groups),
            "Roles": len(identity.roles),
            "Policies": len(custom),
            "AccessKeysPerUserQuota": identity.keys_per_user,
            "AccessKeysPerAccountQuota": identity.keys_per_user,
        }
    }


@operation("Ims", name="GetAccountSecurityPracticeReport")
def get_account_security_practice_report(call: Call) -> Answer:
    """Whether root has keys, as a count; which ones is not told."""
    call.require("ram:GetAccountSecurityPracticeReport")
    identity = call.identity
    keys = [key for user in identity.users.values() for key in identity.keys_of(identity.principal(user))]
    info = {
        "RootWithAccessKey": len(identity.keys_of(identity.root)),
        "SubUser": len(identity.users),
        "UnusedAkNum": sum(key.last_used is None for key in keys),
    }
    return {"AccountSecurityPracticeInfo": {"AccountSecurityPracticeUserInfo": info}}
