"""No call without its permission: the table of RAM actions, the lists of reads and writes, and who asks what agree."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from ossmend.config import kinds, sources
from ossmend.config.sources.registry import SOURCES
from ossmend.daemon.cloud.ask.questions import ABOUT_OURSELVES, FIRST_LOOK, OF_GROUPS, OF_LOGS, QUESTIONS
from ossmend.daemon.cloud.wire.guard import LOG_READS, OSS_READS, OSS_UNSIGNED, RPC_READS
from ossmend.daemon.cloud.wire.permissions import PERMISSIONS
from ossmend.daemon.explain.code_pages import opt_in
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.view import View
from ossmend.remediators.writes import WRITES

ROOT = Path(__file__).parents[2]
kinds.load(sources)
MODULES = {each.module: each for each in Remediator.registry.values()}
SHARED = {"agreement.one": "object"}
"""What the remediators' shared helper asks for them."""


def test_every_read_that_may_leave_has_its_line_in_the_table_and_no_line_is_left_over() -> None:
    assert set(PERMISSIONS) == {*OSS_READS.values(), *OSS_UNSIGNED.values(), *RPC_READS.values(), *LOG_READS.values()}


def test_every_read_of_the_table_is_asked_by_somebody() -> None:
    asked = {
        operation
        for several in (*QUESTIONS.values(), *ABOUT_OURSELVES.values(), OF_GROUPS, OF_LOGS, FIRST_LOOK)
        for operation in several
    }
    assert asked == set(PERMISSIONS)


def test_every_question_of_the_view_says_which_calls_answer_it() -> None:
    assert set(QUESTIONS) == {name for name, _ in inspect.getmembers(View, inspect.isfunction) if name[0] != "_"}


def asked_in(module: str) -> set[str]:
    """The questions that the text of a remediator asks its view."""
    path = ROOT / f"{module.removeprefix('ossmend.').replace('.', '/')}.py"
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            name = f"{node.func.value.id}.{node.func.attr}"
            found |= {SHARED[name]} if name in SHARED else {node.func.attr} if node.func.value.id == "view" else set()
    return found - {"now"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_remediator_declares_what_its_plan_asks_and_nothing_else(module: str) -> None:
    remediator = MODULES[module]
    of_writes = {question for name in (*remediator.writes, *opt_in(remediator)) for question in WRITES[name].asks}
    asked = asked_in(module)
    assert set(remediator.asks) <= asked <= {*remediator.asks, *of_writes}


@pytest.mark.parametrize("operation", sorted(WRITES))
def test_a_write_declares_questions_that_exist_and_permissions_of_all_its_kinds(operation: str) -> None:
    assert set(WRITES[operation].asks) <= set(QUESTIONS)
    assert WRITES[operation].asks, "what it is planned on is read before it is sent"
    assert WRITES[operation].example() in WRITES[operation].examples()


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_a_source_says_itself_what_it_needs_of_ram(kind: str) -> None:
    assert "needs" in vars(SOURCES[kind]), f"add `needs` to config/sources/{kind}.py; () where it asks no cloud"
