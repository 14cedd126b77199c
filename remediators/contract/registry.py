"""How a remediator is made known: `@remedies(CODE, ...)` on its plan. Importing a file registers it.

`Remediator.registry` is what triage, the stages and the configuration look codes up in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.settings import NoSettings, Settings
from ossmend.remediators.contract.verdict import Verdict
from ossmend.remediators.contract.view import View

PlanFunction = Callable[[Case, View, Any], Verdict]

SubjectFunction = Callable[[Event, Any], Subject]


@dataclass(frozen=True, slots=True)
class Remediator:
    """One error code's knowledge: how to plan, what makes events one case, and its settings' name in the YAML."""

    code: str
    plan: PlanFunction
    subject: SubjectFunction
    settings: type[Settings]
    section: str | None
    """Key of the settings inside a policy (`restore`, `cors`, ...); None without settings."""
    writes: tuple[str, ...]
    """Operations it may ever plan, e.g. ("RestoreObject",); a policy of such a code must say what it matches."""
    module: str

    registry: ClassVar[dict[str, Remediator]] = {}

    @classmethod
    def only_telling(cls, code: str | None) -> Remediator | None:
        """The remediator of a code that by default writes nothing: it may also look at what no policy took."""
        found = cls.registry.get(code or "")
        return found if found is not None and not found.writes else None


def remedies(
    *codes: str,
    subject: SubjectFunction,
    settings: type[Settings] = NoSettings,
    section: str | None = None,
    writes: tuple[str, ...] = (),
) -> Callable[[PlanFunction], PlanFunction]:
    """Register `plan` for `codes`. Two files that claim one code stop the start."""

    def register(plan: PlanFunction) -> PlanFunction:
        for code in codes:
            taken = Remediator.registry.get(code)
            if taken is not None and taken.module != plan.__module__:
                raise ImportError(f"{code} is claimed by {taken.module} and by {plan.__module__}")
            Remediator.registry[code] = Remediator(code, plan, subject, settings, section, writes, plan.__module__)
        return plan

    return register
