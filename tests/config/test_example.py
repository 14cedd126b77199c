"""The example file and the schema: complete, right, and agreeing with the model and with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.config import document
from ossmend.config.load import ConfigRefused, Problem, load_text
from ossmend.config.schema import schema

EXAMPLE = files("ossmend.config").joinpath("ossmend.example.yaml").read_text(encoding="utf-8")
SCHEMA = schema()
SWITCHED_OFF = re.compile(r"^( *)#(?=[a-z_]+:|  )", re.MULTILINE)
"""A setting behind a #; prose has one blank there."""


def everything() -> str:
    return SWITCHED_OFF.sub(r"\1", EXAMPLE)


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("access-key-id", "access-key-secret", "security-token", "webhook-secret", "external-id"):
        (tmp_path / name).write_text("made-up")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))


def test_the_example_is_a_configuration_that_writes_nothing() -> None:
    config = load_text(EXAMPLE)
    assert {policy.mode for policy in config.policies} == {"dry-run", "approve"}
    assert config.mode == "dry-run"


@pytest.mark.usefixtures("credentials")
def test_the_example_is_right_with_everything_switched_on() -> None:
    config = load_text(everything())
    assert config.cloud.credentials is not None
    assert config.channels


def test_what_the_example_calls_a_default_is_the_default() -> None:
    least = load_text("version: 1\ncloud: { region: cn-hangzhou }\n")
    config = load_text(EXAMPLE)
    for name in ("brakes", "prices", "quiet", "recurrence", "clock", "log", "mode", "state", "cases", "retention"):
        assert getattr(config, name) == getattr(least, name), name
    assert config.cloud == least.cloud


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return SCHEMA["$defs"][reference.rpartition("/")[2]] if reference else node


def settings_of(node: dict[str, Any], where: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every setting of the schema, `*` for names that the user chooses and for list entries."""
    node = resolve(node)
    for name, inner in node.get("properties", {}).items():
        yield (*where, name)
        if name != "from":  # what it holds is what `credentials` holds
            yield from settings_of(inner, (*where, name))
    for inner in (node.get("items"), node.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from settings_of(inner, (*where, "*"))


def ways_in(value: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            inner_where = (*where, "*" if where == ("cors_rules",) else name)
            yield inner_where
            yield from ways_in(inner, inner_where)
    elif isinstance(value, tuple):
        for inner in value:
            yield from ways_in(inner, (*where, "*"))


@pytest.mark.usefixtures("credentials")
def test_every_setting_stands_in_the_example() -> None:
    there = set(ways_in(document.read(everything(), "f").values))
    told = {("state", "url"), ("state", "password"), ("state", "node")}  # exclude `path`, and are told in words
    missing = set(settings_of(SCHEMA)) - there - told
    of_other_kinds = {where for where in missing if "credentials" in where[1:3]}
    assert missing == of_other_kinds
    assert [where for where in of_other_kinds if f"{where[-1]}:" not in EXAMPLE] == []
    for words in ("url: sqlite:////var/lib/ossmend", "url: postgresql://", "password: !secret", "node: NAME"):
        assert words in EXAMPLE


def test_every_setting_is_described_in_the_schema() -> None:
    for owner in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, field in owner.get("properties", {}).items():
            assert (resolve(field) | field).get("description"), (owner.get("description"), name)


def test_the_schema_says_what_is_required_and_never_null() -> None:
    assert SCHEMA["required"] == ["version", "cloud"]
    assert SCHEMA["$defs"]["Policy"]["required"] == ["name", "on"]
    assert "null" not in str(SCHEMA)
    assert "stored" not in SCHEMA["$defs"]["CorsSettings"]["properties"]


def complaints(node: dict[str, Any], value: Any, where: str = "") -> Iterator[str]:
    """As much of JSON Schema as the schema uses."""
    node = resolve(node) | {key: inner for key, inner in node.items() if key != "$ref"}
    if "anyOf" in node and all(list(complaints(each, value)) for each in node["anyOf"]):
        yield f"{where}: none of the kinds"
    if "const" in node and value != node["const"]:
        yield f"{where}: {value!r}"
    if "enum" in node and value not in node["enum"]:
        yield f"{where}: {value!r}"
    kinds: dict[str, Any] = {
        "object": dict,
        "array": tuple,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
    }
    if "type" in node and (
        not isinstance(value, kinds[node["type"]]) or (isinstance(value, bool) and node["type"] != "boolean")
    ):
        yield f"{where}: {value!r} is no {node['type']}"
    elif isinstance(value, dict):
        yield from _in_object(node, value, where)
    elif isinstance(value, tuple) and "items" in node:
        for index, inner in enumerate(value):
            yield from complaints(node["items"], inner, f"{where}[{index}]")
    elif (isinstance(value, str) and not re.search(node.get("pattern", ""), value)) or (
        isinstance(value, (int, float)) and not node.get("minimum", value) <= value <= node.get("maximum", value)
    ):
        yield f"{where}: {value!r}"


def _in_object(node: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
    for name in node.get("required", []):
        if name not in value:
            yield f"{where}.{name}: missing"
    for name, inner in value.items():
        further = node.get("additionalProperties")
        shape = node.get("properties", {}).get(name, further if isinstance(further, dict) else None)
        if shape is None:
            yield f"{where}.{name}: unknown"
        else:
            yield from complaints(shape, inner, f"{where}.{name}")


def test_the_schema_takes_the_example() -> None:
    assert list(complaints(SCHEMA, document.read(EXAMPLE, "f").values)) == []


@pytest.mark.parametrize(
    "text",
    ["version: 2", "mood: 1", "quiet: 10", "log: { level: loud }", "brakes: { writes_per_hour: -1 }", "sources: 1",
     "policies: [ { name: a } ]", "cloud: { region: 5 }", "cloud: {}", "policies: [ { name: a, on: A, enabled: 1 } ]"],
)  # fmt: skip
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    values = {"version": 1, "cloud": {"region": "cn-hangzhou"}} | document.read(text, "f").values
    assert list(complaints(SCHEMA, values))


# ----------------------------------------------------------------------------------------------------------- mutations

LINES = EXAMPLE.splitlines()
MARKS = r"""- ;: ;#;';";{;};[;];*;&a ;!secret x;!!int ;~;null;no;-1;1e999;22:00;<<: {};? ;...;%YAML;é;\;|;>;@"""
SNIPPETS = (*MARKS.split(";"), "", "\t", "  ", "\x00", "\ud800", "\ufeff", "\r", "\u2028", "---\n")


def problems_of(text: str) -> tuple[Problem, ...]:
    """None for a Config; anything but that and ConfigRefused fails the test by itself."""
    try:
        load_text(text)
    except ConfigRefused as refused:
        return refused.problems or (Problem("f", 0, 0, "", "\0 refused without a problem"),)
    return ()


def misplaced(text: str) -> list[Problem]:
    """What is complained of in words that cannot be printed, or at a line that is not there."""
    last = len(text.splitlines()) + 1
    return [problem for problem in problems_of(text) if not str(problem).isprintable() or problem.line > last]


@given(
    st.lists(
        st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 12), st.sampled_from(SNIPPETS)), min_size=1, max_size=4
    )
)
@settings(max_examples=150, deadline=None)
def test_no_damage_to_the_text_ends_in_a_traceback(cuts: list[tuple[int, int, str]]) -> None:
    text = EXAMPLE
    for at, length, instead in cuts:
        text = text[:at] + instead + text[at + length :]
    assert misplaced(text) == []


@given(
    st.lists(
        st.tuples(st.integers(0, len(LINES) - 1), st.integers(-4, 4), st.integers(0, len(LINES) - 1)),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=100, deadline=None)
def test_no_shuffling_of_lines_ends_in_a_traceback(moves: list[tuple[int, int, int]]) -> None:
    lines = list(LINES)
    for source, indent, target in moves:
        line = lines[source]
        lines[target] = " " * indent + line if indent >= 0 else line[-indent:]
    assert misplaced("\n".join(lines)) == []


ANY_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["*", "1s", "CNY", "/a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def replaced(values: Any, where: list[int], instead: Any) -> Any:
    """The same with one value, reached by picking children, replaced."""
    if not where or not isinstance(values, (dict, tuple)) or not values:
        return instead
    keys = list(values) if isinstance(values, dict) else list(range(len(values)))
    chosen = keys[where[0] % len(keys)]
    inner = replaced(values[chosen], where[1:], instead)
    if isinstance(values, dict):
        return values | {chosen: inner}
    return tuple(inner if key == chosen else value for key, value in zip(keys, values, strict=True))


@given(st.lists(st.integers(0, 30), max_size=6), ANY_VALUE)
@settings(max_examples=150, deadline=None)
def test_no_value_at_any_place_ends_in_a_traceback(where: list[int], instead: Any) -> None:
    import json

    values = replaced(document.read(EXAMPLE, "f").values, where, instead)
    assert misplaced(json.dumps(values, default=str)) == []
