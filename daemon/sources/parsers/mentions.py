"""Words that say a refusal without naming its parts -> fragments: `AccessDeniedError: ...`, `403 AccessForbidden`, a
bare message of OSS's, a status line, a block page.

They count for less than a body or a dict: such a fragment joins a fuller one beside it, and stands alone only where the
text around the word shows that something was refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ossmend.daemon.sources.parsers import spoken
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import CUTS, MESSAGE_CODES, cut_off, implied_code
from ossmend.daemon.sources.parsers.names import CODE_PATTERN, NOT_REFUSALS, trie
from ossmend.remediators.contract.light import regex

_CODE = regex(
    rf"(?=[A-Z])(?<![A-Za-z0-9_])({CODE_PATTERN}(?:\.(?:NotFound|Inactive|Malformed|Expired"
    rf"|MismatchWithAccessKey|RAM))?)(?:(Error|Exception))?(?![A-Za-z0-9_])"
)
_COUNTED = regex(
    r" ?(?:(?:ms|s|[KMGT]i?B|B|%|of)(?![A-Za-z=:])|(?:seconds|minutes|hours)\b(?!=)|IN (?:A|AAAA|CNAME|TXT)\b"
    r"|(?:[个次行条张号份秒项天]|毫秒|字节|分钟|小时|页(?!面))"
    r"|(?!errors?\b|responses\b|status\b|access\b|is\b|was\b|has\b|as\b|this\b|always\b|does\b|returns\b|occurs\b|means\b|happens\b|comes\b)"
    r"[a-z]{2,20}s(?![\w:=]))"
)
"""403 of these is no status: `403 KB`, `403 objects`."""
_COUNTS = regex(
    r"(?:\b(?:port|line|pid|worker|order|row|page|last|only|retry|attempt|total|num|count|size|length|took"
    r"|elapsed|bytes)[ :=#]{1,3}"
    r"|(?<![\d.])[23]\d\d[ \t,|]{1,3}|(?:第|共|任务|耗时|大小|数量|编号|端口)[:：]? ?)$",
    re.IGNORECASE,
)
"""Neither what stands behind one of these, nor behind another status: there are the bytes."""
_CALLS = (".status(", ".sendStatus(", ".reply(", ".respondWith(")
"""Source code of a test, or of a server of one's own."""
_STATUS = regex(
    r"(?:HTTP(?:/[\d.]{1,3})?|[Ss]tatus(?: ?[Cc]ode)?|StatusCodeError|[Rr]esponse [Cc]ode|返回码?|状态码?)"
    r"[\s:：=(（/\"']{0,4}(?:of |is |was )?([345]\d\d)(?!\d)"
    r"|(?<![\d.])([345]\d\d)(?= {0,3}[(\"]?(?:Forbidden|FORBIDDEN|Bad Request|Not Found|Conflict|Client Error)\b)"
    r"|(?:HTTP ?Error|http ?error|HTTPError|ERROR|[Ee]rror)[\s:：]{1,3}(?:HTTP |http )?(?:error )?\(?(40[03])\b(?!\.\d)"
    r"|[Hh]ttp ?[Ss]tatus ?[Cc]ode (Forbidden)\b"
    r"|(?:[Ee]rror|[Ff]ail(?:ed|ure)?|[Ee]xception|[Rr]esponse|失败|报错|错误)[^\n\d:]{0,60}(?<!line )(?<![\d.:/])"
    r"\b(40[03])\b(?! ?\d|[.:/]\d)"
    r"|\((40[03])\)(?= when calling| Forbidden|$)|错误[:：] ?[(（](40[03])[)）]"
    r"|(?:\bForbidden|\bFORBIDDEN|\bBad Request)[\s:：(\[,]{1,3}(40[03])\b(?!\.\d)"
    r"|\b(?:got|returned|responded(?: with)?|answered|code)[\s:=]{1,3}(?:a |an |HTTP |status )?(40[03])\b(?!\.\d)"
)
_LONE = regex(r"(?<![A-Za-z0-9_.:/=&?#%+@-])(40[03])(?![A-Za-z0-9_/%=&+-]|[.:]\d)")
_LABEL = regex(r"\w ?[:=：][ \t]{0,2}[(\[]?$")
_SUCCESS = regex(
    r"(?i)\b(?:ok|succe\w{2,7}|(?:up|down)loaded|done|finished|completed?|imported|synced|saved|stored|skipped|exists)\b"
    r"|成功|完成|已上传|(?<![\w.:/-])20[0146](?![\w.:/-])"
)
"""On such a line a number alone is no refusal."""
_SIGN = regex(r"[\\\"'`>)\]]{0,2}(?:[ \t]{1,4}|[ \t]{0,4}[-=]?(?:>|→|—|–|\||:)[ \t]{0,4})[(\[]?$")
_SET_OFF = regex(r"[\[(（\"']403[\])）\"']|[^\x00-\x7f] ?403|403 ?[^\x00-\x7f]|\s403(?:\n|$)|[,;|\t]\"?403\"?[,;|\t]")
_BEFORE_ADDRESS = regex(r"[)\]]?[ \t:|-]{1,4}(?:[A-Z]{3,7} )?<?https?://[\w.-]{3,200}aliyuncs\.com")
STATUS_WORDS = regex(
    "HTTP|http|[Ss]tatus(?!')|[Rr]esponse|返回|状态|Forbidden|FORBIDDEN|Bad Request|Not Found|Conflict"
    "|Client Error|[Ee]rror|[Ff]ail|[Ee]xception|失败|报错|错误|ERROR|when calling|got|returned|responded|answered|code"
)
_A_STATUS = regex(r"[345]\d\d(?!\d)|Forbidden")
"""One of these is in every status above, and most texts have none of them: that is seen at once."""
_STATUS_BEFORE = regex(r"(?<![\d.])(4\d\d)[\s:,\-(\[]{1,4}$")
_STATUS_NEAR = regex(r"(?:HTTP|http|[Ss]tatus|状态)\D{0,12}(4\d\d)(?!\d)|[(（\s](40[03])[)）\s,.:]")
_SAYS = regex(r"[\s\"'*`\])]{0,3}[:：/]\s{0,3}([A-Z][^\r\n]{3,600})")
_SAID_END = regex(r"[\"{}<>|（]| RequestId: |\s(?:at|\\n)\s")
QTS = "server replied: Forbidden"
_REFUSED = regex(
    r"(?i)\b(?:err(?:or)?|fail(?:ed|ure)?|exception|refused|denied|forbidden|reject(?:ed)?|got"
    r"|returned|answered|cannot|unable)\b"
    r"|失败|错误|报错|拒绝|异常"
)
_NOT_OURS = regex(r"(?:^|[^\w.])((?:[a-zA-Z_$][\w$]{0,60}\.){1,12})$")
"""The package before an exception's name: `java.nio.file.` is none of OSS's."""
_OURS = regex(r"(?i)oss|aliyun|alibaba")
_RPC = regex(r"rpc error: code = $")
_RECOMMENDED = regex(r"troubleshoot\?q=(\d{4}-\d{8})\b")
_OSS_ID = regex(r"[0-9A-F](?<![0-9A-Za-z][0-9A-F])[0-9A-F]{23}(?![0-9A-Fa-z])")
"""What must not stand before it is looked at behind its first sign: so the search skips what is no such sign."""
EARLIEST, LATEST = 0x4B00_0000, 0x8000_0000
"""An id begins with the time of its request: from 2009 to 2038."""
_EC = regex(r"(?<![\w=-])00\d\d-0000\d{4}(?![\w-])")
_BLOCKED = regex(r"Cannot visit oss, forbidden by security system|<center>tengine", re.IGNORECASE)
_PAGE = regex(r"<title>\s{0,20}403[^<]{0,80}</title>|<h1>\s{0,20}403[^<]{0,80}</h1>", re.IGNORECASE)

_BEGINNINGS = trie(sorted({*MESSAGE_CODES, *(message.replace("'", "’") for message in MESSAGE_CODES)}))
_BEGINNING = regex(_BEGINNINGS)
SHORTEST = min(map(len, MESSAGE_CODES))
_MESSAGE = regex(rf"{_BEGINNINGS}[^\r\n\"<>\\|\u3000-\u303f\u3400-\u9fff\uff00-\uffef]{{0,400}}")
"""To the end of what OSS may have said: what goes on in Chinese is whoever quotes it."""


def find(text: str) -> Iterator[Fragment]:
    """Codes as words, OSS's own messages, status lines and block pages, in their order."""
    found = [*_recommended(text), *_codes(text), *_messages(text), *_statuses(text), *_pages(text), *_numbers(text)]
    found += _replies(text)
    told = {place for each in found if "status" in each.facts for place in range(each.start, each.end)}
    found += (each for each in _numbers_by_addresses(text) if each.start not in told)
    found.sort(key=lambda fragment: fragment.start)
    yield from found


def _recommended(text: str) -> Iterator[Fragment]:
    """OSS's link to its own help tells the EC."""
    if "troubleshoot?q=" in text:
        for found in _RECOMMENDED.finditer(text):
            yield Fragment(found.start(), found.end(), "text", {"ec": found[1]}, weak=True)


def _numbers(text: str) -> Iterator[Fragment]:
    """A request id or an EC under any name, or under none: nothing else looks like either."""
    ids = (found for found in _OSS_ID.finditer(text) if EARLIEST < int(found[0][:8], 16) < LATEST)
    codes = _EC.finditer(text) if "-0000" in text else ()
    for name, every in (("request_id", ids), ("ec", codes)):
        for found in every:
            yield Fragment(found.start(), found.end(), "text", {name: found[0]}, {"bare": "yes"}, weak=True)


def _codes(text: str) -> Iterator[Fragment]:
    words = list(_CODE.finditer(text))
    listed = spoken.listed(words, text) if len(words) > 1 else ()
    for word in words:
        fragment = Fragment(word.start(), word.end(), "text", {"code": word[1]}, weak=True)
        earliest = max(0, word.start() - 200)
        line_start = max(text.rfind("\n", earliest, word.start()) + 1, earliest)
        before = text[line_start : word.start()]
        line_end = text.find("\n", word.end(), word.end() + 700)
        after = text[word.end() : line_end if line_end >= 0 else word.end() + 700]
        if _RPC.search(before) or (word[2] == "Exception" and _is_anothers(before)):
            continue
        if spoken.is_only_spoken_of(before, after):
            continue
        if word.start() in listed:
            fragment.note("listed", "yes")
            yield fragment
            continue
        status = _status_near(before, after)
        if status is not None and NOT_REFUSALS.get(word[1], 403) not in (404, 409):
            fragment.put("status", status)
        said = _SAYS.match(after)
        if said:
            fragment.put("message", _sentence(said[1]))
            fragment.end += said.end()
        if word[2]:
            fragment.shape = "node" if word[2] == "Error" else "text"
        if word[2] or said or "status" in fragment.facts or before.endswith("exceptions.") or _REFUSED.search(before):
            fragment.note("said", "yes")
        yield fragment


def _status_near(before: str, after: str) -> str | None:
    if found := _STATUS_BEFORE.search(before):
        return found[1]
    near = _STATUS_NEAR.search(line := f"{before} {after[:200]} ")
    if near is None or _COUNTED.match(line, near.end(near.lastindex or 0)):
        return None
    return near[1] or near[2]


def _is_anothers(before: str) -> bool:
    """`java.nio.file.AccessDeniedException`: a name in a package of somebody else's."""
    package = _NOT_OURS.search(before)
    return package is not None and _OURS.search(package[1]) is None


def _sentence(text: str) -> str:
    """What a program printed behind the code, without what it printed behind that."""
    end = _SAID_END.search(text)
    return text[: end.start() if end else None].strip()


def _messages(text: str) -> Iterator[Fragment]:
    for message in _MESSAGE.finditer(text):
        told = ((message.start(), message[0]),) if len(message[0]) < 2 * SHORTEST else _sentences(message)
        for start, said in told:
            end = start + len(said)
            yield Fragment(start, end, "text", {"message": said.strip()}, {"said": "yes"}, weak=True)
    if (cut := cut_off(text)) is not None:
        start, code = cut
        facts, extra = {"message": text[start:].rstrip(CUTS)}, {"said": "yes", "sentence_cut": code}
        yield Fragment(start, len(text.rstrip(CUTS)), "text", facts, extra, weak=True)


def _sentences(message: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Two sentences of OSS's on one line, of different codes, are of two requests."""
    start, end = message.span()
    while (other := _BEGINNING.search(message.string, start + SHORTEST, end)) is not None:
        if implied_code(other[0]) != implied_code(message.string[start:end]):
            yield start, message.string[start : other.start()]
            start = other.start()
        else:
            break
    yield start, message.string[start:end]


def _statuses(text: str) -> Iterator[Fragment]:
    if not (_A_STATUS.search(text) and STATUS_WORDS.search(text)):
        return
    for status in _STATUS.finditer(text):
        told = next(number for number in status.groups() if number)
        if _is_counted(text, *status.span(status.lastindex or 0)) or _is_in_a_path(text, status):
            continue
        facts = {"status": "403" if told == "Forbidden" else told}
        yield Fragment(status.start(), status.end(), "status", facts, weak=True)


def _numbers_by_addresses(text: str) -> Iterator[Fragment]:
    """`https://... -> 403`, `[403] https://...`: a lone 403 on the line of an address of OSS, or on the next one.

    In a log, where numbers are anything, it has to stand beside the address. A domain of somebody's own is OSS's where
    the answer's header says so.
    """
    if "aliyuncs.com" not in text and "AliyunOSS" not in text:
        return
    for number in _LONE.finditer(text):
        if _is_counted(text, *number.span()):
            continue
        before = text[max(0, number.start() - 300) : number.start()]
        after = text[number.end() : number.end() + 300]
        line = before.rpartition("\n")[2] + after.partition("\n")[0]
        if _SUCCESS.search(line) or (_LABEL.search(before[-8:]) and not _is_an_address(before)):
            continue
        adjacent = _is_an_address(before) or _BEFORE_ADDRESS.match(after) is not None
        if adjacent or (_SET_OFF.search(f"{before[-2:]}403{after[:2]}") and _is_on_two_lines(before, after)):
            extra = {} if adjacent else {"lone": "yes"}
            yield Fragment(number.start(), number.end(), "status", {"status": number[1]}, extra, weak=True)


def _is_in_a_path(text: str, status: re.Match[str]) -> bool:
    """`/table/status=403/part-0.csv`"""
    return "=" in status[0] and text.startswith("/", max(0, status.start() - 1))


def _replies(text: str) -> Iterator[Fragment]:
    """Qt says the reason alone: `Error transferring https://... - server replied: Forbidden`."""
    start = text.find(QTS)
    while start >= 0:
        yield Fragment(start, start + len(QTS), "status", {"status": "403"}, weak=True)
        start = text.find(QTS, start + len(QTS))


def _is_counted(text: str, start: int, end: int) -> bool:
    """Does the number say how many, how long or which one, rather than what was answered?"""
    return (
        _COUNTED.match(text, end) is not None
        or _COUNTS.search(text[max(0, start - 12) : start]) is not None
        or text.endswith(_CALLS, 0, start)
    )


def _is_an_address(before: str) -> bool:
    """Is the last word an address of OSS, with nothing but a sign between?"""
    sign = _SIGN.search(before[-16:])
    word = before[: len(before) - len(sign[0])].rpartition(" ")[2] if sign is not None else ""
    return "aliyuncs.com" in word or "://" in word


def _is_on_two_lines(before: str, after: str) -> bool:
    """Is there an address of OSS on this line or on one beside it?"""
    lines = (*before.split("\n")[-2:], *after.split("\n")[:2])
    return any("aliyuncs.com" in line for line in lines)


def _pages(text: str) -> Iterator[Fragment]:
    if "<" not in text and "security system" not in text:
        return
    for sign in _BLOCKED.finditer(text):
        yield Fragment(sign.start(), sign.end(), "page", {}, {"page": sign[0]}, weak=True)
    for sign in _PAGE.finditer(text):
        yield Fragment(sign.start(), sign.end(), "page", {"status": "403"}, {"page": sign[0][:80]}, weak=True)
