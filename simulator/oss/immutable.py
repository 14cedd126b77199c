"""Turns a bucket's retention policy into "may be changed" or FileImmutable; worm.py sets the policy, stacks.py asks.

An object's age is counted by the shown clock, as its Last-Modified is; `advance` makes no object older.
"""

from __future__ import annotations

from typing import Final

from ossmend.simulator.state import Bucket, Cloud, Worm
from ossmend.simulator.wire import Refusal

DAY: Final = 86400


def policy(cloud: Cloud, bucket: Bucket) -> Worm | None:
    """The policy that holds. Documented: it protects at once, and is over a day later unless it was locked."""
    worm = bucket.worm
    if worm is not None and not worm.locked and cloud.clock.elapsed() - worm.made_at >= DAY:
        return None
    return worm


def check(cloud: Cloud, bucket: Bucket, key: str) -> None:
    """Refuse to overwrite or delete what is too young. Code, status and words are documented, the EC is ours."""
    worm = policy(cloud, bucket) if bucket.worm is not None else None
    if worm is None:
        return
    now = cloud.clock.shown()
    if any(now - version.modified < worm.days * DAY for version in bucket.stack(key)):
        raise Refusal(409, "FileImmutable", "The object you specified is immutable.", "0027-00000001")
