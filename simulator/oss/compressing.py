"""Turns an answer into a compressed one for clients that ask for it, as OSS does with text; objects.py asks."""

from __future__ import annotations

import gzip
from typing import Final

from ossmend.simulator.contents import Stored
from ossmend.simulator.oss.call import Call
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Response

_TYPES: Final = frozenset(
    "text/cache-manifest text/xml text/plain text/css text/html text/javascript text/json application/javascript "
    "application/x-javascript application/rss+xml application/json application/xml".split()
)
_SMALLEST: Final = 1024


def compressed(call: Call, version: ObjectVersion, headers: dict[str, str]) -> Response | None:
    """The whole object, squeezed, or None for as it is. It comes in chunks: nobody knows its length before.

    An S3 client is never answered so: whether OSS does is not known, and they compare lengths.
    """
    if call.s3 is not None or "gzip" not in (call.header("accept-encoding") or "").lower():
        return None
    if call.request.version == "1.0":
        return None  # which knows no chunks
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES or version.size < _SMALLEST or "Content-Encoding" in headers:
        return None
    if not isinstance(version.content, Stored):
        return None  # zeros that were never written: made as they are sent, and nobody's text
    body = gzip.compress(version.content.data, compresslevel=1, mtime=0)
    kept = {name: value for name, value in headers.items() if name not in ("ETag", "Content-MD5", "Accept-Ranges")}
    kept |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Transfer-Encoding": "chunked"}
    return Response(200, kept, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
