"""What stands behind a name's sign of assignment -> its value: quoted, bare, a list, a sentence, a key with blanks.

Where a key's end is anybody's guess there is no value: the beginning of a name is the name of another object. pairs.py
asks here.
"""

from __future__ import annotations

from ossmend.daemon.sources.parsers.brackets import closed_at
from ossmend.daemon.sources.parsers.ends import ended
from ossmend.daemon.sources.parsers.escapes import depth_of, unescaped
from ossmend.remediators.contract.light import regex

_OPENING = regex(
    r"\s{0,8}(?:(?:HeaderValue \{ _private: )?[A-Za-z]\w{1,24}(?: |\()(?=\\*['\"])|string\(\d{1,6}\) (?=\"))?"
    r"(?:[\[({]{1,2}\s{0,60})?(\\*)(['\"`]?)"
)
"""`Some("`, PHP's `string(12) "`, a header as Rust prints it: what a language says of a value's type."""
_REMARK = regex(r"=\s{1,8}[\[({]{1,2}\s{0,60}")
_BARE_PLACE = regex(r"[^\s,;'\"<>&|`，；。\\]{1,4096}")
"""A place may have brackets of its own."""
_BARE = regex(r"[^\s,;'\"\])}<>&|`（），；。\\]{1,4096}")
_SIGNED = regex(r"[^{}]{1,4096}?(?=,? ?StringToSignBytes|\}|\n\n\n)")
_LIST = regex(r"[\w-]{1,100}(?:, ?[\w-]{1,100}(?![\w-]*=)){0,60}")
_LINE_END = regex(r"(?=[\r\n\\])(?:\r?\n|(?<!\\)\\++[nr])")
_QUOTED_ON = regex(r"!\\*[\"']")
"""ossutil's sentence in somebody's quotes, or a key with such signs: where the key ends is anybody's guess."""
_CUT_SHORT = regex(r"\\+[^\\nrt\"'`\s/u]|'\w| ?[<\[(](?i:truncated|snip|cut)\b")
"""`cam\\1.jpg`, `it's.csv`, `lo<truncated>`, without quotes: a name goes on there, and its beginning is another
object's.
"""
_SIGN = r"(?:[^\s,;:=|\"'<>(){}\[\]，；。]|(?<=\d):(?=\d))"
_GOES_ON = regex(
    rf" (?! )(?:(?:{_SIGN}{{1,120}} ){{0,8}}?{_SIGN}{{0,120}}\.(?!(?:com|cn|net|org|local)\b)[A-Za-z][A-Za-z0-9]{{0,4}}"
    rf"(?=[:：.!]?(?:\s|$)|[,;|\"'<>(){{}}\[\]，；。])|(?!HTTP/)\w[\w.-]{{0,120}}/)"
)
"""`key=my file.csv`, `key=my folder/a`: words behind a blank, as a name of a file or folder ends."""
_WHOLE = regex(r"[^\s]{0,4096}\.[A-Za-z0-9]{1,8}\Z")
_GOING_ON = regex(
    r" (?:failed|because|with|error|err|from|after|to|by|in|on|at|is|was|not|returned|due|for|and|into|as|cannot|could"
    r"|has|had|got|status|code|see)\b"
)
"""A name that ends as a file's does, and a sentence that goes on: `key=a/b.csv and c.csv`."""
SHORTENED = regex(r" ?[<\[(](?i:truncated|snip|cut)\b")
_CUT = regex(r"(?:…|\.{3})(?: ?[\[(<][^\])>]{0,40}[\])>])?\Z|\[(?:…|\.{3})\]\Z|[<\[(](?i:truncated|snip|cut)\b")
"""What whoever shortens a long value puts at its end."""
PROSE = frozenset({"message"})
PLACES = frozenset({"object", "key", "url"})
NAMED = frozenset({"object", "key", "bucket", "version_id"})
"""Words of everyday speech, too: `failed to get object: oss: ...` names none."""
_PARTS_MISLEAD = PLACES | NAMED
"""The beginning of one of these is another one."""


def is_cut(name: str) -> bool:
    """Does this end as a name does that somebody has shortened?"""
    return name.endswith(("…", "...", "]", ")", ">")) and _CUT.search(name, max(0, len(name) - 64)) is not None


class LineEnds:
    """Where lines end, looked for once: a text of one line and a million pairs must not be searched a million times."""

    WINDOW = 64 * 1024

    def __init__(self, text: str) -> None:
        self._text = text
        self._from = self._end = 0

    def after(self, place: int) -> int:
        """The end of the line that `place` is in; the end of what was looked at, where that is far away."""
        if not self._from <= place < self._end:
            found = _LINE_END.search(self._text, place, place + self.WINDOW)
            self._from = place
            self._end = found.start() if found else min(len(self._text), place + self.WINDOW)
        return self._end


def value_of(text: str, start: int, name: str, limit: int, lines: LineEnds) -> tuple[str, int]:
    """What stands behind a name's sign of assignment, and where it ends; `limit`: where the next name begins."""
    opening = _OPENING.match(text, start)
    assert opening is not None  # it may match nothing at all
    slashes, quote = opening[1], opening[2]
    inside = opening.end()
    if name == "cors_headers" and "{" in opening[0]:
        return "", start  # a table of headers, not a list of names
    if name in NAMED and _REMARK.fullmatch(text, start - 1, inside):
        return "", start  # `Object= (try 1)`: there is no value, and a remark behind it
    if quote:
        return _quoted(text, name, inside, slashes, quote)
    if name == "string_to_sign" and (signed := _SIGNED.match(text, inside)):
        return signed[0], signed.end()
    if "\n" in opening[0] and opening[0].strip() == "":
        return "", start  # the value would be on the next line: that is another statement
    line = min(lines.after(inside), inside + 4096)
    if name in PROSE:
        value = _sentence(text, inside, limit, line)
        return value, inside + len(value)
    if text.endswith(" Object=", max(0, start - 8), start):  # ossutil's: the key is not quoted, and may have blanks
        inside = start  # a bracket that the key begins with is its own
        value = _sentence(text, inside, limit, line)
        end = ended(text, inside, inside + len(value), line)
        if end is None or _QUOTED_ON.search(text, inside, end):
            return "", inside + len(value)
        return text[inside:end].removesuffix("!"), end  # its sentence ends with one, whatever the key ends with
    if inside == limit and inside > start:
        return "", start  # `Endpoint: Ec:0003-...`: a name without a value, and the next name
    return _bare(text, name, inside, line) or ("", start)


def _quoted(text: str, name: str, inside: int, slashes: str, quote: str) -> tuple[str, int]:
    closing = _closing(text, inside, slashes, quote)
    if name in _PARTS_MISLEAD and not text.startswith(quote, closing + len(slashes)):
        return "", closing  # the text was cut within it
    value = unescaped(text[inside:closing], depth_of(slashes))
    return "" if name in NAMED and is_cut(value) else value, closing + len(slashes) + 1


def _bare(text: str, name: str, inside: int, line: int) -> tuple[str, int] | None:
    """A value without quotes."""
    bare = (_LIST if name == "cors_headers" else _BARE_PLACE if name in PLACES else _BARE).match(text, inside)
    if bare is None or bare.start() >= line:
        return None
    value = bare[0]
    if name in _PARTS_MISLEAD and _CUT_SHORT.match(text, bare.end()):
        return "", bare.end()
    if name in NAMED and (is_cut(value) or _has_blanks(text, value, bare.end())):
        return "", bare.end()
    if name in PLACES:
        end = closed_at(value)
        return (_without_stop(text, value[:end], inside + end) if name in NAMED else value[:end]), inside + end
    return value.rstrip(".:"), bare.end()


def _has_blanks(text: str, value: str, end: int) -> bool:
    """May the name go on behind the blank, so that what stands before it is the name of another object?"""
    if text[end : end + 1] != " " or _GOES_ON.match(text, end) is None:
        return False
    return not (_WHOLE.match(value) and _GOING_ON.match(text, end))


def _without_stop(text: str, value: str, end: int) -> str:
    """`key=a.png: AccessDenied`, `key=a.png. Next`: the sentence's own sign is none of the name's."""
    ends = text[end : end + 1].strip() == ""
    if ends and (value.endswith((":", "：")) or (value.endswith(".") and _WHOLE.match(value[:-1]))):
        return value[:-1]
    return value


def _sentence(text: str, inside: int, limit: int, line: int) -> str:
    """To the next name or the end of the line, without ossutil's hint at its report."""
    end = min(line, limit if limit > inside else line)
    report = text.find(". See more information in file", inside, end)
    return text[inside : report if report >= 0 else end].rstrip(" \t,;，；[({\"'\\")


def _closing(text: str, start: int, slashes: str, quote: str) -> int:
    """Where the quoted value ends: the same quote, escaped no deeper than the opening one."""
    at, most = start, min(len(text), start + 16384)
    while True:
        at = text.find(quote, at, most)
        if at < 0:
            line = text.find("\n", start, most)
            return line if line >= 0 else most
        before = at
        while before > start and text[before - 1] == "\\":
            before -= 1
        if at - before == len(slashes) or (not slashes and (at - before) % 2 == 0):
            return at - len(slashes)
        at += 1
