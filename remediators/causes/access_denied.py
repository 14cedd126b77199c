"""AccessDenied: which layer said no, and what that layer needs (facts: sections 1.4, 2.2, 2.4)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "AccessDenied"
_NO_PUBLIC = (
    ("Never make the bucket or object public-read(-write) to get rid of this.",
     "切勿为消除此错误而将 Bucket 或对象设为公共读（写）。"),
)  # fmt: skip
_DENY = Sign("fields.AccessDeniedDetail.NoPermissionType", "ExplicitDeny", 2.5, "AccessDeniedDetail says {}")
_IMPLICIT = Sign("fields.AccessDeniedDetail.NoPermissionType", "ImplicitDeny", 2.5, "AccessDeniedDetail says {}")
_IDENTITY = Sign("fields.AccessDeniedDetail.PolicyType", "IdentityBasedPolicy", 1.5, "the policy type is {}")
_ACTION = Sign("fields.AccessDeniedDetail.AuthAction", ".", 0.3, "the action that was denied is {}")
_HAS_DETAIL = "fields.AccessDeniedDetail.NoPermissionType"


def _says(pattern: str, weight: float = 4.5) -> Sign:
    return Sign("message", pattern, weight, "OSS said: {}")


CAUSES = (
    cause(
        "denied-ram-explicit", CODE,
        ("A RAM policy denies it explicitly", "RAM 策略显式拒绝"),
        (("Find the Deny statement for this action and narrow it; adding an Allow cannot help.",
          "找到针对该操作的 Deny 语句并收窄；添加 Allow 无效。"),),
        (("Do not add an Allow: a Deny always wins.", "不要添加 Allow：Deny 始终优先。"), *_NO_PUBLIC),
        (_DENY, _IDENTITY, _ACTION, Sign("ec", "0003-00000201", 0.8, "EC {} is RAM's explicit deny")), -1,
    ),
    cause(
        "denied-ram-implicit", CODE,
        ("No RAM policy allows it", "没有 RAM 策略允许该操作"),
        (("Grant exactly the denied action on exactly this resource to the named principal.",
          "仅为该身份授予被拒绝的操作及对应资源。"),
         ("A resource for objects ends in bucket/* or bucket/prefix*, one for the bucket itself does not.",
          "对象资源写作 bucket/* 或 bucket/prefix*，Bucket 自身的资源则不带斜杠。")),
        (("Do not grant oss:* or all buckets.", "不要授予 oss:* 或所有 Bucket。"), *_NO_PUBLIC),
        (_IMPLICIT, _IDENTITY, _ACTION, Sign("ec", "0003-00000202", 0.8, "EC {} is a missing RAM grant"),
         _says("does not belong to you", 1.2), _says("not authorized|no right to access", 0.4),
         Sign("fields.AccessDeniedDetail.PolicyType", "Session|AssumeRole|Control", -3, "")), 0.5,
    ),
    cause(
        "denied-session-policy", CODE,
        ("The STS session policy is too narrow", "STS 会话策略过窄"),
        (("Widen the Policy that is passed to AssumeRole by the denied action; the role alone is not enough.",
          "在 AssumeRole 传入的 Policy 中加入被拒绝的操作；仅角色有权限不够。"),),
        _NO_PUBLIC,
        (Sign("fields.AccessDeniedDetail.PolicyType", "SessionPolicy", 4.5, "the policy type is {}"),
         _says("authorizer'?s policy", 4), Sign("key_shape", "^temporary$", 0.3, "the key is a temporary one")), -1.2,
    ),
    cause(
        "denied-role", CODE,
        ("The role may not be assumed by this caller", "调用方无权扮演该角色"),
        (("Add the caller to the role's trust policy, and sts:AssumeRole to the caller.",
          "在角色信任策略中加入调用方，并为其授予 sts:AssumeRole。"),),
        _NO_PUBLIC, (Sign("fields.AccessDeniedDetail.PolicyType", "AssumeRolePolicy", 5, "the policy type is {}"),), -2,
    ),
    cause(
        "denied-control-policy", CODE,
        ("A control policy of the resource directory denies it", "资源目录的管控策略拒绝"),
        (("Ask the administrator of the resource directory; nothing inside this account can help.",
          "请联系资源目录管理员；本账号内无法解决。"),),
        _NO_PUBLIC, (Sign("fields.AccessDeniedDetail.PolicyType", "ControlPolicy", 5, "the policy type is {}"),), -2,
    ),
    cause(
        "denied-bucket-policy", CODE,
        ("The bucket policy denies it", "Bucket Policy 拒绝"),
        (("Read the bucket policy for a Deny that fits the caller, its address or the resource.",
          "检查 Bucket Policy 中匹配调用方、来源地址或资源的 Deny。"),
         ("A presigned URL does not get around a bucket policy.", "预签名 URL 无法绕过 Bucket Policy。")),
        _NO_PUBLIC,
        (_says("denied by bucket policy", 2.6), Sign("ec", "0003-00000101", 1, "EC {} is the bucket policy's"),
         Sign("fields.AccessDeniedDetail.PolicyType", "Identity|Session|AssumeRole|Control", -4, "")), -1,
    ),
    cause(
        "denied-vpc-endpoint", CODE,
        ("The VPC gateway endpoint's policy denies it", "VPC 网关终端节点策略拒绝"),
        (("Change the endpoint's policy in the VPC; OSS cannot.", "在 VPC 中修改终端节点策略；OSS 侧无法处理。"),),
        _NO_PUBLIC, (_says("VPC endpoint policy", 5),), -2,
    ),
    cause(
        "denied-bucket-acl", CODE,
        ("The bucket is private, and the caller has no right of its own", "Bucket 为私有，调用方没有权限"),
        (("Sign the request, or grant the caller the action by RAM or bucket policy.",
          "对请求签名，或通过 RAM / Bucket Policy 为调用方授权。"),
         ("To share one object use a presigned URL.", "共享单个对象请使用预签名 URL。")),
        _NO_PUBLIC,
        (_says("because of bucket acl", 4), _says("does not belong to you", 1.5),
         Sign("ec", "0003-00000001", 0.6, "EC {} is the bucket ACL's"), Sign(_HAS_DETAIL, ".", -2, "")), -0.2,
    ),
    cause(
        "denied-object-acl", CODE,
        ("The object's own ACL refuses", "对象自身的 ACL 拒绝"),
        (("Set the object's ACL to default (inherit) if it was narrowed by mistake.",
          "若误设了对象 ACL，请改回 default（继承）。"),),
        _NO_PUBLIC,
        (_says("permission on this object", 4.5), Sign("ec", "0003-0000000[567]", 0.8, "EC {} is the object ACL's")), -1.2,
    ),
    cause(
        "denied-public-access-block", CODE,
        ("Block Public Access is on", "已开启阻止公共访问"),
        (("Use private access with signed requests; the switch is doing its job.", "改用私有访问与签名请求；该开关正在发挥作用。"),),
        (("Do not turn Block Public Access off for this.", "不要为此关闭阻止公共访问。"), *_NO_PUBLIC),
        (_says("public .*acl is not allowed|block public access", 5), Sign("ec", "0016-00000901", 0.8, "EC {}")), -1.5,
    ),
    cause(
        "denied-referer", CODE,
        ("The bucket's referer list refuses the page", "防盗链（Referer）拒绝"),
        (("Add the page's address to the referer whitelist, or send a Referer.", "将页面地址加入 Referer 白名单，或发送 Referer。"),),
        (("Do not allow empty referers only for this.", "不要仅为此允许空 Referer。"), *_NO_PUBLIC),
        (_says("referer", 5), Sign("ec", "0003-00000501", 0.8, "EC {} is the referer list's")), -1.5,
    ),
    cause(
        "denied-wrong-endpoint", CODE,
        ("The bucket lives in another region", "Bucket 位于其他地域"),
        (("Use the endpoint that the error names.", "使用错误信息中给出的 Endpoint。"),),
        (("Do not change permissions: they are not the trouble.", "不要修改权限：问题不在权限。"),),
        (_says("must be addressed using the specified endpoint", 5.5),
         Sign("fields.Endpoint", ".", 2, "the right endpoint is {}"), Sign("ec", "0003-00001403", 0.8, "EC {}")), -1,
    ),
    cause(
        "denied-anonymous", CODE,
        ("The request was not signed", "请求未签名（匿名）"),
        (("Sign the request; if it should be signed, find where the credentials get lost.",
          "对请求签名；若本应签名，请检查凭证在哪里丢失。"),),
        _NO_PUBLIC,
        (_says("anonymous", 5), Sign("ec", "0003-00001201", 0.8, "EC {}"), Sign("ec", "0003-00000905", 0.3, "EC {}")), -1,
    ),
    cause(
        "denied-list-buckets", CODE,
        ("The caller may not list buckets", "无权列举 Bucket"),
        (("Grant oss:ListBuckets, or open the bucket by its name without listing.",
          "授予 oss:ListBuckets，或直接按名称访问 Bucket 而不列举。"),),
        _NO_PUBLIC, (_says("forbidden to list buckets", 5),), -2,
    ),
    cause(
        "url-expired", CODE,
        ("The presigned URL has expired", "预签名 URL 已过期"),
        (("Make a new URL; a presigned URL is not permanent.", "重新生成 URL；预签名 URL 不是永久的。"),
         ("If URLs expire at once, the clock of the program that signs them is behind.",
          "若 URL 一生成就过期，说明签名程序的时钟偏慢。")),
        (("Do not change permissions.", "不要修改权限。"), *_NO_PUBLIC),
        (_says("request has expired|expired", 5), Sign("ec", "0002-000000(69|236)", 0.8, "EC {}"),
         Sign("ec", "0002-00000(069|236)", 0.8, "EC {}"), Sign("fields.Expires", ".", 1, "it expired at {}")), -1,
    ),
    cause(
        "url-malformed", CODE,
        ("The presigned URL is incomplete or garbled", "预签名 URL 不完整或被破坏"),
        (("Use the URL exactly as it was signed: nothing cut off, + and & kept.", "原样使用签名 URL：不要截断，保留 + 和 &。"),),
        (), (_says("Query-string authentication requires|seconds since epoch", 5),
             Sign("ec", "0002-000000(68|70)", 0.5, "EC {}")), -2,
    ),
    cause(
        "url-not-yet-valid", CODE,
        ("The URL was signed in the future", "URL 的签名时间在未来"),
        (("Correct the clock of the program that signs.", "校正签名程序的时钟。"),),
        (), (Sign("ec", "0002-00000235", 1, "EC {} is that of a URL used before its time"),
             _says("not yet valid|not valid yet", 5)), -2.5,
    ),
    cause(
        "date-missing", CODE,
        ("The request has no valid Date", "请求缺少有效的 Date"),
        (("Send Date or x-oss-date in GMT; look for a proxy that removes it.", "以 GMT 发送 Date 或 x-oss-date；检查是否被代理移除。"),),
        (), (_says("requires a valid Date", 5.5), Sign("ec", "0002-00000503", 0.8, "EC {}")), -2,
    ),
    cause(
        "post-policy-failed", "AccessDenied InvalidPolicyDocument",
        ("The upload form's policy does not fit the upload", "表单上传的 Policy 不匹配"),
        (("Compare the form's fields with the policy's conditions; sign a new policy if it expired.",
          "核对表单字段与 Policy 条件；如已过期请重新签名。"),),
        (), (_says("Invalid according to Policy", 5), Sign("code", "InvalidPolicyDocument", 4, "the code is {}")), -2,
    ),
    cause(
        "kms-denied", CODE,
        ("KMS refuses the key that encrypts the object", "KMS 拒绝使用加密密钥"),
        (("Grant the caller kms:Decrypt (and GenerateDataKey for writing) on that key.",
          "为调用方授予该密钥的 kms:Decrypt（写入还需 GenerateDataKey）。"),),
        (), (_says(r"\bkms\b", 5),), -2,
    ),
    cause(
        "requester-pays", CODE,
        ("The bucket is requester-pays", "该 Bucket 为请求者付费模式"),
        (("Send x-oss-request-payer: requester, if your account is to pay.", "若由你方付费，请发送 x-oss-request-payer: requester。"),),
        (), (_says("requester.?pay|request-payer", 5), Sign("ec", "0003-00000703", 1, "EC {}")), -2,
    ),
    cause(
        "cross-region-copy", CODE,
        ("Source and target lie in different regions", "源与目标不在同一地域"),
        (("Download and upload, or use replication: CopyObject works inside one region.",
          "请下载后上传，或使用跨区域复制：CopyObject 仅限同地域。"),),
        (), (_says("same data center", 5.5),), -2,
    ),
    cause(
        "security-block", CODE,
        ("OSS's security system blocks the request", "被 OSS 安全系统拦截"),
        (("Ask Alibaba Cloud support with the request id.", "携带请求 ID 咨询阿里云支持。"),),
        (("Do not send the same request in a loop.", "不要循环重发相同请求。"),),
        (_says("forbidden by security system", 5.5), Sign("ec", "0061-00000001", 1, "EC {}")), -2,
    ),
)  # fmt: skip
