"""No pattern of one code's cause finds itself in the sentence of another code, as "owe" once did in "allowed"."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers.messages import MESSAGE_CODES
from ossmend.remediators.causes import CAUSES, diagnose_event
from ossmend.remediators.causes.model import Sign
from ossmend.remediators.contract.case import Event

WHOLE = {
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec.":
        "AccessForbidden",
    "CORSResponse: CORS is not enabled for this bucket.": "AccessForbidden",
    "CORSResponse: Bucket not found": "AccessForbidden",
    "The operation is not valid for the object's state": "InvalidObjectState",
    "The OSS Access Key Id you provided does not exist in our records.": "InvalidAccessKeyId",
    "The OSS Access Key Id you provided is disabled.": "InvalidAccessKeyId",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.":
        "SignatureDoesNotMatch",
    "The difference between the request time and the current time is too large.": "RequestTimeTooSkewed",
    "The image file may be damaged.": "ImageDamage",
    "You have no right to access this object because of bucket acl.": "AccessDenied",
    "Request has expired.": "AccessDenied",
    "Hierarchical namespace is disabled.": "AccessDenied",
    "Missing Some Required Arguments.": "MissingArgument",
    "Invalid signing region in Authorization header.": "InvalidArgument",
    "Please verify domain ownership by CreateCnameToken and try again.": "NeedVerifyDomainOwnership",
    "Insufficient information. Origin request header needed.": "BadRequest",
    "One or more of the specified parts could not be found or the specified entity tag might not have matched.":
        "InvalidPart",
}  # fmt: skip
SENTENCES = MESSAGE_CODES | WHOLE
"""The table's beginnings, and sentences to their end: what follows may hold a word of another cause."""
ACCEPTED = {
    ("key-temporary", "SecurityTokenExpired"): "an expired token beside a refused key says that the key is temporary",
    ("key-temporary", "InvalidSecurityToken"): "the same",
    ("chunked-signing", "InvalidArgument"): "aws-chunked in the text is the marker for both; the code keeps them apart",
}
"""Cause and the other code whose sentence one of its signs finds, with the reason why that does no harm."""


def heard(sign: Sign, sentence: str) -> bool:
    return sign.weight > 0 and sign.feature in ("message", "sample") and sign.regex.search(sentence) is not None


@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_sign_finds_itself_in_a_sentence_of_another_code(sentence: str) -> None:
    code = SENTENCES[sentence]
    found = {
        cause.id: sign.pattern
        for cause in CAUSES.values()
        if cause.codes and code not in cause.codes and (cause.id, code) not in ACCEPTED
        for sign in cause.signs
        if heard(sign, sentence)
    }
    assert found == {}


def test_what_is_accepted_still_happens() -> None:
    for name, code in ACCEPTED:
        sentences = [sentence for sentence, of in SENTENCES.items() if of == code]
        assert any(heard(sign, sentence) for sign in CAUSES[name].signs for sentence in sentences), name


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_without_its_code_is_never_a_cause_of_another_code(sentence: str) -> None:
    event = Event(source="t", status=403, message=sentence, sample=f"2026-03-01 10:00:00 ERROR copy failed: {sentence}")
    told = diagnose_event(event)
    codes = CAUSES[told.cause].codes
    assert not codes or SENTENCES[sentence] in codes, told


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_with_its_code_is_a_cause_of_that_code(sentence: str) -> None:
    told = diagnose_event(Event(source="t", status=403, code=SENTENCES[sentence], message=sentence))
    assert told.cause == "unknown" or SENTENCES[sentence] in CAUSES[told.cause].codes, told


@pytest.mark.parametrize(
    "words",
    ["allowed by the owner", "a powerful tool", "we showed it", "the security token", "content information",
     "the headers of the file", "pixelated", "unopened", "a formatted line"],
)  # fmt: skip
def test_words_that_only_hold_a_short_one_are_left_alone(words: str) -> None:
    told = diagnose_event(Event(source="t", status=403, message=words, sample=words))
    assert told.cause == "no-code"


@pytest.mark.parametrize(
    "text",
    ["upstream said 403 behind a reverse proxy", "< Via: 1.1 edge\n< HTTP/1.1 403", "403 while AssumeRole was on",
     "lifecycle of the pod: 403"],
)  # fmt: skip
def test_words_around_a_refusal_imply_no_code(text: str) -> None:
    assert diagnose_event(Event(source="t", status=403, sample=text)).cause == "no-code"
