"""A text -> the ends of lines that may be a client's own: what follows a header of a request that stands unquoted.

`user-agent: Mozilla/5.0 ...` in the middle of a line has no sign at which the client's words end: what looks like the
program's next field may be the client's, too. forged.py blanks values that have an end; here nothing is blanked, and a
refusal behind such a header is still found. But a place that stands there is a guess (`prose`): it explains, and a
person says whether it is meant. Who asks: addresses.py and pairs.py, of each place that they find.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

_OF_A_SERVER = r"(?!x[-_](?:oss|acs|amz|goog|ms|cos|obs)[-_])"
"""A storage service's own headers: the application's library wrote them, or OSS did."""
_HEADER_TEXT = (
    r"(?<![\w.-])(?:[\w.-]{0,40}[-_. ])?"
    rf"(?:user[-_ ]?agent|agent|ua|referr?er|cookies?|forwarded|via|{_OF_A_SERVER}x[-_][a-z][\w-]{{0,40}})"
    r"(?:\\{0,8}[\"'])?[ \t]{0,4}(?:=>?|[:：])(?!//)"
)
_HEADER, _HEADER_ANY_CASE = regex(_HEADER_TEXT), regex(_HEADER_TEXT, re.IGNORECASE)
_SIGNS = ("agent", "ua", "refer", "cookie", "forwarded", "via", "x-", "x_")
"""In small letters, one of these is in every name above."""


class UnquotedValues:
    """Where in a text a line's rest may be a client's. Looked for once, and only when a place is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: tuple[list[int], list[int]] | None = None

    def at_most(self, origin: Origin, place: int) -> Origin:
        """What a place that is told there is worth: a guess, where a client may have told it."""
        return Origin.PROSE if self.have(place) else origin

    def have(self, place: int) -> bool:
        """Does a client's header stand before this place, on the same line?"""
        if self._found is None:
            self._found = self._looked_for()
        starts, ends = self._found
        at = bisect_right(starts, place) - 1
        return at >= 0 and place <= ends[at]

    def _looked_for(self) -> tuple[list[int], list[int]]:
        """Behind each header, and where its line ends: asked of a million places on one line, it is not read again."""
        text, lowered = self._text, self._text.lower()
        if not any(sign in lowered for sign in _SIGNS):
            return [], []
        # a sign that grows when lowered (there is one) would shift every place behind it, and a client may send it
        found = _HEADER.finditer(lowered) if len(lowered) == len(text) else _HEADER_ANY_CASE.finditer(text)
        starts, ends, end = [each.end() for each in found], list[int](), -1
        for start in starts:
            if start > end:
                end = text.find("\n", start)
                end = end if end >= 0 else len(text)
            ends.append(end)
        return starts, ends
