"""Two fragments -> are they of one refused request? The rules by which gather.py puts them together.

Request ids decide where there are any; a code never joins another code; two full fragments of one shape are two
requests; words and status lines join the fuller fragment beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote

from ossmend.daemon.sources.parsers import browser, preflights
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import implied_code
from ossmend.daemon.sources.parsers.names import NOT_REFUSALS
from ossmend.daemon.sources.parsers.records import Record, goes_on
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

NEAR = 4000
"""Fragments further apart than this are of two requests, unless a request id says otherwise."""
ABOUT_ERRORS = frozenset({"code", "request_id", "ec", "status", "key_id", "signature", "string_to_sign", "oss_err"})
ADJACENT = 2
FOLLOWING = 4
"""So many records behind a refusal a program may say the same again, without naming anything, ..."""
SECONDS_LATER = 5
"""... and so soon."""
SENTENCE = 40
"""So many characters tell one of OSS's sentences from another; what follows is a program's own."""
_WHOLE_ADDRESS = regex(r"(?:https?://[\w.-]{3,200}aliyuncs\.com/?|oss://)[^\s\"'<>?]{0,2000}")
_ADDRESS = regex(r"https?://|\w/\w|\.com|\"(?:GET|PUT|POST|HEAD|DELETE|OPTIONS) ")


@dataclass(slots=True)
class Refusal:
    """All that a text tells about one refused request."""

    fragment: Fragment
    record: Record
    shapes: set[str]
    contexts: list[Fragment] = field(default_factory=list)
    after: int = 0
    """Where in the record the refusal before it ends, ..."""
    before: int = 1 << 62
    """... and where the line of the next one begins: nothing outside is about this one."""
    line: str = ""
    """The whole JSON line, where the text is one string of it."""
    words: str = ""
    """What its other strings say."""
    prelude: str = ""
    """The end of what a text says before its only refusal: a paste often names the place there."""
    sequel: str = ""
    """... and the beginning of what it says behind it."""
    echoed: int = -1
    """The last record that said the same again."""
    overshadowed: bool = False
    """A lone status beside a refusal that has its own."""


def agree(one: Fragment, other: Fragment) -> bool:
    """Nothing that identifies a request differs."""
    if _other_object(one, other) or preflights.differ(one, other) or _never_403(one, other) or _never_403(other, one):
        return False
    for name in ("request_id", "code", "ec"):
        mine, theirs = one.facts.get(name), other.facts.get(name)
        if mine and theirs and mine.upper() != theirs.upper():
            return False
    mine, theirs = one.facts.get("message"), other.facts.get("message")
    if mine and theirs and "code" not in one.facts and "code" not in other.facts and _are_of_two_codes(mine, theirs):
        return False
    mine, theirs = one.extra.get("RequestId"), other.extra.get("RequestId")
    return not (mine and theirs and mine != theirs)


def _are_of_two_codes(one: str, other: str) -> bool:
    """Two sentences of OSS's, each of another code."""
    codes = {implied_code(one), implied_code(other)}
    return None not in codes and len(codes) > 1


def _never_403(one: Fragment, other: Fragment) -> bool:
    """A code that OSS never answers with 403, beside a 403: somebody speaks of another error."""
    return NOT_REFUSALS.get(one.facts.get("code", ""), 403) in (404, 409) and other.facts.get("status") == "403"


def _other_object(one: Fragment, other: Fragment) -> bool:
    """Both name an object for certain, and not the same: two requests, even if somebody gave them one id."""
    mine, theirs = _named(one), _named(other)
    return bool(mine and theirs and unquote(mine) != unquote(theirs))


def _named(fragment: Fragment) -> str:
    key, origin = fragment.fact("object")
    return key.lstrip("/") if origin is Origin.BODY else ""


def same_line(one: Fragment, other: Fragment, text: str) -> bool:
    return other.start - one.end < NEAR and "\n" not in text[one.end : other.start]


def complete_each_other(one: Fragment, other: Fragment) -> bool:
    if "browser_console" in (one.shape, other.shape):
        return one.weak or other.weak
    if one.weak or other.weak:
        return bool(ABOUT_ERRORS & one.facts.keys() or one.weak) and bool(
            ABOUT_ERRORS & other.facts.keys() or other.weak
        )
    return False


def is_adjacent(refusal: Refusal, fragment: Fragment) -> bool:
    """In the same record and near; or in the next records, where one has the request and the other the error."""
    into = refusal.fragment
    if refusal.record.number == fragment.record:
        return fragment.start - into.end < NEAR
    if fragment.record - refusal.record.number > ADJACENT or fragment.weak or into.weak:
        return False
    one = "code" not in into.facts and "request_id" in into.facts and refusal.shapes != {"xml"}
    return one and "request_id" not in fragment.facts and fragment.shape == "xml"


def one_request(refusal: Refusal, fragment: Fragment) -> bool:
    """May two fragments that agree and stand together be of one request?"""
    into = refusal.fragment
    both_coded = "code" in into.facts and "code" in fragment.facts
    if into.facts.get("request_id") and into.facts.get("request_id") == fragment.facts.get("request_id"):
        return True
    if _same_sentence(into, fragment):
        return True
    if into.weak and fragment.weak:
        between = refusal.record.text[into.end : fragment.start]
        if "\n" in between and _asks_for_another(refusal.record.text, into.end, fragment.start):
            return False
        return (
            "\n" not in between
            or not ("code" in into.facts or "message" in into.facts)
            or fragment.shape in ("status", "page")
            or fragment.facts.keys() == {"ec"}
            or (fragment.facts.keys() == {"request_id"} and between.count("\n") <= 2)
        )
    if "code" not in fragment.facts and _begins_anew(refusal, fragment):
        return False
    if fragment.weak or into.weak:
        return True
    if into.shape == "browser_console" or fragment.shape == "browser_console":
        return _same_console(into, fragment) or preflights.is_one(into, fragment)
    return fragment.shape not in refusal.shapes if both_coded else True


def _asks_for_another(text: str, one: int, other: int) -> bool:
    """Are two places on lines that name an address each, and not the same?"""
    mine, theirs = (_WHOLE_ADDRESS.search(_line_of(text, place)) for place in (one, other))
    return mine is not None and theirs is not None and mine[0] != theirs[0]


def _line_of(text: str, place: int) -> str:
    begin = max(text.rfind("\n", max(0, place - NEAR), place) + 1, place - NEAR, 0)
    end = text.find("\n", place, place + NEAR)
    return text[begin : end if end >= 0 else place + NEAR]


def _same_sentence(one: Fragment, other: Fragment) -> bool:
    """OSS's sentence, said before or again without anything else: by an outer exception, or above the whole error."""
    mine, theirs = one.facts.get("message", ""), other.facts.get("message", "")
    alone = any(each.weak and each.facts.keys() <= {"message", "code"} for each in (one, other))
    return alone and implied_code(mine) is not None and mine[:SENTENCE] == theirs[:SENTENCE]


def _begins_anew(refusal: Refusal, fragment: Fragment) -> bool:
    """A second status on a line of its own, that looks like no inside of anything: the next error begins there."""
    into = refusal.fragment
    if "status" not in fragment.facts or "status" not in into.facts or "code" not in into.facts:
        return False
    text = refusal.record.text
    if refusal.record.number != fragment.record or "\n" not in text[into.end : fragment.start]:
        return False
    line = text.rfind("\n", into.end, fragment.start) + 1
    return not goes_on(text[line : line + 200].partition("\n")[0])


def _same_console(one: Fragment, other: Fragment) -> bool:
    """A message of the console and the network line of the same request."""
    origins = {each.facts["origin"] for each in (one, other) if "origin" in each.facts}
    if one.shape != other.shape or len(origins) > 1:
        return False
    mine, theirs = one.facts.get("url", "").partition("?")[0], other.facts.get("url", "").partition("?")[0]
    if mine and theirs:
        return mine == theirs
    return browser.NETWORK in (one.extra if not mine else other.extra)


def told_again(one: Refusal, other: Refusal) -> bool:
    """The same code with and without its request id, one after the other: a program told its refusal in two pieces."""
    mine, theirs = one.fragment.facts, other.fragment.facts
    if "code" not in mine or mine["code"] != theirs.get("code") or not agree(one.fragment, other.fragment):
        return False
    if ("request_id" in mine) == ("request_id" in theirs):
        return False
    apart = other.record.number - one.record.number
    if apart > 1 or (apart == 0 and (one.line or other.fragment.start - one.fragment.end > NEAR)):
        return False
    if apart and not _at_once(one.record.stamp, other.record.stamp):
        return False
    both = mine.keys() & theirs.keys() & {"bucket", "object", "key", "host", "url", "ec"}
    return all(mine[name] == theirs[name] for name in both)


def announces(one: Refusal, other: Refusal) -> bool:
    """`download failed 403`, and in the next record the refusal itself, or the address: a lone status that names
    nothing.
    """
    apart = other.record.number - max(one.record.number, one.echoed)
    if one.fragment.facts != {"status": "403"} or one.contexts or not 0 <= apart <= 1:
        return False
    theirs = other.fragment.facts
    again = theirs == one.fragment.facts and names_an_address(other.record, other.fragment)
    if not (again or {"code", "request_id"} & theirs.keys()):
        return False
    soon = _at_once(one.record.stamp, other.record.stamp, SECONDS_LATER if again else 1)
    return soon and _ADDRESS.search(one.record.own or one.record.text) is None


def names_an_address(record: Record, fragment: Fragment) -> bool:
    """Is there any on the line?"""
    return _ADDRESS.search(_line_of(record.own or record.text, fragment.start)) is not None


def _at_once(one: datetime | None, other: datetime | None, seconds: int = 1) -> bool:
    if one is None or other is None:
        return True
    return (one.tzinfo is None) == (other.tzinfo is None) and abs((one - other).total_seconds()) <= seconds


def echoes(refusal: Refusal, fragment: Fragment, record: Record) -> bool:
    """`ERROR 403: Forbidden.` on one of the next lines: the same refusal in other words, if nothing is named that is
    new.
    """
    into = refusal.fragment
    apart = record.number - max(refusal.record.number, refusal.echoed)
    if fragment.facts.keys() != {"status"} or not 0 < apart <= FOLLOWING or len(record.own) > NEAR:
        return False
    if not {"code", "status", "ec", "message"} & into.facts.keys() or into.shape == "browser_console":
        return False
    status = into.facts.get("status") or str(NOT_REFUSALS.get(into.facts.get("code", ""), 403))
    soon = apart == 1 or _at_once(refusal.record.stamp, record.stamp, SECONDS_LATER)
    return fragment.facts["status"] == status and soon and _ADDRESS.search(record.own) is None


def is_about_another(refusal: Refusal, fragment: Fragment) -> bool:
    """A bare number on the line of a refusal that has another one: somebody compares, or quotes."""
    if not fragment.weak or not fragment.facts.keys() <= {"request_id", "ec"}:
        return False
    if refusal.record.number != fragment.record or fragment.facts.items() <= refusal.fragment.facts.items():
        return False
    between = refusal.record.text[refusal.fragment.end : fragment.start]
    return "\n" not in between and any(name in refusal.fragment.facts for name in fragment.facts)
