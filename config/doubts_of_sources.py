"""Sources that are legal and surely not meant: logs that nobody reads, are read twice, or are passed over at first.

doubts.py puts these warnings together with the others. What a first pass passes over is not among them, for it needs
the state: `ossmend check` and `ossmend once` ask for it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from ossmend.config import service_reads
from ossmend.config.model import Config
from ossmend.config.problems import Doubt, Where, file_name, printable
from ossmend.config.rights import user
from ossmend.config.sources import access_log, app_log
from ossmend.config.sources.access_log import AccessLogSource
from ossmend.config.sources.app_log import AppLogSource
from ossmend.config.sources.sls import KEPT, OF_OSS, OF_OSS_PROJECT, OF_OSS_STORE, SlsSource

MOST_LOOKED_AT = 100
"""Of a pattern so many files are looked at: those of one application have the same rights."""
LogFiles = AppLogSource | AccessLogSource
"""Sources that may lie in files."""


def of(config: Config, *, of_service: bool) -> Iterator[Doubt]:
    """All of them; `of_service`: it is the service's own file, and root looks at it."""
    if not config.sources:
        yield ("sources",), "nothing is read: no source is named, and only this machine's clock is watched", None
    yield from _logs(config, of_service=of_service)
    yield from _twice(config)
    yield from _twice_in_a_bucket(config)
    yield from _twice_in_a_logstore(config)
    yield from _logstores(config)
    for index, source in enumerate(config.sources):
        given = source.given
        if isinstance(given, AccessLogSource) and given.bucket is not None:
            yield from _prefix(("sources", index, source.kind, "prefix"), given.prefix)


def _files(config: Config) -> Iterator[tuple[Where, LogFiles]]:
    for index, source in enumerate(config.sources):
        if isinstance(source.given, LogFiles) and source.given.path is not None:
            yield ("sources", index, source.kind), source.given


def _there(given: LogFiles) -> Iterator[Path]:
    return map(Path, glob.iglob(given.path or "", recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern


def _is_file(path: Path) -> bool:
    """Path.is_file raises where its directory may be listed and not entered."""
    return os.path.isfile(path)  # noqa: PTH113


# --------------------------------------------------------------------------------------------------------- what is read


def _logs(config: Config, *, of_service: bool) -> Iterator[Doubt]:
    """Files that are not there, or are closed to who is to read them."""
    for where, given in _files(config):
        there = list(islice(_there(given), MOST_LOOKED_AT))
        if (ending := _left_alone(given)) is not None:
            said = f"files that end in {ending} are not read here: name the log as it is before it is packed"
            yield (*where, "path"), said, None
        elif not there:
            said = f"nothing is there yet that {user()} can see: check the path, or let the application write it"
            yield (*where, "path"), said, None
        elif (why := _no_file(there)) is not None:
            yield (*where, "path"), why, None
        for path in filter(_is_file, there):
            if (why := _closed(path, of_service=of_service)) is not None:
                yield (*where, "path"), f"{file_name(path)}: {why}", None
                break


def packed(config: Config) -> Iterator[tuple[str, int]]:
    """Patterns that packed files fit as well, and how many: an audit that looks back misses what is in them."""
    for _, given in _files(config):
        number = sum(str(path).endswith(_endings(given)) for path in _there(given))
        if number and _left_alone(given) is None:
            yield given.path or "", number


def kept_shorter(config: Config, back: timedelta) -> list[str]:
    """Sources that may hold no entry as old as an audit wants."""
    return [source.name for source in config.sources if isinstance(source.given, SlsSource) and back > KEPT]


def _endings(given: LogFiles) -> tuple[str, ...]:
    return app_log.LEFT_ALONE if isinstance(given, AppLogSource) else access_log.LEFT_ALONE


def _left_alone(given: LogFiles) -> str | None:
    return next((ending for ending in _endings(given) if (given.path or "").endswith(ending)), None)


def _no_file(there: list[Path]) -> str | None:
    """Why none of them is a log."""
    if any(map(_is_file, there)):
        return None
    if not os.access(there[0].parent, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"{user()} may not look into {file_name(there[0].parent)}: look at its rights (ls -ld)"
    return f"{file_name(there[0])} is no file: it is left alone"


def _closed(path: Path, *, of_service: bool) -> str | None:
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        return f"{user()} may not read it: look at its rights (ls -l)"
    return service_reads.closed(path) if of_service else None


def _twice(config: Config) -> Iterator[Doubt]:
    """A log that two sources name: the second has nothing to tell, or tells with another trust what is told already."""
    seen: dict[Path, int] = {}
    patterns: dict[str, int] = {}
    for where, given in _files(config):
        index = int(where[1])
        known = patterns.setdefault(given.path or "", index)
        if known != index:
            yield (*where, "path"), f"is read by sources[{known}] already", None
            continue
        for path in islice(_there(given), MOST_LOOKED_AT):
            if _is_file(path) and (known := seen.setdefault(path, index)) != index:
                yield (*where, "path"), f"{file_name(path)} is read by sources[{known}] already", None
                break


def _twice_in_a_bucket(config: Config) -> Iterator[Doubt]:
    seen: list[tuple[int, str, str]] = []
    for index, source in enumerate(config.sources):
        given = source.given
        if not isinstance(given, AccessLogSource) or given.bucket is None:
            continue
        for before, bucket, prefix in seen:
            one, two = sorted((given.prefix, prefix), key=len)
            if given.bucket == bucket and two.startswith(one):
                said = f"what begins with {printable(two)}" if two else "it"
                at = "prefix" if given.prefix else "bucket"
                yield ("sources", index, source.kind, at), f"{said} is read by sources[{before}] already", None
                break
        seen.append((index, given.bucket, given.prefix))


def _twice_in_a_logstore(config: Config) -> Iterator[Doubt]:
    seen: dict[tuple[str | None, ...], int] = {}
    for where, given, region in _of_log_service(config):
        index = int(where[1])
        account = config.account_of(given).account
        known = seen.setdefault((account, given.project, given.logstore, region), index)
        if known != index:
            yield where, f"is read by sources[{known}] already", None


def _of_log_service(config: Config) -> Iterator[tuple[Where, SlsSource, str | None]]:
    """Each such source, with the region that it is of."""
    for index, source in enumerate(config.sources):
        if isinstance(source.given, SlsSource):
            cloud = config.clouds.get(config.account_of(source.given).account)
            region = source.given.region or (cloud.region if cloud is not None else None)
            yield ("sources", index, source.kind), source.given, region


def _logstores(config: Config) -> Iterator[Doubt]:
    """Names that belong to another region, or to another setting."""
    for where, given, region in _of_log_service(config):
        project = OF_OSS_PROJECT.fullmatch(given.project or "")
        if project is not None and project["region"] != region:
            said = f"is OSS's project of {project['region']}, and this source is of {region}"
            yield (*where, "project"), said, f"{project['of']}{region}"
        elif given.project == OF_OSS_STORE:
            yield (*where, "project"), f"is what OSS calls the logstore: its projects are {OF_OSS}", None
        if OF_OSS_PROJECT.fullmatch(given.logstore):
            said = "is what OSS calls a project, and the logstore in it has another name"
            yield (*where, "logstore"), said, OF_OSS_STORE


def _prefix(where: Where, prefix: str) -> Iterator[Doubt]:
    if prefix.startswith("/"):
        yield where, "no object fits: keys do not begin with a slash", prefix.lstrip("/") or None
    elif "*" in prefix:
        yield where, "a prefix is taken as it stands, and * is no wildcard in it", prefix.partition("*")[0] or None


# ---------------------------------------------------------------------------------------------------- passed over first


def first_pass(config: Config, begun: Collection[str]) -> Iterator[Doubt]:
    """What `ossmend check` says of sources that the state does not know yet; `begun`: those that it knows."""
    for where, given in passed_over(config, begun):
        at = ["start"] if "start" in given.model_fields_set else [] if isinstance(given, SlsSource) else ["path"]
        said = "a first `once` passes over what is there already (start: end), and a service reads what comes"
        yield (*where, *at), f"{said}; `start: beginning` reads it all", None


def passed_over(config: Config, begun: Collection[str]) -> Iterator[tuple[Where, LogFiles | SlsSource]]:
    """Sources whose first pass reads nothing although something is there; nobody looks whether a logstore is empty."""
    for index, source in enumerate(config.sources):
        if isinstance(source.given, SlsSource) and source.given.start == "end" and source.given.name not in begun:
            yield ("sources", index, source.kind), source.given
    for where, given in _files(config):
        if (
            given.start == "end"
            and given.name not in begun
            and any(_holds_something(given, path) for path in _there(given))
        ):
            yield where, given


def _holds_something(given: LogFiles, path: Path) -> bool:
    try:
        return not path.name.endswith(_endings(given)) and _is_file(path) and path.stat().st_size > 0
    except OSError:
        return False
