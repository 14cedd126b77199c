"""A text -> the same text without what a client could put into it: what stands inside somebody's request is no error.

An access line shows the URL, the referer and the agent as the client sent them, and a client may send anything, an
error of OSS's to the letter included. So these stretches are blanked, sign by sign, before errors and addresses are
looked for; the places of everything else stay.
"""

from __future__ import annotations

import re

_METHOD = re.compile(r'\\{0,8}"(?:GET|PUT|POST|HEAD|DELETE|OPTIONS|PATCH|CONNECT|TRACE) ')
_END = re.compile(r' HTTP/\d(?:\.\d)?\\{0,8}"')
_STATUS = re.compile(r" (\d{3}) ")
_COMBINED = re.compile(r' \d{3}(?: (?:\d{1,15}|-)){1,4} (?=\\{0,8}")')
"""Behind the request line: status, bytes, times; the referer and the agent follow, in the client's own words."""
_HEADER = re.compile(
    r"^([ \t>*<|]{0,6}(?:User-Agent|Referer|Cookie|X-Forwarded-For)[ \t]{0,4}:[ \t]{0,4})([^\n]{1,16384})",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = re.compile(
    r"(?:^|[\s,;{(\[\"'])(?:http_)?(?:user[-_]?agent|ua|referr?er|cookie|query_?string|request_?uri)"
    r"\\{0,8}[\"']?[ \t]{0,4}[=:][ \t]{0,4}(\\{0,8}[\"'])",
    re.IGNORECASE | re.MULTILINE,
)
_QUERY = re.compile(
    r"(https?://[^\s?\"'<>]{1,2048}\?|\b(?:GET|PUT|POST|HEAD|DELETE|OPTIONS) /[^\s?\"]{0,2048}\?)"
    r"([^\s'\"<>]{1,8192}(?:(?<=[={\[,:(])['\"<]\S{0,8192})?|(?<=\?)\S{1,8192})"
)
_NOT_OF_A_QUERY = re.compile(r"[{}\[\]<>\"'\\]|%(?:7[bBdD]|22|27|3[cCeE])")
_AGENTS = re.compile(r"agent|referr?er|cookie|x-forwarded-for|query_?string|request_?uri|\bua\b", re.IGNORECASE)
LONGEST_FIELD = 16384


def without_clients_words(text: str) -> str:
    """The text with blanks where a client's own words stand; as long as before."""
    if " HTTP/" in text:
        text = "\n".join(map(_request_blanked, text.split("\n")))
    if "?" in text:
        text = _QUERY.sub(_query_blanked, text)
    if _AGENTS.search(text):
        text = _HEADER.sub(lambda found: found[1] + " " * len(found[2]), text)
        text = _fields_blanked(text)
    return text


def _request_blanked(line: str) -> str:
    """A line without the request that it logs. The client may write ends of its own making: the last one counts that a
    status follows.
    """
    begin = _METHOD.search(line)
    if begin is None:
        return line
    ends = list(_END.finditer(line, begin.end()))
    if not ends:
        return line
    end = next((each.end() for each in reversed(ends) if _STATUS.match(line, each.end())), ends[0].end())
    blanked = line[: begin.start()] + " " * (end - begin.start())
    combined = _COMBINED.match(line, end)
    if combined is None:
        return blanked + line[end:]
    last = line.rfind('"') + 1  # referer and agent: up to the last quote it may all be the client's
    return blanked + line[end : combined.end()] + " " * (last - combined.end()) + line[last:]


def _query_blanked(found: re.Match[str]) -> str:
    """A query string keeps what cannot be an error: it loses quotes, braces and brackets."""
    return found[1] + _NOT_OF_A_QUERY.sub(lambda sign: " " * len(sign[0]), found[2])


def _fields_blanked(text: str) -> str:
    """`user_agent="..."`: the value up to its closing quote."""
    parts: list[str] = []
    at = 0
    for found in _FIELD.finditer(text):
        if found.start() < at:
            continue
        end = _closing(text, found.end(), found[1])
        parts += (text[at : found.end()], " " * (end - found.end()))
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
