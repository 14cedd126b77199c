"""A read operation -> may we? Asked by the operation itself, of a key or a user that nobody has.

OSS and RAM look at the permission before they look for the thing, so "there is none" means allowed. Only reads of
guard.py's list can be asked so; of a write nothing is ever sent to find out. permissions/live.py is the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ossmend.config.sources.sls import OF_OSS
from ossmend.daemon.cloud.ask.keys import Caller
from ossmend.daemon.cloud.ask.logstores import NO_LOGSTORE, Logstores
from ossmend.daemon.cloud.wire.answers import possible_bucket
from ossmend.daemon.cloud.wire.guard import IMAGE_INFO, OSS_READS, RPC_READS
from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators.contract.verdict import Refused, TryAgain

NOBODY = "LTAI5tOssmendCheckNobody"
"""A key id that no account has."""
NO_VERSION = "CAEQossmendcheck"
DENIED = ("AccessDenied", "NoPermission", "NotAuthorized", "Forbidden", "Unauthorized")
"""How the words begin by which OSS, RAM, BSS and the log service say that a permission is missing."""
ABSENT = ("NoSuch", "EntityNotExist", "SymlinkTargetNotExist", "ShardNotExist")
"""How the words begin that are only said to somebody who may ask."""

_LOGSTORE = re.compile(r"acs:log:(?P<region>[^:]+):[^:]*:project/(?P<project>[^/]+)/logstore/(?P<store>[^/]+)")

OF_SERVICE: Mapping[str, Callable[[Oss], object]] = {
    "ListBuckets": lambda oss: oss.list_buckets(),
    "ListJobs": lambda oss: oss.at_region_of("", "GET", {"batchJob": "", "max-keys": "1"}),
    "DescribeJob": lambda oss: oss.at_region_of("", "GET", {"batchJob": "", "batchJobId": "ossmend-check-nothing"}),
}
"""The reads that name no bucket."""


@dataclass(frozen=True, slots=True)
class Probed:
    """`unknown`: no answer, or one that says nothing about the permission."""

    verdict: Literal["allowed", "refused", "unknown"]
    why: str
    absent: bool = False
    """There is no such bucket, so that nothing is allowed or refused there."""


class Probes:
    """One question each. Thread-safe."""

    def __init__(self, oss: Oss, rpc: Rpc, logstores: Logstores, limit: RateLimit) -> None:
        self._oss = oss
        self._rpc = rpc
        self._logstores = logstores
        self._limit = limit

    def of_oss(self, operation: str, bucket: str, key: str = "", *, version: bool = False) -> Probed:
        """`key` should not exist; what exists is not read beyond its first byte."""
        if bucket and not possible_bucket(bucket):
            return Probed("unknown", f"no bucket can be called {bucket[:80]!r}")
        (method, scope, sub_resource), *_ = (route for route, name in OSS_READS.items() if name == operation)
        if scope == "service":
            return _told(operation, lambda: self._oss.asked(lambda: OF_SERVICE[operation](self._oss)))
        params = _params(sub_resource) | ({"versionId": NO_VERSION} if version else {})
        headers = {"Range": "bytes=0-0"} if operation == "GetObject" else {}

        def ask() -> None:
            self._oss.call(method, bucket, key if scope == "object" else "", params, headers).close()

        return _told(operation, lambda: self._oss.asked(ask))

    def trouble(self, bucket: str, key: str) -> Refused | TryAgain | None:
        """Why an object of a bucket that should not exist is not read; None where it is. One byte at most is."""

        def ask() -> None:
            self._oss.call("GET", bucket, key, {}, {"Range": "bytes=0-0"}).close()

        try:
            self._oss.asked(ask)
        except (Refused, TryAgain) as trouble:
            return trouble
        return None

    def of_rpc(self, operation: str, caller: Caller) -> Probed:
        (product, action), *_ = (route for route, name in RPC_READS.items() if name == operation)
        return _told(operation, lambda: self._call(product, action, _about_nobody(operation, caller)))

    def of_log(self, operation: str, resource: str) -> Probed | None:
        """By the logstore that a resource names; None where it names none."""
        found = _LOGSTORE.fullmatch(resource)
        if found is None:
            return None
        project = None if found["project"] == OF_OSS else found["project"]
        region = None if found["region"] == "*" else found["region"]

        def ask() -> None:
            store = self._logstores.of(project, found["store"], region)
            if operation == "ListShards":
                self._logstores.shards(store)
            else:
                self._logstores.cursor(store, 0, "end")

        return _told(operation, ask)

    def policies(self, caller: Caller) -> dict[str, dict[str, Any]]:
        """The documents attached to us, by name; a user's groups not. Raises TryAgain, Refused."""
        if caller.role:
            return self._documents("ListPoliciesForRole", {"RoleName": caller.role})
        return self._documents("ListPoliciesForUser", {"UserName": caller.user})

    def policies_of_groups(self, caller: Caller) -> dict[str, dict[str, Any]]:
        """What reaches a user through his groups. Raises TryAgain, Refused."""
        told = self._call("Ram", "ListGroupsForUser", {"UserName": caller.user})
        found: dict[str, dict[str, Any]] = {}
        for group in _rows(told, "Groups", "Group"):
            found |= self._documents("ListPoliciesForGroup", {"GroupName": str(group.get("GroupName") or "")})
        return found

    def bucket_policy(self, bucket: str) -> dict[str, Any]:
        """Empty where there is none. Raises TryAgain, Refused."""
        try:
            answer = self._oss.asked(lambda: self._oss.call("GET", bucket, "", {"policy": ""}))
        except Refused as refused:
            if refused.code == "NoSuchBucketPolicy":
                return {}
            raise
        return _document(answer.body.decode("utf-8", "replace"), bucket)

    def _documents(self, action: str, params: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for policy in _rows(self._call("Ram", action, params), "Policies", "Policy"):
            name = str(policy.get("PolicyName") or "")
            asked = {"PolicyType": str(policy.get("PolicyType") or "Custom"), "PolicyName": name}
            version = self._call("Ram", "GetPolicy", asked).get("DefaultPolicyVersion")
            text = version.get("PolicyDocument") if isinstance(version, dict) else None
            found[name] = _document(text, name)
        return found

    def _call(self, product: str, action: str, params: Mapping[str, str]) -> dict[str, Any]:
        def call() -> dict[str, Any]:
            self._limit.wait()
            return self._rpc.call(product, action, params)

        return self._rpc.asked(call)


def _params(sub_resource: str) -> dict[str, str]:
    if sub_resource == IMAGE_INFO:
        return {"x-oss-process": "image/info"}
    if sub_resource == "list-type":
        return {"list-type": "2", "max-keys": "1"}
    return {sub_resource: ""} | ({"max-keys": "1"} if sub_resource == "versions" else {}) if sub_resource else {}


def _about_nobody(operation: str, caller: Caller) -> dict[str, str]:
    """Parameters that name nobody; where a name left out would mean ourselves, one is given."""
    stranger = f"ossmend-check-nobody@{caller.account_id}.onaliyun.com"
    by_operation = {
        "GetUser": {"UserAccessKeyId": NOBODY},
        "ListAccessKeys": {"UserPrincipalName": stranger},
        "GetAccessKeyInfoInRecycleBin": {"UserAccessKeyId": NOBODY},
        "GetUserInRecycleBin": {"UserAccessKeyId": NOBODY},
        "GetAccessKeyPolicy": {"UserAccessKeyId": NOBODY, "UserPrincipalName": stranger},
        "GetAccessKeyLastUsedInfo": {"AccessKey": NOBODY},
        "DecodeDiagnosticMessage": {"EncodedDiagnosticMessage": "ossmend-check"},
        "GetPolicy": {"PolicyType": "Custom", "PolicyName": "ossmend-check-nothing"},
        "ListPoliciesForUser": {"UserName": caller.user or "ossmend-check-nobody"},
        "ListPoliciesForRole": {"RoleName": caller.role or "ossmend-check-nobody"},
        "ListGroupsForUser": {"UserName": caller.user or "ossmend-check-nobody"},
        "ListPoliciesForGroup": {"GroupName": "ossmend-check-nobody"},
    }
    return by_operation.get(operation, {})


def _told(operation: str, question: Callable[[], object]) -> Probed:
    try:
        question()
    except TryAgain as later:
        return Probed("unknown", f"no answer: {later.why}")
    except Refused as refused:
        return _meaning(operation, refused)
    return Probed("allowed", f"{operation} was answered")


def _meaning(operation: str, refused: Refused) -> Probed:
    said = f"{operation} was refused: {refused.code} {refused.message}".strip()
    if "endpoint" in refused.message:  # 403 too, and no permission cures it
        return Probed("unknown", f"{said} (the bucket is in another region)")
    if refused.code.startswith("NoSuchBucket") and refused.code != "NoSuchBucketPolicy":
        return Probed("unknown", f"{operation}: there is no such bucket", absent=True)
    if refused.code in NO_LOGSTORE:
        return Probed("unknown", f"{operation}: {refused.code}: {NO_LOGSTORE[refused.code]}", absent=True)
    if refused.code.startswith(ABSENT) or refused.code in ("InvalidObjectState", "MethodNotAllowed"):
        return Probed("allowed", f"{operation} was answered: {refused.code}")
    if refused.code.startswith(DENIED) or (refused.status == 403 and refused.code == "HTTP 403"):
        return Probed("refused", said)
    return Probed("allowed", f"{operation} was answered") if refused.status == 416 else Probed("unknown", said)


def _document(text: object, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused("GetPolicy", "UnreadableAnswer", f"the document of {name} is no JSON")
    return found


def _rows(told: Mapping[str, Any], outer: str, inner: str) -> list[Mapping[str, Any]]:
    within = told.get(outer)
    rows = within.get(inner) if isinstance(within, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
