"""What the SDKs call things -> what we call them; and the codes that OSS is known to answer.

One table for all shapes: `RequestId`, `request-id`, `x-oss-request-id`, `[RequestId]` and `请求ID` are one. A shape
or a spelling that nobody has met yet is usually one more word here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from ossmend.remediators.contract.light import regex

REFUSALS = (
    "AccessDenied AccessForbidden InvalidObjectState InvalidAccessKeyId SignatureDoesNotMatch RequestTimeTooSkewed "
    "ImageDamage UserDisable BucketDisable InDebt InDebtOverdue UbsmsInvalidBid KmsUbsmsInvalidBid "
    "KmsInDebt KmsInDebtOverdue "
    "AbnormalBucketOwnerStatus BucketNotBelongTo AccessKeyIdAndSecurityTokenNotMatch "
    "InvalidSecurityToken SecurityTokenExpired "
    "SecurityTokenNotSupported CnameDenied NonStandardHostForbidden SecondLevelDomainForbidden PermanentRedirect "
    "TransferAccelerationDisabled WORMConfigurationLocked InvalidTargetBucketForLogging InvalidPolicyDocument "
    "PublicEndpointForbidden EndpointForbidden InvalidAuthorization InvalidKmsMasterKeyId KmsServiceNotEnabled "
    "ApkDownloadForbidden AccountForbidden UserForbidden Forbidden.RAM"
).split()
"""Codes that come with 403, and a few near them. Any other code is taken too, where the text shows that OSS said it."""

GENERIC = frozenset(
    {"AccessDenied", "AccessForbidden", "PermanentRedirect", "InDebt", "EndpointForbidden", "InvalidAuthorization"}
)
"""Words that other programs use as well: alone they need a sign of OSS beside them."""

OSS_ALONE = frozenset(
    "SecondLevelDomainForbidden UserDisable BucketDisable UbsmsInvalidBid KmsUbsmsInvalidBid AbnormalBucketOwnerStatus "
    "BucketNotBelongTo AccessKeyIdAndSecurityTokenNotMatch SecurityTokenExpired SecurityTokenNotSupported CnameDenied "
    "NonStandardHostForbidden TransferAccelerationDisabled WORMConfigurationLocked PublicEndpointForbidden "
    "InvalidKmsMasterKeyId KmsServiceNotEnabled ApkDownloadForbidden ImageDamage ArchiveRestoreFileStale".split()
)
"""Codes that S3 does not have: who tells of one has talked to OSS, whatever the client is called."""

SAID_TO_S3_CLIENTS = frozenset({"NotImplemented"})
"""Codes of S3 that OSS answers its clients with. A person who pastes one means OSS; in a log OSS must be named."""

NOT_REFUSALS = {
    "NoSuchKey": 404,
    "NoSuchBucket": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NoSuchCORSConfiguration": 404,
    "NoSuchBucketPolicy": 404,
    "NoSuchLifecycle": 404,
    "NoSuchWebsiteConfiguration": 404,
    "SymlinkTargetNotExist": 404,
    "RestoreAlreadyInProgress": 409,
    "ArchiveRestoreFileStale": 409,
    "ArchiveRestoreNotFinished": 409,
    "BucketAlreadyExists": 409,
    "BucketNotEmpty": 409,
    "ObjectNotAppendable": 409,
    "PositionNotEqualToLength": 409,
    "FileAlreadyExists": 409,
    "FileImmutable": 409,
    "OperationNotSupported": 400,
    "InvalidArgument": 400,
    "MissingArgument": 400,
    "InvalidBucketName": 400,
    "InvalidObjectName": 400,
    "InvalidDigest": 400,
    "InvalidPart": 400,
    "MalformedXML": 400,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "BadRequest": 400,
    "ImageTooLarge": 400,
    "PreconditionFailed": 412,
    "NotModified": 304,
    "CallbackFailed": 203,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "QpsLimitExceeded": 429,
    "MethodNotAllowed": 405,
}
"""Codes of OSS that never come with 403: Java prints no status, and without this they would look like refusals."""

_SPELLINGS = {
    "code": "code|error code|err code|oss code|oss error code|oss err code|aos code|错误码|错误代码",
    "error_name": "name|error name|error type|exception|type",
    "status": "status|status code|http status|http status code|http code|response status|response code|"
    "response status code|aos status->code|aos status code|状态码|返回码|http状态码",
    "message": "message|msg|error message|error msg|err msg|error info|err message|错误信息|错误消息",
    "request_id": "request id|req id|x-oss-request-id|oss request id|请求id|amz request id|x-amz-request-id"
    "|aws request id",
    "host": "host id|host name|host|s3 extended request id|extended request id|amz id 2|x-amz-id-2",
    "ec": "ec|ec code|x-oss-ec|oss ec",
    "bucket": "bucket|bucket name|oss bucket|oss bucket name|存储空间|桶",
    "object": "object|object name|object key|oss key|oss object|oss object name|oss path|对象",
    "key": "key|file key|s3 key",
    "key_id": "ossaccesskeyid|access key id|oss access key id|access id|access key|ak",
    "request_time": "request time",
    "server_time": "server time",
    "url": "url|uri|request url|request uri|request endpoint|req url",
    "method": "method|http method|request method|req method",
    "operation": "operation|operation name|oss operation|api|action",
    "client": "client ip|client|remote addr|remote ip|source ip|client addr|client address|x-real-ip|x-forwarded-for",
    "user_agent": "user agent|ua|user-agent|http user agent",
    "origin": "origin",
    "cors_method": "access-control-request-method",
    "cors_headers": "access-control-request-headers|headers",
    "version_id": "version id|versionid|x-oss-version-id",
    "requester": "requester id|requester aliyun id|user id",
    "time": "time|timestamp|@timestamp|ts|date time|datetime|log time",
    "endpoint": "endpoint|region endpoint",
    "resource": "resource",
    "string_to_sign": "string to sign",
    "signature": "signature provided",
    "copy_source": "x-oss-copy-source|copy source",
    "oss_err": "x-oss-err",
    "server": "server",
    "credentials": "credentials|with credentials",
    "skew": "max allowed skew milliseconds",
    "recommend": "recommend doc",
    "content_length": "content length|content-length|request length|content size",
}

_BY_NAME = {re.sub(r"[-_ ]", "", spelling): name for name, group in _SPELLINGS.items() for spelling in group.split("|")}

OF_THE_BODY = regex(r"(?:ObjectName|BucketName|HostId|HostID|RequestId|OSSAccessKeyId|StringToSign|Code|EC)\Z")
"""Spelled as OSS's own elements are."""


def canonical(spelling: str) -> str | None:
    """Our name of a thing, however it is spelled; None if it is none of ours."""
    return _BY_NAME.get(spelling.lower().replace("-", "").replace("_", "").replace(" ", ""))


_OF_RECORDS = {
    "url": ("地址", "请求地址", "链接", "网址"),
    "key": ("文件", "路径", "文件名"),
    "time": ("时间", "请求时间"),
    "request": ("request", "requestline", "httprequest"),
    "request_id": ("upstreamhttpxossrequestid", "senthttpxossrequestid", "ossreqid", "xossreqid"),
    "ec": ("upstreamhttpxossec", "senthttpxossec"),
    "host": ("httphost", "upstreamhost", "serverhost"),
    "user_agent": ("httpuseragent",),
}
"""What only fields of a structured record are called: in a sentence these are plain words."""
_BY_FIELD = {spelling: name for name, group in _OF_RECORDS.items() for spelling in group}


_REQUESTED = frozenset(
    "request req http url uri path route target query querystring args params param parameters input inputs form "
    "header headers cookie cookies agent useragent httpuseragent ua referer referrer httpreferer httpreferrer "
    "forwarded forwardedfor via authority requesturi requestargs requestline requestbody requestheaders queryparams "
    "originalurl httprequest requestobject location".split()
)
"""A field whose name has one of these words holds what a client sent: errors are never read from it."""
_TYPED = frozenset(
    "user username login email filename search searchterm term keyword keywords q title comment nickname origin".split()
)
"""What somebody may have typed, or named; no program writes its errors there."""
_ANSWERED = frozenset({"response", "resp", "reply", "answer", "upstream", "error", "err", "exception"})
"""... unless it is what came back: `http.response.body`, `request_error`."""
_ERRORS = regex(
    r"err|exc|\A(?:ex?|@x|@mt?)\Z|throw|fail|fault|caus|reason|warn|msg|mess|log|text|line|stack|trace|detail|desc|resp|repl|answer"
    r"|result|out|body|data|content|payload|raw|event|xml|html|info|note|state?ment|status|oss|diag|dump|report|record|value|错|消息"
)
"""A string may hold an error where the name of its field says so, in any of its parts."""
_WORD = regex(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])|[^\x00-\x7f]+")


@lru_cache(maxsize=4096)
def _words_of(spelling: str) -> frozenset[str]:
    """`http.request_headers`, `requestHeaders` -> its words."""
    return frozenset(word.lower() for word in _WORD.findall(spelling))


def is_clients(spelling: str) -> bool:
    """Does this field of a record hold a client's own words?"""
    words = _words_of(spelling[:60])
    if words & _ANSWERED and "headers" not in words:
        return False
    return bool(words & _REQUESTED) or "".join(words) in _REQUESTED or _joined(spelling) in _REQUESTED | _TYPED


BODIES = frozenset({"body", "payload", "data", "content", "rawbody", "bodyraw", "json"})
"""Beside somebody's request this is the request's; else it may be the answer's."""
_METHODS_FIELD = frozenset({"method", "httpmethod", "requestmethod", "verb"})
_PATHS_FIELD = frozenset({"path", "uri", "url", "requesturi", "requestpath", "originalurl", "requesturl", "route"})


def of_a_request(node: Mapping[str, object]) -> bool:
    """Does this object of a record tell of a request to the program itself: a method, and a path without a host?"""
    names = {_joined(str(name)[:60]): value for name, value in node.items()}
    return not _METHODS_FIELD.isdisjoint(names) and any(
        str(names.get(each, ""))[:1] == "/" for each in _PATHS_FIELD & names.keys()
    )


def is_body(spelling: str) -> bool:
    """Is this the body of a request or an answer?"""
    return _joined(spelling[:60]) in BODIES


def may_hold_errors(spelling: str) -> bool:
    """May a string under this name hold an error? What a program calls otherwise is data, and may be anybody's."""
    return not is_clients(spelling) and _ERRORS.search(spelling[:60].lower()) is not None


def _joined(spelling: str) -> str:
    return spelling.lower().replace("-", "").replace("_", "").replace(" ", "")


_OF_ERRORS = regex(r"\A(?:error|err|exception|oss)\.")
"""A record that was laid flat: `error.request_id`."""


def canonical_field(spelling: str) -> str | None:
    """Our name of a field of a structured record."""
    return canonical(spelling) or _BY_FIELD.get(_joined(spelling)) or canonical(_OF_ERRORS.sub("", spelling))


def spellings(name: str) -> tuple[str, ...]:
    """How the thing that we call `name` is spelled by others, words apart."""
    return tuple(_SPELLINGS[name].split("|"))


def _variants() -> Iterable[str]:
    """Each spelling with its words apart, joined, by dash and by underscore; in lower case, as the scanner wants it."""
    for group in _SPELLINGS.values():
        for spelling in group.split("|"):
            for joint in (" ", "", "-", "_"):
                yield spelling.replace(" ", joint)


def trie(words: Iterable[str]) -> str:
    """A pattern for any of the words that looks at each character once: alternatives share their beginnings."""
    tails: dict[str, list[str]] = {}
    ends = False
    for word in words:
        if word:
            tails.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    rest = [re.escape(sign) + trie(below) for sign, below in tails.items()]
    if not rest:
        return ""
    joined = rest[0] if len(rest) == 1 and not ends else f"(?:{'|'.join(rest)})"
    return f"{joined}?" if ends else joined


NAME_PATTERN = trie(sorted(set(_variants())))
KNOWN_CODES = frozenset(REFUSALS) | frozenset(NOT_REFUSALS)
CODE_PATTERN = trie(sorted(KNOWN_CODES, key=len))
