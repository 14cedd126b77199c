"""Turns a configuration's tree into a checked one, or into the refusal that OSS has for it; documents.py stores it.

What is refused, and as what, is what the SDKs' own suites assert. A rule may change the tree: what OSS drops (a data
encryption that is not KMS's, a TLS version named twice) is dropped here.
"""

from __future__ import annotations

from itertools import pairwise

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.metadata import ENCRYPTIONS, bad_algorithm, has_only_tag_signs
from ossmend.simulator.state import STORAGE_CLASSES
from ossmend.simulator.wire import Refusal

_COLDER = STORAGE_CLASSES[1:]
_ACTIONS = frozenset(
    "Expiration Transition AbortMultipartUpload AbortIncompleteMultipartUpload "
    "NoncurrentVersionExpiration NoncurrentVersionTransition".split()
)
_ONCE_A_PREFIX = ("Expiration", "AbortMultipartUpload", "NoncurrentVersionExpiration")
_TLS_VERSIONS = ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def lifecycle(document: xml.Node) -> None:
    """Rules whose days make sense together. Tags may be long and many: such a rule fits no object, that is all."""
    for rule in document.all("Rule"):
        if rule.value("Status") not in ("Enabled", "Disabled"):
            raise xml.malformed_xml("Status must be Enabled or Disabled")
        if not any(child.name in _ACTIONS for child in rule.children):
            raise _incomplete("a rule needs an action", "0014-00000026")
        for tag in rule.all("Tag"):
            if not has_only_tag_signs(tag.value("Key") + tag.value("Value")):
                raise refusals.invalid_argument("The tag of the rule is not valid.", "Key", tag.value("Key"))
        expiration = rule.all("Expiration")
        _ends_at_all(expiration)
        _by_days_or_by_date([*expiration, *rule.all("Transition")])
        _in_order(rule.all("Transition"), "Days", expiration)
        _in_order(rule.all("NoncurrentVersionTransition"), "NoncurrentDays", rule.all("NoncurrentVersionExpiration"))


def _incomplete(detail: str, ec: str) -> Refusal:
    """The ECs have a page each; which Code they come with is UNCONFIRMED."""
    refusal = xml.malformed_xml(detail)
    refusal.ec = ec
    return refusal


def _ends_at_all(expiration: list[xml.Node]) -> None:
    for end in expiration:
        marker = end.value("ExpiredObjectDeleteMarker").lower() == "true"
        if not marker and not any(end.first(name) for name in ("Days", "CreatedBeforeDate", "Date")):
            raise _incomplete("Expiration needs Days or CreatedBeforeDate", "0014-00000060")


def refuse_overlap(document: xml.Node) -> None:
    """Two rules may not do the same to the same keys, unless `x-oss-allow-same-action-overlap` is true.

    Seen live with Expiration and with AbortMultipartUpload, and with a rule for the whole bucket. Rules that are
    disabled, that have a filter, or whose tags differ, and transitions are let pass (UNCONFIRMED).
    """
    for action in _ONCE_A_PREFIX:
        rules = [rule for rule in document.all("Rule") if rule.value("Status") == "Enabled" and rule.first(action)]
        found = sorted((_tags(rule), rule.value("Prefix")) for rule in rules if rule.first("Filter") is None)
        for (tags, shorter), (other_tags, longer) in pairwise(found):
            if tags == other_tags and longer.startswith(shorter):
                message = f"Overlap for same action type {action}"
                raise Refusal(400, "InvalidRequest", message, "0014-00000081")  # EC ours


def _tags(rule: xml.Node) -> list[tuple[str, str]]:
    return sorted((tag.value("Key"), tag.value("Value")) for tag in rule.all("Tag"))


def _by_days_or_by_date(steps: list[xml.Node]) -> None:
    by_days = any(step.first("Days") for step in steps)
    by_date = any(step.first("CreatedBeforeDate") or step.first("Date") for step in steps)
    if by_days and by_date:
        raise Refusal(
            400, "InvalidRequest", "A rule counts in days or has a date, not both.", "0014-00000001"
        )  # EC ours


def _in_order(transitions: list[xml.Node], name: str, ends: list[xml.Node]) -> None:
    """A colder class comes later than a warmer one, and the end comes last."""
    steps: list[tuple[int, int]] = []
    for step in transitions:
        storage_class = step.value("StorageClass")
        if storage_class not in _COLDER:
            raise refusals.invalid_argument("The storage class is not valid.", "StorageClass", storage_class)
        steps += [(_COLDER.index(storage_class), days) for days in _days(step, name)]
    steps.sort()
    steps += [(len(_COLDER), days) for end in ends for days in _days(end, name)]
    for (_, sooner), (_, later) in pairwise(steps):
        if later <= sooner:
            raise refusals.invalid_argument("The days of the rule are not in order.", name, str(later))


def _days(step: xml.Node, name: str) -> list[int]:
    text = step.value(name)
    if not text:
        return []
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise refusals.invalid_argument(f"{name} must be a positive number.", name, text)
    return [int(text)]


def encryption(document: xml.Node) -> None:
    """A key and a data encryption belong to KMS: the key is refused elsewhere, the data encryption is dropped."""
    for rule in document.all("ApplyServerSideEncryptionByDefault"):
        algorithm = rule.value("SSEAlgorithm")
        if algorithm not in ENCRYPTIONS:
            raise bad_algorithm()
        if algorithm != "KMS" and rule.value("KMSMasterKeyID"):
            raise refusals.invalid_argument(
                "KMSMasterKeyID is not applicable if the default sse algorithm is not KMS.",
                "KMSMasterKeyID",
                rule.value("KMSMasterKeyID"),
            )
        unwanted = {"KMSMasterKeyID", "KMSDataEncryption"} if algorithm != "KMS" else set()
        rule.children = [child for child in rule.children if child.text.strip() and child.name not in unwanted]


def access_monitor(document: xml.Node) -> None:
    if document.value("Status") not in ("Enabled", "Disabled"):
        raise xml.malformed_xml("Status must be Enabled or Disabled")


def https(document: xml.Node) -> None:
    """Switched on it needs versions, each of them known; one that is named twice counts once."""
    for tls in document.all("TLS"):
        versions = tls.values("TLSVersion")
        if any(version not in _TLS_VERSIONS for version in versions):
            raise xml.malformed_xml("TLSVersion is not known")
        enabled = xml.boolean(tls.value("Enable"))
        if enabled and not versions:
            raise xml.malformed_xml("TLSVersion is required")
        switch = xml.Node("Enable", xml.flag(enabled))
        tls.children = [switch, *(xml.Node("TLSVersion", version) for version in dict.fromkeys(versions))]


def website(document: xml.Node) -> None:
    """A mirror has one switch for the query string: what MirrorPassQueryString says is given back for both."""
    for redirect in (found for rules in document.all("RoutingRules") for found in _redirects(rules)):
        mirrored = redirect.first("MirrorPassQueryString")
        if redirect.value("RedirectType") == "Mirror" and mirrored is not None:
            others = [child for child in redirect.children if child.name != "PassQueryString"]
            redirect.children = [*others, xml.Node("PassQueryString", mirrored.text)]


def _redirects(rules: xml.Node) -> list[xml.Node]:
    return [redirect for rule in rules.all("RoutingRule") for redirect in rule.all("Redirect")]
