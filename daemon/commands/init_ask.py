"""Questions of `ossmend init` -> answers that `ossmend check` would take: each is looked at when it is given, and asked
again with the reason.

What is refused is asked again until it is right. What is only doubted (a region that nobody here knows, a file that is
not there yet) may be meant: it is taken when it is typed a second time. Next: init_file.py.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossmend.daemon.commands.init_found import FIRST_REGION, cloud_section
from ossmend.daemon.host.show import text

if TYPE_CHECKING:
    from ossmend.config.problems import Problem
    from ossmend.daemon.commands.init_file import Answers
    from ossmend.daemon.commands.init_found import Found

Check = Callable[[str], tuple[str, str]]
"""An answer -> why it is refused, or why it is doubted; both empty where it is right."""


def asked(question: str, check: Check, default: str = "") -> str:
    """Ask until it is right. The default was found, and Enter takes it. Ctrl-C ends it all."""
    doubted = ""
    while True:
        answer: str = click.prompt(question, default=default, show_default=bool(default)).strip()
        refused, doubt = check(answer)
        if not refused and (not doubt or answer in (default, doubted)):
            return answer
        again = "" if refused else "; type it once more if it is meant"
        click.echo(f"            {text(refused or doubt)}{again}")
        doubted = answer


def ask(answers: Answers, found: Found, *, region_given: bool, targets_given: bool) -> None:
    """What only a person knows. Ctrl-C ends it, and nothing was written."""
    if not region_given:
        answers.region = asked("Region of the buckets", region_is_right, default=answers.region)
        answers.region_is_known = True
    question = "Log of an application that gets 403s (* allowed; empty: no more)"
    while path := asked(question, partial(log_is_right, named=answers.logs)):
        answers.logs.append(path_of(path))
    if not targets_given:
        answers.targets = [
            target for target in found.targets
            if click.confirm(text(f"Read the access logs in oss://{target.bucket}/{target.prefix}"), default=True)
        ]  # fmt: skip
        answers.streams = [
            region for region in found.streams
            if click.confirm(text(f"Read the log of {region} in the log service"), default=True)
        ]  # fmt: skip


def region_is_right(answer: str) -> tuple[str, str]:
    if not answer:
        return "a region is needed, like cn-hangzhou", ""
    return _told(cloud_section(answer, None, None), "cloud.region")


def log_is_right(answer: str, named: Collection[str]) -> tuple[str, str]:
    """Empty means: no more."""
    if not answer:
        return "", ""
    try:
        path = path_of(answer)
    except RuntimeError:
        return f"{answer}: there is no such user; write the whole path", ""
    if path in named:
        return f"{path} is named already; Enter alone means: no more", ""
    if os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a path is too long, or may not be looked at
        return f"{path} is a directory; name the files in it, like {path}/*.log", ""
    source = f"sources:\n  - app_log: {{ path: {json.dumps(path, ensure_ascii=False)} }}"
    refused, doubt = _told(f"{cloud_section(FIRST_REGION, None, None)}\n{source}", "sources")
    return refused, f"{path}: {doubt}" if doubt else ""


def flagged(given: Iterable[str]) -> list[str]:
    """`--log`s as whole paths, each once. What a question would refuse is refused here, too."""
    logs = list(given)
    for log in logs:
        refused = log_is_right(log, named=())[0] if log.strip() else "a path is needed"
        if refused:
            raise click.BadParameter(text(refused), param_hint="--log")
    return list(dict.fromkeys(map(path_of, logs)))


def path_of(answer: str) -> str:
    """The whole path; `~` is what a shell makes of it. Raises RuntimeError where nobody has that home."""
    return str(Path(answer).expanduser().absolute())


def _told(part: str, place: str) -> tuple[str, str]:
    """What `ossmend check` says of that place in such a file."""
    from ossmend.config import document, doubts
    from ossmend.config.load import ConfigRefused, load_text

    whole = f"version: 1\n{part}\n"
    try:
        config = load_text(whole)
    except ConfigRefused as refused:
        return _said(refused.problems), ""
    found = doubts.of(config, document.read(whole, "ossmend.yaml"), whole)
    return "", _said(each for each in found if each.path.startswith(place))


def _said(problems: Iterable[Problem]) -> str:
    return "; ".join(
        f'{each.message}; did you mean "{each.suggestion}"?' if each.suggestion else each.message for each in problems
    )
