"""Lists in the file whose entries are each one of several kinds: `sources`, `notify`. A kind is one file.

A registry of kinds is filled by the files of config/sources/ or config/channels/, which are found by being there, and
`entries` makes the model of the list from it. So a new kind is known here, to the schema, to `ossmend check` and to the
nearest-name suggestions as soon as its file is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

from pydantic import Field, create_model, model_validator

from ossmend.remediators.contract.settings import Settings

S = TypeVar("S", bound=type[Settings])


class OneKind(Settings):
    """An entry of such a list: exactly one of its kinds."""

    @model_validator(mode="after")
    def _one(self) -> OneKind:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            kinds = ", ".join(type(self).model_fields)
            raise ValueError(f"expected exactly one of {kinds}; begin a new list entry for each")
        return self

    @property
    def kind(self) -> str:
        """Its name: `app_log`, `webhook`."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def given(self) -> Any:
        """The settings of that kind."""
        return getattr(self, self.kind)


def registered(registry: dict[str, S], kind: str) -> Callable[[S], S]:
    """Puts a class of settings on the list of kinds. Raises ImportError where two files claim one."""

    def register(cls: S) -> S:
        known = registry.setdefault(kind, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ImportError(f"{kind} is claimed by {known.__module__} and by {cls.__module__}")
        return cls

    return register


def load(package: ModuleType) -> None:
    """Import every file of a folder: being there is being registered."""
    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


def entries(name: str, base: type[OneKind], kinds: Mapping[str, type[Settings]]) -> Any:
    """The type of the list: `base` with a field for each kind, none of which is required."""
    fields: dict[str, Any] = {
        kind: (settings | None, Field(None, description=settings.__doc__)) for kind, settings in sorted(kinds.items())
    }
    entry = create_model(name, __base__=base, __doc__=base.__doc__, **fields)
    return tuple[entry, ...]  # type: ignore[valid-type]  # made while running; who reads the code is told `base`
