"""Turns an S3 request that OSS does not offer into its refusal: path style, and calls that its list of S3 APIs has not.

The list is documented; what OSS answers to a call beside it is not. Ours is 501 NotImplemented, which every S3 client
reports as such and none repeats (UNCONFIRMED).
"""

from __future__ import annotations

from typing import Final

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call, Operation, Run
from ossmend.simulator.wire import Refusal, Response

OPERATIONS: Final = frozenset(
    "ListBuckets PutBucket DeleteBucket HeadBucket ListObjects ListObjectsV2 GetBucketLocation PutBucketAcl "
    "GetBucketAcl PutBucketLifecycle GetBucketLifecycle DeleteBucketLifecycle PutBucketLogging GetBucketLogging "
    "PutObject GetObject HeadObject CopyObject PostObject DeleteObject DeleteMultipleObjects PutObjectAcl GetObjectAcl "
    "InitiateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload AbortMultipartUpload ListParts".split()
)
"""OSS's names of the S3 calls that it lists."""

_SUBRESOURCES: Final = frozenset(
    "accelerate analytics attributes cors encryption intelligent-tiering inventory legal-hold metadataTable metrics "
    "notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject replication "
    "requestPayment restore retention select session tagging torrent versioning versions website".split()
)
"""S3's sub-resources that OSS does not list. Some are OSS's own, too, with other documents: never taken for those."""


def not_offered(call: Call, operation: Operation) -> list[Refusal]:
    """What speaks against it. S3's own names first: half of them mean nothing to OSS, and would be passed over."""
    found = [refusals.not_implemented(name) for name in call.query if name in _SUBRESOURCES]
    if operation.name and operation.name not in OPERATIONS:
        found.append(refusals.not_implemented(operation.name))
    process = call.query.get("x-oss-process", "image/")
    if not process.startswith(("image/", "style/")):
        words = "The process is not supported with an S3 signature."
        found.append(refusals.invalid_argument(words, "x-oss-process", process[:200]))
    return found


def refusing(refusal: Refusal) -> Run:
    """An operation's work that is this refusal."""

    def run(_: Call) -> Response:
        raise refusal

    return run


def refuse_path_style(call: Call) -> None:
    """OSS serves S3 clients on `bucket.endpoint` only; the switch is for clients that cannot address that here."""
    if call.in_host or not call.bucket_name or call.cloud.s3_path_style:
        return
    raise Refusal(403, "SecondLevelDomainForbidden", "Please use virtual hosted style to access.", "0003-00001401")
