"""Settings of access_forbidden.py: the section `cors` of a policy."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic.json_schema import SkipJsonSchema

from ossmend.remediators.contract.settings import Settings, section
from ossmend.remediators.contract.values import CorsRule


@section("cors")
class CorsSettings(Settings):
    """Which stored rule may be merged."""

    rule: str | None = None
    """Name of an entry of `cors_rules`. Without one nothing is ever written, and the case tells a person."""
    stored: SkipJsonSchema[CorsRule | None] = Field(default=None, exclude=True)
    """The rule of that name; the loader puts it here."""

    @field_validator("stored")
    @classmethod
    def _not_a_setting(cls, _given: object) -> None:
        raise ValueError("is not a setting: name an entry of cors_rules with `rule`")
