"""Where oss/handle.py meets S3: for OSS's own requests each function is the one it always was, for S3 ones the other.

In order: `choose` the operation as soon as the place is known, `refuse` what concerns host and body, `read` and
`verify` the signature, and `answer` in S3's names. What OSS does not offer is an operation that refuses: bucket, key,
signature and permission are asked first, as everywhere.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ossmend.simulator.identity import AccessKey
from ossmend.simulator.oss import authenticate as native
from ossmend.simulator.oss import route
from ossmend.simulator.oss.call import Call, Operation
from ossmend.simulator.oss.credentials import Credentials, read_credentials
from ossmend.simulator.s3 import authenticate, bodies, listed, translate
from ossmend.simulator.wire import Refusal, Response


def choose(call: Call) -> Operation:
    """Headers renamed, the operation found, and put aside if S3 clients may not have it."""
    if call.s3 is None:
        return route.choose(call)
    with suppress(Refusal):
        read(call)  # for the log of requests, which has the key id of refused ones, too
    found: list[Refusal] = []
    try:
        translate.headers_in(call)
    except Refusal as refusal:
        found.append(refusal)
    try:
        operation = route.choose(call)
    except Refusal as refusal:
        found.append(refusal)
        operation = Operation("", listed.refusing(refusal), "none", "")
    found[:0] = listed.not_offered(call, operation)
    return replace(operation, run=listed.refusing(found[0])) if found else operation


def refuse(call: Call) -> None:
    """Path style and bodies in chunks: OSS looks at no key for that."""
    if call.s3 is not None:
        listed.refuse_path_style(call)
        bodies.refuse_unsupported(call)


def read(call: Call) -> Credentials | None:
    """Parsed once a request, whoever asks, and refused as often as somebody asks."""
    if call.claimed is None:
        try:
            call.claimed = (read_credentials(call) if call.s3 is None else authenticate.read(call)), None
        except Refusal as refusal:
            call.claimed = None, refusal
    credentials, refusal_or_none = call.claimed
    if refusal_or_none is not None:
        raise refusal_or_none
    return credentials


def verify(call: Call, credentials: Credentials) -> AccessKey:
    return native.verify(call, credentials) if call.s3 is None else authenticate.verify(call, credentials)


def answer(call: Call, response: Response) -> None:
    if call.s3 is not None:
        translate.answer_out(call, response)
