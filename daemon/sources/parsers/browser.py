"""What a browser's console says when CORS stops a page -> a fragment: the page's origin and the address that was
asked.

The browser never shows OSS's code, so there is none; whether the bucket refused the preflight is for the remediator to
ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

_ANSWER = r"[{<]|\b\w{0,20}(?i:code|request[-_]?id)[\"']?[ \t]?[:=]"
"""Where somebody who logs a message begins to tell OSS's answer, on the same line: no browser's reason has it."""
_CHROMIUM = regex(
    r"Access to (XMLHttpRequest|fetch|font|image|script|video|resource|[\w ]{3,40}) at "
    r"'([^'\s]{1,4000})'(?: \(redirected from '[^']{1,4000}'\))?"
    r" from origin '([^'\s]{1,300})' has been blocked by CORS policy"
    rf"(?:: ((?:(?!{_ANSWER})[^\r\n]){{0,600}}))?"
)
_FIREFOX = regex(
    r"Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource "
    r"at\s+[‘'\"]?(https?://[^\s’'\"]{1,4000})[’'\"]?\.?"
    r"\s+\(Reason: ([^)\r\n]{1,300})\)(?:\. Status code: (\d{3}))?"
)
_SAFARI = regex(
    r"(?:Failed to load resource: )?Origin (https?://[^\s]{1,300}|null) is not allowed by "
    r"Access-Control-Allow-Origin\.?"
    r"(?: Status code: (\d{3}))?"
    r"|(?:XMLHttpRequest|Fetch API) cannot load (https?://\S{1,4000}) due to access control checks\.?"
)
_OLDER_CHROMIUM = regex(
    r"(?:Failed to load|(?:XMLHttpRequest|Fetch API|Font|Image|Script)(?: from origin '[^'\s]{1,300}')? cannot load"
    r"|(?:Font|Image|Script|Media) from origin '[^'\s]{1,300}' has been blocked from loading(?: by .{0,40}policy)?)"
    r" (https?://[^\s'\"]{1,4000}?)[:.] ((?:Response to preflight|No 'Access-Control|The '|Request header|Method"
    r"|Redirect|Credentials|A wildcard|Cross-origin|Invalid HTTP status)[^\r\n]{0,800})"
)
_EDGE = regex(
    r"SEC71\d\d: \[CORS\] (The origin '([^'\s]{1,300})'[^\r\n]{0,300}? for cross-origin\s{1,3}resource at "
    r"'(https?://[^'\s]{1,4000})')"
)
_THEREFORE = regex(r"Origin '([^'\s]{1,300})' is therefore not allowed")
_STATUS = regex(r"status code (?:of )?(\d{3})")
_FIREFOX_ZH = regex(
    r"已拦截跨源请求：同源策略禁止读取位于\s{0,3}(https?://[^\s（]{1,4000})\s{0,3}的远程资源。"
    r"（原因：([^）\r\n]{1,300})）(?:。状态码：(\d{3}))?"
)
_XHR = regex(
    r"\(req \\{0,8}\"\w{1,20}\\{0,8}\"\), (GET|PUT|POST|HEAD|DELETE) (https?://[^\s'\"]{1,4000}) -\d"
    r" \(connected: (?:true|false)"
)
"""ali-oss in a browser: the request never got an answer that the page may read."""
_PREFLIGHT = regex(r"\bOPTIONS (https?://[^\s'\"]{1,4000}) (?:net::\w{1,40} )?(403)(?: \(Forbidden\))?")
"""The network line of a refused preflight."""
_SAFARI_PREFLIGHT = regex(r"Preflight response is not successful\.?(?: Status code: (\d{3}))?")
NETWORK = "network"
"""Note of a line that says the same as a console message beside it."""
_HEADER = regex(r"[Rr]equest header field ([\w-]{1,80}) is not allowed|missing token [‘'\"]([\w-]{1,80})[’'\"]")
_METHOD = regex(
    r"[Mm]ethod ([A-Z]{3,10}) is not allowed|Did not find method in CORS header "
    r"[‘'\"]Access-Control-Allow-Methods[’'\"]"
)


def find(text: str) -> Iterator[Fragment]:
    """Every CORS message of Chromium, Firefox and Safari, and the network lines that stand beside them."""
    if "CORS" in text or "跨源" in text:
        for found in _CHROMIUM.finditer(text):
            fragment = _fragment(found, found[2], found[3], found[4] or "")
            fragment.note("initiator", found[1])
            yield fragment
        for found in _EDGE.finditer(text):
            yield _fragment(found, found[3], found[2], found[1])
        for found in (*_FIREFOX.finditer(text), *_FIREFOX_ZH.finditer(text)):
            yield _fragment(found, found[1], None, found[2], found[3])
    if "Access-Control" in text or "preflight" in text:
        for found in _OLDER_CHROMIUM.finditer(text):
            origin, status = _THEREFORE.search(found[2]), _STATUS.search(found[2])
            yield _fragment(found, found[1], origin and origin[1], found[2], status and status[1])
    if "llow-Origin" in text or "access control checks" in text:
        for found in _SAFARI.finditer(text):
            fragment = _fragment(found, found[3], found[1], found[0], found[2])
            if not found[3]:
                fragment.note(NETWORK, "the console's line about an origin, without the address")
            yield fragment
    yield from _network_lines(text)


def _network_lines(text: str) -> Iterator[Fragment]:
    if "(connected: " in text:
        for found in _XHR.finditer(text):
            fragment = _fragment(found, found[2], None, found[0])
            fragment.put("method", found[1])
            fragment.note(NETWORK, "the browser got no answer that the page may read")
            yield fragment
    for found in _SAFARI_PREFLIGHT.finditer(text) if "Preflight response" in text else ():
        fragment = _fragment(found, None, None, found[0], found[1])
        fragment.note(NETWORK, "the console's line about a preflight, without its address")
        yield fragment
    if "OPTIONS http" in text:
        for found in _PREFLIGHT.finditer(text):
            fragment = _fragment(found, found[1], None, "preflight refused", found[2])
            fragment.put("method", "OPTIONS")
            fragment.note(NETWORK, "the network line of a preflight")
            yield fragment


def _fragment(
    found: re.Match[str], url: str | None, origin: str | None, why: str, status: str | None = None
) -> Fragment:
    fragment = Fragment(
        found.start(), found.end(), "browser_console", {}, {"cors_console": why.strip()[:600] or found[0][:600]}
    )
    for name, value in (("url", url and url.rstrip(".")), ("origin", origin), ("status", status)):
        if value:
            fragment.put(name, value, Origin.REQUEST)
    if header := _HEADER.search(why):
        fragment.put("cors_headers", header[1] or header[2] or "")
    if (method := _METHOD.search(why)) and method[1]:
        fragment.put("cors_method", method[1])
    return fragment
