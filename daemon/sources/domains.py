"""An event that names no bucket, and the host of a bucket's own domain -> the same with that bucket.

OSS's answers name the host that was asked. At `bucket.oss-REGION.aliyuncs.com` the parsers read the bucket from it; at
a domain of a bucket's own (CNAME) only the configuration knows it (`domains`). It is believed as an address is: what
the text names itself goes first, and the world has to agree (docs/decisions/0005-provenance.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ossmend.remediators.contract.case import Event, Origin


def with_bucket(event: Event, domains: Mapping[str, str]) -> Event:
    """`domains`: host, in small letters, without a port -> bucket. Whatever names a bucket is left alone."""
    if event.bucket is not None or event.readings or not event.host or not domains:
        return event
    bucket = domains.get(event.host.lower().partition(":")[0].rstrip("."))
    if bucket is None:
        return event
    return replace(event, bucket=bucket, origins={**event.origins, "bucket": Origin.URI})
