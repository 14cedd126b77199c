"""systemd's journal: `journalctl -o json`, and the export format, where an entry is a paragraph of `FIELD=value`.

A MESSAGE is a string, or bytes as numbers (a colour or a tab in it is enough for that), or null where it was too long,
or several of them. Export: a field with line ends or control characters in it is its name alone on a line, eight bytes
of length, and the bytes; encodings.py takes the length away before the bytes become text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ossmend.daemon.sources.envelopes.line import Line
from ossmend.remediators.contract.light import regex

_SIGNS = ("__REALTIME_TIMESTAMP", "__CURSOR", "_BOOT_ID", "_TRANSPORT", "SYSLOG_IDENTIFIER", "_PID", "_SYSTEMD_UNIT")
_WHOSE = ("_HOSTNAME", "CONTAINER_NAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_PID", "_STREAM_ID")
_FIELD = regex(r"(_{0,2}[A-Z][A-Z0-9_]{1,63})(?:=|$)")
MOST_BYTES = 1024 * 1024
MOST_LINES = 2000


def opened(document: dict[str, Any]) -> Line | None:
    if "MESSAGE" not in document or not any(sign in document for sign in _SIGNS):
        return None
    text = _text(document["MESSAGE"])
    more = document.get("CONTAINER_PARTIAL_MESSAGE") == "true"
    return Line(text, _stream(document), _stamp(document.get("__REALTIME_TIMESTAMP")), partial=more, logged=True)


def _text(message: Any) -> str:
    if isinstance(message, str):
        return message
    if not isinstance(message, list) or len(message) > MOST_BYTES:
        return ""
    if all(isinstance(each, int) and 0 <= each < 256 for each in message):
        return bytes(message).decode("utf-8", "replace")
    return "\n".join(_text(each) for each in message if isinstance(each, str) or _is_bytes(each))


def _is_bytes(each: Any) -> bool:
    return isinstance(each, list) and all(isinstance(number, int) for number in each)


def _stream(fields: Mapping[str, Any]) -> str:
    return " ".join(str(fields[name])[:100] for name in _WHOSE if isinstance(fields.get(name), (str, int)))


def _stamp(microseconds: Any) -> str | None:
    return f"{microseconds[:-6]}.{microseconds[-6:]}" if isinstance(microseconds, str) else None


def is_export(raw: str) -> bool:
    """Does an entry of the export format begin with this line? `__CURSOR` is always its first field."""
    return raw.startswith("__CURSOR=")


class Entry:
    """One entry of the export format, while its lines come in.

    Whatever is no field ends it, so nobody can hide the lines of others behind a forged one: all that is dropped are
    lines that look like fields.
    """

    def __init__(self, first: str) -> None:
        self.lines = [first]
        self.is_over = False
        """Its blank line is there."""
        self._size = 0
        self._inside = False
        """In the middle of a value that has a line to its name and goes on until the next field."""

    def takes(self, raw: str) -> bool:
        """Does this line belong to it? Then it has it now."""
        field = _FIELD.match(raw)
        if self.is_over or is_export(raw) or len(self.lines) > MOST_LINES or self._size > MOST_BYTES:
            return False
        if field is None and not self._inside and raw:
            return False
        if field is not None and (raw.startswith("_") or not self._inside or field[0] != raw):
            self._inside = field[0] == field[1]
        if not raw and not self._inside:
            return self._ended()
        self._size += len(raw)
        self.lines.append(raw)
        return True

    def _ended(self) -> bool:
        """The blank line behind an entry is its own, and nothing is after it."""
        self.is_over = True
        return True

    def line(self) -> Line:
        """What the application said."""
        fields: dict[str, str] = {}
        name, inside = "", False
        for raw in self.lines:
            found = _FIELD.match(raw)
            if found and (raw.startswith("_") or not inside or found[0] != raw):
                name, inside = found[1], found[0] == found[1]
                fields.setdefault(name, "" if inside else raw[found.end() :])
            else:
                fields[name] = f"{fields[name]}\n{raw}" if fields[name] else raw
        stamp = _stamp(fields.get("__REALTIME_TIMESTAMP"))
        return Line(fields.get("MESSAGE", "").rstrip("\n"), _stream(fields), stamp, logged=True)
