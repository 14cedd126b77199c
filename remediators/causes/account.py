"""UserDisable and its family: the account itself is refused (facts: control-plane section 3)."""

from ossmend.remediators.causes.model import Sign, cause

_NO_RETRY = (
    ("Do not retry in a loop, and do not look for a permission to change: no request of the account will work.",
     "不要循环重试，也不要修改权限：该账号的任何请求都不会成功。"),
)  # fmt: skip

CAUSES = (
    cause(
        "account-overdue", "UserDisable InDebt InDebtOverdue AbnormalBucketOwnerStatus",
        ("The account is overdue", "账号欠费"),
        (("Pay the bill now: data may be deleted within days after the suspension.",
          "请立即结清账单：停服后数据可能在数天内被删除。"),
         ("The owner of the bucket pays; that may be another account than the key's.",
          "由 Bucket 所有者付费，可能不是密钥所属账号。")),
        _NO_RETRY,
        (Sign("code", "^InDebt", 5, "the code is {}"), Sign("message", "overdue|arrear|debt|欠费", 3.5, "OSS said: {}"), Sign("ec", "0003-00000801", 0.5, "EC {} is that of disabled accounts")), 0.9,
    ),
    cause(
        "account-security-hold", "UserDisable BucketDisable AbnormalBucketOwnerStatus",
        ("The account or bucket is held for security reasons", "账号或 Bucket 因安全原因被限制"),
        (("Read the messages in the console, and open a ticket.", "查看控制台站内信，并提交工单。"),),
        _NO_RETRY,
        (Sign("code", "^BucketDisable", 5, "the code is {}"), Sign("message", "security|violat|违规", 3.5, "OSS said: {}"), Sign("ec", "0003-00000801", 0.5, "EC {} is that of disabled accounts")), 0.5,
    ),
    cause(
        "oss-not-activated", "UserDisable",
        ("OSS was never activated on this account", "该账号未开通 OSS"),
        (("Activate OSS in the console.", "在控制台开通 OSS。"),),
        _NO_RETRY, (Sign("operation", "^(PutBucket|CreateBucket)$", 2, "it was refused when a bucket was created"),
                    Sign("message", "activat|not.*open", 3, "OSS said: {}")), -0.6,
    ),
    cause(
        "account-abnormal", "AbnormalBucketOwnerStatus",
        ("The bucket owner's account is cancelled or restricted", "Bucket 所有者账号已注销或受限"),
        (("Only the owner of the bucket can settle this.", "仅 Bucket 所有者可处理。"),),
        _NO_RETRY, prior=1.2,
    ),
)  # fmt: skip
