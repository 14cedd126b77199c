"""Turns BSS's QueryAccountBalance into the account's balance, or one of the ways BSS has of not telling it."""

from __future__ import annotations

from ossmend.simulator.authorize import decide_ram
from ossmend.simulator.rpc.call import Answer, Call, RpcError, operation

_REFUSALS = {
    "NotAuthorized": (400, "This API is not authorized for caller."),
    "NotApplicable": (400, "This API is not applicable for caller."),
    "InternalError": (500, "The request processing has failed due to some unknown error, exception or failure."),
}
_ACTIONS = ("bssapi:QueryAccountBalance", "bss:DescribeAcccount")
"""The second one really has three c's; either spelling works, in an Allow as in a Deny."""


@operation("BssOpenApi", name="QueryAccountBalance")
def query_account_balance(call: Call) -> Answer:
    """Success or not is said by `Success`: a 200 may be a refusal."""
    decisions = [decide_ram(call.principal, one, "*", call.condition, identity=call.identity) for one in _ACTIONS]
    if any(one.explicit for one in decisions) or not any(one.allowed for one in decisions):
        raise RpcError(400, "NotAuthorized", _REFUSALS["NotAuthorized"][1])
    balance = call.identity.balance
    if balance.outcome == "unsuccessful":
        return {"Code": "InternalError", "Message": "The query failed.", "Success": False}
    if balance.outcome:
        status, message = _REFUSALS[balance.outcome]
        raise RpcError(status, balance.outcome, message)
    return {
        "Code": "200",
        "Message": "success",
        "Success": True,
        "Data": {
            "AvailableAmount": balance.available,
            "AvailableCashAmount": balance.cash,
            "CreditAmount": balance.credit,
            "MybankCreditAmount": balance.mybank,
            "QuotaLimit": balance.quota,
            "Currency": balance.currency,
        },
    }
