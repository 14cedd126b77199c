"""Any text -> what it means: the events in it, each with its cause, next steps, and what the policies would do.

Reads only the text; the cloud is not asked. So it says what the text justifies, and proposes a write only where the
daemon, given the same text, would come to plan one.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ossmend.daemon.show import clean
from ossmend.daemon.sources.shapes import events_in
from ossmend.remediators import causes
from ossmend.remediators.access_forbidden import Asked, CorsSettings, lacking
from ossmend.remediators.contract import Diagnosis, Event, Remediator
from ossmend.remediators.invalid_object_state import copy_source, is_copy

if TYPE_CHECKING:
    from rich.console import Console

    from ossmend.config.model import Config, Policy

SOURCE = "explain"
BARE = "code"
"""The shape of an event that is nothing but a code somebody typed."""


def explain_text(text: str, *, config: Config | None = None) -> dict[str, Any]:
    """{"events": [...]}, one for each refused request, in order of appearance; null where the text does not say."""
    return {"events": [_explained(event, config) for event in events_in(text, source=SOURCE, now=datetime.now(UTC))]}


def _explained(event: Event, config: Config | None) -> dict[str, Any]:
    diagnosis = causes.diagnose_event(event)
    return {
        "code": event.code,
        "ec": event.ec,
        "request_id": clean(event.request_id),
        "bucket": clean(event.bucket),
        "key": clean(event.key),
        "status": event.status,
        "shape": event.shape,
        "diagnosis": _told(diagnosis),
        "writes": _writes(event, diagnosis, config),
    }


def _told(diagnosis: Diagnosis) -> dict[str, Any]:
    told = asdict(diagnosis)
    told["alternatives"] = [{"cause": cause, "confidence": confidence} for cause, confidence in diagnosis.alternatives]
    told["title"] = causes.CAUSES[diagnosis.cause].title._asdict()
    safe: dict[str, Any] = clean(told)
    return safe


# ------------------------------------------------------------------------------------------------------------- writes


def _writes(event: Event, diagnosis: Diagnosis, config: Config | None) -> list[dict[str, Any]]:
    """What would be done; the look at the cloud that comes before every write may still find it unnecessary."""
    if event.shape == BARE or event.fields.get("stranger") or causes.CAUSES[diagnosis.cause].cure is None:
        return []
    if config is None:
        return _proposed(event, policy=None)
    policy = next(
        (each for each in config.policies if each.enabled and event.code in each.on and each.match.fits(event)), None
    )
    return [] if policy is None else _proposed(event, policy)


def _proposed(event: Event, policy: Policy | None) -> list[dict[str, Any]]:
    match event.code:
        case "InvalidObjectState":
            return _restore(event, policy)
        case "AccessForbidden":
            return _merge(event, policy)
        case _:
            return []


def _restore(event: Event, policy: Policy | None) -> list[dict[str, Any]]:
    target = copy_source(event) if is_copy(event) else event.object
    if target is None:
        return []
    return [_write("RestoreObject", str(target), policy, "if the object is still frozen when it is looked at")]


def _merge(event: Event, policy: Policy | None) -> list[dict[str, Any]]:
    if event.bucket is None or not (event.message or "CORSResponse:").startswith("CORSResponse:"):
        return []
    if policy is not None:
        settings = policy.settings_for("AccessForbidden")
        stored = settings.stored if isinstance(settings, CorsSettings) else None
        if stored is None or not event.origin:
            return []
        method = event.cors_method.upper() if event.cors_method else None
        if lacking(stored, Asked(event.origin, method, event.cors_headers, derived=method is None)):
            return []
    elif event.message is None and event.origin is None:
        return []
    note = "only a rule that a person has stored, and only if it covers the page's origin, method and headers"
    return [_write("PutBucketCors", f"oss://{event.bucket}", policy, note)]


def _write(operation: str, target: str, policy: Policy | None, note: str) -> dict[str, Any]:
    return {
        "operation": operation,
        "target": clean(target),
        "policy": policy.name if policy is not None else None,
        "mode": policy.mode if policy is not None else None,
        "note": note,
    }


# --------------------------------------------------------------------------------------------------------- for people

HEADINGS = {
    "en": ("cause", "evidence", "next", "do not", "also possible", "would write", "No OSS refusal found in this text."),
    "zh": ("原因", "依据", "下一步", "不要", "其他可能", "将执行", "文本中没有发现 OSS 的拒绝信息。"),
}


def render(report: dict[str, Any], lang: str, console: Console) -> None:
    """The report as paragraphs."""
    if not report["events"]:
        console.print(HEADINGS[lang][-1])
    for number, event in enumerate(report["events"]):
        if number:
            console.print()
        _render_event(event, lang, console)


def _render_event(event: dict[str, Any], lang: str, console: Console) -> None:
    from rich.text import Text

    cause, evidence, following, avoid, also, writes, _ = HEADINGS[lang]
    place = f"oss://{event['bucket']}/{event['key'] or ''}" if event["bucket"] else ""
    head = [str(event["code"] or "403"), place, f"EC {event['ec']}" if event["ec"] else "", event["request_id"] or ""]
    console.print(Text("  ".join(part for part in head if part), style="bold"))
    diagnosis = event["diagnosis"]
    _line(console, cause, f"{diagnosis['title'][lang]} ({diagnosis['cause']}, {diagnosis['confidence']:.0%})")
    for title, lines in (
        (evidence, diagnosis["evidence"]),
        (following, diagnosis["next_steps"][lang]),
        (avoid, diagnosis["avoid"][lang]),
        (also, [f"{each['cause']} ({each['confidence']:.0%})" for each in diagnosis["alternatives"]]),
        (writes, [f"{each['operation']} {each['target']} ({each['note']})" for each in event["writes"]]),
    ):
        for line in lines:
            _line(console, title, line)
            title = ""  # noqa: PLW2901  # a heading stands before its first line only
    if event["shape"] == BARE and event["code"] in Remediator.registry:
        _render_remediator(Remediator.registry[event["code"]], console)


def _line(console: Console, title: str, text: str) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_column(width=14)
    row.add_column(overflow="fold")
    row.add_row(Text(title, style="dim"), Text(text))
    console.print(Padding(row, (0, 0, 0, 2)))


def _render_remediator(remediator: Remediator, console: Console) -> None:
    """What ossmend does about the code: from the code itself, so that it cannot go stale."""
    console.print()
    console.print((import_module(remediator.module).__doc__ or "").strip(), markup=False)
    if remediator.section:
        console.print(f"\n{remediator.section}:", markup=False)
        for name, field in remediator.settings.model_fields.items():
            if not field.exclude:
                console.print(f"  {name} (default {field.default}): {field.description}", markup=False)
    if remediator.writes:
        console.print(f"may write: {', '.join(remediator.writes)}", markup=False)
