"""An event -> is it a browser's console line about CORS, and whose remediator looks into it? config/model.py asks.

A browser never shows OSS's code to a page. What its console says of CORS goes with one code only, as OSS's own
sentences do (docs/decisions/0005-provenance.md): that of a refused preflight. So both are looked into by one
remediator, and where they tell of one bucket and one page, they are one case.
"""

from __future__ import annotations

from ossmend.remediators.contract.case import Event

CONSOLE = "browser_console"
"""The shape that the parser gives to such a line."""
REASON = "cors_console"
"""The field with the browser's own words."""
PREFLIGHT_REFUSED = "AccessForbidden"


def is_console(event: Event) -> bool:
    """Does nobody but a browser tell it? Where OSS's answer stands beside it, the event has a code."""
    return event.shape == CONSOLE and event.code is None


def code_of(event: Event) -> str | None:
    """The code whose remediator looks into it. Without bucket and origin there is nothing to look at: then None."""
    if is_console(event) and event.bucket and event.origin:
        return PREFLIGHT_REFUSED
    return event.code
