"""Policies that are legal and surely not meant: that never take anything, or take it and never write.

doubts.py puts these warnings together with the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from ossmend.config.accounts import ALL
from ossmend.config.document import Document
from ossmend.config.globs import surely_within
from ossmend.config.model import Config
from ossmend.config.policy import Match, Policy
from ossmend.config.problems import Doubt
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.settings.cors import CorsSettings
from ossmend.remediators.settings.restore import RestoreSettings

OF_WRITES = ("mode", "confirm", "brakes")
"""What a policy says of its writes."""


def of(config: Config, document: Document) -> Iterator[Doubt]:
    """All of them but those about a policy's `match` (doubts_of_match.py)."""
    if not any(policy.enabled for policy in config.policies):
        there = "no policy is enabled" if config.policies else "there are no policies"
        yield ("policies",), f"{there}: every refusal is told to a person, and none is ever mended", None
    yield from _unused_rules(config)
    yield from _shadowed(config)
    yield from _without_rule(config)
    yield from _only_telling(config, document)
    yield from _batches(config)
    yield from _polls(config)
    yield from _silent_channels(config)


def _unused_rules(config: Config) -> Iterator[Doubt]:
    sections = [policy.section("cors") for policy in config.policies]
    named = {cors.rule for cors in sections if isinstance(cors, CorsSettings)}
    for name in config.cors_rules:
        if name not in named:
            yield ("cors_rules", name), "no policy names this rule: it is never merged into a bucket", None


def _only_telling(config: Config, document: Document) -> Iterator[Doubt]:
    """A word about writes where there never is one. What the whole file says of them is not about this policy; and a
    mode says as well whether channels are told.
    """
    tells = any(not channel.in_dry_run for channel in config.channels)
    for index, policy in enumerate(config.policies):
        if not policy.enabled or policy.can_write:
            continue
        for name in OF_WRITES:
            said = document.at(("policies", index, name))
            if said in (None, "dry-run") or (name == "mode" and tells):
                continue
            what = f"{name} {said}" if isinstance(said, str) else name
            message = f"{what} has no effect: nothing is ever written for {', '.join(policy.on)}{_unless(policy)}"
            yield ("policies", index, name), message, None


def _unless(policy: Policy) -> str:
    """The settings that would have it write."""
    known = [Remediator.registry[code] for code in policy.on if code in Remediator.registry]
    settings = [
        f"{each.section}.{opt.setting}: {' or '.join(str(value).lower() for value in opt.values)}"
        for each in known
        for opt in each.opt_in
    ]
    return f" without {', or '.join(settings)}" if settings else ""


def _silent_channels(config: Config) -> Iterator[Doubt]:
    """Channels that nothing is ever told to, for it is all in dry-run; what no policy takes is in the file's mode. And
    those that are not told of what only tells: nobody leaves that in dry-run for fear of a write.
    """
    modes = {config.mode, *(policy.mode for policy in config.policies if policy.enabled)}
    silent = [each.name for each in config.policies if each.enabled and not each.can_write and each.mode == "dry-run"]
    for index, entry in enumerate(config.notify):
        if modes == {"dry-run"} and not entry.given.in_dry_run:
            said = "nothing is told here while everything is in dry-run; in_dry_run: true tells that, too"
            yield ("notify", index, entry.kind), said, None
        elif not entry.given.in_dry_run and silent:
            names, they = ", ".join(silent), "it is" if len(silent) == 1 else "they are"
            why = f"{they} in dry-run. Nothing is written for that in any mode: mode enforce tells it"
            said = f"nothing of {names} is told here: {why}"
            yield ("notify", index, entry.kind), said, None


def _polls(config: Config) -> Iterator[Doubt]:
    for index, policy in enumerate(config.policies):
        restore = policy.section("restore")
        if isinstance(restore, RestoreSettings) and restore.poll is not None and restore.poll.days >= restore.days:
            said = f"the restored copy is gone before it is looked at: it stays for {restore.days}d"
            yield ("policies", index, "restore", "poll"), said, None


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
