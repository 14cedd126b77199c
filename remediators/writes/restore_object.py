"""RestoreObject: make an archived object readable for some days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Literal

from ossmend.remediators.contract.restore_times import takes
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.write import Place, PriceList, Write, write

Tier = Literal["Expedited", "Standard", "Bulk"]


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreObject(Write):
    """POST /key?restore: make an archived object readable for some days. Cannot be undone; it expires by itself."""

    objects: ClassVar[int] = 1
    asks: ClassVar[tuple[str, ...]] = ("object",)
    operation: Literal["RestoreObject"] = "RestoreObject"
    bucket: str
    key: str
    version_id: str | None = None
    days: int
    tier: Tier | None = None
    """None for Archive, which knows no tiers (docs/facts.md#restore-tiers)."""
    storage_class: str
    size: int
    """Bytes of the object: what the brakes and the cost count."""
    planned_on: str

    @classmethod
    def example(cls) -> RestoreObject:
        return cls(bucket="BUCKET", key="KEY", days=1, storage_class="Archive", size=0, planned_on="")

    @classmethod
    def examples(cls) -> tuple[RestoreObject, ...]:
        """Of an object, and of one version of it."""
        return (cls.example(), replace(cls.example(), version_id="V"))

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.bucket, self.key, self.version_id)

    @property
    def place(self) -> Place:
        return Place(self.bucket, self.key, self.version_id)

    @property
    def target(self) -> str:
        return str(self.ref)

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        action = "oss:RestoreObjectVersion" if self.version_id else "oss:RestoreObject"
        return ((action, f"acs:oss:*:*:{self.bucket}/{self.key}"),)

    @property
    def stored_bytes(self) -> int:
        return self.size

    @property
    def takes(self) -> str | None:
        return takes(self.storage_class, self.tier)

    @property
    def quota(self) -> str:
        return self.storage_class

    def not_undone(self) -> str:
        return "a restored copy cannot be taken back; it expires by itself"

    def cost(self, prices: PriceList) -> Decimal | None:
        return prices.restore_cost(self.storage_class, self.tier, self.size, self.days)
