"""PutBucketCors: the stored CORS rule, merged into what the bucket has."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

from ossmend.remediators.contract.values import CorsConfiguration, CorsRule
from ossmend.remediators.contract.write import Place, Write, write


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class PutBucketCors(Write):
    """PUT /?cors: replace a bucket's CORS configuration by the one read before plus the stored rule.

    Undone by a PutBucketCors of `before`, if nobody has changed the configuration since.
    """

    asks: ClassVar[tuple[str, ...]] = ("cors",)
    operation: Literal["PutBucketCors"] = "PutBucketCors"
    bucket: str
    rules: tuple[CorsRule, ...]
    response_vary: bool | None = None
    before: tuple[CorsRule, ...] = ()
    before_response_vary: bool | None = None
    planned_on: str

    @classmethod
    def example(cls) -> PutBucketCors:
        return cls(bucket="BUCKET", rules=(), planned_on="")

    @property
    def place(self) -> Place:
        return Place(self.bucket)

    @property
    def target(self) -> str:
        return f"oss://{self.bucket}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        return (("oss:PutBucketCors", f"acs:oss:*:*:{self.bucket}"),)

    @property
    def effects(self) -> tuple[str, ...]:
        """The rules that are new with it: those of others, which it writes back, may be others by the next time."""
        new = (rule for rule in self.rules if rule not in self.before)
        return tuple(f"{self.operation} {self.target} {json.dumps(asdict(rule), sort_keys=True)}" for rule in new)

    @property
    def replaces(self) -> tuple[object, object]:
        """Rule by rule, in their order: the first that fits answers."""
        return (_shown(self.before, self.before_response_vary), _shown(self.rules, self.response_vary))

    def undone(self, outcome: str) -> Write | None:  # noqa: ARG002  # what it left behind is known without the answer
        """The rules of before. None where there were none: those could only be deleted, and nothing here deletes."""
        if not self.before:
            return None
        left = CorsConfiguration(self.rules, self.response_vary)
        return PutBucketCors(
            bucket=self.bucket,
            rules=self.before,
            response_vary=self.before_response_vary,
            before=self.rules,
            before_response_vary=self.response_vary,
            planned_on=left.digest,
        )

    def not_undone(self) -> str:
        return "the bucket had no CORS rules before, and ossmend deletes nothing: delete the rule by hand"


def _shown(rules: tuple[CorsRule, ...], response_vary: bool | None) -> dict[str, object]:
    """Without what is not set."""
    told = [{name: value for name, value in asdict(rule).items() if value not in ((), None)} for rule in rules]
    return {"rules": told} | ({} if response_vary is None else {"response_vary": response_vary})
