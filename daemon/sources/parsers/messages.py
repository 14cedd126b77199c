"""OSS's own sentences -> the one code that each goes with (docs/facts.md#access-denied-messages).

Where a text has the sentence and no code, the code is implied and marked so. The parser, the fast filter in front of it
and the tests read this one table: a sentence that is missing here is unknown to all of them alike.
"""

from __future__ import annotations

MESSAGE_CODES = {
    "CORSResponse:": "AccessForbidden",
    "The operation is not valid for the object's state": "InvalidObjectState",
    "The OSS Access Key Id you provided": "InvalidAccessKeyId",
    "The request signature we calculated does not match the signature you provided": "SignatureDoesNotMatch",
    "The difference between the request time and the current time is too large": "RequestTimeTooSkewed",
    "The image file may be damaged": "ImageDamage",
    "The security token you provided has expired": "SecurityTokenExpired",
    "The security token you provided is invalid": "InvalidSecurityToken",
    "Please use virtual hosted style to access": "SecondLevelDomainForbidden",
    "must be addressed using OSS third level domain": "SecondLevelDomainForbidden",
    "You have no right to access this object": "AccessDenied",
    "You have no right to access this bucket": "AccessDenied",
    "Anonymous access is forbidden for this operation": "AccessDenied",
    "Anonymous user has no right to access this": "AccessDenied",
    "The bucket you are attempting to access must be addressed using the specified endpoint": "AccessDenied",
    "The bucket you access does not belong to you": "AccessDenied",
    "Access denied by bucket policy": "AccessDenied",
    "Access denied by authorizer's policy": "AccessDenied",
    "Access denied by VPC endpoint policy": "AccessDenied",
    "You are denied by bucket referer policy": "AccessDenied",
    "You are forbidden to list buckets": "AccessDenied",
    "You do not have read permission on this object": "AccessDenied",
    "You do not have write permission on this object": "AccessDenied",
    "You do not have read acl permission on this object": "AccessDenied",
    "You do not have write acl permission on this object": "AccessDenied",
    "OSS authentication requires a valid Date": "AccessDenied",
    "Put public object acl is not allowed": "AccessDenied",
    "Put public bucket acl is not allowed": "AccessDenied",
    "Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters": "AccessDenied",
    "Invalid date (should be seconds since epoch)": "AccessDenied",
    "Invalid according to Policy": "AccessDenied",
    "Cannot visit oss, forbidden by security system": "AccessDenied",
    "Target object does not reside in the same data center": "AccessDenied",
    "This request is forbidden by kms": "AccessDenied",
    "Hierarchical namespace is disabled": "AccessDenied",
    "Request has expired": "AccessDenied",
    "aws-chunked encoding is not supported with the specified x-amz-content-sha256 value": "InvalidArgument",
    "Aws MultiChunkedEncoding is not supported": "NotImplemented",
    "Missing Some Required Arguments": "MissingArgument",
    "Can not override response header for an anonymous user": "InvalidRequest",
}
"""The beginning of the sentence, as OSS spells it."""

SHARED = frozenset(
    {
        "The request signature we calculated does not match the signature you provided",
        "The difference between the request time and the current time is too large",
        "Invalid according to Policy",
        "Request has expired",
    }
)
"""S3 and its copies say these to the letter: in a log they need a sign of OSS beside them."""


def implied_code(message: str) -> str | None:
    """The code that OSS's sentence goes with; None for any other sentence."""
    said = message.lstrip(" \t\"'").replace("’", "'").lower()
    return next((code for begin, code in _LOWERED if said.startswith(begin)), None)


def osss_own(message: str) -> str:
    """From where OSS's own sentence begins: what a colleague puts before it, in Chinese or with a colon, is not."""
    if message.isascii() and ":" not in message:
        return message  # as mostly
    lowered = message.lower().replace("’", "'")
    if implied_code(message) is not None or len(lowered) != len(message):
        return message
    begins = [at for sentence, _ in _LOWERED if (at := lowered.find(sentence)) > 0]
    at = min(begins, default=0)
    before = message[:at].rstrip(" \t\"'“「")
    return message[at:] if before and (not before.isascii() or before.endswith(":")) else message


LEAST_OF_A_CUT = 24
"""Characters of a sentence that is cut off: a shorter beginning may be anybody's words."""
CUTS = " \t\r\n.…\"'"
"""What a shortened text ends with."""


def cut_off(text: str) -> tuple[int, str] | None:
    """Where at the text's end a sentence begins that is cut off, and the code that each sentence with this beginning
    goes with; None where there is no such sentence, or their codes differ.
    """
    end = text[-LONGEST_END:].rstrip(CUTS)
    last = end.lower()
    if len(last) < LEAST_OF_A_CUT or last[-LEAST_OF_A_CUT:] not in _EVERY:
        return None  # as mostly: to compare each length of each sentence took a quarter of a line's time
    begun = max((_begun(last, sentence) for sentence, _ in _LOWERED), default=0)
    before = end[: len(end) - begun][-1:]
    codes = {code for sentence, code in _LOWERED if begun and sentence.startswith(last[-begun:])}
    if len(codes) != 1 or before.isalnum() or len(last) != len(end):
        return None
    return max(0, len(text) - LONGEST_END) + len(end) - begun, codes.pop()


def _begun(text: str, sentence: str) -> int:
    """How many characters of the sentence the text ends with; 0 for too few, and for all of them."""
    lengths = range(len(sentence) - 1, LEAST_OF_A_CUT - 1, -1)
    return next((length for length in lengths if text.endswith(sentence[:length])), 0)


_LOWERED = tuple((begin.lower(), code) for begin, code in MESSAGE_CODES.items())
_EVERY = "\n".join(begin for begin, _ in _LOWERED)
LONGEST_END = max(map(len, MESSAGE_CODES)) + 20
"""With what a shortened text ends with, behind the sentence."""
