"""What an account has -> its buckets with their regions, and where each bucket's access log goes. For `ossmend init`.

Asked now, and kept nowhere: a person waits for the answer. Raises TryAgain, Refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.elements import Unreadable, children, root_of, text_of
from ossmend.daemon.cloud.wire.transport import Oss

MOST = 1000
"""Of one page, and more than a person looks through; OSS allows an account 100 in a region unless it is asked."""


@dataclass(frozen=True, slots=True)
class BucketEntry:
    """One bucket of the account."""

    name: str
    region: str
    """Bare: cn-hangzhou."""


@dataclass(frozen=True, slots=True, order=True)
class LogTarget:
    """Where OSS writes a bucket's access log."""

    bucket: str
    prefix: str


class Inventory:
    """Two questions."""

    def __init__(self, oss: Oss, reads: Reads) -> None:
        self._oss = oss
        self._reads = reads

    def buckets(self) -> tuple[BucketEntry, ...]:
        """Those of the account, of all regions; the first thousand where there are more."""
        answer = self._oss.asked(lambda: self._oss.list_buckets(most=MOST))
        try:
            listed = [each for group in children(root_of(answer.body, "ListAllMyBucketsResult"), "Buckets")
                      for each in children(group, "Bucket")]  # fmt: skip
            found = (
                BucketEntry(text_of(each, "Name") or "", _bare(text_of(each, "Location") or "")) for each in listed
            )
            return tuple(each for each in found if wire.possible_bucket(each.name))
        except Unreadable as bad:
            raise wire.unreadable("ListBuckets", bad, answer.request_id or None) from bad

    def logging(self, bucket: str) -> LogTarget | None:
        """None where the bucket writes no access log."""
        return self._reads.of_bucket("GetBucketLogging", bucket, {"logging": ""}, lambda answer: _target(answer.body))


def _bare(location: str) -> str:
    return location.removeprefix("oss-")


def _target(body: bytes) -> LogTarget | None:
    for enabled in children(root_of(body, "BucketLoggingStatus"), "LoggingEnabled"):
        bucket = text_of(enabled, "TargetBucket") or ""
        if wire.possible_bucket(bucket):
            return LogTarget(bucket, text_of(enabled, "TargetPrefix") or "")
    return None
