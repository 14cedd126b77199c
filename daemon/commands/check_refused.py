"""The cloud refuses our own credentials -> the cause and the next step, in the words that `explain` has for them.

RAM's gateway has names of its own for what OSS refuses, so they are translated; a code that is not here is looked up in
the catalogue as a pasted text would be. Neither the secret nor what was signed is told, and the key id is masked. Next:
check_live.py prints it.
"""

from __future__ import annotations

from typing import Any

from ossmend.daemon.cloud.credentials import Provider
from ossmend.daemon.host.redact import mask_key_id, printable
from ossmend.remediators import causes
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Refused, TryAgain

SURE = 0.5
"""A cause that is less likely than not is no next step."""
CAUSES = {
    "SignatureDoesNotMatch": "wrong-secret",
    "InvalidAccessKeySecret": "wrong-secret",
    "IncompleteSignature": "wrong-secret",
    "InvalidAccessKeyId": "key-not-of-this-account",
    "InvalidAccessKeyId.NotFound": "key-not-of-this-account",
    "InvalidAccessKeyId.Inactive": "key-disabled",
    "MissingSecurityToken": "key-temporary",
    "InvalidSecurityToken": "token-invalid",
    "InvalidSecurityToken.Malformed": "token-invalid",
    "InvalidSecurityToken.Expired": "token-expired",
    "InvalidSecurityToken.MismatchWithAccessKey": "token-mismatch",
    "SecurityTokenExpired": "token-expired",
    "InvalidTimeStamp": "clock-this-host",
    "InvalidTimeStamp.Expired": "clock-this-host",
    "RequestTimeTooSkewed": "clock-this-host",
    "WrongRegion": "denied-wrong-endpoint",
}
"""What the code means of our own request: the gateway's, and OSS's where the same words are answered."""
OURS = {"key-disabled": 1}
"""Of which cause another step than the first is the one to take: who uses the key is no question here."""
_OF_NOBODY = ("InvalidAccessKeyId", "InvalidAccessKeyId.NotFound")


def told(trouble: Refused | TryAgain, credentials: Provider) -> dict[str, Any]:
    """{"found", "cause"}: `cause` is None where the catalogue has none, and the answer is told as it came then."""
    if isinstance(trouble, TryAgain):
        return {"found": f"no answer: {trouble.why}", "cause": None}
    code, message = trouble.code, trouble.message
    key_id = _key_id(credentials)
    cause = _cause(code, message, key_id)
    of_key = f" (key {mask_key_id(printable(key_id))})" if key_id else ""
    if cause is None:
        more = f"; `ossmend explain {code}` says what may be behind it" if code in causes.CODES else ""
        return {"found": f"refused: {code}{of_key} {message}{more}", "cause": None}
    return {"found": f"refused: {code}{of_key}: {meaning(cause)}", "cause": cause}


def meaning(cause: str) -> str:
    """The cause and the thing to do now, as one reads them in the docs of its code."""
    known = causes.CAUSES[cause]
    return f"{known.title.en}. {known.next_steps[OURS.get(cause, 0)].en}"


def _cause(code: str, message: str, key_id: str) -> str | None:
    if code in _OF_NOBODY and key_id.startswith(("STS.", "TMP.")):
        return "key-temporary"
    known = CAUSES.get(code) or CAUSES.get(code.partition(".")[0])
    if known is not None:
        return known
    diagnosis = causes.diagnose_event(Event(source="check", code=code.partition(".")[0], message=message), lang="en")
    found = diagnosis.cause if diagnosis.confidence >= SURE else None
    return found if found is not None and causes.CAUSES[found].codes else None


def _key_id(credentials: Provider) -> str:
    try:
        return credentials.get_credentials().access_key_id
    except TryAgain:  # there is none just now, and that is what is told
        return ""
