"""InvalidAccessKeyId: OSS refuses a key. Find out whose it is and in what state, and flag it; never change a key.

The key id in an event is text that anybody may have written. So it is looked up, not believed: ossmend looks first at
what the text shows, then asks RAM, the recycle bin and ActionTrail in this order, and stops at the first answer. What
it could not ask is told as "could not check", never as a fault of the key's owner (docs/facts.md#access-keys).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ossmend.remediators import causes
from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.registry import Explained, OptIn, Proposal, remedies
from ossmend.remediators.contract.values import KeyNetworks, KeyOwner, KeyStatus
from ossmend.remediators.contract.verdict import Act, Done, KeyFlag, Refused, Tell, Verdict
from ossmend.remediators.contract.view import Keys
from ossmend.remediators.writes.tag_user import TagUser

if TYPE_CHECKING:
    from ossmend.remediators.settings.key import KeySettings

ALLOWED = regex(r"[0-9A-Za-z._=]+")
"""The only documented rule for a key id's characters."""
TEMPORARY = ("STS.", "TMP.")
TAG = "ossmend-refused-key"


def subject(event: Event, _settings: KeySettings) -> Subject:
    return Subject("key", (event.access_key_id or "",))


def proposes(told: Explained, _settings: KeySettings | None) -> Proposal | None:
    """The tag on the owner of a key that the text calls disabled."""
    if told.diagnosis.cause != "key-disabled" or told.event.access_key_id is None:
        return None
    owner = f"the RAM user behind {told.event.access_key_id}"
    return Proposal("TagUser", owner, (None,), "if RAM knows the key's owner, and says that the key is disabled")


@remedies(
    "InvalidAccessKeyId",
    subject=subject,
    section="key",
    opt_in=(OptIn("TagUser", "tag_owner", (True,)),),
    proposes=proposes,
    asks=("key_owner", "key_status", "recycled_key", "key_last_used", "key_networks"),
)
def plan(case: Case, view: Keys, settings: KeySettings) -> Verdict:
    """Climb the ladder; flag what is found."""
    key_id = case.event.access_key_id
    by_text = _by_text(case, key_id)
    if by_text is not None:
        return by_text
    assert key_id is not None  # _by_text tells without one
    try:
        return _by_cloud(case, view, settings, key_id)
    except Refused as refused:
        why = f"could not check the key: our own {refused.operation} was refused with {refused.code}"
        return _tell(key_id, "unchecked", "key-unchecked", 1.0, (why,), why=why)


# ------------------------------------------------------------------------------------------- what the text itself shows


def _by_text(case: Case, key_id: str | None) -> Tell | None:
    if not key_id or "*" in key_id:
        why = "the text does not show the whole key id" if key_id else "the text does not name the key"
        return Tell(why, causes.diagnosis("key-unnamed", 0.9, (why,)))
    if key_id != key_id.strip():
        why = f"the key id has a {_blank(key_id)} at its end or beginning: it was pasted with it"
        return _tell(key_id, "malformed", "key-malformed", 0.98, (why,), why=why)
    if ALLOWED.fullmatch(key_id) is None:
        why = "the key id has characters that no key id has"
        return _tell(key_id, "malformed", "key-malformed", 0.97, (why,), why=why)
    if key_id.startswith(TEMPORARY):
        why = "a temporary (STS) key: it expired, or its token was not sent along; nothing in RAM to look at"
        evidence = [why, *_burst(case)]
        return _tell(key_id, "temporary", "key-temporary", 0.9, tuple(evidence), why=why)
    return None


def _blank(key_id: str) -> str:
    ends = key_id[0] + key_id[-1]
    return "line break" if "\n" in ends or "\r" in ends else "tab" if "\t" in ends else "blank"


def _burst(case: Case) -> tuple[str, ...]:
    """Many callers with one expired key at once: a refresh that several of them raced for."""
    clients = len(case.usage.get("clients", {}))
    if clients > 1 or case.events > 20:
        return (f"{case.events} refusals, {clients or 'some'} clients, one temporary key: its refresh failed or raced",)
    return ()


# -------------------------------------------------------------------------------------------------- what the cloud says


def _by_cloud(case: Case, view: Keys, settings: KeySettings, key_id: str) -> Verdict:
    owner = view.key_owner(key_id)
    if owner is None:
        return _without_owner(case, view, key_id)
    status = view.key_status(owner, key_id)
    if status is None:
        why = f"{owner.principal} is named as the owner, but has no such key now"
        gone = _tell(key_id, "not-ours", "key-not-of-this-account", 0.6, (why,), owner=owner, why=why)
        return _recycled(view, key_id) or gone
    if status.status == "Inactive":
        return _disabled(case, settings, key_id, owner, status)
    return _active(case, view, key_id, owner, status)


def _without_owner(case: Case, view: Keys, key_id: str) -> Verdict:
    """Not a living RAM user's: the recycle bin, then ActionTrail, which knows root keys and keys long gone."""
    recycled = _recycled(view, key_id)
    if recycled is not None:
        return recycled
    used = view.key_last_used(key_id)
    if used is not None:
        root = used.kind == "root"
        owner = KeyOwner(
            user_id=used.owner_id,
            principal="root" if root else used.name,
            name=used.name,
            kind="root" if root else "ram-user",
        )
        last = f", last used {used.at:%Y-%m-%d}" if used.at else ""
        evidence = (
            f"ActionTrail knows the key as {'the root account' if root else used.name}'s{last}",
            *_message(case),
        )
        if "disabled" in (case.event.message or ""):  # root keys are not listed by RAM: OSS's word is all there is
            return _tell(key_id, "disabled", "key-disabled", 0.8, evidence, owner=owner)
        return _tell(key_id, "deleted", "key-deleted", 0.8, evidence, owner=owner)
    why = "no user, recycle bin or trail of this account knows the key: a typo, another account's, or purged long ago"
    if "disabled" in (case.event.message or ""):  # of a key that it does not know OSS says something else
        why = "OSS calls the key disabled, so there is one; nothing in this account knows it: it is another account's"
    return _tell(key_id, "not-ours", "key-not-of-this-account", 0.9, (why, *_message(case)), why=why)


def _recycled(view: Keys, key_id: str) -> Tell | None:
    found = view.recycled_key(key_id)
    if found is None:
        return None
    owner = KeyOwner(user_id=found.user_id, principal=found.principal, name=found.principal.partition("@")[0])
    when = f" on {found.recycled:%Y-%m-%d}" if found.recycled else ""
    gone = ", together with its user" if found.user_recycled else ""
    evidence = [f"the key lies in the recycle bin: deleted{when}{gone}"]
    if found.purged_by:
        evidence.append(f"it is purged for good on {found.purged_by:%Y-%m-%d}")
    return _tell(key_id, "deleted", "key-deleted", 0.98, tuple(evidence), owner=owner, since=found.recycled)


def _disabled(case: Case, settings: KeySettings, key_id: str, owner: KeyOwner, status: KeyStatus) -> Verdict:
    since = f" since {status.updated:%Y-%m-%d %H:%M}Z" if status.updated else ""
    evidence = (f"RAM: the key of {owner.principal} is Inactive{since}", *_users(case))
    told = _tell(key_id, "disabled", "key-disabled", 0.98, evidence, owner=owner, since=status.updated)
    if settings.tag_owner and owner.kind == "ram-user" and owner.tags.get(TAG) != "disabled" and not case.receipts:
        write = TagUser(
            principal=owner.principal,
            user_id=owner.user_id,
            tags=((TAG, "disabled"),),
            planned_on=owner.digest,
        )
        return Act((write,), f"tag {owner.principal}: a disabled key of this user is in use", told.diagnosis, told.flag)
    return told


def _active(case: Case, view: Keys, key_id: str, owner: KeyOwner, status: KeyStatus) -> Verdict:
    networks = view.key_networks(owner, key_id)
    outside = _outside(case.event, networks)
    if outside:
        evidence = (f"RAM: the key of {owner.principal} is Active", outside)
        confidence = 0.95 if case.event.client else 0.75
        return _tell(key_id, "ip-restricted", "key-ip-restricted", confidence, evidence, owner=owner)
    since = f" (changed {status.updated:%Y-%m-%d %H:%M}Z)" if status.updated else ""
    found = (f"RAM: the key of {owner.principal} is Active now{since}", *_message(case))
    told = _tell(key_id, "active", "key-active", 0.85, found, owner=owner)
    if status.updated is not None and status.updated > case.last_seen:  # somebody has enabled it, and it works
        why = f"the key of {owner.principal} is Active{since}, and nothing was refused after that"
        return Done(why, "key-active", flag=told.flag)
    return told


def _outside(event: Event, networks: KeyNetworks) -> str | None:
    """A sentence if the key is restricted to networks, and the caller is outside of them or not known."""
    if not networks.allowed:
        return None
    scope = "the account's" if networks.scope == "account" else "the key's"
    allowed = ", ".join(networks.allowed)
    if event.client is None:
        return f"{scope} policy allows only {allowed}; the caller's address is not known"
    try:
        address = ipaddress.ip_address(event.client)
        inside = any(address in ipaddress.ip_network(network, strict=False) for network in networks.allowed)
    except ValueError:
        return f"{scope} policy allows only {allowed}; the caller's address {event.client} cannot be read"
    return None if inside else f"{scope} policy allows only {allowed}, and the caller is {event.client}"


# ------------------------------------------------------------------------------------------------------- what is told


def _users(case: Case) -> tuple[str, ...]:
    clients, agents = case.usage.get("clients", {}), case.usage.get("agents", {})
    told = [f"{number} from {name}" for name, number in sorted(clients.items(), key=lambda item: -item[1])[:3]]
    who = f"still in use: {case.events} refusals" + (f" ({', '.join(told)})" if told else "")
    return (who, *(f"agent {name}" for name in list(agents)[:2]))


def _message(case: Case) -> tuple[str, ...]:
    return (f"OSS said: {case.event.message}",) if case.event.message else ()


def _tell(
    key_id: str,
    status: str,
    cause: str,
    confidence: float,
    evidence: tuple[str, ...],
    *,
    owner: KeyOwner | None = None,
    since: object = None,
    why: str | None = None,
) -> Tell:
    """A Tell with its durable flag."""
    principal = owner.principal if owner is not None else None
    sentence = why or f"the key of {principal or 'nobody we know'} is {status.replace('-', ' ')}, and still used"
    facts = {"status": status, "owner": principal, "since": since.isoformat() if hasattr(since, "isoformat") else None}
    flag = KeyFlag(access_key_id=key_id, status=status, owner=principal, since=since, note=sentence)  # type: ignore[arg-type]  # narrowed by the callers' literals
    return Tell(sentence, causes.diagnosis(cause, confidence, evidence, facts), flag)
