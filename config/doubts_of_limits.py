"""Numbers and times that are legal and surely not meant: brakes that let nothing by, limits that nothing ever reaches.

doubts.py puts these warnings together with the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ossmend.config.document import Document
from ossmend.config.model import Config
from ossmend.config.policy import Brakes, Money
from ossmend.config.problems import Doubt, Where
from ossmend.config.sources.access_log import AccessLogSource
from ossmend.remediators.contract.settings import duration_text

OF_EVERY_WRITE = ("writes_per_hour", "calls_per_minute")
OF_RESTORES = ("objects_per_day", "restore_gib_per_day")
RESTORED = "InvalidObjectState"
LATE = timedelta(hours=48)
"""So late access logs may come."""
SELDOM = timedelta(hours=1)
"""OSS refuses every request from 15 minutes of drift on."""


def of(config: Config, document: Document) -> Iterator[Doubt]:
    """All of them."""
    restores = any(policy.enabled and RESTORED in policy.on for policy in config.policies)
    yield from _nothing(("brakes",), config.brakes, restores=restores)
    for index, policy in enumerate(config.policies):
        if policy.enabled and policy.can_write and policy.brakes is not None:
            where: Where = ("policies", index, "brakes")
            yield from _nothing(where, policy.brakes, restores=RESTORED in policy.on)
            yield from _beyond(where, policy.brakes, config.brakes)
    yield from _times(config, document)


def _nothing(where: Where, brakes: Brakes, *, restores: bool) -> Iterator[Doubt]:
    """A limit of 0. Of money it may be meant: what costs nothing may go."""
    for name in OF_EVERY_WRITE:
        if getattr(brakes, name) == 0:
            yield (*where, name), "0 lets no write by, ever; to plan only, say mode: dry-run", None
    for name in OF_RESTORES:
        if restores and getattr(brakes, name) == 0:
            yield (*where, name), "0 lets no restore by, ever; to plan only, say mode: dry-run", None


def _beyond(where: Where, own: Brakes, overall: Brakes) -> Iterator[Doubt]:
    """A policy's limit that those of all policies together keep from being reached."""
    for name in Brakes.model_fields:
        limit, over = _number(getattr(own, name)), _number(getattr(overall, name))
        if limit is not None and over is not None and limit > over:
            yield (*where, name), f"is never reached: brakes.{name}, of all policies together, is {over}", None


def _number(limit: Any) -> Any:
    return limit.amount if isinstance(limit, Money) else limit


def _times(config: Config, document: Document) -> Iterator[Doubt]:
    kept, cloud = config.retention, config.cloud
    never: list[tuple[Where, Any, Any, str]] = [
        (("cases", "most_open_per_policy"), config.cases.most_open_per_policy, config.cases.most_open, "most_open"),
        (("cloud", "connect_timeout"), cloud.connect_timeout, cloud.deadline, "deadline"),
        (("recurrence",), config.recurrence, kept.closed_cases_for, "retention.closed_cases_for"),
    ]
    never += [
        (("policies", index, "recurrence"), policy.recurrence, kept.closed_cases_for, "retention.closed_cases_for")
        for index, policy in enumerate(config.policies)
    ]
    for where, limit, other, name in never:
        if document.at(where) is not None and limit > other:
            shown = duration_text(other) if isinstance(other, timedelta) else other
            yield where, f"is never reached: {name} is {shown}", None
    logs = any(isinstance(source.given, AccessLogSource) for source in config.sources)
    if logs and kept.request_ids_for < LATE:
        said = "an access log may come 48h late, and what the application's log has told counts a second time then"
        yield ("retention", "request_ids_for"), said, None
    if config.clock.every > SELDOM:
        said = "a clock drifts unseen for so long; from 15m of drift on OSS refuses every request"
        yield ("clock", "every"), said, None
