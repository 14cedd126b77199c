"""UpdateJobStatus: release one of our own batch jobs, or cancel it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Literal

from ossmend.remediators.contract.restore_times import takes
from ossmend.remediators.contract.write import Place, PriceList, Write, restored_by_job, write

CANCELLABLE = "not ended"
"""What a cancelling is planned on, whatever the job is doing."""


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJobStatus(Write):
    """POST /?batchJobStatus: `Ready` lets a suspended job restore its objects, `Cancelled` ends it; what it has done by
    then stays restored. Undone by `Cancelled`.
    """

    objects: ClassVar[int] = 1
    asks: ClassVar[tuple[str, ...]] = ("batch_jobs",)
    operation: Literal["UpdateJobStatus"] = "UpdateJobStatus"
    bucket: str
    """Of the objects: it tells the region."""
    job_id: str
    description: str
    status: Literal["Ready", "Cancelled"]
    number: int
    """Objects of the job: what the brakes count, one by one."""
    days: int
    tier: Literal["Standard", "Bulk"] | None = None
    storage_class: str
    size: int
    """Bytes of all objects."""
    planned_on: str

    @classmethod
    def example(cls) -> UpdateJobStatus:
        return cls(
            bucket="BUCKET", job_id="ID", description="", status="Ready", number=1, days=1,
            storage_class="ColdArchive", size=0, planned_on="",
        )  # fmt: skip

    @property
    def place(self) -> Place:
        """The objects are those of the case (stages/consent.py asks for each of them)."""
        return Place(self.bucket)

    @property
    def target(self) -> str:
        what = restored_by_job(self.bucket, self.number, self.size, self.storage_class, self.tier, self.days)
        return f"batch job {self.job_id} to {self.status}: {what}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        return (("oss:UpdateJobStatus", "acs:oss:*:*:*"),)

    @property
    def counted(self) -> int:
        return self.number if self.status == "Ready" else 0

    @property
    def only_prepares(self) -> bool:
        return self.status == "Cancelled"

    @property
    def stored_bytes(self) -> int:
        return self.size if self.status == "Ready" else 0

    @property
    def takes(self) -> str | None:
        return None if self.status == "Cancelled" else takes(self.storage_class, self.tier)

    def cost(self, prices: PriceList) -> Decimal | None:
        if self.status == "Cancelled":
            return Decimal(0)
        return prices.restore_cost(self.storage_class, self.tier, self.size, self.days, self.number)

    def undone(self, outcome: str) -> Write | None:
        del outcome
        return None if self.status == "Cancelled" else replace(self, status="Cancelled", planned_on=CANCELLABLE)

    def not_undone(self) -> str:
        return "a cancelled job does not go on; the rest is restored one by one"
