"""What several commands share: options, the daemon or its journal built from a configuration, errors as sentences.

Nothing is imported here but click: each function imports what it needs, so that a command pays for its own alone. The
exit codes are a contract: 0 fine, 1 ran and something needs a human, 2 wrong usage, 78 configuration refused.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    import sqlalchemy as sa
    from rich.console import Console

    from ossmend.config.model import Config
    from ossmend.config.problems import ConfigRefused
    from ossmend.daemon.app import App
    from ossmend.daemon.journal.store import Store

FINE, NEEDS_A_HUMAN, WRONG_USAGE, CONFIG_REFUSED = 0, 1, 2, 78
PLAIN_WIDTH = 160
"""Columns where neither a terminal nor COLUMNS says how many there are."""
DEFAULT_CONFIG = "/etc/ossmend/ossmend.yaml"

Command = Callable[..., Any]

# ------------------------------------------------------------------------------------------------------------- options


class Name(click.Path):
    """A file's or a directory's name. An empty one, of a variable that is not set, would name the current directory."""

    def __init__(self, *, dir_okay: bool = True) -> None:
        super().__init__(dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)


class WholeNumber(click.IntRange):
    """ASCII digits alone: int() reads those of every script, and takes `1_0` for 10."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not (value.isascii() and value.removeprefix("-").isdecimal()):
            self.fail(f"{value!r} is not a valid integer.", param, ctx)
        return super().convert(value, param, ctx)


def default_config() -> Path:
    return Path(os.environ.get("OSSMEND_CONFIG") or DEFAULT_CONFIG)


def config_option(command: Command) -> Command:
    """--config FILE, with the contract's default."""
    return click.option(
        "--config",
        "config_path",
        type=Name(),
        metavar="FILE",
        default=default_config,
        show_default=f"$OSSMEND_CONFIG, then {DEFAULT_CONFIG}",
        help="The configuration file.",
    )(command)


def dry_run_option(command: Command) -> Command:
    words = "Plan everything, write nothing; keeps a state of its own."
    return click.option("--dry-run", is_flag=True, help=words)(command)


def dry_run_state_option(command: Command) -> Command:
    """Of a command that reads a state, or copies it."""
    return click.option("--dry-run", is_flag=True, help="Show the state of a dry run.")(command)


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")(command)


LARGEST_NUMBER = 2**63 - 1
"""What a column of either database holds: a driver raises at more."""


class CaseNumber(WholeNumber):
    """A case's number; an audit has numbers of its own."""

    def _describe_range(self) -> str:
        """None that is worth a word in the help."""
        return ""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value[:1] in "Aa" and value[1:].isdecimal():
            self.fail(f"{value} is of the audit; the numbers are in `ossmend cases`", param, ctx)
        number = super().convert(value, param, ctx)
        if abs(number) > LARGEST_NUMBER:
            self.fail("no case has so large a number", param, ctx)
        return number


def case_argument(command: Command) -> Command:
    return click.argument("case_id", type=CaseNumber(), metavar="CASE")(command)


def reading_group(name: str, default: str, words: str) -> click.Group:
    """`ossmend NAME`: without a subcommand it runs `default`, and options may stand before the subcommand, too."""

    @click.group(name, invoke_without_command=True, help=words)
    @config_option
    @dry_run_state_option
    @json_option
    @click.pass_context
    def group(context: click.Context, /, **options: object) -> None:
        unsaid = ParameterSource.DEFAULT
        given = {
            option: value for option, value in options.items() if context.get_parameter_source(option) is not unsaid
        }
        if context.invoked_subcommand is None:
            context.exit(context.invoke(group.commands[default], **given))
        context.default_map = dict.fromkeys(group.commands, given)

    return group


# -------------------------------------------------------------------------------------------------------------- errors


@contextmanager
def clear_errors(*, as_json: bool = False) -> Iterator[None]:
    """Turns our own named errors into a sentence on stderr and the contract's exit code."""
    from ossmend.config.problems import ConfigRefused
    from ossmend.daemon.host.stops import CredentialsRefused, StateLocked, StateUnavailable

    try:
        yield
    except ConfigRefused as refused:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": [problem.as_dict() for problem in refused.problems]}))
        fail(str(refused), CONFIG_REFUSED)
    except CredentialsRefused as refused:
        fail(str(refused), CONFIG_REFUSED)
    except (StateLocked, StateUnavailable) as trouble:
        fail(str(trouble), NEEDS_A_HUMAN)


def fail(message: str, code: int) -> NoReturn:
    """End with a sentence on stderr: for what is so in the state, where lines on usage would mislead."""
    click.echo(message, err=True)
    sys.exit(code)


# -------------------------------------------------------------------------------------- what a configuration describes


@contextmanager
def daemon(
    config_path: Path, dry_run: bool, opened: Callable[[Callable[[], App]], App] = lambda build: build()
) -> Iterator[App]:
    """The daemon, built from a configuration, with its logs set up. `opened` calls what builds it, once or more."""
    with clear_errors():
        from ossmend.config.load import load
        from ossmend.daemon.app import App
        from ossmend.daemon.host import log

        config = load(config_path)
        log.configure(config.log.format, config.log.level)
        app = opened(lambda: App(config_path, dry_run=dry_run))
        try:
            yield app
        finally:
            app.close()


@contextmanager
def state_to_read(config_path: Path, dry_run: bool) -> Iterator[sa.Connection]:
    """A snapshot of a configuration's journal: waits for nobody, changes nothing. What a person has to know about it
    goes to stderr, so that stdout stays one document.
    """
    with clear_errors():
        from ossmend.daemon.journal import opening

        store = opening.to_read(config_of_state(config_path), dry_run=dry_run)
        if store.note:
            click.echo(store.note, err=True)
        try:
            with store.read() as connection:
                yield connection
        finally:
            store.close()


@contextmanager
def state_to_answer(config_path: Path) -> Iterator[Store]:
    """The journal of a configuration, to leave a word in while a daemon may work on it."""
    with clear_errors():
        from ossmend.daemon.journal import opening

        store = opening.to_answer(config_of_state(config_path))
        try:
            yield store
        finally:
            store.close()


def config_of_state(config_path: Path) -> Config:
    """The configuration, or where it is refused for something else, one that knows where its state is. What a person
    has to know of that goes to stderr. Raises ConfigRefused.
    """
    config, refused = configured_state(config_path)
    if refused is not None:
        tell_refused(refused, config)
    return config


def configured_state(config_path: Path) -> tuple[Config, ConfigRefused | None]:
    """The configuration, and why it is refused: then it is by its state alone. Where the file cannot be read so far,
    its state is a guess, which is right if somebody works there. Raises ConfigRefused.
    """
    from ossmend.config.load import ConfigRefused, guess_state, load_for_state

    try:
        return load_for_state(config_path)
    except ConfigRefused as refused:
        likely = guess_state(config_path)
        if likely is None or not _is_worked(likely):
            raise
        return likely, refused


def _is_worked(config: Config) -> bool:
    """Does a process work on its state, if only a dry run?"""
    from ossmend.daemon.host.stops import StateUnavailable
    from ossmend.daemon.journal import opening

    for dry_run in (False, True):
        with suppress(StateUnavailable), closing(opening.to_read(config, dry_run=dry_run)) as store:
            if store.is_worked():
                return True
    return False


def tell_refused(refused: ConfigRefused, config: Config) -> None:
    place = config.state.path if config.state.database is None else "the database"
    click.echo(f"{refused}\nthe configuration is refused; what follows is by its state alone, {place}", err=True)


def paused_policy(config_path: Path, policy: str) -> None:
    """Refuse the name of a policy that the configuration does not have; empty is all of them. Of a configuration that
    is refused nobody knows.
    """
    from difflib import get_close_matches

    with clear_errors():
        config, refused = configured_state(config_path)
    names = [each.name for each in config.policies]
    if policy and refused is None and policy not in names:
        near = get_close_matches(policy, names, n=1)
        said = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
        raise click.UsageError(f"there is no policy {policy!r}; {said}")


# ------------------------------------------------------------------------------------------------------------ printing


def show_json(report: dict[str, Any]) -> None:
    click.echo(json.dumps(report, ensure_ascii=False, default=str))


def show(report: dict[str, Any], as_json: bool, render: Callable[[dict[str, Any], Console], None]) -> None:
    """The report as one JSON document, or as `render` (tables.py) writes it for people."""
    if as_json:
        show_json(report)
        return
    from ossmend.daemon.host.show import with_moments

    render(with_moments(report), plain_console())


def plain_console() -> Console:
    """A terminal that prints text as it is: a key may hold `[bold]` or `:fire:`, and both are part of its name."""
    from rich.console import Console

    from ossmend.daemon.host.width import columns

    return Console(
        highlight=False,
        markup=False,
        emoji=False,
        width=columns() or PLAIN_WIDTH,
        force_terminal=None if sys.stdout.isatty() else False,  # whatever FORCE_COLOR says: grep reads no colours
    )
