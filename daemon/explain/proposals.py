"""An event and its diagnosis -> the writes that would be considered, from the text alone; the cloud is not asked.

A proposal is not a plan: before any write the daemon looks at the cloud, and often finds nothing to do. It proposes no
more than the text justifies: never for a stranger's error or a bare code; a restore only of an object that is named and
read (the source of a copy, never its target), by more than prose and by one reading alone; a CORS rule only where OSS,
or an OPTIONS in the access log, shows that a preflight was refused; and nothing outside of what the policy matches.
Without a configuration no CORS rule is stored, so the proposal names the bucket and no rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ossmend.daemon.host.redact import mask_key_id
from ossmend.daemon.host.show import clean
from ossmend.remediators import agreement, causes
from ossmend.remediators.access_forbidden import Asked, CorsSettings, lacking
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.verdict import Diagnosis
from ossmend.remediators.contract.write import Place
from ossmend.remediators.invalid_object_state import copy_source, is_copy

if TYPE_CHECKING:
    from ossmend.config.model import Config, Policy

BARE = "code"
"""The shape of an event that is nothing but a code somebody typed."""
_COPYING = re.compile(
    r"(?i)copy_?object|uploadpartcopy|(?:server|oss)[- ]side copy|(?:fail(?:ed|s|ure)? to|cannot|could not) copy"
    r"|copy (?:fail|from|to\b)"
    r"|copying |\bcp (?:-\w{1,9} ){0,4}oss://|拷贝|复制"
)
"""The program was copying: whatever object the text names may be the target."""
DOUBT = 0.25
"""When a copy is at least this likely, the named object may be its target, which must not be restored."""
NOTES = {
    "RestoreObject": ("if the object is still frozen when it is looked at", "前提：查看时该对象仍处于冻结状态"),
    "PutBucketCors": (
        "only a rule that a person has stored, and only if it covers the page's origin, method and headers",
        "仅合并由人保存的规则，且该规则须覆盖页面的来源、方法和请求头",
    ),
    "TagUser": (
        "if RAM knows the key's owner, and says that the key is disabled",
        "前提：RAM 能查到密钥所有者，且密钥已停用",
    ),
}  # fmt: skip


def of(
    event: Event, diagnosis: Diagnosis, config: Config | None, lang: str = "en", around: str = ""
) -> list[dict[str, Any]]:
    """What the enabled policies would do; without a configuration, what a policy could do.

    `around` is the rest of a text that is about this one refusal only.
    """
    if event.shape == BARE or event.code is None or not _is_ours(event):
        return []
    target = _target(event, diagnosis, lang, around)
    if target is None:
        return []
    operation, places, shown = target
    policy = None
    if config is not None:
        policy = next((p for p in config.policies if p.enabled and event.code in p.on and p.match.fits(event)), None)
        if policy is None or operation not in policy.writes or not _wants(policy, operation, event):
            return []
        if not all(policy.match.covers(place, event) for place in places):
            return []  # the policy took the event, and yet this is not its to touch
    elif operation == "TagUser":
        return []  # opt-in: nobody has
    note = NOTES[operation][lang == "zh"]
    return [
        {
            "operation": operation,
            "target": clean(shown),
            "policy": policy.name if policy is not None else None,
            "mode": policy.mode if policy is not None else None,
            "note": note,
        }
    ]


def _target(
    event: Event, diagnosis: Diagnosis, lang: str, around: str
) -> tuple[str, tuple[Place | None, ...], str] | None:
    """Operation, every place that it may come to, and how that is shown; None where the text does not justify one."""
    match event.code:
        case "InvalidObjectState" if causes.CAUSES[diagnosis.cause].cure == "RestoreObject":
            return _restore(event, diagnosis, around)
        case "AccessForbidden" if event.bucket is not None and _is_preflight(event) and not agreement.bucket(event):
            return "PutBucketCors", (Place(event.bucket),), f"oss://{event.bucket}"
        case "InvalidAccessKeyId" if event.access_key_id is not None and diagnosis.cause == "key-disabled":
            masked = mask_key_id(event.access_key_id)
            shown = f"密钥 {masked} 所属的 RAM 用户" if lang == "zh" else f"the RAM user behind {masked}"
            return "TagUser", (None,), shown
        case _:
            return None


def _restore(event: Event, diagnosis: Diagnosis, around: str) -> tuple[str, tuple[Place | None, ...], str] | None:
    copied = dict(diagnosis.alternatives).get("copy-source-archived", 0.0)
    if is_copy(event) or event.method == "PUT" or _COPYING.search(f"{event.sample}\n{around}"):
        source = copy_source(event)  # a PUT that reads an object is a copy; bucket and key are its target's
        refs = [source] if source is not None and agreement.copy_source_named(event) else []
    elif copied >= DOUBT or diagnosis.cause == "copy-source-archived" or _misses_version(event, diagnosis):
        refs = []  # the named object may be the target of a copy, or another version is meant
    else:
        refs = [reading.ref for reading in agreement.naming(agreement.readings(event))]
        if any(agreement.borrows_its_bucket(event, ref) for ref in refs):
            return None
    if len({(ref.bucket, unquote(ref.key), ref.version_id) for ref in refs}) != 1:
        return None  # none, or several: the world decides between them, and is not asked here
    return "RestoreObject", tuple(Place(ref.bucket, ref.key, ref.version_id) for ref in refs), str(refs[0])


def _misses_version(event: Event, diagnosis: Diagnosis) -> bool:
    return diagnosis.cause == "archived-version" and event.version_id is None


def _is_ours(event: Event) -> bool:
    """A 403 of OSS, as triage takes it: a 404 or 409 with the same words is no refusal to mend."""
    return not event.fields.get("stranger") and event.status in (None, 403)


def _is_preflight(event: Event) -> bool:
    if event.message is not None:
        return event.message.startswith("CORSResponse:")
    return event.method == "OPTIONS"


def _wants(policy: Policy, operation: str, event: Event) -> bool:
    """Would the policy's settings lead to this write? Merging needs a stored rule that covers what was asked for."""
    if operation != "PutBucketCors":
        return True
    settings = policy.settings_for("AccessForbidden")
    stored = settings.stored if isinstance(settings, CorsSettings) else None
    if stored is None or not event.origin:
        return False
    if "*" in stored.allowed_origins and event.fields.get("credentials", "").lower() in ("include", "true"):
        return False
    method = event.cors_method.upper() if event.cors_method else None
    asked = Asked(event.origin, method, event.cors_headers, derived=event.origin_from == "referer" or method is None)
    return not lacking(stored, asked)
