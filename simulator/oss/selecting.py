"""Turns SelectObject into what it fails with before any SQL is read: a key that is not there, an object that is frozen.

Documented: a frozen object must be restored before it can be selected from. The queries are not simulated: 501.
"""

from __future__ import annotations

from ossmend.simulator.oss import refusals, stacks
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.readable import require_readable
from ossmend.simulator.wire import Response


@operation("POST", "object", "selectObject", name="SelectObject", action="oss:GetObject", signed_only=False)
@operation(
    "POST", "object", "selectObjectMeta", name="CreateSelectObjectMeta", action="oss:GetObject", signed_only=False
)
def select_object(call: Call) -> Response:
    version = stacks.addressed(call)
    require_readable(call.cloud, call.bucket, call.key, version)
    raise refusals.not_implemented("x-oss-process")
