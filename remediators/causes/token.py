"""The security token family: temporary credentials that do not fit together (facts: section 2.3)."""

from ossmend.remediators.causes.model import Sign, cause

_TOGETHER = (
    ("Do not mix id, secret and token of different answers, or a long-term key with a token.",
     "不要混用不同次返回的 ID、Secret、Token，也不要把长期密钥与 Token 一起使用。"),
)  # fmt: skip

CAUSES = (
    cause(
        "token-expired", "SecurityTokenExpired InvalidSecurityToken",
        ("The security token has expired", "安全令牌已过期"),
        (("Refresh the temporary credentials before they expire, and hand all three parts on together.",
          "在过期前刷新临时凭证，并同时更新全部三个字段。"),),
        _TOGETHER,
        (Sign("code", "Expired", 5, "the code is {}"), Sign("message", "expired", 3, "OSS said: {}")), 0.2,
    ),
    cause(
        "token-invalid", "InvalidSecurityToken",
        ("The security token is not valid", "安全令牌无效"),
        (("Get new temporary credentials; look for a token that was cut or encoded twice.",
          "重新获取临时凭证；检查 Token 是否被截断或重复编码。"),),
        _TOGETHER, prior=2.2,
    ),
    cause(
        "token-mismatch", "AccessKeyIdAndSecurityTokenNotMatch",
        ("Key id and security token do not belong together", "AccessKey ID 与安全令牌不匹配"),
        (("Use id, secret and token of one and the same answer.", "使用同一次返回的 ID、Secret 和 Token。"),),
        _TOGETHER, prior=3.2,
    ),
    cause(
        "token-not-supported", "SecurityTokenNotSupported",
        ("This call does not accept temporary credentials", "该接口不支持临时凭证"),
        (("Use a long-term key of a RAM user for this call.", "此接口请使用 RAM 用户的长期密钥。"),),
        prior=3.2,
    ),
)  # fmt: skip
