"""Turns every answered request of a bucket whose real-time log is on into a row; log_store.py keeps it.

Fields and topics as the log service's page "OSS log field details" has them, every value a text. handle.py calls
`note`; requests that broke off are not logged.
"""

from __future__ import annotations

import base64
import json
from typing import Final
from urllib.parse import quote_from_bytes

from ossmend.simulator.log_store import ACCESS, METERING, Project, Row
from ossmend.simulator.oss import xml
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.logged import ABSENT, logged
from ossmend.simulator.state import Bucket
from ossmend.simulator.wire import Refusal, Response

_CLASS_NAMES: Final = {"Standard": "standard", "IA": "infrequent_access", "Archive": "archive"} | {
    "ColdArchive": "cold_archive",  # this name and the next are ours
    "DeepColdArchive": "deep_cold_archive",
}
_SIGNATURES: Final = {
    ("V1", False): "NormalSign",
    ("V1", True): "UriSign",
    ("V4", False): "NORMAL_SIGN4",
    ("V4", True): "URI_SIGN4",
}
"""S3's versions and V2 count as the one of the same age (UNCONFIRMED)."""
_MOST_USER_DEFINED: Final = 1024
_HOUR: Final = 3600


def note(call: Call, response: Response) -> None:
    """Write one row, if the bucket has the log switched on."""
    bucket = call.bucket_or_none
    if bucket is None or not bucket.real_time_log:
        return
    service, clock = call.cloud.log_service, call.cloud.clock
    project = service.open(bucket.owner, bucket.region, clock)
    fields = _fields(call, bucket, response)
    fields[service.switches.user_agent_field] = fields.pop("user_agent")
    if service.switches.ec:
        fields["ec"] = response.headers.get("x-oss-ec", ABSENT)
    service.write(project, Row(call.now, ACCESS, fields), clock)
    project.written += 1
    every = service.switches.metering_every
    if every and project.written % every == 0:
        service.write(project, _metering(call, bucket, project), clock)


def _fields(call: Call, bucket: Bucket, response: Response) -> dict[str, str]:
    request, facts = call.request, logged(call, bucket, response)
    return {
        "acc_access_region": ABSENT,
        "access_id": facts.access_key_id,
        "bucket": bucket.name,
        "bucket_location": bucket.location,
        "bucket_storage_type": _CLASS_NAMES.get(facts.storage_class, ABSENT),
        "client_ip": facts.client_ip,
        "content_length_in": request.headers.get("content-length", ABSENT),
        "content_length_out": facts.sent,
        "delta_data_size": facts.delta_size,
        "error_code": facts.error_code,
        "extend_information": _session(call),
        "host": facts.host,
        "http_method": request.method,
        "http_status": str(response.status),
        "http_type": "https" if request.secure else "http",
        "logging_flag": "true" if bucket.logging is not None else "false",
        "object": facts.object,
        "object_size": facts.object_size,
        "operation": facts.operation,
        "owner_id": bucket.owner,
        "referer": _text(facts.referer),
        "request_id": request.request_id,
        "request_length": str(request.wire_length),
        "request_uri": quote_from_bytes(facts.target.encode("latin-1", "replace"), safe=""),
        "requester_id": facts.requester,
        "response_body_length": facts.sent,
        "response_time": facts.cost,
        "restore_priority": ABSENT,
        "server_cost_time": facts.cost,
        "sign_type": _sign_type(call),
        "sync_request": ABSENT,
        "time": facts.time,
        "user_agent": _text(facts.user_agent),
        "user_defined_log_fields": _user_defined(call, bucket),
        "vpc_addr": ABSENT,
        "vpc_id": ABSENT,
    }


def _text(header: str) -> str:
    """A header's bytes as the text they most likely are: rows are UTF-8."""
    return header.encode("latin-1", "replace").decode("utf-8", "replace")


def _sign_type(call: Call) -> str:
    """How it was signed, be it right or not; what would not even parse counts as the plain kind (UNCONFIRMED)."""
    credentials, unreadable = call.claimed or (None, None)
    if credentials is None:
        return "NormalSign" if unreadable is not None else "NotSign"
    version = "V4" if credentials.version in ("V4", "S3V4") else "V1"
    return _SIGNATURES[version, credentials.by_url]


def _session(call: Call) -> str:
    """`parentId,roleName,sessionName,roleOwnerId` of a role's session."""
    principal = call.principal
    if principal is None or principal.kind != "role-session":
        return ABSENT
    role, _, session = principal.name.partition(":")
    return f"{principal.account_id},{role},{session},{principal.account_id}"


def _user_defined(call: Call, bucket: Bucket) -> str:
    """The headers and parameters that PutUserDefinedLogFieldsConfig names, as base64 of JSON.

    Keys and values of more than 1024 bytes are cut; what is left then, and the type of `truncated`, is UNCONFIRMED.
    """
    document = bucket.documents.get("userDefinedLogFieldsConfig")
    if document is None:
        return ABSENT
    try:
        root = xml.parse(document, "UserDefinedLogFieldsConfiguration")
    except Refusal:
        return ABSENT
    headers, parameters = root.first("HeaderSet"), root.first("ParamSet")
    sent = [("headers", name, call.request.headers.get(name.lower())) for name in _names(headers, "header")]
    asked = [("querys", name, call.query.get(name)) for name in _names(parameters, "parameter")]
    told: dict[str, dict[str, str]] = {"headers": {}, "querys": {}}
    room, truncated = _MOST_USER_DEFINED, False
    for kind, name, value in sent + asked:
        if value is None:
            continue
        text = _text(value) if kind == "headers" else value.encode("utf-8", "replace").decode()
        size = len(name.encode()) + len(text.encode())
        if size > room:
            truncated = True
            continue
        room -= size
        told[kind][name] = text
    return base64.b64encode(json.dumps({"truncated": truncated, **told}).encode()).decode("ascii")


def _names(found: xml.Node | None, tag: str) -> tuple[str, ...]:
    return () if found is None else tuple(found.values(tag))


def _metering(call: Call, bucket: Bucket, project: Project) -> Row:
    """What is billed, by the hour. Only what a reader must be able to pass over is meant here: there are no sums."""
    fields = {
        "bucket": bucket.name,
        "owner_id": bucket.owner,
        "region": bucket.region,
        "storage": "0",
        "storage_type": _CLASS_NAMES.get(bucket.storage_class, ABSENT),
        "get_request": str(project.written),
        "put_request": "0",
        "network_in": "0",
        "network_out": "0",
        "start_time": str(call.now - _HOUR),
        "end_time": str(call.now),
    }
    return Row(call.now, METERING, fields)
