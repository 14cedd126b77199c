"""The other documented 403 codes, one cause each (facts: section 2.3)."""

from ossmend.remediators.causes.model import cause

SURE = 3.4
"""These codes have one documented cause each."""
_CLIENT_ONLY = (
    ("Do not change anything on the bucket: only the client can be mended.", "不要改动 Bucket：只需修改客户端。"),
)  # fmt: skip

CAUSES = (
    cause("path-style-address", "SecondLevelDomainForbidden",
          ("The client puts the bucket into the path; OSS wants it in the host name", "客户端把 Bucket 放在路径中，而 OSS 要求放在域名中"),
          (("Turn path style off in the client: https://bucket.endpoint/key (virtual-hosted style).",
            "在客户端关闭 path style：https://bucket.endpoint/key（虚拟托管域名）。"),),
          _CLIENT_ONLY, prior=SURE),
    cause("host-not-standard", "NonStandardHostForbidden",
          ("The Host is none that OSS serves", "Host 不是 OSS 的域名"),
          (("Use the region's endpoint, or bind the domain to the bucket.", "使用地域 Endpoint，或将域名绑定到 Bucket。"),),
          _CLIENT_ONLY, prior=SURE),
    cause("public-endpoint-forbidden", "PublicEndpointForbidden",
          ("This account may not use OSS's public endpoint for this", "该账号不能通过 OSS 公网域名执行此操作"),
          (("Use a domain of your own that is bound to the bucket (CNAME), or the internal endpoint.",
            "使用绑定到 Bucket 的自有域名（CNAME），或内网 Endpoint。"),),
          _CLIENT_ONLY, prior=SURE),
    cause("apk-download-forbidden", "ApkDownloadForbidden",
          ("Packages (.apk, .ipa) are not given out by OSS's own domain", "OSS 默认域名不允许下载安装包（.apk、.ipa）"),
          (("Bind a domain of your own to the bucket, and give out its address.", "为 Bucket 绑定自有域名，并使用该域名下载。"),),
          (("Do not rename the file to get around it.", "不要通过改名规避。"),), prior=SURE),
    cause("cname-denied", "CnameDenied",
          ("The domain is bound to somebody else's bucket", "域名已绑定到他人的 Bucket"),
          (("Prove that the domain is yours (a TXT record), and bind it again.", "验证域名所有权（TXT 记录）后重新绑定。"),), prior=SURE),
    cause("wrong-region-redirect", "PermanentRedirect",
          ("The bucket must be addressed by another endpoint", "Bucket 需使用其他 Endpoint"),
          (("Use the endpoint that the answer names, in the client and in its region setting.", "在客户端及其地域设置中使用返回信息给出的 Endpoint。"),),
          _CLIENT_ONLY, prior=SURE),
    cause("acceleration-disabled", "TransferAccelerationDisabled",
          ("Transfer acceleration is off for this bucket", "该 Bucket 未开启传输加速"),
          (("Use the ordinary endpoint, or turn acceleration on (it costs by traffic).", "使用普通 Endpoint，或开启传输加速（按流量计费）。"),), prior=SURE),
    cause("service-not-activated", "UbsmsInvalidBid KmsUbsmsInvalidBid KmsServiceNotEnabled",
          ("The service is not activated for this account", "该账号未开通相应服务"),
          (("Activate it (OSS or KMS) in the console, or ask the partner who runs the account.", "在控制台开通（OSS 或 KMS），或联系账号的服务商。"),), prior=SURE),
    cause("kms-overdue", "KmsInDebt KmsInDebtOverdue",
          ("KMS is overdue", "KMS 欠费"),
          (("Pay the bill: objects that KMS encrypts cannot be read until then.", "请结清账单：在此之前无法读取由 KMS 加密的对象。"),),
          (("Do not turn encryption off: what is stored stays encrypted.", "不要关闭加密：已存储的对象仍是加密的。"),), prior=SURE),
    cause("worm-locked", "WORMConfigurationLocked",
          ("The retention policy is locked", "合规保留策略已锁定"),
          (("Wait until it ends: nobody can shorten or delete it before.", "等待其到期：任何人都无法提前缩短或删除。"),), prior=SURE),
    cause("log-target-not-owned", "InvalidTargetBucketForLogging",
          ("The target bucket for logs is not yours, or not in the same region", "日志目标 Bucket 不属于你，或不在同一地域"),
          (("Choose a target bucket of the same account and region.", "选择同账号、同地域的目标 Bucket。"),), prior=SURE),
)  # fmt: skip
