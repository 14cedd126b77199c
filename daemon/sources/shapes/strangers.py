"""A fragment -> whose error it is: OSS's, or that of a service that speaks alike (S3, MinIO, other Alibaba services, ...).

A stranger's error must never become work: an `InvalidAccessKeyId` of S3 or of ECS says nothing about a bucket of ours.
What OSS alone says (its hosts, its EC, its wording) outweighs everything else, because people reach OSS by S3 clients too.
"""

from __future__ import annotations

import re

from ossmend.daemon.sources.shapes.fragment import Fragment

_OSS_HOST = re.compile(r"(?:^|[./@-])oss(?:-[a-z0-9-]{2,40})?(?:\.[a-z-]{2,20})?\.aliyuncs\.com|oss-[a-z0-9-]+\.aliyun-inc\.com", re.IGNORECASE)
_OSS_WORDS = re.compile(
    r"The OSS Access Key|x-oss-|aliyun[-_. ]?oss|oss2?\.exceptions|com\.aliyun\.oss|Aliyun[./]OSS|oss: service returned|OSSAccessKeyId"
    r"|AliyunOSS|oss://|CORSResponse|ali-oss|because of bucket acl|oss-sdk|ossutil",
    re.IGNORECASE,
)
_EC = re.compile(r"\d{4}-\d{8}")
_OSS_ID = re.compile(r"[0-9A-F]{24}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ALIBABA_HOST = re.compile(r"(?:^|//|\.)([a-z][a-z0-9-]{1,30})(?:[.-][a-z]{2}-[a-z0-9-]{3,30})?(?:-(?:internal|vpc))?\.aliyuncs\.com", re.IGNORECASE)
_ALIBABA_XML = re.compile(r"https?://(mns|mq|ons|sls|ots)\.aliyuncs\.com")
_ALIBABA_CODES = re.compile(r"(?:InvalidAccessKeyId|Forbidden|NoPermission|InvalidSecurityToken|SignatureDoesNotMatch|IncompleteSignature)\.\w+")
_ALIBABA_WORDS = re.compile(
    r"TeaException|Tea\.|SDK\.ServerError|aliyunsdkcore|com\.aliyuncs\.exceptions|Specified access key is|Specified signature is not matched"
    r"|alibabacloud_tea|AlibabaCloud\.SDK|LogException|aliyun\.log",
)
_OTHERS = (
    ("s3", re.compile(r"amazonaws\.com|AWS Access Key Id|botocore|boto3|x-amz-(?!content-sha256)|\bAmazonS3|S3ServiceException|aws-sdk|awserr|Key Id you provided does not exist in our records\.?</Message><AWSAccessKeyId")),
    ("minio", re.compile(r"\bminio\b|MinIO|io\.minio")),
    ("cos", re.compile(r"myqcloud\.com|<TraceId>|CosServiceException|qcloud_cos")),
    ("obs", re.compile(r"myhuaweicloud\.com|ObsException|obs-sdk")),
    ("gcs", re.compile(r"storage\.googleapis\.com|GoogleAccessId")),
    ("ceph", re.compile(r"\btx0000[0-9a-f-]{10,}")),
    ("qiniu", re.compile(r"qiniucs\.com|qiniu\.com")),
    ("tos", re.compile(r"tos-[a-z0-9-]+\.volces\.com")),
)  # fmt: skip
_MINIO_HOST = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_S3_HOST = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def stranger(fragment: Fragment, around: str) -> str | None:
    """Whose error it is, in a word (`s3`, `minio`, `alibaba:ecs`, ...); None if it is OSS's, or nothing speaks against that."""
    facts = fragment.facts
    host = facts.get("host", "")
    code = facts.get("code", "")
    if _OSS_HOST.search(host):
        return None
    if _EC.fullmatch(facts.get("ec", "")) and not _UUID.fullmatch(facts.get("request_id", "")):
        return None
    if found := _ALIBABA_XML.search(fragment.extra.get("xmlns", "")):
        return f"alibaba:{found[1]}"
    if found := _ALIBABA_HOST.search(host):
        return f"alibaba:{found[1].lower()}"
    if _ALIBABA_CODES.fullmatch(code):
        return "alibaba"
    if _MINIO_HOST.fullmatch(host):
        return "minio"
    if _S3_HOST.fullmatch(host):
        return "s3"
    if _OSS_WORDS.search(around) or _OSS_HOST.search(around):
        return None
    if _UUID.fullmatch(facts.get("request_id", "")) or _ALIBABA_WORDS.search(around):
        return "alibaba"
    for name, signs in _OTHERS:
        if signs.search(around):
            return name
    if "resource" in facts and not _OSS_ID.fullmatch(facts.get("request_id", "")):
        return "s3"
    return None


def says_oss(fragment: Fragment, around: str) -> bool:
    """Is there anything that only OSS, or somebody who talks about OSS, would say?"""
    facts = fragment.facts
    return bool(
        _OSS_HOST.search(facts.get("host", ""))
        or _EC.fullmatch(facts.get("ec", ""))
        or _OSS_ID.fullmatch(facts.get("request_id", "").upper())
        or _OSS_WORDS.search(around)
        or _OSS_HOST.search(around)
        or re.search(r"(?<![A-Za-z])(?:OSS|oss)(?![A-Za-z])|阿里云", around)
    )
