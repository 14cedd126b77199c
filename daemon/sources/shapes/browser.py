"""What a browser's console says when CORS stops a page -> a fragment: the page's origin and the address that was
asked.

The browser never shows OSS's code, so there is none; whether the bucket refused the preflight is for the remediator to
ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ossmend.daemon.sources.shapes.fragment import Fragment

_CHROMIUM = re.compile(
    r"Access to (XMLHttpRequest|fetch|font|image|script|video|resource|[\w ]{3,40}) at "
    r"'([^'\s]{1,4000})'(?: \(redirected from '[^']{1,4000}'\))?"
    r" from origin '([^'\s]{1,300})' has been blocked by CORS policy(?:: ([^\r\n]{0,600}))?"
)
_FIREFOX = re.compile(
    r"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource "
    r"at\s+[‘'\"]?(https?://[^\s’'\"]{1,4000})[’'\"]?\.?"
    r"\s+\(Reason: ([^)\r\n]{1,300})\)(?:\. Status code: (\d{3}))?"
)
_SAFARI = re.compile(
    r"Origin (https?://[^\s]{1,300}) is not allowed by Access-Control-Allow-Origin\.?(?: Status code: (\d{3}))?"
    r"|(?:XMLHttpRequest|Fetch API) cannot load (https?://\S{1,4000}) due to access control checks\.?"
)
_HEADER = re.compile(r"[Rr]equest header field ([\w-]{1,80}) is not allowed|missing token [‘'\"]([\w-]{1,80})[’'\"]")
_METHOD = re.compile(
    r"[Mm]ethod ([A-Z]{3,10}) is not allowed|Did not find method in CORS header "
    r"[‘'\"]Access-Control-Allow-Methods[’'\"]"
)


def find(text: str) -> Iterator[Fragment]:
    """Every CORS message of Chromium, Firefox and Safari."""
    if "CORS" in text:
        for found in _CHROMIUM.finditer(text):
            fragment = _fragment(found, found[2], found[3], found[4] or "")
            fragment.note("initiator", found[1])
            yield fragment
        for found in _FIREFOX.finditer(text):
            yield _fragment(found, found[1], None, found[2], found[3])
    if "llow-Origin" in text or "access control checks" in text:
        for found in _SAFARI.finditer(text):
            yield _fragment(found, found[3], found[1], found[0], found[2])


def _fragment(
    found: re.Match[str], url: str | None, origin: str | None, why: str, status: str | None = None
) -> Fragment:
    fragment = Fragment(
        found.start(), found.end(), "browser_console", {}, {"cors_console": why.strip()[:600] or found[0][:600]}
    )
    for name, value in (("url", url and url.rstrip(".")), ("origin", origin), ("status", status)):
        if value:
            fragment.put(name, value)
    if header := _HEADER.search(why):
        fragment.put("cors_headers", header[1] or header[2] or "")
    if (method := _METHOD.search(why)) and method[1]:
        fragment.put("cors_method", method[1])
    return fragment
