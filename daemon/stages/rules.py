"""A configuration -> what it says about one case: its policy, in which mode, and for how long quiet means over.

Asked by every stage behind triage; no stage reads the configuration by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ossmend.config.model import Config, Policy
from ossmend.remediators.contract.case import Case

Mode = Literal["dry-run", "approve", "enforce"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one case."""

    policy: Policy | None
    """None: no policy took it, or its policy is gone. Then nothing is written."""
    mode: Mode
    quiet: timedelta
    """A reported case closes when nothing of it was seen for so long."""
    confirm: bool = False
    """OSS's own log has to confirm what the case's source tells."""


class RuleBook:
    """The rules of one configuration."""

    def __init__(self, config: Config, *, dry_run: bool) -> None:
        self.config = config
        self._dry_run = dry_run
        self._policies: Mapping[str, Policy] = {policy.name: policy for policy in config.policies}

    def mode(self, policy: str) -> Mode:
        """The mode of a policy, by its name; of what no policy takes, the file's."""
        known = self._policies.get(policy)
        return "dry-run" if self._dry_run else known.mode if known is not None else self.config.mode

    def of(self, case: Case) -> Rules:
        policy = self._policies.get(case.policy)
        return Rules(
            policy,
            self.mode(case.policy),
            policy.quiet if policy is not None else self.config.quiet,
            policy is not None and self.config.asks_witness(case.event.source, policy),
        )


def by_mode(config: Config, *, dry_run: bool) -> dict[str, list[str]]:
    """The names of the policies at work, by their mode."""
    book, found = RuleBook(config, dry_run=dry_run), dict[str, list[str]]()
    for policy in config.policies:
        if policy.enabled:
            found.setdefault(book.mode(policy.name), []).append(policy.name)
    return found


def modes_of(config: Config, *, dry_run: bool) -> dict[str, int]:
    """How many of the policies at work are in which mode."""
    return {mode: len(names) for mode, names in by_mode(config, dry_run=dry_run).items()}
