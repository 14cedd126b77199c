"""What may be set of each remediator: one file for each section of a policy. `told` is what those files say.

The classes are pydantic's. A remediator has them as types only, and `Remediator.settings` imports the file when there
is a configuration to read: `explain` has none, and loads no pydantic. So `told` reads the source.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Setting(NamedTuple):
    """One setting, for people."""

    name: str
    default: object
    says: str


def told(section: str) -> tuple[Setting, ...]:
    """The settings of that section in their order, with defaults and docstrings."""
    source = Path(__file__).with_name(f"{section}.py").read_text(encoding="utf-8")
    (body,) = (node.body for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    return tuple(_settings(body))


def _settings(body: list[ast.stmt]) -> Iterator[Setting]:
    for field, said in pairwise(body):
        match field, said:
            case (
                ast.AnnAssign(target=ast.Name(name), value=ast.expr() as default),
                ast.Expr(ast.Constant(str(says))),
            ) if not _is_call(default, "Field"):  # Field(exclude=True): the loader fills it, and nobody sets it
                yield Setting(name, _value(default), inspect.cleandoc(says))


def _value(default: ast.expr) -> object:
    if isinstance(default, ast.Call) and _is_call(default, "timedelta"):
        return timedelta(**{each.arg or "": ast.literal_eval(each.value) for each in default.keywords})
    return ast.literal_eval(default)


def _is_call(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
