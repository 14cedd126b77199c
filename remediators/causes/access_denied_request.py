"""AccessDenied because of the request itself: its endpoint, its date, its URL, its form, what it asks OSS to use."""

from ossmend.remediators.causes.access_denied import NO_PUBLIC
from ossmend.remediators.causes.indicators import against, code, ec, said, sign
from ossmend.remediators.causes.model import cause

CODE = "AccessDenied"
_NO_PERMISSION = (
    ("Do not change permissions: they are not the trouble.", "不要修改权限：问题不在权限。"),
    *NO_PUBLIC,
)  # fmt: skip
_NAMED = against("fields.AccessDeniedDetail.NoPermissionType", ".", 4)
_EXPIRED = said(r"^(?!.{0,300}\b(?:token|credential)s?\b).{0,400}\bexpired\b", 5)
"""Of the URL: a token that expired has a code of its own."""

CAUSES = (
    cause(
        "denied-wrong-endpoint", CODE,
        ("The bucket lives in another region: wrong endpoint", "Bucket 位于其他地域：Endpoint 有误"),
        (("Use the endpoint that the error names, in the client and in its region setting.",
          "在客户端及其地域设置中使用错误信息给出的 Endpoint。"),),
        _NO_PERMISSION,
        (said(r"\bmust be addressed using the specified endpoint\b", 6.5),
         sign("fields.Endpoint", ".", 3, "the right endpoint is {}", "正确的 Endpoint 是 {}"), ec("0003-00001403"),
         sign("cloud.region_differs", ".", 5, "the bucket is in {}", "Bucket 位于 {}（前者为所在地域，后者为请求地域）"), _NAMED), -0.8,
    ),
    cause(
        "url-expired", CODE,
        ("The presigned URL has expired", "预签名 URL 已过期"),
        (("Make a new URL each time it is needed; a presigned URL is not a permanent address.",
          "每次需要时重新生成 URL；预签名 URL 不是永久地址。"),
         ("If URLs expire at once, the clock of the program that signs them is slow.",
          "若 URL 一生成就过期，说明签名程序的时钟偏慢。")),
        _NO_PERMISSION,
        (_EXPIRED, ec("0002-00000(069|236|418)"), sign("expired", ".", 2.6, "it was used {} after its expiry", "在过期 {} 之后才被使用"),
         sign("presigned", ".", 0.7, "{}", "{}"), against("nearby_codes", "RequestTimeTooSkewed", 1.2), against("clock_explains", "^yes", 3), against("message", "Policy", 3), _NAMED),
        -0.6,
    ),
    cause(
        "url-expired-slow-clock", CODE,
        ("The presigned URL was old when it was made: the signer's clock is slow", "预签名 URL 生成时即已过期：签名程序的时钟偏慢"),
        (("Measure the clock of the program that signs, and let it keep time by NTP (ntp.aliyun.com).",
          "测量签名程序的时钟，并用 NTP（ntp.aliyun.com）校时。"),
         ("Then make new URLs; the old ones stay expired.", "随后重新生成 URL；旧 URL 不会恢复。")),
        _NO_PERMISSION,
        (said(r"^(?!.{0,300}\b(?:token|credential)s?\b).{0,400}\bexpired\b", 3.4), sign("nearby_codes", "RequestTimeTooSkewed", 3, "a clock is too far off elsewhere in the text: {}", "文本中另有时钟偏差：{}"),
         sign("clock_explains", "^yes", 2, "a clock beside it is behind by more than the URL is past its expiry: {}", "旁边有时钟落后的时间超过 URL 过期的时间：{}"), against("clock_explains", "^no$", 4),
         sign("sample", r"just (?:created|generated|signed)|right after (?:signing|creating)|(?:created|generated|signed).{0,30}seconds? ago|刚(?:生成|签名)", 3, "the text says that the URL was fresh", "文本说明 URL 是刚生成的"),
         ec("0002-00000(069|236|418)", 0.5), _NAMED), -2,
    ),
    cause(
        "url-malformed", CODE,
        ("The presigned URL is incomplete or garbled", "预签名 URL 不完整或被破坏"),
        (("Use the URL exactly as it was signed: nothing cut off, + and & kept, not escaped twice.",
          "原样使用签名 URL：不要截断，保留 + 和 &，不要重复转义。"),),
        _NO_PERMISSION,
        (said(r"\bQuery-string authentication requires\b|\bseconds since epoch\b|\bInvalid date\b"), ec("0002-000000(68|70)", 0.7), ec("0002-00000(068|070)", 0.7)), -2,
    ),
    cause(
        "url-not-yet-valid", CODE,
        ("The URL was signed in the future", "URL 的签名时间在未来"),
        (("Correct the clock of the program that signs, or wait until the URL's time has come.", "校正签名程序的时钟，或等到 URL 生效。"),),
        _NO_PERMISSION, (ec("0002-00000235", 1), said(r"\bnot yet valid\b|\bnot valid yet\b|\bin the future\b")), -2.4,
    ),
    cause(
        "date-missing", CODE,
        ("The request has no valid date", "请求缺少有效的日期"),
        (("Send Date or x-oss-date in GMT, in English; look for a proxy that removes it.",
          "以 GMT、英文格式发送 Date 或 x-oss-date；检查是否被代理移除。"),),
        _NO_PERMISSION, (said(r"\brequires a valid Date\b", 6.5), ec("0002-00000503")), -1.8,
    ),
    cause(
        "post-policy-failed", "AccessDenied InvalidPolicyDocument",
        ("The upload form's policy does not fit the upload, or has expired", "表单上传的 Policy 与上传内容不符，或已过期"),
        (("Compare the form's fields with the policy's conditions, one by one; sign a new policy if it expired.",
          "逐项核对表单字段与 Policy 条件；如已过期请重新签名。"),),
        _NO_PERMISSION,
        (said(r"\bInvalid according to Policy\b", 6.5), code("InvalidPolicyDocument", 5),
         sign("operation", "^PostObject$", 1.2, "a form upload ({}) was refused", "被拒绝的是表单上传（{}）"), ec("0006-00000213")), -2,
    ),
    cause(
        "kms-denied", CODE,
        ("KMS refuses the key that encrypts the object", "KMS 拒绝使用加密密钥"),
        (("Grant the caller kms:Decrypt (for writing also kms:GenerateDataKey) on that one key.",
          "为调用方授予该密钥的 kms:Decrypt（写入还需 kms:GenerateDataKey）。"),),
        NO_PUBLIC, (said(r"\bkms\b"), ec("0005-(?!00000218).*", 0.8)), -2,
    ),
    cause(
        "requester-pays", CODE,
        ("The bucket is requester-pays", "该 Bucket 为请求者付费模式"),
        (("Send x-oss-request-payer: requester, if your account is to pay.", "若由你方付费，请发送 x-oss-request-payer: requester。"),),
        NO_PUBLIC, (said(r"\brequester.?pays?\b|\brequest-payer\b|\bpay by requester\b"), ec("0003-00000703", 1),
                    sign("cloud.requester_pays", "^on", 2.5, "requester pays is {} for this bucket", "该 Bucket 的请求者付费：{}"), against("cloud.requester_pays", "^off$", 6)), -2,
    ),
    cause(
        "cross-region-copy", CODE,
        ("Source and target of the copy lie in different regions", "拷贝的源与目标不在同一地域"),
        (("Download and upload, or use replication: CopyObject works inside one region.",
          "请下载后上传，或使用跨区域复制：CopyObject 仅限同地域。"),),
        _NO_PERMISSION, (said(r"\bsame data center\b", 6.5),), -2,
    ),
    cause(
        "feature-not-enabled", CODE,
        ("The bucket, or this way of access, does not have the feature", "该 Bucket 或访问方式未启用此功能"),
        (("Look up what the feature needs; rename, for one, needs a bucket with hierarchical namespace.",
          "查阅该功能的前提；例如重命名需要开启分层命名空间的 Bucket。"),),
        _NO_PERMISSION, (said(r"\bnamespace is (?:disabled|not enabled)\b|\b(?:feature|function|access point)\b.{0,60}\b(?:not enabled|not supported|disabled)\b"), ec("0024-.*", 0.9)), -2.4,
    ),
    cause(
        "security-block", CODE,
        ("OSS's security system blocks the request", "被 OSS 安全系统拦截"),
        (("Ask Alibaba Cloud support with the request id; look for requests that seem like an attack (odd names, bursts).",
          "携带请求 ID 咨询阿里云支持；检查是否有类似攻击的请求（异常名称、突发流量）。"),),
        (("Do not send the same request in a loop.", "不要循环重发相同请求。"), *NO_PUBLIC),
        (said(r"\bforbidden by security system\b", 6.5),
         sign("sample", "forbidden by security system", 6, "the page says: forbidden by security system", "页面提示：forbidden by security system"),
         ec("0061-00000001", 1)), -2.2,
    ),
)  # fmt: skip
