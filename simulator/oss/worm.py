"""Turns requests about a bucket's retention policy into changes: begun, locked within a day, extended, given up.

Sources: the pages of the five calls, and what the SDKs' own suites assert of their refusals. Code and status of a
second policy, of one beside versioning and of a bad number of days are UNCONFIRMED.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Final

from ossmend.simulator.oss import immutable, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML
from ossmend.simulator.state import Worm
from ossmend.simulator.wire import Refusal, Response

_MOST_DAYS: Final = 70 * 365
"""Documented: 1 day to 70 years."""


def _missing() -> Refusal:
    return Refusal(404, "NoSuchWORMConfiguration", "The WORM Configuration does not exist.", "0027-00000002")  # EC ours


def invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidWORMConfiguration", message, "0027-00000003")  # EC ours


def _locked() -> Refusal:
    return Refusal(403, "WORMConfigurationLocked", "The WORM Configuration is locked.", "0027-00000004")  # EC ours


def _policy(call: Call) -> Worm:
    worm = immutable.policy(call.cloud, call.bucket)
    if worm is None:
        raise _missing()
    return worm


def _named(call: Call) -> Worm:
    worm = _policy(call)
    if call.query.get("wormId") != worm.id:
        raise _missing()
    return worm


def _days(call: Call, root: str) -> int:
    text = xml.parse(call.request.body, root).value("RetentionPeriodInDays")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= days <= _MOST_DAYS:
        raise refusals.invalid_argument(
            f"RetentionPeriodInDays must be an integer between 1 and {_MOST_DAYS}.", "RetentionPeriodInDays", text[:99]
        )
    return days


@operation("POST", "bucket", "worm", name="InitiateBucketWorm")
def initiate(call: Call) -> Response:
    """A policy that protects from now on; not beside versioning, and not beside another one."""
    days = _days(call, "InitiateWormConfiguration")
    worm = immutable.policy(call.cloud, call.bucket)
    if worm is not None:
        raise _locked() if worm.locked else invalid("The bucket has a WORM Configuration already.")
    if call.bucket.versioning:
        raise invalid("A bucket with versioning cannot have a WORM Configuration.")
    call.bucket.worm = Worm(secrets.token_hex(10).upper()[:19], days, call.now, call.cloud.clock.elapsed())
    return Response(200, {"x-oss-worm-id": call.bucket.worm.id})


@operation("DELETE", "bucket", "worm", name="AbortBucketWorm")
def abort(call: Call) -> Response:
    if _policy(call).locked:
        raise _locked()
    call.bucket.worm = None
    return Response(204)


@operation("POST", "bucket", "wormId", name="CompleteBucketWorm")
def complete(call: Call) -> Response:
    worm = _named(call)
    if worm.locked:
        raise _locked()
    call.bucket.worm = replace(worm, locked=True)
    return Response(200)


@operation("POST", "bucket", "wormExtend", name="ExtendBucketWorm")
def extend(call: Call) -> Response:
    """Only a locked policy, and only to more days."""
    days = _days(call, "ExtendWormConfiguration")
    worm = _named(call)
    if not worm.locked or days <= worm.days:
        raise invalid("Only a locked WORM Configuration can be extended, to more days.")
    call.bucket.worm = replace(worm, days=days)
    return Response(200)


@operation("GET", "bucket", "worm", name="GetBucketWorm")
def get(call: Call) -> Response:
    """The date has the form of the page's sample: without milliseconds and zone."""
    worm = _policy(call)
    children = [
        xml.element("WormId", worm.id),
        xml.element("State", "Locked" if worm.locked else "InProgress"),
        xml.element("RetentionPeriodInDays", str(worm.days)),
        xml.element("CreationDate", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(worm.created))),
    ]
    return Response(200, dict(XML), xml.document("WormConfiguration", children))
