"""What people see of a case: a log's text as it is, not as markup, emoji, link or terminal code; subjects in words."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from inspect import getmembers, isfunction, signature
from typing import Any

import pytest
from rich.console import Console

from ossmend.daemon import approvals
from ossmend.daemon.commands import audit_page, case_page, held_words, pause_page, tables
from ossmend.daemon.commands.common import show
from ossmend.daemon.host.redact import printable
from ossmend.daemon.host.show import clean, subject_text
from ossmend.daemon.journal.states import CaseState
from ossmend.remediators.contract.case import Subject

KEYS = (
    "a:fire:b:100:", ":smile:", "[bold]x[/bold]", "[/]", "[link=https://evil.example.net]x[/link]", "[red on white]",
    "\x1b[31mred\x1b[0m", "\x1b]8;;https://e.example\x07", "a\u202eb\u2066c", "a\nb\rc\td", "\x9b31m",
    "\u200b\ufeff\u00ad", "\x00\x07\x08", "中文:fire:", "a\\[b]",
)  # fmt: skip
SEEN = "2026-03-01T12:00:00+00:00"
WRITE = {
    "operation": "RestoreObject", "state": "held", "held_by": "approval", "outcome": "waits for approval",
    "body": {"days": 1}, "request_id": None, "cost": None, "number": 1, "sent_at": None, "undoes": None,
    "asked_by": None, "asked_at": None,
}  # fmt: skip


def found(key: str) -> dict[str, Any]:
    """All that a table asks for, with the key wherever text of a log may stand; as queries.py cleans it."""
    subject = subject_text(Subject("object", ("b", key, "")))
    key = clean(key)
    row = {
        "id": 1, "state": "held", "code": "X", "cause": "c", "confidence": 0.9, "subject": subject, "policy": "p",
        "events": 1, "recurrences": 0, "first_seen": SEEN, "last_seen": SEEN, "why": key, "flag": {"owner": key},
        "facts": {}, "account": "default", "region": None,
        "from": key, "evidence": [key], "next_steps": [key],
        "diagnosis": {"evidence": [key], "next_steps": {"en": [key]}, "avoid": {"en": [key]}},
        "used_by": {"clients": {key: 1}}, "samples": [key], "verified_at": None, "watch_until": None, "due_at": None,
    }  # fmt: skip
    write = WRITE | {"id": "A1", "case": 7, "target": key}
    job = {"policy": "p", "bucket": key, "storage_class": "ColdArchive", "tier": "Bulk", "days": 1, "objects": 2,
           "gib": 0.5, "cost": None}  # fmt: skip
    entry = {"seq": 1, "at": "2026-03-01T12:00:00", "kind": "case.opened", "case": 1, "data": {"key": key}}
    return row | {
        "cases": [row], "writes": [write], "batch_jobs": [job], "entries": [entry], "case": 1, "done": "approve",
        "daemon_runs": True,
        "calls": {}, "cost": {"amount": "0", "currency": "CNY", "prices_as_of": "2026"}, "permissions": [key],
        "cannot_be_known": [key], "paused": [{"policy": "p", "by": key, "since": "-"}], "file": key,
        "unchecked": {"cases": 1, "of": 1, "why": key, "other_reasons": 0, "codes": {"X": 1}},
        "not_read": [{"source": key, "why": key}],
        "another_service": {"refusals": 1, "services": {key: 1}},
        "not_opened": [], "older": 1, "since_seconds": 86400, "holds": False, "first_broken": 1,
        "retired_through": 1, "anchor": key,
        "before": True, "rows": {"cases": 1}, "head": key, "url": key, "undoable": None,
    }  # fmt: skip


RENDERERS = [
    each
    for name, each in getmembers(tables, isfunction)
    if "console" in signature(each).parameters and not name.startswith("_")
] + [case_page.page, pause_page.page]


@pytest.mark.parametrize("key", KEYS, ids=ascii)
@pytest.mark.parametrize("render", RENDERERS, ids=lambda each: str(each.__name__))
def test_every_table_prints_a_key_as_it_is(
    render: Callable[..., None], key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(found(key), False, render)
    shown = capsys.readouterr().out
    assert printable(key) in shown
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


def shown(case: dict[str, Any]) -> list[str]:
    console = Console(width=200, no_color=True, highlight=False, file=io.StringIO())
    case_page.page(case, console)
    assert isinstance(console.file, io.StringIO)
    return [line.strip() for line in console.file.getvalue().splitlines()]


def test_a_narrow_terminal_gets_a_case_wrapped_between_words_and_what_is_to_be_copied_as_one_line() -> None:
    console = Console(width=60, force_terminal=True, no_color=True, highlight=False, file=io.StringIO())
    case_page.page(
        found("k") | {"why": "word " * 30, "facts": {"statement": {"Action": ["oss:GetObject"] * 5}}}, console
    )
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    whole = [line for line in lines if line.strip().startswith(("grant", "it sends"))]
    assert [len(line) > 60 for line in whole] == [True, False]
    rest = [line.rstrip() for line in lines if line not in whole]
    assert max(map(len, rest)) <= 60
    assert {word for line in rest for word in line.split() if word.startswith("wo")} == {"word"}


def test_a_case_that_waits_for_a_person_says_what_is_sent_and_how_to_answer() -> None:
    lines = shown(found("k"))
    assert "next  ossmend cases approve 1, or ossmend cases reject 1" in lines
    assert "it sends  days: 1" in lines


def test_a_write_that_replaces_a_configuration_shows_what_goes_and_what_comes() -> None:
    rules = [{"allowed_origins": ["https://a.example.com"], "allowed_methods": [each]} for each in ("GET", "PUT")]
    held = WRITE | {"target": "t", "replaces": {"now": {"rules": rules[:1]}, "then": {"rules": rules}}}
    lines = shown(standing("held", writes=[held]))
    assert "it changes  --- is there now" in lines
    assert [line for line in lines if line.startswith("+") and "PUT" in line]
    assert not [line for line in lines if line.startswith("-") and "GET" in line], "it stays"
    assert "it sends" not in "".join(lines)


def test_evidence_has_its_time_and_the_newest_look_comes_first() -> None:
    restoring = standing("waiting", looked_at=UNTIL, why="OSS is restoring it")
    restoring["diagnosis"] |= {"seen_at": "2026-03-02T11:00:00+00:00"}
    at = [line for line in shown(restoring) if line.startswith("evidence") or ": seen" in line]
    assert [re.sub(r", \d+ \w+ ago", "", line) for line in at] == [
        "evidence  seen 2026-03-02 12:00:00Z: OSS is restoring it",
        "seen 2026-03-02 11:00:00Z: seen",
    ]
    assert all(re.search(r", \d+ \w+ ago: ", line) for line in at)
    same = [
        line for line in shown(restoring | {"looked_at": "2026-03-02T11:00:00+00:00"}) if "OSS is restoring" in line
    ]
    assert same == ["why  OSS is restoring it"], "what was seen at that look stands below"


def test_a_case_that_is_over_or_waits_for_a_brake_asks_nobody_for_an_answer() -> None:
    for changed in ({"state": "closed"}, {"writes": [WRITE | {"target": "t", "held_by": "writes_per_hour"}]}):
        assert not [line for line in shown(found("k") | changed) if "approve" in line and "next" in line]


@pytest.mark.parametrize(
    ("code", "policy", "looks"),
    [
        ("AccessForbidden", "web", True),
        ("AccessForbidden", "-", False),
        ("ImageDamage", "-", True),
        ("AccessDenied", "rights", False),
        ("SomethingElse", "rest", False),
        (None, "-", False),
    ],
)
def test_a_reported_case_says_how_it_ends_and_whether_a_look_can_tell(
    code: str | None, policy: str, *, looks: bool
) -> None:
    lines = shown(found("k") | {"state": "reported", "writes": [], "code": code, "policy": policy})
    (ending,) = [line for line in lines if "when that is done: " in line]
    assert ("ossmend cases retry 1 looks at once" in ending) is looks
    assert ending.endswith("when nothing of it was seen for the `quiet` of its policy (24 h where none is set)")


def printed(rows: list[dict[str, Any]], *, width: int, terminal: bool = True) -> list[str]:
    console = Console(width=width, force_terminal=terminal, no_color=True, highlight=False, file=io.StringIO())
    tables.cases({"cases": rows, "not_opened": []}, console)
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[\d*m", "", console.file.getvalue()).splitlines()


def test_a_wide_terminal_and_a_pipe_get_a_line_for_each_case_however_long_it_is() -> None:
    rows = [found("2024/" + "long/" * 30 + "q1.csv")["cases"][0], found("中文")["cases"][0]]
    for lines in (printed(rows, width=1000), printed(rows, width=80, terminal=False)):
        assert len(lines) == 3
        assert lines[1].index("oss://") == lines[2].index("oss://")
        assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [120, 140, 160, 200])
def test_a_terminal_gets_a_table_in_which_the_reason_keeps_most_and_a_place_its_both_ends(width: int) -> None:
    long = {"why": "merge the stored rule web-upload " * 3, "from": "10.0.0.8, /var/log/app/app.log +2"}
    keys = [f"{'exports/' * 9}2024/q{number}.csv" for number in (1, 2)]
    rows = [found(key)["cases"][0] | long for key in keys]
    lines = printed(rows, width=width)
    assert len(lines) == 3, "a line for each"
    assert max(map(len, lines)) <= width
    at = lines[0].index("why")
    assert all(len(line[at:].rstrip("…")) >= 39 for line in lines[1:])
    for number, line in enumerate(lines[1:], start=1):
        assert re.search(rf"oss://b/exports/\S*….*/q{number}\.csv", line)


def test_a_terminal_with_no_room_for_the_reason_gets_no_table() -> None:
    row = found("2024/q1.csv")["cases"][0] | {"why": "merge the stored rule web-upload " * 3}
    assert printed([row], width=80)[0] == "1  held  X  c"


@pytest.mark.parametrize(("number", "audited", "told"), [
    (3, {}, ["3 closed not shown: `ossmend cases list --all`"]),
    (1, {"since_seconds": 60.0}, ["1 more is over already: looked at, and nothing would be done"]),
    (0, {}, []),
])  # fmt: skip
def test_cases_that_are_over_are_counted_where_they_are_not_shown(
    number: int, audited: dict[str, float], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show({"cases": [], "not_opened": [], "closed_not_shown": number} | audited, False, tables.cases)
    assert capsys.readouterr().out.splitlines() == ["no open cases", *told]


@pytest.mark.parametrize(
    ("mode", "words"),
    [("dry-run", "not sent"), ("approve", "without your approval"), ("enforce", "waits for your approval")],
)
def test_what_follows_an_undo_is_told_by_the_mode_of_its_policy(
    mode: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(found("k") | {"done": "undo", "mode": mode, "policy": "web"}, False, tables.answer)
    told = capsys.readouterr().out
    assert f"policy web is in `{mode}`" in told
    assert words in told


@pytest.mark.parametrize(("priced", "told"), [
    ({"gib": 1024.0, "cost": None}, ["restores: 1024 GiB", "cost: price unknown: set `prices`"]),
    ({"gib": 30.0, "cost": "1.80001"}, ["restores: 30 GiB", "cost: 1.80001 CNY, by prices of 2024-04-01"]),
    ({"gib": 0.0, "cost": "0.00001"}, ["restores: under 0.01 GiB", "cost: 0.00001 CNY, by prices of 2024-04-01"]),
    ({"gib": None, "cost": "0"}, []),
])  # fmt: skip
def test_what_a_write_costs_and_restores_stands_where_it_is_approved_and_where_it_is_shown(
    priced: dict[str, Any], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = WRITE | {"target": "t", "currency": "CNY", "prices_as_of": "2024-04-01"} | priced
    show(found("k") | {"writes": [whole]}, False, tables.answer)
    approved = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for lines in (approved, shown(standing("held", writes=[whole]))):
        assert [line for line in lines if line.startswith(("restores: ", "cost: "))] == told


def test_a_cost_that_nobody_can_know_by_a_refused_file_is_not_said() -> None:
    lines = shown(standing("held", writes=[WRITE | {"target": "t", "gib": 1.0}]))
    assert not [line for line in lines if line.startswith("cost: ")]


def test_who_approves_what_a_limit_holds_is_told_that_it_does_not_leave_now(capsys: pytest.CaptureFixture[str]) -> None:
    show(found("k") | {"holds_on": "limit x: 3 of 3 spent; frees from then"}, False, tables.answer)
    told = capsys.readouterr().out.splitlines()[0]
    assert told.endswith("an approval does not lift what holds it: limit x: 3 of 3 spent; frees from then")
    assert "reads it within seconds" not in told


def test_a_narrow_terminal_gets_a_few_lines_for_each_case_and_no_name_is_cut_where_it_fits() -> None:
    row = found("archive/2024/q1.csv")["cases"][0] | {"why": "waits for `ossmend cases approve`", "from": "app.log"}
    assert printed([row], width=60) == [
        "1  held  X  c",
        "    oss://b/archive/2024/q1.csv",
        "    1 refusal, from app.log",
        "    waits for `ossmend cases approve`",
    ]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Subject("clock", ("", "")), "clocks of unknown machines"),
        (Subject("clock", ("", "app/1", "LTAI5tMyKey1")),
         "clocks of unknown machines (app/1 with access key LTAI****Key1)"),
        (Subject("clock", ("10.0.0.8", "app/1")), "clock of 10.0.0.8 (app/1)"),
        (Subject("object", ("b", "k:fire:", "")), "oss://b/k:fire:"),
        (Subject("object", ("b", "k", "v1")), "oss://b/k version v1"),
        (Subject("key", ("LTAI5tExampleExampleKey1",)), "access key LTAI****Key1"),
        (Subject("key", ("",)), "an access key that the log does not name"),
        (Subject("signer", ("LTAI5tExampleExampleKey1", "", "")),
         "signatures with access key LTAI****Key1"),
        (Subject("signer", ("", "10.0.0.8", "app/1")), "signatures by 10.0.0.8 (app/1)"),
        (Subject("signer", ("", "", "")), "signatures of which the log names neither key nor client"),
        (Subject("denied", ("", "", "")), "access at a bucket that the log does not name"),
        (Subject("denied", ("b", "LTAI5tExampleExampleKey1", "oss:GetObject")),
         "oss:GetObject at bucket b for LTAI****Key1"),
        (Subject("cors", ("b", "rule=web")), "CORS of bucket b by rule web"),
        (Subject("cors", ("b", "https://a.example.com")), "CORS of bucket b for https://a.example.com"),
        (Subject("account", ()), "the whole account"),
        (Subject("code", ("", "")), "a refusal without a code at a bucket that the log does not name"),
    ],
)  # fmt: skip
def test_a_subject_is_shown_in_words_and_without_gaps(subject: Subject, words: str) -> None:
    assert subject_text(subject) == words


@pytest.mark.parametrize(("runs", "words"), [(True, "within seconds"), (False, "no daemon works on this state")])
def test_an_answer_says_whether_anybody_reads_it(runs: bool, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    show(found("k") | {"daemon_runs": runs}, False, tables.answer)
    shown = capsys.readouterr().out
    assert words in shown
    assert ("within seconds" in shown) is runs


def test_the_page_of_an_audit_shows_both_numbers_and_no_markup() -> None:
    report = found("<b>:fire:") | {"at": "now", "since_seconds": 3600}
    report["writes"] = [each | {"policy": "p", "mode": "enforce"} for each in report["writes"]]
    page = audit_page.page(report)
    assert "A1 = 7" in page
    assert "&lt;b&gt;:fire:" in page
    assert "<b>:fire:" not in page
    assert "Refusals older than 1 hour, left out: 1." in page


@pytest.mark.parametrize("name", ["default", "prod"])
def test_an_account_is_shown_where_there_are_several(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = found("k") | {"account": name, "region": "cn-shanghai"}
    show({"cases": [row], "not_opened": []}, False, tables.cases)
    listed = capsys.readouterr().out
    report = row | {"cases": [row], "since_seconds": 60.0, "at": "-"}
    page = audit_page.page(report | {"writes": []})
    assert ("prod/cn-shanghai" in listed, "prod/cn-shanghai" in page) == (name == "prod",) * 2
    assert ("account" in listed, "<th>account</th>" in page) == (name == "prod",) * 2


def test_a_time_is_spelt_in_one_way_and_what_only_looks_like_one_is_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = "2026-03-01T12:00:00.123456+00:00"
    report = found(at) | {"first_seen": at, "last_seen": at, "facts": {"statement": {"at": at}}}
    report |= {"paused": [{"policy": "p", "by": "a", "since": at}], "file": None}
    show(report, False, case_page.page)
    show(report, False, pause_page.page)
    told = capsys.readouterr().out
    assert "2026-03-01 12:00:00Z .. 2026-03-01 12:00:00Z" in told
    assert "policy p: paused by a since 2026-03-01 12:00:00Z; `ossmend resume p` ends it" in told
    assert f"oss://b/{at}" in told, "a key is a name"
    assert f'"at": "{at}"' in told, "a statement is there to be copied"


PAUSED = "paused by a since 2026-03-01 12:00:00Z"


@pytest.mark.parametrize(
    ("resumed", "paused", "told"),
    [
        ([], [], ["nothing is paused"]),
        (["all", "p"], [], ["all policies: resumed", "policy p: resumed"]),
        (["p"], ["all"], ["policy p: resumed", f"all policies: {PAUSED}; `ossmend resume` ends it", pause_page.SEEN]),
        ([], ["p"], [f"policy p: {PAUSED}; `ossmend resume p` ends it", pause_page.SEEN]),
    ],
)
def test_what_a_pause_or_a_resume_came_to_is_said_once_and_how_a_pause_ends(
    resumed: list[str], paused: list[str], told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    standing = [{"policy": each, "by": "a", "since": "2026-03-01T12:00:00+00:00"} for each in paused]
    show({"resumed": resumed, "paused": standing, "file": None}, False, pause_page.page)
    assert capsys.readouterr().out.splitlines() == told


@pytest.mark.parametrize("word", sorted(approvals.ANSWERS))
def test_each_word_on_a_case_says_how_to_take_it_back_or_what_follows(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(found("k") | {"done": word}, False, tables.answer)
    told = capsys.readouterr().out
    backs = {"approve": "cases reject 1", "reject": "cases approve 1", "retry": "cases show 1", "undo": "cases show 1"}
    assert f"`ossmend {backs[word]}`" in told


def test_the_journal_says_in_words_what_its_fields_mean(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"digest": "0123456789abcdef", "woken": 3, "digests": ["fedcba9876543210"], "by": "oncall"}
    entry = {"seq": 1, "at": UNTIL, "kind": "config.loaded", "case": None, "data": data}
    show({"entries": [entry]}, False, tables.journal)
    told = capsys.readouterr().out
    assert "fingerprint of the configuration=0123456789ab, cases looked at again=3" in told
    assert "fingerprints of the writes=fedcba987654, by=oncall" in told
    assert "woken" not in told


STEP = "repair it yourself"
UNTIL = "2026-03-02T12:00:00+00:00"


def standing(state: str, **further: Any) -> dict[str, Any]:
    diagnosis = {"evidence": ["seen"], "next_steps": {"en": [STEP]}, "avoid": {"en": []}}
    return found("k") | {"state": state, "diagnosis": diagnosis, "writes": [], "due_at": UNTIL} | further


@pytest.mark.parametrize("state", [each.value for each in CaseState if each is not CaseState.CLOSED])
def test_a_case_in_any_state_that_is_not_over_says_what_comes_next_and_whose_turn_it_is(state: str) -> None:
    (first, *_) = [line for line in shown(standing(state)) if line.startswith("next ")]
    ours = state in ("open", "waiting", "sending", "watching", "held")  # held here by nothing that a person ends
    assert first.startswith("next  nothing for you to do") is ours
    assert (STEP in "\n".join(shown(standing(state)))) is (state == "held" or not ours), "what is over is not asked for"


OTHERS = {"evidence": ["seen"], "alternatives": [["denied-bucket-acl", 0.16], ["denied-anonymous", 0.07], ["x", 0.3],
                                                ["url-expired", 0.02]]}  # fmt: skip


def test_what_else_it_may_be_is_named_as_explain_names_it() -> None:
    lines = shown(standing("reported", diagnosis=OTHERS))
    at = lines.index(
        "or perhaps  The bucket is private, and the caller has no right of its own (denied-bucket-acl, 16%)"
    )
    assert lines[at + 1] == "The request was not signed (denied-anonymous, 7%)"
    assert "url-expired" not in "\n".join(lines), "so little is in --json alone"


@pytest.mark.parametrize("state", ["closed", "watching"])
def test_of_a_trouble_that_is_over_nothing_else_is_guessed(state: str) -> None:
    assert "or perhaps" not in "\n".join(shown(standing(state, diagnosis=OTHERS, watch_until=UNTIL)))


def test_a_case_at_no_bucket_shows_the_logs_own_line_and_how_to_name_it() -> None:
    line = "403 AccessDenied at files.example.com"
    lines = shown(standing("reported", subject="access at a bucket that the log does not name", samples=[line]))
    assert [each for each in lines if each.endswith(f"a log says: {line}")]
    assert [each for each in lines if "name that domain in `cloud.domains`" in each]
    named = shown(standing("reported", samples=[line]))
    assert not [each for each in named if "cloud.domains" in each or "a log says" in each]


def test_a_case_without_a_diagnosis_shows_the_logs_own_line_and_when_it_was_seen_well() -> None:
    lines = shown(standing("watching", diagnosis=None, samples=["403 InvalidObjectState"], verified_at=UNTIL,
                           watch_until=UNTIL))  # fmt: skip
    (first, second) = [line for line in lines if line.startswith("evidence") or "a log says" in line]
    assert re.fullmatch(r"evidence  seen 2026-03-02 12:00:00Z, \d+ d ago: seen well by ossmend itself", first)
    assert re.fullmatch(r"seen 2026-03-01 12:00:00Z, \d+ d ago: a log says: 403 InvalidObjectState", second)
    assert f"next  nothing for you to do: it is repaired until {UNTIL}, and looked at again then" in lines


@pytest.mark.parametrize(
    ("by", "out"),
    [("pause", "it goes on after `ossmend resume`"),
     ("rejected", "ossmend cases approve 1 takes"), ("price", "ossmend cases approve 1"),
     ("account", "goes on when"), ("batch b/Archive", "alone after a minute"), ("share", "cases approve 1"),
     ("cost_per_day", "raise that limit"), ("witness", "access log"),
     ("beyond writes_per_hour", "waits for approval")],
)  # fmt: skip
def test_whatever_holds_a_write_is_said_in_words_with_the_way_out(by: str, out: str) -> None:
    lines = shown(standing("held", writes=[WRITE | {"target": "t", "held_by": by}], ends_pause="`ossmend resume`"))
    assert [line for line in lines if line.startswith("next ") and out in line]
    assert held_words.held(by) != by


def test_an_undo_is_named_as_one_with_the_write_that_it_takes_back_and_who_asked() -> None:
    done = WRITE | {"operation": "PutBucketCors", "target": "oss://b", "state": "done", "outcome": "merged"}
    undo = done | {"number": 2, "undoes": 1, "asked_by": "oncall", "asked_at": UNTIL, "sent_at": UNTIL}
    lines = shown(standing("closed", writes=[done, undo]))
    assert "write 1  PutBucketCors oss://b: done merged" in lines
    at = lines.index(f"write 2  undo of write 1: PutBucketCors oss://b: done, sent {UNTIL}")
    assert lines[at + 1] == f"asked for by oncall at {UNTIL}"
    assert sum("undo of" in line for line in lines) == 1


@pytest.mark.parametrize("state", ["closed", "watching"])
def test_a_case_that_is_well_says_what_takes_its_write_back_if_anything_does(state: str) -> None:
    done = WRITE | {"operation": "PutBucketCors", "target": "oss://b", "state": "done", "outcome": "merged"}
    way = "if the write was not wanted: ossmend cases undo 1 takes it back"
    assert way in "\n".join(shown(standing(state, writes=[done], undoable=1)))
    assert "undo" not in "\n".join(shown(standing(state, writes=[done])))


def test_a_held_write_gives_one_order_and_what_is_done_instead_of_it_is_introduced_as_that() -> None:
    lines = shown(standing("held", writes=[WRITE | {"target": "t"}]))
    at = lines.index("next  ossmend cases approve 1, or ossmend cases reject 1")
    assert lines[at + 1 : at + 3] == ["or by hand:", STEP]
    assert "or by hand:" not in shown(standing("reported")), "nothing but the steps is there to do"


def test_a_journal_that_was_not_altered_says_so_first(capsys: pytest.CaptureFixture[str]) -> None:
    show({"holds": True, "entries": 96, "retired_through": None, "anchor": ""}, False, tables.verified)
    assert capsys.readouterr().out == "unaltered: 96 entries checked\n"


def test_the_time_of_a_pause_is_spelt_as_any_other_and_a_logs_own_words_are_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = ["paused by root since 2026-11-29T01:30:29+00:00", "it says: off since 2026-11-29T01:30:29+00:00"]
    rows = [found("k")["cases"][0] | {"why": each} for each in told]
    show({"cases": rows, "not_opened": []}, False, tables.cases)
    out = capsys.readouterr().out
    assert "paused by root since 2026-11-29 01:30:29Z" in out
    assert told[1] in out


@pytest.mark.parametrize("ends", ["the file that pauses is removed", None])
def test_a_pause_that_no_command_ends_names_no_command(ends: str | None) -> None:
    lines = shown(standing("held", writes=[WRITE | {"target": "t", "held_by": "pause"}], ends_pause=ends))
    (first,) = [line for line in lines if line.startswith("next ")]
    over = "nothing: the pause is over, and it goes on at the next look"
    assert first == f"next  {over if ends is None else f'it goes on after {ends}'}"
    assert "resume" not in held_words.held("pause")
