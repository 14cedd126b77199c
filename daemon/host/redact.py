"""Text -> text that may be shown or stored: without secrets, with masked key ids, and unable to forge lines or
terminal codes.

What comes from logs is hostile until it went through here. Signatures, tokens and secrets go in every shape they are
printed in (headers, query strings, XML, dicts, StringToSign); an access key id is no secret, but people see only its
ends. Used by the sources for samples, and by log.py and show.py on the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ossmend.remediators.contract.light import regex

GONE = "***"

_PRIVATE_NAMES = (
    r"(?:access[-_ ]?key[-_ ]?secret|accesskeysecret|(?:app|api|corp|consumer|shared|webhook)[-_ ]?secret|secret|sk|pwd"
    r"|(?:api|private|encryption|master)[-_ ]?key|(?:api|auth|bearer|csrf|id|user)[-_ ]?token|token"
    r"|(?:oss|alibaba[-_]cloud|aliyun|aws)[-_]?(?:access[-_]?key[-_]?secret|secret[-_]?(?:access[-_]?)?key)"
    r"|secret[-_]?access[-_]?key|secret[-_]?key|access[-_]?secret|client[-_]?secret"
    r"|(?:(?:x-)?(?:oss|amz|acs)-)?(?:sts[-_]?|session[-_]?|security[-_]?|access[-_]?|refresh[-_]?)token"
    r"|signature[-_]?provided|string[-_]?to[-_]?sign[-_]?bytes|(?:(?:x-)?(?:oss|amz|acs)-)?signature|password|passwd)"
)
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=%26)|(?<=%3F)|(?<=%2526)|(?<=%253F))"
"""Where a name begins: behind a sign, or behind `&` or `?` of an address that is percent-encoded in another one."""
_ELEMENT = regex(rf"(<|&lt;|\\+u003c)({_PRIVATE_NAMES})(>|&gt;|\\+u003e)(?!\*\*\*)[^<>&\\]{{1,16384}}", re.IGNORECASE)
_QUOTED = regex(
    rf"((?<![A-Za-z0-9]){_PRIVATE_NAMES}(?:\\*['\"]|\])?\s{{0,4}}+(?:=>"
    rf"|[:=,])\s{{0,4}}+\\*)([\"'])(?!\*\*\*)[^\"'\\\n]{{1,16384}}",
    re.IGNORECASE,
)
_BARE = regex(
    rf"({_BEGINS}{_PRIVATE_NAMES}(?:\\*['\"]|\])?\s{{0,4}}+(?:=>|=|%(?:25){{0,3}}3D"
    rf"|:)\s{{0,4}}+)(?![\"'\s\\]|\*\*\*)[^\s&,;\"'<>\\]{{1,16384}}",
    re.IGNORECASE,
)
_AUTHORIZATION = regex(
    r"(\bauthori[sz]ation(?:\\*['\"]|\])?\s{0,4}+(?:=>|[:=,])\s{0,4}+\\*[\"'\[]{0,2})(?!\*\*\*)[^\"'<>\r\n\\]{1,16384}",
    re.IGNORECASE,
)
_SCHEME = regex(
    r"\b((?:OSS|AWS|acs) [A-Za-z0-9._*-]{2,128}:)[A-Za-z0-9+/=_-]{6,512}"
    r"|\b((?:Bearer|Basic) )[A-Za-z0-9+/=._~-]{8,8192}"
    r"|\b((?:x-)?Signature=)[A-Za-z0-9+/=_%-]{6,512}",
    re.IGNORECASE,
)
_CALL = regex(
    r"""(?i)(\b(?:oss2\.)?(?:Auth|AuthV2|AuthV4|StsAuth|AcsClient|OSSClient(?:Builder)?|NewClient|OssClient|New)"""
    r"""\s{0,4}+\(\s{0,4}+(?:\\*["'][^"'\\\n]{0,200}\\*["']\s{0,4}+,\s{0,4}+){1,2})(\\*["'])[A-Za-z0-9+/=]{16,64}(?=\\*["'])"""
)
"""A client made with its key in the line: `oss2.Auth('LTAI...', 'secret')`."""
_PAIR = regex(r"\b(LTAI[0-9A-Za-z]{8,30}[\"']{0,2}\s{0,2}[:,;/|]\s{0,2}[\"']{0,2})[0-9A-Za-z]{30}\b")
"""An access key id with its secret behind it: `LTAI...:secret`."""
_LINE_TOKEN = regex(r"(x-(?:oss|acs|amz)-security-token:)(?!\*\*\*)[^\s\\'\"<>&,]{4,16384}", re.IGNORECASE)
_USERINFO = regex(r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@:'\"<>]{1,256}:[^\s/@'\"<>]{1,1024}@", re.IGNORECASE)
_PRIVATE_QUERY = regex(
    r"([?&;](?:token|access_token|auth|auth_key|apikey|api_key|sig|sign|jwt|ticket)=)(?!\*\*\*)[^\s&#'\"<>\\]{12,8192}",
    re.IGNORECASE,
)
_COOKIE = regex(
    r"(\b(?:set-)?cookie(?:\\*['\"])?\s{0,4}+[:=]\s{0,4}+\\*[\"']?+)(?!\*\*\*)[^\"'\r\n\\]{1,16384}", re.IGNORECASE
)
_PEM = regex(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}-----)?")

_CONTROL = regex(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1: newlines, escape sequences, bells
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, bidi
    "\ud800-\udfff"  # halves of pairs: no UTF-8 can carry them
    "\U000e0000-\U000e007f"  # tags
    "]"
)


_NAMED = ("secret", "token", "signature", "passw", "bytes", "pwd", "private", "encryption", "master")
"""One of these, of _API or of _SK is in every text that a pattern of names could find. Most texts have none, and cost
no more than these looks.
"""
_API = ("apikey", "api key", "api-key", "api_key")
_SK = ("sk=", "sk:", "sk'", 'sk"', "sk ")
_CALLED = ("auth", "client", "new")
_SCHEMES = ("oss ", "aws ", "acs ", "bearer ", "basic ")


def redact(text: str) -> str:
    """The same text, with every secret replaced by `***`. Linear in its length; a second pass changes nothing."""
    if text.isalnum():
        return text  # every pattern needs a sign between a name and its secret
    low = text.lower()
    if _has_one(low, _NAMED) or ("api" in low and _has_one(low, _API)) or ("sk" in low and _has_one(low, _SK)):
        text = _ELEMENT.sub(rf"\1\2\3{GONE}", text)
        text = _QUOTED.sub(rf"\1\2{GONE}", text)
        text = _BARE.sub(rf"\1{GONE}", text)
        text = _LINE_TOKEN.sub(rf"\1{GONE}", text)
    if "ltai" in low:
        text = _PAIR.sub(rf"\1{GONE}", text)
        text = _CALL.sub(rf"\1\2{GONE}", text) if _has_one(low, _CALLED) else text
    if "authori" in low:
        text = _AUTHORIZATION.sub(rf"\1{GONE}", text)
    if "signature=" in low or _has_one(low, _SCHEMES):
        text = _SCHEME.sub(lambda found: f"{found[1] or found[2] or found[3]}{GONE}", text)
    if "://" in low and "@" in low:
        text = _USERINFO.sub(rf"\1{GONE}@", text)
    if "?" in low or "&" in low:
        text = _PRIVATE_QUERY.sub(rf"\1{GONE}", text)
    if "cookie" in low:
        text = _COOKIE.sub(rf"\1{GONE}", text)
    return _PEM.sub(GONE, text) if "-----begin" in low else text


def _has_one(low: str, words: Iterable[str]) -> bool:
    for word in words:  # noqa: SIM110  # any() makes a generator for each text: twice the time, for each text there is
        if word in low:
            return True
    return False


def mask_key_id(key_id: str) -> str:
    """An access key id for people: `LTAI****abcd`. What is too short to keep its ends keeps fewer of them."""
    bare = key_id.strip()
    if not bare:
        return key_id
    ends = 4 if len(bare) >= 12 else 2 if len(bare) >= 6 else 1 if len(bare) >= 3 else 0
    masked = f"{bare[:ends]}****{bare[len(bare) - ends :]}"
    before = key_id[: len(key_id) - len(key_id.lstrip())]
    return f"{before}{masked}{key_id[len(key_id.rstrip()) :]}"  # blanks at its ends stay: they may be the cause


def printable(text: str) -> str:
    r"""One line that a terminal and a log show as it is: control, bidi, invisible signs as `\n`, `\x1b`, `\u202e`."""
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(sign) or (
        f"\\x{ord(sign):02x}" if ord(sign) < 0x100 else f"\\u{ord(sign):04x}"
    )
