"""Settings of `sls`; read by daemon/sources/sls.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from ossmend.config.fields import LogEndpoint, Region, Trust, text
from ossmend.config.sources.registry import SourceSettings, source
from ossmend.remediators.contract.light import regex

Project = Annotated[
    str, text("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "expected a project's name: 3 to 63 small letters, digits and -")
]
LogstoreName = Annotated[
    str,
    text("[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]", "expected a logstore's name: 3 to 63 small letters, digits, - and _"),
]
KEPT = timedelta(days=7)
"""So long OSS's logstore keeps an entry, where nobody has changed that (docs/facts.md)."""
OF_OSS = "oss-log-*"
"""The projects that OSS writes its log to, one for each region of an account: `*` is ACCOUNT-REGION (docs/facts.md)."""
OF_OSS_STORE = "oss-log-store"
"""The logstore in them."""
OF_OSS_PROJECT = regex(r"(?P<of>oss-log-\d+-)(?P<region>[a-z]{2,}-.+)")


@source("sls")
class SlsSource(SourceSettings):
    """OSS's own log as the log service (SLS) has it within three minutes: real-time log query, which is switched on for
    each bucket in the console. One entry for each region.
    """

    region: Region | None = None
    """Whose buckets the log is of; bare, cn-hangzhou. Default: the account's region."""
    project: Project | None = None
    """Default: the one that OSS writes to, oss-log-ACCOUNT-REGION."""
    logstore: LogstoreName = OF_OSS_STORE
    """Where the entries are."""
    endpoint: LogEndpoint | None = None
    """https://HOST of the log service in that region, without the project. Default: the one that `cloud.network`
    says, in the account's own region the internal one for `internal`, and the public one for everything else.
    """
    start: Literal["end", "beginning"] = "end"
    """Where to begin in a logstore that was never read. beginning: with all that it still keeps. An audit reads what
    came within its `--since`.
    """
    filter: Literal["service", "ossmend"] = "service"
    """Who leaves out the requests that were answered. service: the log service itself (SPL), so that only refusals come
    over the wire; in a logstore that is billed by feature it counts as computing there. ossmend: everything is read.
    """
    trust: Trust = "high"
    """high: OSS itself writes these logs. low: others may write into that logstore, too."""

    @property
    def name(self) -> str:
        """`ACCOUNT@REGION:PROJECT/LOGSTORE`, as far as it is said: signs that none of the names has, so that no two
        logstores have one.
        """
        account, region = f"{self.account}@" if self.account else "", f"{self.region}:" if self.region else ""
        store = f"/{self.logstore}" if self.logstore != OF_OSS_STORE else ""
        return f"sls:{account}{region}{self.project or OF_OSS}{store}"

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        where = f"acs:log:{self.region or '*'}:*:project/{self.project or OF_OSS}/logstore/{self.logstore}"
        return (("log:ListShards", where), ("log:GetCursorOrData", where))
