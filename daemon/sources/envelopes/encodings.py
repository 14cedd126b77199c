"""Bytes -> text, as it was meant: UTF-8, UTF-16 with its mark, or GB18030 (GBK) where a line is clearly that.

Line by line, because one file has many writers: a line in GBK among lines in UTF-8 is read as GBK, the others are not.
A byte that belongs to neither is kept as a mark that something was lost.
"""

from __future__ import annotations

from ossmend.remediators.contract.light import regex

UTF8_MARK = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_EXPORTED_LENGTH = regex(rb"(?m)^([A-Z_][A-Z0-9_]{1,63}\n)[\s\S]{4}\0{4}")
"""The journal's export format: a name, and eight bytes of length. No message is longer than 4 GiB."""
_PART = regex(rb"20\d\d-[\dT:.+-]{10,36}Z? (stdout|stderr) P ")
_AFTER_PART = regex(rb"(20\d\d-[\dT:.+-]{10,36}Z? (stdout|stderr) [PF] )")
_CONTROL = regex("[\\x00-\\x08\\x0e-\\x1a\\x1c-\\x1f\ufffe\uffff]")
_WORDS = regex(r"[ \n\r\t<{\[:=]")
"""Any log has such a sign. Text of one byte a sign, read as UTF-16, has none: the mark was no mark then."""
HEAD = 4096
MOST_BETWEEN = 64
"""So many lines of others may stand between a part and its rest."""


def wide(head: bytes) -> str | None:
    """The name of the UTF-16 that these first bytes of a file announce."""
    return _WIDE.get(head[:2])


def is_wide_text(head: bytes) -> bool:
    """Is this UTF-16 with its mark, and text? Two such bytes may begin other things as well."""
    encoding = wide(head)
    if encoding is None:
        return False
    try:
        text = head[: len(head) // 2 * 2].decode(encoding)
    except UnicodeDecodeError as error:
        text = head[: error.start].decode(encoding) if error.start >= len(head) - 4 else "\0"
    return len(_CONTROL.findall(text)) <= len(text) // 20 and _WORDS.search(text) is not None


def as_text(data: bytes) -> str:
    """Everything in these bytes."""
    encoding = wide(data)
    if encoding is not None and is_wide_text(data[:HEAD]):
        return data[2:].decode(encoding, "replace").replace("\0", "")
    data = data.removeprefix(UTF8_MARK)
    if b"\0" in data:
        data = _EXPORTED_LENGTH.sub(rb"\1", data).replace(b"\0", b"")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    lines = data.split(b"\n")
    _mend(lines)
    return "\n".join(map(_line, lines))


def _line(line: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("utf-8", "replace")


def _mend(lines: list[bytes]) -> None:
    """A part of a line (CRI) may be cut inside a character: its first bytes go over to the rest of the line."""
    for number, line in enumerate(lines):
        part = _PART.match(line)
        cut = _cut(line) if part else b""
        if not part or not cut or not _is_utf8(line[: -len(cut)]):
            continue
        for other in range(number + 1, min(len(lines), number + MOST_BETWEEN)):
            rest = _AFTER_PART.match(lines[other])
            if rest and rest[2] == part[1]:
                lines[number] = line[: -len(cut)]
                lines[other] = rest[1] + cut + lines[other][rest.end() :]
                break


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _cut(line: bytes) -> bytes:
    """The first bytes of a character that is cut off at the end of a line."""
    for length in (1, 2, 3):
        lead = line[-length:][:1]
        if lead >= b"\xc0":
            wanted = 2 if lead < b"\xe0" else 3 if lead < b"\xf0" else 4
            return line[-length:] if length < wanted else b""
    return b""
