"""Turns a bucket's access monitor into `x-oss-last-access-time`; objects.py notes the reads and shows the time.

A version that nobody has read since it was written was accessed when it was written. Whose reads count before the
monitor was switched on is not documented; here they do not.
"""

from __future__ import annotations

from ossmend.simulator.oss import xml
from ossmend.simulator.oss.call import Call
from ossmend.simulator.state import Bucket, ObjectVersion
from ossmend.simulator.wire import http_date


def status(bucket: Bucket) -> str:
    document = bucket.documents.get("accessmonitor")
    return xml.parse(document, "AccessMonitorConfiguration").value("Status") if document else "Disabled"


def note(call: Call) -> None:
    """This request reads its object's content."""
    if status(call.bucket) == "Enabled":
        call.bucket.accessed[call.key] = call.now


def header(call: Call, version: ObjectVersion) -> dict[str, str]:
    if status(call.bucket) != "Enabled":
        return {}
    return {"x-oss-last-access-time": http_date(max(version.modified, call.bucket.accessed.get(call.key, 0)))}
