"""The code -> pages for people: docs/codes/ (code_pages.py), docs/configuration.md and docs/permissions.md.

`python -m ossmend.daemon.explain.manual docs` writes them; a test compares, so that no page is older than the code.
docs/causes.md is made of the catalogue in the same way (remediators/causes/document.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ossmend.config.schema import schema
from ossmend.daemon.explain import code_pages, permissions_page

COMMAND = "python -m ossmend.daemon.explain.manual docs"
MADE = f"<!-- made from the code by `{COMMAND}` -->"


def pages() -> dict[str, str]:
    """Every page by its name under docs/."""
    of_codes = {name: f"{MADE}\n\n{text}" for name, text in code_pages.pages().items()}
    permissions = permissions_page.page(MADE)
    return {**of_codes, "configuration.md": _configuration(), "permissions.md": permissions}


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
