"""A text with a table in it -> the same text without what a client could put into a column: its path, agent, referer.

A report of requests has the client's own words in columns that are called so. Like forged.py, which takes them out of
the lines of logs, this blanks them sign by sign, and the places of everything else stay. Next: reading.py.
"""

from __future__ import annotations

import re

from ossmend.daemon.sources.parsers import tables
from ossmend.daemon.sources.parsers.forged import tells
from ossmend.daemon.sources.parsers.tables import Header
from ossmend.remediators.contract.light import regex

_CLIENTS = regex(
    r"(?:^|[|│┃║,;\t]|  )[ \t\"*`]{0,8}(?:[\w-]{1,20}[ _.-])?"
    r"(?:path|ur[il]|query|user[_ -]?agent|agent|referr?er|search|comment)"
    r"[ \t\"*`]{0,80}(?:$|[|│┃║,;\t\r]|  )",
    re.IGNORECASE | re.MULTILINE,
)
"""A cell of a header, in whatever table: most texts have none, and this is all that they are looked at for."""
_NAMES = tuple("path Path PATH url URL uri URI uery QUERY gent AGENT efer REFER earch omment".split())
"""One of these is in every name above, as people spell it."""
LONGEST = 400
LONGEST_ROW = 64 * 1024
_PLACES = ("http://", "https://", "oss://")


def _row(line: str, header: Header) -> str | None:
    """A row without the client's cells; None if the line is no row."""
    if header.starts:
        return _sliced(line, header)
    cells, number = tables.cells_of(line, header.between), len(header.names)
    if len(cells) < number:
        return None
    more = len(cells) > number or len(line) > LONGEST_ROW  # a client may have sent the sign between columns, too
    at = 0
    for column, cell in enumerate(cells[:number]):
        place = max(line.find(cell, at), at)
        if column in header.clients:
            if more and (header.between or column == number - 1):
                return _blanked(line, place, len(line))
            line = _blanked(line, place, place + len(cell))
        at = place + len(cell)
    return line


def _sliced(line: str, header: Header) -> str | None:
    for column in header.clients:
        starts = header.starts[: column + 1]
        if not line.strip() or any(line[start - 1 : start].strip() for start in starts[1:]):
            return None
        end = (*header.starts, len(line))[column + 1]
        if end < len(line) and line[end - 1 : end].strip():
            end = len(line)  # it is longer than its column
        line = _blanked(line, starts[-1], end)
    return line


def _blanked(line: str, start: int, end: int) -> str:
    """Without the cell, if it tells more than a place. A dash stays: of columns between blanks, none may be lost."""
    cell = line[start:end].strip()
    if not tells(cell) or cell.startswith(_PLACES):
        return line
    return line[:start] + "-".ljust(end - start) + line[end:]


def without_clients_cells(text: str, header: Header | None) -> str:
    """The text with blanks where a client's own words stand in a table; as long as before. `header`: that of a table
    which the text may be a row of.
    """
    if header is not None and header.clients:
        return _without(text, header)
    if not -1 < text.find("\n") < len(text) - 1 or not any(name in text for name in _NAMES):
        return text
    return _without(text, header) if "-- --" in text or _CLIENTS.search(text) else text


def _without(text: str, header: Header | None) -> str:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if tables.RULE.match(line[:LONGEST]):
            ruled = _header(lines[number - 1], tables.columns_of(line)) if number else None
            header = ruled or header
        elif header is not None and (row := _row(line, header)) is not None:
            lines[number] = row
        else:
            header = _header(line)
    return "\n".join(lines)


def _header(line: str, starts: tuple[int, ...] = ()) -> Header | None:
    """The line as a header; None if it is none, or no column is a client's."""
    if len(line) > LONGEST or not (starts or _CLIENTS.search(line)):
        return None
    for between in ("",) if starts else tables.separators(line):
        cells = tables.cells_at(line, starts) if starts else tables.cells_of(line, between)
        clients = tables.clients_of(cells)
        if len(cells) > 1 and clients and all(tables.NAME.match(cell) for cell in cells):
            return Header((None,) * len(cells), between, starts, clients)
    return None
