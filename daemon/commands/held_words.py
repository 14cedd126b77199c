"""What holds a write back (a word in the state) -> what that is in plain words, and what ends it. For pages and tables.

The words themselves are a contract (`held_by`, `ossmend status --json`); a person who reads one of them has to look up
what it means. Next: case_page.py, status_page.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from ossmend.daemon.journal.intents import BEYOND

WORDS: Mapping[str, str] = {
    "approval": "for a person's approval",
    "approved": "by nothing but the daemon's next look: a person has approved them",
    "rejected": "because a person has rejected them",
    "price": "because nobody knows their price: a person has to approve",
    "account": "because the account itself is refused or suspended",
    "witness": "until OSS's own access log tells the same refusal",
    "share": "because their part of a limit is spent: that of logs which anybody could have forged",
    "pause": "by the pause (`paused` says what ends it)",
    "batch": "until enough of them come together for a batch job",
}
"""A limit has no line here: its name is the setting that it is."""


def held(by: str) -> str:
    """Goes on after "held": `held for a person's approval`, `held by the limit writes_per_hour`."""
    kind, _, limit = by.partition(" ")
    if kind == BEYOND:
        return f"because they are larger than the whole limit {limit}: it has to be raised"
    return WORDS.get(kind) or f"by the limit {by}"


def way_out(by: str, case: object, why: str = "", ends_pause: str | None = None) -> str:
    """What lets such a write of this case go; `why`: the daemon's words on what holds it; `ends_pause`: what ends the
    pause of its policy, None where that is over.
    """
    answer = f"ossmend cases approve {case}"
    match _kind(by):
        case "approval" | "price":
            return f"{answer}, or ossmend cases reject {case}"
        case "rejected":
            return f"{answer} takes the rejection back; without that it is asked for again after 24 h"
        case "pause":
            if ends_pause is None:
                return "nothing: the pause is over, and it goes on at the next look"
            return f"it goes on after {ends_pause}"
        case "account":
            return "nothing to do here: it goes on when the account is answered again"
        case "witness":
            return f"nothing, if OSS's access log is read as a source; {answer} lets it go without that"
        case "share":
            return f"{answer} lets it go now; without that: {why}"
        case "beyond":
            return why
        case "batch":
            return "nothing to do: it goes with the others, or alone after a minute"
        case _:
            return f"nothing: it goes on when the limit frees; or raise that limit: no approval lifts one ({why or by})"


def _kind(by: str) -> str:
    """What a batch job holds says of which group it is, too."""
    return by.partition(" ")[0]
