"""A text -> the same text without what a client could put into it: what stands inside somebody's request is no error.

A log line of a request shows the URL, the referer and the agent as the client sent them, and a client may send
anything, an error of OSS's to the letter included. So these stretches are blanked, sign by sign, before errors and
addresses are looked for; the places of everything else stay. What a program says in words of its own, with something of
a client's in it, cannot be told from a refusal by its text: docs/security.md. Next: reading.py looks at what is left.
"""

from __future__ import annotations

import re

from ossmend.daemon.sources.parsers.names import CODE_PATTERN
from ossmend.remediators.contract.light import regex

_INK = r"(?:\x1b\[[\d;]{0,12}m){0,4}"
_VERBS = ("GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE")
_VERB = rf"(?:{'|'.join(_VERBS)})"
_MARKS = (
    "http/ /20 get put post head delete options patch connect trace #0: #1: #2: #3: #4: #5: #6: #7: #8: #9: tcp_ cef: "
    "? agent referer referrer cookie forwarded via: x-real-ip x-original query request param payload header input "
    "filename file_name search keyword q= q: q\" q' ua= ua: ua\" ua' path uri url authority "
    "form= form: form\" form' args"
).split()
"""A text without any of these, in small letters, holds nobody's request; neither has it one of the tails below."""

# ---------------------------------------------------------------------------------------------- lines of access logs

_LEVEL = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|FATAL|CRIT|PANIC)"
_COMMON = regex(
    r"\[?\b\d{1,2}/[A-Z][a-z]{2}/20\d\d:\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: [+-]\d{4})?\]?"
    rf" (?:(?!{_LEVEL}|{_LEVEL.lower()})[\w.:-]{{1,253}} ){{0,3}}\\{{0,8}}\""
)
"""The stamp of the common log format with a quoted request behind it, ..."""
_DAY = regex(r"/20\d\d:\d\d:\d\d:\d\d")
"""... and what of it is found at once: most lines are looked at for this alone."""
_FIRST_WORDS = regex(r"(?!20\d\d[-/])(?:\S{1,253}(?: \S{1,253})? )?[0-9a-fA-F:.]{3,45} ")
_CHAIN = regex(r", ?[0-9a-fA-F:.]{3,45} - ")
"""The last of the addresses in X-Forwarded-For, before the user's name."""
_USER = regex(r"(?<=\s)(?![0-9a-fA-F:.]{3,45} - )\S{1,4096} - \S{1,253} \Z")
"""The user's name, or none, before the stamp, and no address before it: a client has written what stands there."""
_W3C = regex(
    rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d (?:(?!{_LEVEL})[^\s\"]{{1,80}} ){{0,3}}[0-9a-fA-F.:]{{3,45}} {_VERB} (?=/)"
)
_PROXYS = regex(
    r"(?<!\d)(?:-?\d{1,9}/){4}\+?-?\d{1,9} -?\d{1,3} \+?\d{1,15} "
    rf"|\bTCP_[A-Z_]{{3,40}}/\d{{3}} \d{{1,15}} {_VERB} |\bCEF:\d\|"
)
"""From here the line is what a proxy says of somebody's request, without quotes that one could rely on; ..."""
_PROXYS_SIGNS = regex(r"/-?\d{1,9}/-?\d{1,9}/|TCP_|CEF:")
"""... it has one of these."""
_QUOTED = regex(rf"\\{{0,8}}\"{_INK}[A-Z][A-Z-]{{2,19}} ")
_END = regex(rf" HTTP/\d(?:\.\d)?{_INK}\\{{0,8}}\"")
_COMBINED = regex(r"(?: [^\s\"'{}<>]{1,80}){0,12} (?:\{[^{}\"]{0,80}\} ){0,2}(?=\\{0,8}\")")
"""Behind the request line: status, bytes, times; the referer and the agent follow, in the client's own words."""

# ------------------------------------------------------------------------------- requests without a version, addresses

_PATH_QUOTED = regex(rf"\b{_VERB}\b\]?:?[ \t]{{1,12}}(\\{{0,8}}\")(?=/)")
_PATH = regex(rf"(?:\x1b\[[\d;]{{0,12}}m|(?<![\w\"])){_VERB}{_INK}(?:[ \t]{{1,12}}|[ \t]?\|[ \t]?)(/\S{{0,16384}})")
_URL = regex(r"https?://[^\s\"'<>?]{1,2048}\?([^\s'\"<>]{1,8192}(?:(?<=[={\[,:(])['\"<]\S{0,8192})?|(?<=\?)\S{1,8192})")
_TELLS = regex(
    rf"[{{}}<>\"'\\`|]|://|%(?:7[bB]|22|3[cC]|27|3[aA]%2[fF]%2[fF])|(?i:code|requestid|request_id|x-oss-|oss:)|{CODE_PATTERN}"
)
"""In an address, signs of an error rather than of a place."""
_QUERY_SIGNS = regex(r"[{}\[\]<>\"'\\]|%(?:7[bBdD]|22|27|3[cCeE])")
_OURS = regex(r"(?i)^https?://[a-z0-9.-]{1,200}(?:aliyuncs\.com|aliyun-inc\.com)(?::\d{1,5})?/")

# ------------------------------------------------------------- sentences of servers and frameworks about a bad request

_TAILS = regex(
    r"\bAH(?!01071|01215)\d{5}: |\bModSecurity: "
    r"|\b(?:Forbidden|Not Found|Bad Request|Unauthorized|Method Not Allowed|Gone|Internal Server Error)"
    r"(?: \([^)\n]{0,80}\))?: (?=/)"
    r"|\bInvalid HTTP_HOST header: |\bInvalid character found in |\bmalicious String "
    r"|\bRoutingError \(No route matches "
    r"|\bJSON parse error: |\b(?:Parameters: |params=)(?=%?\{)|\bREQUEST DATA : |\b(?:Before|After) request \["
    r"|\bRead \"[\w/+.;= -]{3,80}\" to \[|\bHTTP parse error, malformed request|\bRequest (?:starting|finished) HTTP/"
    r"|, (?:referer: |referrer: \")|\bUndefined (?:index|array key|variable|property): "
)
"""What follows on the line is the client's."""
_TAIL_SIGNS = (
    *("AH0", "AH1", "ModSecurity: ", ": /", "HTTP_HOST header: ", "Invalid character found in ", "malicious String "),
    *("RoutingError (No route", "JSON parse error: ", "Parameters: ", "params=", "REQUEST DATA : ", "request ["),
    *('Read "', "HTTP parse error, ", "Request starting HTTP/", "Request finished HTTP/", ", refer", "Undefined "),
)
"""One of these is in every tail, and in few other lines."""
_NGINX = regex(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w{3,8}\] \d{1,10}#\d{1,10}: ")
_OF_THE_APPLICATION = regex(r"FastCGI sent in stderr: |\[lua\] ")

# ------------------------------------------------------------------------------------------------------- named values

_HEADER = regex(
    r"^([ \t>*<|]{0,6}(?:User-Agent|Referer|Cookie|X-Forwarded-\w{2,8}|Forwarded|Via|X-Real-IP|X-Original-UR[IL])"
    r"(?:[ \t]{0,4}:[ \t]{0,4}|\t[ \t]{0,8}| {2,24}))([^\n]{1,16384})",
    re.IGNORECASE | re.MULTILINE,
)
_DUMPED = regex(r"^([ \t]{1,24}(?:header|parameter)=)([^\n]{1,16384})", re.IGNORECASE | re.MULTILINE)
"""`            header=User-Agent=...`, as Undertow dumps a request."""
_NAMES = (
    r"(?:http_)?(?:user[-_]?agent|ua|referr?er|cookies?|query(?:_?string)?|request_?(?:uri|body|line)"
    r"|x[-_]forwarded[-_](?:for|host)|authority|parameters|header[._][\w-]{1,40}|input|form|args"
    r"|file_?name|search|keyword|q"
)
_BEFORE, _SIGN = r"(?:^|[\s,;{(\[\"'])", r"\\{0,8}[\"']?[ \t]{0,4}(?:=>?|:)[ \t]{0,4}"
_FIELD = regex(rf"{_BEFORE}{_NAMES}|headers?|params|payload){_SIGN}\[?(\\{{0,8}}[\"'])", re.IGNORECASE | re.MULTILINE)
_BARE_FIELD = regex(
    rf"{_BEFORE}{_NAMES}){_SIGN}((?:(?<==){{|[^\s\"'{{\[\\])\S{{0,16384}})", re.IGNORECASE | re.MULTILINE
)
_FLAT_FIELD = regex(
    rf"^((?:[\w@-]{{1,40}}\.){{1,4}}{_NAMES}|original|(?<=request\.)(?:uri|url|path|target|line))(?:\.\w{{1,20}}){{0,2}}\t)([^\n]{{1,16384}})"
    rf"|^({_NAMES})\.\w{{1,20}}(?:\.\w{{1,20}})?\t)([^\n]{{1,16384}})",
    re.IGNORECASE | re.MULTILINE,
)
"""`user_agent.original<tab>...`: a record that was laid flat, as a log's page is copied."""
_NAMES_PARTS = (
    *("agent", "refer", "cookie", "query", "request_", "requesturi", "requestbody", "requestline", "forwarded"),
    *("authority", "param", "header", "input", "form", "args", "file", "search", "keyword", "payload"),
)
_SHORT_NAMES = regex(r"(?:ua(?<![a-z]ua)|q(?<![a-z]q))(?![a-z])")
"""In small letters, one of these is in every name above."""
_PLACE_FIELD = regex(
    r"(?:^|[\s,;{(\[\"'])(?:request_?)?(?:path|ur[il])"
    r"(?:=|\\{0,8}\"[ \t]{0,4}:[ \t]{0,4}(?=\\{0,8}\"))(?:(\\{0,8}[\"'])|(/\S{1,16384}))",
    re.IGNORECASE | re.MULTILINE,
)
LONGEST_FIELD = 16384


def tells(words: str) -> bool:
    """Has this signs of an error rather than of a place?"""
    return _TELLS.search(words) is not None


def without_clients_words(text: str) -> str:
    """The text with blanks where a client's own words stand; as long as before."""
    lowered = text.lower()
    if not any(mark in lowered for mark in _MARKS) and not any(sign in text for sign in _TAIL_SIGNS):
        return text
    text = "\n".join(map(_line, text.split("\n")))
    text = _HEADER.sub(lambda found: found[1] + " " * len(found[2]), text)
    if "header=" in lowered or "parameter=" in lowered:
        text = _DUMPED.sub(lambda found: found[1] + " " * len(found[2]), text)
    if "\t" in text:
        text = _FLAT_FIELD.sub(_flat_blanked, text)
    return _fields_blanked(text)


def _flat_blanked(found: re.Match[str]) -> str:
    value = found[2] or found[4]
    return found[0][: len(found[0]) - len(value)] + " " * len(value)


def _line(line: str) -> str:
    """One line without the request that it logs."""
    if _DAY.search(line) and (stamped := _COMMON.search(line)):
        return _between(line, _first_words(line, stamped.start()), line.rfind('"') + 1)
    if proxys := _W3C.match(line) or (_PROXYS.search(line) if _PROXYS_SIGNS.search(line) else None):
        return _between(line, proxys.end(), len(line))
    line = _sentence_blanked(line)
    if " HTTP/" in line:
        line = _request_blanked(line)
    if any(verb in line for verb in _VERBS):
        line = _PATH.sub(_path_blanked, _paths_in_quotes_blanked(line))
    return _URL.sub(_query_blanked, line) if "?" in line else line


def _between(line: str, start: int, end: int) -> str:
    return line[:start] + " " * (end - start) + line[end:] if end > start else line


def _first_words(line: str, limit: int) -> int:
    """Behind the client's address, where the line begins with one; the user's name after it is the client's own."""
    found = _FIRST_WORDS.match(line, 0, limit)
    if found is not None and _TELLS.search(line, 0, found.end()) is None:
        return found.end()
    if line.startswith("20") and not any(each.search(line, max(0, limit - 400), limit) for each in (_CHAIN, _USER)):
        return limit  # a log call's own stamp
    return 0 if line.rfind(" - ", 0, limit) >= 0 else limit  # X-Forwarded-For stands there, as a client sent it


def _request_blanked(line: str) -> str:
    """A line without `"GET /path HTTP/1.1"`. Who writes an end of his own making loses the rest of the line."""
    begin = _QUOTED.search(line)
    if begin is None:
        return line
    ends = list(_END.finditer(line, begin.end()))
    if not ends:
        return line
    start = begin.start()
    if line[:start].endswith('" '):
        start = line.find('"')  # quoted before the request line: a header, in a format of somebody's own
    combined = _COMBINED.match(line, ends[0].end())
    if len(ends) > 1 or combined is not None:  # referer and agent: up to the last quote it may all be the client's
        return _between(line, start, line.rfind('"') + 1)
    return _between(line, start, ends[0].end())


def _sentence_blanked(line: str) -> str:
    """A line without what a server or a framework quotes of a request that it did not like."""
    if nginx := _NGINX.search(line[:200]):
        if not _OF_THE_APPLICATION.search(line):
            return _between(line, nginx.end(), len(line))
        client = line.rfind(", client: ")
        line = _between(line, client, len(line)) if client >= 0 else line
    tail = _TAILS.search(line) if any(sign in line for sign in _TAIL_SIGNS) else None
    return _between(line, tail.end(), len(line)) if tail else line


def _paths_in_quotes_blanked(line: str) -> str:
    """`Started GET "/path" for ...`: up to the closing quote, and to the end of the word that it ends in."""
    parts: list[str] = []
    at = 0
    for found in _PATH_QUOTED.finditer(line):
        if found.start() >= at:
            end = _closing(line, found.end(), found[1])
            end = min((place for place in (line.find(" ", end), line.find("\t", end)) if place >= 0), default=len(line))
            kept = line[found.end() : end]
            parts += (line[at : found.end()], " " * len(kept) if _TELLS.search(kept[:-1]) else kept)
            at = end
    return "".join((*parts, line[at:]))


def _path_blanked(found: re.Match[str]) -> str:
    """`GET /path?query`: a path that tells more than a place does is none."""
    lead = found[0][: len(found[0]) - len(found[1])]
    return lead + (" " * len(found[1]) if _TELLS.search(found[1]) else found[1])


def _query_blanked(found: re.Match[str]) -> str:
    """A query at OSS's own hosts signs the request, and loses quotes and braces; any other is blanked if it speaks."""
    lead, query = found[0][: len(found[0]) - len(found[1])], found[1]
    quote = found.string[found.start() - 1 : found.start()]
    if quote in ("'", '"') and (last := query.rstrip(".,;:)]")).endswith(quote):
        query = last[:-1]  # the quote that the address stands in, as in a browser's sentence
    closing = found[1][len(query) :]
    if _OURS.match(lead):
        return lead + _QUERY_SIGNS.sub(lambda sign: " " * len(sign[0]), query) + closing
    return lead + (" " * len(query) if _TELLS.search(query) else query) + closing


def _fields_blanked(text: str) -> str:
    """`user_agent="..."`, `payload=...`: without the value. `path=` and `url=` name places, and lose what is none."""
    lowered = text.lower()
    if any(part in lowered for part in _NAMES_PARTS) or _SHORT_NAMES.search(lowered):
        text = _values_blanked(text)
    return _places_blanked(text)


def _values_blanked(text: str) -> str:
    text = _BARE_FIELD.sub(lambda found: found[0][: -len(found[1])] + " " * len(found[1]), text)
    parts: list[str] = []
    at = 0
    for found in _FIELD.finditer(text):
        if found.start() >= at:
            end = _end_of_value(text, found)
            parts += (text[at : found.end()], " " * (end - found.end()))
            at = end
    return "".join((*parts, text[at:]))


def _end_of_value(text: str, found: re.Match[str]) -> int:
    """Its closing quote. A line that looks like JSON and is none has quotes of a client's in it: all of its rest."""
    line = text.rfind("\n", 0, found.start()) + 1
    if found[1] == '"' and text.startswith('{"', line):
        newline = text.find("\n", found.end())
        return newline if newline >= 0 else len(text)
    return _closing(text, found.end(), found[1])


def _places_blanked(text: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _PLACE_FIELD.finditer(text):
        start = found.start(2) if found[2] else found.end()
        if start < at or text.startswith(("http", "oss:"), start):
            continue
        end = found.end() if found[2] else _closing(text, start, found[1])
        if _TELLS.search(text, start, end):
            parts += (text[at:start], " " * (end - start))
            at = end
    return "".join((*parts, text[at:]))


def _closing(text: str, start: int, quote: str) -> int:
    """Where a quoted value ends: at the same quote, escaped no deeper than the opening one, or with its line."""
    newline = text.find("\n", start, start + LONGEST_FIELD)
    stop = newline if newline >= 0 else min(len(text), start + LONGEST_FIELD)
    at = text.find(quote, start, stop)
    while at >= 0:
        if at == start or text[at - 1] != "\\":
            return at
        at = text.find(quote, at + len(quote), stop)
    return stop
