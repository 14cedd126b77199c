"""Turns GetLogs (POST, and the older GET) into rows by time and by `field: value and field: value`.

Of the query language that much is simulated, with `or`, `not`, parentheses and `*`; SQL after a bar is refused. As in
an index, a value matches where all its words are in the field, whatever the case of the letters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ossmend.simulator.log_store import SOURCE
from ossmend.simulator.sls import answers
from ossmend.simulator.sls.call import Call, SlsError, invalid, operation
from ossmend.simulator.sls.conditions import Test, Tokens, Unreadable, whole, words

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Row
    from ossmend.simulator.wire import Response

_WORD: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\(|\)|:|[^\s():"]+)')
_PARTS: Final = re.compile(r"[\s,'\";=()\[\]{}?@&<>/:]+")
"""What parts the words of a value, as the index of OSS's logstore is set (UNCONFIRMED in detail)."""
_MOST_LINES: Final = 100
_DEFAULT_LINES: Final = 100


@operation("GetLogs", action="log:GetLogStoreLogs")
def get_logs(call: Call) -> Response:
    """Rows of [from, to) by their own time; `Complete` always: nothing here is too large to look at."""
    by_post = call.request.method == "POST"
    asked = call.json() if by_post else dict(call.request.query)
    if not isinstance(asked, dict):
        raise SlsError(400, "PostBodyInvalid", "The request body is not valid JSON object.")
    found = _found(call, asked)
    line, offset = _number(asked, "line", "InvalidLine", _DEFAULT_LINES), _number(asked, "offset", "InvalidOffset", 0)
    if line > _MOST_LINES:
        raise SlsError(400, "InvalidLine", "line is invalid")
    if _truth(asked.get("reverse", False)):
        found.reverse()
    rows = [_shown(row) for row in found[offset : offset + line]]
    if by_post:
        meta = {"progress": "Complete", "count": len(rows), "processedRows": len(found), "hasSQL": False, "mode": 0}
        return answers.as_json(call.request, {"meta": meta, "data": rows})
    extra = {"x-log-progress": "Complete", "x-log-count": str(len(rows)), "x-log-processed-rows": str(len(found))}
    return answers.as_json(call.request, rows, extra)


def _found(call: Call, asked: dict[str, Any]) -> list[Row]:
    begin, end = (_number(asked, name, "InvalidTimeRange", -1) for name in ("from", "to"))
    if not 0 <= begin <= end:
        raise SlsError(400, "InvalidTimeRange", "request time range is invalid")
    query, topic = asked.get("query") or "*", asked.get("topic")
    if not isinstance(query, str):
        raise SlsError(400, "InvalidQueryString", "query string is invalid")
    test = read(query)
    rows = (row for shard in call.project.shards.values() for group in shard.groups for row in group.rows)
    found = [row for row in rows if begin <= row.time < end and (not topic or row.topic == topic) and test(row)]
    return sorted(found, key=lambda row: row.time)


def _number(asked: dict[str, Any], name: str, code: str, default: int) -> int:
    value = asked.get(name, default)
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,15}", text, re.ASCII) or (value != default and "-" in text):
        what = "request time range" if code == "InvalidTimeRange" else name
        raise SlsError(400, code, f"{what} is invalid")
    return int(text)


def _truth(value: object) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise SlsError(400, "InvalidReverse", "Reverse value is invalid")
    return str(value).lower() == "true"


def _shown(row: Row) -> dict[str, str]:
    return {"__source__": SOURCE, "__time__": str(row.time), "__topic__": row.topic, **row.fields}


def read(query: str) -> Test:
    """The test that a query means, or the refusal."""
    try:
        if "|" in re.sub(r'"[^"]*"', "", query):
            raise invalid("SQL after | is not simulated")  # ours: the real service knows it
        return whole(Tokens(words(_WORD, query)), _holds)
    except Unreadable as problem:
        raise SlsError(400, "InvalidQueryString", f"query string is invalid: {problem}") from None


def _bare(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _parts(text: str) -> set[str]:
    return {part for part in _PARTS.split(text.lower()) if part}


def _holds(tokens: Tokens) -> Test:
    """`*`, or `field: value`."""
    if tokens.takes("*"):
        return lambda _: True
    name = _bare(tokens.take())
    if not tokens.takes(":"):
        raise Unreadable(f"{name!r} is no `field: value`, and nothing else is simulated")
    given = tokens.take()
    if given in ("", "(", ")", ":") or (not given.startswith('"') and re.search(r"[*?<>=]", given)):
        raise Unreadable(f"the value of {name} is not understood")
    wanted = _parts(_bare(given))
    return lambda row: wanted <= _parts(row.value(name) or "")
