"""InvalidAccessKeyId: what can be wrong with a key (docs/facts.md#access-keys)."""

from ossmend.remediators.causes.indicators import against, ec, said, sign
from ossmend.remediators.causes.model import cause

CODE = "InvalidAccessKeyId"
_NO_ENABLING = (
    ("Do not enable the key again only to make the error go away: somebody disabled it for a reason.",
     "不要仅为消除报错就重新启用密钥：停用通常是有原因的。"),
)  # fmt: skip
_UNKNOWN = "does not exist in our records"
_LOST = "may be lost"
_ODD_SHAPE = against("key_shape", "^(temporary|blank|characters)$", 4)

CAUSES = (
    cause(
        "key-malformed", CODE,
        ("The key id is malformed: a blank, a line end or a quote came with it", "AccessKey ID 格式有误：夹带了空格、换行或引号"),
        (("Copy the key id again, without blanks, quotes or line ends around it.",
          "重新复制 AccessKey ID，前后不要有空格、引号或换行。"),
         ("Copy the secret again, too: it often has the same fault.", "同时重新复制 Secret：它往往有同样的问题。")),
        (("Do not make a new key: the one you have may be fine.", "不要新建密钥：现有密钥可能没有问题。"),),
        (sign("key_shape", "^blank$", 6.5, "the key id as it was sent begins or ends with a blank or line end", "发送的 AccessKey ID 首尾有空格或换行"),
         sign("key_shape", "^characters$", 6, "the key id as it was sent has characters that no key id has", "发送的 AccessKey ID 含有非法字符"),
         said(r"\bnon-acceptable characters\b", 6.5), ec("0002-00000(901|206)", 1), said(_UNKNOWN, 0.6)), -0.6,
    ),
    cause(
        "key-temporary", CODE,
        ("A temporary (STS) key that has expired, or was sent without its security token", "临时密钥（STS）已过期，或缺少安全令牌"),
        (("Get new temporary credentials, and use id, secret and token of the same answer together.",
          "重新获取临时凭证，并同时使用同一次返回的 ID、Secret 和 Token。"),
         ("Look where the program keeps old ones: it may hand the expired ones on although new ones were fetched.",
          "检查程序在哪里缓存凭证：可能已获取新凭证，却仍在使用过期的。"),
         ("Let one place refresh them before they expire: many callers that refresh at once get in each other's way.",
          "由一处在过期前统一刷新：多个调用方同时刷新会互相干扰。")),
        (("Do not look for this key in RAM: temporary keys are not listed there, and nothing needs to be enabled.",
          "不要在 RAM 中查找该密钥：临时密钥不会列出，也无需启用。"),),
        (sign("key_shape", "^temporary$", 6, "the key id begins like a temporary one (STS.)", "AccessKey ID 以临时密钥的前缀开头（STS.）"),
         said(_LOST, 4.5), said(r"\bSTS\b", 1),
         sign("sample", r"assumed?[-_ ]?role|instance role|ecs[-_ ]?ram[-_ ]?role|sts[-_ ]?token|security[-_ ]?token|AssumeRole", 3.2,
              "the program uses temporary credentials", "程序使用临时凭证"),
         sign("fields.x-oss-security-token", ".", 2, "a security token was sent along", "请求携带了安全令牌"),
         sign("nearby_codes", r"\bSecurityTokenExpired\b", 4, "a security token had expired just before: the program goes on with the old temporary key",
              "此前安全令牌已过期：程序仍在使用旧的临时密钥"),
         ec("0002-00000002", 1), said(_UNKNOWN, 0.5)), -0.4,
    ),
    cause(
        "key-disabled", CODE,
        ("The key is disabled", "密钥已被停用"),
        (("Find out who still uses it, and give them the new key; after a rotation the old one lingers in some program.",
          "查明谁仍在使用，并改用新密钥；轮换之后旧密钥常残留在某个程序中。"),
         ("Ask its owner why it was disabled before anything else.", "先向所有者确认停用原因。")),
        _NO_ENABLING,
        (said(r"\bkey\b.{0,60}\bis disabled\b", 4.2), ec("0002-00000903", 1), ec("0002-00000904", 0.3), against("message", _UNKNOWN, 4), _ODD_SHAPE),
        0.4,
    ),
    cause(
        "key-deleted", CODE,
        ("The key was deleted", "密钥已被删除"),
        (("Give those who use it a new key; a deleted one lies in the recycle bin for about a month.",
          "为使用方更换新密钥；已删除的密钥在回收站中约保留一个月。"),),
        _NO_ENABLING,
        (said(_UNKNOWN, 1.8), ec("0002-00000902", 0.6), against("message", "is disabled", 4), against("message", _LOST, 2),
         against("key_shape", "^placeholder$", 3), _ODD_SHAPE), 0.1,
    ),
    cause(
        "key-ip-restricted", CODE,
        ("The key may only be used from other networks", "密钥限制了来源网络"),
        (("Call from an allowed network, or add this one to the key's own policy.",
          "从允许的网络调用，或将当前网络加入密钥的访问策略。"),),
        (("Do not lift the restriction for everybody.", "不要取消全部网络限制。"),),
        (said(r"\bsource ip\b|\bip address(?:es)?\b|\bnetworks?\b", 4.5), said(r"\bkey\b.{0,60}\bis disabled\b", 1.4), ec("0002-00000904", 1), against("message", _UNKNOWN, 4),
         _ODD_SHAPE), -1,
    ),
    cause(
        "key-active", CODE,
        ("The key is active now", "密钥目前处于启用状态"),
        (("Try again; a change of status takes a while to spread.", "请重试；状态变更需要一些时间生效。"),
         ("If it is still refused, compare the id that the client really sends.", "若仍被拒绝，请核对客户端实际发送的 ID。")),
        prior=None,
    ),
    cause(
        "key-not-of-this-account", CODE,
        ("OSS knows no such key: a typo, a placeholder, or another account's", "OSS 中没有该密钥：拼写错误、占位符，或属于其他账号"),
        (("Compare the key id with the one that was issued, and make sure that the configuration is really loaded.",
          "与签发的密钥比对，并确认配置确实已加载。"),
         ("Check the site: accounts of the China site and of the international site are separate.", "核对站点：中国站与国际站账号相互独立。")),
        (("Do not make a new key before the id was compared.", "核对 ID 之前不要新建密钥。"),),
        (said(_UNKNOWN, 1.8), ec("0002-00000902", 0.8), against("message", "is disabled", 4), against("message", _LOST, 2),
         sign("key_shape", "^foreign$", 4, "the key id begins like one of another cloud", "AccessKey ID 的前缀属于其他云厂商"),
         sign("key_shape", "^placeholder$", 4, "the key id is a placeholder, not a key", "AccessKey ID 是占位符，而不是真实密钥"), _ODD_SHAPE),
        0.3,
    ),
    cause(
        "key-unchecked", CODE,
        ("The key could not be checked", "无法检查该密钥"),
        (("Grant the daemon the read permissions that the evidence names.", "为守护进程授予证据中提到的只读权限。"),),
        prior=None,
    ),
    cause(
        "key-unnamed", CODE,
        ("The text does not name the key", "文本未说明是哪个密钥"),
        (("Log OSSAccessKeyId from the error's body.", "请记录错误响应体中的 OSSAccessKeyId。"),),
        prior=None,
    ),
)  # fmt: skip
