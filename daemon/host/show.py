"""Values -> what people may see: printable, without secrets, access key ids masked in the middle.

The journal keeps what it needs to act; logs, notices, tables and JSON output go through here.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, Protocol
from urllib.parse import quote

from ossmend.daemon.host.redact import GONE, mask_key_id, printable, redact
from ossmend.remediators.contract.case import Subject
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.write import GIB, PriceList, Write, to_json

TIME_FIELDS = ("at", "since", "first_seen", "last_seen", "last", "down_since", "watch_until")
_TIME = regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:\+00:00|Z)")
LONGEST_BODY = 8192
"""Characters of a write as JSON: a CORS configuration may have so many, a list of keys has more."""
_PAUSED = regex(r"( since )(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\+00:00|Z))$")
KEY_FIELDS = ("access_key_id", "key_id", "keys")
_SECRET_FIELD = regex(
    r"(?i)(?:[a-z_.-]{0,40}[_.-])?(?:[a-z]{0,20}secret|passw(?:or)?d|[a-z]{0,20}token|signature(?:provided)?|apikey"
    r"|authorization|private_?key)"
)
"""A field whose name says that nobody may see its value."""
_KEY_ID = regex(r"\b(?:LTAI[0-9A-Za-z]{8,}|(?:STS|TMP)\.[0-9A-Za-z]{6,})")

NO_BUCKET = "a bucket that the log does not name"


def text(value: str) -> str:
    """One string for people: one line, no terminal codes, no secrets, key ids masked wherever they stand."""
    return printable(_without_secrets(value))


def _without_secrets(value: str) -> str:
    return _KEY_ID.sub(lambda found: mask_key_id(found[0]), redact(value))


def target_text(target: str) -> str:
    r"""What a write is for, or a case about. A line break is shown as `\n`, which may also be two signs of a key: where
    there is one, or another invisible sign, URL encoding says which. An approval must name one object.
    """
    known = _without_secrets(target)
    shown = printable(known)
    return shown if shown == known else f"{shown} (URL-encoded: {quote(known, safe='/:', errors='surrogatepass')})"


def moment(at: datetime | str) -> str:
    """A time, spelt in one way wherever people see one: `2026-11-28 14:03:20Z`. Times in the state are UTC."""
    said = at.astimezone(UTC).isoformat() if isinstance(at, datetime) else at
    return f"{said[:19].replace('T', ' ')}Z"


def seconds_since(at: str) -> float:
    """A time as the state or a page spells it -> how long ago that was."""
    return (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()


def ago(seconds: float | None) -> str:
    return "now" if not seconds or seconds < 1 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """Two figures are enough: 4 s, 12 min, 3 h, 5 d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def whole_span(seconds: float) -> str:
    """A time that somebody has given, in the unit that he may have meant: 24 hours, 5 minutes, 90 seconds."""
    size, unit = next((each for each in ((3600, "hour"), (60, "minute")) if not seconds % each[0]), (1, "second"))
    number = f"{seconds / size:g}"
    return f"{number} {unit}{'' if number == '1' else 's'}"


def with_moments(value: Any) -> Any:
    """A report for people: the times in it, known by the names of their fields, as `moment` spells them."""
    if isinstance(value, list):
        return [with_moments(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _for_people(name, each) for name, each in value.items()}


def _for_people(name: str, value: Any) -> Any:
    if _is_time(name, value):
        return moment(value)
    if name in ("why", "outcome") and isinstance(value, str):
        return _of_pause(value)
    return value if name == "facts" else with_moments(value)


def _of_pause(told: str) -> str:
    """The stages keep a pause's time as the state spells it. In no other sentence: a log's words may be in it."""
    return _PAUSED.sub(lambda found: f"{found[1]}{moment(found[2])}", told) if told.startswith("paused by ") else told


def _is_time(name: str, value: Any) -> bool:
    """`facts` are left as they are: a statement in them is there to be copied."""
    named = name in TIME_FIELDS or name.endswith("_at")
    return named and isinstance(value, str) and _TIME.fullmatch(value) is not None


def says_secret(name: str) -> bool:
    """Does the name of a field say that nobody may see its value?"""
    return _SECRET_FIELD.fullmatch(name) is not None


def subject_text(subject: Subject) -> str:
    """A subject in words for people: `oss://bucket/key`, `access key LTAI****abcd`; what is not known is left out."""
    first, second, third = (*(text(part) if part else "" for part in subject.parts), "", "", "")[:3]
    match subject.kind:
        case "object":
            key = target_text(subject.parts[1]) if second else ""
            return f"oss://{first or '(no bucket)'}/{key}" + (f" version {third}" if third else "")
        case "cors":
            rule = second.removeprefix("rule=")
            of = f"for {second}" if rule == second else f"by rule {rule}"
            return f"CORS of {_place(first)}" + (f" {of}" if second else "")
        case "key":
            return _key(subject.parts[0] if subject.parts else "")
        case "clock":
            return _clock(first, second, third)
        case "signer":
            return f"signatures{_signed(subject.parts[0], second, third)}"
        case "denied":
            who = f" for {second}" if second else ""
            return f"{third or 'access'} at {_place(first)}{who}"
        case "account":
            return "the whole account"
        case "batch":
            return f"batch job over {second or 'archived'} objects of bucket {first}"
        case "code":
            return f"{first or 'a refusal without a code'} at {_place(second)}"


def _place(bucket: str) -> str:
    return f"bucket {bucket}" if bucket else NO_BUCKET


def _key(key_id: str) -> str:
    return f"access key {text(mask_key_id(key_id))}" if key_id.strip() else "an access key that the log does not name"


def _signed(key_id: str, client: str, agent: str) -> str:
    by_key = f" with {_key(key_id)}" if key_id.strip() else ""
    by_whom = f" by {_who(client, agent)}" if client or agent else ""
    return by_key + by_whom or " of which the log names neither key nor client"


def _who(client: str, agent: str) -> str:
    return f"{client} ({agent})" if client and agent else client or agent


def _clock(client: str, agent: str, key_id: str) -> str:
    """Without an address it may be many machines' clocks."""
    if client:
        return f"clock of {_who(client, agent)}"
    known = " with ".join(filter(None, (agent, _key(key_id) if key_id else "")))
    return "clocks of unknown machines" + (f" ({known})" if known else "")


class DatedPrices(PriceList, Protocol):
    """Prices that say of which day they are, and in what."""

    @property
    def currency(self) -> str: ...
    @property
    def as_of(self) -> date: ...


def request(write: Write, prices: DatedPrices | None = None) -> dict[str, Any]:
    """What a write sends, safe to show: all that it says of itself, or of one that names very many objects how long
    that is; what is there and will be in its place, where it replaces a configuration as a whole; how much it restores,
    how long that takes, and by the prices, where somebody knows them, what it costs: None where no price is known.
    """
    whole = to_json(write)
    body = clean(json.loads(whole)) if len(whole) <= LONGEST_BODY else f"{len(whole)} characters"
    replaces = None if write.replaces is None else clean(dict(zip(("now", "then"), write.replaces, strict=True)))
    spends = {"gib": round(write.stored_bytes / GIB, 2) if write.stored_bytes else None, "takes": write.takes}
    return {"body": body, "replaces": replaces} | spends | ({} if prices is None else _priced(write, prices))


def _priced(write: Write, prices: DatedPrices) -> dict[str, Any]:
    cost = write.cost(prices)
    told = None if cost is None else f"{cost.normalize():f}"
    return {"cost": told, "currency": prices.currency, "prices_as_of": prices.as_of.isoformat()}


def clean(value: Any, name: str = "") -> Any:
    """The same JSON value, safe to show: strings printable and redacted, key ids masked."""
    if isinstance(value, str):
        if value and says_secret(name):
            return GONE
        if name == "target":
            return target_text(value)
        return mask_key_id(printable(value)) if name in KEY_FIELDS else text(value)
    if isinstance(value, dict):
        if name in KEY_FIELDS:
            return {mask_key_id(printable(str(key))): clean(inner) for key, inner in value.items()}
        return {text(str(key)): clean(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        of_objects = name == "keys"  # a list of keys is a batch job's objects; access keys are told with their counts
        return [clean(inner, "" if of_objects else name) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(str(value), name)  # an exception, a path: whoever prints it would ask for its words, as they are
