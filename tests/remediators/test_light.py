"""light.py: what is made when first used behaves as what the standard library makes at once."""

from __future__ import annotations

import copy
import dataclasses
import gc
import pickle
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import ossmend.daemon.sources
import ossmend.remediators
from ossmend.remediators.contract import light
from ossmend.remediators.contract.light import Ready, Regex, regex
from ossmend.remediators.contract.values import ObjectRef
from tests.patience import HUNG

CHECKED: Any = light.dataclass  # to a type checker it is the standard library's, and this file asks whether it is


def fields(make: Any) -> Any:
    class Value:
        bucket: str
        size: int = 1
        tags: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)
        note: str = dataclasses.field(default="", repr=False)

        def doubled(self) -> int:
            return self.size * 2

    return make(Value)


OURS = fields(CHECKED(frozen=True, slots=True, order=True))
THEIRS = fields(dataclasses.dataclass(frozen=True, slots=True, order=True))


@pytest.mark.parametrize("make", [OURS, THEIRS])
def test_a_value_is_shown_compared_and_hashed_by_its_fields(make: Any) -> None:
    one, same, other = make("b", 2, {"a": "x"}), make("b", 2, {"a": "y"}, note=""), make("b", 3)
    assert (one == same, one == other, one != other) == (True, False, True)
    assert hash(one) == hash(same)
    assert (one < other, other <= one, sorted([other, one])) == (True, False, [one, other])
    assert repr(one).endswith("Value(bucket='b', size=2, tags={'a': 'x'})")
    assert make("b") != ("b", 1, "")
    assert (one.doubled(), one.__match_args__, make("b").tags) == (4, ("bucket", "size", "tags", "note"), {})


@pytest.mark.parametrize("make", [OURS, THEIRS])
def test_a_value_is_frozen_and_has_no_other_attributes(make: Any) -> None:
    value = make("b")
    for name in ("size", "x"):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.size
    assert not hasattr(value, "__dict__")
    with pytest.raises(TypeError):
        make()
    with pytest.raises(TypeError):
        make("b", colour="red")


def test_values_are_replaced_told_copied_and_pickled() -> None:
    value = OURS("b", 2, {"a": "x"}, "n")
    assert dataclasses.replace(value, size=3) == OURS("b", 3, note="n")
    assert dataclasses.asdict(value) == {"bucket": "b", "size": 2, "tags": {"a": "x"}, "note": "n"}
    assert copy.deepcopy(value) == value
    ref = ObjectRef("b", "k")
    assert pickle.loads(pickle.dumps(ref)) == ref  # our own bytes


def test_a_class_that_is_not_frozen_can_be_changed_and_has_no_hash() -> None:
    for make in (fields(CHECKED(slots=True)), fields(dataclasses.dataclass(slots=True))):
        value = make("b")
        value.size = 5
        assert value == make("b", 5)
        assert make.__hash__ is None


def test_fields_by_name_alone_are_refused_by_place() -> None:
    for make in (fields(CHECKED(frozen=True, slots=True, kw_only=True)),):
        assert make(bucket="b") == make(bucket="b", size=1)
        with pytest.raises(TypeError):
            make("b")


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
    expressions = [each for each in gc.get_objects() if type(each) in (Regex, Ready)]
    assert len(expressions) > 250
    for each in expressions:
        assert re.compile(each.pattern, each.flags) is not None


def test_nothing_that_reads_a_text_is_compiled_before_there_is_one() -> None:
    """Half of a start was this; ssl and the like compile their own, so ours alone are looked at."""
    program = (
        "import gc, ossmend.daemon.explain.text; from ossmend.remediators.contract.light import Ready;"
        "print([each.pattern for each in gc.get_objects() if type(each) is Ready])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=HUNG)
    assert done.stdout.strip() == "[]"


def test_no_module_of_the_parsers_compiles_by_itself() -> None:
    folders = ("daemon/sources/parsers", "daemon/sources/envelopes", "remediators/causes")
    files = [path for folder in folders for path in (Path(__file__).parents[2] / folder).glob("*.py")]
    assert len(files) > 40
    compiled = re.compile(r"(?m)^[A-Z_a-z]+ = re\.compile\(|^@dataclasses\.|^from dataclasses import .*\bdataclass\b")
    mine = [path.name for path in files if compiled.search(path.read_text(encoding="utf-8"))]
    assert set(mine) <= {"model.py"}, "take dataclass and regex from contract/light.py: they cost when they are used"
