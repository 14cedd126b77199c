"""How wide an explanation is: as COLUMNS says, also in a pipe; and where nobody says so, its lines stay whole."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ossmend.daemon.host.width import columns
from tests.patience import HUNG


def piped(width: str | None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    environment |= {"COLUMNS": width} if width is not None else {}
    words = [sys.executable, "-m", "ossmend", "explain", "AccessDenied"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=HUNG, check=True)
    return done.stdout.splitlines()


def test_a_pipe_is_as_wide_as_columns_says() -> None:
    assert max(map(len, piped("72"))) <= 72


@pytest.mark.parametrize("width", [None, "0", "wide"])
def test_a_pipe_of_which_nobody_says_how_wide_it_is_gets_whole_lines(width: str | None) -> None:
    folded, whole = piped("72"), piped(width)
    assert len(whole) < len(folded)
    assert " ".join(" ".join(whole).split()) == " ".join(" ".join(folded).split())


def test_columns_go_before_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "91")
    assert columns() == 91
