"""`dataclass` and `regex`: the standard library's, for modules that a command line imports before a person reads on.

Making a frozen class of values takes the standard library half a millisecond, and compiling an expression a quarter of
one. `explain` imports a hundred of the first and three hundred of the second, and uses a third of them; so here a class
gets its `__init__` when the first value of it is made, and an expression is compiled when it is first asked something.
After that neither is slower than the original. A type checker sees the originals
(docs/decisions/0027-what-a-start-costs.md).
"""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, AnyStr, NoReturn, cast

# ---------------------------------------------------------------------------------------------------------- expressions


class Regex:
    """An expression that is not compiled yet: each attribute is looked up once in the compiled one, and kept."""

    def __init__(self, compiled: Callable[[], re.Pattern[Any]]) -> None:
        self._compiled = compiled

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # a question of the language (is it callable, how is it copied), not of an expression
            raise AttributeError(name)
        found = getattr(self._compiled(), name)
        setattr(self, name, found)
        return found


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
            compared = ({"__eq__": operator.eq} if eq else {}) | (_ORDER if order else {})
            for name, method in (_methods(value, frozen) | _comparing(value, frozen, compared)).items():
                setattr(value, name, method)
            return value

        return made


def _methods(cls: Any, frozen: bool) -> dict[str, Any]:
    """What the standard library would write for the class, by name; a `__repr__` of its own stays."""
    shown = [field.name for field in dataclasses.fields(cls) if field.repr]

    def init(self: Any, *args: Any, **given: Any) -> None:
        _write_init(cls, frozen)
        type(self).__init__(self, *args, **given)

    def text(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return {"__init__": init} | ({} if "__repr__" in vars(cls) else {"__repr__": text}) | (_FROZEN if frozen else {})


def _comparing(cls: Any, frozen: bool, compared: Mapping[str, Callable[[Any, Any], bool]]) -> dict[str, Any]:
    """Values compare as tuples of their fields, with their own class only; frozen ones have the hash of that tuple."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    values = operator.attrgetter(*names) if names else lambda _value: ()

    def method(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
        def asked(self: Any, other: object) -> bool:
            return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

        return asked

    hashing = {"__hash__": (lambda self: hash(values(self))) if frozen else None} if compared else {}
    return hashing | {name: method(compare) for name, compare in compared.items()}


def _write_init(cls: Any, frozen: bool) -> None:
    """The standard library's own `__init__`, of a twin that has the same fields."""
    said = {name: getattr(cls, name) for name in ("__doc__", "__post_init__") if hasattr(cls, name)}
    fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
    twin = dataclasses.make_dataclass(cls.__name__, fields, namespace=said, repr=False, eq=False, frozen=frozen)
    cls.__init__ = vars(twin)["__init__"]


def _refuse(self: Any, name: str, _value: object = None) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"{type(self).__name__}.{name} is frozen")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_FROZEN = {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _set_state}
"""Of every frozen class; the last two are for copies, which cannot set one attribute after the other."""
_ORDER = {"__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt, "__ge__": operator.ge}
