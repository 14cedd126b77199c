"""Turns one OSS request into its response: the order of refusals, read top to bottom; server.py calls `handle`.

The order is what the SDKs' own suites assert: the signature must parse, the bucket must exist (even for an unknown
key; but creating a bucket or setting its ACL asks for the key first), then key, skew, signature, permission, and only
then the state of the object.
"""

from __future__ import annotations

from ossmend.simulator.faults import Fault
from ossmend.simulator.oss import access_log, batch_run, cors, metadata, permit, real_time_log, refusals, route, themes
from ossmend.simulator.oss.authenticate import settle_path
from ossmend.simulator.oss.call import Call, Operation
from ossmend.simulator.oss.credentials import Credentials
from ossmend.simulator.s3 import door
from ossmend.simulator.state import Cloud
from ossmend.simulator.wire import Refusal, Request, Response, error_response

_KEY_BEFORE_BUCKET = frozenset({"PutBucket", "PutBucketAcl"})

themes.load()


def handle(cloud: Cloud, request: Request) -> Response:
    """Answer one request. Whatever is refused below arrives here as a Refusal; anything else is a fault of ours."""
    access_log.deliver_when_due(cloud)
    batch_run.catch_up(cloud)
    call: Call | None = None
    fault: Fault | None = None
    try:
        call = route.locate(cloud, request)
        operation = _identify(call)
        fault = cloud.faults.take(request)
        if fault is not None and fault.replaces:
            response = fault.response(request)
        else:
            if fault is not None:
                call.stale_seconds = fault.stale_seconds
            response = _run(call, operation)
    except Refusal as refusal:
        response = error_response(refusal, request.method, request.request_id, request.host)
    if fault is not None:
        if fault.execute and fault.status:
            response = fault.response(request)
        fault.mark(response)
    _finish(call, request, response)
    if call is not None and response.abort != "reset":
        access_log.note(call, response)
        real_time_log.note(call, response)
    return response


def failed(request: Request) -> Response:
    """A fault of the service itself."""
    refusal = Refusal(500, "InternalError", "Please contact the server administrator.")
    response = error_response(refusal, request.method, request.request_id, request.host)
    response.headers |= {"x-oss-request-id": request.request_id, "x-oss-server-time": "0"}
    return response


def _identify(call: Call) -> Operation:
    """Fill in what faults and the log of requests go by, before anything can be refused for good reason."""
    if call.path_also_names_bucket and call.s3 is None:
        settle_path(call)
    operation = door.choose(call)
    call.operation = operation
    call.request.operation = operation.name
    call.bucket_or_none = call.cloud.buckets.get(call.bucket_name) if call.bucket_name else None
    route.settle_region(call)
    call.request.access_key_id = _claimed_key_id(call)
    return operation


def _claimed_key_id(call: Call) -> str | None:
    """The key id a request shows, even if the rest of its signature will not parse."""
    try:
        credentials = door.read(call)
    except Refusal:
        return call.request.access_key_id
    return credentials.key_id if credentials else None


def _run(call: Call, operation: Operation) -> Response:
    if operation.name == "OptionObject":
        # A browser signs no preflight; a signature on one is not even looked at.
        route.check_names(call)
        _bucket_must_exist(call)
        if not call.any_region:
            _check_endpoint(call)
        return operation.run(call)
    door.refuse(call)
    credentials = door.read(call)
    route.check_names(call)
    if operation.name not in _KEY_BEFORE_BUCKET:
        _bucket_must_exist(call, operation)
        _check_endpoint(call)
        _authenticate(call, credentials)
    else:
        _authenticate(call, credentials)
        _bucket_must_exist(call, operation)
        _check_endpoint(call)
    permit.check_account(call)
    permit.check_referer(call)
    permit.check_requester_pays(call)
    if operation.signed_only:
        permit.forbid_anonymous(call)
    if call.version_id == "":
        raise refusals.invalid_argument("Version id cannot be the empty string", "versionId", "", "0012-00000201")
    permit.require_for(call, operation)
    metadata.check_md5(call)
    return operation.run(call)


def _authenticate(call: Call, credentials: Credentials | None) -> None:
    if credentials is not None:
        call.access_key = door.verify(call, credentials)


def _bucket_must_exist(call: Call, operation: Operation | None = None) -> None:
    if call.level == "service" or (operation is not None and not operation.bucket_must_exist):
        return
    if call.bucket_or_none is None:
        raise refusals.no_such_bucket(call.bucket_name)


def _check_endpoint(call: Call) -> None:
    """A bucket answers at its own region's endpoint only, and says which one that is."""
    bucket = call.bucket_or_none
    if bucket is None or call.endpoint_region == bucket.region:
        return
    if call.endpoint_region.startswith("accelerate"):
        if bucket.transfer_acceleration:
            return
        raise Refusal(
            403, "TransferAccelerationDisabled", "Transfer acceleration is disabled for this bucket.", "0028-00000001"
        )
    raise Refusal(
        403,
        "AccessDenied",
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint.",
        "0003-00001403",
        [("Bucket", bucket.name), ("Endpoint", bucket.endpoint)],
    )


def _finish(call: Call | None, request: Request, response: Response) -> None:
    """The headers every answer has, and those CORS adds when the page's origin may read it."""
    headers = response.headers
    headers.setdefault("x-oss-request-id", request.request_id)
    if call is not None:
        headers.update(call.extra_headers)
        if "origin" in request.headers and request.method != "OPTIONS":
            cors.decorate(call, headers)
        elif call.bucket_or_none is not None and call.bucket_or_none.cors is not None:
            cors.vary(call.bucket_or_none, headers)
        door.answer(call, response)
