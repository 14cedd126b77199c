"""The audit's headline about what could not be checked."""

from __future__ import annotations

from typing import Any

import pytest

from ossmend.daemon.commands import audit_unchecked, tables


def test_codes_that_a_log_made_up_do_not_fill_the_page() -> None:
    codes = {f"Made{number}": 1 for number in range(3000)} | {"AccessDenied": 7}
    told = audit_unchecked.known({"unchecked": {"codes": codes}})
    assert "from the logs: 7 AccessDenied, 1 Made0" in told
    assert "2991 with other codes" in told
    assert len(told) < 1000


PRICE = {"amount": "0", "currency": "CNY", "prices_as_of": "2026-11-01"}


def test_what_could_not_be_checked_is_not_nothing_and_not_free() -> None:
    report = {"unchecked": {"cases": 2, "of": 3}, "calls": {}, "cost": PRICE}
    assert tables.calls(report) == "not known of 2 of 3 cases"
    assert audit_unchecked.cost(report) == "not known"
    report["calls"] = {"RestoreObject": 1}
    assert tables.calls(report) == "1 RestoreObject; not known of 2 of 3 cases"
    assert audit_unchecked.cost(report) == "at least 0 CNY (prices as of 2026-11-01)"


def test_where_all_was_checked_nothing_is_nothing() -> None:
    report = {"unchecked": None, "calls": {}, "cost": PRICE}
    assert tables.calls(report) == "nothing"
    assert audit_unchecked.cost(report) == "0 CNY (prices as of 2026-11-01)"


@pytest.mark.parametrize(("number", "told"), [
    (0, "0 CNY (prices as of 2026-11-01)"),
    (1, "at least 0 CNY (prices as of 2026-11-01), and 1 write of which no price is known"),
    (2, "at least 0 CNY (prices as of 2026-11-01), and 2 writes of which no price is known"),
])  # fmt: skip
def test_what_has_no_known_price_is_not_free(number: int, told: str) -> None:
    report = {"unchecked": None, "calls": {"RestoreObject": 2}, "cost": PRICE | {"unpriced": number}}
    assert audit_unchecked.cost(report) == told


def row(*evidence: str) -> dict[str, Any]:
    return {
        "cause": "denied-bucket-policy",
        "state": "told",
        "why": "AccessDenied on b: probably: x",
        "code": "AccessDenied",
        "evidence": list(evidence),
    }


@pytest.mark.parametrize(
    "line",
    [
        "our own GetBucketInfo was refused: InvalidAccessKeyId",
        "could not read the bucket's rights: no answer",
        "could not check the key: our own GetUser was refused with NoPermission",
    ],
)
def test_a_case_that_is_told_by_its_text_because_its_reads_failed_was_not_checked(line: str) -> None:
    found = audit_unchecked.unchecked([row("OSS said: no", line), row("OSS said: no")])
    assert found is not None
    assert (found["cases"], found["of"]) == (1, 2)
    assert found["why"] in line


def test_a_right_that_the_audit_lacks_for_one_of_its_reads_leaves_the_case_checked() -> None:
    assert audit_unchecked.unchecked([row("our own GetBucketReferer was refused: AccessDenied")]) is None
