"""What is wrong with a configuration -> one line for each problem, as compilers print them.

document.py finds them in the text, complaints.py in the values, combinations.py in what belongs together; load.py
collects them all and refuses once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Where = tuple[str | int, ...]
"""The way to a value: ("policies", 0, "restore", "days")."""
Doubt = tuple[Where, str, str | None]
"""Where it stands, what is doubted, and the nearest right word."""
MOST_TOLD = 200
"""Problems told at once; nobody reads more."""
MOST_SHOWN = 60
"""Characters of a foreign word in a message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. Lines and columns count from 1; both are 0 where the file as a whole is meant."""

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None = None
    """The nearest right word, where there is one."""

    def __str__(self) -> str:
        return self.told("")

    def told(self, word: str) -> str:
        """As a line; `word` ("warning: ") says how bad it is, where it is not a refusal."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        said = f'{self.message}; did you mean "{self.suggestion}"?' if self.suggestion else self.message
        return f"{place}: {word}{self.path}: {said}" if self.path else f"{place}: {word}{said}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "file": self.file, "line": self.line, "column": self.column,
            "path": self.path, "message": self.message, "suggestion": self.suggestion,
        }  # fmt: skip


class ConfigRefused(Exception):
    """The configuration cannot be used; `problems` are all the reasons found, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        told = tuple(dict.fromkeys(sorted(problems, key=lambda each: (each.line, each.column))))
        if len(told) > MOST_TOLD:
            told = (*told[:MOST_TOLD], Problem(told[0].file, 0, 0, "", "and more; mend these first"))
        self.problems = told
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, file: Path | str, message: str) -> ConfigRefused:
        """About the file as a whole."""
        return cls((Problem(file_name(file), 0, 0, "", message),))


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that was most likely meant; capitals do not count."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(word.lower()[:MOST_SHOWN], by_lower, n=1, cutoff=cutoff)
    return by_lower[near[0]] if near else None


def dotted(where: Where) -> str:
    """`policies[0].restore.days`"""
    text = ""
    for part in where:
        text += f"[{part}]" if isinstance(part, int) else f".{printable(part)}" if text else printable(part)
    return text


def printable(text: str, most: int = MOST_SHOWN) -> str:
    """Cut, and without anything that could forge a line or reach a terminal."""
    shown = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text[:most])
    return shown if len(text) <= most else shown + "..."


def file_name(path: Path | str) -> str:
    """A file as problems name it: never cut, or nobody could open it."""
    return printable(str(path), 4096)
