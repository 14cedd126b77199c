"""Question of a view -> the operations that answer it: what `asks` of a remediator or a write comes to.

view.py has the answers, wire/permissions.py the RAM action of each operation. A test asks every question of the
simulator and compares.
"""

from __future__ import annotations

from collections.abc import Mapping

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "now": (),
    "clock": ("Date",),
    "object": ("ListObjectsV2", "HeadObject"),
    "reads": ("GetObject",),
    "batch_jobs": ("ListJobs", "DescribeJob"),
    "role_policies": ("ListPoliciesForRole",),
    "archive_direct_read": ("GetBucketArchiveDirectRead",),
    "lifecycle_rules": ("GetBucketLifecycle",),
    "cors": ("GetBucketCors",),
    "preflight": ("OptionObject",),
    "bucket_access": ("GetBucketInfo", "GetBucketPolicy", "GetBucketReferer", "GetBucketRequestPayment"),
    "object_acl": ("GetObjectAcl",),
    "denial": ("DecodeDiagnosticMessage",),
    "account_id": ("GetCallerIdentity",),
    "image": ("HeadObject", "GetObject"),
    "processes": ("ProcessImage",),
    "versions": ("ListObjectVersions",),
    "key_owner": ("GetUser",),
    "key_status": ("ListAccessKeys",),
    "recycled_key": ("GetAccessKeyInfoInRecycleBin", "GetUserInRecycleBin"),
    "key_last_used": ("GetAccessKeyLastUsedInfo",),
    "key_networks": ("GetAccessKeyPolicy", "GetAccessKeyPolicyForAccount"),
    "answers": ("ListObjectsV2", "ListBuckets"),
    "balance": ("QueryAccountBalance",),
}

ABOUT_OURSELVES: Mapping[str, tuple[str, ...]] = {
    "user": ("ListPoliciesForUser", "GetPolicy"),
    "role": ("ListPoliciesForRole", "GetPolicy"),
}
"""By the kind of our credentials: what `check --live` reads to see whether a write is allowed, without writing."""

OF_GROUPS = ("ListGroupsForUser", "ListPoliciesForGroup")
"""The same of a user's groups: asked only where his own policies leave something open, and not needed otherwise."""

OF_LOGS = ("ListShards", "GetCursor", "PullLogs")
"""What the source `sls` asks of the log service."""

FIRST_LOOK = ("ListBuckets", "GetBucketLogging")
"""What `ossmend init` asks of an account, and no policy needs; without them it asks the person."""
