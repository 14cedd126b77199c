"""Settings of invalid_object_state.py: the section `restore` of a policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ossmend.remediators.contract.settings import Duration, Settings, section
from ossmend.remediators.settings.batch import BatchSettings
from ossmend.remediators.writes.restore_object import Tier


@section("restore")
class RestoreSettings(Settings):
    """How archived objects are restored."""

    batch: BatchSettings | None = None
    """Very many objects go by one of OSS's own batch jobs. Default: a call for each."""
    days: Annotated[int, Field(ge=1, le=365)] = 1
    """Days the restored copy stays readable; a longer stay costs more. Archive allows 7: more is cut to that."""
    tier: Tier | None = None
    """Expedited, Standard or Bulk (not for DeepColdArchive); default Standard. Archive has no tiers."""
    on_refreeze: Literal["tell", "extend"] = "tell"
    """When the copy has expired and is asked for again: tell a person (default), or restore once more."""
    poll: Duration | None = None
    """How often a running restore is looked at. Default: by class, from 2 s doubling up to 20 s .. 30 min."""

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return self.batch.needs if self.batch is not None else ()

    @model_validator(mode="after")
    def _a_tier_of_batch_jobs(self) -> RestoreSettings:
        if self.batch is not None and self.tier == "Expedited":
            raise ValueError("a batch job has no tier Expedited: leave out batch, or use Standard or Bulk")
        return self

    @field_validator("poll")
    @classmethod
    def _not_busy(cls, poll: timedelta | None) -> timedelta | None:
        if poll is not None and poll < timedelta(seconds=1):
            raise ValueError("must be at least 1s")
        return poll
