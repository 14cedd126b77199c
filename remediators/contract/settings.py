"""The base of every settings model, what the docstrings under its fields say, and durations as people write them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import Annotated, ClassVar, TypeVar

# No package that happens to be installed looks into our settings; and looking for such packages takes longer than
# `ossmend check` needs for a file.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from ossmend.remediators.contract.light import regex


class Settings(BaseModel):
    """Base of every settings model: frozen, unknown keys refused, a docstring under each field (`descriptions`)."""

    example: ClassVar[Mapping[str, object]] = {}
    """Of a section inside of others that has no defaults: values that are legal, for pages and tests."""
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """(action, resource) pairs that the writes they switch on need at places that the policy does not match."""
        return ()

    @classmethod
    def only_telling(cls) -> Settings:
        """What holds for events that no policy has taken: nothing is written for those."""
        return cls()


S = TypeVar("S", bound=type[Settings])

SECTIONS: dict[str, type[Settings]] = {}
"""The settings of remediators by their section of a policy, as far as their files are imported (registry.py)."""


def section(name: str) -> Callable[[S], S]:
    """Decorator: the class is what a policy may say under that name."""

    def register(settings: S) -> S:
        SECTIONS[name] = settings
        return settings

    return register


@cache
def descriptions(model: type[Settings]) -> Mapping[str, str]:
    """What is said of each field: its own description, else the docstring under it. Read when somebody asks, from the
    source: pydantic would read it at every start, before anybody has.
    """
    found: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if issubclass(cls, Settings) and cls is not Settings:
            found |= _docstrings(cls)
    found |= {name: field.description for name, field in model.model_fields.items() if field.description}
    return {name: text for name, text in found.items() if name in model.model_fields}


def _docstrings(cls: type) -> dict[str, str]:
    import ast
    import inspect
    import textwrap

    try:
        (body,) = (
            node.body
            for node in ast.parse(textwrap.dedent(inspect.getsource(cls))).body
            if isinstance(node, ast.ClassDef)
        )
    except OSError:  # put together at run time: its fields bring their descriptions along
        return {}
    return {
        field.target.id: inspect.cleandoc(said.value.value)
        for field, said in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
    }


_DURATION = regex(r"([0-9]{1,9})(ms|s|m|h|d)")

LONGEST = timedelta(days=3650)
"""Far beyond any use; but `now` plus or minus it is still a date."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: object) -> timedelta:
    """`90s`, `10m`, `24h`, `7d`, `250ms`. Raises ValueError with what was expected."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("a duration is a number with a unit: 250ms, 90s, 10m, 24h or 7d")
    duration = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if duration > LONGEST:
        raise ValueError(f"a duration is at most {LONGEST.days}d")
    return duration


def duration_text(duration: timedelta) -> str:
    """The shortest way to write it: `90s`, `10m`, `1d`."""
    for unit in ("d", "h", "m", "s"):
        number, rest = divmod(duration, timedelta(seconds=_UNITS[unit]))
        if number and not rest:
            return f"{number}{unit}"
    return f"{round(duration.total_seconds() * 1000)}ms"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$", "examples": ["90s", "10m", "24h"]}),
]
"""A timedelta that is written with its unit."""


class NoSettings(Settings):
    """For remediators that have nothing to set."""
