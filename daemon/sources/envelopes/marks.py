r"""Text -> the same text without a terminal's colours; and control characters that syslog wrote as octal numbers put
back.

Colours come as they are (ESC `[31m`) or as somebody escaped them: `\u001b[31m` in JSON, `#033[31m` from rsyslog,
`\x1b[31m` and `\033[31m` from those who print strings as source code.
"""

from __future__ import annotations

import re

from ossmend.remediators.contract.light import regex

_COLOUR = regex(
    r"\x1b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)?|[()][0-9A-B])"
    r"|(?:\\{1,16}(?:u001[bB]|x1[bB]|0?33|e)|#033|\^\[)\[[0-9;?]{0,32}[A-Za-z]"
)
_MAY_BE = regex(r"\x1b|1[bB]\[|33\[|\\e\[|\^\[\[")
_OPENS_A_KEY = regex(
    r"(?:key|object|object_?(?:name|key))(?:\\{0,8}[\"'])?[ \t]?(?:=>?|:)[ \t]?\\{0,8}\Z", re.IGNORECASE
)
"""What somebody escaped in a quoted key is the key's: without it, it is another object's."""
LONGEST_KEY = 400
NAME = 40
"""Signs of a key's name, with quotes and the sign of assignment."""
_BARE = regex(r"(?<!1[bB])(?<!33)(?<!\\e)\[(?:\d{1,3}(?:;\d{1,3}){0,5})m")
_BARE_END = ("[0m", "[39m", "[22m")
_OCTAL = regex(r"#(0[0-3][0-7]|177)|\\(01[0-5]|033)(?!\d)")


def without_colours(text: str) -> str:
    """Colours and other orders to a terminal, gone. Where somebody's copy lost the ESC, the rest of it goes, too."""
    if _MAY_BE.search(text):
        text = _COLOUR.sub(_uncoloured, text)
    if any(end in text for end in _BARE_END):
        text = _BARE.sub(_uncoloured, text)
    return text


def _uncoloured(colour: re.Match[str]) -> str:
    if colour[0].startswith("\x1b"):
        return ""
    text, start = colour.string, colour.start()
    first = max(0, start - LONGEST_KEY)
    quote = max(text.rfind('"', first, start), text.rfind("'", first, start))
    if quote < 0 or text.find("\n", quote, start) >= 0:
        return ""
    return colour[0] if _OPENS_A_KEY.search(text[max(0, quote - NAME) : quote]) else ""


def without_octal(text: str) -> str:
    r"""What syslog escaped: `#012` is a line end, `#011` a tab; `\012` where a BSD or an old sysklogd did it."""
    return _OCTAL.sub(_sign, text) if "#0" in text or "\\0" in text else text


def _sign(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2], 8))
