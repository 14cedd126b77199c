"""The command line: words in, one function call each, an exit code out.

Every command imports what it needs when it runs, so that `--help`, `check` and `explain` never load an SDK. The exit
codes are a contract (design: 0 fine, 1 ran and something needs a human, 2 wrong usage, 78 configuration refused).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource

from ossmend import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from ossmend.daemon.app import App
    from ossmend.daemon.journal.store import Store

FINE, NEEDS_A_HUMAN, CONFIG_REFUSED = 0, 1, 78
PLAIN_WIDTH = 160
"""Columns where there is no terminal to ask."""
DEFAULT_CONFIG = "/etc/ossmend/ossmend.yaml"

Command = Callable[..., Any]
_DEFAULT = ParameterSource.DEFAULT


def _default_config() -> Path:
    return Path(os.environ.get("OSSMEND_CONFIG") or DEFAULT_CONFIG)


def config_option(command: Command) -> Command:
    """--config FILE, with the contract's default."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        default=_default_config,
        show_default=f"$OSSMEND_CONFIG, then {DEFAULT_CONFIG}",
        help="The configuration file.",
    )(command)


def dry_run_option(command: Command) -> Command:
    return click.option("--dry-run", is_flag=True, help="Plan everything, write nothing; keeps a state of its own.")(
        command
    )


def json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ossmend")
def main() -> None:
    """Watches for HTTP 403 from Alibaba Cloud OSS, finds the cause, and mends it or tells the right person."""


# ---------------------------------------------------------------------------------------------------- the service


@main.command()
@config_option
@dry_run_option
def run(config_path: Path, dry_run: bool) -> None:
    """The service: watch, plan, act, until SIGTERM. SIGHUP re-reads the configuration."""
    with _app(config_path, dry_run) as app:
        app.run()


@main.command()
@config_option
@dry_run_option
@json_option
def once(config_path: Path, dry_run: bool, as_json: bool) -> None:
    """One pass: read the sources to their end, work until nothing is due now, stop."""
    from ossmend.daemon import queries

    with _app(config_path, dry_run) as app:
        app.once()
        with app.store.read() as connection:
            rows = queries.open_cases(connection)
    _print(queries.report(rows), as_json, queries.render)
    sys.exit(NEEDS_A_HUMAN if queries.needs_a_human(rows) else FINE)


@main.command()
@config_option
@click.option("--since", "since", default="24h", show_default=True, metavar="DURATION", help="How far to look back.")
@click.option(
    "--html", "html", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as a page, too."
)
@json_option
def audit(config_path: Path, since: str, html: Path | None, as_json: bool) -> None:
    """What would be done, with calls, cost and permissions, and what cannot be known. Writes nothing to the cloud."""
    from ossmend.daemon.commands import audit as auditing
    from ossmend.remediators.contract.settings import parse_duration

    try:
        back = parse_duration(since)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from error
    with _clear_errors():
        report = auditing.audit(config_path, back)
    if html is not None:
        html.write_text(auditing.page(report), encoding="utf-8")
    _print(report, as_json, auditing.render)
    sys.exit(NEEDS_A_HUMAN if report["needs_a_human"] else FINE)


# --------------------------------------------------------------------------------------------------- looking at it


@main.command()
@config_option
@click.option("--live", is_flag=True, help="Also ask the cloud: credentials, clock, permissions.")
@json_option
def check(config_path: Path, live: bool, as_json: bool) -> None:
    """Check the configuration: every complaint with its file, line, column and a suggestion."""
    with _clear_errors(as_json=as_json):
        from ossmend.config.load import load

        config = load(config_path)
        report: dict[str, Any] = {
            "ok": True,
            "file": str(config_path),
            "policies": len(config.policies),
            "problems": [],
        }
        if live:
            from ossmend.daemon.commands.check_live import check_live

            report |= check_live(config)
    _print(report, as_json, _render_check)
    sys.exit(FINE if report["ok"] else NEEDS_A_HUMAN)


@main.command()
@click.argument("text", nargs=-1)
@click.option("--file", "file", type=click.Path(path_type=Path), metavar="FILE", help="Read the text from a file.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the advice."
)
@click.option("--config", "config_path", type=click.Path(path_type=Path), metavar="FILE",
              help="Also say what this configuration's policies would do.")  # fmt: skip
@click.option("--live", is_flag=True, help="Also ask the cloud, by reads alone; needs a configuration.")
@json_option
def explain(
    text: tuple[str, ...], file: Path | None, lang: str, config_path: Path | None, live: bool, as_json: bool
) -> None:
    """Explain any OSS error text, in any SDK's shape, or just a code. Reads stdin if no TEXT is given."""
    from ossmend.daemon.explain import text as explaining

    with _clear_errors(as_json=as_json), ExitStack() as stack:
        config = ask = None
        if config_path is not None or live:
            from ossmend.config.load import load

            config = load(config_path or _default_config())
        if live and config is not None:
            from ossmend.daemon.explain.live import asking

            ask = stack.enter_context(asking(config))
        report = explaining.explain_text(_text(text, file), config=config, lang=lang, live=ask)
    if as_json:
        _print(report, True, None)
    else:
        from rich.console import Console

        explaining.render(report, lang, Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))


def _text(words: tuple[str, ...], file: Path | None) -> str:
    """The text to explain: the arguments, a file, or stdin. Any bytes will do."""
    from ossmend.daemon.sources.envelopes.encodings import as_text

    if words and file is not None:
        raise click.UsageError("give TEXT or --file, not both")
    if words:
        return " ".join(words)
    if file is not None:
        try:
            return as_text(file.read_bytes())
        except OSError as error:
            raise click.UsageError(f"{file}: {error.strerror}") from error
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("nothing to explain: give TEXT, --file FILE, or pipe a log in")
    return as_text(sys.stdin.buffer.read())


@main.command()
def schema() -> None:
    """JSON Schema of the configuration, for editors."""
    from ossmend.config.schema import schema as config_schema

    click.echo(json.dumps(config_schema(), indent=2, ensure_ascii=False))


def _group(context: click.Context, command: click.Command, **given: object) -> None:
    """Let options stand before the subcommand, too; without a subcommand, run `command`."""
    assert isinstance(context.command, click.Group)  # only groups call this
    given = {name: value for name, value in given.items() if context.get_parameter_source(name) is not _DEFAULT}
    if context.invoked_subcommand is None:
        context.exit(context.invoke(command, **given))
    context.default_map = dict.fromkeys(context.command.commands, given)


@main.group(invoke_without_command=True)
@config_option
@dry_run_option
@json_option
@click.pass_context
def cases(context: click.Context, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """The work: list, show, approve, reject, retry, undo."""
    _group(context, list_cases, config_path=config_path, dry_run=dry_run, as_json=as_json)


@cases.command("list")
@config_option
@dry_run_option
@click.option("--all", "closed", is_flag=True, help="Closed cases, too.")
@json_option
def list_cases(config_path: Path, dry_run: bool, closed: bool, as_json: bool) -> None:
    """Open cases, those that wait for a human first."""
    from ossmend.daemon import queries

    with _state(config_path, dry_run) as store, store.read() as connection:
        rows = queries.all_cases(connection) if closed else queries.open_cases(connection)
    _print(queries.report(rows), as_json, queries.render)
    sys.exit(NEEDS_A_HUMAN if queries.needs_a_human(rows) else FINE)


@cases.command("show")
@click.argument("case_id", type=int, metavar="CASE")
@config_option
@dry_run_option
@json_option
def show_case(case_id: int, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """One case whole: cause, evidence, next steps, writes, who runs into it."""
    from ossmend.daemon import queries

    with _state(config_path, dry_run) as store, store.read() as connection:
        found = queries.one_case(connection, case_id)
    if found is None:
        raise click.UsageError(f"there is no case {case_id}")
    _print(found, as_json, queries.render_one)


def _steering(name: str, words: str) -> None:
    """Define `cases NAME CASE`: commands that leave a word in the journal for the daemon to heed."""

    @cases.command(name, help=words)
    @click.argument("case_id", type=int, metavar="CASE")
    @config_option
    @json_option
    def command(case_id: int, config_path: Path, as_json: bool) -> None:
        from ossmend.daemon import approvals

        with _state(config_path, False) as store:
            try:
                report = approvals.STEER[name](store, case_id)
            except approvals.Impossible as error:
                raise click.UsageError(str(error)) from error
        _print(report, as_json, approvals.render)


_steering("approve", "Let the held writes of a case go, exactly as they are planned now. Expires after 24 h.")
_steering("reject", "Refuse the held writes of a case, for 24 h.")
_steering("retry", "Look at a case again now.")
_steering("undo", "Take a case's write back, where it can be: a CORS rule that was merged, if nothing changed since.")


@main.group(invoke_without_command=True)
@config_option
@dry_run_option
@json_option
@click.pass_context
def journal(context: click.Context, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """What was seen, decided and done."""
    _group(context, show_journal, config_path=config_path, dry_run=dry_run, as_json=as_json)


@journal.command("show")
@config_option
@dry_run_option
@click.option("--case", "case_id", type=int, metavar="CASE", help="Only of this case.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="The newest so many.")
@json_option
def show_journal(config_path: Path, dry_run: bool, case_id: int | None, limit: int, as_json: bool) -> None:
    """The newest entries, oldest first."""
    from ossmend.daemon import queries

    with _state(config_path, dry_run) as store, store.read() as connection:
        report = queries.journal(connection, limit, case_id)
    _print(report, as_json, queries.render_journal)


# ---------------------------------------------------------------------------------------- needing no configuration


@main.command()
@click.option("--dry-run", is_flag=True, help="Show the plans, and prove that nothing was written.")
@json_option
def demo(dry_run: bool, as_json: bool) -> None:
    """The whole story on the built-in simulator; no account needed."""
    from ossmend.daemon.demo import demo as play

    sys.exit(play(dry_run=dry_run, as_json=as_json))


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=9300, show_default=True, help="0 takes a free one.")
@click.option("--ready-json", is_flag=True, help="Print one JSON line when it listens.")
@click.option("--scene", metavar="FILE", help="A world to start with: a YAML file, or a shipped one's name.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Durations pass faster; 0: when told."
)
@click.option("--realistic", is_flag=True, help="Documented restore times instead of seconds.")
def simulator(port: int, ready_json: bool, scene: str | None, speed: float, realistic: bool) -> None:
    """The local Alibaba Cloud, for trying and testing. Loopback only."""
    from ossmend.simulator.serve import serve

    def ready(running: Any) -> None:
        if ready_json:
            click.echo(json.dumps(running.as_dict()))
        else:
            click.echo(
                f"OSS, RAM, STS and the rest: {running.oss} (region {running.region}); control: {running.control}"
            )
            click.echo(f"a key that may do everything: {running.access_key_id} {running.access_key_secret}")

    sys.exit(serve(port=port, scene=scene, speed=speed, realistic=realistic, on_ready=ready))


# ----------------------------------------------------------------------------------------------------- between them


@contextmanager
def _clear_errors(*, as_json: bool = False) -> Iterator[None]:
    """Turns our own named errors into a sentence on stderr and the contract's exit code."""
    from ossmend.config.load import ConfigRefused
    from ossmend.daemon.host.stops import CredentialsRefused, StateLocked, StateUnavailable

    try:
        yield
    except ConfigRefused as refused:
        if as_json:
            click.echo(json.dumps({"ok": False, "problems": [problem.as_dict() for problem in refused.problems]}))
        _fail(str(refused), CONFIG_REFUSED)
    except CredentialsRefused as refused:
        _fail(str(refused), CONFIG_REFUSED)
    except (StateLocked, StateUnavailable) as trouble:
        _fail(str(trouble), NEEDS_A_HUMAN)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)


@contextmanager
def _app(config_path: Path, dry_run: bool) -> Iterator[App]:
    """The daemon, built from a configuration, with its logs set up."""
    with _clear_errors():
        from ossmend.config.load import load
        from ossmend.daemon.app import App
        from ossmend.daemon.host import log

        config = load(config_path)
        log.configure(config.log.format, config.log.level)
        app = App(config_path, dry_run=dry_run)
        try:
            yield app
        finally:
            app.close()


@contextmanager
def _state(config_path: Path, dry_run: bool) -> Iterator[Store]:
    """The journal of a configuration, to look at or to leave a word in, beside a running daemon."""
    with _clear_errors():
        from ossmend.config.load import load
        from ossmend.daemon.journal.store import open_store, state_directory

        store = open_store(state_directory(load(config_path), dry_run=dry_run), exclusive=False)
        try:
            yield store
        finally:
            store.close()


def _print(report: dict[str, Any], as_json: bool, render: Callable[[dict[str, Any], Console], None] | None) -> None:
    if as_json or render is None:
        click.echo(json.dumps(report, ensure_ascii=False, default=str))
        return
    from rich.console import Console

    render(report, Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH))


def _render_check(report: dict[str, Any], console: Console) -> None:
    console.print(f"{report['file']}: fine, {report['policies']} policies", markup=False)
    for line in report.get("live", ()):
        console.print(f"  {'ok ' if line['ok'] else 'BAD'} {line['what']}: {line['found']}", markup=False)


if __name__ == "__main__":
    main()
