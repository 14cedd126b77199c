"""Turns `image/...|sys/saveas,o_KEY,b_BUCKET` into a stored picture: PostObject with a process, for images only.

As everywhere in images.py nothing is rendered: what is stored is the picture as it is, if the operation is a valid one
and the picture a sound one. Select and other processes are not simulated.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from ossmend.simulator.contents import Stored, digest
from ossmend.simulator.oss import images, permit, refusals, stacks
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.readable import require_readable
from ossmend.simulator.oss.route import check_key
from ossmend.simulator.state import Bucket, ObjectVersion
from ossmend.simulator.wire import Response, parse_pairs

_SAVE = re.compile(r"sys/saveas,o_(?P<key>[\w=-]+)(?:,b_(?P<bucket>[\w=-]+))?\Z", re.ASCII)


@operation("POST", "object", "process", name="PostProcessTask", action="oss:PostProcessTask")
def post_process_task(call: Call) -> Response:
    """The process is in the body; in the URL, where Select has it, it is not simulated."""
    text = call.query.get("x-oss-process") or dict(parse_pairs(_body(call))).get("x-oss-process", "")
    if not text.startswith("image/"):
        raise refusals.not_implemented("x-oss-process")
    process, _, save = text.partition("|")
    match = _SAVE.match(save)
    if match is None:
        raise refusals.invalid_argument("The process must end with sys/saveas.", "x-oss-process", text[:1024])
    permit.require(call, "oss:GetObject", call.bucket, call.key, permit.object_acl(call.bucket, call.key))
    source = stacks.addressed(call)
    require_readable(call.cloud, call.bucket, call.key, source)
    made = images.process(call, source, process)
    target, key = _target(call, match)
    body = bytes(made.body) if isinstance(made.body, bytes) else b""
    content = Stored(body)
    etag, crc = digest(content)
    kept = tuple(pair for pair in source.headers if pair[0] == "Content-Type")
    stacks.store(call.cloud, target, key, ObjectVersion(content, etag, crc, call.now, headers=kept))
    answer = {"bucket": _decoded(match["bucket"] or ""), "fileSize": len(body), "object": key, "status": "OK"}
    return Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _body(call: Call) -> str:
    return call.request.body[:8192].decode("latin-1")


def _target(call: Call, match: re.Match[str]) -> tuple[Bucket, str]:
    """Where the picture is to be stored: it must be there, and the caller's to write."""
    key = _decoded(match["key"])
    if not key:
        raise refusals.invalid_argument("The key of sys/saveas is not valid.", "o", match["key"])
    check_key(key)
    name = _decoded(match["bucket"] or "") or call.bucket_name
    bucket = call.cloud.buckets.get(name)
    if bucket is None:
        raise refusals.no_such_bucket(name)
    permit.require(call, "oss:PutObject", bucket, key, permit.object_acl(bucket, key))
    return bucket, key


def _decoded(text: str) -> str:
    """URL-safe base64, with its padding or without; empty if it is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
