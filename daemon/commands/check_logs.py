"""A source in the log service -> can it be read where the configuration says? By its own project, region and endpoint.

Whether we may is told by the lines of the permissions, and so is a project that is not there. What else keeps a log
from being read is told here: a host that does not answer, a project of another region, an account that is overdue.
check_live.py prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ossmend.config.sources.sls import SlsSource
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.ask.logstores import NO_LOGSTORE
from ossmend.daemon.cloud.ask.probes import DENIED
from ossmend.remediators.contract.verdict import Refused, TryAgain


def lines(cloud: Cloud, sources: Iterable[object]) -> Iterator[dict[str, Any]]:
    """A line for each that cannot be read, and that no line of the permissions tells of."""
    for given in sources:
        if isinstance(given, SlsSource) and (why := _trouble(cloud, given)) is not None:
            yield {"what": f"source {given.name}", "ok": False, "found": f"cannot be read: {why}"}


def _trouble(cloud: Cloud, given: SlsSource) -> str | None:
    try:
        store = cloud.logstores.of(given.project, given.logstore, given.region, given.endpoint)
        cloud.logstores.shards(store)
    except TryAgain as later:
        return later.why
    except Refused as refused:
        known = refused.code in NO_LOGSTORE or refused.code.startswith(DENIED)
        return None if known and given.endpoint is None else f"{refused.operation}: {refused.code} {refused.message}"
    return None
