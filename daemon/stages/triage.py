"""Event -> Case: which policy takes an event, and which case it belongs to. Stored before the source is acknowledged.

The events of a batch fold into cases in the same transaction that moves the source's cursor, so an event is either
in the journal or will be read again. What no policy takes becomes a case that tells a person; nothing is written
for it. Of new subjects as many are opened as the ceilings leave room for (admit.py); the others are counted (room.py).
Next: work.py takes the cases that are due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from ossmend.config.model import Config
from ossmend.daemon.host.clock import Clock
from ossmend.daemon.host.redact import GONE, redact
from ossmend.daemon.host.show import says_secret
from ossmend.daemon.journal import ceilings, entries, intake, locks
from ossmend.daemon.journal.ceilings import Turned
from ossmend.daemon.journal.folds import Fold
from ossmend.daemon.journal.placing import UNTAKEN, fold_of
from ossmend.daemon.journal.schema import cursors
from ossmend.daemon.journal.seen import Tellings
from ossmend.daemon.journal.store import Store
from ossmend.daemon.sources import Batch, Cursor, Moved
from ossmend.daemon.sources.parsers.access_row import Refusal, Row
from ossmend.daemon.stages import alike, room
from ossmend.daemon.stages.admit import ALL, Newcomer, Rank, Standing, is_roomy, turned_away
from ossmend.daemon.stages.alike import Kind, Told
from ossmend.daemon.stages.fair import Party
from ossmend.daemon.stages.rules import RuleBook
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.case import Case, Event

_MAY_HOLD_SECRETS = (
    "bucket",
    "key",
    "user_agent",
    "message",
    "url",
    "client",
    "origin",
    "sample",
    "version_id",
    "where",
)
_texts = attrgetter(*_MAY_HOLD_SECRETS)
NOTHING, UNKNOWN = "\0", "\ufffd"
MEASURED = "measured"
"""The shape of what we have seen ourselves (watch_clock.py): no text has it."""
FUTURE = timedelta(minutes=5)
"""A stamp further ahead than this is not believed: the event happened when it was read."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one batch."""

    cases: int
    """That were opened, or opened again."""
    events: int
    repeated: int
    """Refusals that had been told before, by request id and place; some by a source that is believed less."""
    foreign: int
    """Errors of other services in OSS's shape, and refusals that are not ours to look at; counted, then left alone."""
    turned_away: int = 0
    """Subjects for which a ceiling left no room."""


Look = Callable[[Sequence[Case]], Collection[int]]
"""Which of these subjects the world confirms, by their ids: glance.py."""


def _nobody(_subjects: Sequence[Case]) -> Collection[int]:
    return ()


class Triage:
    """Folds batches into the cases of one store, by one configuration."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        *,
        since: timedelta | None = None,
        dry_run: bool = False,
        look: Look = _nobody,
    ) -> None:
        """With `since`, events older than that are passed over (an audit looks back only so far)."""
        self._config = config
        self._store = store
        self._clock = clock
        self._since = since
        self.older = 0
        """Refusals that were passed over because they are older than that."""
        self.another_service: Counter[str] = Counter()
        """With `since`: refusals by the other service whose they were taken for. The daemon's log has its number."""
        self._look = look
        self._rules = RuleBook(config, dry_run=dry_run)
        self._open = ceilings.AtMost()
        self._several = sum(source.trust == "low" for source in config.sources) > 1

    def cursor(self, source: str) -> Cursor | None:
        """Where that source goes on, part by part; None if it was never read."""
        with self._store.read() as connection:
            query = sa.select(cursors.c.part, cursors.c.position).where(cursors.c.source == source)
            return {row.part: row.position for row in connection.execute(query)} or None

    def take(self, source: str, batch: Batch, lease: str | None = None) -> Taken:
        """Store a batch and move the parts of the source's cursor, in one transaction, by the lease of the source."""
        now = self._clock.now()
        ours = self._recent(alike.ours(batch.refusals, sanitised), now)
        if self._since is not None:
            self._note_strangers(batch.refusals, now - self._since)
        ids = {told.request_id for told in ours if told.request_id}
        confirmed = self._confirmed(ours, ids, now)
        with self._store.begin(lease) as connection:
            locks.take(connection, locks.INTAKE)
            tellings = Tellings(connection, ids)
            folds, repeated = self._fold(ours, tellings, now)
            roomy = self._is_roomy(connection, Counter(fold.policy for fold in folds.values()), now)
            away = {} if roomy else self._turned_away(connection, folds, confirmed)
            tellings.store(connection, now, without=away)
            opened = {key: fold for key, fold in folds.items() if key not in away}
            said = intake.fold(connection, opened, now)
            entries.append(connection, now, said)
            room.count(connection, self._rules, self._sums(folds, away), now)
            _move(connection, source, batch.moved, now)
            if opened:
                locks.wake(connection)
        return Taken(
            intake.opened(opened, said), len(ours) - repeated, repeated, len(batch.refusals) - len(ours), len(away)
        )

    def _recent(self, events: list[Told], now: datetime) -> list[Told]:
        if self._since is None:
            return events
        oldest = now - self._since
        recent = [told for told in events if not (told.time and told.time < oldest)]
        self.older += len(events) - len(recent)
        return recent

    def _note_strangers(self, refusals: Sequence[Refusal], oldest: datetime) -> None:
        for event in refusals:
            if isinstance(event, Row):
                continue  # OSS's own log
            whose = event.fields.get("foreign_service")
            if whose is not None and not (event.time and event.time < oldest):
                self.another_service[whose] += 1

    def look_for_room(self) -> None:
        """Say where there is room again, after a time at a ceiling."""
        with self._store.begin() as connection:
            locks.take(connection, locks.INTAKE)
            room.look(connection, self._rules, self._clock.now())

    # ------------------------------------------------------------------------------------------------ at the ceilings

    def _confirmed(self, events: list[Told], ids: Collection[str], now: datetime) -> Collection[str]:
        """The keys that would find no room and that the world confirms. It is asked before the transaction begins:
        nobody else waits for it.
        """
        with self._store.read() as connection:
            by_policy = self._open.known(connection, now) or ceilings.open_by_policy(connection)
            fullest = max(by_policy, key=by_policy.__getitem__, default=UNTAKEN)
            if is_roomy(self._config.cases, by_policy, {fullest: len(events)}):
                return ()  # mostly, and then nothing is done twice
            folds, _ = self._fold(events, Tellings(connection, ids), now)
            away = list(self._turned_away(connection, folds, ()))
        found = self._look([_unopened(number, folds[key], now) for number, key in enumerate(away)]) if away else ()
        return {away[number] for number in found}

    def _is_roomy(self, connection: sa.Connection, new: Counter[str], now: datetime) -> bool:
        """Is there room for so many of each policy, whoever tells them? In the transaction that opens them."""
        limits, known = self._config.cases, self._open.known(connection, now)
        roomy = known is not None and is_roomy(limits, known, new)
        roomy = roomy or is_roomy(limits, self._open.count(connection, now), new)
        self._open.opens(new)
        return roomy

    def _turned_away(
        self, connection: sa.Connection, folds: Mapping[str, Fold], confirmed: Collection[str]
    ) -> Mapping[str, str]:
        """By key of the folds for which there is no room: which ceiling says so."""
        known = intake.newcomers(connection, list(folds))
        asking = [
            Newcomer(key, folds[key].policy, Party(*folds[key].party), _rank(folds[key], was or key in confirmed))
            for key, was in known.items()
        ]
        standing = Standing(ceilings.open_by_party(connection))
        return turned_away(asking, standing, self._config.cases, several=self._several)

    def _sums(self, folds: Mapping[str, Fold], away: Mapping[str, str]) -> Mapping[str, Turned]:
        limits, sums = self._config.cases, dict[str, Turned]()
        for key, ceiling in away.items():
            most = limits.most_open if ceiling == ALL else limits.most_open_per_policy
            each = sums.setdefault(folds[key].policy, Turned(ceiling, most))
            each.subjects += 1
            each.events += folds[key].events
        return sums

    # ------------------------------------------------------------------------------------------------------- folding

    def _fold(self, events: list[Told], tellings: Tellings, now: datetime) -> tuple[dict[str, Fold], int]:
        folds: dict[str, Fold] = {}
        placed: dict[Kind, tuple[Event, Fold]] = {}
        repeated = 0
        for told in events:
            judged = tellings.judge(told.kind.event, told.request_id)
            repeated += judged != "news"
            if judged == "again":
                continue
            if told.kind not in placed:
                placed[told.kind] = fold_of(told.kind.event, self._config)
            event, new = placed[told.kind]
            tellings.belongs(new.key)
            fold = folds.setdefault(new.key, new)
            at = told.time if told.time is not None and told.time <= now + FUTURE else now
            if judged == "news":
                fold.add(event, at, told.whole(event, sanitised))
            else:
                fold.vouch(event, at, told.whole(event, sanitised))
        return folds, repeated


def _rank(fold: Fold, is_real: bool) -> Rank:
    """What is about the account itself is one case for each policy, and the brakes ask for it."""
    ours = fold.code in ACCOUNT_CODES or any(each.trust == "high" or each.shape == MEASURED for each in fold.samples)
    return Rank.OURS if ours else Rank.REAL if is_real else Rank.TOLD


def _unopened(number: int, fold: Fold, now: datetime) -> Case:
    """A subject as a case that nobody has stored."""
    assert fold.first is not None  # a fold exists because of an event
    assert fold.last is not None  # see above
    return Case(
        id=number, account=fold.account, policy=fold.policy, code=fold.code, subject=fold.subject,
        events=max(fold.events, 1), opened_at=now, first_seen=fold.first, last_seen=fold.last,
        samples=tuple(fold.samples), usage=fold.usage,
    )  # fmt: skip


def sanitised(event: Event) -> Event:
    """What may be stored of an event: the border of the journal. A key that has a signed query in it is no object's
    name, so nothing is lost with it; an access key id is no secret, and what is looked up by it needs it whole.
    """
    all_of_it = "\n".join((*filter(None, _texts(event)), *event.fields.values()))
    if NOTHING in all_of_it:
        return sanitised(_without(event))
    if redact(all_of_it) == all_of_it and not any(map(says_secret, event.fields)):
        return event  # nearly every event: one search instead of one for each field
    texts = [(name, text) for name, text in zip(_MAY_HOLD_SECRETS, _texts(event), strict=True) if text]
    changed: dict[str, Any] = {name: clean for name, text in texts if (clean := redact(text)) != text}
    fields = {name: GONE if says_secret(name) else redact(value) for name, value in event.fields.items()}
    if fields != event.fields:
        changed["fields"] = fields
    return replace(event, **changed) if changed else event


def _without(event: Event) -> Event:
    """No database keeps it in a text, and no object's name has it."""
    changed: dict[str, Any] = {
        name: value.replace(NOTHING, UNKNOWN) for name in _MAY_HOLD_SECRETS if (value := getattr(event, name))
    }
    fields = {name: value.replace(NOTHING, UNKNOWN) for name, value in event.fields.items()}
    return replace(event, **changed, fields=fields)


def _move(connection: sa.Connection, source: str, moved: Moved, now: datetime) -> None:
    """Only the parts that have moved are written: one of five thousand followed files is one row."""
    if not moved:
        return
    one = (cursors.c.source == source, cursors.c.part == sa.bindparam("which"))
    connection.execute(cursors.delete().where(*one), [{"which": part} for part in moved])
    rows = [
        {"source": source, "part": part, "position": position, "moved_at": now}
        for part, position in moved.items()
        if position is not None
    ]
    if rows:
        connection.execute(cursors.insert(), rows)
