"""UserDisable and its family: the account itself is refused (docs/facts.md#disabled-accounts)."""

from ossmend.remediators.causes.indicators import against, code, ec, said, sign
from ossmend.remediators.causes.model import cause

_NO_RETRY = (
    ("Do not retry in a loop: no request of the account will work until this is settled.",
     "不要循环重试：解决之前该账号的任何请求都不会成功。"),
    ("Do not look for a permission to change: none is missing.", "不要去修改权限：并不缺少权限。"),
)  # fmt: skip
_DISABLED = ec("0003-00000801", 0.6)

CAUSES = (
    cause(
        "account-overdue", "UserDisable InDebt InDebtOverdue AbnormalBucketOwnerStatus",
        ("The account is overdue: a bill is not paid", "账号欠费：账单未支付"),
        (("Look at the balance and pay now: after the suspension data may be deleted within days.",
          "请查看余额并立即支付：停服后数据可能在数天内被删除。"),
         ("The owner of the bucket pays; that may be another account than the key's.",
          "由 Bucket 所有者付费，可能不是密钥所属账号。"),
         ("If nothing is owed, read the messages in the console: it may be a security hold.", "若未欠费，请查看控制台站内信：可能是安全限制。")),
        _NO_RETRY,
        (code("InDebt|InDebtOverdue", 6), said(r"\boverdue\b|\barrears?\b|\bdebts?\b|\bow(?:e|es|ed|ing)\b|欠费", 4.5), _DISABLED,
         sign("cloud.balance", "^(negative|zero)", 4, "BSS says that the balance of our own account is {}", "BSS 返回的账号余额：{}"), against("cloud.balance", "^positive", 2),
         sign("sample", r"欠费|\boverdue\b|\barrears\b", 2.5, "the text speaks of an unpaid bill", "文本提到欠费")), 1.3,
    ),
    cause(
        "account-security-hold", "UserDisable BucketDisable AbnormalBucketOwnerStatus",
        ("The account or bucket is held for security reasons", "账号或 Bucket 因安全原因被限制"),
        (("Read the messages in the console, and open a ticket with the request id.", "查看控制台站内信，并携带请求 ID 提交工单。"),
         ("Copy nothing away in a hurry: find out first what was reported.", "不要急于迁移数据：先弄清被举报或限制的原因。")),
        _NO_RETRY,
        (code("BucketDisable", 6), said(r"\bsecurity (?:violation|reason|risk|hold|issue)|\bviolat(?:e|es|ed|ion|ions)\b|\billegal\b|违规", 4.5), _DISABLED,
         sign("cloud.balance", "^positive", 1.6, "nothing seems to be owed: BSS says that the balance is {}", "似乎并未欠费：BSS 返回余额 {}"), against("cloud.balance", "^(negative|zero)", 1.5),
         sign("sample", r"违规|\bsecurity hold\b|\bviolation\b|封禁", 2, "the text speaks of a security hold", "文本提到安全限制")), 0.9,
    ),
    cause(
        "oss-not-activated", "UserDisable",
        ("OSS was never activated on this account", "该账号未开通 OSS"),
        (("Activate OSS in the console; then try again.", "在控制台开通 OSS，然后重试。"),),
        _NO_RETRY,
        (sign("cloud.bucket", "^missing", 2.6, "the bucket is {}", "Bucket 状态：{}"),
         sign("puts_bucket", ".", 2.6, "it was refused when the bucket {} itself was put", "在 PUT Bucket {} 本身时被拒绝"),
         sign("operation", "^(PutBucket|CreateBucket)$", 2.6, "it was refused when a bucket was made ({})", "在创建 Bucket 时被拒绝（{}）"),
         sign("sample", r"creat\w{0,4} (?:\w{1,20} ){0,3}bucket|make_bucket|创建.{0,6}(?:Bucket|存储空间)", 2.6,
              "it was refused when a bucket was made", "在创建 Bucket 时被拒绝"),
         said(r"\bactivat(?:e|ed|ion)\b|\bnot (?:yet )?(?:been )?open(?:ed)?\b|开通", 4), _DISABLED), -1,
    ),
    cause(
        "account-cancelled", "UserDisable",
        ("The account does not exist any more", "账号已注销"),
        (("Find out who closed the account, and use a key of another account.", "查明账号由谁注销，并改用其他账号的密钥。"),),
        _NO_RETRY, (ec("0003-00000803", 1), said(r"\b(?:user|account)\b.{0,40}\b(?:not exist|closed)\b|\bcancel(?:led|ed|lation)?\b|注销", 4.5)), -2.2,
    ),
    cause(
        "account-abnormal", "AbnormalBucketOwnerStatus",
        ("The bucket owner's account is cancelled, restricted or suspended", "Bucket 所有者账号已注销、受限或停用"),
        (("Ask the owner of the bucket: only that account can settle it.", "联系 Bucket 所有者：仅该账号可以处理。"),),
        _NO_RETRY, (against("message", "overdue|debt", 2),), 2.6,
    ),
    cause(
        "account-answers", "",
        ("The account answers ossmend: it has just ended, or another account is meant", "该账号对 ossmend 已正常响应：问题刚刚结束，或涉及的是其他账号"),
        (("Nothing has to be paid or settled for our own account. If programs are refused still, find out which account their key and the bucket belong to.",
          "我们自己的账号无需付款或处理。若程序仍被拒绝，请查明其密钥和 Bucket 属于哪个账号。"),),
        (("Do not pay or open a ticket because of the refusals of then alone.", "不要仅因当时的拒绝就付款或提交工单。"),),
        prior=None,
    ),
)  # fmt: skip
