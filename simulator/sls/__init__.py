"""Turns a request of the log service (SLS) into its answer: OSS's real-time log, as the SDK's clients read it.

In order: route.py (what is addressed), authenticate.py (who asks), permit.py (may they), then the operation, of
shards.py, search.py or groups.py. log_store.py has the rows; answers.py writes what goes back. answer.py sends it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ossmend.simulator.log_store import Project
from ossmend.simulator.sls import answers, authenticate, groups, permit, route, search, shards
from ossmend.simulator.sls.call import OPERATIONS, Call, Place, SlsError, not_simulated

if TYPE_CHECKING:
    from ossmend.simulator.faults import Fault
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request, Response

__all__ = ["THEMES", "catch_up", "failed", "handle", "is_for"]

THEMES = (groups, search, shards)
"""Importing a theme registers its operations."""

is_for = route.is_for

_FAULTS = {
    400: ("ParameterInvalid", "The parameter is invalid."),
    401: ("Unauthorized", "The AccessKeyId is unauthorized."),
    403: ("ReadQuotaExceed", "Read quota is exceeded."),
    404: ("ProjectNotExist", "The Project does not exist."),
    500: ("InternalServerError", "Internal server error message."),
    503: ("ServerBusy", "The server is busy, please try again later."),
}
_SHARD_QUOTA = ("ShardReadQuotaExceed", "shard read qps exceed quota limits")


def catch_up(cloud: Cloud) -> None:
    """A project is there as soon as one bucket's log is on; late rows arrive, and old ones go."""
    for bucket in cloud.buckets.values():
        if bucket.real_time_log:
            cloud.log_service.open(bucket.owner, bucket.region, cloud.clock)
    cloud.log_service.catch_up(cloud.clock)


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer one request, or let a fault answer it."""
    place = route.locate(request)
    _identify(request, place)
    fault = cloud.faults.take(request)
    if fault is not None and fault.replaces:
        response = _fault_response(request, fault)
    else:
        try:
            response = _run(cloud, request, place)
        except SlsError as error:
            response = answers.refused(request, error)
        if fault is not None and fault.execute and fault.status:
            response = _fault_response(request, fault)
    if fault is not None:
        fault.mark(response)
    return response


def _identify(request: Request, place: Place) -> None:
    """What faults and the log of requests go by: the project stands for the bucket, what is in it for the key."""
    claim = authenticate.read(request)
    request.operation = place.operation
    request.access_key_id = claim.key_id if claim else None
    request.bucket = place.project or None
    request.key = request.path.removeprefix("/logstores/") or None


def _run(cloud: Cloud, request: Request, place: Place) -> Response:
    catch_up(cloud)
    project = _project(cloud, place)
    key = authenticate.verify(cloud, request, place.region or (project.region if project else ""))
    if not place.project:
        if not place.operation:
            raise not_simulated(f"{request.method} {request.path}")
        raise SlsError(400, "InvalidHost", f"Host header {request.host} is invalid.")
    if project is None:
        raise SlsError(404, "ProjectNotExist", f"The Project does not exist : {place.project}")
    call = Call(cloud, request, place, key, project)
    permit.check_account(call)
    if not place.operation:
        raise not_simulated(f"{request.method} {request.path}")
    permit.require(call)
    call.check_logstore()
    return OPERATIONS[place.operation].run(call)


def _project(cloud: Cloud, place: Place) -> Project | None:
    """The project, if it is in the region whose endpoint was asked."""
    found = cloud.log_service.projects.get(place.project)
    return found if found is not None and place.region in ("", found.region) else None


def failed(request: Request) -> Response:
    """A fault of the service itself."""
    return answers.refused(request, SlsError(500, *_FAULTS[500]))


def _fault_response(request: Request, fault: Fault) -> Response:
    """What a fault rule answers instead of the operation, in this service's own form."""
    if fault.abort == "reset" or fault.body is not None or fault.lie or 200 <= fault.status < 300:
        return fault.response(request)
    code, message = _FAULTS.get(fault.status, _FAULTS[500])
    if fault.status == 403 and request.operation == "PullLogs":
        code, message = _SHARD_QUOTA
    response = answers.refused(request, SlsError(fault.status, fault.code or code, fault.message or message))
    response.headers |= fault.headers
    return response
