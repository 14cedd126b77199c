"""The audit's report -> one self-contained HTML page; every value is escaped."""

from __future__ import annotations

import html
from typing import Any

from ossmend.daemon.commands import audit_steps, audit_strangers, audit_unchecked
from ossmend.daemon.commands.audit_jobs import told
from ossmend.daemon.commands.tables import NUMBERS, account, are_several, calls, not_read, number
from ossmend.daemon.host.show import whole_span

CASE_COLUMNS = ("state", "code", "cause", "subject", "from", "events", "why")
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; }
th { border-bottom: 2px solid #d0d7de; font-weight: 600; }
td { border-bottom: 1px solid #eaeef2; overflow-wrap: anywhere; }
td:nth-child(-n+4) { white-space: nowrap; overflow-wrap: normal; }
.alert { border-left: 4px solid #d1242f; padding: .4rem .8rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1.5rem 0 0; overflow-wrap: anywhere; } h3 + .note { margin: 0; }
li { overflow-wrap: anywhere; } .case p { margin: .4rem 0 0; } .case ul, .case ol { margin: 0; }
code { font: 13px ui-monospace, monospace; } .note { color: #57606a; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } td { border-color: #21262d; } }
"""


def page(report: dict[str, Any]) -> str:
    """The report as one self-contained page; every value is escaped."""
    cost, back = report["cost"], whole_span(report["since_seconds"])
    writes = [
        (number(w), w["policy"], w["mode"], w["operation"], w["target"], w["cost"] or "unknown")
        for w in report["writes"]
    ]
    several = are_several(report["cases"])
    columns = ("account", *CASE_COLUMNS) if several else CASE_COLUMNS
    rows = [
        (number(case), *((account(case),) if several else ()), *(case[name] for name in CASE_COLUMNS))
        for case in report["cases"]
    ]
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ossmend audit</title>',
            f"<style>{STYLE}</style></head><body><h1>ossmend audit</h1>",
            f'<p class="note">{_text(report["at"])}, looking back {back}. Nothing was written.</p>',
            _headline(report),
            f"<p>Would write: <b>{_text(calls(report))}</b>, ",
            f"at a cost of {_text(audit_unchecked.cost(report))}.</p>",
            "<h2>Cases</h2>",
            _table(("case", *columns), rows),
            f'<p class="note">{_text(audit_unchecked.LOOKED)}.</p>',
            f'<p class="note">{_text(NUMBERS)}. Refusals older than {back}, left out: {report["older"]}.</p>',
            _strangers(report),
            *audit_steps.section(report["cases"]),
            "<h2>Writes</h2>",
            _table(("case", "policy", "mode", "call", "target", f"cost ({cost['currency']})"), writes),
            "<h2>Batch jobs among them</h2>",
            _list([told(job, cost["currency"]) for job in report["batch_jobs"]], code=False),
            "<h2>Permissions needed</h2>",
            _list(report["permissions"]),
            "<h2>What cannot be known</h2>",
            _list(report["cannot_be_known"], code=False),
            "</body></html>",
        )
    )


def _headline(report: dict[str, Any]) -> str:
    """Whoever opens the page has to see first that it does not know everything."""
    unread = "".join(f'<p class="alert"><b>{_text(line)}</b></p>' for line in not_read(report))
    said = audit_unchecked.headline(report)
    known = f'<p class="alert"><b>{_text(said)}</b><br>{_text(audit_unchecked.known(report))}</p>' if said else ""
    return unread + known


def _strangers(report: dict[str, Any]) -> str:
    said = audit_strangers.told(report)
    return f'<p class="note">{_text(said)}.</p>' if said else ""


def _table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    if not rows:
        return '<p class="note">none</p>'
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{_text(name)}</th>" for name in head) + f"</tr>{body}</table>"


def _list(values: list[str], *, code: bool = True) -> str:
    if not values:
        return '<p class="note">none</p>'
    before, after = ("<code>", "</code>") if code else ("", "")
    return "<ul>" + "".join(f"<li>{before}{_text(value)}{after}</li>" for value in values) + "</ul>"


def _text(value: object) -> str:
    return html.escape("-" if value is None else str(value))
