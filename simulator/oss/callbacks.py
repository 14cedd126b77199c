"""Turns the callback that an upload asks for into what OSS says when it cannot reach it; the uploads ask here.

The simulator talks to nobody, so that no application is reached: the object is stored, and the answer is 203
CallbackFailed, which an application must be able to take from OSS as well.
"""

from __future__ import annotations

import base64
import binascii
import json

from ossmend.simulator.oss import refusals
from ossmend.simulator.oss.call import Call
from ossmend.simulator.wire import Refusal, Response


def asked(call: Call, field: str | None = None) -> bool:
    """Does this upload ask for a callback: by header, in a signed URL, or by a form's field? 400 if it is none."""
    text = field if field is not None else call.header("x-oss-callback") or call.query.get("callback")
    if not text:
        return False
    try:
        settings = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _invalid("The callback configuration is not json format.", text) from None
    if not isinstance(settings, dict):
        raise _invalid("The callback configuration is not json format.", text)
    for name in ("callbackUrl", "callbackBody"):
        if not isinstance(settings.get(name), str) or not settings[name]:
            raise _invalid(f"The callback configuration needs {name}.", text)
    return True


def _invalid(message: str, text: str) -> Refusal:
    return refusals.invalid_argument(message, "callback", text[:1024], "0007-00000001")  # EC ours


def answer(response: Response, *, asked: bool) -> Response:
    """What the upload answers with. Code and status are documented; the EC is ours."""
    if not asked:
        return response
    kept = ("ETag", "x-oss-hash-crc64ecma", "x-oss-version-id")
    raise Refusal(
        203,
        "CallbackFailed",
        "OSS can not connect to your callbackUrl, please check it.",
        "0007-00000203",
        headers={name: response.headers[name] for name in kept if name in response.headers},
    )
