"""A configuration that is legal -> what in it was surely not meant, each with its place: warnings, never refusals.

`ossmend check` prints them (and `once` the one about itself); the daemon starts all the same. What can never be meant
is combinations.py's, and is refused.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ossmend.config import service_reads
from ossmend.config.accounts import ALL
from ossmend.config.document import Document
from ossmend.config.globs import surely_within
from ossmend.config.model import Config
from ossmend.config.policy import Match, Policy
from ossmend.config.problems import Problem, Where, printable
from ossmend.config.punctuation import in_quotes, strange
from ossmend.config.regions import CLOSING, GONE, REGIONS, meant
from ossmend.config.rights import user
from ossmend.config.sources import access_log, app_log
from ossmend.config.sources.access_log import AccessLogSource
from ossmend.config.sources.app_log import AppLogSource
from ossmend.remediators.settings.cors import CorsSettings
from ossmend.remediators.settings.restore import RestoreSettings

JOURNAL = "ossmend.db"
"""The state's file, by which a first run is known."""
MOST_LOOKED_AT = 100
"""Of a pattern so many files are looked at: those of one application have the same rights."""
FILES = (AppLogSource, AccessLogSource)
"""Sources that may lie in files."""
Doubt = tuple[Where, str, str | None]
"""Where it stands, what is doubted, and the nearest right word."""


def of(config: Config, document: Document, text: str) -> tuple[Problem, ...]:
    """All of them, in the order of the file."""
    doubts = [
        *_regions(document),
        *_unused(config),
        *_shadowed(config),
        *_without_rule(config),
        *_logs(config, of_service=service_reads.is_meant(document.file)),
        *_batches(config),
    ]
    told = Document(document.file, document.values, values_at=document.values_at, keys_at=document.keys_at)
    for where, message, suggestion in doubts:
        told.complain(where, message, suggestion)
    signs = (*strange(text, document.file), *in_quotes(text, document))
    return tuple(sorted((*told.problems, *signs), key=lambda each: (each.line, each.column)))


# -------------------------------------------------------------------------------------------------------------- cloud


def _regions(document: Document) -> Iterator[Doubt]:
    for where in document.values_at:
        name = document.at(where)
        if where[-1:] != ("region",) or not isinstance(name, str):
            continue
        if name in GONE:
            yield where, f"OSS has given up {name}: its buckets are in another region by now", None
        elif name in CLOSING:
            yield where, f"OSS is giving up {name}: its buckets move to another region", None
        elif name not in REGIONS:
            found = meant(name)
            internal = "; the internal host is network: internal" if found is not None and found.internal else ""
            said = f'no region called "{printable(name)}" is known here{internal}'
            yield where, said, found.region if found is not None else None


def likely_region(name: str) -> str | None:
    """The region that was meant, where that one does not exist."""
    found = meant(name) if name not in REGIONS else None
    return found.region if found is not None else None


def _unused(config: Config) -> Iterator[Doubt]:
    """An account that no source and no policy can come to: nothing is ever read or written there. Not the first one,
    which looks into what belongs to none.
    """
    said = {source.given.account for source in config.sources} | {policy.account for policy in config.policies}
    for index, account in enumerate(config.accounts):
        if index and account.name not in said:
            yield ("accounts", index, "name"), "no source and no policy names this account: it is never used", None


# ----------------------------------------------------------------------------------------------------------- policies


def _batches(config: Config) -> Iterator[Doubt]:
    """A batch job that no brake would ever release."""
    for index, policy in enumerate(config.policies):
        restore = policy.section("restore")
        batch = restore.batch if isinstance(restore, RestoreSettings) else None
        limits = [config.brakes, *([policy.brakes] if policy.brakes is not None else [])]
        least = min((each.objects_per_day for each in limits if each.objects_per_day is not None), default=None)
        if batch is not None and least is not None and batch.at_least > least:
            where = ("policies", index, "restore", "batch")
            yield (
                where,
                f"no job is ever released: it has {batch.at_least} objects, and objects_per_day is {least}",
                None,
            )


def _shadowed(config: Config) -> Iterator[Doubt]:
    """What an earlier policy takes never comes to a later one."""
    for index, policy in enumerate(config.policies):
        if not policy.enabled:
            continue
        by = {code: earlier for code in policy.on if (earlier := _taker(config.policies[:index], policy, code))}
        if len(by) == len(policy.on):
            names = ", ".join(dict.fromkeys(by.values()))
            yield ("policies", index), f"never takes anything: {names}, further up, takes all of it first", None
        elif by:
            said = "; ".join(f"{code} goes to {earlier}" for code, earlier in by.items())
            yield ("policies", index, "on"), f"a part is never taken here: {said}, further up", None


def _taker(earlier: tuple[Policy, ...], policy: Policy, code: str) -> str | None:
    found = (each for each in earlier if each.enabled and code in each.on and _covers(each, policy))
    return next((each.name for each in found), None)


def _covers(wide: Policy, narrow: Policy) -> bool:
    """Fields that one of them does not ask about are open in it. Accounts, where there are any, have to be the same."""
    if wide.account not in (None, ALL, narrow.account):
        return False
    return all(
        surely_within(getattr(narrow.match, name), getattr(wide.match, name), path=name == "key")
        for name in Match.model_fields
    )


def _without_rule(config: Config) -> Iterator[Doubt]:
    for index, policy in enumerate(config.policies):
        if not policy.enabled or policy.mode == "dry-run" or "AccessForbidden" not in policy.on:
            continue
        cors = policy.section("cors")
        if not isinstance(cors, CorsSettings) or cors.rule is None:
            said = f"mode {policy.mode} without cors.rule: nothing is ever written, for only a stored rule is"
            yield ("policies", index, "mode"), said, None


# ------------------------------------------------------------------------------------------------------------ sources


def _logs(config: Config, *, of_service: bool) -> Iterator[Doubt]:
    """Files that are not there, or are closed to who is to read them. What `start: end` passes over is said by a first
    `once`: it is meant by a service.
    """
    for index, source in enumerate(config.sources):
        given = source.given
        if not isinstance(given, FILES) or given.path is None:
            continue
        where: Where = ("sources", index, source.kind)
        there = list(islice(_there(given), MOST_LOOKED_AT))
        if (ending := _left_alone(given)) is not None:
            said = f"files that end in {ending} are not read here: name the log as it is before it is packed"
            yield (*where, "path"), said, None
        elif not there:
            said = f"nothing is there yet that {user()} can see: check the path, or let the application write it"
            yield (*where, "path"), said, None
        elif not any(path.is_file() for path in there):
            yield (*where, "path"), f"{printable(str(there[0]))} is no file: it is left alone", None
        for path in filter(Path.is_file, there):
            if (why := _closed(path, of_service=of_service)) is not None:
                yield (*where, "path"), f"{printable(str(path))}: {why}", None
                break


def _left_alone(given: AppLogSource | AccessLogSource) -> str | None:
    endings = app_log.LEFT_ALONE if isinstance(given, AppLogSource) else access_log.LEFT_ALONE
    return next((ending for ending in endings if (given.path or "").endswith(ending)), None)


def _closed(path: Path, *, of_service: bool) -> str | None:
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"{user()} may not read it: look at its rights (ls -l)"
    return service_reads.closed(path) if of_service else None


def is_first(config: Config, *, dry_run: bool = False) -> bool:
    """Has nothing been run on this state yet? A dry run has a state of its own."""
    return not (config.state.path / ("dry-run" if dry_run else "") / JOURNAL).exists()


def first_pass_skips(config: Config, *, dry_run: bool) -> list[str]:
    """Paths of which a first pass reads nothing although something is there."""
    if not is_first(config, dry_run=dry_run):
        return []
    logs = [source.given for source in config.sources if isinstance(source.given, FILES)]
    return [log.path for log in logs if log.path is not None and passed_over(log)]


def passed_over(given: AppLogSource | AccessLogSource) -> bool:
    """Is something there that `start: end` leaves out?"""
    return given.start == "end" and any(_holds_something(path) for path in _there(given))


def _there(given: AppLogSource | AccessLogSource) -> Iterator[Path]:
    return map(Path, glob.iglob(given.path or "", recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern


def _holds_something(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError:
        return False
