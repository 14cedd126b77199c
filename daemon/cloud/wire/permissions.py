"""Operation -> the RAM action that allows it, and on what: one line for each read of guard.py's list.

A test compares the two, so that no question is added without its permission. Writes say their own
(remediators/writes/), sources too (config/sources/). permissions/needs.py puts all of it together; docs/permissions.md
is made of this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

On = Literal["object", "bucket", "logstore", "service", "user", "group", "role", "policy", "anything"]


@dataclass(frozen=True, slots=True)
class Permission:
    """What a RAM policy has to grant for an operation."""

    action: str
    on: On
    of_version: str = ""
    """The action where the request names a version of the object; empty: none such request is made."""
    confirmed: bool = True
    """False: the name follows its siblings; no page of Alibaba Cloud is known that says it."""


RESOURCES: Mapping[On, str] = {
    "service": "acs:oss:*:*:*",
    "user": "acs:ram:*:*:user/*",
    "group": "acs:ram:*:*:group/*",
    "role": "acs:ram:*:*:role/*",
    "policy": "acs:ram:*:*:policy/*",
    "anything": "*",
}
"""Resources that are the same for every policy; bucket and object come from its `match`, a logstore from its source."""

PERMISSIONS: Mapping[str, Permission | None] = {
    # OSS. HEAD has no action of its own: it is authorised as the GET is.
    "HeadObject": Permission("oss:GetObject", "object", "oss:GetObjectVersion"),
    "GetObject": Permission("oss:GetObject", "object", "oss:GetObjectVersion"),
    "ProcessImage": Permission("oss:GetObject", "object", "oss:GetObjectVersion"),
    "GetObjectAcl": Permission("oss:GetObjectAcl", "object", "oss:GetObjectVersionAcl"),
    "ListObjectsV2": Permission("oss:ListObjects", "bucket"),
    "ListObjectVersions": Permission("oss:ListObjectVersions", "bucket"),
    "GetBucketCors": Permission("oss:GetBucketCors", "bucket"),
    "GetBucketLifecycle": Permission("oss:GetBucketLifecycle", "bucket"),
    "GetBucketArchiveDirectRead": Permission("oss:GetBucketArchiveDirectRead", "bucket"),
    "GetBucketInfo": Permission("oss:GetBucketInfo", "bucket"),
    "GetBucketLogging": Permission("oss:GetBucketLogging", "bucket"),
    "GetBucketPolicy": Permission("oss:GetBucketPolicy", "bucket"),
    "GetBucketReferer": Permission("oss:GetBucketReferer", "bucket"),
    "GetBucketRequestPayment": Permission("oss:GetBucketRequestPayment", "bucket"),
    "ListBuckets": Permission("oss:ListBuckets", "service"),
    "ListJobs": Permission("oss:ListJobs", "service"),
    "DescribeJob": Permission("oss:DescribeJob", "service"),
    "OptionObject": None,
    "Date": None,
    # The log service: only a source reads it (config/sources/sls.py).
    "ListShards": Permission("log:ListShards", "logstore"),
    "GetCursor": Permission("log:GetCursorOrData", "logstore"),
    "PullLogs": Permission("log:GetCursorOrData", "logstore"),
    # RAM's family.
    "GetCallerIdentity": None,
    "GetUser": Permission("ram:GetUser", "user"),
    "ListAccessKeys": Permission("ram:ListAccessKeys", "user"),
    "GetAccessKeyInfoInRecycleBin": Permission("ram:GetAccessKeyInfoInRecycleBin", "anything", confirmed=False),
    "GetUserInRecycleBin": Permission("ram:GetUserInRecycleBin", "anything", confirmed=False),
    "GetAccessKeyPolicy": Permission("ram:GetAccessKeyPolicy", "anything", confirmed=False),
    "GetAccessKeyPolicyForAccount": Permission("ram:GetAccessKeyPolicyForAccount", "anything", confirmed=False),
    "GetAccessKeyLastUsedInfo": Permission("actiontrail:GetAccessKeyLastUsedInfo", "anything"),
    "DecodeDiagnosticMessage": Permission("ram:DecodeDiagnosticMessage", "anything"),
    "QueryAccountBalance": Permission("bssapi:QueryAccountBalance", "anything"),
    "ListPoliciesForUser": Permission("ram:ListPoliciesForUser", "user"),
    "ListGroupsForUser": Permission("ram:ListGroupsForUser", "user"),
    "ListPoliciesForGroup": Permission("ram:ListPoliciesForGroup", "group"),
    "ListPoliciesForRole": Permission("ram:ListPoliciesForRole", "role"),
    "GetPolicy": Permission("ram:GetPolicy", "policy"),
}
"""None: asked as anybody may ask."""
