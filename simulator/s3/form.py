"""Turns the fields of an S3 upload form into OSS's: PostObject of a browser whose page signs for S3.

The fields are kept under their own names, too: the signed policy speaks of those. Next: oss/post_form.py.
"""

from __future__ import annotations

from typing import Final

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call
from ossmend.simulator.s3 import listed, signatures, translate
from ossmend.simulator.s3.dialect import Sent

MISMATCH: Final = "0002-00000429"
_SIGNING = {
    "awsaccesskeyid": "ossaccesskeyid",
    "x-amz-credential": "ossaccesskeyid",
    "x-amz-signature": "signature",
    "x-amz-security-token": "x-oss-security-token",
}
_PASSED_OVER = ("x-amz-algorithm", "x-amz-date")


def translate_in(call: Call, fields: dict[str, str]) -> None:
    """Make the call an S3 one if the form is, and add OSS's names to its fields."""
    if not any(name in fields for name in _SIGNING):
        return
    call.s3 = call.s3 or Sent(dict(call.request.headers), call.request.body)
    listed.refuse_path_style(call)
    for name, value in tuple(fields.items()):
        if name in _SIGNING:
            fields[_SIGNING[name]] = value.partition("/")[0] if name == "x-amz-credential" else value
        elif name == "acl":
            fields["x-oss-object-acl"] = value
        elif name == "tagging":
            raise refusals.not_implemented(name)
        elif name.startswith("x-amz-") and name not in _PASSED_OVER:
            fields.update(translate.renamed(name, value, level="object"))


def is_v4(fields: dict[str, str]) -> bool:
    return "x-amz-credential" in fields


def signature(secret: str, fields: dict[str, str], policy: bytes) -> str:
    """What SigV4 or SigV2 makes of the encoded policy. The region in the scope is not checked, as in a header."""
    if is_v4(fields):
        return signatures.v4_signature(secret, fields["x-amz-credential"].partition("/")[2], policy)
    return signatures.v2_signature(secret, policy)
