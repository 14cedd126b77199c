"""The lines that docs/codes/ tells applications to write lead to the whole of what ossmend can do with their code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ossmend.config.load import load
from ossmend.config.model import Config
from ossmend.daemon.explain import code_pages
from ossmend.daemon.explain.log_lines import LINES
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.contract.case import Event


def event_of(line: str) -> Event:
    """As the daemon reads it from a log."""
    (event,) = events_in(line, source="app_log", strict=True)
    return event


def without(code: str, *names: str) -> str:
    return json.dumps({name: value for name, value in json.loads(LINES[code].line).items() if name not in names})


def explained(line: str, config: Config | None = None) -> dict[str, Any]:
    (event,) = explain_text(line, config=config)["events"]
    found: dict[str, Any] = event
    return found


def config_of(folder: Path, **rule: list[str]) -> Config:
    stored = {
        "allowed_origins": ["https://app.example.com"],
        "allowed_methods": ["PUT"],
        "allowed_headers": ["content-type", "x-oss-meta-owner"],
    } | rule
    file = folder / "ossmend.yaml"
    file.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\ncors_rules: {{ web: {json.dumps(stored)} }}\npolicies:\n"
        "  - { name: thaw, on: InvalidObjectState, match: { bucket: reports } }\n"
        "  - { name: cors, on: AccessForbidden, match: { bucket: web-assets }, cors: { rule: web } }\n"
        "  - { name: keys, on: InvalidAccessKeyId, match: { bucket: '*' }, key: { tag_owner: true } }\n",
        encoding="utf-8",
    )
    return load(file)


@pytest.mark.parametrize("code", sorted(LINES))
def test_each_line_is_one_refusal_of_its_code_that_names_its_place(code: str) -> None:
    event = event_of(LINES[code].line)
    assert (event.code, bool(event.bucket), bool(event.key)) == (code, True, True)


@pytest.mark.parametrize("code", sorted(LINES))
def test_each_fact_that_a_page_asks_for_is_read(code: str) -> None:
    whole = event_of(LINES[code].line)
    assert json.loads(LINES[code].line).keys() >= set(LINES[code].needs)
    for name in LINES[code].needs:
        if name == "body":  # holds the code, too
            continue
        less = event_of(without(code, name))
        told = [
            each for each in Event.__dataclass_fields__
            if each != "sample" and getattr(whole, each) != getattr(less, each)
        ]  # fmt: skip
        assert told, f"nothing becomes of {name}"


@pytest.mark.parametrize(("lang", "folder"), [("en", "codes"), ("zh", "codes/zh")])
def test_the_pages_show_them(lang: str, folder: str) -> None:
    pages = code_pages.pages()
    for code, line in LINES.items():
        assert f"```json\n{line.line}\n```" in pages[f"{folder}/{code}.md"]
        assert line.why.words(lang) in pages[f"{folder}/{code}.md"]


def test_the_cors_line_leads_to_the_merge_of_the_stored_rule(tmp_path: Path) -> None:
    (write,) = explained(LINES["AccessForbidden"].line, config_of(tmp_path))["writes"]
    assert (write["operation"], write["target"], write["policy"]) == ("PutBucketCors", "oss://web-assets", "cors")


@pytest.mark.parametrize(
    "rule",
    [
        {"allowed_origins": ["https://shop.example.com"]},
        {"allowed_methods": ["GET"]},
        {"allowed_headers": ["content-type"]},
    ],
    ids=["origin", "method", "headers"],
)
def test_all_three_that_the_cors_line_tells_decide(tmp_path: Path, rule: dict[str, list[str]]) -> None:
    assert explained(LINES["AccessForbidden"].line, config_of(tmp_path, **rule))["writes"] == []


def test_without_the_origin_nothing_is_proposed(tmp_path: Path) -> None:
    assert explained(without("AccessForbidden", "origin"), config_of(tmp_path))["writes"] == []


def test_the_line_of_a_copy_leads_to_the_restore_of_its_source(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    (write,) = explained(LINES["InvalidObjectState"].line, config)["writes"]
    assert (write["operation"], write["target"]) == ("RestoreObject", "oss://reports/2026/q3.csv")
    assert explained(without("InvalidObjectState", "x-oss-copy-source"), config)["writes"] == []


def test_the_line_of_a_key_leads_to_its_owners_tag(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    (write,) = explained(LINES["InvalidAccessKeyId"].line, config)["writes"]
    assert (write["operation"], write["target"]) == ("TagUser", "the RAM user behind LTAI****rt01")
    assert explained(without("InvalidAccessKeyId", "OSSAccessKeyId"), config)["writes"] == []


def test_the_other_lines_lead_to_what_a_person_needs() -> None:
    grant = explained(LINES["AccessDenied"].line)["diagnosis"]["facts"]["statement"]
    assert (grant["Action"], grant["Resource"]) == (["oss:GetObject"], ["acs:oss:*:*:reports/2026/q3.csv"])
    assert explained(LINES["RequestTimeTooSkewed"].line)["diagnosis"]["facts"]["drift_seconds"] == -3600
    signed = event_of(LINES["SignatureDoesNotMatch"].line).fields["StringToSign"]
    assert signed.endswith("/reports/2026/q3.csv")
    assert signed.count("\n") == 4
