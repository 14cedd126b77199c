"""What Apache's HTTP client logs of a connection -> the bytes as text: `http-outgoing-3 << "<Code>..."`.

The Java SDK speaks through it, and a debug log of it holds each answer of OSS's, a line of the answer a record. Of what
was sent only the request line and the Host are of use: everything else in it may be somebody's upload.
"""

from __future__ import annotations

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.remediators.contract.light import regex

_WIRE = regex(r"([^\n\"]{0,200}?)\b(http-outgoing-\d{1,10}) (<<|>>) (\"?)([^\n]*)$")
_ENDS = regex(r"(?:\[\\r\])?(?:\[\\n\])?\"?$")
_ASKED = regex(r"(?:[A-Z]{3,7} /[^\n]{0,4096} HTTP/\d|Host: )")


def opened(raw: str) -> Line | None:
    """The inside of a wire line; None for any other."""
    if "http-outgoing-" not in raw:
        return None
    found = _WIRE.match(raw)
    if found is None:
        return None
    inside = _ENDS.sub("", found[5], count=1) if found[4] else found[5]
    if found[3] == ">>" and _ASKED.match(inside) is None:
        inside = ""
    return Line(inside, found[2], stamp=found[1][:40] or None)
