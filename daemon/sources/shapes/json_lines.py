"""A JSON log line -> fragments: the errors in its strings and objects, and what its other fields tell about the
request.

The error may be any object in it (`err`, `error`, an element of a list) or stand as text in any string, at any depth
and escaped any number of times. Fields around it (`bucket`, `key`, `client_ip`, `url`) are context: what the error says
wins.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ossmend.daemon.sources.shapes.addresses import bucket_of_host
from ossmend.daemon.sources.shapes.fragment import PLACES, Fragment
from ossmend.daemon.sources.shapes.messages import implied_code
from ossmend.daemon.sources.shapes.names import KNOWN_CODES, OF_THE_BODY, canonical_field, is_clients
from ossmend.remediators.contract import Origin

DEEPEST = 24
MOST_NODES = 4000
_CODE = re.compile(r"[A-Z][A-Za-z0-9.]{2,60}")
_HINT = re.compile(
    r"<|Code|code|Error|OSS|oss|[A-Z][a-z]+(?:Denied|Forbidden|State|Skewed|Damage|Disable|Match"
    r"|KeyId)|CORS|403|RequestId|request"
)
OSS_ID = re.compile(r"[0-9A-F]{24}")
EC = re.compile(r"\d{4}-\d{8}")
REQUESTS = frozenset({"request", "req", "httprequest"})
IDENTIFYING = frozenset({"request_id", "host", "ec"})
NOT_CONTEXT = frozenset({"code", "message", "error_name"})
"""What the log line says of itself under these names is not what OSS said."""


def find(document: dict[str, Any], start: int, inside: Callable[[str], list[Fragment]]) -> list[Fragment]:
    """Fragments of one JSON object; `inside` finds those of a string. The last one is the context of all others."""
    found: list[Fragment] = []
    context = Fragment(start, start, "context")
    for node, asked in _objects(document):
        facts = _facts(node)
        code = facts.facts.get("code")
        if (
            not asked
            and code is not None
            and (code in KNOWN_CODES or {"request_id", "host", "ec"} & facts.facts.keys())
        ):
            facts.start = facts.end = start
            facts.shape = "json"
            found.append(facts)
        else:
            facts.extra.clear()
            for name in NOT_CONTEXT & facts.facts.keys():
                del facts.facts[name]
            if facts.facts.get("status") not in ("400", "403"):
                facts.facts.pop("status", None)  # the application's own answer, not OSS's
            context.absorb(facts)
    for text in _strings(document):
        for fragment in inside(text):
            fragment.start = fragment.end = start
            found.append(fragment)
    if not found and _is_a_refusal(context):
        found.append(Fragment(start, start, "json", dict(context.facts), dict(context.extra), origins=context.origins))
    return [*found, context]


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


def _objects(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every object in the document, the outermost first; and whether it is part of the request that was sent, where
    places are told and errors are not.
    """
    waiting: deque[tuple[Any, int, bool]] = deque([(document, 0, False)])
    seen = 0
    while waiting and seen < MOST_NODES:
        node, depth, asked = waiting.popleft()
        seen += 1
        if isinstance(node, dict):
            yield node, asked
        if depth < DEEPEST:
            waiting += [(child, depth + 1, asked or of_request) for child, of_request in _inside(node)]


def _inside(node: Any) -> Iterator[tuple[Any, bool]]:
    """The objects and lists inside, without what a client sent: an error in a query is no error."""
    named = node.items() if isinstance(node, dict) else (("", each) for each in node)
    for name, child in named:
        of_request = str(name).lower() in REQUESTS
        if isinstance(child, (dict, list)) and (of_request or not is_clients(str(name))):
            yield child, of_request


def _strings(document: dict[str, Any]) -> Iterator[str]:
    """Every string that may hold an error's text."""
    told: set[str] = set()
    for node, asked in _objects(document):
        for value in () if asked else _values(node):
            if isinstance(value, str) and len(value) > 12 and value not in told and _HINT.search(value):
                told.add(value)
                yield value


def _values(node: dict[str, Any]) -> Iterator[Any]:
    for name, value in node.items():
        if is_clients(str(name)):
            continue
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _facts(node: dict[str, Any]) -> Fragment:
    """What the plain fields of one object tell."""
    fragment = Fragment(0, 0, "json")
    for spelling, raw in node.items():
        name = canonical_field(str(spelling)[:60])
        value = _scalar(raw)
        if value is None:
            continue
        if name is None:
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
