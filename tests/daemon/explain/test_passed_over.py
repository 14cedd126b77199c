"""What a log says of OSS only to whoever pastes it: explained, and not counted, as an audit does not count it."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest

from ossmend.daemon.explain import passed_over
from ossmend.daemon.explain.page import render
from ossmend.daemon.explain.paper import Paper
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in

REFUSED = (
    "2026-11-29 09:0{n}:00 ERROR oss2.exceptions.AccessDenied: {{'status': 403, 'x-oss-request-id': "
    "'692AB1D1C0FFEE1234ABCD0{n}', 'details': {{'Code': 'AccessDenied', 'BucketName': 'shop-{n}'}}}}\n"
)
QUIET = "".join(
    f"2026-11-29 09:30:{second} INFO worker: nothing to do for this one, and on it goes\n" for second in range(10, 50)
)
NOISE = "2026-11-29 10:00:00 WARN slow query 1203ms: select * from reports where status=403\n"
LOG = "".join(REFUSED.format(n=number) for number in range(5)) + QUIET + NOISE + QUIET


def shown(report: dict[str, Any], lang: str) -> str:
    out = StringIO()
    render(report, lang, Paper(out, 400))
    return out.getvalue()


def test_a_noise_line_of_a_log_is_no_case_of_the_audits_and_is_said_to_be_passed_over() -> None:
    report = explain_text(LOG)
    assert [event["passed_over"] for event in report["events"]] == [False] * 5 + [True]
    assert report["events"][5]["case"] is None
    assert len({event["case"]["number"] for event in report["events"][:5]}) == 5
    assert "In sum 5 refusals, which are 5 cases" in shown(report, "en")
    assert "pass over 1 more (line 46): nothing beside it speaks of OSS" in shown(report, "en")
    assert "忽略另外 1 条（第 46 行）" in shown(report, "zh")
    assert len(events_in(LOG, source="log", strict=True)) == 5


def test_a_text_whose_refusals_all_show_oss_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(*_: object, **__: object) -> None:
        raise AssertionError("read a second time")

    monkeypatch.setattr(passed_over, "told_in", twice)
    assert len(explain_text(REFUSED.format(n=1) + REFUSED.format(n=2))["events"]) == 2
    assert len(explain_text(NOISE)["events"]) == 1


def test_one_refusal_that_somebody_pasted_is_no_log_and_keeps_its_case() -> None:
    (event,) = explain_text(NOISE)["events"]
    assert (event["passed_over"], event["case"]["events"]) == (False, 1)
