"""The command line: a word -> the file of that name in this folder, imported when the word is called and not before.

`--help` lists the commands from the table below, so that it imports nothing but click; a test holds the table against
the docstrings. The exit codes are a contract (common.py). Next: the file of the command, e.g. run.py.
"""

from __future__ import annotations

import gc
import os
import sys

if sys.argv[1:2] == ["run"]:  # before all else: a signal that comes during the imports must not end a service
    from ossmend.daemon.host import early

    early.keep()
else:
    gc.disable()  # what is imported stays: looking for garbage in it takes `--help` a quarter of a bare Python

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from ossmend import __version__

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "audit": "What would be done, at what cost, by which permissions. "
        "Also what cannot be known. Writes nothing to the cloud.",
        "cases": "The work: list, show, approve, reject, retry, undo.",
        "check": "Check the configuration: each complaint with its place. With file, line, column and a suggestion.",
        "demo": "The whole story on a local simulator; no account needed.",
        "explain": "Explain any OSS error text, of any SDK, or just a code. Reads stdin if no TEXT is given.",
        "init": "Write a first configuration, every policy in dry-run. "
        "Finds the account, its buckets and their logs, and asks for the rest.",
        "journal": "What was seen, decided and done.",
        "migrate-state": "Move the state from SQLite to PostgreSQL. Whole and verified; stop the daemon first.",
        "once": "One pass: read the sources, work until nothing is due.",
        "pause": "Send no new write, of one policy or of all, until resumed. "
        "From one second on; reading and planning go on. It survives restarts.",
        "ram-policy": "The least RAM policy that this configuration needs. "
        "Reads, and the writes of the policies that may send them.",
        "resume": "End the pause of one policy, or every pause. What was held meanwhile is planned again.",
        "run": "The service: watch, plan, act, until SIGTERM. SIGHUP re-reads the configuration.",
        "schema": "JSON Schema of the configuration, for editors.",
        "status": "How ossmend fares, on one screen. Exit 0: well; 1: not; 3: not running.",
        "simulator": "The local Alibaba Cloud, for trying and testing. Loopback only.",
    }
)
"""Every command with its help, as the docstring of `command` in the file of that name says it."""

WIDEST = 100
"""Columns of a help page, at most."""
BRIEF = frozenset({"check", "explain", "ram-policy", "schema"})
"""Commands that make values until they end: looking for garbage finds none there, and took a fifth of their time."""


class LazyGroup(click.Group):
    """A group whose commands are files: listed without being imported."""

    def __call__(self, *args: Any, **given: Any) -> Any:
        """The process, as click runs it. What a brief command has imported is not taken apart at its end."""
        gc.disable()
        try:
            return super().__call__(*args, **given)
        finally:
            if not gc.isenabled():
                gc.freeze()

    def get_help(self, ctx: click.Context) -> str:
        ctx.terminal_width = ctx.terminal_width or page_width()
        return super().get_help(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in BRIEF:
            gc.enable()
        found: click.Command = import_module(f"{__package__}.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """The list in `--help`, as click writes it, of what the table knows."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        rows = [(name, click.Command(name, help=COMMANDS[name]).get_short_help_str(room)) for name in sorted(COMMANDS)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def page_width() -> int:
    """How wide click makes a page. It asks shutil, which brings four compressors along; this is the same answer."""
    columns = os.environ.get("COLUMNS", "")
    try:
        wide = int(columns) if columns.isdecimal() and int(columns) else os.get_terminal_size(1).columns
    except OSError:  # no terminal
        wide = 0
    return max(min(wide or 80, WIDEST) - 2, 50)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST})
@click.version_option(__version__, prog_name="ossmend")
def main() -> None:
    """Watches for HTTP 403 from Alibaba Cloud OSS, finds the cause, and repairs it or tells the right person."""


gc.enable()  # for those who only import this file

if __name__ == "__main__":
    main()
