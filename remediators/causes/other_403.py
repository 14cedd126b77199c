"""The other documented 403 codes, one cause each (facts: section 2.3)."""

from ossmend.remediators.causes.model import cause

SURE = 3.2
"""These codes have one documented cause each."""

CAUSES = (
    cause("path-style-address", "SecondLevelDomainForbidden",
          ("Path-style address: real OSS wants the bucket in the host name", "使用了路径风格地址，OSS 要求 Bucket 在域名中"),
          (("Turn path style off in the client (virtual-hosted style).", "在客户端关闭 path style（使用虚拟托管域名）。"),),
          (("Do not change anything on the bucket: only the client can be mended.", "不要改动 Bucket：只需修改客户端。"),), prior=SURE),
    cause("host-not-standard", "NonStandardHostForbidden",
          ("The Host is none that OSS serves", "Host 不是 OSS 标准域名"),
          (("Use the region's endpoint, or bind the domain to the bucket.", "使用地域 Endpoint，或将域名绑定到 Bucket。"),), prior=SURE),
    cause("cname-denied", "CnameDenied",
          ("The domain is bound to a bucket of somebody else", "域名已绑定到他人的 Bucket"),
          (("Prove who owns the domain, and bind it again.", "验证域名所有权后重新绑定。"),), prior=SURE),
    cause("wrong-region-redirect", "PermanentRedirect",
          ("The bucket must be addressed by another endpoint", "Bucket 需使用其他 Endpoint"),
          (("Use the endpoint that the answer names.", "使用返回信息中的 Endpoint。"),), prior=SURE),
    cause("acceleration-disabled", "TransferAccelerationDisabled",
          ("Transfer acceleration is off for this bucket", "该 Bucket 未开启传输加速"),
          (("Use the ordinary endpoint, or turn acceleration on.", "使用普通 Endpoint，或开启传输加速。"),), prior=SURE),
    cause("not-the-owner", "BucketNotBelongTo",
          ("The bucket belongs to another account", "Bucket 属于其他账号"),
          (("Ask its owner, or use your own bucket's name.", "请联系所有者，或使用自己的 Bucket。"),), prior=SURE),
    cause("service-not-activated", "UbsmsInvalidBid KmsUbsmsInvalidBid",
          ("The service is not activated for this account", "该账号未开通相应服务"),
          (("Activate it in the console, or ask the partner who runs the account.", "在控制台开通，或联系账号的服务商。"),), prior=SURE),
    cause("kms-overdue", "KmsInDebt KmsInDebtOverdue",
          ("KMS is overdue", "KMS 欠费"),
          (("Pay the bill: encrypted objects cannot be read until then.", "请结清账单：在此之前无法读取加密对象。"),), prior=SURE),
    cause("worm-locked", "WORMConfigurationLocked",
          ("The retention policy is locked", "合规保留策略已锁定"),
          (("Wait until it ends: nobody can delete it before.", "等待其到期：任何人都无法提前删除。"),), prior=SURE),
    cause("log-target-not-owned", "InvalidTargetBucketForLogging",
          ("The target bucket for logs is not yours", "日志目标 Bucket 不属于你"),
          (("Choose a target bucket of the same account and region.", "选择同账号、同地域的目标 Bucket。"),), prior=SURE),
)  # fmt: skip
