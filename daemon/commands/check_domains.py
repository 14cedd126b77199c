"""A bucket's own domain -> does it answer for that bucket? A name leads wherever the DNS and the console say.

Asked for an object that nobody has, by its own road: "there is none", "you may not" and the object itself are all said
by the bucket. check_live.py prints it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.domains import OF_AN_OBJECT
from ossmend.daemon.cloud.wire.errors import NOT_OSS, WRONG_REGION
from ossmend.daemon.permissions.live import NOT_THERE
from ossmend.remediators.contract.verdict import Refused, TryAgain

OF_THE_BUCKET = (*OF_AN_OBJECT, "AccessDenied")
"""What only the bucket says, once it has taken the signature, which names it."""
ELSEWHERE = ("NoSuchBucket", "SignatureDoesNotMatch", "CnameDenied", "InvalidBucketName", WRONG_REGION, NOT_OSS)
"""What is said where the domain leads to another bucket, or to nobody."""


def lines(cloud: Cloud, settings: CloudSettings, *, known: bool) -> Iterator[dict[str, Any]]:
    """A line for each domain; `known`: does the cloud take our key? Else its refusal would be laid to the domain."""
    for bucket, domain in settings.domains.items():
        what = f"domain {domain} of {bucket}"
        if known:
            yield {"what": what, **_told(bucket, cloud.probes.trouble(bucket, NOT_THERE))}
        else:
            yield {"what": what, "ok": None, "found": "could not check: nobody knows who we are"}


def _told(bucket: str, trouble: Refused | TryAgain | None) -> dict[str, Any]:
    if isinstance(trouble, TryAgain):
        return {"ok": False, "found": f"no answer: {trouble.why}"}
    if trouble is None or trouble.code in OF_THE_BUCKET or trouble.status == 416:
        return {"ok": True, "found": "answers for its bucket"}
    said = f"{trouble.code} {trouble.message}".strip()
    if trouble.code in ELSEWHERE:
        return {"ok": False, "found": f"does not answer for {bucket}: {said}"}
    return {"ok": None, "found": f"could not check: {said}"}
