"""InvalidAccessKeyId: what can be wrong with a key (facts: control-plane section 0)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "InvalidAccessKeyId"
_NO_ENABLING = (
    ("Do not enable the key again only to make the error go away: somebody disabled it for a reason.",
     "不要仅为消除报错就重新启用密钥：停用通常是有原因的。"),
)  # fmt: skip
_UNKNOWN = "does not exist in our records"

CAUSES = (
    cause(
        "key-malformed", CODE,
        ("The key id is malformed", "AccessKey ID 格式有误"),
        (("Copy the key id again, without blanks, quotes or line ends around it.",
          "重新复制 AccessKey ID，前后不要有空格、引号或换行。"),),
        (("Do not make a new key: the one you have may be fine.", "不要新建密钥：现有密钥可能没有问题。"),),
        (Sign("key_shape", "^(blank|characters)$", 5, "the key id as it was sent has a {} that does not belong there"),
         Sign("message", "non-acceptable characters", 5, "OSS said: {}"), Sign("ec", "0002-00000(901|206)", 1, "EC {}")), -1,
    ),
    cause(
        "key-temporary", CODE,
        ("A temporary (STS) key that expired, or was sent without its token", "临时密钥（STS）已过期，或缺少安全令牌"),
        (("Get new temporary credentials, and use id, secret and token of the same answer together.",
          "重新获取临时凭证，并同时使用同一次返回的 ID、Secret 和 Token。"),
         ("Let one place refresh them before they expire; many clients refreshing at once is a known fault.",
          "由一处在过期前统一刷新；多个客户端同时刷新是常见问题。")),
        (("Do not look for this key in RAM: temporary keys are not listed there.", "不要在 RAM 中查找该密钥：临时密钥不会列出。"),),
        (Sign("key_shape", "^temporary$", 5, "the key id begins like a temporary one"),
         Sign("message", "Security Token may be lost", 2, "OSS says that the security token may be missing"),
         Sign("message", "STS", 0.5, "OSS speaks of STS"), Sign("ec", "0002-00000002", 1, "EC {} is that of STS")), -0.8,
    ),
    cause(
        "key-disabled", CODE,
        ("The key is disabled", "密钥已被停用"),
        (("Find out who still uses it, and give them the new key.", "查明谁仍在使用，并改用新密钥。"),
         ("Ask the owner why it was disabled before anything else.", "先向所有者确认停用原因。")),
        _NO_ENABLING,
        (Sign("message", "is disabled", 3.6, "OSS said that the key is disabled"),
         Sign("ec", "0002-00000903", 0.8, "EC {}"), Sign("message", _UNKNOWN, -3, ""),
         Sign("key_shape", "^(temporary|blank|characters)$", -3, "")), 0.4,
    ),
    cause(
        "key-deleted", CODE,
        ("The key was deleted", "密钥已被删除"),
        (("Give the callers a new key; a deleted one lies in the recycle bin for about a month.",
          "为调用方更换新密钥；已删除的密钥在回收站中约保留一个月。"),),
        _NO_ENABLING,
        (Sign("message", _UNKNOWN, 1.6, "OSS does not know the key"), Sign("message", "is disabled", -3, ""),
         Sign("key_shape", "^(temporary|blank|characters)$", -3, "")), 0.3,
    ),
    cause(
        "key-ip-restricted", CODE,
        ("The key may only be used from other networks", "密钥限制了来源网络"),
        (("Call from an allowed network, or add this one to the key's policy.",
          "从允许的网络调用，或将当前网络加入密钥的访问策略。"),),
        (("Do not lift the restriction for everybody.", "不要取消全部网络限制。"),),
        (Sign("ec", "0002-00000904", 1, "EC {} is that of disabled or restricted keys"),
         Sign("message", "is disabled", 0.4, "OSS says the same of restricted keys as of disabled ones")), -0.3,
    ),
    cause(
        "key-active", CODE,
        ("The key is active by now", "密钥目前处于启用状态"),
        (("Try again; a change of status takes a while to spread.", "请重试；状态变更需要一些时间生效。"),
         ("If it is still refused, compare the id that the client really sends.", "若仍被拒绝，请核对客户端实际发送的 ID。")),
    ),
    cause(
        "key-not-of-this-account", CODE,
        ("No key of this account", "不是本账号的密钥"),
        (("Compare the key id with the one that was issued: a typo, or another account's key.",
          "与签发的密钥比对：可能是拼写错误，或属于其他账号。"),
         ("Check region and site: China and international accounts are separate.", "核对站点：中国站与国际站账号相互独立。")),
        signs=(Sign("message", _UNKNOWN, 1.5, "OSS does not know the key"), Sign("ec", "0002-00000902", 0.5, "EC {}"),
               Sign("message", "is disabled", -3, ""), Sign("key_shape", "^(temporary|blank|characters)$", -3, "")), prior=0.3,
    ),
    cause(
        "key-unchecked", CODE,
        ("The key could not be checked", "无法检查该密钥"),
        (("Grant the daemon the read permissions that the evidence names.", "为守护进程授予证据中提到的只读权限。"),),
    ),
    cause(
        "key-unnamed", CODE,
        ("The text does not name the key", "文本未说明是哪个密钥"),
        (("Log OSSAccessKeyId from the error's body.", "请记录错误响应体中的 OSSAccessKeyId。"),),
    ),
)  # fmt: skip
