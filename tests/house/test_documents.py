"""The pages for people: every link leads somewhere, every command that they show is one that exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from ossmend.daemon.commands.main import main
from tests.house.test_names import ROOT, anchors, documents

LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")
FENCED = re.compile(r"(?ms)^```(\w*)\n(.*?)^```")
INDENTED = re.compile(r"(?m)(?:^    \S.*\n)+")
SHELL = ("", "sh", "console")
SPAN = re.compile(r"`(?:sudo )?(?:\./)?ossmend ((?!VERSION)[a-z-][^`\n]*)`")
OURS = re.compile(r"(?:^|[|;&] *|\$ )(?:sudo (?:-u \w+ )?)?(?:\./|\S*/bin/)?ossmend((?: [^|;&#\n]*)?)")
LAUNCHERS_OWN = ("test", "bench", "package")
"""The launcher at the top answers these itself; test_launcher.py has them."""


def links() -> Iterator[tuple[str, str]]:
    """(document, where a link of it leads) of every link that stays in the project."""
    for name in documents():
        text = FENCED.sub("", (ROOT / name).read_text(encoding="utf-8"))
        for target in LINK.findall(text):
            if not re.match(r"[a-z]+:", target):
                yield name, target


def leads_somewhere(name: str, target: str) -> bool:
    path, _, place = target.partition("#")
    there = (ROOT / name).parent / path if path else ROOT / name
    return there.exists() and (not place or place in anchors(there))


def test_every_link_of_a_document_leads_somewhere() -> None:
    found = list(links())
    assert len(found) > 100
    assert [(name, target) for name, target in found if not leads_somewhere(name, target)] == []


@pytest.mark.parametrize("target", ["nowhere.md", "docs/security.md" + "#no-such-heading"])
def test_a_link_that_leads_nowhere_is_seen(target: str) -> None:
    assert not leads_somewhere("README.md", target)


def commands() -> Iterator[tuple[str, str]]:
    """(document, arguments) of every call of ossmend in a block of commands or in a sentence."""
    for name in documents():
        if name.startswith("docs/decisions/"):
            continue  # what was decided speaks of the commands of its day
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from ((name, arguments) for arguments in SPAN.findall(text))
        fenced = [block for language, block in FENCED.findall(text) if language in SHELL]
        indented = INDENTED.findall(FENCED.sub("", text)) if name != "docs/causes.md" else []
        for block in (*fenced, *indented):
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                yield from ((name, arguments.strip()) for arguments in OURS.findall(line.strip()))


def complaint(arguments: str) -> str | None:
    """What is wrong with a call, as far as its names tell; its files need not be there."""
    words = shlex.split(arguments)
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if command is main and words[0] in LAUNCHERS_OWN:
            return None
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    try:
        command.make_parser(context).parse_args(args=words)
    except click.UsageError as wrong:
        return wrong.format_message()
    return None


def test_every_command_that_a_document_shows_exists_with_its_options() -> None:
    shown = list(commands())
    assert len(shown) > 20
    wrong = [(name, call, said) for name, call in shown if (said := complaint(call)) is not None]
    assert wrong == []


@pytest.mark.parametrize("call", ["cure", "check --life", "cases shew 3"])
def test_a_command_that_does_not_exist_is_seen(call: str) -> None:
    assert complaint(call) is not None
