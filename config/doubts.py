"""A configuration that is legal -> what in it was surely not meant, each with its place: warnings, never refusals.

`ossmend check` prints them; the daemon starts all the same. What can never be meant is combinations.py's, and is
refused. Those of sources, policies and limits are in modules of their own, doubts_of_*.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ossmend.config import (
    doubts_of_limits,
    doubts_of_match,
    doubts_of_policies,
    doubts_of_sources,
    doubts_of_state,
    service_reads,
)
from ossmend.config.document import Document
from ossmend.config.globs import fits
from ossmend.config.model import Config
from ossmend.config.problems import Doubt, Problem, Where, printable
from ossmend.config.punctuation import in_quotes, strange
from ossmend.config.regions import CLOSING, GONE, REGIONS, meant
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef
from ossmend.remediators.settings.restore import RestoreSettings


def of(config: Config, document: Document, text: str, more: Iterable[Doubt] = ()) -> tuple[Problem, ...]:
    """All of them, in the order of the file; `more`: what somebody else doubts."""
    doubts = [
        *_regions(document),
        *_unused(config),
        *_domains(config),
        *doubts_of_sources.of(config, of_service=service_reads.is_meant(document.file)),
        *doubts_of_policies.of(config, document),
        *doubts_of_match.of(config),
        *doubts_of_limits.of(config, document),
        *doubts_of_state.of(config, document.file, of_service=service_reads.is_its_file(document.file)),
        *more,
    ]
    signs = (*strange(text, document.file), *in_quotes(text, document))
    return tuple(sorted((*placed(document, doubts), *signs), key=lambda each: (each.line, each.column)))


def placed(document: Document, doubts: Iterable[Doubt]) -> list[Problem]:
    """With their places in the file."""
    told = Document(document.file, document.values, values_at=document.values_at, keys_at=document.keys_at)
    for where, message, suggestion in doubts:
        told.complain(where, message, suggestion)
    return told.problems


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


def _domains(config: Config) -> Iterator[Doubt]:
    """A domain of a bucket that is never asked: no policy can come to it, and nothing is read or put there."""
    reached: dict[Where, bool] = {}
    for index, (name, cloud) in enumerate(config.clouds.items()):
        own = bool(config.accounts) and config.accounts[index].domains is not None
        asked = _asked(config, AccountRef(name))
        for bucket in cloud.domains:
            where: Where = ("accounts", index, "domains", bucket) if own else ("cloud", "domains", bucket)
            reached[where] = reached.get(where, False) or any(fits(pattern, bucket) for pattern in asked)
    if config.cloud.domains and config.accounts and all(each.domains is not None for each in config.accounts):
        yield ("cloud", "domains"), "every account has domains of its own: these are never used", None
    for where, is_reached in reached.items():
        if config.policies and not is_reached:
            yield where, "no policy's match fits this bucket: it is never asked", None


def _asked(config: Config, account: AccountRef) -> list[str | None]:
    """Patterns of the buckets that are asked in an account; None is every one."""
    policies = [policy for policy in config.policies if policy.enabled and policy.works_in(account)]
    asked = [policy.match.bucket for policy in policies]
    for policy in policies:
        restore = policy.section("restore")
        if isinstance(restore, RestoreSettings) and restore.batch is not None:
            asked.append(restore.batch.bucket)
    for source in config.sources:
        bucket = getattr(source.given, "bucket", None)
        if bucket is not None and config.account_of(source.given) in (account, ANY_ACCOUNT):
            asked.append(bucket)
    return asked
