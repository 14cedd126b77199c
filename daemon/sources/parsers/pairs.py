"""`name: value` in any notation -> fragments: dicts, JSON, Java's and Android's blocks, Go, C, .NET, PHP, Ruby, V2's
text.

`'Code': 'X'`, `[ErrorCode]: X`, `ErrorCode=X`, `[code] => X`, `Error Code: X.`, `code: [ 'X' ]`, `"x-oss-request-id" =
( X )`: the notations differ, the idea does not. So one scanner takes every known name with a sign of assignment behind
it, and one reader takes the value; a name that comes again begins the next fragment.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import implied_code
from ossmend.daemon.sources.parsers.names import KNOWN_CODES, NAME_PATTERN, OF_THE_BODY, canonical
from ossmend.daemon.sources.parsers.records import goes_on
from ossmend.daemon.sources.parsers.unquoted import UnquotedValues
from ossmend.daemon.sources.parsers.values import NAMED, PLACES, PROSE, LineEnds, value_of
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

_TAIL = r"(?:\\*['\"`](?:\](?=\s{0,4}=>))?|[\])]|\*{1,2})?(?:\s{0,20}(=>|[:=：])|(\s{0,4},)(?=\s{0,4}\\*[\"'(\[]))"
_PAIR_TEXT = rf"(?:(?<![a-z0-9_$.<])|(?<=\\[nrt])|(?<=[\s{{,]oss\.))({NAME_PATTERN}){_TAIL}"
_PAIR, _PAIR_ANY_CASE = regex(_PAIR_TEXT), regex(_PAIR_TEXT, re.IGNORECASE)
_CODE = regex(r"(?=[A-Za-z0-9.]{0,60}[a-z])[A-Z][A-Za-z0-9.]{2,60}")
"""OSS writes its codes in capitals and small letters; FORBIDDEN is somebody else's word."""
_TELLS_MORE = regex(r"(?:Request ?I[dD]|ErrorCode|Error Code|StatusCode|Status Code)[\])'\"]{0,2}\s?[:=]")
_NEXT_ITEM = regex(r"[\"'`*,;!.。，]{0,4}[ \t]{0,8}\r?\n[ \t]{0,40}(?:> {0,4})?(?:[-*+•·●] {0,4})?[\"'`*\[]{0,3}")
_APART = regex(r"(?: [A-Z][a-z]{1,20}){1,5}\b")
"""`Error Code: Access Denied`, as a screenshot is read, or somebody writes."""
_A_STATUS = regex(r"-?\d{3}\b.{0,40}")
_NUMBER = regex(r"\s*-?\d{3}\s*")
GAP = 600
"""More text than this between two pairs: they are of two fragments."""
MOST_LINES_BETWEEN = 40
IDENTITY = frozenset({"code", "request_id", "ec"})
_OPENS = regex(r"(?:[{,(\[|;&?<\t，；。、（：\u3000]|^|\\[nt]|=>|->)[ \t:\"'`\\\[*•·+-]{0,24}\Z", re.MULTILINE)
_KEYLIKE = regex(r"[^\s:{}()\[\]\"'=]{1,1024}")
_FILELIKE = regex(r"[\w-]/|\.[A-Za-z0-9]{1,8}\Z")
_SHAPES = (
    ("oss2", ("'details'", "oss2.")),
    ("java", ("[ErrorCode]",)),
    ("go", ("oss: service returned error", "ErrorCode=")),
    ("service_error", ("Error returned by Service", "Http Status Code:")),
    ("android", ("[StatusCode]:",)),
    ("php", ("[code] =>", "OssException:")),
    ("ios", ("com.aliyun.oss.serverError", "NSHTTPURLResponse")),
    ("dotnet", ("Aliyun.OSS.",)),
    ("c", ("error_code:", "requestId:")),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One name and its value, with where both stand."""

    name: str
    spelling: str
    value: str
    start: int
    end: int
    origin: Origin | None = None
    """What a place is worth that is told like this; None for what is no place."""


def find(text: str, barriers: Sequence[int] = ()) -> Iterator[Fragment]:
    """Runs of pairs that stand together, with none of the barriers between them."""
    fragment: Fragment | None = None
    spelled: set[str] = set()
    for pair in pairs_in(text):
        if fragment is not None and (
            pair.start - fragment.end > GAP
            or pair.spelling in spelled
            or (barriers and bisect_left(barriers, fragment.end) != bisect_left(barriers, pair.start))
            or _contradicts(fragment, pair)
            or _next_line_begins_anew(fragment, pair, text)
        ):
            yield _finished(fragment, text)
            fragment = None
        if fragment is None:
            fragment = Fragment(pair.start, pair.end, "pairs")
            spelled = set()
        if pair.name != "code" or not _NUMBER.fullmatch(pair.value):
            spelled.add(pair.spelling)  # NSError's own `Code=-403` stands before OSS's `Code=AccessDenied`
        fragment.end = pair.end
        _put(fragment, pair)
    if fragment is not None:
        yield _finished(fragment, text)


def pairs_in(text: str) -> Iterator[Pair]:
    """Every known name that is followed by a value."""
    lowered = text.lower()
    # a sign that grows when lowered (there is one) would shift every place behind it
    found = _PAIR.finditer(lowered) if len(lowered) == len(text) else _PAIR_ANY_CASE.finditer(text)
    lines, clients = LineEnds(text), UnquotedValues(text)
    behind = 0
    pending = next(found, None)
    while pending is not None:
        here, pending = pending, next(found, None)
        if here.start() < behind:
            continue
        name = canonical(here[1])
        if name is None or (here[2] is None and name != "request_id"):
            continue
        if name == "code" and text.endswith("rpc error: ", 0, here.start()):
            continue  # a gRPC wrapper's own code, whatever it is called
        if here[2] == "=" and _is_of_an_address(name, text[here.start() - 1 : here.start()]):
            continue
        limit = pending.start() if pending is not None else len(text)
        value, end = value_of(text, here.end(), name, limit, lines)
        if name == "code" and value not in KNOWN_CODES and (apart := _APART.match(text, end)):
            value, end = _joined(value, apart[0].split(" "), end)
        spelling = text[here.start(1) : here.end(1)]
        origin = _origin(text, here, name, spelling, end)
        if origin is Origin.PROSE and not _may_be_a_place(name, value):
            continue
        if name in PROSE and _TELLS_MORE.search(value):
            behind = here.end()  # a message that quotes the whole error: what is in it tells more than it does
            continue
        if value:
            behind = end
            yield Pair(name, spelling, value, here.start(), end, origin and clients.at_most(origin, here.start()))


def _joined(value: str, words: list[str], end: int) -> tuple[str, int]:
    """The code that is written in words; else what there was."""
    for number in range(len(words), 1, -1):
        joined = "".join((value, *words[:number]))
        if joined in KNOWN_CODES:
            return joined, end + len(" ".join(words[:number]))
    return value, end


def _is_of_an_address(name: str, before: str) -> bool:
    """`oss://bucket/table/key=7/part-0.csv`, `oss://bucket/a.doc?versionId=...`: who reads the address takes it."""
    return before == "/" or (before == "?" and name == "version_id")


def _origin(text: str, here: re.Match[str], name: str, spelling: str, end: int) -> Origin | None:
    """What a place is worth that is told like this: as an element of OSS's body, as a field, or in a sentence."""
    if OF_THE_BODY.match(spelling):
        return Origin.BODY
    if name not in PLACES | NAMED:
        return None
    if name not in NAMED or here[2] not in (":", "："):
        return Origin.REQUEST
    if not _OPENS.search(text, max(0, here.start() - 26), here.start()):
        return Origin.PROSE  # "failed to get object: ..."
    quoted = text[here.end(1) : here.end(1) + 2].strip()[:1] not in (":", "：")
    bare_words_follow = not quoted and text[end : end + 1] == " " and text[end : end + 8].strip()[:1].isalpha()
    return Origin.PROSE if bare_words_follow else Origin.REQUEST


def _may_be_a_place(name: str, value: str) -> bool:
    """The word behind a sentence's colon is a guess at best: it has to look like a key."""
    return name in NAMED and _KEYLIKE.fullmatch(value) is not None and _FILELIKE.search(value) is not None


def _contradicts(fragment: Fragment, pair: Pair) -> bool:
    known = fragment.facts.get(pair.name)
    if pair.name not in IDENTITY or known is None or known == pair.value:
        return False
    # a code that OSS does not know, beside one that it does, is a wrapper's own
    return pair.name != "code" or (known in KNOWN_CODES) == (pair.value.strip() in KNOWN_CODES)


def _next_line_begins_anew(fragment: Fragment, pair: Pair, text: str) -> bool:
    """Something is identified here, and the pair is on a line that looks like no inside of it: that may be another
    refusal.
    """
    if not ("code" in fragment.facts or "request_id" in fragment.facts):
        return False
    if text.find("\n", fragment.end, pair.start) < 0:
        return False
    if pair.name == "status" and {"status", "code"} <= fragment.facts.keys():
        return True
    if _NEXT_ITEM.fullmatch(text, fragment.end, pair.start):
        return False  # a list of names and values, one a line
    return broken_off(text, fragment.end, pair.start)


def broken_off(text: str, end: int, start: int) -> bool:
    """Does one of the lines from `end` to the one of `start` look like no inside of what stands before?"""
    for _ in range(MOST_LINES_BETWEEN):
        newline = text.find("\n", end, start)
        if newline < 0:
            return False
        end = newline + 1
        if not goes_on(text[end : end + 200].partition("\n")[0]):
            return True
    return True


def _put(fragment: Fragment, pair: Pair) -> None:
    value = pair.value.rstrip("….") if pair.name == "code" else pair.value  # the text, or whoever cut it, ends there
    match pair.name:
        case "code" if _NUMBER.fullmatch(value):
            _put_status(fragment, value.strip().lstrip("-"))
        case "code" if not _CODE.fullmatch(value.strip()):
            fragment.note(pair.spelling, value)
        case "code":
            if value.strip() in KNOWN_CODES and fragment.facts.get("code") not in KNOWN_CODES:
                fragment.facts.pop("code", None)
            fragment.put("code", value.strip())
        case "status" if not _A_STATUS.fullmatch(value.strip()):
            fragment.note(pair.spelling, value)
        case "status":
            _put_status(fragment, value.strip().lstrip("-")[:3])
        case "key_id" | "string_to_sign" | "signature" | "object" | "key":
            fragment.put(pair.name, value, pair.origin)
        case "skew" | "endpoint" | "recommend" | "content_length" | "credentials" | "server":
            fragment.note(
                {"skew": "MaxAllowedSkewMilliseconds", "endpoint": "Endpoint", "server": "server"}.get(
                    pair.name, pair.spelling
                ),
                value,
            )
        case "message" if implied_code(value) and not implied_code(fragment.facts.get("message", "")):
            fragment.facts["message"] = value.strip()  # OSS's own sentence, whatever a wrapper said before
        case _:
            fragment.put(pair.name, value.strip(), pair.origin)


def _put_status(fragment: Fragment, status: str) -> None:
    """A wrapper's own status (500 around OSS's 403, a database's 499) gives way to one that a refusal can have."""
    if fragment.facts.get("status", "403") not in ("400", "403", "404", "409") and status in ("400", "403"):
        del fragment.facts["status"]
    fragment.put("status", status)


def _finished(fragment: Fragment, text: str) -> Fragment:
    if not IDENTITY & fragment.facts.keys():
        named = (name for name, origin in fragment.origins.items() if origin is Origin.REQUEST)
        fragment.origins |= dict.fromkeys(list(named), Origin.RECORD)  # fields of the record, not of the error
    around = text[max(0, fragment.start - 120) : fragment.end + 2]
    for shape, signs in _SHAPES:
        for sign in signs:  # asked of each fragment, and half the time of any()
            if sign in around:
                fragment.shape = shape
                return fragment
    return fragment
