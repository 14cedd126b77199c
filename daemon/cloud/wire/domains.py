"""An answer at a bucket's own domain -> the refusal that it means, if it is one. transport.py asks this first.

Where such a name leads the DNS decides: to this bucket, to another one, to a CDN, to somebody's web server. So what
comes from there is OSS's word only if it has a request id of OSS's, and what it says of a signature is no matter of our
key: at another bucket's domain OSS compares it with what that bucket's would be.
"""

from __future__ import annotations

from ossmend.daemon.cloud.wire.connections import Response
from ossmend.daemon.cloud.wire.errors import (
    BODY_CAP,
    SIGNED_FOR,
    BadAnswer,
    NotOss,
    WrongEndpoint,
    WrongSigning,
    oss_answer,
)
from ossmend.daemon.cloud.wire.regions import Regions

NO_MATCH = "SignatureDoesNotMatch"
OF_AN_OBJECT = ("NoSuchKey", "InvalidObjectState")
"""What is said of an object, by the bucket, once it has taken the signature, which names bucket and region."""


def refusal(
    domain: str, operation: str, response: Response, regions: Regions, asked: tuple[str, str]
) -> BadAnswer | None:
    """None: OSS has answered, and done what was asked. `asked`: the bucket, and the region that was signed for."""
    if not response.headers.get("x-oss-request-id"):
        response.close()
        return NotOss(domain, operation, response.status)
    if 200 <= response.status < 300:
        return None
    error = oss_answer(operation, response.status, response.headers, response.whole(BODY_CAP))
    if isinstance(error, WrongEndpoint):
        error.asked = domain  # the DNS leads to the host of another region; whatever is signed for, it stays so
    elif SIGNED_FOR in error.message:
        return _elsewhere(domain, error, regions, *asked)
    elif error.code == NO_MATCH:
        error.message = (
            f"{error.message} ({domain} leads to another bucket, or something on the way there changes what is sent; "
            "unless the key is refused elsewhere, too)"
        )
    return error


def tells_of_the_key(error: BadAnswer) -> bool:
    """Does a refusal at a domain say anything of our own key? The region is looked at before the key."""
    return not isinstance(error, NotOss | WrongEndpoint) and error.code != NO_MATCH


def _elsewhere(domain: str, error: BadAnswer, regions: Regions, bucket: str, region: str) -> WrongSigning:
    found = WrongSigning(error.operation, error.status, error.code, error.message, error.request_id, error.after)
    found.domain, found.asked, found.sure = domain, region, regions.sure(bucket) == region
    regions.forget(bucket)  # so that the next question looks for it anew
    return found
