"""AccessForbidden: a browser's preflight was refused. Merge the *stored* CORS rule into the bucket, if it covers it.

The rule to merge is always one that a person has stored, for anybody may have written the origin in an event. The whole
configuration is read, kept in its order and written back with one change, and it is over only when the browser's own
preflight passes (docs/facts.md#cors).

A browser's console tells of the same trouble without OSS's code. It is one case with OSS's answer, and is judged by the
same rules. But anybody can write what a browser's console says. So where only a console tells of a refusal, nothing is
written before a person has approved it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ossmend.remediators import agreement, causes
from ossmend.remediators.contract.case import Case, Event, Receipt, Subject
from ossmend.remediators.contract.console import is_console
from ossmend.remediators.contract.registry import Explained, Proposal, remedies
from ossmend.remediators.contract.values import CorsConfiguration, CorsRule, shortened
from ossmend.remediators.contract.verdict import Act, Done, Tell, Verdict, Wait
from ossmend.remediators.contract.view import Cors
from ossmend.remediators.contract.write import Place, undos_among
from ossmend.remediators.cors_asked import (
    asked_by,
    beside,
    by_console,
    by_oss,
    headers_of,
    left_open,
    method_of,
    newest,
    sends_credentials,
    told_by_console,
)
from ossmend.remediators.cors_rules import (
    MOST_BYTES,
    MOST_RULES,
    Asked,
    covers_origin,
    first_allowing,
    lacking,
    merged,
    needed,
    present,
    shadow,
    shown,
    size_of,
    why_refused,
)
from ossmend.remediators.writes.put_bucket_cors import PutBucketCors

if TYPE_CHECKING:
    from ossmend.remediators.settings.cors import CorsSettings

NOT_ENABLED = "CORSResponse: CORS is not enabled"
NOT_ALLOWED = "CORSResponse: This CORS request is not allowed"
FIGHT, FIGHT_WITHIN = 2, timedelta(hours=24)
"""After so many merges within that time that did not last, a person decides."""
PROPAGATION = timedelta(seconds=60)
"""A change that is not visible after this long did not help."""
SILENCE = timedelta(hours=24)
"""What a console leaves open is taken for nothing after this long without a word of it."""
ONLY_CONSOLE = "only a browser's console tells of it, which is anybody's text: a person approves the write"


def subject(event: Event, settings: CorsSettings | None) -> Subject:
    """Bucket and stored rule; bucket and origin where the stored rule does not cover it, or nothing is configured."""
    origin = event.origin or ""
    if settings is not None and settings.stored is not None and origin and covers_origin(settings.stored, origin):
        return Subject("cors", (event.bucket or "", f"rule={settings.rule}"))
    return Subject("cors", (event.bucket or "", origin))


def proposes(told: Explained, settings: CorsSettings | None) -> Proposal | None:
    """The merge of the stored rule, only where OSS, or an OPTIONS in its log, says that a preflight was refused. A
    console is no answer of OSS's: only a policy whose stored rule covers the page makes anything of it.
    """
    event, console = told.event, is_console(told.event)
    if console and settings is None:
        return None
    was_preflight = is_cors(event) if event.message is not None else console or event.method == "OPTIONS"
    if event.bucket is None or not was_preflight or agreement.bucket(event) is not None:
        return None
    if settings is not None:
        asked = told_by_console(event) if console and event.origin else asked_by(event)
        if settings.stored is None or asked is None or _against(settings.stored, asked, event, settings.rule):
            return None
    only_if = "only a rule that a person has stored, and only if it covers the page's origin, method and headers"
    if console:
        only_if += "; a person approves it"
    return Proposal("PutBucketCors", f"oss://{event.bucket}", (Place(event.bucket),), only_if)


@remedies(
    "AccessForbidden",
    subject=subject,
    section="cors",
    writes=("PutBucketCors",),
    proposes=proposes,
    asks=("cors", "preflight"),
)
def plan(case: Case, view: Cors, settings: CorsSettings) -> Verdict:
    """Look at the configuration, and say what follows: for what OSS's answer tells, then for what a console adds."""
    answer, console = newest(case.samples, console=False), newest(case.samples, console=True)
    if console is not None and (answer is None or _is_of_old(case, answer)):
        return beside(case, _by_console(case, console, view, settings))
    assert answer is not None  # every sample is one of the two
    verdict = _by_oss(case, answer, view, settings)
    if isinstance(verdict, Done) and console is not None and _adds(console, by_oss(case.samples)):
        verdict = _by_console(case, console, view, settings)
    return beside(case, verdict)


def _is_of_old(case: Case, answer: Event) -> bool:
    """Was all well since OSS gave it, and has only a console told of trouble after that? Then it vouches for nothing:
    a rule that its owner has taken away must not come back because of anybody's text. What came last may be a log that
    tells late of a refusal from before: its time says so.
    """
    if case.verified_at is None:
        return False
    return is_console(case.event) if answer.time is None else answer.time <= case.verified_at


def _adds(console: Event, answered: Asked | None) -> bool:
    """Does the console tell of another page or method than OSS's answer?"""
    told = told_by_console(console)
    return answered is None or told.origin != answered.origin or told.method not in (None, answered.method)


def _by_oss(case: Case, event: Event, view: Cors, settings: CorsSettings) -> Verdict:
    """`event`: the newest that OSS itself answered."""
    if event.message is not None and not is_cors(event):
        why = f"AccessForbidden with another message than CORS's: {shortened(event.message, 300)}"
        return Tell(why, causes.diagnosis("forbidden-not-cors", 0.7, (why,)))
    asked = by_oss(case.samples)
    if event.bucket is None or asked is None:
        missing = "bucket" if event.bucket is None else "origin"
        why = f"the text does not name the {missing} of the refused preflight"
        return Tell(why, causes.diagnosis(_by_message(event), 0.5, (why,)))
    knows = asked.method is not None or settings.stored is not None  # an access log alone cannot tell what it was
    if knows and _passes(view, event, asked, settings):
        receipt = _last_merge(case)
        cause = "cors-already-allowed" if receipt is None else _cause_before(receipt, asked, event)
        return Done(f"the preflight of {asked.origin} on {event.bucket} passes", cause)
    return _cure(case, event, view, asked, settings)


def _by_console(case: Case, event: Event, view: Cors, settings: CorsSettings) -> Verdict:
    """`event`: the newest that a browser's console tells. The rules decide, and then the preflight proves it."""
    assert event.bucket is not None  # without one it is no case of this code (contract/console.py)
    rules, told = view.cors(event.bucket).rules, told_by_console(event)
    wanted = by_console(event, settings.stored)
    if view.now() - case.last_seen > SILENCE and (allowing := first_allowing(rules, told)):
        wanted = (replace(told, method=told.method or rules[allowing - 1].allowed_methods[0].upper()),)
    refused = next((asked for asked in wanted if not first_allowing(rules, asked)), None)
    refused = refused or next((asked for asked in wanted if not _passes(view, event, asked, settings)), None)
    if refused is not None:
        verdict = _cure(case, event, view, refused, settings)
        return _approved(verdict) if isinstance(verdict, Act) else verdict
    number = first_allowing(rules, wanted[0])
    if sends_credentials(event) and "*" in rules[number - 1].allowed_origins:
        why = f"rule {number} answers with a wildcard origin, and browsers refuse it where the page sends credentials"
        return Tell(why, causes.diagnosis("cors-wildcard-with-credentials", 0.9, (why,)))
    receipt = _last_merge(case)
    cause = "cors-already-allowed" if receipt is None else _cause_before(receipt, wanted[0], event)
    return Done(f"the preflight of {told.origin} on {event.bucket} passes: rule {number} allows it now", cause)


def _approved(act: Act) -> Act:
    diagnosis = replace(act.diagnosis, evidence=(ONLY_CONSOLE, *act.diagnosis.evidence))
    return replace(act, approve=True, diagnosis=diagnosis)


def _passes(view: Cors, event: Event, asked: Asked, settings: CorsSettings) -> bool:
    """The browser's preflight, asked again."""
    assert event.bucket is not None  # both callers have told without one
    method, headers = method_of(asked, settings), headers_of(asked, settings)
    return view.preflight(event.bucket, event.key, asked.origin, method, headers).allows(asked.origin, method, headers)


def _cure(case: Case, event: Event, view: Cors, asked: Asked, settings: CorsSettings) -> Verdict:
    """The merge, or what becomes of the last one; nothing where two write in turn or the bucket is open to doubt."""
    assert event.bucket is not None  # both callers have told without one
    configuration, receipt = view.cors(event.bucket), _last_merge(case)
    if receipt is not None:
        verdict = _after_merge(event, view, configuration, asked, settings, receipt)
    else:
        verdict = _merge(event, configuration, asked, settings)
    if isinstance(verdict, Act) and (fight := _changed_back(case, view, settings)) is not None:
        return fight
    unsure = agreement.bucket(event)
    return unsure if unsure is not None and isinstance(verdict, Act) else verdict


def is_cors(event: Event) -> bool:
    """Does OSS's message speak of CORS?"""
    return (event.message or "").startswith("CORSResponse:")


def _by_message(event: Event) -> str:
    return "cors-not-enabled" if (event.message or "").startswith(NOT_ENABLED) else "cors-origin-not-allowed"


# ---------------------------------------------------------------------------------------------------------- the merge


def _merge(event: Event, configuration: CorsConfiguration, asked: Asked, settings: CorsSettings) -> Verdict:
    """Merge the stored rule, or say why not."""
    bucket = event.bucket
    assert bucket is not None  # the plan has told without one
    cause, evidence = why_refused(configuration, asked, _by_message(event))
    evidence = (*evidence, *left_open(asked, event))
    facts = {"needed": needed(asked), "present": [shown(rule) for rule in configuration.rules]}

    def tell(why: str, which: str, confidence: float = 0.95) -> Tell:
        return Tell(why, causes.diagnosis(which, confidence, (why, *evidence), facts))

    stored = settings.stored
    if stored is None:
        return Tell(f"{bucket} refuses preflights of {asked.origin}, and no rule is stored for it",
                    causes.diagnosis(cause, 0.9, evidence, facts))  # fmt: skip
    against = _against(stored, asked, event, settings.rule)
    if against is not None:
        return tell(*against)
    if configuration.unknown:
        names = ", ".join(configuration.unknown)
        return tell(
            f"the bucket's configuration has elements that a write would lose: {names}", "cors-unknown-elements"
        )
    if present(configuration, stored):
        return tell(f"the stored rule {settings.rule} is in the bucket, and the preflight is still refused",
                    "cors-rule-present-not-effective", 0.8)  # fmt: skip
    rules = merged(configuration.rules, stored)
    if len(rules) > MOST_RULES or size_of(rules, configuration.response_vary) > MOST_BYTES:
        return tell(
            f"with the stored rule {settings.rule} the bucket would exceed 10 rules or 16 KB", "cors-limit-reached"
        )
    write = PutBucketCors(
        bucket=bucket,
        rules=rules,
        response_vary=configuration.response_vary,
        before=configuration.rules,
        before_response_vary=configuration.response_vary,
        planned_on=configuration.digest,
    )
    shadowed = shadow(configuration.rules, rules, asked)
    why = f"merge the stored rule {settings.rule} into {bucket}, for {asked.origin}{shadowed}"
    return Act((write,), why, causes.diagnosis(cause, 0.95, evidence, facts))


def _against(stored: CorsRule, asked: Asked, event: Event, name: str | None) -> tuple[str, str] | None:
    """Why the stored rule would not help, whatever the bucket has: a sentence and its cause; None if it would."""
    if lacks := lacking(stored, asked):
        return f"the stored rule {name} does not allow {', '.join(lacks)}", "cors-stored-rule-does-not-cover"
    if sends_credentials(event) and "*" in stored.allowed_origins:
        why = "the page sends credentials, and browsers refuse a wildcard origin then"
        return why, "cors-wildcard-with-credentials"
    return None


# ------------------------------------------------------------------------------------------------------- and after it


def _cause_before(receipt: Receipt, asked: Asked, event: Event) -> str:
    """Why the merge was needed: the rules as they were then."""
    assert isinstance(receipt.write, PutBucketCors)  # _last_merge sees to it
    return why_refused(CorsConfiguration(receipt.write.before), asked, _by_message(event))[0]


def _merges(case: Case) -> list[Receipt]:
    """Without what a person has undone, and without the undo: neither tells what becomes of a merge."""
    undone = undos_among([(each.write, each.outcome) for each in case.receipts])
    gone = {*undone, *undone.values()}
    merges = enumerate(case.receipts)
    return [each for number, each in merges if isinstance(each.write, PutBucketCors) and number not in gone]


def _last_merge(case: Case) -> Receipt | None:
    merges = _merges(case)
    if not merges or (case.verified_at is not None and case.verified_at > merges[-1].at):
        return None  # that merge did its work once; what is refused now is another trouble
    return merges[-1]


def _changed_back(case: Case, view: Cors, settings: CorsSettings) -> Tell | None:
    """The stored rule was merged, and is gone, and that twice: two who write in turn never come to rest."""
    assert settings.stored is not None  # without a stored rule nothing is merged
    merges = [
        receipt
        for receipt in _merges(case)
        if isinstance(receipt.write, PutBucketCors)
        and view.now() - receipt.at < FIGHT_WITHIN
        and present(CorsConfiguration(receipt.write.rules), settings.stored)
    ]
    if len(merges) < FIGHT:
        return None
    bucket = merges[-1].write.target
    why = f"the stored rule {settings.rule} was merged into {bucket} {len(merges)} times, and is gone each time"
    when = ", ".join(f"{receipt.at:%H:%M:%S}Z ({receipt.request_id or 'no request id'})" for receipt in merges)
    return Tell(why, causes.diagnosis("cors-rule-changed-back", 0.95, (why, f"accepted at {when}")))


def _after_merge(
    event: Event, view: Cors, configuration: CorsConfiguration, asked: Asked, settings: CorsSettings, receipt: Receipt
) -> Verdict:
    """The preflight does not pass yet: the change takes time to spread, or it did not help."""
    waited = view.now() - receipt.at
    cause = _by_message(event)
    if waited < PROPAGATION:
        pause = max(timedelta(seconds=1), waited)  # 1 s, 2 s, 4 s, ... in all
        return Wait(
            view.now() + min(pause, PROPAGATION - waited + timedelta(seconds=1)), "the change is spreading", cause
        )
    if settings.stored is not None and not present(configuration, settings.stored):
        return _merge(event, configuration, asked, settings)  # somebody has replaced it since
    why = (
        f"the rule was merged {waited.total_seconds():.0f} s ago, and the preflight of {asked.origin} is still refused"
    )
    return Tell(why, causes.diagnosis("cors-rule-present-not-effective", 0.9, (why,)))
