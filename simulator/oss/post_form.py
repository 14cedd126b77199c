"""Turns a browser's multipart/form-data POST into an object: PostObject, with its signed policy."""

from __future__ import annotations

import base64
import binascii
import calendar
import hmac
import json
import re
import time
from typing import Any

from ossmend.simulator.contents import Stored, digest
from ossmend.simulator.oss import callbacks, metadata, permit, refusals, signatures, stacks, xml
from ossmend.simulator.oss.authenticate import find_key
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.credentials import Credentials, signs_for_here, wrong_region
from ossmend.simulator.oss.objects import stored_response
from ossmend.simulator.oss.route import check_key
from ossmend.simulator.oss.service import XML
from ossmend.simulator.s3 import form as s3_form
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Refusal, Response

_BOUNDARY = re.compile(r'boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME = re.compile(r'(?:^|;)\s*name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILE_NAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


def _malformed(why: str) -> Refusal:
    return Refusal(
        400,
        "MalformedPOSTRequest",
        f"The body of your POST request is not well-formed multipart/form-data. {why}",
        "0006-00000001",  # ours
    )


def read_form(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """Fields by lower-case name, and the file, which is the last field OSS looks at."""
    match = _BOUNDARY.search(content_type)
    if match is None:
        raise _malformed("There is no boundary.")
    marker = b"--" + match[1].encode("latin-1")
    pieces = (b"\r\n" + body).split(b"\r\n" + marker)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise _malformed("The closing boundary is missing.")
    fields: dict[str, str] = {}
    for piece in pieces[1:-1]:
        head, separator, value = piece.partition(b"\r\n\r\n")
        if not separator:
            raise _malformed("A field has no value.")
        lines = head.decode("utf-8", "replace").split("\r\n")
        disposition = next((line for line in lines if line.lower().startswith("content-disposition:")), "")
        name = _NAME.search(disposition.partition(":")[2])
        if name is None:
            raise _malformed("A field has no name.")
        if name[1].lower() == "file":
            file_name = _FILE_NAME.search(disposition)
            fields["x-filename"] = file_name[1] if file_name else ""
            for line in lines:
                if line.lower().startswith("content-type:") and "content-type" not in fields:
                    fields["content-type"] = line.partition(":")[2].strip()
            return fields, value
        fields[name[1].lower()] = value.decode("utf-8", "replace")
    raise Refusal(
        400,
        "IncorrectNumberOfFilesInPOSTRequest",
        "POST requires exactly one file upload per request.",
        "0006-00000002",  # ours
    )


def _invalid_policy(why: str) -> Refusal:
    return Refusal(403, "AccessDenied", f"Invalid according to Policy: {why}", "0006-00000213")


def _check_policy(call: Call, policy_text: str, fields: dict[str, str], size: int) -> None:
    """Every condition of the signed policy must hold, and it must not be out of date."""
    try:
        policy = json.loads(base64.b64decode(policy_text, validate=True))
        expires = calendar.timegm(time.strptime(str(policy["expiration"])[:19], "%Y-%m-%dT%H:%M:%S"))
        conditions = policy["conditions"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise Refusal(
            400, "InvalidPolicyDocument", "Invalid Policy: the document is not valid.", "0006-00000201"
        ) from None
    if call.request.received > expires:
        raise _invalid_policy("Policy expired.")
    if not isinstance(conditions, list):
        raise Refusal(400, "InvalidPolicyDocument", "Invalid Policy: conditions must be a list.", "0006-00000202")
    known: dict[str, str] = fields | {"bucket": call.bucket_name}
    for condition in conditions:
        if not _holds(condition, known, size):
            raise _invalid_policy(f"Policy Condition failed: {json.dumps(condition)}")


def _holds(condition: Any, fields: dict[str, str], size: int) -> bool:
    if isinstance(condition, dict):
        return all(fields.get(str(name).lower()) == str(value) for name, value in condition.items())
    if not isinstance(condition, list) or len(condition) != 3:
        return False
    kind, name, value = condition
    if kind == "content-length-range":
        return isinstance(name, int) and isinstance(value, int) and name <= size <= value
    field = fields.get(str(name).removeprefix("$").lower(), "")
    match kind:
        case "eq":
            return field == str(value)
        case "starts-with":
            return field.startswith(str(value))
        case "in":
            return isinstance(value, list) and field in value
        case "not-in":
            return isinstance(value, list) and field not in value
    return False


def _sign_in(call: Call, fields: dict[str, str], size: int) -> None:
    """The form's own signature: V1 (`OSSAccessKeyId`) or V4 (`x-oss-credential`) over the encoded policy."""
    policy = fields.get("policy")
    key_id = fields.get("ossaccesskeyid") or fields.get("x-oss-credential", "").partition("/")[0]
    if not key_id and policy is None:
        return
    signature = fields.get("signature") or fields.get("x-oss-signature")
    if not key_id or not signature or policy is None:
        raise refusals.invalid_argument("The form needs policy, signature and access key id.", "policy", policy or "")
    call.request.access_key_id = key_id
    token = fields.get("x-oss-security-token") or fields.get("security-token")
    scope = fields.get("x-oss-credential", "").partition("/")[2]
    if scope and (scope.count("/") < 2 or not signs_for_here(call, scope)):
        raise wrong_region(fields["x-oss-credential"], "0002-00000715")
    credentials = Credentials("V4" if scope else "V1", key_id, signature, token=token, scope=scope)
    key = find_key(call, credentials)
    if call.s3 is not None:
        expected = s3_form.signature(key.secret, fields, policy.encode())
    elif scope:
        expected = signatures.v4_signature(key.secret, scope, policy.encode())
    else:
        expected = signatures.v1_signature(key.secret, policy.encode())
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Refusal(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
            s3_form.MISMATCH if s3_form.is_v4(fields) else "0002-00000201" if scope else "0002-00000040",
            [("OSSAccessKeyId", key_id), ("SignatureProvided", signature), ("StringToSign", policy)],
        )
    _check_policy(call, policy, fields, size)
    call.access_key = key
    call.cloud.account_of_key(key.id).use(key.id, "Oss", call.request.received)


@operation("POST", "bucket", "form", name="PostObject", action="none", signed_only=False)
def post_object(call: Call) -> Response:
    fields, data = read_form(call.header("content-type") or "", call.request.body)
    s3_form.translate_in(call, fields)
    key = fields.get("key", "").replace("${filename}", fields.get("x-filename", ""))
    if not key:
        raise refusals.invalid_argument("Bucket POST must contain a field named 'key'.", "key", "")
    check_key(key)
    call.key = call.request.key = key
    _sign_in(call, fields, len(data))
    permit.require(call, "oss:PutObject", call.bucket, key, permit.object_acl(call.bucket, key))
    for name in ("content-type", "cache-control", "content-disposition", "content-encoding", "expires"):
        call.request.headers.pop(name, None)
    call.request.headers.update(
        (name, value.encode("utf-8").decode("latin-1"))
        for name, value in fields.items()
        if name.startswith("x-oss-") or name in ("content-type", "cache-control", "content-disposition", "expires")
    )
    stacks.forbid_overwrite(call)
    callback = callbacks.asked(call, fields.get("callback", ""))
    content = Stored(data)
    etag, crc = digest(content)
    version = ObjectVersion(
        content,
        etag,
        crc,
        call.now,
        storage_class=metadata.storage_class(call, call.bucket),
        headers=metadata.stored_headers(call),
        tags=metadata.tagging_header(call),
        acl=metadata.object_acl(call),
    )
    response = callbacks.answer(stored_response(call, version), asked=callback)
    return _answer(call, response, fields)


def _answer(call: Call, response: Response, fields: dict[str, str]) -> Response:
    """204, or what `success_action_status` or `success_action_redirect` asks for."""
    redirect = fields.get("success_action_redirect")
    if redirect and not any(ord(c) < 32 for c in redirect):
        response.status = 303
        response.headers["Location"] = redirect.encode("utf-8").decode("latin-1")
        return response
    status = fields.get("success_action_status")
    response.status = int(status) if status in ("200", "201") else 204
    if status == "201":
        children = [
            xml.element("Location", f"http://{call.bucket_name}.{call.bucket.endpoint}/{call.key}"),
            xml.element("Bucket", call.bucket_name),
            xml.element("Key", call.key),
            xml.element("ETag", response.headers["ETag"]),
        ]
        response.headers.update(XML)
        response.body = xml.document("PostResponse", children)
    return response
