"""Turns (who, operation, project) into go-ahead or the refusal of the log service; authorize.py judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossmend.simulator.authorize import decide_ram
from ossmend.simulator.sls.call import OPERATIONS, Call, SlsError

if TYPE_CHECKING:
    from ossmend.simulator.identity import Identity


def check_account(call: Call) -> None:
    """While an account is overdue, or held for another reason, its logs cannot be read, and neither can anybody else's.

    Documented is the code with "may be overdue" as its reason; that it comes for these reasons all is UNCONFIRMED.
    """
    project, principal = call.project, call.key.owner
    if principal.account_id != project.account_id:
        raise SlsError(401, "Unauthorized", "The project does not belong to you.")
    if _is_held(call.cloud.account(project.account_id)):
        raise SlsError(403, "ProjectForbidden", f"Project {project.name} has been forbidden.")


def _is_held(account: Identity | None) -> bool:
    return account is not None and account.account_status != "normal"


def require(call: Call) -> None:
    """RAM must allow it."""
    principal, action = call.key.owner, OPERATIONS[call.place.operation].action
    context = {
        "acs:SourceIp": call.request.peer,
        "acs:SecureTransport": "true" if call.request.secure else "false",
        "acs:UserAgent": call.request.headers.get("user-agent", ""),
    }
    identity = call.cloud.account(principal.account_id) or call.cloud.identity
    decision = decide_ram(principal, action, call.resource, context, identity=identity)
    if not decision.allowed:
        message = f"denied by sts or ram, action: {action}, resource: {call.resource}"
        raise SlsError(401, "Unauthorized", message)
