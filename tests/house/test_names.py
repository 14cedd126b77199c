"""What a docstring or a page names is there: files, places in documents; and a reader has every document."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("bench", "config", "daemon", "remediators", "simulator", "tests")
FILE = re.compile(r"(?<![\w/.-])((?:[\w.-]+/)*[\w-]+\.(?:py|md|svg|jsonl))(?![\w.])")
PLACE = re.compile(r"(?<![\w/.])(docs/|(?:\.\./)*)([\w/-]+\.md)#([\w-]+)")
GENERATED = ("CHANGELOG.md",)
"""Speaks of what was."""


@cache
def tracked() -> tuple[str, ...]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return tuple(name for name in done.stdout.decode().split("\0") if (ROOT / name).is_file())


def docstrings(path: Path) -> Iterator[str]:
    """Strings that stand by themselves: of modules, classes, functions and values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def python_files() -> list[str]:
    return [name for name in tracked() if name.endswith(".py") and name.split("/")[0] in FOLDERS]


def documents() -> list[str]:
    return [name for name in tracked() if name.endswith(".md") and name not in GENERATED]


def is_there(named: str) -> bool:
    return any(name == named or name.endswith(f"/{named}") for name in tracked())


def test_every_file_that_a_docstring_names_exists() -> None:
    gone = {
        f"{name}: {named}"
        for name in python_files()
        for text in docstrings(ROOT / name)
        for named in FILE.findall(text)
        if not is_there(named)
    }
    assert gone == set()


def test_every_file_that_a_document_names_exists() -> None:
    gone = {
        f"{name}: {named}"
        for name in documents()
        if not name.startswith("docs/decisions/")  # what was decided speaks of the files of its day
        for named in FILE.findall((ROOT / name).read_text(encoding="utf-8"))
        if not is_there(named.replace("../", ""))
    }
    assert gone == set()


def anchors(document: Path) -> set[str]:
    """Its headings, as GitHub names them."""
    headings = re.findall(r"(?m)^#+ (.+)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def citations() -> Iterator[tuple[str, str, str]]:
    """(where, document, place) of everything that names a place in a document."""
    for name in (*python_files(), *documents()):
        for below, document, place in PLACE.findall((ROOT / name).read_text(encoding="utf-8")):
            path = (ROOT if below == "docs/" else (ROOT / name).parent) / below / document
            yield name, str(path.resolve()), place


def test_every_place_that_is_cited_exists() -> None:
    cited = list(citations())
    assert len(cited) > 40
    gone = {
        f"{name}: {document}#{place}"
        for name, document, place in cited
        if not Path(document).exists() or place not in anchors(Path(document))
    }
    assert gone == set()


def test_no_docstring_cites_a_document_that_a_reader_does_not_have() -> None:
    elsewhere = re.compile(r"\(facts\b|\bfacts: |\bfacts/|\bscenarios? S\d|\(?\bdesign[:,] section")
    found = {
        f"{name}: {found[0]}"
        for name in python_files()
        for text in docstrings(ROOT / name)
        if (found := elsewhere.search(text)) is not None
    }
    assert found == set()


def test_every_stage_of_the_picture_is_a_file_and_a_row_of_the_page() -> None:
    picture = (ROOT / "docs/pipeline.svg").read_text(encoding="utf-8")
    page = (ROOT / "docs/pipeline.md").read_text(encoding="utf-8")
    shown = {word for title in re.findall(r'class="t"[^>]*>([^<]+)<', picture) for word in title.split(", ")}
    stages = {word for word in shown if not word.endswith("/") and word != "cloud"}
    assert len(stages) > 6
    for stage in stages:
        assert (ROOT / f"daemon/stages/{stage}.py").exists()
        assert f"`daemon/stages/{stage}.py`" in page
    for room in shown - stages - {"cloud"}:
        assert (ROOT / "daemon" / room).is_dir()


def test_the_picture_is_as_wide_as_a_phone() -> None:
    picture = (ROOT / "docs/pipeline.svg").read_text(encoding="utf-8")
    width = re.search(r'viewBox="0 0 (\d+) ', picture)
    assert width is not None
    assert int(width[1]) <= 360
    assert min(int(size) for size in re.findall(r"font-size:(\d+)px", picture)) >= 11
