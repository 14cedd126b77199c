"""Patterns that are legal and that nothing fits, or one thing alone where surely more was meant.

doubts.py puts these warnings together with the others. What a pattern cannot be at all, fields.py refuses.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ossmend.config.model import Config
from ossmend.config.policy import Match
from ossmend.config.problems import Doubt

WILDCARDS = frozenset("*?")
BUCKET = re.compile("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
ENCODED = re.compile("%[0-9A-Fa-f]{2}")
Said = tuple[str, str | None]
"""What is doubted of a pattern, and the nearest right one."""


def of(config: Config) -> Iterator[Doubt]:
    """All of them."""
    for index, policy in enumerate(config.policies):
        for name, said in _of(policy.match):
            yield ("policies", index, "match", name), *said


def _of(match: Match) -> Iterator[tuple[str, Said]]:
    for name, look in {"bucket": _bucket, "key": _key, "client": _client, "origin": _origin}.items():
        pattern = getattr(match, name)
        said = look(pattern, bool(WILDCARDS & set(pattern))) if pattern is not None else None
        if said is not None:
            yield name, said


def _bucket(pattern: str, is_open: bool) -> Said | None:
    if is_open:
        fits = not (pattern.startswith("-") or pattern.endswith("-") or len(pattern.replace("*", "")) > 63)
    else:
        fits = BUCKET.fullmatch(pattern) is not None
    said = "no bucket fits: names have 3 to 63 signs, and neither begin nor end with a hyphen"
    return None if fits else (said, None)


def _key(pattern: str, is_open: bool) -> Said | None:
    if pattern.startswith("oss://"):
        return "no object fits: a key is what follows the bucket and its slash", pattern[6:].partition("/")[2] or None
    if ENCODED.search(pattern):
        return "keys are decoded before they are compared: write the name as it is", None
    if pattern.endswith("/") and not is_open:
        return "this fits the folder's own object alone, and nothing in it", f"{pattern}**"
    return None


def _client(pattern: str, is_open: bool) -> Said | None:
    try:
        fits = re.fullmatch("[0-9a-fA-F.:*?]+", pattern) if is_open else ipaddress.ip_address(pattern)
    except ValueError:
        fits = None
    return None if fits is not None else ("no client fits: it is the address that is compared, like 10.0.*", None)


def _origin(pattern: str, is_open: bool) -> Said | None:
    if pattern.endswith("/"):
        return "no origin fits: browsers send none with a slash at its end", pattern.rstrip("/") or None
    if not is_open and "://" not in pattern and pattern != "null":
        return "no origin fits: browsers send it with its scheme", f"https://{pattern}"
    return None
