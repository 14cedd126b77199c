"""An account -> its cloud port: views to read by, and an executor only where writing is allowed.

Every account has its own credentials, endpoints, slots, breakers and limits, so that one in trouble keeps no other
waiting. Dry run is decided here, once: without `may_write` there is no executor, and what there is refuses anything
that is not on guard.py's list of reads. stages/ holds the ports; view.py is next for reading, executor.py for writing.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from ossmend.daemon.cloud.ask.account import Account
from ossmend.daemon.cloud.ask.batch_jobs import BatchJobs
from ossmend.daemon.cloud.ask.cache import Cache
from ossmend.daemon.cloud.ask.clock_sources import measure
from ossmend.daemon.cloud.ask.inquiries import Inquiries
from ossmend.daemon.cloud.ask.inventory import Inventory
from ossmend.daemon.cloud.ask.keys import Caller, KeyLadder
from ossmend.daemon.cloud.ask.logs import LogReader
from ossmend.daemon.cloud.ask.logstores import Logstores
from ossmend.daemon.cloud.ask.probes import Probes
from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.ask.view import CloudView
from ossmend.daemon.cloud.credentials.pair import NoCredentials
from ossmend.daemon.cloud.send.executor import WRITER, Executor
from ossmend.daemon.cloud.send.sender import Hands
from ossmend.daemon.cloud.settings import CloudSettings, is_literal
from ossmend.daemon.cloud.wire.connections import RequestIds, Wire
from ossmend.daemon.cloud.wire.guard import READ_ONLY
from ossmend.daemon.cloud.wire.log_service import LogService
from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.daemon.cloud.wire.regions import Regions
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss, Unsigned
from ossmend.daemon.host.clock import Clock, of_host
from ossmend.daemon.host.stops import CredentialsRefused
from ossmend.remediators.contract.case import Case
from ossmend.remediators.contract.values import AccountRef, ClockReading, ObjectRef
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.contract.write import Write

log = structlog.get_logger("ossmend.credentials")

ROOT_KEY = (
    "a key of the account itself can do everything, and no policy can limit it; use a RAM user or role, or say "
    "credentials: { allow_root: true }"
)
OWNED = 600.0
"""Seconds that it is known whether a bucket is an account's own."""
RIGHT = timedelta(minutes=1)
"""A host's clock that is off by no more is right."""


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
        self._wire = Wire(settings, clock, self._ids)
        self._regions = Regions(settings)
        oss, rpc = Oss(settings, self._wire, READ_ONLY, self._regions), Rpc(settings, self._wire, READ_ONLY)
        self._unsigned = Unsigned(self._wire)
        self._reads = Reads(oss, self._unsigned, self._regions)
        self._inquiries = Inquiries(oss, self._reads, clock)
        self._owned = Cache(clock, room=1000, keep_errors=OWNED)
        limit = RateLimit(clock)
        self._ladder = KeyLadder(rpc, clock, limit)
        self._account = Account(rpc, limit)
        self.jobs = BatchJobs(oss, rpc, limit)
        self.logs = LogReader(oss, self._reads)
        log_service = LogService(settings, self._wire, READ_ONLY, clock)
        self.logstores = Logstores(log_service, self._ladder.caller, settings.bare_region)
        self.inventory = Inventory(oss, self._reads)
        self.probes = Probes(oss, rpc, self.logstores, limit)
        self.executor = self._make_executor() if may_write else None
        self._views: weakref.WeakSet[CloudView] = weakref.WeakSet()
        self._lock = threading.Lock()

    def _make_executor(self) -> Executor:
        oss = Oss(self._settings, self._wire, WRITER, self._regions)
        rpc = Rpc(self._settings, self._wire, WRITER)
        return Executor(Hands(oss, rpc, self._reads, self._inquiries, self._ladder, self.jobs), self._clock,
                        self._settings.deadline, self._settings.page_worth)  # fmt: skip

    def view(self, cases: Sequence[Case]) -> CloudView:
        """A view for one dispatch pass over these cases."""
        wanted = [ref for case in cases for ref in _objects_of(case)]
        for event in (case.event for case in cases):
            if event.bucket and event.host:
                self._regions.guess(event.bucket, event.host)
        view = CloudView(self._reads, self._inquiries, self._account, self._ladder, self._clock, self.own_clock, wanted,
                         billed=self._settings.page_worth, jobs=self.jobs)  # fmt: skip
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

    def region_of(self, bucket: str) -> str | None:
        """The region of a bucket that has answered there."""
        return self._regions.sure(bucket)

    def has(self, bucket: str) -> bool:
        """Does this bucket belong to the account? Raises TryAgain, Refused."""
        return self._owned.get(bucket, lambda: self._inquiries.has(bucket), lambda _: OWNED)

    def caller(self) -> Caller:
        """Who our credentials are. Raises TryAgain, Refused."""
        return self._ladder.caller()

    def own_clock(self) -> ClockReading:
        """Our clock against NTP and OSS, measured now. Raises nothing: what could not be asked is named in it."""
        return measure(of_host(self._clock), self._settings.ntp_servers, self._unsigned, self._settings.oss_url)

    def oss_now(self) -> datetime:
        """What OSS's own clock says now; the host's, as long as OSS has not answered anything."""
        return self.oss_clock() or self._clock.now()

    def oss_clock(self) -> datetime | None:
        """The same; None as long as OSS has not answered anything."""
        return self._wire.time.now()

    def clock_is_right(self) -> bool:
        """Does the host's clock say what OSS's says? Not where OSS has not answered anything yet."""
        oss_now = self._wire.time.now()
        return oss_now is not None and abs(oss_now - self._clock.now()) <= RIGHT

    @property
    def returns(self) -> int:
        """How often the cloud was there again, or took our key again, so that what was asked in vain may be asked."""
        return self._wire.returns

    def is_own_request(self, request_id: str) -> bool:
        """Was this request ours, and not too long ago? The User-Agent mark knows the older ones."""
        return request_id in self._ids

    def cut(self) -> None:
        """End every call that is under way, and begin none from now on: reads raise TryAgain, and of a write that had
        left nobody knows what became of it (Unsettled), until it is looked for after the next start.
        """
        self._wire.endpoints.cut()

    def close(self) -> None:
        """Cut what is left, and let the connections go."""
        self._wire.endpoints.close()


class Accounts:
    """The port of each account, made when it is first asked for. Thread-safe."""

    def __init__(
        self,
        settings: Mapping[str, CloudSettings],
        clock: Clock,
        *,
        may_write: bool,
        on_request: Callable[[str], None] | None = None,
    ) -> None:
        """`settings` by the account's name."""
        self._settings = dict(settings)
        self._clock = clock
        self.may_write = may_write
        self._on_request = on_request
        self._made: dict[AccountRef, Cloud] = {}
        self._cut = False
        self._lock = threading.Lock()

    def of(self, account: AccountRef) -> Cloud:
        """Raises Refused where the configuration does not know the account (any more)."""
        known = self._settings.get(account.account)
        if known is None:
            raise Refused("AccountRef", "UnknownAccount", f"the configuration has no account {account.account!r}")
        if account.region == known.region:
            account = AccountRef(account.account)
        with self._lock:
            if account not in self._made:
                self._made[account] = self._make(known, account)
            return self._made[account]

    def _make(self, settings: CloudSettings, account: AccountRef) -> Cloud:
        if account.region:
            settings = replace(settings, region=account.region, endpoint=_elsewhere(settings))
        cloud = Cloud(settings, self._clock, may_write=self.may_write, on_request=self._on_request)
        if self._cut:
            cloud.cut()
        return cloud

    def other_owner(self, bucket: str, asked: AccountRef) -> str | None:
        """Which of the other accounts the bucket belongs to, as far as they can tell: each may list its own."""
        for name in self._settings:
            if name != asked.account:
                with suppress(TryAgain, Refused):
                    if self.of(AccountRef(name)).has(bucket):
                        return name
        return None

    def refuse_root(self) -> None:
        """Raises CredentialsRefused where a key is an account's own and the settings do not allow that. Where nobody
        can tell, the log says so: an STS that is away must not keep a service from starting.
        """
        for name, settings in self._settings.items():
            if settings.allow_root or not settings.credentials.lasting:
                continue
            try:
                caller = self.of(AccountRef(name)).caller()
            except (TryAgain, Refused) as trouble:
                log.warning("credentials.caller-unknown", account=name, why=str(trouble))
                continue
            if caller.is_root:
                raise CredentialsRefused(f"{caller.arn}: {ROOT_KEY}")

    def look_at_credentials(self) -> None:
        """Renew what ends before long, also where nothing asks for it: the first case must not have to wait, and who
        looks at a daemon at rest is told whether it could act.
        """
        for settings in self._settings.values():
            with suppress(NoCredentials):
                settings.credentials.get_credentials()

    def troubles(self) -> list[str]:
        """Of credentials, each with its account where there are several."""
        found = ((name, each.credentials.trouble) for name, each in self._settings.items())
        several = len(self._settings) > 1
        return [f"account {name}: {why}" if several else why for name, why in found if why is not None]

    def clock_is_right(self) -> bool:
        """Does the host's clock say what OSS's says, by the answers of any account?"""
        return any(cloud.clock_is_right() for cloud in self._all())

    @property
    def returns(self) -> int:
        """See Cloud.returns; of all accounts."""
        return sum(cloud.returns for cloud in self._all())

    def is_own_request(self, request_id: str) -> bool:
        """Was this request of any account ours, and not too long ago?"""
        return any(cloud.is_own_request(request_id) for cloud in self._all())

    def cut(self) -> None:
        """See Cloud.cut; of all accounts."""
        with self._lock:
            self._cut = True
        for cloud in self._all():
            cloud.cut()

    def close(self) -> None:
        for cloud in self._all():
            cloud.close()

    def _all(self) -> list[Cloud]:
        with self._lock:
            return list(self._made.values())


def _elsewhere(settings: CloudSettings) -> str | None:
    """The endpoint for another region than the account's own: an address serves all of them, a host only its own."""
    host = urlsplit(settings.oss_url).hostname or ""
    return settings.endpoint if is_literal(host) else None


def _objects_of(case: Case) -> tuple[ObjectRef, ...]:
    """What its plan will ask for: one list page answers for a thousand of them."""
    if case.subject.kind != "object":
        return case.members
    bucket, key, version = (*case.subject.parts, "", "", "")[:3]
    return (ObjectRef(bucket, key, version or None),) if bucket and key else ()
