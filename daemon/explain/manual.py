"""The code -> pages for people: docs/codes/<Code>.md for each code, docs/configuration.md and docs/permissions.md.

`python -m ossmend.daemon.explain.manual docs` writes them; a test compares, so that no page is older than the code.
docs/causes.md is made of the catalogue in the same way (remediators/causes/document.py).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

from ossmend import remediators
from ossmend.config.schema import schema
from ossmend.daemon.explain import permissions_page
from ossmend.remediators.causes import CAUSES
from ossmend.remediators.causes.model import Cause
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.settings import descriptions
from ossmend.remediators.contract.write import WRITES

COMMAND = "python -m ossmend.daemon.explain.manual docs"
MADE = f"<!-- made from the code by `{COMMAND}` -->"
EXAMPLE = files("ossmend.config").joinpath("ossmend.example.yaml")


def pages() -> dict[str, str]:
    """Every page by its name under docs/."""
    of_codes = {f"codes/{code}.md": _code(Remediator.registry[code]) for code in remediators.CODES}
    permissions = permissions_page.page(MADE, opt_in)
    return {**of_codes, "configuration.md": _configuration(), "permissions.md": permissions}


# ---------------------------------------------------------------------------------------------------------------- codes


def _code(remediator: Remediator) -> str:
    """What one code means, what is done about it, what that needs, and how it is configured."""
    paragraphs = [" ".join(each.split()) for each in (import_module(remediator.module).__doc__ or "").split("\n\n")]
    linked = [re.sub(r"docs/([\w/.-]+\.md)(#[\w-]+)?", r"[docs/\1\2](../\1\2)", each) for each in paragraphs]
    parts = [MADE, f"# {remediator.code}", *(each for each in linked if each)]
    parts += ["## Writes", *_writes(remediator)]
    parts += ["## Settings", *_settings(remediator)]
    parts += ["## Example", f"```yaml\n{_example(remediator)}\n```"]
    parts += ["## Causes", "The commonest first; what speaks for each is in [causes.md](../causes.md)."]
    return "\n\n".join((*parts, *map(_cause, _causes(remediator.code)))) + "\n"


def _writes(remediator: Remediator) -> Iterator[str]:
    """Each write that it may plan, with the permissions it needs."""
    optional = tuple(name for name in opt_in(remediator) if name not in remediator.writes)
    if not (remediator.writes or optional):
        yield "None. It looks, and a person is told."
    for operation in (*remediator.writes, *optional):
        when = "" if operation in remediator.writes else f" (only if {opt_in(remediator)[operation]})"
        needs = (f"`{action}` on `{resource}`" for action, resource in WRITES[operation].example().permissions)
        yield f"`{operation}`{when} needs {', '.join(needs)}."


def opt_in(remediator: Remediator) -> Mapping[str, str]:
    """Writes that a setting switches on or off, with the sentence that says which: by trying its values."""
    found: dict[str, str] = {}
    least = set(remediator.settings.only_telling().opts_into)
    for name, field in remediator.settings.model_fields.items():
        for value in _values(field.annotation):
            tried = remediator.settings.model_validate({name: value})
            for operation in set(tried.opts_into) - least:
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                found[operation] = f"{found[operation]} or {shown}" if operation in found else f"`{name}` is {shown}"
    return found


def _values(annotation: Any) -> Sequence[Any]:
    """The values of a switch or a choice; nothing for what cannot be listed."""
    if annotation is bool:
        return (False, True)
    values: Sequence[Any] = getattr(annotation, "__args__", ()) if "Literal" in str(annotation) else ()
    return [value for value in values if isinstance(value, str)]


def _settings(remediator: Remediator) -> Iterator[str]:
    if remediator.section is None:
        yield "None of its own."
        return
    said = descriptions(remediator.settings)
    shown = {name: field for name, field in remediator.settings.model_fields.items() if not field.exclude}
    rows = [f"| `{name}` | {_shown(field.default)} | {_cell(said[name])} |" for name, field in shown.items()]
    yield f"In the section `{remediator.section}` of a policy:"
    yield "\n".join(("| setting | default | what it is for |", "|---|---|---|", *rows))


def _example(remediator: Remediator) -> str:
    """The policy of the example configuration that is on this code; where it has none, the shortest one."""
    text = EXAMPLE.read_text(encoding="utf-8").partition("\npolicies:\n")[2]
    for block in re.findall(r"(?m)^  - name: .*\n(?:^    .*\n)*", text):
        if re.search(rf"(?m)^    on: {remediator.code}\b", block):
            return f"policies:\n{block.rstrip()}"
    return f"policies:\n  - {{ name: {remediator.code.lower()}, on: {remediator.code} }}"


def _causes(code: str) -> list[Cause]:
    found = [cause for cause in CAUSES.values() if code in cause.codes]
    return sorted(found, key=lambda cause: (cause.prior is None, -(cause.prior or 0.0), cause.id))


def _cause(cause: Cause) -> str:
    steps = "\n".join(f"- {step.en}\n  {step.zh}" for step in cause.next_steps)
    return f"### {cause.id}\n\n{cause.title.en} · {cause.title.zh}\n\n{steps}"


# -------------------------------------------------------------------------------------------------------- configuration


HEAD = """# Configuration

Every setting of `ossmend.yaml`, with its unit, its default and its reason. `ossmend schema` prints the same for
editors, `ossmend check` says what is wrong in a file, and `config/ossmend.example.yaml` is a whole file to begin with.
Durations carry their unit: `250ms`, `90s`, `10m`, `24h`, `7d`."""


def _configuration() -> str:
    """A section for each part of the file, in the order in which the file has them."""
    shape = schema()
    definitions: Mapping[str, Any] = shape.get("$defs", {})
    places: dict[str, list[str]] = {}
    order: list[tuple[str, Mapping[str, Any]]] = [("", shape)]
    for where, node in order:
        for name, field in node.get("properties", {}).items():
            for reference, suffix in _references(field):
                place = f"{where}.{name}{suffix}".lstrip(".")
                if reference not in places:
                    order.append((place, definitions[reference]))
                places.setdefault(reference, []).append(place)
    names = {id(definition): places[name] for name, definition in definitions.items() if name in places}
    parts = [MADE, HEAD]
    for where, node in order:
        title = ", ".join(f"`{each}`" for each in names.get(id(node), [])) if where else "The file"
        parts += [f"## {title}", _text(node.get("description", "")), _table(node)]
    return "\n\n".join(parts) + "\n"


def _references(field: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The definitions that a field holds, and what its name then ends with: `[]` in a list, `.NAME` in a mapping."""
    if "$ref" in field:
        yield field["$ref"].rpartition("/")[2], ""
    for inner in field.get("anyOf", ()):
        yield from _references(inner)
    for key, suffix in (("items", "[]"), ("additionalProperties", ".NAME")):
        if isinstance(field.get(key), dict):
            yield from ((name, suffix + more) for name, more in _references(field[key]))


def _table(node: Mapping[str, Any]) -> str:
    required = node.get("required", ())
    rows = ["| setting | what it takes | default | what it is for |", "|---|---|---|---|"]
    for name, field in node.get("properties", {}).items():
        default = "required" if name in required else _shown(field.get("default"))
        rows.append(f"| `{name}` | {_kind(field)} | {default} | {_cell(field.get('description', ''))} |")
    return "\n".join(rows)


def _kind(field: Mapping[str, Any]) -> str:
    """A word for what a field takes, and its range."""
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_kind(each) for each in field["anyOf"]))
    if "$ref" in field or isinstance(field.get("additionalProperties"), dict):
        return "a mapping"
    if field.get("type") == "array":
        kind = _kind(field.get("items", {}))
        return "a list" if kind == "text" else f"a list of {kind.removeprefix('a ').replace('mapping', 'mappings')}"
    if "(ms|s|m|h|d)" in field.get("pattern", ""):
        return "a duration"
    words = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "text"}
    least, most = field.get("minimum"), field.get("maximum")
    limits = f", {least} to {most}" if most is not None else f", at least {least}" if least is not None else ""
    return words.get(field.get("type", ""), "a mapping") + limits


def _shown(default: Any) -> str:
    if default is None or default in ({}, [], ()):
        return "none"
    if isinstance(default, dict | list):
        return f"`{json.dumps(default)}`" if len(json.dumps(default)) < 60 else "see there"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def _text(text: str) -> str:
    return " ".join(text.split())


def main(folder: Path) -> None:
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
