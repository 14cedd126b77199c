"""Event -> what a person would work out next: spans of time, who runs into it, what stands beside it, a narrow grant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ossmend.remediators.causes import ecs, preflights, times
from ossmend.remediators.causes.contradictions import Contradiction
from ossmend.remediators.causes.model import Cause
from ossmend.remediators.contract.answers import ACCOUNT_CODES
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import shortened

ACTIONS = {
    "GetObject": "oss:GetObject",
    "HeadObject": "oss:GetObject",
    "GetObjectMeta": "oss:GetObject",
    "ProcessImage": "oss:GetObject",
    "PutObject": "oss:PutObject",
    "PostObject": "oss:PutObject",
    "AppendObject": "oss:PutObject",
    "CopyObject": "oss:PutObject",
    "InitiateMultipartUpload": "oss:PutObject",
    "UploadPart": "oss:PutObject",
    "CompleteMultipartUpload": "oss:PutObject",
    "DeleteObject": "oss:DeleteObject",
    "GetBucket": "oss:ListObjects",
    "ListObjects": "oss:ListObjects",
    "ListObjectsV2": "oss:ListObjects",
    "GetService": "oss:ListBuckets",
    "ListBuckets": "oss:ListBuckets",
}
"""The action that an operation needs, where OSS's own detail does not name it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Further sentences of evidence, and machine-readable facts."""

    evidence: tuple[str, ...]
    facts: Mapping[str, Any]
    first: tuple[str, ...] = ()
    """What a person has to read before all other evidence."""


def of(
    event: Event, found: Mapping[str, str], lang: str, others: Sequence[Event], contradiction: Contradiction | None
) -> Findings:
    """Whatever holds, which cause it may be."""
    facts: dict[str, Any] = {}
    evidence = [*_drift(event, facts, lang), *_crowd(found, facts, lang), *_nearby(found, lang)]
    evidence += [each.words(lang) for each in preflights.told_twice(event, others)]
    of_ec = _ec(event, facts, lang)
    if contradiction is None:
        evidence += of_ec
    else:  # says what the EC is, too
        facts["contradiction"] = {
            "code": event.code,
            "ec": event.ec,
            "ec_code": contradiction[0],
            "believed": event.code,
        }
    if endpoint := event.fields.get("Endpoint"):
        facts["endpoint"] = endpoint
    return Findings(tuple(evidence), facts, (contradiction[1].words(lang),) if contradiction is not None else ())


def _ec(event: Event, facts: dict[str, Any], lang: str) -> list[str]:
    """What OSS's list says of the EC. One that is not in it is worth a sentence only where nothing else is told."""
    if not event.ec:
        return []
    row = ecs.known(event.ec)
    if family := ecs.FAMILIES.get(event.ec[:4]):
        facts["ec_family"] = family.en
    if row is not None and row.code:
        facts["ec_code"] = row.code
    return [ecs.sentence(event.ec).words(lang)] if row is not None or event.code is None else []


def _drift(event: Event, facts: dict[str, Any], lang: str) -> list[str]:
    drift = times.drift_of(event)
    if event.code != "RequestTimeTooSkewed" or drift is None:
        return []
    facts["drift_seconds"] = drift
    behind = drift < 0
    if lang == "zh":
        return [f"RequestTime 比 ServerTime {'慢' if behind else '快'} {times.words(drift).zh}（{drift:+.0f} 秒）"]
    return [f"RequestTime minus ServerTime is {drift:+.0f} s: {times.words(drift)} {'behind' if behind else 'ahead'}"]


def _crowd(found: Mapping[str, str], facts: dict[str, Any], lang: str) -> list[str]:
    """One client or the fleet: a fleet with one agent is a release, not an outage."""
    clients = found.get("clients")
    if clients != "many":
        return []
    count, one_agent = found["clients_count"], found.get("agents") == "one"
    facts["view"] = "release" if one_agent else "fleet"
    if one_agent:
        agent = shortened(found.get("user_agent", ""), 100)
        return [f"{count} 个客户端，均使用同一 User-Agent（{agent}）：请检查是否为新版本引起" if lang == "zh" else
                f"{count} clients, all with one agent ({agent}): look for a release"]  # fmt: skip
    return [f"{count} 个不同客户端受影响" if lang == "zh" else f"{count} clients with different agents run into it"]


def _nearby(found: Mapping[str, str], lang: str) -> list[str]:
    """Refusals of other codes in the same text, where one may be behind the other."""
    codes = set(found.get("nearby_codes", "").split())
    told = []
    if account := codes.intersection(ACCOUNT_CODES):
        name = min(account)
        told.append(
            f"同一文本中还有 {name}：请先处理账号问题"
            if lang == "zh"
            else f"{name} stands beside it: settle the account first"
        )
    if "RequestTimeTooSkewed" in codes:
        told.append("同一文本中还有 RequestTimeTooSkewed：时钟可能是共同原因" if lang == "zh" else
                    "RequestTimeTooSkewed stands beside it: a wrong clock may be behind both")  # fmt: skip
    return told


def about(cause: Cause, event: Event) -> dict[str, Any]:
    """What follows from one cause: the narrowest statement that would allow the request; how long ago a URL expired."""
    facts: dict[str, Any] = {}
    if cause.id == "denied-ram-implicit" and (statement := narrowest(event)) is not None:
        facts["statement"] = statement
    if cause.id.startswith("url-expired") and (past := times.expired_by(event)) is not None and past > 0:
        facts["expired_by_seconds"] = past
    return facts


def narrowest(event: Event) -> dict[str, Any] | None:
    """One RAM statement that allows what was denied, and nothing else; None where action or place is not told."""
    action = event.fields.get("AccessDeniedDetail.AuthAction") or ACTIONS.get(event.operation or "")
    if not action:
        return None
    if action == "oss:ListBuckets":
        resource = "acs:oss:*:*:*"
    elif not event.bucket:
        return None
    elif "Bucket" in action or (action.startswith("oss:List") and action != "oss:ListParts"):
        resource = f"acs:oss:*:*:{event.bucket}"
    elif event.key and not set("*?").intersection(event.key):
        resource = f"acs:oss:*:*:{event.bucket}/{event.key}"
    else:
        return None  # without the object's name a statement would allow more than what was denied
    return {"Effect": "Allow", "Action": [action], "Resource": [resource]}
