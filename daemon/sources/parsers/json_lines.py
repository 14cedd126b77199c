"""A JSON log line -> a Document: the errors among its objects, the strings that may hold one, and what its other fields
tell about the request.

The error may be any object in it (`err`, `error`, an element of a list) or stand as text in any string, at any depth
and escaped any number of times. Fields around it (`bucket`, `key`, `client_ip`, `url`) are context: what the error says
wins.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ossmend.daemon.sources.parsers.addresses import bucket_of_host
from ossmend.daemon.sources.parsers.fragment import PLACES, Fragment
from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES, implied_code
from ossmend.daemon.sources.parsers.names import (
    CODE_PATTERN,
    KNOWN_CODES,
    OF_THE_BODY,
    canonical_field,
    is_body,
    is_clients,
    may_hold_errors,
    of_a_request,
    trie,
)
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

Part = Literal["record", "request", "body"]
"""What an object belongs to: the record itself; a request, where places are told and errors are not; a body that was
sent or answered, where errors may stand and places are not told."""
DEEPEST = 24
DEEPEST_QUOTED = 5
LISTS = 3
"""So many lists within each other hold a field's strings."""
MOST_NODES = 4000
SHORTEST = 12
"""No shorter string holds an error."""
MOST_WORDS = 16 * 1024
_CODE = regex(r"(?=[A-Za-z0-9.]{0,60}[a-z])[A-Z][A-Za-z0-9.]{2,60}")
_HINT = regex(
    r"<|Code|code|Error|OSS|oss|403|RequestId|request|CORS|Access-Control|preflight|跨源|connected: "
    rf"|{CODE_PATTERN}|{trie(MESSAGE_CODES)}"
)
"""A string without any of these tells of no refusal: the tables of names.py and messages.py, and signs of a 403."""
_PRETTY = regex(r"(?:^|[ \t:=])(?P<object>\{)[ \t]{0,8}\r?\n[ \t]{0,16}\"", re.MULTILINE)
OSS_ID = regex(r"[0-9A-F]{24}")
EC = regex(r"\d{4}-\d{8}")
_NAMES = ("name", "key", "title", "field", "label")
"""What the name is called in a list of names and values: in OpenTelemetry's, SLS's, a chat's card."""
_TAGS = regex(r"(?:^|[_.-]|(?=T))[Tt]ag(?:s|[Ss]et|ging)?(?![a-z])")
"""`TagSet`, `object_tags`, and no `stages` or `percentage`."""
REQUESTS = frozenset({"request", "req", "httprequest"})
PREFLIGHT = frozenset({"origin", "access-control-request-method", "access-control-request-headers"})
"""Headers of a request that a refused preflight is about; they name no place."""
ANSWERED = frozenset({"x-oss-request-id", "x-oss-ec", "server"})
"""Of headers, which may be a request's, no more than this: they identify what OSS answered, and name no place."""
IDENTIFYING = frozenset({"request_id", "host", "ec"})
NOT_CONTEXT = frozenset({"code", "message", "error_name"})
"""What the log line says of itself under these names is not what OSS said."""


@dataclass(frozen=True, slots=True)
class Document:
    """What one JSON log line holds."""

    errors: tuple[Fragment, ...]
    """Objects that are errors themselves."""
    texts: tuple[str, ...]
    """Strings that may hold an error's text, as they were meant."""
    context: Fragment
    """What the other fields tell about the request."""
    strings: tuple[str, ...]
    """Every string that is no client's own: addresses are read from them."""

    def words(self, *, besides: str = "") -> str:
        """What is said around an error that stands in one of the strings."""
        return "\n".join(text for text in self.strings if text != besides)[:MOST_WORDS]


def read(document: dict[str, Any]) -> Document:
    """Take one JSON log line apart."""
    document = _opened(document, DEEPEST_QUOTED)
    errors: list[Fragment] = []
    context = Fragment(0, 0, "context")
    for node, part in _objects(document):
        facts = _facts(node)
        code = facts.facts.get("code")
        if part != "request" and code is not None and (code in KNOWN_CODES or IDENTIFYING & facts.facts.keys()):
            errors.append(facts)
            continue
        if (
            part == "body"
        ):  # perhaps of a request to the program: an error may stand in it, and its places are anybody's
            facts.facts = {name: value for name, value in facts.facts.items() if name not in PLACES}
        facts.extra.clear()
        for name in NOT_CONTEXT & facts.facts.keys():
            del facts.facts[name]
        if facts.facts.get("status") not in ("400", "403"):
            facts.facts.pop("status", None)  # the application's own answer, not OSS's
        context.absorb(facts)
    strings = dict.fromkeys(_strings(document, lambda name: not is_clients(name), bodies=False))
    told = dict.fromkeys(_strings(document, may_hold_errors, bodies=True))
    texts = tuple(text for text in told if len(text) > SHORTEST and _HINT.search(text))
    return Document(tuple(errors), texts, context, tuple(strings))


def over_lines(text: str) -> tuple[str, dict[str, Any]] | None:
    """A JSON object printed over several lines, and what stands before it; None if there is none."""
    begin = _PRETTY.search(text) if "{" in text else None
    if begin is None:
        return None
    end = text.rfind("}") + 1
    try:
        document = json.loads(text[begin.start("object") : end])
    except (ValueError, RecursionError):
        return None
    return text[: begin.start("object")], document


def passed_on(context: Fragment) -> Fragment | None:
    """The refusal that a server or client passes on in its record: a 403 and what only OSS answers, and no code."""
    if not _is_a_refusal(context):
        return None
    return Fragment(0, 0, "json", dict(context.facts), dict(context.extra), origins=dict(context.origins))


def _opened(value: Any, depth: int) -> Any:
    """The same with JSON that was written into a string as the value that it is."""
    if isinstance(value, dict):
        return {
            name: _opened(each, depth if _may_be_opened(name, each) else 0)
            for name, each in value.items()
            if not _are_tags(name, each)
        }
    if isinstance(value, list):
        named = _named(value)
        return [_opened(each, depth) for each in value] if named is None else _opened(named, depth)
    if not (isinstance(value, str) and depth and value[:1] in "{[" and value.rstrip()[-1:] in "}]" and value):
        return value
    try:
        inner = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return _opened(inner, depth - 1) if isinstance(inner, (dict, list)) else value


def _named(values: list[Any]) -> dict[str, Any] | None:
    """`[{"name": "Server", "value": "AliyunOSS"}]`, `[{"Key": "level", "Value": "ERROR"}]` as the object that is meant;
    None if it is another list.
    """
    found: dict[str, Any] = {}
    for each in values:
        pair = {str(spelling).lower(): told for spelling, told in each.items()} if isinstance(each, dict) else {}
        name = next((pair[each] for each in _NAMES if each in pair), None) if "value" in pair else None
        if not isinstance(name, str):
            return None
        value = pair["value"]
        typed = isinstance(value, dict) and len(value) == 1 and next(iter(value)).endswith("Value")
        found.setdefault(name, next(iter(value.values())) if typed else value)
    return found or None


def _are_tags(name: Any, value: Any) -> bool:
    """`"TagSet": [{"Key": "bucket", "Value": ...}]`: what a client tied to an object is nothing of the request."""
    if not (isinstance(value, list) and _TAGS.search(str(name)[:60])):
        return False
    return any(isinstance(each, dict) and "Key" in each for each in value)


def _may_be_opened(name: Any, value: Any) -> bool:
    """A string is taken for an object where its name says so: `key` and `id` hold what somebody has called a thing."""
    return not isinstance(value, str) or may_hold_errors(str(name))


def _is_a_refusal(context: Fragment) -> bool:
    """A record of a server or client that passes OSS's refusal on: a 403 and what only OSS answers, and no code."""
    facts = context.facts
    if facts.get("status") != "403":
        return False
    if OSS_ID.fullmatch(facts.get("request_id", "")) or EC.fullmatch(facts.get("ec", "")):
        return True
    return any(bucket_of_host(part) for part in (facts.get("host", ""), _host_of(facts.get("url", ""))))


def _host_of(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _objects(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Part]]:
    """Every object in the document, the outermost first, and of what it is a part."""
    waiting: deque[tuple[Any, int, Part]] = deque([(document, 0, "record")])
    seen = 0
    while waiting and seen < MOST_NODES:
        node, depth, part = waiting.popleft()
        seen += 1
        if isinstance(node, dict):
            yield node, part
        if depth < DEEPEST:
            waiting += [(child, depth + 1, inner) for child, inner in _inside(node, part)]


def _inside(node: Any, part: Part) -> Iterator[tuple[Any, Part]]:
    """The objects and lists inside, without what a client sent: an error in a query is no error, and names no place."""
    named = node.items() if isinstance(node, dict) else (("", each) for each in node)
    to_us = isinstance(node, dict) and of_a_request(node)
    for spelling, child in named:
        name = str(spelling)[:60].lower()
        if not isinstance(child, (dict, list)) or (to_us and is_body(name)):
            continue
        if name.endswith("headers") and isinstance(child, dict):
            yield {each: value for each, value in child.items() if str(each).lower() in ANSWERED | PREFLIGHT}, "request"
        elif name in REQUESTS or (name == "params" and "code" in node):  # an SDK's error shows what it was asked for
            yield child, "request"
        elif not (is_clients(str(spelling)) or (part == "request" and name)):
            yield child, "body" if is_body(name) else part


def _strings(document: dict[str, Any], counts: Callable[[str], bool], *, bodies: bool) -> Iterator[str]:
    """The strings that stand under names that count; with those of bodies, or without."""
    for node, part in _objects(document):
        if part == "record" or (part == "body" and bodies):
            to_us = of_a_request(node) or not bodies
            named = (value for name, value in node.items() if counts(str(name)) and not (to_us and is_body(str(name))))
            for value in named:
                if isinstance(value, str) and value:
                    yield value
                elif isinstance(value, list):
                    yield from _listed(value, LISTS)


def _listed(values: list[Any], depth: int) -> Iterator[str]:
    """The strings of a list, and of lists in it: `"values": [["1763780000000000000", "..."]]`, as Loki answers."""
    for value in values:
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, list) and depth > 1:
            yield from _listed(value, depth - 1)


def _facts(node: dict[str, Any]) -> Fragment:
    """What the plain fields of one object tell."""
    fragment = Fragment(0, 0, "json")
    for spelling, raw in node.items():
        name = canonical_field(str(spelling)[:60])
        value = _scalar(raw)
        if value is None:
            continue
        if name is None:
            if may_hold_errors(str(spelling)) and value.removesuffix("Error") in KNOWN_CODES:
                fragment.put("code", value.removesuffix("Error"))  # {"error": "AccessDenied"}
            if len(value) <= 200 and len(str(spelling)) <= 60:
                fragment.note(str(spelling), value)
        elif name == "code" and not _CODE.fullmatch(value):
            if re.fullmatch(r"[45]\d\d", value):
                fragment.put("status", value)
        elif not _counts(name, str(spelling), value, fragment):
            continue
        else:
            if name == "message":
                fragment.facts.pop(name, None)
            fragment.put(name, value, Origin.BODY if OF_THE_BODY.match(str(spelling)) else None)
    is_error = "code" in fragment.facts
    for name in PLACES & fragment.facts.keys():
        fragment.origins.setdefault(name, Origin.REQUEST if is_error else Origin.RECORD)
    return fragment


def _counts(name: str, spelling: str, value: str, fragment: Fragment) -> bool:
    """Is this value one to take under this name, after what was there before?"""
    if name == "status":
        return re.fullmatch(r"\d{3}", value) is not None
    return name != "message" or name not in fragment.facts or _says_more(value, spelling, fragment)


def _says_more(value: str, spelling: str, fragment: Fragment) -> bool:
    """Is this the error's own message? A logger calls its line `msg`, the error calls OSS's sentence `message`."""
    if implied_code(fragment.facts["message"]) is not None:
        return False
    return implied_code(value) is not None or spelling.lower().endswith("message")


def _scalar(raw: Any) -> str | None:
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if isinstance(raw, str):
        return raw or None
    if isinstance(raw, bool):
        return str(raw).lower()
    return str(raw) if isinstance(raw, (int, float)) else None
