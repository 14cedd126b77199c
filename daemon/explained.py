"""An explanation -> paragraphs on a terminal. The texts are the catalogue's; what comes from the log is plain text."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ossmend.daemon.proposals import BARE
from ossmend.remediators.contract import Remediator
from ossmend.remediators.writes import PutBucketCors, RestoreObject, RestoreVersion, TagUser, Write

if TYPE_CHECKING:
    from rich.console import Console

HEADINGS = {
    "en": {
        "cause": "cause",
        "maybe": "one of these",
        "evidence": "evidence",
        "next": "next",
        "avoid": "do not",
        "also": "less likely",
        "grant": "narrowest grant",
        "writes": "would write",
        "nothing": "No refusal of OSS was found in this text.",
        "ours": "what ossmend does about it",
        "told": "It becomes a case that tells a person. Nothing is written for it.",
    },
    "zh": {
        "cause": "原因",
        "maybe": "可能是其一",
        "evidence": "依据",
        "next": "下一步",
        "avoid": "不要",
        "also": "可能性较小",
        "grant": "最小授权",
        "writes": "将执行",
        "nothing": "文本中没有发现 OSS 的拒绝信息。",
        "ours": "ossmend 的处理方式",
        "told": "作为一个案例告知运维人员，不会写入任何内容。",
    },
}
_CITED = re.compile(r" \((?:facts|scenarios?|design)\b[^)]*\)")
"""Sources are for those who read the code."""
LIKELY = 0.5
"""Below, no cause is more likely than not, and all that may be are told alike."""
_EXAMPLES: dict[str, Write] = {
    example.operation: example
    for example in (
        RestoreObject(bucket="BUCKET", key="KEY", days=1, storage_class="Archive", size=0, planned_on=""),
        PutBucketCors(bucket="BUCKET", rules=(), planned_on=""),
        TagUser(principal="USER", user_id="", tags=(), planned_on=""),
        RestoreVersion(bucket="BUCKET", key="KEY", version_id="V", size=0, current="", storage_class="", planned_on=""),
    )
}
"""Writes of nothing in particular, to say which permissions they need."""


def render(report: dict[str, Any], lang: str, console: Console) -> None:
    """The report as paragraphs."""
    if not report["events"]:
        console.print(HEADINGS[lang]["nothing"], markup=False)
    for number, event in enumerate(report["events"]):
        if number:
            console.print()
        _render_event(event, lang, console)


def _render_event(event: dict[str, Any], lang: str, console: Console) -> None:
    from rich.text import Text

    words, diagnosis = HEADINGS[lang], event["diagnosis"]
    place = f"oss://{event['bucket']}/{event['key'] or ''}" if event["bucket"] else ""
    head = [str(event["code"] or "403"), place, f"EC {event['ec']}" if event["ec"] else "", event["request_id"] or ""]
    console.print(Text("  ".join(part for part in head if part), style="bold"), soft_wrap=True)
    sure = diagnosis["confidence"] >= LIKELY or not diagnosis["alternatives"]
    named = [_named(diagnosis, lang)] if diagnosis["cause"] != "unknown" or sure else []
    others = [_named(each, lang) for each in diagnosis["alternatives"]]
    statement = diagnosis["facts"].get("statement")
    for heading, lines in (
        ("cause" if sure else "maybe", named if sure else named + others),
        ("evidence", diagnosis["evidence"]),
        ("next", diagnosis["next_steps"][lang]),
        ("avoid", diagnosis["avoid"][lang]),
        ("grant", [json.dumps(statement, ensure_ascii=False)] if statement else []),
        ("also", others if sure else []),
        ("writes", [f"{each['operation']} {each['target']} ({each['note']})" for each in event["writes"]]),
    ):
        for number, line in enumerate(lines):
            _line(console, "" if number else words[heading], line)
    if event["shape"] == BARE and event["code"]:
        console.print(f"\n{words['ours']}", style="bold", markup=False)
        remediator = Remediator.registry.get(event["code"])
        if remediator is None:
            console.print(words["told"], markup=False)
        else:
            _render_remediator(remediator, console)


def _named(told: dict[str, Any], lang: str) -> str:
    return f"{told['title'][lang]} ({told['cause']}, {told['confidence']:.0%})"


def _line(console: Console, title: str, text: str) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_column(width=16)
    row.add_column(overflow="fold")
    row.add_row(Text(title, style="dim"), Text(text))
    console.print(Padding(row, (0, 0, 0, 2), expand=False))


def _render_remediator(remediator: Remediator, console: Console) -> None:
    """What ossmend does about the code: from the code itself, so that it cannot go stale."""
    for paragraph in (import_module(remediator.module).__doc__ or "").strip().split("\n\n"):
        console.print(_CITED.sub("", " ".join(paragraph.split())), markup=False)
    if remediator.section:
        console.print(f"\n{remediator.section}:", markup=False)
        for name, field in remediator.settings.model_fields.items():
            if not field.exclude:
                console.print(f"  {name} (default {field.default}): {field.description}", markup=False)
    always = (*remediator.writes, *remediator.settings().opts_into)
    optional = [each for each in _opt_in(remediator) if each.partition(" ")[0] not in always]
    console.print(f"may write: {', '.join((*always, *optional)) or 'nothing'}", markup=False)
    for operation in (*always, *(each.partition(" ")[0] for each in optional)):
        for action, resource in _EXAMPLES[operation].permissions:
            console.print(f"  needs {action} on {resource}", markup=False)


def _opt_in(remediator: Remediator) -> list[str]:
    """Writes that only a setting switches on."""
    switches = [name for name, field in remediator.settings.model_fields.items() if field.annotation is bool]
    on = remediator.settings.model_validate(dict.fromkeys(switches, True))
    return [f"{operation} (only if {', '.join(switches)})" for operation in on.opts_into]
