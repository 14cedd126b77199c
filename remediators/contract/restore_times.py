"""How long OSS takes for a restore, by class and tier: reference times, no promises (docs/facts.md#restore-tiers)."""

from __future__ import annotations

from typing import NamedTuple


class Time(NamedTuple):
    """In both languages."""

    en: str
    zh: str


TIMES = {
    ("Archive", None): Time("about a minute", "约一分钟"),
    ("ColdArchive", "Expedited"): Time("about 1 hour", "约 1 小时"),
    ("ColdArchive", "Standard"): Time("2 to 5 hours", "2 至 5 小时"),
    ("ColdArchive", "Bulk"): Time("5 to 12 hours", "5 至 12 小时"),
    ("DeepColdArchive", "Expedited"): Time("about 12 hours", "约 12 小时"),
    ("DeepColdArchive", "Standard"): Time("about 48 hours", "约 48 小时"),
}


def time_of(storage_class: str, tier: str | None) -> Time | None:
    """None for what no page tells a time of."""
    return TIMES.get((storage_class, None if storage_class == "Archive" else tier or "Standard"))


def takes(storage_class: str, tier: str | None) -> str | None:
    """In a line for people."""
    time = time_of(storage_class, tier)
    return None if time is None else f"{time.en} ({', '.join(filter(None, (storage_class, tier)))})"
