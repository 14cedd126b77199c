"""What clients of S3 and other wrappers print around OSS's code -> fragments: code, message, operation.

`An error occurred (X) when calling the Y operation: ...`, `api error X: ...`, `S3 error: 403 (X): ...`: the code may be
one that is in no table. Such a line says little else, so it joins the fuller fragment beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.remediators.contract.light import regex

_SAID = r"[ \t]{0,4}(?P<message>[A-Z][^\r\n]{3,600})?"
_SHAPES = (
    ("boto", regex(
        r"An error occurred \((?P<code>[A-Z][A-Za-z]{2,60})\) when calling the (?P<operation>[A-Z]\w{2,60}) operation"
        r"(?: \(reached max retries: \d{1,3}\))?:" + _SAID)),
    ("aws-go", regex(r"api error (?P<code>[A-Z][A-Za-z]{2,60}):" + _SAID)),
    ("s3cmd", regex(r"S3 error: (?P<status>\d{3}) \((?P<code>[A-Z][A-Za-z]{2,60})\):?" + _SAID)),
    ("aws-ruby", regex(r"Aws::S3::Errors::(?P<code>[A-Z][A-Za-z]{2,60})(?::|\b)" + _SAID)),
    ("fluent-bit", regex(
        r"error='(?P<code>[A-Z][A-Za-z]{2,60})', message='(?P<message>[^'\r\n]{3,600}(?:'s [^'\r\n]{1,600})?)'")),
    ("aws-rust", regex(r"unhandled error \((?P<code>[A-Z][A-Za-z]{2,60})\)")),
    ("arrow", regex(
        r"AWS Error (?P<code>[A-Z_]{4,60}) during (?P<operation>[A-Z]\w{2,60}) operation:" + _SAID)),
    ("minio-go", regex(r"\bErrorResponse\{[^{}\n]{0,400}?Code:\"(?P<code>[A-Z][A-Za-z]{2,60})\"")),
)  # fmt: skip
_END = regex(r"[\"{}<>|]| RequestId: |\s(?:at|\\n)\s")
HINTS = ("An error occurred (", "api error ", "S3 error: ", "Aws::S3::Errors::", "error='", "unhandled error (",
          "AWS Error ",          "ErrorResponse{")  # fmt: skip
LOCAL = frozenset({"Forbidden", "NotFound", "RequestError", "RequestCanceled", "SerializationError"})
"""What a client calls an answer without a body, or no answer at all: none of OSS's codes."""


def find(text: str) -> Iterator[Fragment]:
    """Every code that a client wraps in its own words."""
    if not any(hint in text for hint in HINTS):
        return
    for shape, pattern in _SHAPES:
        for found in pattern.finditer(text):
            named = {name: value for name, value in found.groupdict().items() if value}
            if named["code"] in LOCAL:
                continue
            if named["code"].isupper() or "_" in named["code"]:  # a name of the client's own for what it got
                named = {"status": "403", "operation": named["operation"]} if named["code"] == "ACCESS_DENIED" else {}
            if not named:
                continue
            fragment = Fragment(
                found.start("code"), found.end(), shape, extra={"said": "yes"}, weak="code" not in named
            )
            if "message" in named:
                named["message"] = _END.split(named["message"], maxsplit=1)[0].strip()
            for name, value in named.items():
                fragment.put(name, value)
            yield fragment
