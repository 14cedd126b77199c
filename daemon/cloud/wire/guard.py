"""Request -> its operation's name, or a loud refusal. The closed lists of what may leave, checked before signing.

Whoever adds a question adds it here first, and the RAM action that it needs to permissions.py. In a dry run only the
reads exist; with writes allowed, the executor has connections of its own, which take the routes of the senders
(send/executor.py) and nothing else. transport.py and rpc.py ask this file for every request.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Scope = Literal["service", "bucket", "object"]
OssRoute = tuple[str, Scope, str]
"""(method, what the URL names, sub-resource)."""
RpcRoute = tuple[str, str]
"""(product, action)."""
LogRoute = tuple[Literal["shards", "shard"], str]
"""(what the path names, `type`)."""

COPY_SOURCE = "x-oss-copy-source"
"""The header that makes a PUT of an object a copy. It counts as a sub-resource here: a PUT without it would upload."""

NEW_OBJECT = "x-oss-forbid-overwrite"
"""The header that keeps a PUT from replacing an object. With it alone may a list of objects be uploaded."""
ONE_JOB = "batchJob of an id"
"""What `batchJob` is with `batchJobId` beside it: one job is described, and not all are listed."""

IMAGE_INFO = "x-oss-process=image/info"
"""The only processing that is a harmless read, value and all; any other process stays unknown here."""

OSS_READS: Mapping[OssRoute, str] = {
    ("HEAD", "object", ""): "HeadObject",
    ("GET", "object", ""): "GetObject",
    ("GET", "bucket", "list-type"): "ListObjectsV2",
    ("GET", "bucket", "cors"): "GetBucketCors",
    ("GET", "bucket", "lifecycle"): "GetBucketLifecycle",
    ("GET", "bucket", "bucketArchiveDirectRead"): "GetBucketArchiveDirectRead",
    ("GET", "bucket", "bucketInfo"): "GetBucketInfo",
    ("GET", "bucket", "logging"): "GetBucketLogging",
    ("GET", "bucket", "policy"): "GetBucketPolicy",
    ("GET", "bucket", "referer"): "GetBucketReferer",
    ("GET", "bucket", "requestPayment"): "GetBucketRequestPayment",
    ("GET", "bucket", "versions"): "ListObjectVersions",
    ("GET", "object", "acl"): "GetObjectAcl",
    ("GET", "object", IMAGE_INFO): "ProcessImage",
    ("GET", "service", ""): "ListBuckets",
    ("GET", "service", "batchJob"): "ListJobs",
    ("GET", "service", ONE_JOB): "DescribeJob",
}
"""(method, what the URL names, sub-resource) -> operation."""

OSS_UNSIGNED: Mapping[OssRoute, str] = {
    ("OPTIONS", "bucket", ""): "OptionObject",
    ("OPTIONS", "object", ""): "OptionObject",
    ("GET", "service", ""): "Date",
}
"""Asked as anybody could ask them: a browser's preflight, and what time OSS has."""

RPC_READS: Mapping[RpcRoute, str] = {
    ("Sts", "GetCallerIdentity"): "GetCallerIdentity",
    ("Ims", "GetUser"): "GetUser",
    ("Ims", "ListAccessKeys"): "ListAccessKeys",
    ("Ims", "GetAccessKeyInfoInRecycleBin"): "GetAccessKeyInfoInRecycleBin",
    ("Ims", "GetUserInRecycleBin"): "GetUserInRecycleBin",
    ("Ims", "GetAccessKeyPolicy"): "GetAccessKeyPolicy",
    ("Ims", "GetAccessKeyPolicyForAccount"): "GetAccessKeyPolicyForAccount",
    ("Actiontrail", "GetAccessKeyLastUsedInfo"): "GetAccessKeyLastUsedInfo",
    ("Ram", "DecodeDiagnosticMessage"): "DecodeDiagnosticMessage",
    ("BssOpenApi", "QueryAccountBalance"): "QueryAccountBalance",
    ("Ram", "ListPoliciesForUser"): "ListPoliciesForUser",
    ("Ram", "ListPoliciesForRole"): "ListPoliciesForRole",
    ("Ram", "ListGroupsForUser"): "ListGroupsForUser",
    ("Ram", "ListPoliciesForGroup"): "ListPoliciesForGroup",
    ("Ram", "GetPolicy"): "GetPolicy",
}
"""(product, action) -> operation. On the wire all of them are POSTs; only the action tells a read from a write."""

LOG_READS: Mapping[LogRoute, str] = {
    ("shards", ""): "ListShards",
    ("shard", "cursor"): "GetCursor",
    ("shard", "log"): "PullLogs",
}
"""(what the path names, `type`) -> operation of the log service (SLS). All of them are GETs."""
_LOG_PATH = re.compile(r"/logstores/[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]/shards(/[0-9]{1,10})?")

_NARROWING = frozenset(
    {"versionId", "prefix", "delimiter", "start-after", "continuation-token", "max-keys", "encoding-type"}
    | {"batchJobId", "requestedJobStatus", "statusUpdateReason"}
)
"""Query parameters that narrow a question. Any other one is a sub-resource, and makes it another operation."""
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_RPC_RESERVED = frozenset({"Action", "Version", "AccessKeyId", "Signature", "Format", "SecurityToken"})


class WriteForbidden(Exception):
    """Somebody tried to send what is not on the list: a fault of ours, nothing was signed and nothing left."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What one client's connections may carry."""

    oss: Mapping[OssRoute, str] = field(default_factory=lambda: OSS_READS)
    rpc: Mapping[RpcRoute, str] = field(default_factory=lambda: RPC_READS)
    log: Mapping[LogRoute, str] = field(default_factory=dict)

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods that OSS may see at all: the last check, on the very bytes that leave."""
        return frozenset(method for method, _, _ in self.oss)

    def oss_operation(self, method: str, bucket: str, key: str, params: Iterable[str], *, body: bool) -> str:
        """The name of the operation that this request is. Raises WriteForbidden unless it is on the list."""
        scope: Scope = "object" if bucket and key else "bucket" if bucket else "service"
        sub_resources = sorted(set(params) - _NARROWING)
        operation = self.oss.get((method, scope, sub_resources[0] if sub_resources else ""))
        if operation is None or len(sub_resources) > 1 or (body and method in _READING_METHODS):
            what = f"{method} {scope}?{'&'.join(sub_resources)}{' with a body' if body else ''}"
            raise WriteForbidden(f"{what} is not on the list of what may be sent here")
        return operation

    def rpc_operation(self, product: str, action: str, params: Iterable[str]) -> str:
        """The same for RAM's family. A parameter must not smuggle in another action."""
        operation = self.rpc.get((product, action))
        if operation is None or not _RPC_RESERVED.isdisjoint(params):
            raise WriteForbidden(f"{product} {action} is not on the list of what may be sent here")
        return operation

    def log_operation(self, path: str, params: Mapping[str, str]) -> str:
        """The same for the log service, whose calls are told apart by path and `type`."""
        found = _LOG_PATH.fullmatch(path)
        operation = self.log.get(("shard" if found[1] else "shards", params.get("type", ""))) if found else None
        if operation is None:
            raise WriteForbidden(f"{path}?type={params.get('type', '')} is not on the list of what may be sent here")
        return operation


READ_ONLY = Guard(log=LOG_READS)
UNSIGNED = Guard(oss=OSS_UNSIGNED, rpc={})
