"""Settings of batch_restore.py: the part `batch` of the section `restore` (restore.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import Field, field_validator

from ossmend.remediators.contract.settings import Duration, Settings

_ROLE = re.compile(r"acs:ram::[0-9]{1,20}:role/([A-Za-z0-9._-]{1,64})")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,64}/")


class BatchSettings(Settings):
    """When many objects are restored by one of OSS's own batch jobs, and with which role. A job is made suspended,
    compared with what was planned, and released only within mode and brakes; the brakes count each object.
    """

    example: ClassVar[Mapping[str, object]] = {
        "role_arn": "acs:ram::1234567890123456:role/ossmend-batch",
        "bucket": "lists",
    }

    role_arn: str
    """acs:ram::ACCOUNT:role/NAME: whose permissions the job has. It must trust oss.aliyuncs.com."""
    bucket: str
    """Where the list of objects and the report are kept; in the region of the objects."""
    prefix: str = "ossmend/"
    """What their keys begin with; ends in a slash."""
    at_least: int = Field(default=10_000, ge=2, le=50_000)
    """Fewer objects than this of one policy, bucket, class and tier go by a call each."""
    gather: Duration = timedelta(minutes=1)
    """How long the first restore waits whether enough others come."""

    @field_validator("role_arn")
    @classmethod
    def _is_role(cls, text: str) -> str:
        return _fits(_ROLE, text, "expected a role, like acs:ram::1234567890123456:role/ossmend-batch")

    @field_validator("bucket")
    @classmethod
    def _is_bucket(cls, text: str) -> str:
        return _fits(_BUCKET, text, "expected the name of a bucket")

    @field_validator("prefix")
    @classmethod
    def _is_prefix(cls, text: str) -> str:
        return _fits(_PREFIX, text, "expected letters, digits, ., _ or -, and a slash at the end")

    @field_validator("gather")
    @classmethod
    def _not_long(cls, gather: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= gather <= timedelta(hours=1):
            raise ValueError("must be from 1s to 1h")
        return gather

    @property
    def role(self) -> str:
        """Its name."""
        return self.role_arn.rpartition("/")[2]

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        """The list's place; whether RAM asks for PassRole is not documented."""
        place = f"acs:oss:*:*:{self.bucket}/{self.prefix}*"
        return (
            ("oss:PutObject", place),
            ("oss:GetObject", place),
            ("ram:PassRole", f"acs:ram:*:*:role/{self.role}"),
        )


def _fits(pattern: re.Pattern[str], text: str, expected: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(expected)
    return text
