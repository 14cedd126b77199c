"""CreateJob: one of OSS's own batch jobs that would restore many objects. It waits until it is released."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Literal

from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.write import Place, Write, digest, restored_by_job, write

NO_JOB = "no job of this description"
"""What a CreateJob is planned on."""
CREATED = "created "
"""Begins the outcome of a CreateJob; the job's id follows."""


def description_of(name: str) -> str:
    """How the descriptions of all jobs begin that were made for one group of cases."""
    return f"ossmend {name} "


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class CreateJob(Write):
    """PUT of a list of objects, then POST /?batchJob: a job over just these, which OSS prepares and suspends. Nothing
    is restored before an UpdateJobStatus releases it.
    """

    asks: ClassVar[tuple[str, ...]] = ("object", "batch_jobs", "role_policies")
    operation: Literal["CreateJob"] = "CreateJob"
    bucket: str
    """Of the objects."""
    keys: tuple[str, ...]
    days: int
    tier: Literal["Standard", "Bulk"] | None = None
    """None for Archive, which knows no tiers."""
    storage_class: str
    size: int
    """Bytes of all objects."""
    role_arn: str
    """Whose permissions the job has."""
    into: str
    """The bucket of the list and of the report."""
    prefix: str
    """What their keys begin with."""
    name: str
    """Of the group of cases that this job is for."""
    planned_on: str

    @classmethod
    def example(cls) -> CreateJob:
        return cls(
            bucket="BUCKET", keys=("KEY",), days=1, storage_class="ColdArchive", size=0, role_arn="ROLE", into="INTO",
            prefix="", name="NAME", planned_on="",
        )  # fmt: skip

    @property
    def place(self) -> Place:
        return Place(self.bucket, self.keys[0] if self.keys else None)

    @property
    def places(self) -> tuple[Place | None, ...]:
        return tuple(Place(self.bucket, key) for key in self.keys)

    @property
    def target(self) -> str:
        return restored_by_job(self.bucket, len(self.keys), self.size, self.storage_class, self.tier, self.days)

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        """What it needs at the place of the list is said by the settings, which name it."""
        return (("oss:CreateJob", "acs:oss:*:*:*"),)

    @property
    def only_prepares(self) -> bool:
        return True

    @property
    def effects(self) -> tuple[str, ...]:
        """Those of a call for each object."""
        return tuple(f"RestoreObject {ObjectRef(self.bucket, key)}" for key in self.keys)

    @property
    def token(self) -> str:
        """The same for the same write: OSS knows by it that it was asked for this job before."""
        return digest(self)[:32]

    @property
    def description(self) -> str:
        return description_of(self.name) + self.token

    @property
    def manifest(self) -> bytes:
        """A line for each object. Keys that a list could spell in two ways are not in it (batch_restore.py)."""
        return "".join(f"{self.bucket},{key}\n" for key in self.keys).encode()

    @property
    def manifest_key(self) -> str:
        return f"{self.prefix}{self.name}/{self.token}.csv"

    @property
    def manifest_etag(self) -> str:
        """The ETag of a list that OSS stores as it is."""
        return hashlib.md5(self.manifest, usedforsecurity=False).hexdigest()

    def not_undone(self) -> str:
        return "the job is not released yet: reject its release, and it is cancelled after a day"
