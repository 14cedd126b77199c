"""SignatureDoesNotMatch: which of the known signing faults it is, and at which client. Nothing is written for it.

The key is never blamed for everybody: RAM and ActionTrail tell whether the same key id works elsewhere, and the cases
beside this one whether one client or all of them are refused (docs/facts.md#signatures).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ossmend.remediators import causes
from ossmend.remediators.causes import correlation as company
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.verdict import Refused, Tell, TryAgain, Verdict
from ossmend.remediators.contract.view import Keys

if TYPE_CHECKING:
    from ossmend.remediators.contract.settings import NoSettings

LATELY = timedelta(hours=24)
"""ActionTrail is up to an hour late; a use within a day says that the key is in use."""


def subject(event: Event, _settings: NoSettings) -> Subject:
    """Key and client (docs/pipeline.md#cases)."""
    return Subject("signer", (event.access_key_id or "", event.client or "", event.user_agent or ""))


@remedies("SignatureDoesNotMatch", subject=subject, asks=("key_owner", "key_status", "key_last_used"), sees_end=False)
def plan(case: Case, view: Keys, _settings: NoSettings) -> Verdict:
    """Ask what is known of the key, then weigh it with the text."""
    world, said, facts = _key(case.event, view)
    clients = company.usage(case).get("clients", {})
    if len(clients) == 1:
        said.append(f"only one client runs into it: {next(iter(clients))}")
    elif len(clients) > 1:
        said.append(f"{len(clients)} clients of this key run into it")
    diagnosis = company.diagnosed(case, world=world)
    diagnosis = replace(
        diagnosis,
        evidence=(*diagnosis.evidence, *said, *company.onset(case)),
        facts={**diagnosis.facts, **facts},
    )
    place = f" on {case.event.bucket}" if case.event.bucket else ""
    return Tell(f"SignatureDoesNotMatch{place}: {causes.worded(diagnosis).en}", diagnosis)


def _key(event: Event, view: Keys) -> tuple[dict[str, str], list[str], dict[str, str]]:
    """Features, sentences and facts about the key; what we may not ask is said, and counts for nothing."""
    key_id = event.access_key_id
    if not key_id or "*" in key_id or key_id != key_id.strip() or key_id.startswith(("STS.", "TMP.")):
        return {}, [], {}
    try:
        owner = view.key_owner(key_id)
        if owner is None:
            return {}, ["no user of this account has the key: its owner can say more"], {}
        status = view.key_status(owner, key_id)
        used = view.key_last_used(key_id)
    except Refused as refused:
        return {}, [f"could not check the key: our own {refused.operation} was refused with {refused.code}"], {}
    except TryAgain as later:
        return {}, [f"could not check the key: {later.why}"], {}
    facts = {"owner": owner.principal}
    if status is None:
        return {}, [f"{owner.principal} is named as the owner, but has no such key now"], facts
    facts["key_status"] = status.status
    said = [f"RAM: the key of {owner.principal} is {status.status}"]
    lately = used is not None and used.at is not None and view.now() - used.at < LATELY
    if not lately or status.status != "Active":
        return {}, said, facts
    assert used is not None  # lately says so
    service = used.service or "a service"
    return {"cloud.key_works": f"{service}, {used.at:%Y-%m-%d %H:%M}Z"}, said, facts | {"elsewhere": "works"}
