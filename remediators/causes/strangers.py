"""An error that was not taken for OSS's -> whose it is, and how sure that is. Nothing is ever written for it.

People reach OSS by S3 clients, too. Where a client's name is the only sign of S3, the client says the same of both, and
only its endpoint tells them apart. candidates.py asks here.
"""

from __future__ import annotations

from collections.abc import Mapping

from ossmend.remediators.causes.model import Text
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

ANOTHER_SERVICE = "another-service"
S3_OR_OSS = "s3-or-oss"
SURE, OPEN = 0.95, 0.5
_CLIENT = regex(r"botocore|boto3|\bAmazonS3|S3ServiceException|aws-sdk(?:-[a-z0-9]{1,10})?|awserr")
_S3_ITSELF = regex(
    r"amazonaws\.com|\barn:aws|AWS ?Access ?Key|x-amz-(?!content-sha256)|\bAccess Denied\b|for the object's storage class"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{12,}|(?i:request[-_ ]?id)\W{1,8}[0-9A-Z]{16}(?![0-9A-Za-z])"
)
"""Its hosts, headers, ids and sentences; OSS has others."""


def of(event: Event, found: Mapping[str, str], whose: str) -> tuple[str, float, Text]:
    """The cause, how sure it is, and why."""
    text = found.get("sample", "")
    client = _CLIENT.search(text) or _CLIENT.search(event.user_agent or "")
    placed = event.host or event.request_id or "Resource" in event.fields or _S3_ITSELF.search(text)
    if whose == "s3" and client and not placed and not _S3_ITSELF.search(event.message or ""):
        return S3_OR_OSS, OPEN, Text(
            f"the only sign of S3 is the client's own name ({client[0]}), and an S3 client says the same of S3 and of OSS",
            f"唯一与 S3 有关的迹象是客户端自身的名称（{client[0]}），而 S3 客户端对 S3 和 OSS 的报错相同",
        )  # fmt: skip
    return ANOTHER_SERVICE, SURE, Text(
        f"host, ids or wording are those of another service ({whose})", f"主机、ID 或措辞属于其他服务（{whose}）"
    )  # fmt: skip
