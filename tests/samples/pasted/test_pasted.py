"""Texts as people paste them are read as a careful reader would, whatever is wrapped around them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources.parsers import events_in
from tests.samples.pasted.judge import differences

OURS = Path(__file__).with_name("reports.jsonl")
ALONE = Path(__file__).with_name("alone.jsonl")
SHARED = (
    Path(os.environ.get("OSSMEND_SHARED") or Path(__file__).parents[4] / "shared") / "samples" / "reports_dev.jsonl"
)
STAMP = "2026-11-28T01:02:03.000123456Z"
SURE = 0.7


def rows(path: Path) -> list[Any]:
    if not path.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no collection of pasted texts at {path}"))]
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=row["id"]) for row in found]


def told(text: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(json.dumps(explain_text(text)))["events"]
    return events


@pytest.mark.parametrize("row", [*rows(OURS), *rows(SHARED)])
def test_a_pasted_text_is_read_as_a_careful_reader_reads_it(row: dict[str, Any]) -> None:
    assert differences(row["expected"], told(row["text"])) == []


# ------------------------------------------------------------------------------------------------ whatever is around it


def each_line(before: str) -> Callable[[str], str]:
    return lambda text: "\n".join(f"{before}{line}" for line in text.rstrip("\n").split("\n"))


def in_json(text: str) -> str:
    return json.dumps({"ts": STAMP, "level": "error", "msg": text})


def docker(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    return "\n".join(json.dumps({"log": f"{line}\n", "stream": "stderr", "time": STAMP}) for line in lines)


WRAPPERS: dict[str, Callable[[str], str]] = {
    "windows": lambda text: text.replace("\n", "\r\n"),
    "json": in_json,
    "json in Chinese": lambda text: json.dumps({"级别": "错误", "消息": text}, ensure_ascii=False),
    "json in docker": lambda text: docker(in_json(text)),
    "docker": docker,
    "containerd": each_line(f"{STAMP} stderr F "),
    "compose": each_line("shop-1  | "),
    "quoted": each_line("> "),
}
CHANGED = {
    *((two, wrapper) for two in ("p-034", "p-420") for wrapper in ("json", "json in Chinese", "json in docker")),
    *(("p-331", stamped) for stamped in ("json", "json in docker", "docker", "containerd")),
    ("p-557", "json in docker"),
}
"""Two lines, in one string: each of them may speak of the other. A URL that was signed until 2024, and the wrapper's
stamp is of 2026: it may have expired, too. What the HEAD before it answered stands in a record of its own there.
"""


OSS_LINE = '" "66FACB015B838AB5FC1A2365" "'


def said(text: str) -> list[tuple[Any, ...]]:
    return [
        (
            *(event[name] for name in ("code", "bucket", "key", "request_id", "ec")),
            event["diagnosis"]["cause"] if event["diagnosis"]["confidence"] >= SURE else None,
            tuple((write["operation"], write["target"]) for write in event["writes"]),
        )
        for event in told(text)
    ]


def to_wrap() -> list[Any]:
    """Every text; but a line of OSS's access log is read by its positions, where it stands alone."""
    every = [*rows(OURS), *rows(SHARED)]
    return [each for each in every if not (each.values[0] and OSS_LINE in each.values[0]["text"])]


@pytest.mark.parametrize("row", to_wrap())
def test_what_is_wrapped_around_a_text_changes_nothing(row: dict[str, Any]) -> None:
    bare = said(row["text"])
    wrapped = {name: wrap for name, wrap in WRAPPERS.items() if (row["id"], name) not in CHANGED}
    assert {name: said(wrap(row["text"])) for name, wrap in wrapped.items()} == dict.fromkeys(wrapped, bare)


# ------------------------------------------------------------------------------------------------ what is left alone


@pytest.mark.parametrize("row", rows(ALONE))
def test_a_log_that_only_speaks_of_codes_tells_of_no_refusal(row: dict[str, Any]) -> None:
    around: dict[str, Callable[[str], str]] = {"plain": str, **WRAPPERS}
    assert {name: events_in(wrap(row["text"]), source="test", strict=True) for name, wrap in around.items()} == {
        name: [] for name in around
    }
