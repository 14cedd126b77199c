"""What accounts, sources and policies say of each other: names that lead nowhere, and what nobody could tell apart.

A part of combinations.py, which calls it; like that file it works on the plain values of the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ossmend.config.accounts import ALL
from ossmend.config.document import Document
from ossmend.config.problems import Where, nearest, printable
from ossmend.config.regions import log_region_of, region_of

Named = tuple[Where, Mapping[str, Any]]
NEEDS_ACCOUNT = frozenset({"access_log", "sls"})
"""Kinds of sources that are read with an account's credentials, where they are not files of this machine."""


def complain(document: Document, writers: Mapping[int, set[str]]) -> None:
    """Add what does not go together; `writers`: what each policy that can write could write, by its place."""
    accounts = _listed(document.at(("accounts",)))
    names = [name for _, each in accounts if isinstance(name := each.get("name"), str)]
    sources = list(_sources(document))
    policies: list[Named] = [(("policies", index), each) for index, each in _listed(document.at(("policies",)))]
    _doubled(document, accounts)
    _same_credentials(document, accounts)
    _unknown(document, [*sources, *policies], names)
    _endpoints(document, accounts)
    _log_endpoints(document, sources, accounts)
    _domains(document, accounts)
    if len(names) > 1:
        _ambiguous(document, sources, policies, writers, names)


def _doubled(document: Document, accounts: list[tuple[int, Mapping[str, Any]]]) -> None:
    first: dict[str, int] = {}
    for index, account in accounts:
        name = account.get("name")
        if isinstance(name, str) and first.setdefault(name, index) != index:
            document.complain(("accounts", index, "name"), f'"{printable(name)}" is already accounts[{first[name]}]')


def _same_credentials(document: Document, accounts: list[tuple[int, Mapping[str, Any]]]) -> None:
    """Two accounts with the credentials of `cloud` would be one account with two names, and with two of every limit."""
    without = [index for index, account in accounts if "credentials" not in account]
    for index in without[1:]:
        said = f"is missing: accounts[{without[0]}] has those of cloud already, and this would be the same account"
        document.complain(("accounts", index, "credentials"), said, key=True)


def _unknown(document: Document, said: list[Named], names: list[str]) -> None:
    for where, each in said:
        name = each.get("account")
        if not isinstance(name, str) or name in names or (name == ALL and where[0] == "policies"):
            continue
        if not names:
            document.complain((*where, "account"), "there are no accounts in this file: leave it out")
        else:
            there = f'accounts has no "{printable(name)}"; it has {", ".join(map(printable, names))}'
            document.complain((*where, "account"), there, nearest(name, names))


def _ambiguous(
    document: Document, sources: list[Named], policies: list[Named], writers: Mapping[int, set[str]], names: list[str]
) -> None:
    """Nothing is written where nobody has said in which account."""
    some = " or ".join(map(printable, names))
    everywhere = []
    for (_, index), policy in policies:
        can = ", ".join(sorted(writers.get(int(index), ())))
        if can and "account" not in policy:
            said = f'this policy can write ({can}), so it must say in which account: {some}; all of them are "{ALL}"'
            document.complain(("policies", index, "account"), said, key=True)
        elif can and policy.get("account") == ALL:
            everywhere.append(printable(str(policy.get("name", f"policies[{index}]"))))
    for where, source in sources:
        if "account" in source:
            continue
        if where[-1] in NEEDS_ACCOUNT and "path" not in source:
            document.complain((*where, "account"), f"is missing: with whose credentials is it read? {some}", key=True)
        elif everywhere:
            said = f"is missing: policy {everywhere[0]} writes in every account, and nobody could tell in which: {some}"
            document.complain((*where, "account"), said, key=True)


def _endpoints(document: Document, accounts: list[tuple[int, Mapping[str, Any]]]) -> None:
    """A host of OSS serves its own region only: with another one every bucket would be looked for in vain at first."""
    cloud = document.at(("cloud",))
    cloud = cloud if isinstance(cloud, dict) else {}
    _endpoint(document, ("cloud",), cloud.get("region"), cloud.get("endpoint"), "cloud.region")
    for index, account in accounts:
        region = account.get("region", cloud.get("region"))
        _endpoint(document, ("accounts", index), region, account.get("endpoint"), "the account's region")


def _log_endpoints(document: Document, sources: list[Named], accounts: list[tuple[int, Mapping[str, Any]]]) -> None:
    """What is signed names the region: with another one the log service would seem to refuse our key."""
    home = document.at(("cloud", "region"))
    regions = {str(account.get("name")): account.get("region", home) for _, account in accounts}
    first = next(iter(regions), "")
    for where, source in sources:
        if where[-1] == "sls":
            region = source.get("region") or regions.get(str(source.get("account") or first), home)
            _endpoint(document, where, region, source.get("endpoint"), "the log's region", log_region_of)


def _endpoint(
    document: Document,
    where: Where,
    region: Any,
    endpoint: Any,
    what: str,
    serves: Callable[[str], str | None] = region_of,
) -> None:
    if not isinstance(region, str) or not isinstance(endpoint, str):
        return
    try:
        host = urlsplit(endpoint).hostname or ""
    except ValueError:
        return
    found = serves(host)
    if found not in (None, region.removeprefix("oss-")):
        document.complain((*where, "endpoint"), f"is in {found}, but {what} is {printable(region)}")


def _domains(document: Document, accounts: list[tuple[int, Mapping[str, Any]]]) -> None:
    """A domain is bound to one bucket, whoever asks."""
    first: dict[str, tuple[str, str]] = {}
    places: list[tuple[Where, str]] = [(("cloud",), "cloud")]
    places += [(("accounts", index), f"accounts[{index}]") for index, _ in accounts]
    for where, part in places:
        domains = document.at((*where, "domains"))
        for bucket, domain in domains.items() if isinstance(domains, dict) else ():
            if not isinstance(bucket, str) or not isinstance(domain, str):
                continue
            of, there = first.setdefault(_host_of(domain), (bucket, part))
            if of != bucket:
                said = f"is the domain of {printable(of)} already ({there}.domains), and leads to one bucket alone"
                document.complain((*where, "domains", bucket), said)


def _host_of(domain: str) -> str:
    """The name alone, however it is written: OSS serves no domain at two ports, and a log may leave the port out."""
    return domain.partition("://")[2].rstrip("/").lower().partition(":")[0].rstrip(".")


def _sources(document: Document) -> Iterator[Named]:
    for index, entry in _listed(document.at(("sources",))):
        for kind, settings in entry.items():
            if isinstance(settings, dict):
                yield ("sources", index, kind), settings


def _listed(values: Any) -> list[tuple[int, Mapping[str, Any]]]:
    found = enumerate(values) if isinstance(values, tuple) else ()
    return [(index, each) for index, each in found if isinstance(each, dict)]
