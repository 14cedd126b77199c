"""The text around an AccessDenied -> its AccessDeniedDetail, as programs print it that have parsed OSS's body.

`NoPermissionType: ImplicitDeny`, `AuthAction=oss:GetObject`, `"PolicyType": "SessionPolicy"`, a map of Go's: the names
are OSS's own and nobody else's. As XML they are read in xml_body.py. They explain; nothing is written for them.
"""

from __future__ import annotations

from ossmend.remediators.contract.light import regex

DETAIL = "AccessDeniedDetail."
_VALUES = {
    "AuthAction": r"[a-z][a-z0-9-]{1,30}:(?:[A-Za-z]{2,60}|\*)",
    "AuthPrincipalDisplayName": r"[\w.@:/+=-]{1,200}",
    "AuthPrincipalOwnerId": r"\d{5,20}",
    "AuthPrincipalType": r"[A-Z][A-Za-z]{2,40}",
    "NoPermissionType": r"(?:Implicit|Explicit)Deny",
    "PolicyType": r"[A-Z][A-Za-z]{2,60}",
}
"""The elements, and what OSS says in each."""
_NAMED = regex(
    r"(?<![A-Za-z])(?:"
    + "|".join(rf"(?P<{name}>[{name[0]}{name[0].lower()}]{name[1:]})" for name in _VALUES)
    + r")\\{0,8}[\"'`]?\]?[ \t]{0,20}(?:=>|[:=：])[ \t]{0,20}\\{0,8}[\"'`]?(?P<value>[\w.@:/+=*-]{1,200})"
)
_READ = {name: regex(rf"{values}\Z") for name, values in _VALUES.items()}
_FIELD = regex(r"(?<!\\)\"[A-Za-z]{1,40}\"[ \t]{0,20}:[ \t]{0,20}\"")
_NEEDED = ("oPermissionType", "uthAction")
"""Without one of these nothing is told that explains."""


def told(around: str, *, fields: bool = False) -> dict[str, str]:
    """The elements that the text tells, by their dotted names; none that it tells twice and differently. `fields`: of
    JSON, where only its own fields count, and no string in which somebody may have written such a thing.
    """
    if not any(name in around for name in _NEEDED):
        return {}
    found: dict[str, set[str]] = {}
    for each in _NAMED.finditer(around):
        name, value = next(name for name in _VALUES if each[name]), each["value"].rstrip(".:")
        field = _FIELD.fullmatch(around, max(0, each.start() - 1), each.start("value"))
        if _READ[name].match(value) and (field or not fields):
            found.setdefault(name, set()).add(value)
    return {DETAIL + name: values.pop() for name, values in found.items() if len(values) == 1}
