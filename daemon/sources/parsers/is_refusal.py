"""A refusal that was put together -> is it one, and OSS's? What its status, its code and the words around it say.

`strict` is for logs, where most text is about something else: then something has to speak of OSS. Next: event.py.
"""

from __future__ import annotations

from ossmend.daemon.sources.parsers.foreign import says_oss
from ossmend.daemon.sources.parsers.messages import SHARED, implied_code
from ossmend.daemon.sources.parsers.names import GENERIC, KNOWN_CODES, REFUSALS, SAID_TO_S3_CLIENTS
from ossmend.daemon.sources.parsers.same_request import Refusal
from ossmend.remediators import causes
from ossmend.remediators.contract.light import regex

_OSS_ID = regex(r"[0-9A-F]{24}")


def is_refusal(refusal: Refusal, around: str, service: str | None, *, strict: bool, words: bool) -> bool:
    """`service`: whose error it is, where it is not OSS's."""
    fragment = refusal.fragment
    facts = fragment.facts
    status = facts.get("status")
    if status and status.startswith("5") and facts.get("code") in REFUSALS and not fragment.weak:
        del facts["status"]  # what a wrapper answered: OSS has no 5xx of this name
    elif status and not status.startswith("4") and (strict or facts.get("code") not in causes.CODES):
        return False  # no refusal; but somebody who pastes a code that is known wants it explained
    if fragment.shape == "browser_console":
        return not strict or says_oss(fragment, around)
    code = facts.get("code")
    if refusal.overshadowed or ("listed" in fragment.extra and facts.keys() <= {"code", "status"}):
        return words  # of a list of codes, each is explained to who asks, and none was answered
    if service is not None:
        return bool(code) and (not fragment.weak or "said" in fragment.extra)
    message = facts.get("message", "")
    oss = says_oss(fragment, around) or (implied_code(message) is not None and not message.startswith(tuple(SHARED)))
    if code is None:
        return _codeless(refusal, oss=oss, strict=strict)
    if fragment.weak:
        said = "said" in fragment.extra or _OSS_ID.fullmatch(facts.get("request_id", "")) is not None
        return (said and (not strict or oss or (code not in GENERIC and "message" in facts))) or words
    return (
        oss
        or (code in KNOWN_CODES and (not strict or code not in GENERIC or fragment.shape == "xml"))
        or (not strict and (fragment.shape == "xml" or (code in SAID_TO_S3_CLIENTS and "said" in fragment.extra)))
    )


def _codeless(refusal: Refusal, *, oss: bool, strict: bool) -> bool:
    """A refusal without a code: an EC, a code that is cut off, OSS's own words, or a 403 that is OSS's."""
    fragment = refusal.fragment
    facts = fragment.facts
    if strict and fragment.weak and "bare" in fragment.extra and not {"status", "message"} & facts.keys():
        return False  # a number alone, in somebody's log: nothing says that it was refused
    if strict and fragment.weak and "lone" in fragment.extra:
        return False
    if "code_cut" in fragment.extra or facts.get("ec") or {"string_to_sign", "signature"} & facts.keys():
        return oss or not strict
    if facts.get("message") and "said" in fragment.extra and not (strict and "sentence_cut" in fragment.extra):
        return oss or not strict
    if facts.get("status") == "403":
        return oss or not strict
    return "page" in fragment.extra and "security system" in fragment.extra["page"]
