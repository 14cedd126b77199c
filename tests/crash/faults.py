"""The kinds of fault that strike while daemons are killed: in the cloud, on the way, on the disk, by other people.

A kind is one function that arms itself in a trial before the first daemon starts, and perhaps one that heals what would
stay broken for ever. Where it strikes is chosen by the trial's own random numbers, so a seed strikes alike. What is
struck at the n-th request is struck in the simulator's thread, between that request and its answer.
"""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ossmend.simulator.state import Cloud, Cors
from tests.crash.nursery import step
from tests.crash.stage import (
    ASSETS,
    GOOD,
    KEY_ID,
    KEYS,
    PHOTOS,
    REPORTS,
    THEIRS,
    USER,
    WRITES,
    put_picture,
    restore_by_hand,
)

if TYPE_CHECKING:
    from tests.crash.trial import Trial

Arm = Callable[["Trial"], None]
KINDS: dict[str, Arm] = {}
"""By name, in the order of this file."""
HEALS: dict[str, Arm] = {}
"""What ends a fault, where it would not end by itself: done before the daemon is let run to the end."""
LATER = 4.5
"""Seconds; a call's deadline is 3."""
SOON = {"Retry-After": "1"}
PAGE = "<html><body><h1>It works!</h1></body></html>"
MOMENTS = 30
"""Requests within which the daemons of a trial have most to do."""


def kind(arm: Arm) -> Arm:
    KINDS[arm.__name__.strip("_").replace("_", " ")] = arm
    return arm


def heals(arm: Arm) -> Callable[[Arm], Arm]:
    def register(heal: Arm) -> Arm:
        HEALS[arm.__name__.strip("_").replace("_", " ")] = heal
        return heal

    return register


def _strike(trial: Trial, operation: str, times: int, **rule: Any) -> None:
    """The next requests of that operation; of all, where it is empty."""
    skip = 0 if operation else trial.random.randint(0, MOMENTS // 2)
    trial.stage.simulator.do(lambda cloud: cloud.faults.add(operation=operation, times=times, skip=skip, **rule))


def _strike_writes(trial: Trial, **rule: Any) -> None:
    for operation in WRITES:
        _strike(trial, operation, trial.random.randint(1, 2), **rule)


@kind
def _none(_trial: Trial) -> None:
    """Killed, and nothing else."""


# ------------------------------------------------------------------------------------------------------------- answers


@kind
def _answer_lost_after_acceptance(trial: Trial) -> None:
    _strike_writes(trial, abort="reset", execute=True)


@kind
def _answer_past_the_deadline(trial: Trial) -> None:
    _strike_writes(trial, latency_seconds=LATER)


@kind
def _call_held_on_the_way(trial: Trial) -> None:
    """It arrives when nobody waits for it any more."""
    trial.hold_writes(trial.random.randint(1, 3), LATER)


@kind
def _connection_reset_before_acceptance(trial: Trial) -> None:
    _strike(trial, trial.random.choice(("", *WRITES)), trial.random.randint(1, 4), abort="reset")


@kind
def _half_an_answer(trial: Trial) -> None:
    _strike(trial, trial.random.choice(("", "", *WRITES)), trial.random.randint(1, 5), abort="half")


@kind
def _error_500_before_acceptance(trial: Trial) -> None:
    _strike_writes(trial, status=500)


@kind
def _error_500_after_acceptance(trial: Trial) -> None:
    _strike_writes(trial, status=500, execute=True)


@kind
def _error_503_before_acceptance(trial: Trial) -> None:
    _strike_writes(trial, status=503, headers=SOON)


@kind
def _error_503_after_acceptance(trial: Trial) -> None:
    _strike_writes(trial, status=503, execute=True, headers=SOON)


@kind
def _throttled(trial: Trial) -> None:
    _strike(trial, "", trial.random.randint(3, 9), status=503, code="QpsLimitExceeded", headers=SOON)


@kind
def _wrong_body(trial: Trial) -> None:
    """Something in between answers everything with its own page, after the work was done."""
    operation = trial.random.choice(("", *WRITES))
    _strike(trial, operation, trial.random.randint(1, 4), status=200, body=PAGE, execute=True)


# --------------------------------------------------------------------------------------------------------------- state


@kind
def _disk_full(trial: Trial) -> None:
    """No file of the daemon may grow: nothing can be stored any more, as on a full disk."""

    def full() -> None:
        size = max((path.stat().st_size for path in trial.state.glob("ossmend.db*")), default=0)
        _limit(trial, max(size, trial.trace.stat().st_size + 65536))

    trial.at_request(trial.random.randint(1, MOMENTS), full)


@heals(_disk_full)
def _room(trial: Trial) -> None:
    _limit(trial, resource.RLIM_INFINITY)


def _limit(trial: Trial, size: int) -> None:
    child = trial.daemon
    if child is None or child.ended():
        return
    try:
        hard = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (size, hard))
    except ProcessLookupError:
        return


@kind
def _state_locked(trial: Trial) -> None:
    """Somebody else holds the database, now shorter and now longer than SQLite waits."""

    def locked() -> None:
        try:
            with sqlite3.connect(trial.state / "ossmend.db", isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                trial.pause(trial.random.choice((0.2, 1.0, 3.0, 11.0)))
                other.execute("ROLLBACK")
            other.close()
        except sqlite3.OperationalError:
            return

    trial.beside_request(trial.random.randint(1, MOMENTS), locked)


# ----------------------------------------------------------------------------------------------------------------- log


@kind
def _log_renamed(trial: Trial) -> None:
    def renamed() -> None:
        trial.log.rename(trial.log.with_suffix(".log.1"))
        trial.log.touch()

    trial.at_request(trial.random.randint(1, MOMENTS), renamed)


@kind
def _log_copied_and_truncated(trial: Trial) -> None:
    def truncated() -> None:
        shutil.copy(trial.log, trial.log.with_suffix(".log.1"))
        with trial.log.open("r+b") as file:
            file.truncate(0)

    trial.at_request(trial.random.randint(1, MOMENTS), truncated)


@kind
def _lines_written_in_pieces(trial: Trial) -> None:
    trial.in_pieces = True
    trial.struck += 1


# ------------------------------------------------------------------------------------------------ this machine's people


@kind
def _configuration_changed(trial: Trial) -> None:
    """Another one that is right, or one that is not; then SIGHUP."""

    def changed() -> None:
        wrong = trial.random.random() < 0.4
        trial.configure(quiet="23h", more="nonsense: true" if wrong else "recurrence: 6d")
        trial.signal(signal.SIGHUP)
        if trial.random.random() < 0.5:
            trial.configure(quiet="22h")
            trial.signal(signal.SIGHUP)

    for _ in range(trial.random.randint(1, 2)):
        trial.at_request(trial.random.randint(1, MOMENTS), changed)


@kind
def _policy_asks_for_approval_meanwhile(trial: Trial) -> None:
    def changed() -> None:
        trial.configure(mode="approve")
        trial.signal(signal.SIGHUP)

    trial.at_request(trial.random.randint(1, MOMENTS), changed)


@heals(_configuration_changed)
@heals(_policy_asks_for_approval_meanwhile)
def _as_before(trial: Trial) -> None:
    trial.configure()
    trial.signal(signal.SIGHUP)


@kind
def _clock_stepped(trial: Trial) -> None:
    seconds = trial.random.choice((-7200.0, -1200.0, -60.0, -5.0, 5.0, 60.0, 1500.0, 7200.0, 21600.0))
    trial.at_request(trial.random.randint(1, MOMENTS), lambda: step(trial.clock, seconds))


@heals(_clock_stepped)
def _clock_right(trial: Trial) -> None:
    """What is due by a clock that was ahead would come late: only one that was behind is put right."""
    trial.put_clock_right()


@kind
def _word_given_while_dead(trial: Trial) -> None:
    """Approvals and undos are given between the end of one daemon and the start of the next."""
    trial.words_while_dead = True


# ------------------------------------------------------------------------------------------------- the cloud's people


@kind
def _bucket_removed(trial: Trial) -> None:
    name = trial.random.choice((REPORTS, ASSETS, PHOTOS))
    trial.removed = name
    _by_others(trial, lambda cloud: cloud.buckets.pop(name, None))


@kind
def _repaired_by_others(trial: Trial) -> None:
    def restored(cloud: Cloud) -> None:
        restore_by_hand(cloud, trial.random.choice(KEYS))

    def uploaded(cloud: Cloud) -> None:
        put_picture(cloud, GOOD)

    _by_others(trial, trial.random.choice((restored, uploaded)))


@kind
def _key_changed_by_others(trial: Trial) -> None:
    def enabled(cloud: Cloud) -> None:
        cloud.identity.keys[KEY_ID].status = "Active"

    def recycled(cloud: Cloud) -> None:
        cloud.identity.recycle_key(KEY_ID)

    def tagged(cloud: Cloud) -> None:
        cloud.identity.users[USER].tags["team"] = "logistics"

    _by_others(trial, trial.random.choice((enabled, recycled, tagged)))


@kind
def _cors_rule_added_by_others(trial: Trial) -> None:
    def added(cloud: Cloud) -> None:
        cors = cloud.buckets[ASSETS].cors
        rules = cors.rules if cors is not None else ()
        cloud.buckets[ASSETS].cors = Cors((*rules, THEIRS))
        trial.stage.theirs = "added"

    _by_others(trial, added)


def _by_others(trial: Trial, change: Callable[[Cloud], object]) -> None:
    def changed() -> None:
        change(trial.stage.simulator.cloud)
        trial.stage.changed_by_others(trial.stage.simulator.cloud)

    trial.at_request(trial.random.randint(1, MOMENTS), changed)
