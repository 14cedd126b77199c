"""A fragment -> whose error it is: OSS's, or that of a service that speaks alike (S3, MinIO, other Alibaba services,
...).

The error of another service must never become work: an `InvalidAccessKeyId` of S3 or of ECS says nothing about a bucket
of ours. What OSS alone says (its hosts, its EC, its wording) outweighs everything else, because people reach OSS by S3
clients too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.messages import SHARED, implied_code
from ossmend.daemon.sources.parsers.names import GENERIC, OSS_ALONE
from ossmend.remediators.contract.light import regex

_OSS_HOST = regex(
    r"(?:^|[./@-])oss(?:-[a-z0-9-]{2,40})?(?:\.[a-z-]{2,20})?\.aliyuncs\.com|oss-[a-z0-9-]+\.aliyun-inc\.com",
    re.IGNORECASE,
)
_OSS_WORDS = regex(
    r"The OSS Access Key|x-oss-|aliyun[-_. ]?oss|oss2?\.exceptions|com\.aliyun\.oss|Aliyun[./]OSS"
    r"|oss: service returned|OSSAccessKeyId"
    r"|AliyunOSS|oss://|CORSResponse|ali-oss|because of bucket acl|oss-sdk|ossutil",
    re.IGNORECASE,
)
_FROM_OSS = regex(r"oss://|AliyunOSS|(?i:x-oss-(?:request-id|ec|err|server-time))")
_ADDRESS = regex(r"https?://[^\s\"'<>]{3,2000}")
_LITTLE = frozenset({"status", "code", "message", "url", "method"})
"""A refusal of which no more is told says nothing about whose it is."""
_EC = regex(r"\d{4}-\d{8}")
_OSS_ID = regex(r"[0-9A-F]{24}")
_UUID = regex(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_ALIBABA_HOST = regex(
    r"(?:^|//|\.)([a-z][a-z0-9-]{1,30})(?:[.-][a-z]{2}-[a-z0-9-]{3,30})?(?:-(?:internal|vpc))?\.aliyuncs\.com",
    re.IGNORECASE,
)
_ALIBABA_XML = regex(r"https?://(mns|mq|ons|sls|ots)\.aliyuncs\.com")
_ALIBABA_CODES = regex(
    r"(?:InvalidAccessKeyId|Forbidden|NoPermission|InvalidSecurityToken|SignatureDoesNotMatch|IncompleteSignature)\.\w+"
)
_ALIBABA_WORDS = regex(
    r"TeaException|Tea\.|SDK\.ServerError|aliyunsdkcore|com\.aliyuncs\.exceptions|Specified access "
    r"key is|Specified signature is not matched"
    r"|alibabacloud_tea|AlibabaCloud\.SDK|LogException|aliyun\.log"
    r"|\.log\.aliyuncs\.com|denied by sts or ram|\blog:\w{8,40}",
)
_OTHERS = (
    (
        "s3",
        regex(
            r"amazonaws\.com|AWS Access Key Id|botocore|boto3|x-amz-(?!content-sha256)|\bAmazonS3"
            r"|S3ServiceException|aws-sdk|awserr|<AWSAccessKeyId>"
        ),
    ),
    ("kubernetes", regex(r"Error from server \(Forbidden\)|is forbidden: User \"")),
    ("minio", regex(r"\bminio\b|MinIO|io\.minio")),
    ("cos", regex(r"myqcloud\.com|<TraceId>|CosServiceException|qcloud_cos")),
    ("obs", regex(r"myhuaweicloud\.com|ObsException|obs-sdk")),
    ("gcs", regex(r"storage\.googleapis\.com|GoogleAccessId|gs://|gserviceaccount\.com|storage\.objects\.\w")),
    ("ceph", regex(r"\btx0000[0-9a-f-]{10,}")),
    ("qiniu", regex(r"qiniucs\.com|qiniu\.com")),
    ("tos", regex(r"tos-[a-z0-9-]+\.volces\.com")),
    ("ks3", regex(r"ksyuncs\.com|ksyun\.com|\bKS3\b")),
    ("bos", regex(r"bcebos\.com|\bBceServiceException\b")),
    ("r2", regex(r"r2\.cloudflarestorage\.com")),
    ("azure", regex(r"blob\.core\.windows\.net")),
    (
        "another-store",
        regex(
            r"jdcloud-oss\.com|ctyunapi\.cn|ctyun\.cn|cmecloud\.cn|inspurcloudoss\.com|ufileos\.com|nos-[a-z0-9-]+\.126\.net"
            r"|upaiyun\.com|upyun\.com|wasabisys\.com|backblazeb2\.com|digitaloceanspaces\.com|scw\.cloud"
            r"|linodeobjects\.com|vultrobjects\.com|yandexcloud\.net|oraclecloud\.com"
        ),
    ),
)
_PUBLIC = regex(
    r"(?<![\w.@-])(?:[\w-]{1,60}\.){0,4}(?:github\.com|githubusercontent\.com|gitlab\.com|gitee\.com|bitbucket\.org"
    r"|npmjs\.(?:org|com)|npmmirror\.com|yarnpkg\.com|pypi\.org|pythonhosted\.org|docker\.(?:io|com)|quay\.io|gcr\.io"
    r"|ghcr\.io|k8s\.io|maven\.org|apache\.org|maven\.aliyun\.com|mirrors?\.aliyun\.com"
    r"|mirrors\.[\w-]{2,20}\.(?:edu\.)?(?:cn|com)|golang\.org|goproxy\.(?:cn|io)|rubygems\.org|packagist\.org"
    r"|crates\.io|nuget\.org|pub\.dev|cocoapods\.org|gradle\.org|jitpack\.io|debian\.org|ubuntu\.com|centos\.org"
    r"|fedoraproject\.org|jsdelivr\.net|unpkg\.com|huggingface\.co|modelscope\.cn|googleapis\.com|openai\.com"
    r"|sonarcloud\.io|stackoverflow\.com|csdn\.net|atlassian\.(?:com|net)|slack\.com|dingtalk\.com|feishu\.cn"
    r"|weixin\.qq\.com)(?![\w-])"
    r"|://(?:[\w-]{1,60}\.){0,4}[\w-]{0,60}(?:nexus|artifactory|jfrog|registry|gitlab|gitea|jenkins|sonar|npm|pypi|maven)"
    r"[\w-]{0,60}(?:\.[\w-]{1,60}){1,3}(?![\w-])",
    re.IGNORECASE,
)
"""Where packages, images and sources of OSS's own tools lie, too: OSS is in their names, and not in their refusals."""
_OTHER_OSS = regex(
    r"(?i)\b(?:[\w-]{1,63}\.){0,3}oss\.(?!aliyuncs\b|console\b|oss-)(?:[\w-]{1,63}\.){0,2}(?:org|com|io|net|dev|cn)\b"
    r"|\bossindex\b|sonatype\.\w{3,10}\b|\boss-?sonatype\b|autodesk\.com\S{0,200}|/oss/v[12]/buckets\S{0,200}|urn:adsk\S{0,200}|s01\.oss\.sonatype\.org\S{0,200}"
)
"""Open-source repositories, Autodesk's Object Storage Service: they are called oss as well."""
_OSS_WORD = regex(r"(?<![A-Za-z/._-])(?:OSS|oss)(?![A-Za-z/]|\.[a-z])|阿里云")
_S3_ITSELF = regex(r"amazonaws\.com|AWS Access Key Id|AWSAccessKeyId")
_MINIO_HOST = regex(r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_S3_HOST = regex(r"[A-Za-z0-9+/]{40,}={0,2}")


def foreign_service(fragment: Fragment, around: str, line: str) -> str | None:
    """Whose error it is, in a word (`s3`, `minio`, `alibaba:ecs`, ...); None if it is OSS's, or nothing says
    otherwise. `line` is the fragment's own.
    """
    facts = fragment.facts
    is_uuid = _UUID.fullmatch(facts.get("request_id", "")) is not None
    if _OSS_HOST.search(facts.get("host", "")) or (_EC.fullmatch(facts.get("ec", "")) and not is_uuid):
        return None
    message = facts.get("message", "")
    if implied_code(message) is not None and not message.startswith(tuple(SHARED)):
        return None
    if named := _by_its_parts(fragment) or (
        "another-host" if _speaks_of_another_host(fragment, around, line) else None
    ):
        return named
    other = _OTHER_OSS.search(around)
    bare = _OTHER_OSS.sub(" ", around) if other else around
    if _OSS_WORDS.search(bare) or _OSS_HOST.search(bare):
        return None
    if is_uuid or _ALIBABA_WORDS.search(around):
        return "alibaba"
    if _OSS_ID.fullmatch(facts.get("request_id", "")):
        return None  # no other service makes its ids so; that a client of S3 has asked for it says nothing
    if other:
        return "another-oss"
    named = next((name for name, signs in _OTHERS if signs.search(around)), None)
    if named == "s3" and not _S3_ITSELF.search(around) and _is_oss_alone(facts):
        return None  # a client of S3 says so of any service that it talks to
    if named is None and "resource" in facts:
        return "s3"
    return named


def _is_oss_alone(facts: Mapping[str, str]) -> bool:
    """A sentence of OSS's without its code, or a code that no other service has."""
    if "code" in facts:
        return facts["code"] in OSS_ALONE
    return implied_code(facts.get("message", "")) is not None


def _speaks_of_another_host(fragment: Fragment, around: str, line: str) -> bool:
    """A bare 403, or a common word, where the only address, or the only one on its line, is that of another service:
    `GET https://api.github.com/...`, whatever the thing is called that was asked for.
    """
    facts = fragment.facts
    generic = facts.get("code", "Forbidden") in GENERIC | {"Forbidden"} and facts.keys() <= _LITTLE
    if not generic or implied_code(facts.get("message", "")) is not None:
        return False
    if _PUBLIC.search(line) and not (_OSS_HOST.search(line) or _FROM_OSS.search(line)):
        return True
    if _OSS_HOST.search(around) or _FROM_OSS.search(around):
        return False
    if _PUBLIC.search(around) or _ALIBABA_HOST.search(around):
        return True
    bare = _ADDRESS.sub(" ", around)
    return bare != around and not (_OSS_WORDS.search(bare) or _OSS_WORD.search(bare)) and "oss" in around.lower()


def _by_its_parts(fragment: Fragment) -> str | None:
    """What the error's own parts say, whatever stands around it."""
    host = fragment.facts.get("host", "")
    if found := _ALIBABA_XML.search(fragment.extra.get("xmlns", "")) or _ALIBABA_HOST.search(host):
        return f"alibaba:{found[1].lower()}"
    if _ALIBABA_CODES.fullmatch(fragment.facts.get("code", "")):
        return "alibaba"
    if _MINIO_HOST.fullmatch(host):
        return "minio"
    return "s3" if _S3_HOST.fullmatch(host) else None


def says_oss(fragment: Fragment, around: str) -> bool:
    """Is there anything that only OSS, or somebody who talks about OSS, would say?"""
    facts = fragment.facts
    return bool(
        _OSS_HOST.search(facts.get("host", ""))
        or _EC.fullmatch(facts.get("ec", ""))
        or _OSS_ID.fullmatch(facts.get("request_id", "").upper())
        or _OSS_WORDS.search(around)
        or _OSS_HOST.search(around)
        or _OSS_WORD.search(_OTHER_OSS.sub(" ", around))
    )
