"""Where oss/handle.py meets S3: for OSS's own requests each function is the one it always was, for S3 ones the other.

In order: `translate_in` as soon as the place is known, `refuse` what OSS does not offer, `read` and `verify` the
signature, and `answer` in S3's names.
"""

from __future__ import annotations

from contextlib import suppress

from ossmend.simulator.identity import AccessKey
from ossmend.simulator.oss import authenticate as native
from ossmend.simulator.oss.authenticate import Credentials
from ossmend.simulator.oss.call import Call, Operation
from ossmend.simulator.s3 import authenticate, bodies, listed, translate
from ossmend.simulator.wire import Refusal, Response


def translate_in(call: Call) -> None:
    """Headers renamed, and names refused that would choose a wrong operation."""
    if call.s3 is not None:
        with suppress(Refusal):
            authenticate.read(call)  # for the log of requests, which has the key id of refused ones, too
        listed.refuse_subresource(call)
        translate.headers_in(call)


def refuse(call: Call, operation: Operation) -> None:
    """Path style, calls that are not listed, and bodies in chunks: OSS looks at no key for that."""
    if call.s3 is not None:
        listed.refuse_path_style(call)
        listed.refuse_operation(call, operation)
        bodies.refuse_unsupported(call)


def read(call: Call) -> Credentials | None:
    return native.read_credentials(call) if call.s3 is None else authenticate.read(call)


def verify(call: Call, credentials: Credentials) -> AccessKey:
    return native.verify(call, credentials) if call.s3 is None else authenticate.verify(call, credentials)


def answer(call: Call, response: Response) -> None:
    if call.s3 is not None:
        translate.answer_out(call, response)
