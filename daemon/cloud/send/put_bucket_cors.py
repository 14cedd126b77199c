"""PutBucketCors on the wire: PUT /?cors."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace
from typing import Any

import oss2.models

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors

CHANGED_SINCE = "accepted, and read back different"


@sender(PutBucketCors)
class PutsCors(Sender[PutBucketCors]):
    route = ("PUT", "bucket", "cors")
    replaces = True

    def look(self, write: PutBucketCors) -> str:
        return self.hands.reads.cors(write.bucket).digest

    def send(self, write: PutBucketCors) -> Sent:
        """No conditional write exists: read back, for somebody may have written at the same moment."""
        rules = [_oss2_rule(rule) for rule in write.rules]
        bucket = self.hands.bucket(write.operation, write.bucket)
        answer = bucket.put_bucket_cors(oss2.models.BucketCors(rules, write.response_vary))
        request_id = answer.request_id or None
        try:
            now = self.hands.reads.cors(write.bucket)
        except (TryAgain, Refused):
            return Sent(request_id, "accepted, not read back")
        # what OSS accepted is spent, whatever came after it; the next look plans on what is there now
        if _same(now, write):
            return Sent(request_id, "merged")
        return Sent(request_id, CHANGED_SINCE, _crossed(now, write))

    def settle(self, write: PutBucketCors) -> bool:
        return _same(self.hands.reads.cors(write.bucket), write)

    def stale(self, write: PutBucketCors) -> Iterable[Hashable]:
        return (("cors", write.bucket),)


def _oss2_rule(rule: CorsRule) -> Any:
    return oss2.models.CorsRule(
        allowed_origins=list(rule.allowed_origins),
        allowed_methods=list(rule.allowed_methods),
        allowed_headers=list(rule.allowed_headers),
        expose_headers=list(rule.expose_headers),
        max_age_seconds=rule.max_age_seconds,
    )


def _crossed(now: CorsConfiguration, write: PutBucketCors) -> tuple[str, ...]:
    """What to tell of rules that are not ours: no other rule is put back, for whoever wrote may have meant it so. Our
    own is merged again by the next plan, once.
    """
    lost = [rule for rule in write.rules if rule not in now.rules]
    theirs = [rule for rule in now.rules if rule not in write.rules]
    return (
        f"somebody else wrote the CORS rules of {write.bucket} at the same moment",
        f"ours that are gone: {_named(lost)}",
        f"theirs that are there: {_named(theirs)}",
    )


def _named(rules: Iterable[CorsRule]) -> str:
    return (
        "; ".join(f"{' '.join(rule.allowed_methods)} for {' '.join(rule.allowed_origins)}" for rule in rules) or "none"
    )


def _same(now: CorsConfiguration, write: PutBucketCors) -> bool:
    """Absent and false are the same for ResponseVary, and OSS gives every AllowedHeader back in lower case."""
    return (
        _folded(now.rules) == _folded(write.rules)
        and bool(now.response_vary) == bool(write.response_vary)
        and not now.unknown
    )


def _folded(rules: tuple[CorsRule, ...]) -> tuple[CorsRule, ...]:
    return tuple(replace(rule, allowed_headers=tuple(map(str.lower, rule.allowed_headers))) for rule in rules)
