"""Settings of `access_log`; read by daemon/sources/access_log.py, and by access_files.py where it is files."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from ossmend.config.fields import Bucket, PathPattern, Trust
from ossmend.config.sources import app_log
from ossmend.config.sources.registry import SourceSettings, source

PACKED = ".gz"
LEFT_ALONE = tuple(ending for ending in app_log.LEFT_ALONE if ending != PACKED)
"""Files that nobody here unpacks."""


@source("access_log")
class AccessLogSource(SourceSettings):
    """The server access logs that OSS writes every hour into a bucket, read there (`bucket`) or from files (`path`)."""

    bucket: Bucket | None = None
    """Bucket the logs are written to (TargetBucket of PutBucketLogging). Either this or path."""
    prefix: str = ""
    """Prefix of the log objects (TargetPrefix); with bucket only. Default: none."""
    path: PathPattern | None = None
    """Absolute path of files that such logs were copied to, plain or packed (.gz); *, ? and [...] follow every file
    that fits, also files that appear later. Either this or bucket.
    """
    start: Literal["end", "beginning"] = "end"
    """Where to begin in a file that was never read; with path only. Files that appear later are read from their
    beginning.
    """
    trust: Trust = "high"
    """high: OSS itself writes these logs. low: others may write into that bucket, or to these files, too. Default: high
    with bucket, low with path.
    """

    @model_validator(mode="before")
    @classmethod
    def _copied_by_somebody(cls, given: Any) -> Any:
        """A file is believed as far as whoever may write to it, and only the administrator knows who that is."""
        return {"trust": "low", **given} if isinstance(given, dict) and given.get("path") is not None else given

    @model_validator(mode="after")
    def _one_place(self) -> AccessLogSource:
        if (self.bucket is None) == (self.path is None):
            raise ValueError("expected exactly one of bucket, path; begin a new list entry for each")
        if self.path is not None and self.prefix:
            raise ValueError("prefix belongs to bucket; path has its pattern")
        if self.bucket is not None and "start" in self.model_fields_set:
            raise ValueError("start belongs to path; of a bucket the last three days are read")
        return self

    @property
    def name(self) -> str:
        return f"access_log:{self.path}" if self.path is not None else f"access_log:{self.bucket}/{self.prefix}"

    @property
    def local(self) -> bool:
        return self.path is not None

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        if self.path is not None:
            return ()
        return (
            ("oss:ListObjects", f"acs:oss:*:*:{self.bucket}"),
            ("oss:GetObject", f"acs:oss:*:*:{self.bucket}/{self.prefix}*"),
        )
