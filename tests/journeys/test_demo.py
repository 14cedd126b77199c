"""The demo as a person sees it: what it prints is what the README shows."""

from __future__ import annotations

import re

import pytest

from ossmend.daemon.demo.story import demo
from tests.house.test_names import ROOT

BLOCK = re.compile(r"What a dry run says[^\n]*\n\n((?:    [^\n]+\n)+)")


def shown_in_the_readme() -> list[str]:
    found = BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    return [line.strip() for line in found[1].splitlines()]


def test_the_readmes_dry_run_is_what_the_demo_prints_and_no_line_of_it_ends_with_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert demo(dry_run=True, as_json=False) == 0
    lines = [re.sub(r"^\[ *[\d.]+ s\] ", "", line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line.startswith("case ")]
    last = {line.split()[1]: line for line in told}
    assert [last[number] for number in sorted(last)] + [lines[-2]] == shown_in_the_readme()
    assert [line for line in told if line.rstrip().endswith(":")] == []
