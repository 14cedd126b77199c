"""The catalogue -> docs/causes.md: every cause as people read it, with what speaks for it.

`python -m ossmend.remediators.causes.document > docs/causes.md` writes the file; a test compares both ways.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import ModuleType

from ossmend.remediators.causes import CAUSES, FAMILIES
from ossmend.remediators.causes.ecs import ECS
from ossmend.remediators.causes.model import Cause, Sign, Text

HEAD = """# Causes

What ossmend knows about why OSS refuses a request. This file is made from the catalogue in `remediators/causes/`:

    python -m ossmend.remediators.causes.document > docs/causes.md

The code alone never names the cause. Each cause begins with how common it is among the causes of its code, and every sign
in the text adds to it or takes from it (weights in brackets, in log-odds: 1 is a hint, 3 is strong, 6 is what only one
cause brings about). The sums are made into confidences that add up to 100 % together with "unknown". An EC is never more
than a hint, and never decides a write. Causes without signs are found by asking the cloud.

这里列出 ossmend 所了解的 OSS 拒绝原因。错误码本身不能确定原因：每个原因按常见程度起步，再由文本中的迹象加权（方括号内为对数几率：
1 为提示，3 为有力，6 为该原因独有），最后与“未知”一起换算为置信度。EC 只是提示，绝不决定写入。没有迹象的原因需询问云端才能确定。
"""


def markdown() -> str:
    """The whole document."""
    parts = [HEAD, _index()]
    for family in FAMILIES:
        parts.append(f"## {_first_line(family)}\n")
        parts += [_cause(each) for each in family.CAUSES]
    return "\n".join((*parts, _ecs()))


def _ecs() -> str:
    """What an EC alone is answered with."""
    lines = ["## ECs\n", "What an EC alone is answered with: a hint, told with at most 69 %. 单独的 EC 仅为提示。\n"]
    lines += ["| EC | code, status | likeliest cause | what it says |", "|---|---|---|---|"]
    for ec, row in sorted(ECS.items()):
        told = ", ".join(str(part) for part in (row.code, row.status) if part) or "not told"
        lines.append(f"| {ec} | {told} | [{row.cause}](#{row.cause}) | {row.says.en} · {row.says.zh} |")
    return "\n".join((*lines, ""))


def _first_line(family: ModuleType) -> str:
    return (family.__doc__ or "").partition("\n")[0].partition(" (")[0].rstrip(".")


def _index() -> str:
    """Every code with its causes, the commonest first."""
    by_code: dict[str, list[Cause]] = {}
    for each in CAUSES.values():
        for code in each.codes:
            by_code.setdefault(code, []).append(each)
    lines = ["| code | causes, the commonest first |", "|---|---|"]
    for code in sorted(by_code):
        causes = sorted(by_code[code], key=lambda each: (each.prior is None, -(each.prior or 0.0), each.id))
        lines.append(f"| `{code}` | {', '.join(f'[{each.id}](#{each.id})' for each in causes)} |")
    return "\n".join((*lines, ""))


def _cause(cause: Cause) -> str:
    codes = ", ".join(f"`{code}`" for code in cause.codes) or "any code, or none"
    parts = [f"### {cause.id}\n", f"**{cause.title.en}** · {cause.title.zh}\n", f"Code: {codes}"]
    if cause.cure:
        parts[-1] += f". Cured by `{cause.cure}`"
    parts[-1] += ".\n"
    parts += _texts("Next · 下一步", cause.next_steps)
    parts += _texts("Do not · 不要", cause.avoid)
    if cause.prior is None:
        parts.append("A text never names it; it is found by asking the cloud, or where nothing else is.\n")
    else:
        parts.append(f"Begins at [{cause.prior:+g}].\n")
    parts += _signs("Speaks for it", [each for each in cause.signs if each.weight > 0])
    parts += _signs("Speaks against it", [each for each in cause.signs if each.weight < 0])
    return "\n".join(parts)


def _texts(heading: str, texts: Sequence[Text]) -> list[str]:
    return [f"{heading}:\n", *(f"- {text.en}\n  {text.zh}" for text in texts), ""] if texts else []


def _signs(heading: str, signs: Sequence[Sign]) -> list[str]:
    return [f"{heading}:\n", *(f"- {_sign(each)} [{each.weight:+g}]" for each in signs), ""] if signs else []


def _sign(sign: Sign) -> str:
    return f"{_feature(sign.feature)} has ``{sign.pattern}``"


_NAMES: Mapping[str, str] = {
    "message": "OSS's message",
    "ec": "the EC",
    "sample": "the text around the error",
    "key_shape": "the shape of the key id",
}


def _feature(name: str) -> str:
    """A feature in words where it has some, else by its name."""
    if name in _NAMES:
        return _NAMES[name]
    return f"the field `{name.removeprefix('fields.')}`" if name.startswith("fields.") else f"`{name}`"


if __name__ == "__main__":
    sys.stdout.write(markdown())
