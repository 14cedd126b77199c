"""The refusals that more than one operation gives, each with OSS's own words; wire.py renders them.

An EC marked "ours" in a comment is not in any source: facts call it unconfirmed, and EC values may change anyway.
"""

from __future__ import annotations

from ossmend.simulator.wire import Refusal


def invalid_argument(message: str, name: str, value: str, ec: str = "0017-00000203") -> Refusal:
    return Refusal(400, "InvalidArgument", message, ec, [("ArgumentName", name), ("ArgumentValue", value)])


def no_such_bucket(name: str) -> Refusal:
    return Refusal(404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", [("BucketName", name)])


def invalid_bucket_name(name: str) -> Refusal:
    return Refusal(
        400, "InvalidBucketName", "The specified bucket is not valid.", "0015-00000001", [("BucketName", name)]
    )


def no_such_key(key: str) -> Refusal:
    return Refusal(404, "NoSuchKey", "The specified key does not exist.", "0026-00000001", [("Key", key)])


def no_such_version(key: str, version_id: str) -> Refusal:
    return Refusal(
        404,
        "NoSuchVersion",
        "The specified version does not exist.",
        "0012-00000203",
        [("Key", key), ("VersionId", version_id)],
    )


def invalid_version(version_id: str) -> Refusal:
    return invalid_argument("Invalid version id specified", "versionId", version_id, "0012-00000202")


def invalid_object_name(key: str) -> Refusal:
    return Refusal(
        400, "InvalidObjectName", "The specified object is not valid.", "0016-00000001", [("ObjectName", key)]
    )


def invalid_object_state(bucket: str, key: str, ec: str = "0016-00000404") -> Refusal:
    """`ObjectName` is in some live bodies; `BucketName` is never confirmed, so it stays out."""
    del bucket
    return Refusal(
        403,
        "InvalidObjectState",
        "The operation is not valid for the object's state",
        ec,
        [("ObjectName", key)],
    )


def method_not_allowed(method: str, kind: str) -> Refusal:
    return Refusal(
        405,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        "0017-00000401",  # ours
        [("Method", method), ("ResourceType", kind)],
    )


def not_implemented(header: str) -> Refusal:
    return Refusal(
        501,
        "NotImplemented",
        "A header you provided implies functionality that is not implemented.",
        "0017-00000501",  # ours
        [("Header", header)],
    )


def access_denied(message: str, ec: str) -> Refusal:
    return Refusal(403, "AccessDenied", message, ec)


def precondition_failed(condition: str) -> Refusal:
    return Refusal(
        412,
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold.",
        "0016-00000412",  # ours
        [("Condition", condition)],
    )
