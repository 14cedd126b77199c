"""Tables -> fragments: a row of a CSV file or of a result list, and lists of names and values between borders.

A header says what each column holds: where it names a code, a status, a request id or an EC, each row below is one
request. What stands in a column of its own is a field of a record, and believed as such. Next: reading.py.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ossmend.daemon.sources.parsers.fragment import PLACES, Fragment
from ossmend.daemon.sources.parsers.names import canonical_field, is_clients
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

TELLING = frozenset({"code", "status", "request_id", "ec"})
"""A table without a column of these is about something else."""
KEPT = TELLING | PLACES | {"message", "method", "time", "operation", "key_id", "user_agent"}
NAMELESS = frozenset({"code", "status", "message"})
"""Rows that tell no more than these, each of another code: a page's list of codes, and nobody was refused."""
FEWEST_NAMES = 2
FEWEST_LISTED = 3
MOST_CELLS = 120
LONGEST_HEADER = 2000
LONGEST_NAME = 40
_BORDER = regex(r"[ \t]{0,8}([|│┃║])")
RULE = regex(r"[\s|│┃║+:=\-─━═┼├┤┌┐└┘┬┴╔╗╚╝╠╣╦╩╬╪╞╡]{3,}\Z")
_APART = regex(r"\t[ \t]{0,20}| {2,60}")
_CODE = regex(r"(?=[A-Za-z0-9.]{0,60}[a-z])[A-Z][A-Za-z0-9.]{2,60}")
NAME = regex(r"[^\W\d][\w @/-]{0,39}(?:\.[\w@-]{1,40}){0,3}\Z")
"""`oss.request_id`: a record that was laid flat has points in its names; a sentence ends with one."""
_STATUS = regex(r"\d{3}\b")
_RULED = regex(r" {0,8}-{2,200}(?: {1,200}-{2,200}){2,40}\s{0,8}\Z")
_DASHES = regex(r"-{2,200}")
"""`----- ----------`: PowerShell, sqlplus and tabulate show in it where each column begins."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the columns hold, by our names; and what stands between them: "" are blanks or tabs."""

    names: tuple[str | None, ...]
    between: str
    starts: tuple[int, ...] = ()
    """Where each column begins, if a rule below the header shows it: one blank may be all that is between two cells."""
    clients: tuple[int, ...] = ()
    """The columns in which a client's own words stand (columns.py)."""


def find(text: str, header: Header | None = None) -> Iterator[Fragment]:
    """Every row that tells of a request, and every list of names and values; `header` was said before the text."""
    listed: list[tuple[int, int, str, str]] = []
    rows: list[tuple[int, int, dict[str, str]]] = []
    start, before = 0, ""
    for line in text.split("\n"):
        end = start + len(line)
        border = _BORDER.match(line[:64])
        ruled = _ruled(before, line) if " --" in line else None
        before = line
        if ruled is not None:
            yield from _list(listed)
            yield from _table(rows)
            listed, rows, header = [], [], ruled
        elif header is not None and header.starts and (row := _row(line, header)) is not None:
            rows.append((start, end, row))
        elif pair := _pair(line, border):
            listed.append((start, end, *pair))
        elif not (listed and RULE.match(line[:400])):
            yield from _list(listed)
            listed = []
            if header is not None and (row := _row(line, header)) is not None:
                rows.append((start, end, row))
            elif not RULE.match(line[:400]):
                yield from _table(rows)
                rows, header = [], header_in(line)
        start = end + 1
    yield from _list(listed)
    yield from _table(rows)


def header_in(line: str) -> Header | None:
    """The line as a header; None if it is none."""
    if not 8 < len(line) <= LONGEST_HEADER:
        return None
    for between in separators(line):
        if between and any(len(_bare(part)) > LONGEST_NAME for part in line.split(between)):
            continue  # as in nearly every line: a cell is at least as long as its part between two such signs
        cells = cells_of(line, between)
        if 2 < len(cells) <= MOST_CELLS and all(len(cell) <= LONGEST_NAME for cell in cells):
            names = tuple(canonical_field(cell) for cell in cells)
            known = [name for name in names if name]
            words = between == "" and not all(NAME.match(cell) for cell in cells)
            if len(known) >= FEWEST_NAMES and not TELLING.isdisjoint(known) and not words:
                return Header(names, between, clients=clients_of(cells))
    return None


def _ruled(header: str, rule: str) -> Header | None:
    """The header above a rule, cut where the rule's dashes begin; None if it tells nothing of a request."""
    starts = columns_of(rule) if len(header) <= LONGEST_HEADER else ()
    if not starts:
        return None
    cells = cells_at(header, starts)
    names = tuple(canonical_field(cell) for cell in cells)
    known = [name for name in names if name]
    clients = clients_of(cells)
    return Header(names, "", starts, clients) if len(known) >= FEWEST_NAMES and not TELLING.isdisjoint(known) else None


def clients_of(cells: list[str]) -> tuple[int, ...]:
    """Which of these names are of a client's own words: `path`, `user_agent`, `comment`; no id and no time is."""
    mine = (None, "url", "user_agent", "client", "origin")
    return tuple(at for at, cell in enumerate(cells) if is_clients(cell) and canonical_field(cell) in mine)


def columns_of(rule: str) -> tuple[int, ...]:
    """Where the columns begin that a rule shows by its dashes; none for another line."""
    if len(rule) > LONGEST_HEADER or _RULED.match(rule) is None:
        return ()
    return tuple(dashes.start() for dashes in _DASHES.finditer(rule))


def cells_at(line: str, starts: tuple[int, ...]) -> list[str]:
    """The cells of a line whose columns begin there; none if something stands across such a place."""
    if any(line[start - 1 : start].strip() for start in starts[1:]):
        return []
    return [_bare(line[start:end]) for start, end in zip(starts, (*starts[1:], None), strict=True)]


def last_header(text: str) -> Header | None:
    """The header that a text ends with, or goes on with to its end: the next record may be a row of its table."""
    if not any(sign in text[-LONGEST_HEADER:] for sign in ",\t;|│") and "  " not in text[-LONGEST_HEADER:]:
        return None
    return header_in(text.rstrip("\n").rpartition("\n")[2])


def is_row(text: str, header: Header) -> bool:
    """Is this whole record one row of that table?"""
    return "\n" not in text.strip("\n") and _row(text.strip("\n"), header) is not None


def separators(line: str) -> Iterator[str]:
    if border := _BORDER.match(line[:64]):
        yield border[1]
        return
    yield from (sign for sign in (",", ";", "\t", "|") if line.count(sign) > 1)
    if "  " in line or "\t" in line:
        yield ""


def cells_of(line: str, between: str) -> list[str]:
    if between == "":
        cells = _APART.split(line.strip())
    elif between == ",":
        cells = _of_csv(line)
    else:
        cells = line.strip().strip(between if between in "|│┃║" else "").split(between)
    return [_bare(cell) for cell in cells]


def _bare(cell: str) -> str:
    return cell.strip().strip('`*"').strip()


def _of_csv(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


def _row(line: str, header: Header) -> dict[str, str] | None:
    """The named cells of a row; None if the line has not as many cells as the header."""
    if not len(header.names) < len(line) < 16 * LONGEST_HEADER:
        return None
    cells = cells_at(line, header.starts) if header.starts else cells_of(line, header.between)
    names = header.names
    if len(cells) == len(names) - 1 and names[0] == "time":
        names = names[1:]  # records.py has taken the stamp off
    if len(cells) != len(names):
        return None
    row: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        if name is not None and cell:
            row.setdefault(name, cell)
    return row if _fits(row) else None


def _fits(row: dict[str, str]) -> bool:
    """Do the cells look like what the header says? Else it was no header."""
    code, status = row.get("code"), row.get("status")
    return (code is None or not code[:1].islower()) and (status is None or _STATUS.match(status) is not None)


def _pair(line: str, border: re.Match[str] | None) -> tuple[str, str] | None:
    """A name and its value in a table of two columns; between borders, or with blanks between."""
    if border is not None:
        cells = cells_of(line, border[1])
    elif line and len(line) < LONGEST_HEADER and ("\t" in line or "  " in line):
        cells = _APART.split(line.strip(), maxsplit=2)
    else:
        return None
    if len(cells) != 2 or not NAME.match(cells[0]) or cells[1][:1] in (":", "=", "："):
        return None
    return (name, cells[1].strip('`*"')) if (name := canonical_field(cells[0])) and cells[1] else None


def _table(rows: list[tuple[int, int, dict[str, str]]]) -> Iterator[Fragment]:
    codes = [row.get("code") for _start, _end, row in rows]
    listed = len(rows) >= FEWEST_LISTED and len(set(codes)) == len(codes)
    explained = listed and all((row.keys() & KEPT) <= NAMELESS for _start, _end, row in rows)
    for start, end, row in rows:
        for fragment in _fragment(start, end, row):
            fragment.weak = explained
            yield fragment


def _list(rows: list[tuple[int, int, str, str]]) -> Iterator[Fragment]:
    facts: dict[str, str] = {}
    for _start, _end, name, value in rows:
        if name in facts and name in TELLING:
            return  # two requests side by side: no list of one
        facts.setdefault(name, value)
    if len(facts) > FEWEST_NAMES and not TELLING.isdisjoint(facts) and _fits(facts):
        yield from _fragment(rows[0][0], rows[-1][1], facts)


def _fragment(start: int, end: int, facts: dict[str, str]) -> Iterator[Fragment]:
    fragment = Fragment(start, end, "table")
    code = facts.get("code", "")
    if code and not _CODE.fullmatch(code):
        facts = {**facts, "code": "", "status": code if _STATUS.fullmatch(code) else facts.get("status", "")}
    if " " in facts.get("url", ""):
        fragment.put("method", facts["url"].partition(" ")[0])
    for name, value in facts.items():
        if name in KEPT and value not in ("", "-", "null", "NULL", "None"):
            fragment.put(name, value[:3] if name == "status" else value, Origin.RECORD if name in PLACES else None)
    if not TELLING.isdisjoint(fragment.facts):
        yield fragment
