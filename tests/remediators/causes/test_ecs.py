"""ECs alone: answered from OSS's list where it has them, by their family where it has not, in both languages."""

from __future__ import annotations

import re

import pytest

from ossmend.remediators.causes import CAUSES, diagnose_event, ecs
from ossmend.remediators.contract.case import Event

HAN = re.compile(r"[\u4e00-\u9fff]")
OF_THE_LIST = """0002-00000008 0002-00000032 0002-00000033 0002-00000080 0002-00000212 0002-00000213 0002-00000223
0002-00000224 0002-00000226 0002-00000228 0002-00000411 0002-00000415 0002-00000425 0002-00000427 0002-00000416
0002-00000417 0002-00000419 0002-00000421 0002-00000502 0002-00000066 0002-00000715 0003-00000301 0003-00000401
0003-00000501 0003-00000502 0003-00000503 0005-00000218 0005-00000203 0015-00000001 0016-00000502 0016-00000608
0017-00000001 0017-00000105 0017-00000219 0017-00000220 0017-00000235 0017-00000244 0018-00000401 0031-00000001
0042-00000205 0042-00000106 0042-00000213 0003-00001401 0003-00001402 0017-00000804 0048-00000203 0048-00000300
0048-00000401
0016-00000701 0016-00000404 0016-00000330 0002-00000504 0002-00000501 0002-00000902 0002-00000903 0002-00000904
0002-00000002 0002-00000206 0002-00000040 0002-00000201 0002-00000429 0002-00000430 0002-00000423 0002-00000418
0003-00000001 0003-00000005 0003-00000006 0003-00000007 0003-00000101 0003-00000201 0003-00000202 0003-00000203
0003-00000703 0003-00000905 0003-00001201 0003-00001403 0002-00000503 0002-00000069 0002-00000070 0002-00000068
0002-00000235 0002-00000236 0016-00000901 0024-00000008 0061-00000001 0003-00000801 0003-00000803""".split()


def alone(ec: str, lang: str = "en"):  # type: ignore[no-untyped-def]  # a Diagnosis; the tests read it
    return diagnose_event(Event(source="t", shape="code", ec=ec, sample=ec), lang=lang)


@pytest.mark.parametrize("ec", sorted(ecs.ECS))
def test_each_row_has_a_cause_of_the_catalogue_and_both_languages(ec: str) -> None:
    row = ecs.ECS[ec]
    assert re.fullmatch(r"\d{4}-\d{8}", ec)
    assert ec[:4] in ecs.FAMILIES
    assert row.cause in CAUSES
    assert HAN.search(row.says.zh)
    assert not HAN.search(row.says.en)
    if row.code is not None and CAUSES[row.cause].codes:
        assert row.code in CAUSES[row.cause].codes


@pytest.mark.parametrize("ec", OF_THE_LIST)
def test_an_ec_of_the_list_alone_is_answered_with_its_sentence(ec: str) -> None:
    told = alone(ec)
    assert told.cause not in ("no-code", "unknown")
    assert any(ecs.ECS[ec].says.en in sentence for sentence in told.evidence), told
    assert any(ecs.ECS[ec].says.zh in sentence for sentence in alone(ec, "zh").evidence)


@pytest.mark.parametrize("ec", sorted(ecs.ECS))
def test_an_ec_is_a_hint_and_never_sure(ec: str) -> None:
    assert alone(ec).confidence < 0.7


@pytest.mark.parametrize("ec", sorted(ecs.ECS))
def test_an_ec_of_one_known_code_is_told_as_a_cause_of_that_code(ec: str) -> None:
    code, cause = ecs.ECS[ec].code, alone(ec).cause
    if code is not None and cause != "unknown":
        assert code in CAUSES[cause].codes, cause


@pytest.mark.parametrize("ec", ["0017-99999999", "0099-00000001"])
def test_an_ec_that_is_not_known_says_so_and_names_its_family_where_there_is_one(ec: str) -> None:
    told = alone(ec)
    assert told.cause == "no-code"
    family = ecs.FAMILIES.get(ec[:4])
    assert any("not known" in sentence and (family is None or family.en in sentence) for sentence in told.evidence)


def test_an_ec_beside_a_code_explains_and_does_not_decide() -> None:
    told = diagnose_event(Event(source="t", code="UserDisable", ec="0003-00001403"))
    assert told.cause != "denied-wrong-endpoint"
    assert any("0003-00001403" in sentence for sentence in told.evidence)


def test_an_ec_of_no_list_beside_a_code_is_not_worth_a_sentence() -> None:
    told = diagnose_event(Event(source="t", code="AccessDenied", ec="0003-99999999"))
    assert not any("0003-99999999" in sentence for sentence in told.evidence)
