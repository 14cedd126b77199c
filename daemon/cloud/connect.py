"""CloudSettings -> the cloud port: views to read by, and an executor only where writing is allowed.

Dry run is decided here, once: without `may_write` the write connections are never made, and those that exist refuse
anything that is not on guard.py's list of reads. stages/work.py holds the port; view.py is next for reading,
executor.py for writing.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence

from ossmend.daemon.cloud.ask.account import Account
from ossmend.daemon.cloud.ask.clock_sources import measure
from ossmend.daemon.cloud.ask.inquiries import Inquiries
from ossmend.daemon.cloud.ask.keys import Caller, KeyLadder
from ossmend.daemon.cloud.ask.logs import LogReader
from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.ask.view import CloudView
from ossmend.daemon.cloud.send.executor import WRITER, Executor
from ossmend.daemon.cloud.send.sender import Hands
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.guard import READ_ONLY
from ossmend.daemon.cloud.wire.rate_limit import Pace
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss, RequestIds, Unsigned
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.values import ClockReading, ObjectRef
from ossmend.remediators.contract.write import Write


def connect(
    settings: CloudSettings,
    *,
    clock: Clock,
    may_write: bool,
    on_request: Callable[[str], None] | None = None,
) -> Cloud:
    """A port to the cloud; nothing is sent yet. `on_request` is told the id of every request that was answered."""
    return Cloud(settings, clock, may_write=may_write, on_request=on_request)


class Cloud:
    """What the daemon knows of Alibaba Cloud. Thread-safe."""

    def __init__(
        self, settings: CloudSettings, clock: Clock, *, may_write: bool, on_request: Callable[[str], None] | None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = RequestIds(on_request)
        oss, rpc = Oss(settings, clock, self._ids, READ_ONLY), Rpc(settings, self._ids, READ_ONLY)
        self._unsigned = Unsigned(settings, clock, self._ids)
        self._reads = Reads(oss, self._unsigned, settings.oss_url)
        self._inquiries = Inquiries(oss, self._reads, clock)
        pace = Pace(clock)
        self._ladder = KeyLadder(rpc, clock, pace)
        self._account = Account(rpc, pace)
        self._to_close: list[Oss | Rpc | Unsigned] = [oss, rpc, self._unsigned]
        self.logs = LogReader(oss, self._reads)
        self.executor = self._make_executor() if may_write else None
        self._views: weakref.WeakSet[CloudView] = weakref.WeakSet()
        self._lock = threading.Lock()

    def _make_executor(self) -> Executor:
        oss = Oss(self._settings, self._clock, self._ids, WRITER)
        rpc = Rpc(self._settings, self._ids, WRITER)
        self._to_close += [oss, rpc]
        return Executor(Hands(oss, rpc, self._reads, self._inquiries, self._ladder), self._clock)

    def view(self, cases: Sequence[Case]) -> CloudView:
        """A view for one dispatch pass over these cases."""
        wanted = [ref for ref in map(_object_of, cases) if ref is not None]
        view = CloudView(self._reads, self._inquiries, self._account, self._ladder, self._clock, self.own_clock, wanted)
        with self._lock:
            self._views.add(view)
        return view

    def forget(self, write: Write) -> None:
        """A write has just been sent: no view may answer from before it."""
        with self._lock:
            views = list(self._views)
        stale = self.executor.stale(write) if self.executor is not None else ()
        for view in views:
            view.forget(stale)

    def caller(self) -> Caller:
        """Who our credentials are. Raises TryAgain, Refused."""
        return self._ladder.caller()

    def own_clock(self) -> ClockReading:
        """Our clock against NTP and OSS, measured now. Raises nothing: what could not be asked is named in it."""
        return measure(self._clock, self._settings.ntp_servers, self._unsigned, self._settings.oss_url)

    def is_own_request(self, request_id: str) -> bool:
        """Was this request ours, and not too long ago? The User-Agent mark knows the older ones."""
        return request_id in self._ids

    def close(self) -> None:
        for part in self._to_close:
            part.close()


def _object_of(case: Case) -> ObjectRef | None:
    if case.subject.kind != "object":
        return None
    bucket, key, version = (*case.subject.parts, "", "", "")[:3]
    return ObjectRef(bucket, key, version or None) if bucket and key else None
