"""The catalogue holds what its files promise: both languages, known writes, hints that stay hints, no cause twice."""

from __future__ import annotations

import re

import pytest

from ossmend.daemon.sources.parsers.names import NOT_REFUSALS, REFUSALS
from ossmend.remediators import causes, writes
from ossmend.remediators.causes import CAUSES, CODES, FAMILIES
from ossmend.remediators.causes.indicators import MOST_OF_AN_EC, ec
from ossmend.remediators.causes.model import Cause, Text

HAN = re.compile(r"[\u4e00-\u9fff]")
AGREED = """never-restored restoring restored-copy-expired already-readable not-archived direct-read-on object-missing
archived-version copy-source-archived object-unnamed readings-differ named-in-prose outside-policy
restore-lost archived-by-lifecycle cors-not-enabled
cors-origin-not-allowed cors-method-not-allowed cors-header-not-allowed
cors-stored-rule-does-not-cover cors-wildcard-with-credentials cors-limit-reached cors-unknown-elements
cors-already-allowed cors-rule-present-not-effective forbidden-not-cors key-malformed
key-temporary key-disabled key-deleted key-ip-restricted key-active key-not-of-this-account key-unchecked key-unnamed
clock-drift clock-time-zone clock-unset clock-slow-upload clock-this-host clock-many-clients clock-absurd-server-time
clock-unmeasured unknown could-not-check no-code unknown-code another-service""".split()
"""What remediators call causes by."""
NOT_IN_THE_FACTS = {
    "EndpointForbidden",
    "InvalidAuthorization",
    "InvalidKmsMasterKeyId",
    "AccountForbidden",
    "UserForbidden",
    "Forbidden.RAM",
}
BEYOND = """NoPermission TotalQpsLimitExceeded MetaOperationQpsLimitExceeded CpuLimitExceeded RequestError
ConnectionTimeoutError ResponseTimeoutError NotImplemented NoHashContext InvalidRequest MissingArgument
ExternalRedirectForbidden NeedVerifyDomainOwnership InvalidPartOrder
DownloadTrafficRateLimitExceeded UploadTrafficRateLimitExceeded""".split()
"""Explained where a text says them; not 403s."""
DANGEROUS = re.compile(
    r"public-read|公共读写|AllowedOrigin>\*|enable the key|启用密钥|set the clock|oss:\*", re.IGNORECASE
)


def texts(cause: Cause) -> list[Text]:
    says = [sign.says for sign in cause.signs if sign.says is not None]
    return [cause.title, *cause.next_steps, *cause.avoid, *says]


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_a_cause_says_everything_in_both_languages(cause: Cause) -> None:
    assert cause.next_steps
    for text in texts(cause):
        if text.en == "{}":
            continue
        assert text.en.strip() == text.en
        assert text.zh.strip() == text.zh
        assert HAN.search(text.zh) or "EC {}" in text.zh, text
        assert not HAN.search(text.en), text
        assert text.en.count("{}") >= text.zh.count("{}"), text


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_steps_are_short_sentences(cause: Cause) -> None:
    for text in (*cause.next_steps, *cause.avoid):
        assert len(text.en) <= 200, text.en
        assert text.en.endswith((".", "?")), text.en
        assert text.zh.endswith(("。", "？")), text.zh
    assert not cause.title.en.endswith(".")


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_no_next_step_is_a_dangerous_one(cause: Cause) -> None:
    for step in cause.next_steps:
        assert not DANGEROUS.search(step.en), step.en
        assert not DANGEROUS.search(step.zh), step.zh


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.id)
def test_patterns_compile_and_an_ec_is_only_a_hint(cause: Cause) -> None:
    for sign in cause.signs:
        assert sign.regex.pattern
        assert sign.weight != 0
        if sign.feature == "ec":
            assert abs(sign.weight) <= MOST_OF_AN_EC


def test_an_ec_that_would_decide_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        ec("0003-00000001", 3)


def test_no_two_files_have_a_cause_of_the_same_name() -> None:
    assert sum(len(family.CAUSES) for family in FAMILIES) == len(CAUSES)


def test_the_ids_that_remediators_use_are_all_there() -> None:
    assert [name for name in AGREED if name not in CAUSES] == []


def test_a_cure_is_a_write_that_exists_or_that_is_announced() -> None:
    cures = {cause.cure for cause in CAUSES.values()} - {None}
    assert cures - {"RestoreVersion"} <= set(writes.OPERATIONS)


def test_nothing_but_restores_and_cors_rules_is_a_cure_of_the_four_acting_codes() -> None:
    cured = {code: {cause.cure for cause in CAUSES.values() if code in cause.codes} - {None} for code in CODES}
    assert cured["InvalidObjectState"] == {"RestoreObject"}
    assert cured["AccessForbidden"] == {"PutBucketCors"}
    for code in ("AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "RequestTimeTooSkewed", "UserDisable"):
        assert cured[code] == set(), code


def test_every_documented_403_is_explained() -> None:
    assert set(REFUSALS) - CODES - NOT_IN_THE_FACTS == set()


def test_what_the_catalogue_explains_is_a_code_that_somebody_may_type() -> None:
    beyond = CODES - set(REFUSALS) - set(NOT_REFUSALS)
    assert beyond <= set(BEYOND)


def test_a_diagnosis_of_an_unknown_name_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        causes.diagnosis("no-such-cause", 0.9)


def test_a_named_diagnosis_carries_its_advice() -> None:
    told = causes.diagnosis("key-disabled", 0.95, ("RAM says Inactive",), {"owner": "a@b"})
    assert (told.cause, told.confidence, told.evidence) == ("key-disabled", 0.95, ("RAM says Inactive",))
    assert told.facts == {"owner": "a@b"}
    assert any("enable" in sentence for sentence in told.avoid["en"])
