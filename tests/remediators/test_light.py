"""light.py: what is made when first used behaves as what the standard library makes at once."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import ossmend.daemon.sources
import ossmend.remediators
from ossmend.remediators.contract.light import Regex, regex
from tests.patience import HUNG


def test_an_expression_is_compiled_when_it_is_asked_and_answers_as_ever() -> None:
    wrong = regex("(")
    with pytest.raises(re.error):
        wrong.search("x")
    words = regex(r"\w+", re.ASCII)
    assert isinstance(words, Regex)
    assert vars(words).keys() == {"_compiled"}
    assert words.findall("a b") == ["a", "b"]
    assert "findall" in vars(words)
    assert words.sub("x", "a-é") == "x-é"
    assert words.pattern == r"\w+"
    assert regex(rb"\d").sub(b"", b"a1") == b"a"
    assert not callable(words)


def test_every_expression_that_waits_for_its_first_use_is_a_right_one() -> None:
    for package in (ossmend.remediators, ossmend.daemon.sources):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    expressions = [each for each in gc.get_objects() if type(each) is Regex]
    assert len(expressions) > 250
    for each in expressions:
        assert re.compile(each.pattern, each.flags) is not None


def test_nothing_that_reads_a_text_is_compiled_before_there_is_one() -> None:
    """Half of a start was this; ssl and the like compile their own, so ours alone are looked at."""
    program = (
        "import gc, ossmend.daemon.explain.text; from ossmend.remediators.contract.light import Regex;"
        "print([vars(each).keys() for each in gc.get_objects() if type(each) is Regex and len(vars(each)) > 1])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=HUNG)
    assert done.stdout.strip() == "[]"


def test_no_module_of_the_parsers_compiles_by_itself() -> None:
    folders = ("daemon/sources/parsers", "daemon/sources/envelopes", "remediators/causes")
    files = [path for folder in folders for path in (Path(__file__).parents[2] / folder).glob("*.py")]
    assert len(files) > 40
    compiled = re.compile(r"(?m)^[A-Z_a-z]+ = re\.compile\(")
    mine = [path.name for path in files if compiled.search(path.read_text(encoding="utf-8"))]
    assert mine == [], "take regex from contract/light.py: it costs when it is used"
