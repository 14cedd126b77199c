"""A logstore of the log service (SLS) -> its shards, and the entries of each behind a cursor. For sources/sls.py.

Read shard by shard, with cursors that the journal keeps: the service's consumer groups would keep them elsewhere, and
each checkpoint there is a write (docs/decisions/0034). Everything here raises TryAgain, Refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ossmend.config.sources.sls import OF_OSS, OF_OSS_STORE
from ossmend.daemon.cloud.ask.keys import Caller
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.log_groups import LogEntry, entries
from ossmend.daemon.cloud.wire.log_service import LogService, Logstore, json_of
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

INVALID_CURSOR = "InvalidCursor"
"""Of what the logstore keeps no longer."""
GROUPS = 1000
"""Log groups of one answer, which is the most that the service gives."""
NO_LOGSTORE = {
    "ProjectNotExist": "real-time log query is on for no bucket of this region, or the project has another name",
    "LogStoreNotExist": "the project has no logstore of this name",
}
"""What the log service says of places that are not there, whoever asks."""
_MEANT = {
    **NO_LOGSTORE,
    "ProjectForbidden": "the account may be overdue",
    "SignatureNotMatch": "the project is of another region than the source says, or the secret is wrong",
}
_FILTERED = "if it is the filter that is refused: `filter: ossmend` in this source reads without it"
MOST_BYTES = 64 * 1024 * 1024
"""Of one answer: a thousand groups of some kilobytes each come to a tenth of it."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one shard has behind a cursor."""

    entries: tuple[LogEntry, ...]
    """Those that are worth a look; they may be few of many, or none."""
    cursor: str
    """Behind them. The one that was asked with: there is nothing more for now."""
    size: int
    """Bytes that came."""
    seen: int | None = None
    """Log groups that the service went over, those among them that its filter left out; None: it does not say."""


class Logstores:
    """Thread-safe."""

    def __init__(self, service: LogService, caller: Callable[[], Caller], region: str) -> None:
        self._service = service
        self._caller = caller
        self._region = region

    def of(
        self,
        project: str | None,
        name: str = OF_OSS_STORE,
        region: str | None = None,
        endpoint: str | None = None,
    ) -> Logstore:
        """The one of that name; without a project, the one that OSS writes the region's log to."""
        region = region or self._region
        return Logstore(project or OF_OSS.replace("*", f"{self._caller().account_id}-{region}"), name, region, endpoint)

    def shards(self, store: Logstore) -> tuple[int, ...]:
        """Their numbers. One that was split is read-only, and listed as long as it has entries."""

        def read(told: Any) -> tuple[int, ...]:
            if not isinstance(told, list):
                raise Unreadable("no list of shards")
            return tuple(sorted(int(each["shardID"]) for each in told))

        return self._json("ListShards", store, "/shards", {}, read)

    def cursor(self, store: Logstore, shard: int, since: str) -> str:
        """`since` is `begin`, `end`, or seconds since 1970: when the service has got an entry, not its own time."""
        params = {"type": "cursor", "from": since}

        def read(told: Any) -> str:
            return _cursor(told["cursor"])

        return self._json("GetCursor", store, f"/shards/{shard}", params, read)

    def pull(
        self, store: Logstore, shard: int, cursor: str, query: str | None, worth: Callable[[bytes], bool]
    ) -> Pulled:
        """`query` is SPL, by which the service itself leaves out what nobody wants."""
        params = {"type": "log", "cursor": cursor, "count": str(GROUPS)}
        if query is not None:
            params |= {"pullMode": "scan_on_stream", "query": query}

        def ask() -> Pulled:
            response = self._service.get(store, f"/shards/{shard}", params)
            if packed := response.headers.get("x-log-compresstype"):
                response.close()
                raise _unreadable("PullLogs", f"packed as {packed}, which was not asked for")
            body = response.whole(MOST_BYTES, long=True)
            try:
                behind = _cursor(response.headers.get("x-log-cursor"))
                return Pulled(tuple(entries(body, worth)), behind, len(body), _seen(response.headers))
            except Unreadable as bad:
                raise _unreadable("PullLogs", str(bad)) from bad

        return self._asked(ask, "" if query is None else _FILTERED)

    def _json(
        self, operation: str, store: Logstore, path: str, params: Mapping[str, str], read: Callable[[Any], Result]
    ) -> Result:
        def ask() -> Result:
            try:
                return read(json_of(self._service.get(store, path, params)))
            except (ValueError, TypeError, KeyError) as bad:  # Unreadable is a ValueError
                raise _unreadable(operation, str(bad)) from bad

        return self._asked(ask)

    def _asked(self, question: Callable[[], Result], of_400: str = "") -> Result:
        """What is refused, with what a person may do about it, where that is known."""
        try:
            return self._service.asked(question)
        except Refused as refused:
            is_400 = refused.status == 400 and refused.code != INVALID_CURSOR
            meant = _MEANT.get(refused.code) or (of_400 if is_400 else "")
            if not meant:
                raise
            said = f"{refused.message} ({meant})".strip()
            raise Refused(refused.operation, refused.code, said, refused.request_id, refused.status) from None


def _seen(headers: Mapping[str, str]) -> int | None:
    """Of a filtered answer before the filter; of any other one, those that came."""
    told = headers.get("x-log-rawdatacount") or headers.get("x-log-count") or ""
    return int(told) if told.isascii() and told.isdigit() else None


def _cursor(told: object) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= 1024:
        raise Unreadable("no cursor")
    return told


def _unreadable(operation: str, why: str) -> Refused:
    return Refused(operation, "UnreadableAnswer", why)
