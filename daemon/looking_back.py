"""The triage of an audit: as the daemon's, and it counts what it leaves aside as other services' errors.

The daemon tells the number in its log, batch by batch (stages/read.py); an audit's report has to have it, or a log of
nothing else looks like one without a refusal.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ossmend.daemon.sources import Batch
from ossmend.daemon.sources.parsers.access_row import Row
from ossmend.daemon.stages.triage import Taken, Triage


class LookingBack(Triage):
    """What is older than asked for is left out here, too."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.another_service: Counter[str] = Counter()
        """Refusals by the service that they were taken for; a row of an access log is always OSS's."""

    def take(self, source: str, batch: Batch, lease: str | None = None) -> Taken:
        """As the daemon does."""
        taken = super().take(source, batch, lease)
        oldest = None if self._since is None else self._clock.now() - self._since
        for event in batch.refusals:
            if not isinstance(event, Row) and (whose := event.fields.get("foreign_service")):
                self.another_service[whose] += not (oldest and event.time and event.time < oldest)
        return taken
