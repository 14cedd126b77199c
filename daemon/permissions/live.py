"""Needs -> what is granted, as the cloud tells it: by our own policies where we may read them, and by harmless reads.

A write is never tried. Whether it is allowed is read from the policies that are attached to us and, for a bucket that
is named, from its own policy; where neither can be read it is "could not check", and said so. A read is asked for as
well, of something that does not exist (cloud/ask/probes.py): what answers is allowed, whoever allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ossmend.config.globs import within
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask.keys import Caller
from ossmend.daemon.cloud.ask.probes import OF_SERVICE, Probed
from ossmend.daemon.cloud.wire.guard import LOG_READS, OSS_READS
from ossmend.daemon.cloud.wire.permissions import PERMISSIONS
from ossmend.daemon.permissions.judge import Attached, Judged, judge
from ossmend.daemon.permissions.needs import Need
from ossmend.remediators.contract.verdict import Refused, TryAgain

State = Literal["granted", "missing", "unknown"]
NOT_THERE = "ossmend-check-nothing"
"""Stands for the wildcards of a key: an object that nobody has."""


def _by_action() -> dict[str, tuple[str, bool]]:
    """RAM action -> (the operation to ask by, of a version?). The first of the table stands for its action."""
    found: dict[str, tuple[str, bool]] = {}
    for operation, permission in PERMISSIONS.items():
        if permission is not None:
            found.setdefault(permission.action, (operation, False))
            found.setdefault(permission.of_version, (operation, True))
    return found


_OPERATIONS = _by_action()


@dataclass(frozen=True, slots=True)
class Finding:
    """One action on one resource, for all that need it."""

    needs: tuple[Need, ...]
    state: State
    why: str
    absent: bool = False
    """There is no such bucket, whatever is granted on it."""

    @property
    def writes(self) -> bool:
        return any(need.writes for need in self.needs)

    def as_dict(self) -> dict[str, Any]:
        first = self.needs[0]
        return {
            "action": first.action,
            "resource": first.resource,
            "needed_by": sorted({need.who for need in self.needs}),
            "calls": sorted({need.operation for need in self.needs}),
            "writes": self.writes,
        }


def granted(cloud: Cloud, caller: Caller, needs: Iterable[Need]) -> list[Finding]:
    """A finding for each action on each resource, in the order of the needs. Raises nothing of the cloud."""
    together: dict[tuple[str, str], list[Need]] = {}
    for need in needs:
        together.setdefault((need.action, need.resource), []).append(need)
    asking = _Asking(cloud, caller)
    return [Finding(tuple(several), *asking.of(*place)) for place, several in together.items()]


@dataclass
class _Asking:
    """What is asked once for all needs: our policies, our groups' policies, and each bucket's own."""

    cloud: Cloud
    caller: Caller
    _bucket_policies: dict[str, Attached | None] = field(default_factory=dict)

    def of(self, action: str, resource: str) -> tuple[State, str, bool]:
        probed = self._probed(action, resource)
        if self.caller.is_root:
            if probed is not None and probed.absent:
                return "unknown", probed.why, True
            return "granted", "the account itself may do everything", False
        judged = self._judged(action, resource)
        if probed is not None and probed.absent and (judged is None or judged.verdict == "allowed"):
            return "unknown", probed.why, True
        return *self._together(resource, judged, probed), False

    def _together(self, resource: str, judged: Judged | None, probed: Probed | None) -> tuple[State, str]:
        if probed is not None and probed.verdict == "refused":
            return "missing", _against(judged, probed)
        if judged is None:
            return _by_answer(probed, f"our own policies could not be read ({self._unread})")
        if judged.verdict == "allowed":
            unanswered = probed is not None and probed.verdict == "unknown"
            return "granted", f"{judged.why}; {probed.why}" if probed is not None and unanswered else judged.why
        one_place = judged.partly and resource != "*"  # a service without resources has answered for all of it
        if probed is not None and probed.verdict == "allowed" and not one_place:
            return "granted", f"{probed.why} ({judged.why})"
        return ("unknown" if judged.verdict == "unknown" else "missing"), judged.why

    # ------------------------------------------------------------------------------------------------ by documents

    def _judged(self, action: str, resource: str) -> Judged | None:
        """None where our policies cannot be read. Groups are asked for only where our own leave something open."""
        own = self._own
        if own is None:
            return None
        documents = [*own, *self._of_bucket(resource)]
        judged = judge(documents, action, resource)
        if judged.verdict != "missing" or not self.caller.user:
            return judged
        groups = self._of_groups
        if isinstance(groups, str):
            return Judged(
                judged.verdict, f"{judged.why}; those of our groups could not be read: {groups}", judged.partly
            )
        return judge([*documents, *groups], action, resource) if groups else judged

    @cached_property
    def _own(self) -> list[Attached] | None:
        try:
            return _attached(self.cloud.probes.policies(self.caller))
        except Refused as refused:
            self._unread = f"{refused.operation}: {refused.code}"
        except TryAgain as later:
            self._unread = later.why
        return None

    _unread = ""

    @cached_property
    def _of_groups(self) -> list[Attached] | str:
        """Why they could not be read, as a text."""
        try:
            return _attached(self.cloud.probes.policies_of_groups(self.caller))
        except Refused as refused:
            return f"{refused.operation}: {refused.code}"
        except TryAgain as later:
            return later.why

    def _of_bucket(self, resource: str) -> Iterator[Attached]:
        """The named bucket's own policy, where we may read it: it may allow, and it may deny."""
        bucket, _ = _place(resource)
        if not bucket or _has_wildcard(bucket):
            return
        if bucket not in self._bucket_policies:
            try:
                document = self.cloud.probes.bucket_policy(bucket)
                ours = [each for each in _rows(document) if _means(each, self.caller)]
                self._bucket_policies[bucket] = Attached(f"of bucket {bucket}", {"Statement": ours})
            except (Refused, TryAgain):
                self._bucket_policies[bucket] = None
        found = self._bucket_policies[bucket]
        if found is not None:
            yield found

    # -------------------------------------------------------------------------------------------------- by answers

    def _probed(self, action: str, resource: str) -> Probed | None:
        """None for what no harmless call can show: writes, and places without a name."""
        if action not in _OPERATIONS:
            return None
        operation, version = _OPERATIONS[action]
        if operation in LOG_READS.values():
            return self.cloud.probes.of_log(operation, resource)
        if operation not in OSS_READS.values():
            return self.cloud.probes.of_rpc(operation, self.caller)
        bucket, key = _place(resource)
        if OF_SERVICE.get(operation) is not None:
            return self.cloud.probes.of_oss(operation, "")
        if not bucket or _has_wildcard(bucket):
            return None
        return self.cloud.probes.of_oss(operation, bucket, _nothing_like(key), version=version)


def _by_answer(probed: Probed | None, instead: str) -> tuple[State, str]:
    if probed is None:
        return "unknown", instead
    return ("granted" if probed.verdict == "allowed" else "unknown"), probed.why


def _against(judged: Judged | None, probed: Probed) -> str:
    """Who refuses although our own policies allow it is somebody whose policies we do not read."""
    if judged is not None and judged.verdict == "allowed":
        return f"{probed.why}; {judged.why}, so a bucket, control or session policy, or a condition, says no"
    return probed.why if judged is None else f"{judged.why}; {probed.why}"


def _attached(documents: Mapping[str, Mapping[str, Any]]) -> list[Attached]:
    return [Attached(name, document) for name, document in documents.items()]


def _rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = document.get("Statement")
    listed = listed if isinstance(listed, list) else [listed]
    return [each for each in listed if isinstance(each, dict)]


def _means(statement: Mapping[str, Any], caller: Caller) -> bool:
    """Is it about us? A user by his id, a role's session by its ARN, everybody by `*`."""
    listed = statement.get("Principal")
    named = [str(each) for each in (listed if isinstance(listed, list) else [listed])]
    session = f"arn:sts::{caller.account_id}:assumed-role/{caller.arn.partition('role/')[2]}"
    return any(each in ("*", caller.id) or (bool(caller.role) and within(session, each)) for each in named)


def _place(resource: str) -> tuple[str, str]:
    """Bucket and key of an OSS resource; both empty for others."""
    if not resource.startswith("acs:oss:"):
        return "", ""
    bucket, _, key = resource.split(":", 4)[4].partition("/")
    return bucket, key


def _has_wildcard(name: str) -> bool:
    return "*" in name or "?" in name


def _nothing_like(key: str) -> str:
    """A key that the pattern covers, and that does not exist."""
    return key.replace("*", NOT_THERE).replace("?", "x") if _has_wildcard(key) else key
