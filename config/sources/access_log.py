"""Settings of `access_log`; read by daemon/sources/access_log.py."""

from __future__ import annotations

from ossmend.config.fields import Bucket, Trust
from ossmend.config.sources.registry import SourceSettings, source


@source("access_log")
class AccessLogSource(SourceSettings):
    """The server access logs that OSS writes every hour into a bucket."""

    bucket: Bucket
    """Bucket the logs are written to (TargetBucket of PutBucketLogging)."""
    prefix: str = ""
    """Prefix of the log objects (TargetPrefix). Default: none."""
    trust: Trust = "high"
    """high: OSS itself writes these logs. low: others may write into that bucket, too."""

    @property
    def name(self) -> str:
        return f"access_log:{self.bucket}/{self.prefix}"

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (
            ("oss:ListObjects", f"acs:oss:*:*:{self.bucket}"),
            ("oss:GetObject", f"acs:oss:*:*:{self.bucket}/{self.prefix}*"),
        )
