"""AccessDenied by a policy or an ACL: which layer said no (docs/facts.md#access-denied-messages). More in access_denied_request."""

from ossmend.remediators.causes.indicators import against, code, ec, said, sign
from ossmend.remediators.causes.model import cause

CODE = "AccessDenied"
NO_PUBLIC = (
    ("Never make the bucket or object public to get rid of this: anybody could then read (or write) it.",
     "切勿为消除此错误而将 Bucket 或对象设为公共：否则任何人都能读取（或写入）。"),
)  # fmt: skip
_KIND = "fields.AccessDeniedDetail.NoPermissionType"
_LAYER = "fields.AccessDeniedDetail.PolicyType"
_DENY = sign(
    _KIND,
    "ExplicitDeny",
    4,
    "AccessDeniedDetail says {}: some statement forbids it",
    "AccessDeniedDetail 为 {}：有语句明确禁止",
)
_IMPLICIT = sign(
    _KIND,
    "ImplicitDeny",
    4,
    "AccessDeniedDetail says {}: no statement allows it",
    "AccessDeniedDetail 为 {}：没有语句允许",
)
_NOT_YOURS = sign(
    "message", r"\bnot belong to you\b", 3.5,
    "OSS said: {} (it says so to any caller without a right, mostly one of the bucket's own account)",
    "OSS 返回：{}（对没有权限的请求方 OSS 都这样返回，多数情况下 Bucket 就属于其本账号）",
)  # fmt: skip
"""In each settled report of it that is known here the bucket was the caller's own account's (docs/facts.md)."""
_IDENTITY = sign(_LAYER, "IdentityBasedPolicy", 2.5, "the policy type is {}", "策略类型为 {}")
_ACTION = sign(
    "fields.AccessDeniedDetail.AuthAction", ".", 0.3, "the action that was denied is {}", "被拒绝的操作是 {}"
)
_SIGNED_ACL = sign(
    "acl_told_to", ".", 3,
    "it was said to a caller that signs ({}): for it the bucket is private where no RAM policy allows the action",
    "请求方已签名（{}）：若没有 RAM 策略允许该操作，OSS 对其也返回此消息",
)  # fmt: skip
_NOT_IDENTITY = against(_LAYER, "Session|AssumeRole|Control", 5)
_NAMED = against(_KIND, ".", 4)
"""OSS names the policy that decided: it was no ACL."""

CAUSES = (
    cause(
        "denied-ram-explicit", CODE,
        ("A RAM policy denies it explicitly", "RAM 策略显式拒绝"),
        (("Find the Deny statement for this action and narrow it; an Allow cannot help.",
          "找到针对该操作的 Deny 语句并收窄；添加 Allow 无效。"),),
        (("Do not add an Allow: a Deny always wins.", "不要添加 Allow：Deny 始终优先。"), *NO_PUBLIC),
        (_DENY, _IDENTITY, _ACTION, said("denied by bucket policy", 2.2), said(r"\bexplicit(?:ly)? den", 4), ec("0003-0000020[13]"), _NOT_IDENTITY,
         against(_KIND, "ImplicitDeny", 6)), -1.2,
    ),
    cause(
        "denied-ram-implicit", CODE,
        ("No RAM policy allows it", "没有 RAM 策略允许该操作"),
        (("Grant exactly the denied action on exactly this resource to the user or role that asked.",
          "仅为发起请求的用户或角色授予被拒绝的操作及对应资源。"),
         ("Mind the resource: objects are bucket/* or bucket/prefix/*, the bucket itself has no slash; a user limited to a prefix needs both.",
          "注意资源写法：对象为 bucket/* 或 bucket/prefix/*，Bucket 自身不带斜杠；按前缀授权的用户两者都需要。"),
         ("Prove it by trying the same request again; a granted permission takes a moment to spread.", "授权后重试同一请求验证；权限生效需要片刻。")),
        (("Do not grant oss:* or all buckets.", "不要授予 oss:* 或所有 Bucket。"), *NO_PUBLIC),
        (_IMPLICIT, _IDENTITY, _ACTION, ec("0003-00000202"), _NOT_YOURS, _SIGNED_ACL,
         said(r"\b(?:not authorized|no right to access|no permission|not have permission)\b", 0.6), said(r"\bbecause of bucket acl\b", 1), said(r"\bpermission on this object\b", 1.5), against("cloud.owner", "^another", 1), _NOT_IDENTITY, against(_KIND, "ExplicitDeny", 6),
         against(_LAYER, "ResourceGroupLevel", 4), against("anonymous", ".", 4)), 0.6,
    ),
    cause(
        "denied-resource-group", CODE,
        ("The grant is limited to a resource group that the bucket is not in", "授权仅限某个资源组，而 Bucket 不在其中"),
        (("Move the bucket into that resource group, or grant the action for the account or the right group.",
          "将 Bucket 移入该资源组，或在账号级、正确的资源组内授权。"),),
        NO_PUBLIC,
        (sign(_LAYER, "ResourceGroupLevel", 4.5, "the policy type is {}", "策略类型为 {}"), _IMPLICIT, said(r"\bresource group\b", 5), ec("0039-.*")), -2,
    ),
    cause(
        "denied-session-policy", CODE,
        ("The policy of the temporary credentials is too narrow (STS session policy)", "临时凭证的策略过窄（STS 会话策略）"),
        (("Add the denied action to the Policy that is passed to AssumeRole, and to the role: what is allowed is what both allow.",
          "在 AssumeRole 传入的 Policy 中以及角色上都加入被拒绝的操作：两者的交集才有效。"),
         ("Write resources out: a wildcard in a session policy may not match what it seems to.", "写明资源：会话策略中的通配符未必匹配预期内容。")),
        (("Do not change the bucket: it did not refuse.", "不要改动 Bucket：拒绝并非来自它。"), *NO_PUBLIC),
        (sign(_LAYER, "SessionPolicy", 6.5, "the policy type is {}", "策略类型为 {}"), said(r"\bauthorizer'?s policy\b", 6), ec("0003-00000301", 1),
         sign("key_shape", "^temporary$", 0.9, "the key is a temporary one", "使用的是临时密钥"), _ACTION), -1.3,
    ),
    cause(
        "denied-role", "AccessDenied NoPermission",
        ("The caller may not assume the role, or the role itself lacks the right", "调用方无权扮演该角色，或角色缺少权限"),
        (("Add the caller to the role's trust policy, and grant the caller sts:AssumeRole on that role.",
          "在角色信任策略中加入调用方，并为其授予对该角色的 sts:AssumeRole。"),),
        NO_PUBLIC,
        (sign(_LAYER, "AssumeRolePolicy", 6.5, "the policy type is {}", "策略类型为 {}"), code("NoPermission", 4), said(r"\bshould be authorized by RAM\b|\bassume(?:d|s)?\b", 5)), -2,
    ),
    cause(
        "denied-control-policy", CODE,
        ("A control policy of the resource directory denies it", "资源目录的管控策略拒绝"),
        (("Ask the administrator of the resource directory; nothing inside this account can help.",
          "请联系资源目录管理员；本账号内无法解决。"),),
        NO_PUBLIC, (sign(_LAYER, "ControlPolicy", 6.5, "the policy type is {}", "策略类型为 {}"), said(r"\bcontrol policy\b", 5)), -2,
    ),
    cause(
        "denied-bucket-policy", CODE,
        ("The bucket policy denies it", "Bucket Policy 拒绝"),
        (("Read the bucket policy for a Deny that fits the caller, its address or the resource.",
          "检查 Bucket Policy 中匹配调用方、来源地址或资源的 Deny。"),
         ("Look at the caller's RAM and session policies, too: OSS uses this message for them as well.",
          "同时检查调用方的 RAM 策略和会话策略：OSS 对它们也使用同样的消息。"),
         ("A presigned URL does not get around a bucket policy.", "预签名 URL 无法绕过 Bucket Policy。")),
        NO_PUBLIC,
        (said("denied by bucket policy", 3.3), against("ec", "^0003-0000020[123]$", 0.9), ec("0003-00000101", 1), ec("0003-00000203", 0.5),
         against(_LAYER, "Identity|Session|AssumeRole|Control", 6),
         sign("cloud.policy_denies", ".", 4.5, "the bucket policy says: {}", "Bucket Policy 内容：{}"), against("cloud.policy", "^none$", 6)), -1,
    ),
    cause(
        "denied-vpc-endpoint", CODE,
        ("The policy of the VPC's gateway endpoint denies it", "VPC 网关终端节点的策略拒绝"),
        (("Change the endpoint's policy in the VPC; OSS cannot.", "在 VPC 中修改终端节点策略；OSS 侧无法处理。"),),
        NO_PUBLIC, (said(r"\bVPC endpoint policy\b"), ec("0003-00000401", 1)), -2.2,
    ),
    cause(
        "denied-bucket-acl", CODE,
        ("The bucket is private, and the caller has no right of its own", "Bucket 为私有，调用方没有权限"),
        (("Sign the request; or grant the caller this action, on this prefix only, by RAM or bucket policy.",
          "对请求签名；或通过 RAM / Bucket Policy 仅在该前缀上为调用方授予该操作。"),
         ("To share one object use a presigned URL.", "共享单个对象请使用预签名 URL。")),
        NO_PUBLIC,
        (said(r"\bbecause of bucket acl\b", 3.8), said(r"\bnot belong to you\b", 1.2), against("acl_told_to", ".", 1.6), ec("0003-00000001", 0.9), _NAMED,
         sign("cloud.acl", "^private$", 0.3, "the bucket's ACL is {}", "Bucket ACL 为 {}"), against("cloud.acl", "^public", 3), against("cloud.owner", "^another", 1),
         sign("anonymous", ".", 1.4, "the request was not signed: {}", "请求未签名：{}")), 0.2,
    ),
    cause(
        "denied-not-owner", "AccessDenied BucketNotBelongTo",
        ("The bucket belongs to another account", "Bucket 属于其他账号"),
        (("Check the bucket's name and whose key is used; ask the bucket's owner to grant your account by bucket policy.",
          "核对 Bucket 名称与所用密钥的账号；请 Bucket 所有者通过 Bucket Policy 授权。"),),
        NO_PUBLIC, (code("BucketNotBelongTo", 5), said(r"\bnot belong to you\b", 2.8), ec("0003-00000202", 0.4), _NAMED, said(r"\bnot the owner\b", 4),
                  sign("cloud.owner", "^another", 3.5, "the bucket belongs to {}", "Bucket 属于{}"), against("cloud.owner", "^ours$", 4)), -0.6,
    ),
    cause(
        "denied-object-acl", CODE,
        ("The object's own ACL refuses", "对象自身的 ACL 拒绝"),
        (("Sign the request, or share the object by a presigned URL.", "对请求签名，或用预签名 URL 共享该对象。"),
         ("If the object's ACL was narrowed by mistake, set it to default, so that it follows the bucket's.",
          "若误设了对象 ACL，请改回 default，使其继承 Bucket。"),),
        NO_PUBLIC,
        (said(r"\bpermission on this object\b", 6), said(r"\bobject acl\b(?! is not allowed)", 3), ec("0003-0000000[567]"), _NAMED,
         sign("cloud.object_acl", "^private$", 3, "the object's own ACL is {}", "对象自身的 ACL 为 {}"), against("cloud.object_acl", "^(default|public)", 10)), -1.4,
    ),
    cause(
        "denied-public-access-block", CODE,
        ("Block Public Access is on: a public ACL has no effect, and cannot be set", "已开启阻止公共访问：公共 ACL 不生效，也不能设置"),
        (("Keep the object private and use signed requests; leave the ACL header out of the upload.",
          "保持私有并使用签名请求；上传时不要带 ACL 头。"),),
        (("Do not turn Block Public Access off for this.", "不要为此关闭阻止公共访问。"), *NO_PUBLIC),
        (said(r"\bpublic .{0,20}acl is not allowed\b|\bblock public access\b"), ec("0016-00000901"),
         sign("cloud.block_public", "^on, and the ACL is public", 7, "Block Public Access is {}", "阻止公共访问：{}"), against("cloud.block_public", "^off$", 6)), -1.8,
    ),
    cause(
        "denied-referer", CODE,
        ("The bucket's referer list refuses the page", "防盗链（Referer）拒绝"),
        (("Add the page's address to the list of referers, or make the program send a Referer.",
          "将页面地址加入 Referer 白名单，或让程序发送 Referer。"),
         ("The EC tells which: -501 no Referer was sent, -502 it is on the blacklist, -503 it is not on the whitelist.",
          "EC 可区分：-501 未携带 Referer，-502 在黑名单中，-503 不在白名单中。"),
         ("X-Tengine-Error in the answer is a CDN's: then its list of referers refuses, and not the bucket's.",
          "响应中的 X-Tengine-Error 来自 CDN：拒绝请求的是 CDN 的 Referer 名单，而不是 Bucket 的。")),
        (("Do not allow empty referers only for this.", "不要仅为此允许空 Referer。"), *NO_PUBLIC),
        (said(r"\breferer\b"), ec("0003-0000050[123]"),
         sign("cloud.referer_refuses", ".", 4.5, "the bucket's referer list refuses {}", "Bucket 的 Referer 名单拒绝 {}"), against("cloud.referer", "^none$", 6),
         sign("fields.referer", "^https?:", 0.7, "the request came from the page {}", "请求来自页面 {}")), -1.6,
    ),
    cause(
        "denied-anonymous", CODE,
        ("The request was not signed", "请求未签名（匿名）"),
        (("Sign the request; if it should be signed, find where the credentials get lost.",
          "对请求签名；若本应签名，请检查凭证在哪里丢失。"),),
        NO_PUBLIC,
        (said(r"\banonymous (?:access|users? (?:has|have|is|are|may|can)|request)\b"), ec("0003-00001201"), ec("0003-00000905", 0.4), _NAMED, sign("cloud.acl", "^private$", 0.8, "the bucket's ACL is {}", "Bucket ACL 为 {}"),
         sign("anonymous", ".", 2, "{}", "{}")), -1,
    ),
    cause(
        "denied-list-buckets", CODE,
        ("The caller may not list buckets", "无权列举 Bucket"),
        (("Open the bucket by its name (a preset path like oss://bucket/prefix/), or grant oss:ListBuckets.",
          "直接按名称打开 Bucket（预设路径，如 oss://bucket/prefix/），或授予 oss:ListBuckets。"),),
        NO_PUBLIC,
        (said(r"\bforbidden to list buckets\b"), sign("fields.AccessDeniedDetail.AuthAction", "ListBuckets", 3, "the action that was denied is {}", "被拒绝的操作是 {}"),
         sign("operation", "^(GetService|ListBuckets)$", 3, "the refused operation is {}", "被拒绝的操作是 {}")), -2,
    ),
)  # fmt: skip
