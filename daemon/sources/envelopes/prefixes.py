"""What viewers and terminals print before each line: compose, `kubectl logs --prefix`, stern, logcat, Meteor, mail, and
the routers of Heroku's and Cloud Foundry's logs.

Their prefixes are words of plain text, so each of them is only taken where it looks like nothing else. A wrong guess
costs a prefix; it cannot swallow a line.
"""

from __future__ import annotations

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.remediators.contract.light import regex

_COMPOSE = regex(r"([a-z0-9][\w.-]{0,60}) {1,40}\|(?: |$)")
_KUBECTL = regex(r"\[(pod/[a-z0-9.-]{1,253}/[a-z0-9.-]{1,63})\](?: |$)")
_STERN = regex(
    r"(?:\+ )?([a-z0-9][a-z0-9.-]{0,200}-(?:(?=[a-z]{0,9}\d)[a-z0-9]{6,10}-[a-z0-9]{5}|[b-df-hj-np-tv-z2-9]{5}))"
    r" ([a-z0-9][a-z0-9-]{0,62})(?: [|>›])?(?: |$)"
)
"""A pod of a deployment, or of a daemon set: names that are made up by a machine, the last one without vowels."""
_STERN_OF_A_SET = regex(r"(?:\+ )?(([a-z0-9][a-z0-9.-]{0,62})-\d{1,4}) (\2)(?: [|>›])?(?: |$)")
"""A pod of a stateful set is `name-0`; without colours only its container's name tells that this is one."""
_COLOUR = r"\x1b\[[0-9;]{1,20}m"
_COLOURED = regex(
    rf"{_COLOUR}([a-z0-9][a-z0-9.-]{{0,252}}){_COLOUR} {_COLOUR}([a-z0-9][a-z0-9-]{{0,62}}){_COLOUR}"
    r"(?: [|>›])?(?: |$)"
)
_METEOR = regex(r"[A-Z](20\d{6})-(\d\d:\d\d:\d\d\.\d{3})\(-?\d{1,2}\)\? ?")
_LOGCAT = regex(
    r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?: +\d{1,7}){1,2} [VDIWEF] [^:\n]{1,60}: ?|[VDIWEF]/[^:\n(]{1,60}\( *\d{1,7}\): ?"
)
_ROUTED = regex(
    r"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{2,9}(?:Z|[+-]\d\d:?\d\d)) (?:([a-z][a-z-]{0,30}\[[a-z][\w.-]{0,40}\]):"
    r"|(\[[A-Z]{2,8}(?:/[\w.-]{1,40}){1,6}\]) (?:OUT|ERR))(?: |$)"
)
"""`app[web.1]:` or `[APP/PROC/WEB/0] ERR`: each line of a trace is stamped, and belongs to one process."""
_QUOTE = regex(r"(?:> ?){1,4}|< (?=\w)|```\w{0,10}$")


def compose(raw: str) -> Line | None:
    found = _COMPOSE.match(raw)
    return Line(raw[found.end() :], found[1]) if found else None


def kubectl(raw: str) -> Line | None:
    found = _KUBECTL.match(raw)
    return Line(raw[found.end() :], found[1]) if found else None


def stern(raw: str) -> Line | None:
    if (found := _STERN.match(raw)) is not None:
        return Line(raw[found.end() :], f"{found[1]} {found[2]}")
    found = _STERN_OF_A_SET.match(raw)
    return Line(raw[found.end() :], f"{found[1]} {found[3]}") if found else None


def coloured(raw: str) -> Line | None:
    """Stern on a terminal: pod and container, each in a colour. Asked before the colours are taken off."""
    found = _COLOURED.match(raw) if raw.startswith("\x1b[") else None
    return Line(raw[found.end() :], f"{found[1]} {found[2]}") if found else None


def logcat(raw: str) -> Line | None:
    found = _LOGCAT.match(raw)
    return Line(raw[found.end() :]) if found else None


def routed(raw: str) -> Line | None:
    found = _ROUTED.match(raw)
    return Line(raw[found.end() :], found[2] or found[3], found[1]) if found else None


def meteor(raw: str) -> Line | None:
    found = _METEOR.match(raw)
    if found is None:
        return None
    day = found[1]
    return Line(raw[found.end() :], stamp=f"{day[:4]}-{day[4:6]}-{day[6:]} {found[2]}")


def quoted(raw: str) -> Line | None:
    found = _QUOTE.match(raw)
    return Line(raw[found.end() :]) if found else None
