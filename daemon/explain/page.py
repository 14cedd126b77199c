"""An explanation -> paragraphs on paper (paper.py). The texts are the catalogue's; what comes from the log is plain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ossmend.daemon.explain import counted, page_zh
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.proposals import BARE
from ossmend.remediators.causes.candidates import STATED
from ossmend.remediators.causes.model import Text
from ossmend.remediators.causes.sureness import worded
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.write import WRITES
from ossmend.remediators.settings import told

HEADINGS = {
    "en": {
        "where": "where",
        "who": "who",
        "host": "host",
        "client": "client",
        "access_key_id": "key id",
        "operation": "operation",
        "key": "object",
        "meant": "did you mean",
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
        "default": "default",
        "optional": "optional",
        "may": "may write",
        "none": "nothing",
        "needs": "needs {} on {}",
        "only": "{} (only if {})",
    },
    "zh": {
        "where": "位置",
        "who": "涉及",
        "host": "域名",
        "client": "客户端",
        "access_key_id": "密钥",
        "operation": "操作",
        "key": "对象",
        "meant": "您是否想查询",
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
        "default": "默认",
        "optional": "可选",
        "may": "可能的写入",
        "none": "无",
        "needs": "需要权限 {}，资源 {}",
        "only": "{}（仅当设置了 {}）",
    },
}
_CITED = regex(r" \(docs/(?:facts|pipeline)\.md#[^)]*\)")
"""Sources are for those who read the code."""
_WHO = ("host", "key", "client", "access_key_id", "operation")
"""Whose request it was and what it was for, as far as the text tells; the head has the object beside its bucket."""
LIKELY = 0.5
"""Below, no cause is more likely than not, and all that may be are told alike."""


def render(report: dict[str, Any], lang: str, paper: Paper, *, configured: bool = False) -> None:
    """The report as paragraphs: each refusal, or in a longer log each kind of them, with how many there were.
    `configured`: the cases are those of somebody's own policies.
    """
    if not report["events"]:
        paper.write(HEADINGS[lang]["nothing"])
    for number, group in enumerate(counted.alike(report["events"])):
        if number:
            paper.write()
        speaker = counted.speaker(group)
        whole = speaker["case"] and speaker["case"]["diagnosis"]
        _render_event({**speaker, "diagnosis": whole} if whole and len(group) > 1 else speaker, lang, paper)
        for line in counted.counted(group, lang) if len(group) > 1 else ():
            paper.indented(line)
    sum_of_all = counted.summed(report, lang, configured=configured)
    if told := [each for each in (sum_of_all, counted.passed(report, lang)) if each]:
        paper.write()
        for each in told:
            paper.write(each)


def _head(event: Mapping[str, Any]) -> str:
    """Code, place, EC and request id on one line."""
    bare_ec = event["shape"] == BARE and not event["code"]
    parts = (
        str(event["code"] or ("" if bare_ec else "403")),
        f"oss://{event['bucket']}/{event['key'] or ''}" if event["bucket"] else "",
        f"EC {event['ec']}" if event["ec"] else "",
        event["request_id"] or "",
    )
    return "  ".join(part for part in parts if part)


def _render_event(event: Mapping[str, Any], lang: str, paper: Paper) -> None:
    words, diagnosis = HEADINGS[lang], event["diagnosis"]
    place = event["bucket"]
    paper.whole(_head(event), "bold")
    sure = diagnosis["confidence"] >= LIKELY or not diagnosis["alternatives"]
    named = [_named(diagnosis, lang, hedged=sure)] if diagnosis["cause"] != "unknown" or sure else []
    others = [_named(each, lang, hedged=False) for each in diagnosis["alternatives"]]
    statement, meant = diagnosis["facts"].get("statement"), diagnosis["facts"].get("did_you_mean")
    here = [name for name in _WHO if event[name] and not (place and name == "key")]
    who = " · ".join(f"{words[name]} {event[name]}" for name in here)
    where = counted.where(event, lang)
    if meant and event["shape"] == BARE:  # one word, and it is asked about: what to do of it follows the answer
        diagnosis = {**diagnosis, "evidence": [], "next_steps": {lang: []}, "avoid": {lang: []}}
    for heading, lines in (
        ("where", [where] if where else []),
        ("who", [who] if who else []),
        ("meant", [f"{meant}: ossmend explain {meant}"] if meant else []),
        ("cause" if sure else "maybe", named if sure else named + others),
        ("evidence", diagnosis["evidence"]),
        ("next", diagnosis["next_steps"][lang]),
        ("avoid", diagnosis["avoid"][lang]),
        ("grant", [json.dumps(statement, ensure_ascii=False)] if statement else []),
        ("also", others if sure else []),
        ("writes", [f"{each['operation']} {each['target']} ({each['note']})" for each in event["writes"]]),
    ):
        for number, line in enumerate(lines):
            paper.row("" if number else words[heading], line)
    if event["shape"] == BARE and event["code"] and not meant:
        paper.write()
        paper.write(words["ours"], "bold")
        remediator = Remediator.registry.get(event["code"])
        if remediator is None:
            paper.write(words["told"])
        else:
            _render_remediator(remediator, lang, paper)


def _named(told: dict[str, Any], lang: str, *, hedged: bool) -> str:
    """Cause and share; in a list the heading says already how sure its lines are."""
    if told["cause"] in STATED:
        return f"{told['title'][lang]} ({told['cause']})"
    title = Text(told["title"]["en"], told["title"]["zh"])
    said = worded(told["cause"], title, told["confidence"]) if hedged else title
    return f"{said.words(lang)} ({told['cause']}, {told['confidence']:.0%})"


def _render_remediator(remediator: Remediator, lang: str, paper: Paper) -> None:
    """What ossmend does about the code: in English from the code itself, so that it cannot go stale."""
    words, settings = HEADINGS[lang], told(remediator.section) if remediator.section else ()
    for paragraph in paragraphs(remediator, lang):
        paper.write(_CITED.sub("", paragraph))
    if remediator.section:
        paper.write()
        paper.write(f"{remediator.section}:")
        for name, default, english in settings:
            says = page_zh.SETTINGS[remediator.section][name] if lang == "zh" else english
            needed = words["optional"] if default in (None, "None") else f"{words['default']} {default}"
            paper.write(f"  {name} ({needed}): {says}")
    defaults = {name: default for name, default, _ in settings}
    chosen = (each.operation for each in remediator.opt_in if each.allowed_by(defaults[each.setting]))
    always = [*remediator.writes, *chosen]
    optional = {each.operation: each.setting for each in remediator.opt_in if each.operation not in always}
    writes = [*always, *(words["only"].format(name, switch) for name, switch in optional.items())]
    paper.write(f"{words['may']}: {', '.join(writes) or words['none']}")
    for operation in (*always, *optional):
        for action, resource in WRITES[operation].example().permissions:
            paper.write(f"  {words['needs'].format(action, resource)}")


def paragraphs(remediator: Remediator, lang: str) -> list[str]:
    """What the remediator's own file says about the code: the first one is the code, the others what is done."""
    chinese = page_zh.PARAGRAPHS.get(remediator.module.rpartition(".")[2])
    if lang == "zh" and chinese is not None:  # a test says that each has its Chinese
        return list(chinese)
    said = (import_module(remediator.module).__doc__ or "").split("\n\n")
    return [" ".join(paragraph.split()) for paragraph in said if paragraph.strip()]
