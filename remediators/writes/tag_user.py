"""TagUser: mark the owner of a refused key, where a policy has switched that on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ossmend.remediators.contract.write import Write, write


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class TagUser(Write):
    """IMS TagResources on one RAM user: mark the owner of a refused key. Opt-in; touches no key."""

    asks: ClassVar[tuple[str, ...]] = ("key_owner",)
    operation: Literal["TagUser"] = "TagUser"
    principal: str
    user_id: str
    tags: tuple[tuple[str, str], ...]
    planned_on: str

    @classmethod
    def example(cls) -> TagUser:
        return cls(principal="USER", user_id="", tags=(), planned_on="")

    @property
    def place(self) -> None:
        """None: a RAM user lies in no bucket."""
        return

    @property
    def target(self) -> str:
        return f"ram:user/{self.principal}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        return (("ram:TagResources", f"acs:ram:*:*:user/{self.principal.partition('@')[0]}"),)

    def not_undone(self) -> str:
        return "ossmend takes no tag away: remove it by hand"
