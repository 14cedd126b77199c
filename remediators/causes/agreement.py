"""What the text leaves open: which object or bucket was refused."""

from ossmend.remediators.causes.model import cause

CODES = "InvalidObjectState AccessForbidden ImageDamage"

CAUSES = (
    cause(
        "readings-differ", CODES,
        ("The text may mean several objects, and OSS does not say which", "文本可能指向多个对象，无法确定是哪一个"),
        (("Find out which of them is meant, and treat that one yourself: ossmend writes to none of them. `ossmend cases show CASE` lists them.",
          "请确认所指的是哪一个，并自行处理：ossmend 不会写入其中任何一个。`ossmend cases show CASE` 会列出它们。"),
         ("Let the application log bucket and key as fields beside the error.",
          "让应用在错误旁以字段形式记录 Bucket 和 Key。")),
        prior=None,
    ),
    cause(
        "named-in-prose", CODES,
        ("Only a sentence of the log names it, so ossmend writes nothing to it", "只有日志中的语句提到它，因此 ossmend 不会写入"),
        (("If it is the one that is meant, treat it yourself; for an archived object: `ossutil restore oss://BUCKET/KEY`.",
          "如果确实是它，请自行处理；对于归档对象：`ossutil restore oss://BUCKET/KEY`。"),
         ("Let the application log the request's URL, or bucket and key as fields: then ossmend can act.",
          "让应用记录请求的 URL，或以字段记录 Bucket 和 Key，这样 ossmend 才能处理。")),
        prior=None,
    ),
    cause(
        "outside-policy", f"{CODES} InvalidAccessKeyId",
        ("What would have to be written to lies outside of the policy", "需要写入的对象不在策略匹配范围内"),
        (("If that write is wanted, widen the policy's `match`, or add a policy for it; else treat it yourself.",
          "如果确实需要写入，请放宽策略的 `match` 或新增策略；否则请自行处理。"),
         ("Ask who logged it: a text may name what its writer must not reach.",
          "请确认日志来源：文本可能提到其作者无权触及的对象。")),
        prior=None,
    ),
)  # fmt: skip
