"""Settings of `app_log`; read by daemon/sources/app_log.py."""

from __future__ import annotations

from typing import Literal

from ossmend.config.fields import PathPattern, Trust, Witness
from ossmend.config.sources.registry import SourceSettings, source

LEFT_ALONE = (".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4", ".br", ".7z")
"""How the names of packed files end: what is in them was read before they were packed."""


@source("app_log")
class AppLogSource(SourceSettings):
    """Files an application logs to, in whatever shape its SDK prints errors."""

    path: PathPattern
    """Absolute path; *, ? and [...] follow every file that fits, also files that appear later."""
    start: Literal["end", "beginning"] = "end"
    """Where to begin in a file that was never read. Files that appear later are read from their beginning."""
    trust: Trust = "low"
    """low: whoever can make the application log a line may have written it, so what it tells stays within
    `brakes.low_trust_share`. high: nobody but you writes to these files.
    """
    confirm: Witness | None = None
    """access_log: nothing is written for what these files tell until OSS's own access log tells it, too. In a bucket it
    comes hourly, in the log service within three minutes; a person is told after 24 h. Needs an access_log or sls
    source. Default: not asked.
    """

    @property
    def name(self) -> str:
        return f"app_log:{self.path}"

    @property
    def local(self) -> bool:
        return True

    @property
    def witness(self) -> Witness | None:
        return self.confirm

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return ()
