"""S3 clients against OSS: settings that OSS answers with 400 or 403, each with the setting that cures it (docs/facts.md#s3-clients)."""

from ossmend.remediators.causes.indicators import code, ec, said, sign
from ossmend.remediators.causes.model import cause

_CLIENT_ONLY = (
    ("Do not change bucket or permissions: only the client's setting is wrong.", "不要改动 Bucket 或权限：只是客户端设置有误。"),
)  # fmt: skip
_CHUNKED = r"\bSTREAMING-(?:UNSIGNED-PAYLOAD|AWS4-HMAC-SHA256)|\baws-chunked\b|\bMultiChunkedEncoding\b"
_NOT_OFFERED = (
    r"^(?:Restore\w{0,20}|(?:Get|Put|Delete|List)\w{0,30}(?:Cors|Tagging|Versioning|Versions|Policy|PolicyStatus|Website|"
    r"Encryption|Replication|Notification\w{0,20}|Configuration|PublicAccessBlock|LockConfiguration|Retention|LegalHold|"
    r"OwnershipControls|MultipartUploads|RequestPayment|Torrent|Attributes))$"
)
"""Operations of S3, by S3's names, that OSS does not list."""
_NOT_OFFERED_HEADER = r"^(?!x-oss-)(?:x-amz-[a-z-]{3,60}|accelerate|attributes|cors|encryption|object-lock|policy|restore|tagging|version\w{3,5}|website)$"

CAUSES = (
    cause(
        "aws-chunked-body", "InvalidArgument NotImplemented",
        ("The S3 client sends its body in chunks (aws-chunked, checksum in a trailer), which OSS does not take",
         "S3 客户端以 aws-chunked 分块方式发送请求体（校验和放在尾部），OSS 不支持"),
        (("Turn the default checksums off, which are sent in chunks: for any AWS SDK or CLI AWS_REQUEST_CHECKSUM_CALCULATION=when_required.",
          "关闭默认校验和（它以分块方式发送）：任何 AWS SDK 或 CLI 均可设置 AWS_REQUEST_CHECKSUM_CALCULATION=when_required。"),
         ("For its answers, too: AWS_RESPONSE_CHECKSUM_VALIDATION=when_required.",
          "响应校验同样关闭：AWS_RESPONSE_CHECKSUM_VALIDATION=when_required。"),
         ("boto3: Config(request_checksum_calculation='when_required', response_checksum_validation='when_required').",
          "boto3：设置 Config(request_checksum_calculation='when_required', response_checksum_validation='when_required')。"),
         ("JS v3: requestChecksumCalculation: 'WHEN_REQUIRED'. PHP: 'request_checksum_calculation' => 'when_required'.",
          "JS v3：设置 requestChecksumCalculation: 'WHEN_REQUIRED'；PHP：'request_checksum_calculation' => 'when_required'。"),
         ("Java v2: chunkedEncodingEnabled(false) and RequestChecksumCalculation.WHEN_REQUIRED. Java v1: withChunkedEncodingDisabled(true).",
          "Java v2：设置 chunkedEncodingEnabled(false) 和 RequestChecksumCalculation.WHEN_REQUIRED；Java v1：withChunkedEncodingDisabled(true)。"),
         (".NET, C++ and Rust: set the request's checksum calculation to WHEN_REQUIRED in the client's configuration.",
          ".NET、C++、Rust：在客户端配置中将请求校验和计算设为 WHEN_REQUIRED。"),
         ("Go v2: RequestChecksumCalculationWhenRequired and v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware. minio-go: Secure = true.",
          "Go v2：使用 RequestChecksumCalculationWhenRequired 和 v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware；minio-go：Secure = true。")),
        (("Do not go back to an old SDK only for this: the setting is enough.", "不要仅为此退回旧版 SDK：改设置即可。"), *_CLIENT_ONLY),
        (said(r"\baws-chunked encoding is not supported\b|\bMultiChunkedEncoding is not supported\b"), ec("0017-00000804", 1),
         sign("fields.ArgumentValue", r"^(?:aws-chunked|STREAMING-)", 4, "the argument that OSS refuses is {}", "OSS 拒绝的参数值为 {}"),
         sign("sample", _CHUNKED, 3, "the text carries the marker of a chunked body", "文本带有分块请求体的标记"),
         code("NotImplemented", 0.6)), -0.8,
    ),
    cause(
        "s3-call-not-offered", "NotImplemented MethodNotAllowed",
        ("OSS does not offer this S3 call or header to S3 clients", "OSS 不向 S3 客户端提供该 S3 接口或请求头"),
        (("Use OSS's own SDK or console for it: restore, CORS, tags, versions, policy and website are not among the S3 calls that OSS lists.",
          "改用 OSS 自己的 SDK 或控制台：解冻、跨域、标签、版本控制、策略和静态网站不在 OSS 所列的 S3 接口之内。"),
         ("S3 calls that OSS lists: buckets with ACL, lifecycle and logging; objects with ACL; multipart uploads, but not the list of them.",
          "OSS 所列的 S3 接口：Bucket 及其 ACL、生命周期、日志；对象及其 ACL；分片上传（不含列举分片上传）。"),
         ("Turn the setting off that makes the client ask for it: tags, object locks, grants, a customer's own encryption key.",
          "关闭客户端中触发该请求的设置：标签、对象锁定、授权头、客户自带加密密钥。")),
        _CLIENT_ONLY,
        (sign("operation", _NOT_OFFERED, 4, "the refused operation is {}, which OSS does not list for S3", "被拒绝的操作 {} 不在 OSS 所列的 S3 接口之内"),
         sign("fields.Header", _NOT_OFFERED_HEADER, 4.5, "the header or parameter is {}", "请求头或参数为 {}")), -0.6,
    ),
    cause(
        "content-md5-missing", "MissingArgument",
        ("DeleteObjects came without Content-MD5, which OSS wants", "DeleteObjects 请求缺少 OSS 要求的 Content-MD5"),
        (("Send Content-MD5 with DeleteObjects: new S3 SDKs send a crc32 checksum in its place, also with when_required.",
          "为 DeleteObjects 发送 Content-MD5：新版 S3 SDK 改为发送 crc32，设为 when_required 也是如此。"),
         ("boto3: register a handler on before-sign.s3.DeleteObjects that sets Content-MD5 to the base64 of the body's MD5.",
          "boto3：在 before-sign.s3.DeleteObjects 上注册处理函数，将 Content-MD5 设为请求体 MD5 的 base64。"),
         ("JS v3, Go v2, Java v2: a middleware or interceptor that adds the header before the request is signed.",
          "JS v3、Go v2、Java v2：用中间件或拦截器在签名之前添加该请求头。"),
         ("Or delete one object at a time, or with OSS's own SDK.", "或逐个删除对象，或使用 OSS 自己的 SDK。")),
        _CLIENT_ONLY,
        (sign("operation", r"^(?:DeleteObjects|DeleteMultipleObjects)$", 4, "the refused operation is {}", "被拒绝的操作是 {}"),
         sign("sample", r"\bDeleteObjects\b|\bdelete_objects\b|\bDeleteMultipleObjects\b|/\?delete\b|\bmulti-?(?:object )?delete\b", 3.5,
              "several objects were deleted in one request", "一次请求删除多个对象"),
         said(r"\bContent-MD5\b", 4)), -0.4,
    ),
    cause(
        "v1-signature-retired", "AccessDenied",
        ("The account or bucket takes no V1 signatures any more", "该账号或 Bucket 不再接受 V1 签名"),
        (("Sign with V4. The oldest SDKs that can: oss2 2.18.4, ali-oss 6.20.0, Java 3.17.4, Go v1 3.0.2.",
          "改用 V4 签名。支持的最低 SDK 版本：oss2 2.18.4、ali-oss 6.20.0、Java 3.17.4、Go v1 3.0.2。"),
         ("Give the client the bucket's region (cn-hangzhou, without oss-): V4 signs it.", "为客户端设置 Bucket 的地域（cn-hangzhou，不带 oss-）：V4 签名需要它。"),
         ("A V4 URL lives at most 7 days: make longer ones anew each time.", "V4 签名 URL 最长有效 7 天：更长的需求请每次重新生成。")),
        _CLIENT_ONLY,
        (ec("0002-00000080", 1), said(r"\bV1 signature\b|\bsignature (?:version )?V?1\b.{0,60}\b(?:not|no longer|retired|forbidden)\b", 5)), -1.8,
    ),
    cause(
        "s3-signature-not-enabled", "AccessDenied InvalidArgument",
        ("The S3 signature version of this client is not enabled for the bucket", "该 Bucket 未启用此客户端所用的 S3 签名版本"),
        (("Use the other S3 signature version: signature_version='s3v4' (boto3) for V4, 's3' for V2; or OSS's own SDK.",
          "改用另一种 S3 签名版本：boto3 的 signature_version='s3v4' 为 V4，'s3' 为 V2；或使用 OSS 自己的 SDK。"),
         ("Ask Alibaba Cloud support with the request id, if neither is accepted.", "若两者都不被接受，携带请求 ID 咨询阿里云支持。")),
        _CLIENT_ONLY,
        (ec("0002-000000(32|33)", 1), said(r"\b(?:AWS|S3) ?(?:signature )?V[24]\b.{0,60}\bnot (?:enabled|supported|allowed)\b", 5)), -2,
    ),
    cause(
        "wrong-signing-region", "InvalidArgument",
        ("The V4 signature names another region than the bucket's", "V4 签名中的地域与 Bucket 所在地域不一致"),
        (("Give the client the bucket's region, bare: cn-hangzhou, not oss-cn-hangzhou and not us-east-1.",
          "为客户端设置 Bucket 所在地域，不带前缀：cn-hangzhou，而不是 oss-cn-hangzhou 或 us-east-1。"),
         ("Make presigned URLs and upload forms anew after that: the region is part of what was signed.",
          "随后重新生成预签名 URL 和上传表单：地域是签名内容的一部分。")),
        _CLIENT_ONLY,
        (said(r"\bsigning region\b"), ec("0002-00000(226|228|715)", 1),
         sign("region_differs", ".", 4, "the signature is for {}", "签名地域为 {}"),
         sign("odd_region", ".", 4, "the scope of the V4 signature names no region that OSS has: {}", "V4 签名范围中的地域不是 OSS 的地域：{}")), -0.8,
    ),
    cause(
        "signature-field-malformed", "InvalidArgument InvalidAuthorization InvalidRequest",
        ("A field of the signature is missing or not well formed (algorithm, date, credential, expiry, signed headers)",
         "签名中的某个字段缺失或格式有误（算法、日期、凭证、有效期、已签名的请求头）"),
        (("Let the SDK sign instead of code of one's own, and update it; the EC names the field.", "用 SDK 签名代替自行编写的代码，并升级 SDK；EC 会指明字段。"),
         ("Look for a proxy or a configuration that changes the Authorization header or the URL's parameters.", "检查是否有代理或配置改动了 Authorization 请求头或 URL 参数。")),
        _CLIENT_ONLY,
        (ec("0002-000002(12|13|23|24)", 1), ec("0002-000004(11|15|16|17|19|21|25|27)", 1), ec("0002-000000(66)|0002-00000(502)", 1), code("InvalidAuthorization", 2.4),
         sign("fields.ArgumentName", r"^(?:X-Amz-(?:Algorithm|Date|Credential|Expires|SignedHeaders|Signature)|Credential|SignedHeaders)$", 4,
              "the field of the signature that OSS refuses is {}", "OSS 拒绝的签名字段是 {}"),
         said(r"\bX-(?:Amz|Oss)-(?:Algorithm|Date|Credential|Expires|SignedHeaders|Content-SHA256|Signature)\b|\bauthorization header\b|\bAuthorization\b.{0,60}\b(?:invalid|malformed)\b", 4)),
        -1,
    ),
    cause(
        "anonymous-override", "InvalidRequest",
        ("A URL that overrides response headers must be signed", "覆盖响应头的 URL 必须签名"),
        (("Sign the URL together with response-content-disposition and the like; or leave these parameters out of a public link.",
          "将 response-content-disposition 等参数一起签名；或在公开链接中去掉这些参数。"),
         ("To give a download a name without signing, store Content-Disposition with the object.", "如不签名又想指定下载文件名，请在对象元数据中设置 Content-Disposition。")),
        (("Do not change permissions: none is missing.", "不要修改权限：并不缺少权限。"),),
        (said(r"\boverride response header"),), -0.6,
    ),
)  # fmt: skip
