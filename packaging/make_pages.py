"""The commands' own help -> ossmend(1), and the completions of three shells: what `--help` says, and no second text.

A page of ours instead of one made by a tool from outside: those make a page for each command, and people who type
`man ossmend` want all of it. Next: daemon/commands/main.py, where the commands are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import click
from click.shell_completion import ShellComplete, get_completion_class

from ossmend import __version__
from ossmend.daemon.commands.main import main

HEAD = """\
.TH OSSMEND 1 "{date}" "ossmend {version}" "User Commands"
.SH NAME
ossmend \\- remediation of HTTP 403 from Alibaba Cloud OSS
.SH SYNOPSIS
.B ossmend
.I COMMAND
[OPTIONS] [ARGUMENTS]
.SH DESCRIPTION
{about}
"""
TAIL = """\
.SH EXIT STATUS
0: fine. 1: it ran, and something needs a human. 2: wrong usage. 78: the configuration is refused.
.SH FILES
.TP
.I /etc/ossmend/ossmend.yaml
The configuration; ossmend.example.yaml beside it is complete and commented.
.TP
.I /etc/ossmend/credentials.env
The access key, for the service. Only root can read it.
.TP
.I /var/lib/ossmend
The state: cases, cursors and the journal.
.TP
.I /usr/share/doc/ossmend
README.md, a page for each error code, every setting, and drop-ins for the unit.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
"""


def completion(shell: str) -> str:
    """What click itself would print for this shell; without asking the shell that is installed here for its version."""
    found = get_completion_class(shell)
    assert found is not None  # click knows these three
    return ShellComplete.source(found(main, {}, "ossmend", "_OSSMEND_COMPLETE"))


def manual_page(changed: int) -> str:
    context = click.Context(main, info_name="ossmend")
    date = datetime.fromtimestamp(changed, UTC).date()
    head = HEAD.format(date=date, version=__version__, about=plain(main.help or ""))
    return "".join([head, ".SH COMMANDS\n", *commands(main, context), TAIL])


def commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """Each command with its options, those of a group after it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # it was listed
        below = click.Context(command, info_name=name, parent=context)
        usage = " ".join(command.collect_usage_pieces(below))
        yield f".SS {plain(below.command_path)} {plain(usage)}\n{plain(command.help or '')}\n"
        yield from options(command, below)
        if isinstance(command, click.Group):
            yield from commands(command, below)


def options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in record[0]:
            yield f".TP\n.B {plain(record[0])}\n{plain(record[1])}\n"


def plain(text: str) -> str:
    """Text that troff takes as it is: its signs escaped, click's mark for a kept line break taken out."""
    lines = (line.strip() for line in text.replace("\b", "").replace("\\", "\\e").replace("-", "\\-").splitlines())
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in lines if line)
