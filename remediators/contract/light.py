"""`dataclass` and `regex`: the standard library's, for modules that a command line imports before a person reads on.

Making a frozen class of values takes the standard library half a millisecond, and compiling an expression a quarter of
one. `explain` imports a hundred of the first and three hundred of the second, and uses a third of them; so here a class
gets each method when it is first called, and an expression is compiled when it is first asked something.
After that neither is slower than the original. A type checker sees the originals
(docs/decisions/0027-what-a-start-costs.md).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, AnyStr, NoReturn, cast

# ---------------------------------------------------------------------------------------------------------- expressions


class Ready:
    """Its attributes are those of a compiled expression. No __getattr__ here: it would slow down each call."""


class Regex:
    """An expression that is not compiled yet. When it is first asked something it becomes a `Ready` one."""

    def __init__(self, compiled: Callable[[], re.Pattern[Any]]) -> None:
        self._compiled = compiled

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # a question of the language (is it callable, how is it copied), not of an expression
            raise AttributeError(name)
        compiled = self._compiled()
        vars(self).update({each: getattr(compiled, each) for each in _ANSWERS})
        self.__class__ = Ready  # type: ignore[assignment]  # no Regex from here on; both have nothing but attributes
        return getattr(compiled, name)


_ANSWERS = (
    "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn",
    "pattern", "flags", "groups", "groupindex",
)  # fmt: skip


def regex(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile`, done when the expression is first used. A wrong one is found by the suite, which uses them all."""
    return cast("re.Pattern[AnyStr]", Regex(lambda: re.compile(pattern, flags)))


# ---------------------------------------------------------------------------------------------------- classes of values

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  # the second name says that it is handed on
else:

    def dataclass(
        *, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False, eq: bool = True
    ) -> Callable[[type], type]:
        """The standard library's decorator for classes with slots, and for nothing else."""
        assert slots

        def made(cls: type) -> type:
            cls.__doc__ = cls.__doc__ or cls.__name__  # else the standard library writes a signature, which takes long
            value = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only, slots=True)(cls)
            methods = [
                "__init__",
                *(["__eq__"] if eq else []),
                *(_ORDER if order else []),
                *(["__hash__"] if frozen else []),
            ]
            if "__repr__" not in vars(value):
                methods.append("__repr__")
            for name in methods:
                setattr(value, name, _late(value, name, frozen=frozen, order=order))
            for name, method in ({"__hash__": None} if eq and not frozen else _FROZEN if frozen else {}).items():
                setattr(value, name, method)
            return value

        return made


def _late(cls: Any, name: str, *, frozen: bool, order: bool) -> Callable[..., Any]:
    """A method that replaces itself by the standard library's own when it is called first."""

    def first(self: Any, *args: Any, **given: Any) -> Any:
        said = {each: getattr(cls, each) for each in ("__doc__", "__post_init__") if hasattr(cls, each)}
        fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
        wanted: dict[str, Any] = {
            "init": name == "__init__",
            "repr": name == "__repr__",
            "eq": name not in ("__init__", "__repr__"),
        }
        twin: Any = dataclasses.make_dataclass(
            cls.__name__, fields, namespace=said, frozen=frozen, order=order and wanted["eq"], **wanted
        )
        setattr(cls, name, vars(twin)[name])
        return getattr(cls, name)(self, *args, **given)

    return first


def _refuse(self: Any, name: str, _value: object = None) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"{type(self).__name__}.{name} is frozen")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _set_state}
"""Of every frozen class; the last two are for copies, which cannot set one attribute after the other."""
_ORDER = ("__lt__", "__le__", "__gt__", "__ge__")
