"""The security token family: temporary credentials that have expired or do not fit together (docs/facts.md#codes-with-403)."""

from ossmend.remediators.causes.indicators import against, code, ec, said, sign
from ossmend.remediators.causes.model import cause

_TOGETHER = (
    ("Do not mix id, secret and token of different answers, or a long-term key with a token.",
     "不要混用不同次返回的 ID、Secret、Token，也不要把长期密钥与 Token 一起使用。"),
)  # fmt: skip

CAUSES = (
    cause(
        "token-expired", "SecurityTokenExpired InvalidSecurityToken",
        ("The security token has expired", "安全令牌已过期"),
        (("Refresh the temporary credentials before they expire, and hand all three parts on together.",
          "在过期前刷新临时凭证，并同时更新全部三个字段。"),
         ("Look at the clock of the program if fresh tokens seem expired.", "若新令牌也显示过期，请检查程序的时钟。")),
        _TOGETHER,
        (code("SecurityTokenExpired", 3.5), said(r"\btoken\b.{0,60}\bexpired\b|\bexpired\b.{0,60}\btoken\b", 3.5), ec("0002-00000007", 0.8)), 0.4,
    ),
    cause(
        "token-invalid", "InvalidSecurityToken",
        ("The security token is not valid", "安全令牌无效"),
        (("Get new temporary credentials; look for a token that was cut off or encoded twice on its way.",
          "重新获取临时凭证；检查 Token 是否被截断或重复编码。"),
         ("Send the token only together with its own key id; a long-term key needs none.", "Token 只能与对应的 ID 一起发送；长期密钥不需要 Token。")),
        _TOGETHER,
        (said(r"\btoken\b.{0,60}\b(?:not valid|invalid|malformed)\b", 2.5), ec("0002-00000008", 1), sign("key_shape", "^plain$", 0.5, "the key id looks like a long-term one", "AccessKey ID 像是长期密钥"), against("message", "expired", 3)), 2.4,
    ),
    cause(
        "token-mismatch", "AccessKeyIdAndSecurityTokenNotMatch",
        ("Key id and security token do not belong together", "AccessKey ID 与安全令牌不匹配"),
        (("Use id, secret and token of one and the same answer; look for a refresh that replaces one before the others.",
          "使用同一次返回的 ID、Secret 和 Token；检查刷新时是否先替换了其中一个。"),),
        _TOGETHER, (code("AccessKeyIdAndSecurityTokenNotMatch", 3.4),),
    ),
    cause(
        "token-not-supported", "SecurityTokenNotSupported",
        ("This call does not accept temporary credentials", "该接口不支持临时凭证"),
        (("Use a RAM user's long-term key for this one call, with no more rights than it needs.", "仅此接口使用 RAM 用户的长期密钥，权限以够用为限。"),),
        _TOGETHER, (code("SecurityTokenNotSupported", 3.4),),
    ),
)  # fmt: skip
