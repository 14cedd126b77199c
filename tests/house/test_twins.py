"""Nothing comes alone: every remediator, write, source and channel has its test, its texts, its example and its page.

A file that is dropped into a folder becomes part of the daemon, so the suite asks it for everything that a reader and a
user will look for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

from ossmend.config.load import ConfigRefused, load_text
from ossmend.config.schema import schema
from ossmend.daemon.cloud.send.sender import SENDERS
from ossmend.daemon.explain import code_pages, manual, page_zh
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.causes import CAUSES
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.writes import WRITES
from tests.patience import HUNG
from tests.scenarios.further import FURTHER
from tests.scenarios.held_out import HELD_OUT
from tests.scenarios.listed import LISTED
from tests.scenarios.retired import RETIRED
from tests.scenarios.story import body

ROOT = Path(__file__).parents[2]
EXAMPLE = files("ossmend.config").joinpath("ossmend.example.yaml").read_text(encoding="utf-8")
HELPERS = ("__init__", "agreement", "batch_restore", "cors_asked", "cors_rules", "other")
"""Files in remediators/ that claim no code."""
HAN = re.compile(r"[\u4e00-\u9fff]")
NOW = datetime(2024, 9, 23, 6, 0, tzinfo=UTC)
MODULES = sorted(path.stem for path in (ROOT / "remediators").glob("*.py") if path.stem not in HELPERS)
CODES = sorted(Remediator.registry)


def snake(operation: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


# --------------------------------------------------------------------------------------------------------- remediators


@pytest.mark.parametrize("module", MODULES)
def test_a_file_in_remediators_claims_a_code_and_has_its_test(module: str) -> None:
    claims = [code for code, each in Remediator.registry.items() if each.module == f"ossmend.remediators.{module}"]
    assert claims, "a file that claims no code is no remediator"
    assert (ROOT / f"tests/remediators/test_{module}.py").exists()


@cache
def codes_of_samples() -> frozenset[str]:
    """Codes that are read in at least one text as people paste them, or one story."""
    pasted = (ROOT / "tests/samples/pasted/reports.jsonl").read_text(encoding="utf-8").splitlines()
    stories = [body(story) for story in (*LISTED, *FURTHER, *RETIRED, *HELD_OUT)]
    return frozenset(
        event.code for text in (*pasted, *stories) for event in events_in(text, source="t", now=NOW) if event.code
    )


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_reached_by_a_sample(code: str) -> None:
    assert code in codes_of_samples(), "tell a story of it in tests/scenarios/"


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_causes_with_next_steps_in_both_languages(code: str) -> None:
    causes = [cause for cause in CAUSES.values() if code in cause.codes]
    assert causes, "add its causes to remediators/causes/"
    texts = [text for cause in causes for text in (cause.title, *cause.next_steps)]
    assert all(cause.next_steps for cause in causes)
    assert [text for text in texts if not text.en or not HAN.search(text.zh)] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_remediator_is_told_in_chinese_too(module: str) -> None:
    assert module in page_zh.PARAGRAPHS, "add it to daemon/explain/page_zh.py"


@pytest.mark.parametrize("code", CODES)
def test_the_settings_of_a_code_stand_in_the_example_configuration(code: str) -> None:
    section = Remediator.registry[code].section
    assert section is None or re.search(rf"(?m)^    #?{section}:$", EXAMPLE), "add a policy to the example"


@pytest.mark.parametrize("name", sorted(manual.pages()))
def test_a_page_says_what_the_code_says(name: str) -> None:
    path = ROOT / "docs" / name
    assert path.exists(), f"run {manual.COMMAND}"
    assert path.read_text(encoding="utf-8") == manual.pages()[name], f"run {manual.COMMAND}"


def test_there_is_no_page_of_a_code_that_nobody_claims() -> None:
    made = {name for name in manual.pages() if name.startswith("codes/")}
    assert {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs/codes").rglob("*.md")} == made


# -------------------------------------------------------------------------------------------------------------- writes


@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_write_is_a_value_and_a_sender_of_the_same_name(operation: str) -> None:
    assert (ROOT / f"remediators/writes/{snake(operation)}.py").exists()
    assert (ROOT / f"daemon/cloud/send/{snake(operation)}.py").exists()
    import_module("ossmend.daemon.cloud.send.executor")  # which knows them all
    assert SENDERS[operation].__module__ == f"ossmend.daemon.cloud.send.{snake(operation)}"


@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_write_is_sent_in_a_test(operation: str) -> None:
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests/daemon/cloud").rglob("test_*.py"))
    assert any(re.search(rf"\b{operation}\(", text) and ".send(" in text for text in tests)


@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_write_has_an_example_that_says_which_permissions_it_needs(operation: str) -> None:
    example = WRITES[operation].example()
    assert type(example) is WRITES[operation]
    assert example.permissions
    assert all(action.count(":") == 1 and resource.startswith("acs:") for action, resource in example.permissions)


def test_every_write_that_a_remediator_may_plan_is_on_the_list() -> None:
    planned = {name for each in Remediator.registry.values() for name in (*each.writes, *code_pages.opt_in(each))}
    assert planned == set(WRITES)


# ------------------------------------------------------------------------------------------------ sources and channels


def kinds(part: str) -> list[str]:
    """The kinds that `sources` or `notify` of a configuration may have."""
    shape = schema()
    reference: str = shape["properties"][part]["items"]["$ref"]
    return sorted(shape["$defs"][reference.rpartition("/")[2]]["properties"])


@pytest.mark.parametrize("kind", kinds("sources"))
def test_a_source_has_a_file_and_its_test(kind: str) -> None:
    assert (ROOT / f"daemon/sources/{kind}.py").exists()
    assert (ROOT / f"tests/daemon/sources/test_{kind}.py").exists()


@pytest.mark.parametrize(("part", "kind"), [(part, kind) for part in ("sources", "notify") for kind in kinds(part)])
def test_a_source_or_channel_stands_in_the_example_and_in_the_documentation(part: str, kind: str) -> None:
    assert re.search(rf"(?m)^#?  - {kind}:", EXAMPLE)
    assert f"`{part}[].{kind}`" in manual.pages()["configuration.md"]


CHANNELS = sorted(path.stem for path in (ROOT / "config/channels").glob("*.py") if path.stem in kinds("notify"))


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_channel_has_a_file_and_its_test(kind: str) -> None:
    assert (ROOT / f"daemon/notices/{kind}.py").exists()
    assert (ROOT / f"tests/daemon/notices/test_{kind}.py").exists()


@pytest.mark.parametrize("part", ["sources", "notify"])
def test_an_unknown_source_or_channel_is_refused_with_its_place(part: str) -> None:
    text = f"version: 1\ncloud: {{ region: cn-hangzhou }}\n{part}:\n  - smoke_signals: {{ hill: 3 }}\n"
    with pytest.raises(ConfigRefused) as refused:
        load_text(text)
    assert "ossmend.yaml:4:5" in str(refused.value)


# ---------------------------------------------------------------------------------------------- a unit that comes alone


BARE = '''"""NoSuchThing: nothing is known of it."""

from ossmend.remediators.contract.case import Case, Event, Subject
from ossmend.remediators.contract.registry import remedies
from ossmend.remediators.contract.settings import NoSettings
from ossmend.remediators.contract.verdict import Done
from ossmend.remediators.contract.view import Now


def subject(event: Event, _settings: NoSettings) -> Subject:
    return Subject("code", (event.bucket or "",))


@remedies("NoSuchThing", subject=subject)
def plan(case: Case, view: Now, settings: NoSettings) -> Done:
    return Done("never", "unknown")
'''


@pytest.mark.machine
def test_a_remediator_that_comes_alone_turns_the_suite_red(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    leave = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "build", "dist")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=leave)
    (copy / "remediators/no_such_thing.py").write_text(BARE, encoding="utf-8")
    table = copy / "remediators/__init__.py"
    rows = table.read_text(encoding="utf-8")
    table.write_text(rows.replace('"UserDisable":', '"NoSuchThing": "no_such_thing",\n        "UserDisable":'), "utf-8")
    suite = ["pytest", "-q", "-p", "no:cacheprovider", "-m", "not machine", "tests/house/test_twins.py"]
    done = subprocess.run(
        [sys.executable, "-m", *suite],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy / "src")}, capture_output=True, text=True, check=False,
        timeout=HUNG,
    )  # fmt: skip
    red = {found[1] for found in re.finditer(r"(?m)^FAILED \S+::(\w+)\[", done.stdout)}
    assert done.returncode == 1, done.stdout
    assert red == {
        "test_a_file_in_remediators_claims_a_code_and_has_its_test",
        "test_a_code_is_reached_by_a_sample",
        "test_a_code_has_causes_with_next_steps_in_both_languages",
        "test_a_remediator_is_told_in_chinese_too",
        "test_a_page_says_what_the_code_says",
    }


MISSPELT = """
from ossmend.daemon.journal.states import CaseState, moved
state: CaseState = {}
moved(CaseState.OPEN, {})
"""


def types(program: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(program)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=HUNG)


@pytest.mark.machine
@pytest.mark.parametrize(
    ("state", "right"), [("CaseState.WATCHING", True), ("CaseState.WATCHIGN", False), ("'watching'", False)]
)
def test_a_misspelt_state_does_not_type_check(tmp_path: Path, state: str, right: bool) -> None:
    pytest.importorskip("mypy", reason="lint tools are not installed in this Python")
    program = tmp_path / "program.py"
    program.write_text(MISSPELT.format(state, state), encoding="utf-8")
    done = types(program)
    assert (done.returncode == 0) is right, done.stdout
