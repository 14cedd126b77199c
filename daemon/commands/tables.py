"""Values for people (daemon/queries.py, audit_report.py) -> tables and lines on a terminal; nothing is read here. The
console prints text as it is (common.py): what looks like markup or an emoji is part of a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ossmend.daemon.commands import audit_strangers, audit_unchecked
from ossmend.daemon.commands.audit_jobs import told
from ossmend.daemon.commands.write_page import request
from ossmend.daemon.host.show import moment, whole_span
from ossmend.daemon.journal.states import HUMAN
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from rich.console import Console


NOBODY_READS = "no daemon works on this state: the next `ossmend run` or `ossmend once` reads it"
DONE: Mapping[str, str] = {
    "approve": "approved, for one call, as it is planned now; if it has not left within 24 h, it is asked for again",
    "reject": "rejected for 24 h",
    "retry": "looked at again now",
    "undo": "the undo is asked for",
}
"""A person's word, as what it has done."""
SAID: Mapping[str, str] = {"approve": "approved", "reject": "rejected"}
AFTER: Mapping[str, str] = {
    "approve": "until it is sent, `ossmend cases reject {case}` takes that back; `ossmend cases show {case}` tells "
    "what became of it",
    "reject": "`ossmend cases approve {case}` takes that back",
    "retry": "`ossmend cases show {case}` tells what was found",
    "undo": "`ossmend cases show {case}` tells what became of it",
}
"""How to take that word back, or what follows from it."""
AFTER_UNDO: Mapping[str, str] = {
    "dry-run": "policy {policy} is in `dry-run`, so the undo is planned and not sent: it leaves when the policy is in "
    "`approve` or `enforce`",
    "approve": "the next refusal is a case again; policy {policy} is in `approve`, so nothing is repaired anew without "
    "your approval",
    "enforce": "the next refusal is a case again; policy {policy} is in `enforce`, but does not do again by itself "
    "what you have taken back: the same write waits for your approval",
}
"""What follows from an undo, by the mode of the case's policy."""
IN_WORDS: Mapping[str, str] = {
    "woken": "cases looked at again",
    "digest": "fingerprint of the configuration",
    "digests": "fingerprints of the writes",
    "late": "older than what was verified",
    "through": "let go up to entry",
}
"""Fields of the journal whose names nobody understands who reads them first. `--json` has them as they are."""
GAP = "  "
"""Between two columns. No cell has two blanks in a row but where a log has them: `awk -F '  +'` finds the columns."""
LEAST: Mapping[str, int] = {"from": 8, "subject": 32, "why": 40}
"""Columns that may be cut on a terminal, those that tell least first, and how much of them has to stay."""
IN_ITS_MIDDLE = "subject"
"""Of an object's place the bucket and the name tell it from others: what lies between goes."""
SHORT = 12
"""Signs of a fingerprint that tell it apart; `--json` has all."""
NUMBERS = "A1, A2, ... are the numbers of this report"
SAME = "{}; behind `=` is the number of the same case in `ossmend cases`"


def cases(found: dict[str, Any], console: Console) -> None:
    """What was not read, a table of cases, and what was counted beside them."""
    for line in not_read(found):
        console.print(line, style="bold red", soft_wrap=not console.is_terminal)
    if found["cases"]:
        _table(found["cases"], console)
    else:
        console.print("no open cases")
    if number := found.get("closed_not_shown"):
        console.print(_closed(number, audited="since_seconds" in found), soft_wrap=not console.is_terminal)
    for row in found["not_opened"]:
        told = (
            f"policy {row['policy']}: {row['events']} refusals of {row['subjects']} more subjects were counted and not "
            f"opened, {moment(row['since'])} to {moment(row['last'])} ({row['ceiling']}: {row['most']})"
        )
        console.print(told if row["over"] else f"{told}; there is room again", markup=False, soft_wrap=True)


def _closed(number: int, *, audited: bool) -> str:
    """An audit has a state of its own: what closed in it was looked at, and needs nothing any more."""
    if audited:
        return f"{number} more {'is' if number == 1 else 'are'} over already: looked at, and nothing would be done"
    return f"{number} closed not shown: `ossmend cases list --all`"


def _table(rows: list[dict[str, Any]], console: Console) -> None:
    """A line for each case. On a terminal that is too narrow for that, what tells least of a case is cut; where even
    that does not fit, each has a few lines.
    """
    from rich.cells import cell_len
    from rich.text import Text

    several = are_several(rows)
    names = ("case", "state", "code", "cause", *(("account",) if several else ()), "subject", "from", "events", "why")
    lines = [names, *(_cells(row, several=several) for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    if console.is_terminal and not _narrowed(widths, names, console.width):
        for row in rows:
            _stacked(row, several, console)
        return
    for line, style in zip(lines, ("bold", *map(_style, rows)), strict=True):
        padded = (_cut(cell, width, name) for cell, width, name in zip(line, widths, names, strict=True))
        console.print(Text(GAP.join(padded).rstrip(), style=style), soft_wrap=True)


def _narrowed(widths: list[int], names: Sequence[str], most: int) -> bool:
    """Make the columns that tell least as narrow as they have to be; whether the table fits then."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - most
    for name, least in LEAST.items():
        at = names.index(name)
        cut = max(min(over, widths[at] - least), 0)
        widths[at], over = widths[at] - cut, over - cut
    return over <= 0


def _cut(cell: str, width: int, name: str) -> str:
    """A cell as wide as its column; of one that is too long the end goes, or the middle."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(cell) <= width:
        return set_cell_size(cell, width)
    end = set_cell_size(cell[::-1], (width - 1) // 2)[::-1] if name == IN_ITS_MIDDLE else ""
    return f"{set_cell_size(cell, width - 1 - cell_len(end))}…{end}"


def _cells(row: dict[str, Any], *, several: bool) -> tuple[str, ...]:
    whose = (account(row),) if several else ()
    what = (number(row), row["state"], row["code"] or "-", row["cause"] or "-")
    return (*what, *whose, row["subject"], row["from"] or "-", str(row["events"]), row["why"] or "")


def _stacked(row: dict[str, Any], several: bool, console: Console) -> None:
    """The same, of one case: what it is on its first line, then where, and why it stands so."""
    from rich.padding import Padding
    from rich.text import Text

    head = "  ".join(filter(None, (number(row), row["state"], row["code"], row["cause"])))
    console.print(Text(head, style=_style(row)), overflow="fold")
    whose = f"{account(row)}, " if several else ""
    told = f"{whose}{row['events']} {'refusal' if row['events'] == 1 else 'refusals'}"
    for line in (row["subject"], f"{told}{', from ' + row['from'] if row['from'] else ''}", row["why"]):
        if line:
            console.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 4), expand=False))


def _style(row: dict[str, Any]) -> str:
    return "bold" if row["state"] in HUMAN else ""


def are_several(rows: list[dict[str, Any]]) -> bool:
    """Are there accounts to tell apart? Where there is only the one of `cloud`, nobody wants to read its name."""
    return any(row["account"] != DEFAULT_ACCOUNT.account for row in rows)


def account(row: dict[str, Any]) -> str:
    """Whose case it is, and where its bucket is."""
    return "/".join(filter(None, (row["account"], row["region"])))


def moved(found: dict[str, Any], console: Console) -> None:
    """What went over, and what to do next."""
    if found["before"]:
        console.print("it was moved before; now the old one says so")
    for name, number in found["rows"].items():
        console.print(f"{number:>10}  {name}")
    console.print(f"the journal's chain holds, here as there, up to {found['head'] or 'its beginning'}", soft_wrap=True)
    console.print(
        f"write state: {{ url: {found['url']} }} into the configuration, and start the daemon", soft_wrap=True
    )
    console.print("the state here is not worked on any more; the way back is a backup of it (docs/scaling.md)")


def journal(found: dict[str, Any], console: Console) -> None:
    """One line an entry; what only machines compare is short, and named in words. A terminal gets what does not fit
    below its entry.
    """
    from rich.cells import cell_len
    from rich.padding import Padding
    from rich.text import Text

    for entry in found["entries"]:
        data = ", ".join(_told(name, value) for name, value in entry["data"].items() if value not in (None, ""))
        case = f"case {entry['case']}" if entry["case"] is not None else ""
        head = f"{entry['seq']:>6} {entry['at'][:19]}Z {entry['kind']:<16} {case:<9}"
        if console.is_terminal and cell_len(head) + 1 + cell_len(data) > console.width:
            console.print(head.rstrip(), soft_wrap=True)
            console.print(Padding(Text(data, overflow="fold"), (0, 0, 0, 8), expand=False))
        else:
            console.print(f"{head} {data}".rstrip(), soft_wrap=True)


def _told(name: str, value: object) -> str:
    if name == "digests" and isinstance(value, list):
        value = " ".join(str(each)[:SHORT] for each in value)
    return f"{IN_WORDS.get(name, name)}={str(value)[:SHORT] if name in ('digest', 'hash') else value}"


def verified(found: dict[str, Any], console: Console) -> None:
    """Does the chain hold?"""
    begins = found["retired_through"]
    kept = f"; the {begins} before them were let go, their last hash is {found['anchor']}" if begins else ""
    if found["holds"]:
        console.print(f"unaltered: {found['entries']} entries checked{kept}", markup=False, soft_wrap=True)
    else:
        console.print(f"the journal was altered: it holds up to entry {found['first_broken']}{kept}", markup=False,
                      soft_wrap=True)  # fmt: skip


def answer(report: dict[str, Any], console: Console) -> None:
    """What a person's word on a case came to, and how to take it back or see what becomes of it."""
    case, done = report["case"], report["done"]
    when = "the daemon reads it within seconds" if report["daemon_runs"] else NOBODY_READS
    if report.get("leaves_after"):
        when = f"it leaves after {report['leaves_after']}"
    if report.get("holds_on"):
        when = f"an approval does not lift what holds it: {report['holds_on']}"
    said = report.get("already")
    what = f"was {SAID[done]} already, by {said['by']} at {said['at']}" if said else DONE[done]
    console.print(f"case {case}: {what}; {when}", soft_wrap=not console.is_terminal)
    for write in report["writes"]:
        console.print(f"  {write['operation']} {write['target']}", soft_wrap=True)
        for line in request(write) if write.get("body") else ():
            console.print(f"    {line}", soft_wrap=True)
    if report.get("mode"):
        told = AFTER_UNDO[report["mode"]].format(policy=report["policy"])
        console.print(told, soft_wrap=not console.is_terminal)
    console.print(AFTER[done].format(case=case), soft_wrap=not console.is_terminal)


def audit(report: dict[str, Any], console: Console) -> None:
    """The report on a terminal; first of all, whether the cloud could be asked."""
    said = audit_unchecked.headline(report)
    if said:
        console.print(said, style="bold red", soft_wrap=not console.is_terminal)
        console.print(f"{audit_unchecked.known(report)}\n", soft_wrap=not console.is_terminal)
    cases(report, console)
    if report["cases"]:
        known = any(row.get("case") is not None for row in report["cases"])
        console.print(f"\n{SAME.format(NUMBERS) if known else NUMBERS}")
    if report["older"]:
        back = whole_span(report["since_seconds"])
        console.print(f"\nleft out, because they are older than {back} (--since): refusals: {report['older']}")
    if strangers := audit_strangers.told(report):
        console.print(f"\n{strangers}", soft_wrap=not console.is_terminal)
    console.print(f"\nwould write: {calls(report)}")
    for write in report["writes"]:
        cost = "price unknown" if write["cost"] is None else f"{write['cost']} {report['cost']['currency']}"
        console.print(f"  {number(write)}: {write['operation']} {write['target']} ({cost})")
    for job in report["batch_jobs"]:
        console.print(told(job, report["cost"]["currency"]))
    console.print(f"cost: {audit_unchecked.cost(report)}")
    console.print(audit_unchecked.LOOKED, soft_wrap=not console.is_terminal)
    for title, key in (("permissions", "permissions"), ("cannot be known", "cannot_be_known")):
        for value in report[key]:
            console.print(f"{title}: {value}")


def number(row: dict[str, Any]) -> str:
    """A case's number; an audit has numbers of its own, beside those of `ossmend cases`."""
    return f"{row['id']} = {row['case']}" if row.get("case") is not None else str(row["id"])


def not_read(report: dict[str, Any]) -> list[str]:
    """A line for each source that was not read whole: what is in it is in no case."""
    return [f"NOT READ {each['source']}: {each['why']}" for each in report.get("not_read", ())]


def calls(report: dict[str, Any]) -> str:
    """How often each operation would be called, in words."""
    known = ", ".join(f"{number} {operation}" for operation, number in report["calls"].items())
    return audit_unchecked.with_unknown(known, report)
