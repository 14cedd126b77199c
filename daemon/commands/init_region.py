"""Log files -> the region that they speak of, for a first configuration where nobody named one. Next: init.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ossmend.config.regions import REGIONS, region_of

MEGABYTE = 1 << 20
_HOST = re.compile(rb"oss-[a-z0-9-]{3,40}\.aliyuncs\.com")


def region_in(logs: Iterable[str]) -> str | None:
    """The region whose hosts the ends of these logs name most. Of those that are known: a log may say anything."""
    named: Counter[str] = Counter()
    for path in map(Path, logs):
        with suppress(OSError):
            if path.is_file():
                named.update(region for host in _hosts_in(path) if (region := region_of(host)) in REGIONS and region)
    return named.most_common(1)[0][0] if named else None


def _hosts_in(path: Path) -> list[str]:
    """The hosts of OSS in the last megabyte of a file."""
    with path.open("rb") as log:
        log.seek(max(path.stat().st_size - MEGABYTE, 0))
        return [host.decode("ascii") for host in _HOST.findall(log.read(MEGABYTE))]
