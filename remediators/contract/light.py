"""`regex`: the standard library's `re.compile`, for modules that a command line imports before a person reads on.

Compiling an expression takes a quarter of a millisecond. `explain` imports three hundred and asks a third of them, so
here an expression is compiled when it is first asked something. A type checker sees the original
(docs/decisions/0027-what-a-start-costs.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, AnyStr, cast


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
