"""What would be done: a dry run over what the sources hold, as a report with calls, cost, permissions and doubts.

The audit works in a state of its own that it throws away, reads every source from its beginning, and takes only
what happened since the time asked for. Nothing is written to the cloud, and the live cursors do not move.
"""

from __future__ import annotations

import html
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ossmend.config.load import load
from ossmend.config.model import Config
from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.daemon.host import log
from ossmend.daemon.host.show import clean
from ossmend.daemon.journal import intents
from ossmend.daemon.journal.schema import cases

if TYPE_CHECKING:
    from rich.console import Console


def audit(config_path: Path, back: timedelta) -> dict[str, Any]:
    """Run the audit; JSON values with stable keys. Raises ConfigRefused, CredentialsRefused."""
    config = load(config_path)
    log.configure(config.log.format, config.log.level)
    with tempfile.TemporaryDirectory(prefix="ossmend-audit-") as directory:
        app = App(config_path, dry_run=True, state=Path(directory), since=back)
        try:
            app.once()
            with app.store.read() as connection:
                return _report(connection, config, back)
        finally:
            app.close()


def _report(connection: sa.Connection, config: Config, back: timedelta) -> dict[str, Any]:
    rows = queries.open_cases(connection)
    planned = [_planned(intent, config) for intent in _planned_intents(connection)]
    costs = [Decimal(write["cost"]) for write in planned if write["cost"] is not None]
    permissions = sorted({permission for write in planned for permission in write["permissions"]})
    return {
        "since_seconds": back.total_seconds(),
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "cases": rows,
        "writes": planned,
        "calls": dict(Counter(write["operation"] for write in planned)),
        "cost": {
            "amount": str(sum(costs, Decimal(0))),
            "currency": config.prices.currency,
            "prices_as_of": str(config.prices.as_of),
            "unpriced": sum(write["cost"] is None for write in planned),
        },
        "permissions": permissions,
        "cannot_be_known": _doubts(rows, planned),
        "needs_a_human": queries.needs_a_human(rows),
    }


def _planned_intents(connection: sa.Connection) -> list[intents.Intent]:
    ids = connection.scalars(sa.select(cases.c.id).where(cases.c.state == "planned").order_by(cases.c.id)).all()
    return [intent for case_id in ids for intent in intents.of_case(connection, case_id)]


def _planned(intent: intents.Intent, config: Config) -> dict[str, Any]:
    cost = intent.write.cost(config.prices)
    return {
        "case": intent.case_id,
        "policy": intent.policy,
        "mode": next((policy.mode for policy in config.policies if policy.name == intent.policy), "dry-run"),
        "operation": intent.write.operation,
        "target": clean(intent.write.target),
        "cost": None if cost is None else str(cost),
        "permissions": [f"{action} on {resource}" for action, resource in intent.write.permissions],
    }


def _doubts(rows: list[dict[str, Any]], planned: list[dict[str, Any]]) -> list[str]:
    """What a dry run cannot know."""
    doubts = []
    if any(row["cause"] == "could-not-check" for row in rows):
        doubts.append("some causes: our own requests were refused or unanswered (see the cases with could-not-check)")
    if any(row["state"] == "waiting" for row in rows):
        doubts.append("cases that were still waiting for the cloud to answer when the audit ended")
    if any(write["cost"] is None for write in planned):
        doubts.append("the cost of writes without a price: set `prices`")
    if any(write["operation"] == "RestoreObject" for write in planned):
        doubts.append("how long a restore takes: OSS's times are reference values, and a full quota queues requests")
    if any(write["operation"] == "PutBucketCors" for write in planned):
        doubts.append(
            "whether the daemon's key may write: only a real write shows it (ossmend check --live reads only)"
        )
    return doubts


# ------------------------------------------------------------------------------------------------------- for people


def render(report: dict[str, Any], console: Console) -> None:
    """The report on a terminal."""
    queries.render(report, console)
    console.print(f"\nwould write: {_calls(report)}", markup=False)
    for write in report["writes"]:
        cost = "price unknown" if write["cost"] is None else f"{write['cost']} {report['cost']['currency']}"
        console.print(f"  case {write['case']}: {write['operation']} {write['target']} ({cost})", markup=False)
    console.print(
        f"cost: {report['cost']['amount']} {report['cost']['currency']} (prices as of {report['cost']['prices_as_of']})"
    )
    for title, key in (("permissions", "permissions"), ("cannot be known", "cannot_be_known")):
        for value in report[key]:
            console.print(f"{title}: {value}", markup=False)


def _calls(report: dict[str, Any]) -> str:
    return ", ".join(f"{number} {operation}" for operation, number in report["calls"].items()) or "nothing"


STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .6rem; vertical-align: top; }
th { border-bottom: 2px solid #d0d7de; font-weight: 600; }
td { border-bottom: 1px solid #eaeef2; overflow-wrap: anywhere; }
td:nth-child(-n+4) { white-space: nowrap; overflow-wrap: normal; }
code { font: 13px ui-monospace, monospace; } .note { color: #57606a; }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3; } td { border-color: #21262d; } }
"""


def page(report: dict[str, Any]) -> str:
    """The report as one self-contained page; every value is escaped."""
    cost, hours = report["cost"], report["since_seconds"] / 3600
    writes = [
        (w["case"], w["policy"], w["mode"], w["operation"], w["target"], w["cost"] or "unknown")
        for w in report["writes"]
    ]
    rows = [(c["id"], c["state"], c["code"], c["cause"], c["subject"], c["events"], c["why"]) for c in report["cases"]]
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ossmend audit</title>',
            f"<style>{STYLE}</style></head><body><h1>ossmend audit</h1>",
            f'<p class="note">{_text(report["at"])}, looking back {hours:g} h. Nothing was written.</p>',
            f"<p>Would write: <b>{_text(_calls(report))}</b>, ",
            f"for about {_text(cost['amount'])} {_text(cost['currency'])} ",
            f"(prices as of {_text(cost['prices_as_of'])}).</p>",
            "<h2>Cases</h2>",
            _table(("case", "state", "code", "cause", "subject", "events", "why"), rows),
            "<h2>Writes</h2>",
            _table(("case", "policy", "mode", "call", "target", f"cost ({cost['currency']})"), writes),
            "<h2>Permissions needed</h2>",
            _list(report["permissions"]),
            "<h2>What cannot be known</h2>",
            _list(report["cannot_be_known"], code=False),
            "</body></html>",
        )
    )


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
