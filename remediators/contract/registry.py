"""How a remediator is made known: `@remedies(CODE, ...)` on its plan, and a row in remediators/__init__.py.

`Remediator.registry` is what triage, the stages and the configuration look codes up in; it imports a file when its
code is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ossmend.remediators import FILES
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.client_settings import is_client_setting
from ossmend.remediators.contract.verdict import Diagnosis, Verdict
from ossmend.remediators.contract.view import View
from ossmend.remediators.contract.write import Place

if TYPE_CHECKING:
    from ossmend.remediators.contract.settings import Settings

PlanFunction = Callable[[Case, View, Any], Verdict]

SubjectFunction = Callable[[Event, Any], Subject]


@dataclass(frozen=True, slots=True)
class Explained:
    """A refusal as its text tells it, before anybody has looked at the cloud."""

    event: Event
    diagnosis: Diagnosis
    around: str = ""
    """The rest of a text that is about this one refusal only."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The write that a plan comes to if the world agrees with the text. The remediator says it, beside its plan."""

    operation: str
    target: str
    places: tuple[Place | None, ...]
    """Every place that the write may come to: a policy has to match them all."""
    only_if: str
    """What the world has to say first."""


ProposesFunction = Callable[[Explained, Any], Proposal | None]
"""The second argument is the policy's settings; None where no configuration is at hand, and it is only asked what a
policy could do. None is the answer where the text does not justify a write.
"""


CLAIMED: dict[str, Remediator] = {}
"""What the files that are imported so far have said."""


class Registry(Mapping[str, "Remediator"]):
    """Every remediator by its code. Those that nobody has asked for yet are not imported."""

    def __getitem__(self, code: str) -> Remediator:
        if code not in CLAIMED:
            import_module(f"ossmend.remediators.{FILES[code]}")
        return CLAIMED[code]

    def __contains__(self, code: object) -> bool:
        return code in FILES

    def __iter__(self) -> Iterator[str]:
        return iter(FILES)

    def __len__(self) -> int:
        return len(FILES)


class OptIn(NamedTuple):
    """A write that a setting switches on."""

    operation: str
    setting: str
    values: tuple[object, ...] = ()
    """Of the setting, those that allow the write; none are named of a section, which allows it by being there."""

    def allowed_by(self, value: object) -> bool:
        return value in self.values if self.values else value is not None


@dataclass(frozen=True, slots=True)
class Remediator:
    """One error code's knowledge: how to plan, what makes events one case, and its settings' name in the YAML."""

    code: str
    plan: PlanFunction
    subject: SubjectFunction
    section: str | None
    """Key of the settings inside a policy (`restore`, `cors`, ...); None without settings."""
    writes: tuple[str, ...]
    """Operations it may ever plan, e.g. ("RestoreObject",); a policy of such a code must say what it matches."""
    opt_in: tuple[OptIn, ...]
    """Further operations, that its settings decide about."""
    module: str
    proposes: ProposesFunction | None = None
    """What it writes if the world agrees; None if it never writes."""
    statuses: tuple[int, ...] = (403,)
    """HTTP statuses that this code comes with when it is a refusal to look at."""
    asks: tuple[str, ...] = ()
    """Questions of its view (view.py) that its plan may ask: what it needs to read. Those of its writes are theirs."""
    sees_end: bool = True
    """May a look find that it is over? Else a case closes only when nothing of it was seen for the policy's `quiet`."""

    registry: ClassVar[Registry] = Registry()

    @property
    def settings(self) -> type[Settings]:
        """Their class, from a file of its own: it needs pydantic, and who explains a text has no use for it."""
        from ossmend.remediators.contract.settings import SECTIONS, NoSettings

        if self.section is None:
            return NoSettings
        import_module(f"ossmend.remediators.settings.{self.section}")
        return SECTIONS[self.section]

    @classmethod
    def only_telling(cls, code: str | None) -> Remediator | None:
        """The remediator of a code that by default writes nothing: it may also look at what no policy took."""
        found = cls.registry.get(code or "")
        return found if found is not None and not found.writes else None

    @classmethod
    def looks(cls, code: str | None, *, taken: bool) -> bool:
        """May a look at a case of this code find that it is over? `taken`: by a policy."""
        found = cls.registry.get(code or "") if taken else cls.only_telling(code)
        return found is not None and found.sees_end

    def may_write(self, settings: Settings) -> tuple[str, ...]:
        """Operations that it may plan with these settings."""
        chosen = (each.operation for each in self.opt_in if each.allowed_by(getattr(settings, each.setting)))
        return (*self.writes, *chosen)


def is_ours(event: Event) -> bool:
    """An OSS refusal: HTTP 403, what the code's remediator takes beside it, or an S3 client's 400. Never another
    service's error.
    """
    if event.fields.get("foreign_service"):
        return False
    if is_client_setting(event):
        return True
    remediator = Remediator.registry.get(event.code or "")
    return event.status is None or event.status in (remediator.statuses if remediator is not None else (403,))


def remedies(
    *codes: str,
    subject: SubjectFunction,
    section: str | None = None,
    writes: tuple[str, ...] = (),
    opt_in: tuple[OptIn, ...] = (),
    proposes: ProposesFunction | None = None,
    statuses: tuple[int, ...] = (403,),
    asks: tuple[str, ...] = (),
    sees_end: bool = True,
) -> Callable[[PlanFunction], PlanFunction]:
    """Register `plan` for `codes`. A code that the table gives to another file, or to none, stops the start."""

    def register(plan: PlanFunction) -> PlanFunction:
        for code in codes:
            if plan.__module__ != f"ossmend.remediators.{FILES.get(code)}":
                raise ImportError(
                    f"{plan.__module__} claims {code}: say so in remediators/__init__.py, for one file only"
                )
            CLAIMED[code] = Remediator(
                code, plan, subject, section, writes, opt_in, plan.__module__, proposes, statuses, asks, sees_end
            )
        return plan

    return register
