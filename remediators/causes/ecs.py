"""EC -> what OSS's list says of it: code, status, the cause it goes with, one sentence (docs/facts.md#ecs).

An EC explains and never decides: Alibaba says that its values may change. engine.py looks here where an EC is all that is
told, and findings.py where it stands beside a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ossmend.remediators.causes.model import Text


class Ec(NamedTuple):
    """One row. `code` and `status` are None where OSS's list does not show them."""

    code: str | None
    status: int | None
    cause: str
    """An id of the catalogue: the likeliest, where several share the EC."""
    says: Text


def _row(code: str | None, status: int | None, cause: str, en: str, zh: str) -> Ec:
    return Ec(code, status, cause, Text(en, zh))


_DENIED = ("AccessDenied", 403)
_SIGNATURE = ("SignatureDoesNotMatch", 403)
_MALFORMED = (None, None, "signature-field-malformed")

ECS: Mapping[str, Ec] = {
    # authentication
    "0002-00000002": _row(None, None, "key-temporary", "the key id is no temporary (STS) key, or one that has expired, and a security token came with it", "请求带有安全令牌，但 AccessKey ID 不是（或不再是）临时密钥"),
    "0002-00000007": _row("SecurityTokenExpired", 403, "token-expired", "the security token has expired", "安全令牌已过期"),
    "0002-00000008": _row("InvalidSecurityToken", 403, "token-invalid", "the security token is not valid, or belongs to another key id", "安全令牌无效，或属于其他 AccessKey ID"),
    "0002-00000032": _row(None, None, "s3-signature-not-enabled", "S3 signatures V2 are not enabled", "未启用 S3 V2 签名"),
    "0002-00000033": _row(None, None, "s3-signature-not-enabled", "S3 signatures V4 are not enabled", "未启用 S3 V4 签名"),
    "0002-00000040": _row(*_SIGNATURE, "wrong-secret", "a V1 signature does not match", "V1 签名不匹配"),
    "0002-00000066": _row(*_MALFORMED, "x-oss-signature-version is not well formed", "x-oss-signature-version 格式有误"),
    "0002-00000068": _row(*_DENIED, "url-malformed", "Expires of the presigned URL is empty", "预签名 URL 的 Expires 为空"),
    "0002-00000069": _row(*_DENIED, "url-expired", "the presigned URL (V1, V2) has expired", "预签名 URL（V1、V2）已过期"),
    "0002-00000070": _row(*_DENIED, "url-malformed", "Expires of the presigned URL is no number", "预签名 URL 的 Expires 不是数字"),
    "0002-00000080": _row(None, 403, "v1-signature-retired", "V1 signatures are not allowed any more", "不再允许 V1 签名"),
    "0002-00000201": _row(*_SIGNATURE, "wrong-secret", "a V4 signature does not match", "V4 签名不匹配"),
    "0002-00000206": _row(None, None, "key-malformed", "the V4 credential has characters that no key id has", "V4 Credential 中含有非法字符"),
    "0002-00000212": _row(*_MALFORMED, "the signing date in the V4 header is bad", "V4 请求头中的签名日期有误"),
    "0002-00000213": _row(*_MALFORMED, "the end of the V4 header's credential is bad", "V4 请求头中 Credential 的后缀有误"),
    "0002-00000223": _row(*_MALFORMED, "the signing date in the V4 URL is bad", "V4 URL 中的签名日期有误"),
    "0002-00000224": _row(*_MALFORMED, "the credential in the V4 URL is bad", "V4 URL 中的 Credential 有误"),
    "0002-00000226": _row("InvalidArgument", 400, "wrong-signing-region", "a V4 signature in a URL or header names the wrong region", "URL 或请求头中的 V4 签名地域有误"),
    "0002-00000228": _row("InvalidArgument", 400, "wrong-signing-region", "a V4 signature in a header names the wrong region", "请求头中的 V4 签名地域有误"),
    "0002-00000235": _row(None, None, "url-not-yet-valid", "the V4 URL was used before its time", "V4 URL 在生效之前被使用"),
    "0002-00000236": _row(None, None, "url-expired", "the V4 URL has expired", "V4 URL 已过期"),
    "0002-00000411": _row(*_MALFORMED, "X-Amz-Algorithm is bad", "X-Amz-Algorithm 有误"),
    "0002-00000415": _row(*_MALFORMED, "X-Amz-Date is bad", "X-Amz-Date 有误"),
    "0002-00000416": _row(*_MALFORMED, "X-Amz-Expires is missing", "缺少 X-Amz-Expires"),
    "0002-00000417": _row(*_MALFORMED, "X-Amz-Expires is not valid", "X-Amz-Expires 无效"),
    "0002-00000418": _row(None, None, "url-expired", "the S3 URL (V4) has expired", "S3 V4 URL 已过期"),
    "0002-00000419": _row(*_MALFORMED, "SignedHeaders is missing", "缺少 SignedHeaders"),
    "0002-00000421": _row(*_MALFORMED, "the credential's date is not that of X-Amz-Date", "Credential 中的日期与 X-Amz-Date 不一致"),
    "0002-00000423": _row(None, None, "s3-client", "the Signature field of the S3 signature is bad", "S3 签名中的 Signature 字段有误"),
    "0002-00000425": _row(*_MALFORMED, "X-Amz-Credential is bad", "X-Amz-Credential 有误"),
    "0002-00000427": _row(*_MALFORMED, "X-Amz-Content-SHA256 is bad", "X-Amz-Content-SHA256 有误"),
    "0002-00000429": _row(*_SIGNATURE, "s3-client", "an S3 V4 signature does not match", "S3 V4 签名不匹配"),
    "0002-00000430": _row(*_SIGNATURE, "chunked-signing", "the signature of a chunk does not match (S3 V4)", "分块签名不匹配（S3 V4）"),
    "0002-00000501": _row("RequestTimeTooSkewed", 403, "clock-drift", "the date of an S3 request is off by more than 15 minutes", "S3 请求的日期偏差超过 15 分钟"),
    "0002-00000502": _row(*_MALFORMED, "Date or x-oss-date is not well formed", "Date 或 x-oss-date 格式有误"),
    "0002-00000503": _row(*_DENIED, "date-missing", "the request has no valid Date or x-oss-date", "请求缺少有效的 Date 或 x-oss-date"),
    "0002-00000504": _row("RequestTimeTooSkewed", 403, "clock-drift", "the request's date is off by more than 15 minutes", "请求日期偏差超过 15 分钟"),
    "0002-00000715": _row("InvalidArgument", 400, "wrong-signing-region", "the credential of the upload form names the wrong region", "表单上传的 Credential 中地域有误"),
    "0002-00000902": _row("InvalidAccessKeyId", 403, "key-not-of-this-account", "OSS does not know the key id", "OSS 中没有该 AccessKey ID"),
    "0002-00000903": _row("InvalidAccessKeyId", 403, "key-disabled", "the key is disabled", "密钥已被停用"),
    "0002-00000904": _row("InvalidAccessKeyId", 403, "key-ip-restricted", "the key is disabled, or may not be used from this address", "密钥已被停用，或不允许从该地址使用"),
    # access control
    "0003-00000001": _row(*_DENIED, "denied-bucket-acl", "the bucket is private, and the caller has no right of its own", "Bucket 为私有，调用方没有权限"),
    "0003-00000005": _row(*_DENIED, "denied-object-acl", "no right to read this object", "没有读取该对象的权限"),
    "0003-00000006": _row(*_DENIED, "denied-object-acl", "no right to write this object", "没有写入该对象的权限"),
    "0003-00000007": _row(*_DENIED, "denied-object-acl", "no right to read this object's ACL", "没有读取该对象 ACL 的权限"),
    "0003-00000101": _row(*_DENIED, "denied-bucket-policy", "the bucket policy denies it", "Bucket Policy 拒绝"),
    "0003-00000201": _row(*_DENIED, "denied-ram-explicit", "a RAM policy denies it explicitly", "RAM 策略显式拒绝"),
    "0003-00000202": _row(*_DENIED, "denied-ram-implicit", "the caller is not the owner, and no RAM policy allows it", "调用方不是所有者，且没有 RAM 策略允许"),
    "0003-00000203": _row(*_DENIED, "denied-ram-explicit", "bucket policy and RAM policy deny it", "Bucket Policy 与 RAM 策略均拒绝"),
    "0003-00000301": _row(*_DENIED, "denied-session-policy", "the session policy of the temporary credentials denies it", "临时凭证的会话策略拒绝"),
    "0003-00000401": _row(*_DENIED, "denied-vpc-endpoint", "the policy of the VPC endpoint denies it", "VPC 终端节点策略拒绝"),
    "0003-00000501": _row(*_DENIED, "denied-referer", "no Referer was sent, and the bucket does not allow that", "未携带 Referer，而 Bucket 不允许空 Referer"),
    "0003-00000502": _row(*_DENIED, "denied-referer", "the Referer is on the bucket's blacklist", "Referer 在 Bucket 的黑名单中"),
    "0003-00000503": _row(*_DENIED, "denied-referer", "the Referer is not on the bucket's whitelist", "Referer 不在 Bucket 的白名单中"),
    "0003-00000703": _row(*_DENIED, "requester-pays", "the bucket is requester-pays, and x-oss-request-payer is missing", "请求者付费的 Bucket，缺少 x-oss-request-payer"),
    "0003-00000801": _row("UserDisable", 403, "account-overdue", "the account is disabled (overdue, or for security), or OSS was never activated", "账号被停用（欠费或安全原因），或从未开通 OSS"),
    "0003-00000803": _row(None, None, "account-cancelled", "the account does not exist, or is cancelled", "账号不存在或已注销"),
    "0003-00000905": _row(*_DENIED, "denied-ram-implicit", "a right that the request needs is missing (one for tags, say), or the request was not signed", "缺少请求所需的某项权限（例如标签权限），或请求未签名"),
    "0003-00001201": _row(*_DENIED, "denied-anonymous", "the operation is not allowed without a signature", "该操作不允许匿名访问"),
    "0003-00001401": _row("SecondLevelDomainForbidden", 403, "path-style-address", "the bucket stands in the path, not in the host", "Bucket 位于路径中，而不是域名中"),
    "0003-00001402": _row(None, None, "host-not-standard", "the host name is not in a form that OSS knows", "域名格式不合法"),
    "0003-00001403": _row(*_DENIED, "denied-wrong-endpoint", "the endpoint is not that of the bucket's region", "Endpoint 不是 Bucket 所在地域的"),
    "0005-00000203": _row(None, None, "kms-denied", "the KMS settings of the request or bucket are bad", "请求或 Bucket 的 KMS 配置有误"),
    "0005-00000218": _row(None, 403, "service-not-activated", "KMS is not activated", "未开通 KMS"),
    "0006-00000213": _row("InvalidPolicyDocument", 403, "post-policy-failed", "the policy of the upload form has expired, or is not valid", "上传表单的 Policy 已过期或无效"),
    # buckets, objects, requests
    "0015-00000001": _row("InvalidBucketName", 400, "bucket-name-invalid", "the bucket's name is not valid, or the endpoint already holds it", "Bucket 名称不合法，或 Endpoint 中已包含 Bucket 名"),
    "0015-00000101": _row("NoSuchBucket", 404, "no-such-bucket", "there is no such bucket", "Bucket 不存在"),
    "0016-00000330": _row("InvalidObjectState", 403, "copy-source-archived", "the source of a copy is archived", "拷贝的源对象处于归档类型"),
    "0016-00000404": _row("InvalidObjectState", 403, "never-restored", "the object is archived and not restored, still being restored, or frozen again", "归档对象未解冻、正在解冻，或解冻已过期"),
    "0016-00000502": _row("MissingArgument", 400, "argument-missing", "an argument is missing", "缺少参数"),
    "0016-00000608": _row("MalformedXML", 400, "xml-malformed", "the XML of DeleteObjects is not well formed", "DeleteObjects 的 XML 格式有误"),
    "0016-00000701": _row("RestoreAlreadyInProgress", 409, "restore-in-progress", "the object is already being restored, and a restore was asked for again", "对象正在解冻，又再次发起了解冻"),
    "0016-00000702": _row("OperationNotSupported", 400, "nothing-to-restore", "the object is in no archive class: there is nothing to restore", "对象不是归档类型：无需解冻"),
    "0016-00000703": _row(None, None, "xml-malformed", "the restore's Tier is not valid", "解冻的 Tier 无效"),
    "0016-00000704": _row(None, None, "xml-malformed", "the restore's Days are not valid", "解冻的 Days 无效"),
    "0016-00000715": _row(None, None, "restore-in-progress", "a running restore cannot be moved to a slower tier", "进行中的解冻不能改为更慢的优先级"),
    "0016-00000719": _row("ArchiveRestoreNotFinished", 409, "restore-in-progress", "the restored copy cannot be cleaned up while the restore runs", "解冻进行中，不能清理解冻副本"),
    "0016-00000901": _row(*_DENIED, "denied-public-access-block", "Block Public Access is on: a public ACL cannot be set", "已开启阻止公共访问：不能设置公共 ACL"),
    "0017-00000001": _row("MethodNotAllowed", None, "method-not-known", "OSS cannot tell which call the request is", "OSS 无法识别该请求对应的接口"),
    "0017-00000105": _row("InvalidArgument", 400, "argument-invalid", "x-oss-object-acl is empty", "x-oss-object-acl 为空"),
    "0017-00000219": _row("InvalidArgument", 400, "argument-invalid", "partNumber is missing", "缺少 partNumber"),
    "0017-00000220": _row("InvalidArgument", 400, "argument-invalid", "partNumber is not valid", "partNumber 无效"),
    "0017-00000235": _row("InvalidArgument", 400, "argument-invalid", "encoding-type is not valid", "encoding-type 无效"),
    "0017-00000244": _row("NoSuchUpload", 404, "upload-gone", "the multipart upload is gone", "分片上传已不存在"),
    "0017-00000804": _row("InvalidArgument", 400, "aws-chunked-body", "the client sends its body as aws-chunked, which OSS does not take", "客户端以 aws-chunked 发送请求体，OSS 不支持"),
    "0018-00000115": _row("NeedVerifyDomainOwnership", 403, "domain-ownership-unproved", "the domain's ownership is not proved yet", "尚未验证域名所有权"),
    "0018-00000401": _row(None, None, "cname-denied", "the domain is reserved, and cannot be bound", "该域名被保留，不能绑定"),
    "0024-00000008": _row(*_DENIED, "feature-not-enabled", "the feature is not enabled for this way of access", "该访问方式未启用此功能"),
    "0026-00000001": _row("NoSuchKey", 404, "no-such-object", "there is no such object", "对象不存在"),
    "0026-00000011": _row("RestoreAlreadyInProgress", 409, "restore-in-progress", "the object is already being restored", "对象正在解冻"),
    "0004-00000302": _row(None, None, "too-many-requests", "too many requests a second", "每秒请求数超限"),
    "0030-00000006": _row("NoSuchBucketPolicy", 404, "not-configured", "the bucket has no policy", "Bucket 没有配置策略"),
    "0031-00000001": _row("MalformedXML", 400, "xml-malformed", "the request's XML is not well formed", "请求的 XML 格式有误"),
    "0034-00000001": _row("NoSuchCORSConfiguration", 404, "not-configured", "the bucket has no CORS rules", "Bucket 没有跨域规则"),
    "0034-00000008": _row(None, None, "xml-malformed", "a CORS rule has no AllowedOrigin", "跨域规则缺少 AllowedOrigin"),
    "0040-00000005": _row("BadRequest", 400, "image-unsupported", "the source image's format is refused", "源图格式不受支持"),
    "0040-00000021": _row(None, None, "image-damaged", "the source image (AVIF) is damaged", "源图（AVIF）已损坏"),
    "0040-00000024": _row(None, None, "image-source-missing", "the source image is missing", "源图不存在"),
    "0042-00000106": _row("NoHashContext", 400, "hash-context-missing", "the part continues a hash that OSS does not have", "分片所延续的哈希上下文不存在"),
    "0042-00000205": _row("MalformedXML", 400, "xml-malformed", "the XML of CompleteMultipartUpload is not well formed", "CompleteMultipartUpload 的 XML 格式有误"),
    "0042-00000213": _row(None, None, "part-too-small", "a part is smaller than 100 KB", "分片小于 100 KB"),
    "0048-00000203": _row("ApkDownloadForbidden", 400, "apk-download-forbidden", "packages are not given out by OSS's own domain", "OSS 默认域名不允许下载安装包"),
    "0048-00000300": _row("ExternalRedirectForbidden", 400, "external-redirect-forbidden", "OSS's own domain may not redirect to another site", "OSS 默认域名不允许跳转到外部站点"),
    "0048-00000401": _row("PublicEndpointForbidden", 400, "public-endpoint-forbidden", "new accounts use a domain of their own for data in mainland China", "新用户在中国内地地域须使用自定义域名访问数据"),
    "0061-00000001": _row(*_DENIED, "security-block", "OSS's security system blocks the request", "请求被 OSS 安全系统拦截"),
}  # fmt: skip
"""Every EC of which something is known."""

FAMILIES: Mapping[str, Text] = {
    number: Text(en, zh)
    for number, en, zh in (
        ("0001", "internal", "内部"), ("0002", "authentication", "身份验证"), ("0003", "access control", "访问控制"),
        ("0004", "throttling", "流量控制"), ("0005", "encryption", "加密"), ("0006", "form upload", "表单上传"), ("0007", "callback", "回调"),
        ("0010", "tags", "标签"), ("0011", "user metadata", "自定义元数据"), ("0012", "versions", "版本控制"), ("0013", "storage class", "存储类型"),
        ("0014", "lifecycle", "生命周期"), ("0015", "buckets", "Bucket"), ("0016", "objects", "对象"), ("0017", "the request", "请求"),
        ("0018", "custom domains", "自定义域名"), ("0019", "websites", "静态网站"), ("0020", "inventory", "清单"), ("0021", "the service", "服务"),
        ("0024", "features", "功能"), ("0025", "cloud box", "云盒"), ("0026", "objects", "对象"), ("0027", "retention (WORM)", "合规保留（WORM）"),
        ("0028", "acceleration", "传输加速"), ("0030", "bucket policy", "Bucket Policy"), ("0031", "replication", "复制"), ("0032", "logging", "日志"),
        ("0033", "referers", "防盗链"), ("0034", "CORS", "跨域"), ("0035", "requester pays", "请求者付费"), ("0036", "access monitor", "访问跟踪"),
        ("0037", "metadata query", "元数据检索"), ("0038", "DDoS protection", "DDoS 防护"), ("0039", "resource groups", "资源组"),
        ("0040", "image processing", "图片处理"), ("0041", "mirroring", "镜像回源"), ("0042", "multipart uploads", "分片上传"),
        ("0043", "symlinks", "软链接"), ("0044", "live channels", "直播通道"), ("0046", "log fields", "日志字段"), ("0048", "the access path", "访问方式"),
        ("0053", "video", "视频"), ("0056", "IMM", "智能媒体管理"), ("0061", "security", "安全"),
    )
}  # fmt: skip
"""What the first four digits of an EC speak of."""


def known(ec: str | None) -> Ec | None:
    """The row of an EC; None for one that nobody has written down."""
    return ECS.get(ec or "")


def sentence(ec: str) -> Text:
    """What is known of an EC, for people: its row, or its family and that no more is known."""
    row = known(ec)
    if row is not None:
        code = f" ({', '.join(str(part) for part in (row.code, row.status) if part)})" if row.code or row.status else ""
        return Text(f"EC {ec}{code}: {row.says.en}", f"EC {ec}{code}：{row.says.zh}")
    family = FAMILIES.get(ec[:4])
    if family is None:
        return Text(f"EC {ec} is not known, nor is its family", f"EC {ec} 未知，其类别也未知")
    return Text(
        f"EC {ec} is not known here; its family {ec[:4]} is about {family.en}",
        f"此处没有 EC {ec} 的说明；其类别 {ec[:4]} 与{family.zh}有关",
    )
