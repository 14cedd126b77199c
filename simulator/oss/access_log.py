"""Turns every answered request into an access-log line, and an hour of lines into an object of the target bucket.

Real delivery lags by hours. Here lines wait until the elapsed clock has passed another hour, or until the control API
asks (`POST {control}/logs/flush`). Requests that broke off are not logged, as in OSS.
"""

from __future__ import annotations

import time
from urllib.parse import quote

from ossmend.simulator.contents import Stored, digest
from ossmend.simulator.oss import xml
from ossmend.simulator.oss.call import OPERATIONS, Call, operation
from ossmend.simulator.oss.logged import ZONE_SECONDS, logged
from ossmend.simulator.state import Bucket, Cloud, Logging, ObjectVersion
from ossmend.simulator.wire import Refusal, Request, Response, new_request_id

_CLASS_NAMES = {"Standard": "standard", "IA": "ia", "Archive": "archive", "ColdArchive": "cold archive"} | {
    "DeepColdArchive": "deepcold archive"
}


def note(call: Call, response: Response) -> None:
    """Keep one line, if the bucket logs."""
    bucket = call.bucket_or_none
    if bucket is None or bucket.logging is None:
        return
    hour = time.strftime("%Y-%m-%d-%H-00-00", time.gmtime(call.now + ZONE_SECONDS))
    call.cloud.pending_log_lines.setdefault((bucket.name, hour), []).append(line(call, bucket, response))


def line(call: Call, bucket: Bucket, response: Response) -> str:
    """The 29 fields."""
    request, facts = call.request, logged(call, bucket, response)
    fields = (
        facts.client_ip,
        "-",
        "-",
        f"[{facts.time} +0800]",
        f'"{request.method} {facts.target} HTTP/{request.version}"',
        str(response.status),
        facts.sent,
        facts.cost,
        f'"{facts.referer}"',
        f'"{facts.user_agent}"',
        f'"{facts.host}"',
        f'"{request.request_id}"',
        '"true"',
        f'"{facts.requester}"',
        f'"{facts.operation}"',
        f'"{bucket.name}"',
        f'"{facts.object}"',
        facts.object_size,
        facts.cost,
        f'"{facts.error_code}"',
        str(request.wire_length),
        f'"{bucket.owner}"',
        facts.delta_size,
        '"-"',
        f'"{_CLASS_NAMES.get(facts.storage_class, "-")}"',
        '"-"',
        '"-"',
        f'"{facts.access_key_id}"',
        f'"acs:oss:{bucket.location}:{bucket.owner}:{bucket.name}"',
    )
    return " ".join(fields)


def deliver_when_due(cloud: Cloud) -> None:
    """Write the pending lines if another hour has passed for everything that waits."""
    now = cloud.clock.elapsed()
    if now < cloud.next_log_delivery:
        return
    cloud.next_log_delivery = now + 3600.0 - (now - cloud.next_log_delivery) % 3600.0
    flush(cloud)


def flush(cloud: Cloud) -> list[tuple[str, str]]:
    """Write all pending lines as objects; answers with (bucket, key) of each. Lines without a target are dropped."""
    pending, cloud.pending_log_lines = cloud.pending_log_lines, {}
    written = []
    for (source_name, hour), lines in sorted(pending.items()):
        source = cloud.buckets.get(source_name)
        if source is None or source.logging is None:
            continue
        target = cloud.buckets.get(source.logging.target_bucket)
        if target is None:
            continue
        cloud.log_serial += 1
        key = f"{source.logging.target_prefix}{source_name}{hour}-{cloud.log_serial:04d}"
        _write(cloud, target, key, "".join(text + "\n" for text in lines).encode("latin-1", "replace"))
        written.append((target.name, key))
    return written


def _write(cloud: Cloud, target: Bucket, key: str, data: bytes) -> None:
    content = Stored(data)
    etag, crc = digest(content)
    version_id = cloud.new_version_id() if target.versioning == "Enabled" else "null"
    version = ObjectVersion(
        content,
        etag,
        crc,
        int(cloud.clock.shown()),
        storage_class="Standard" if target.storage_class != "IA" else "IA",
        version_id=version_id,
        headers=(("Content-Type", "text/plain"),),
    )
    older = target.stack(key) if target.versioning == "Enabled" else ()
    target.set_stack(key, (version, *older))
    _note_own_write(cloud, target, key, version)


def _note_own_write(cloud: Cloud, target: Bucket, key: str, version: ObjectVersion) -> None:
    """Delivery is a PutObject as well: a bucket that logs into itself finds its own log in the next one."""
    request = Request("PUT", f"/{quote(key)}", {"user-agent": "aliyun-oss-logging"}, received=cloud.clock.shown())
    request.request_id = new_request_id(request.received)
    call = Call(cloud, request, "object", target.name, key, target.region, in_host=True, bucket_or_none=target)
    call.operation = OPERATIONS["PUT", "object", ""]
    call.object_size = call.delta_size = version.size
    note(call, Response(200))


@operation("PUT", "bucket", "logging", name="PutBucketLogging")
def put_bucket_logging(call: Call) -> Response:
    document = xml.parse(call.request.body, "BucketLoggingStatus")
    enabled = document.first("LoggingEnabled")
    if enabled is None:
        call.bucket.logging = None
        return Response(200)
    target_name, prefix = enabled.value("TargetBucket"), enabled.value("TargetPrefix")
    if not target_name:
        raise xml.malformed_xml("TargetBucket is required")
    target = call.cloud.buckets.get(target_name)
    if target is None:
        raise _invalid_target(400, "The target bucket for logging does not exist.")
    if target.owner != call.bucket.owner:
        raise _invalid_target(403, "The target bucket for logging is not owned by you.")
    if target.region != call.bucket.region:
        raise _invalid_target(400, "The target bucket for logging is in another region.")
    if len(prefix) > 32 or (prefix and not prefix[0].isalpha()):
        raise Refusal(
            400,
            "InvalidTargetPrefixForLogging",
            "The target prefix for logging is not valid.",
            "0032-00000002",  # ours
        )
    call.bucket.logging = Logging(target_name, prefix, enabled.value("LoggingRole"))
    return Response(200)


def _invalid_target(status: int, message: str) -> Refusal:
    return Refusal(status, "InvalidTargetBucketForLogging", message, "0032-00000001")  # EC ours


@operation("GET", "bucket", "logging", name="GetBucketLogging")
def get_bucket_logging(call: Call) -> Response:
    logging = call.bucket.logging
    children = []
    if logging is not None:
        fields = [
            xml.element("TargetBucket", logging.target_bucket),
            xml.element("TargetPrefix", logging.target_prefix),
        ]
        if logging.role:
            fields.append(xml.element("LoggingRole", logging.role))
        children.append(xml.group("LoggingEnabled", *fields))
    return Response(200, {"Content-Type": "application/xml"}, xml.document("BucketLoggingStatus", children))


@operation("DELETE", "bucket", "logging", name="DeleteBucketLogging")
def delete_bucket_logging(call: Call) -> Response:
    call.bucket.logging = None
    return Response(204)
