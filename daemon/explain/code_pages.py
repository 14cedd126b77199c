"""The catalogue and the remediators -> docs/codes/: a page for each code, in English and in Chinese apart.

A page says what a person wants at night: which causes there are, what to do about each and what not to do; then what
ossmend does about it, what that needs, and how it is configured. Weights are an appendix (docs/causes.md). manual.py
writes the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple

from ossmend import remediators
from ossmend.daemon.explain import page_zh
from ossmend.daemon.explain.log_lines import LINES
from ossmend.daemon.explain.page import paragraphs
from ossmend.remediators.causes import CAUSES
from ossmend.remediators.causes.model import Cause, Text
from ossmend.remediators.contract.registry import OptIn, Remediator
from ossmend.remediators.contract.settings import descriptions
from ossmend.remediators.writes import WRITES

EXAMPLE = files("ossmend.config").joinpath("ossmend.example.yaml")
FEW = 4
"""Causes that the index names for a code."""
_DOCUMENT = re.compile(r"docs/([\w/.-]+\.md)(#[\w-]+)?")
_COMMENT = re.compile(r" *(?<![\w\"])#.*$", re.MULTILINE)


class Words(NamedTuple):
    """The page's own words in one language."""

    other_language: str
    causes: str
    first: str
    do: str
    avoid: str
    ours: str
    writes: str
    settings: str
    example: str
    log: str
    none: str
    needs: str
    only: str
    section: str
    columns: tuple[str, str, str]
    default_none: str
    others: str
    any_code: str
    title: str
    codes_and_causes: tuple[str, str]
    more: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        other_language="中文",
        causes="Causes",
        first="The commonest comes first. How much each sign weighs is in the appendix, [causes.md]({}causes.md).",
        do="Do:",
        avoid="Do not:",
        ours="What ossmend does",
        writes="Writes",
        settings="Settings",
        example="Example",
        log="How to log it",
        none="None. It looks, and a person is told.",
        needs="`{}` needs {}.",
        only="`{}` (only if {}) needs {}.",
        section="In the section `{}` of a policy:",
        columns=("setting", "default", "what it is for"),
        default_none="none",
        others="Every other code",
        any_code="Any code, or none",
        title="A page for each code",
        codes_and_causes=("code", "its causes, the commonest first"),
        more="{} more",
    ),
    "zh": Words(
        other_language="English",
        causes="原因",
        first="最常见的排在最前。各迹象的权重见附录 [causes.md]({}causes.md)。",
        do="应当：",
        avoid="不要：",
        ours="ossmend 的处理方式",
        writes="写入操作",
        settings="设置",
        example="示例",
        log="如何记录日志",
        none="无。只查看，并告知运维人员。",
        needs="`{}` 需要权限：{}。",
        only="`{}`（仅当 {}）需要权限：{}。",
        section="策略中的 `{}` 部分：",
        columns=("设置", "默认值", "用途"),
        default_none="无",
        others="其他错误码",
        any_code="任何错误码，或没有错误码",
        title="每个错误码一页",
        codes_and_causes=("错误码", "原因，最常见的在前"),
        more="另有 {} 种",
    ),
}


def pages() -> dict[str, str]:
    """Every page by its name under docs/."""
    found: dict[str, str] = {}
    for lang, folder in (("en", "codes/"), ("zh", "codes/zh/")):
        for code in remediators.CODES:
            found[f"{folder}{code}.md"] = _page(lang, f"{code}.md", code, _of_code(Remediator.registry[code], lang))
        found[f"{folder}other.md"] = _page(lang, "other.md", WORDS[lang].others, _of_others(lang))
        found[f"{folder}README.md"] = _page(lang, "README.md", WORDS[lang].title, _index(lang))
    return found


def _page(lang: str, name: str, title: str, parts: Iterator[str]) -> str:
    other = f"[{WORDS[lang].other_language}]({'zh/' if lang == 'en' else '../'}{name})"
    return "\n\n".join((f"# {title}", other, *parts)) + "\n"


def _root(lang: str) -> str:
    """From the page to docs/."""
    return "../" if lang == "en" else "../../"


# ------------------------------------------------------------------------------------------------------------- one code


def _of_code(remediator: Remediator, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    said = [_DOCUMENT.sub(r"[docs/\1\2](../\1\2)", each) for each in paragraphs(remediator, lang)]
    yield said[0]
    yield f"## {words.causes}"
    yield words.first.format(_root(lang))
    for cause in _causes(remediator.code):
        yield from _cause(cause, lang, "###")
    yield f"## {words.ours}"
    yield from said[1:]
    yield f"### {words.writes}"
    yield from _writes(remediator, lang)
    if remediator.section is not None:
        yield f"### {words.settings}"
        yield words.section.format(remediator.section)
        yield _settings(remediator, lang)
    if remediator.code in LINES:
        yield f"### {words.log}"
        yield LINES[remediator.code].why.words(lang)
        yield f"```json\n{LINES[remediator.code].line}\n```"
    yield f"### {words.example}"
    yield f"```yaml\n{_example(remediator, lang)}\n```"


def _writes(remediator: Remediator, lang: str) -> Iterator[str]:
    """Each write that it may plan, with the permissions it needs."""
    words, switches = WORDS[lang], opt_in(remediator)
    optional = tuple(name for name in switches if name not in remediator.writes)
    if not (remediator.writes or optional):
        yield words.none
    for operation in (*remediator.writes, *optional):
        needs = ", ".join(f"`{action}` (`{resource}`)" for action, resource in WRITES[operation].example().permissions)
        always = operation in remediator.writes
        yield (
            words.needs.format(operation, needs) if always else words.only.format(operation, switches[operation], needs)
        )


def opt_in(remediator: Remediator) -> Mapping[str, str]:
    """Writes that a setting switches on or off, with the setting and its values."""
    return {each.operation: f"`{each.setting}: {_values(each)}`" for each in remediator.opt_in}


def _values(each: OptIn) -> str:
    return " | ".join(_yaml(value) for value in each.values) or "{ ... }"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _settings(remediator: Remediator, lang: str) -> str:
    words, section = WORDS[lang], remediator.section or ""
    said = page_zh.SETTINGS.get(section, {}) if lang == "zh" else descriptions(remediator.settings)
    rows = ["| " + " | ".join(words.columns) + " |", "|---|---|---|"]
    for name, field in remediator.settings.model_fields.items():
        if not field.exclude:
            default = words.default_none if field.default is None else f"`{str(field.default).lower()}`"
            text = " ".join(said.get(name, "").split()).replace("|", "\\|")
            rows.append(f"| `{name}` | {default} | {text} |")
    return "\n".join(rows)


def _example(remediator: Remediator, lang: str) -> str:
    """The policy of the example configuration that is on this code; where it has none, the shortest one."""
    text = EXAMPLE.read_text(encoding="utf-8").partition("\npolicies:\n")[2]
    for block in re.findall(r"(?m)^  - name: .*\n(?:^    .*\n)*", text):
        if re.search(rf"(?m)^    on: {remediator.code}\b", block):
            return f"policies:\n{block.rstrip()}" if lang == "en" else f"policies:\n{_uncommented(block)}"
    return f"policies:\n  - {{ name: {remediator.code.lower()}, on: {remediator.code} }}"


def _uncommented(block: str) -> str:
    """The example's comments are English; its lines need no language."""
    lines = (_COMMENT.sub("", line).rstrip() for line in block.splitlines())
    return "\n".join(line for line in lines if line)


# --------------------------------------------------------------------------------------------------------------- causes


def _causes(code: str) -> list[Cause]:
    """The commonest first; those that only the cloud can name come last."""
    found = [cause for cause in CAUSES.values() if (code in cause.codes if code else not cause.codes)]
    return sorted(found, key=lambda cause: (cause.prior is None, -(cause.prior or 0.0), cause.id))


def _cause(cause: Cause, lang: str, heading: str) -> Iterator[str]:
    words = WORDS[lang]
    yield f"{heading} {cause.title.words(lang)}"
    yield f"`{cause.id}`"
    for title, lines in ((words.do, cause.next_steps), (words.avoid, cause.avoid)):
        if lines:
            yield f"{title}\n\n{_list(lines, lang)}"


def _list(lines: Sequence[Text], lang: str) -> str:
    return "\n".join(f"- {line.words(lang)}" for line in lines)


def _of_others(lang: str) -> Iterator[str]:
    """Codes without a remediator: they are explained, and a person is told. A cause of several codes stands once."""
    codes = sorted({code for cause in CAUSES.values() for code in cause.codes} - set(remediators.CODES))
    groups: dict[tuple[str, ...], list[str]] = {}
    for code in codes:
        groups.setdefault(tuple(cause.id for cause in _causes(code)), []).append(code)
    for ids, alike in groups.items():
        yield f"## {', '.join(alike)}"
        for each in ids:
            yield from _cause(CAUSES[each], lang, "###")
    yield f"## {WORDS[lang].any_code}"
    for cause in _causes(""):
        yield from _cause(cause, lang, "###")


def _index(lang: str) -> Iterator[str]:
    words = WORDS[lang]
    rows = ["| " + " | ".join(words.codes_and_causes) + " |", "|---|---|"]
    for code in remediators.CODES:
        titles = [cause.title.words(lang) for cause in _causes(code)]
        shown = [*titles[:FEW], *([words.more.format(len(titles) - FEW)] if len(titles) > FEW else [])]
        rows.append(f"| [{code}]({code}.md) | {'; '.join(shown)} |")
    yield "\n".join(rows)
    yield f"[{words.others}](other.md)"
