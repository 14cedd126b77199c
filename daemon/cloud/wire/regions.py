"""A bucket -> the region it is in, found by asking: for its endpoint, and for the signature, which names the region.

A request that goes to the wrong region is answered with the right one, whatever our rights are (WrongEndpoint), so no
question of its own is needed: the account's region is tried, what the answer says is kept, and the request is made
again, once. Only where one host serves all regions, or the bucket has a domain of its own, has somebody to ask first
(transport.py, which calls all of this).
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from ossmend.config.regions import REGIONS, region_of
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.errors import WrongEndpoint

MOST = 4096
"""Buckets of one account whose region is kept; they are named by other people's text, so the oldest go."""


class Regions:
    """The regions of one account's buckets. Thread-safe."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._known: OrderedDict[str, str] = OrderedDict()
        self._answered: set[str] = set()
        self._lock = threading.Lock()

    def of(self, bucket: str) -> str:
        """Its region as far as is known, else the account's own."""
        return self._known.get(bucket) or self._settings.bare_region

    def url(self, bucket: str) -> str:
        """Where it is asked: at its own domain, or at the endpoint of its region."""
        return self.domain(bucket) or self.endpoint(bucket)

    def endpoint(self, bucket: str) -> str:
        """The endpoint of its region, for what names no bucket."""
        return self._settings.url_of(self.of(bucket))

    def domain(self, bucket: str) -> str | None:
        """Its own, where the configuration says one."""
        return self._settings.domains.get(bucket)

    def sure(self, bucket: str) -> str | None:
        """Its region, where the bucket has answered there."""
        with self._lock:
            return self.of(bucket) if bucket in self._answered else None

    def guess(self, bucket: str, host: str) -> None:
        """A log says that a request for the bucket went to this host. A guess at most: only a region that exists is
        believed, only where nothing is known, and a wrong one costs one request. At a domain it would not be put right.
        """
        region = region_of(host, bucket=bucket)
        if region in REGIONS and region != self._settings.bare_region and self.domain(bucket) is None:
            with self._lock:
                if bucket not in self._known and bucket not in self._answered:
                    self._keep(bucket, region)

    def answered(self, bucket: str, region: str) -> None:
        """The bucket has answered where it was asked, in that region."""
        if bucket and bucket not in self._answered:
            with self._lock:
                self._keep(bucket, region)
                self._answered.add(bucket)

    def learn(self, bucket: str, region: str, asked: str) -> bool:
        """OSS says that it is in `region`; it was asked for in `asked`. True if that is news."""
        if region == asked:
            return False
        with self._lock:
            self._answered.discard(bucket)
            self._keep(bucket, region)
        return True

    def forget(self, bucket: str) -> None:
        """What was kept of it has led nowhere."""
        with self._lock:
            self._answered.discard(bucket)
            self._known.pop(bucket, None)

    def _keep(self, bucket: str, region: str) -> None:
        """Under the lock."""
        self._known[bucket] = region
        self._known.move_to_end(bucket)
        while len(self._known) > MOST:
            gone, _ = self._known.popitem(last=False)
            self._answered.discard(gone)


def learn(regions: Regions, error: WrongEndpoint, bucket: str, asked: str) -> None:
    """Note in the answer of a wrong region where it was asked, and keep where the bucket is."""
    error.asked = asked
    error.news = error.region is not None and regions.learn(bucket, error.region, asked)
