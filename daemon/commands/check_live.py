"""`ossmend check --live`: are credentials, clock, hosts and permissions fit for this configuration? Reads only.

Each account by itself. What is missing is named with its RAM action and resource, and with the statement to add; what
could not be checked is said with its reason, for it is neither a yes nor a no. permissions/live.py does the asking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ossmend.config.doubts import likely_region
from ossmend.config.model import Config
from ossmend.config.regions import region_of
from ossmend.daemon.cloud.accounts import ROOT_KEY, Cloud, connect
from ossmend.daemon.cloud.ask.keys import Caller
from ossmend.daemon.cloud.settings import CloudSettings, account_settings
from ossmend.daemon.cloud.wire.errors import SIGNED_FOR
from ossmend.daemon.commands import check_domains, check_logs, check_refused
from ossmend.daemon.host import log
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.permissions.document import documents
from ossmend.daemon.permissions.live import Finding, granted
from ossmend.daemon.permissions.needs import Need, needs
from ossmend.remediators.batch_restore import TOO_MUCH
from ossmend.remediators.contract.values import AccountRef, ClockReading
from ossmend.remediators.contract.verdict import Refused, TryAgain
from ossmend.remediators.settings.restore import RestoreSettings

ROOT_ALLOWED = (
    "warning: a key of the account itself, which can do everything and which no policy can limit; it is allowed here, "
    "by allow_root or because both endpoints are on this machine; elsewhere use a RAM user or role"
)
OF_SOURCE = "source "
WRONG = 60
"""Seconds of drift from which the clock is called wrong: OSS refuses from 15 minutes on."""


def check_live(config: Config, mode: str | None = None) -> dict[str, Any]:
    """{"ok", "live": [{"account", "what", "ok", "found"}, ...], "missing", "unchecked", "add",
    "add_unless_there"}: `ok` of a line is None where it could not be checked; `mode` instead of each policy's own.
    Raises CredentialsRefused.
    """
    report: dict[str, Any] = {"ok": True, "live": [], "missing": [], "unchecked": [], "add": {}, "add_unless_there": {}}
    log.quiet()
    for account, settings in account_settings(config).items():
        cloud = connect(settings, clock=SystemClock(), may_write=False)
        try:
            _account(report, account, cloud, settings, partial(needs, config, account, mode=mode),
                     _roles(config, account), _sources(config, account))  # fmt: skip
        finally:
            cloud.close()
    return report


def _account(
    report: dict[str, Any],
    account: str,
    cloud: Cloud,
    settings: CloudSettings,
    needed: Callable[..., tuple[Need, ...]],
    roles: Iterable[tuple[str, str]],
    sources: Iterable[object],
) -> None:
    reading = cloud.own_clock()
    who, caller = _caller(cloud, settings)
    endpoint = _endpoint(settings, reading)
    lines = [who, _clock(reading), endpoint if caller is None else _region(cloud, settings, endpoint)]
    lines += check_domains.lines(cloud, settings, known=caller is not None)
    if caller is None:
        lines.append({"what": "permissions", "ok": None, "found": "could not check: nobody knows who we are"})
    elif caller.is_root:
        lines.append({"what": "permissions", "ok": True, "found": "all: the account itself may do everything"})
        of_sources = [each for each in needed(identity="user") if each.who.startswith(OF_SOURCE)]
        lines += [
            _line(each) for each in granted(cloud, caller, of_sources) if each.absent
        ]  # it may, and nothing is there
        lines += [_role(cloud, *each) for each in roles]
    else:
        found = granted(cloud, caller, needed(identity="role" if caller.role else "user"))
        lines += [_line(each) for each in found]
        lines += [_role(cloud, *each) for each in roles]
        _summed_up(report, account, found)
    lines += [] if caller is None else check_logs.lines(cloud, sources)
    report["live"] += [{"account": account, **line} for line in lines]
    report["ok"] &= all(line["ok"] is not False for line in lines)


def _sources(config: Config, account: str) -> list[object]:
    """Those that are read with this account's credentials."""
    return [each.given for each in config.sources if (each.given.account or config.home.account) == account]


def _roles(config: Config, account: str) -> list[tuple[str, str]]:
    """Policies of this account that have batch jobs made, each with the name of the jobs' role."""
    found = []
    for policy in config.policies:
        restore = policy.section("restore")
        batch = restore.batch if isinstance(restore, RestoreSettings) else None
        if policy.enabled and batch is not None and policy.works_in(AccountRef(account)):
            found.append((policy.name, batch.role))
    return found


def _role(cloud: Cloud, policy: str, role: str) -> dict[str, Any]:
    """May the role of batch jobs do more than it should? Neither yes nor no where its policies may not be read."""
    what = f"role {role} of batch jobs (policy {policy})"
    try:
        attached = cloud.jobs.role_policies(role)
    except TryAgain as later:
        return {"what": what, "ok": None, "found": f"could not check: {later.why}"}
    if attached is None:
        return {"what": what, "ok": None, "found": "could not check: ram:ListPoliciesForRole was refused"}
    if TOO_MUCH in attached:
        return {"what": what, "ok": False, "found": f"has {TOO_MUCH}, which may change buckets: take it away"}
    return {"what": what, "ok": True, "found": f"has {', '.join(attached) or 'no policy'}"}


def _summed_up(report: dict[str, Any], account: str, found: Iterable[Finding]) -> None:
    """What is missing, what nobody could check, and what to add. An unknown write needs a person, too."""
    missing = [each for each in found if each.state == "missing"]
    unknown = [each for each in found if each.state == "unknown"]
    report["missing"] += [{"account": account, **each.as_dict(), "why": each.why} for each in missing]
    report["unchecked"] += [{"account": account, **each.as_dict(), "why": each.why} for each in unknown]
    report["ok"] &= not any(each.writes for each in unknown)
    for name, several in (("add", missing), ("add_unless_there", [each for each in unknown if each.writes])):
        if several:
            report[name][account] = documents(need for each in several for need in each.needs)


def _line(finding: Finding) -> dict[str, Any]:
    told = finding.as_dict()
    who = ", ".join(told["needed_by"])
    what = f"{told['action']} on {told['resource']} ({who}: {', '.join(told['calls'])})"
    ok = {"granted": True, "missing": False, "unknown": None}[finding.state]
    if finding.absent and any(need.who.startswith(OF_SOURCE) for need in finding.needs):
        ok = False  # a policy may wait for a bucket that is made one day; a log that is not there is never read
        return {"what": what, "ok": ok, "found": finding.why}
    said = {True: "", False: "missing: ", None: "could not check: "}[ok]
    return {"what": what, "ok": ok, "found": f"{said}{finding.why}"}


def _caller(cloud: Cloud, settings: CloudSettings) -> tuple[dict[str, Any], Caller | None]:
    """Who we are; our own refusals are answers here."""
    try:
        caller = cloud.caller()
    except (Refused, TryAgain) as trouble:
        return {"what": "credentials", "ok": False, **check_refused.told(trouble, settings.credentials)}, None
    ok, found = settings.allow_root or not caller.is_root, caller.arn
    if caller.is_root:
        found += f": {ROOT_ALLOWED if ok else ROOT_KEY}"
    return {"what": "credentials", "ok": ok, "found": found}, caller


def _clock(reading: ClockReading) -> dict[str, Any]:
    if not reading.samples:
        found, ok = f"could not measure ({', '.join(reading.failed) or 'no source'})", False
    else:
        low, high = max(sample.low for sample in reading.samples), min(sample.high for sample in reading.samples)
        found, ok = f"server minus ours is between {low:+.1f} s and {high:+.1f} s", max(abs(low), abs(high)) < WRONG
        found += "" if ok else f". {check_refused.meaning('clock-this-host')}"
    return {"what": "clock", "ok": ok, "found": found}


def _endpoint(settings: CloudSettings, reading: ClockReading) -> dict[str, Any]:
    """OSS was asked for its time. A host that does not exist is mostly a region that does not."""
    serves = region_of(urlsplit(settings.oss_url).hostname or "")
    if serves not in (None, settings.bare_region):
        found = (
            f"it serves {serves}, and cloud.region says {settings.bare_region}: OSS refuses signatures that name "
            f"another region than its own. Set region to {serves}, or leave endpoint out"
        )
        return {"what": f"endpoint {settings.oss_url}", "ok": False, "found": found}
    ok = any(sample.source == "oss" for sample in reading.samples)
    why = next((said for said in reading.failed if said.startswith("oss")), "no answer")
    meant = None if ok else likely_region(settings.region)
    if meant is not None:
        why += f'; no region called "{settings.region}" is known here: did you mean "{meant}"?'
    return {"what": f"endpoint {settings.oss_url}", "ok": ok, "found": "answers" if ok else why}


def _region(cloud: Cloud, settings: CloudSettings, line: dict[str, Any]) -> dict[str, Any]:
    """The line of the endpoint, after something was signed for it: only a signature shows the region."""
    answer = cloud.probes.of_oss("ListBuckets", "") if line["ok"] else None
    if answer is None or answer.verdict != "unknown" or SIGNED_FOR not in answer.why:
        return line
    found = (
        f"it refuses signatures for {settings.bare_region} ({answer.why}): set region to the one that this endpoint is "
        "in, or leave endpoint out"
    )
    return {**line, "ok": False, "found": found}


def tell(report: dict[str, Any], say: Callable[[str], object]) -> None:
    """The report for people: every line, below its account where there are several, then the statement to add."""
    several, account = len({line["account"] for line in report["live"]}) > 1, None
    for line in report["live"]:
        if several and line["account"] != account:
            account = line["account"]
            say(f"  account {account}")
        mark = {True: "ok ", False: "BAD", None: "?  "}[line["ok"]]
        say(f"  {mark} {line['what']}: {line['found']}")
    for name, words in (("add", "add this"), ("add_unless_there", "unless it is there already, add this")):
        for whose, made in report[name].items():
            say(f"  {words} to what is attached to the credentials of account {whose}:")
            for document in made:
                say(_indented(document))


def _indented(document: dict[str, Any]) -> str:
    return "\n".join(f"    {line}" for line in json.dumps(document, indent=2, ensure_ascii=False).splitlines())
