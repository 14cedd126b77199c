"""Every text of the shared collection is read to the code, request id, bucket, key, EC and status that it tells."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.sources.parsers.access_line import parse_line

SHARED = Path(os.environ.get("OSSMEND_SHARED") or Path(__file__).parents[4] / "shared")
SAMPLES = SHARED / "samples" / "real_samples_dev.jsonl"
TOLD = ("request_id", "bucket", "key", "ec", "status")


def samples(*, access_logs: bool) -> list[Any]:
    if not SAMPLES.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no collection of real samples at {SAMPLES}"))]
    rows = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(row, id=row["id"]) for row in rows if (row["shape"] == "access_log") == access_logs]


@pytest.mark.parametrize("strict", [False, True], ids=["pasted", "in a log"])
@pytest.mark.parametrize("row", samples(access_logs=False))
def test_a_real_text_is_read_to_what_it_tells(row: dict[str, Any], strict: bool) -> None:
    (event,) = events_in(row["text"], source="test", strict=strict)
    assert event.code == (row["code"] if row["code_in_text"] else None)
    assert {name: getattr(event, name) for name in TOLD} == {name: row.get(name) for name in TOLD}


@pytest.mark.parametrize("row", samples(access_logs=True))
def test_a_real_access_log_line_is_read_and_is_no_refusal(row: dict[str, Any]) -> None:
    entry = parse_line(row["text"].encode())
    assert entry is not None
    assert {name: getattr(entry, name) for name in TOLD if name != "ec"} == {
        name: row.get(name) for name in TOLD if name != "ec"
    }
    assert events_in(row["text"], source="test") == []
