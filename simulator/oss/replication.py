"""Turns the question how a bucket is replicated into "not at all": rules are not simulated, so that none is there.

Source: OSS's table of errors with status 404.
"""

from __future__ import annotations

from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.wire import Refusal, Response


@operation("GET", "bucket", "replication", name="GetBucketReplication")
def get(call: Call) -> Response:
    raise Refusal(
        404,
        "NoSuchReplicationConfiguration",
        "The bucket you specified does not have replication configuration.",
        "0031-00000102",  # ours
        [("BucketName", call.bucket_name)],
    )
