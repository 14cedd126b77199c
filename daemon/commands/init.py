"""`ossmend init`: flags, questions and what the account shows (init_found.py) -> a first configuration (init_file.py).

The same code as `ossmend check` has the last word before anything is written. Nothing is asked where nobody can answer,
and nothing is guessed there without `--yes`.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ossmend.daemon.commands.common import CONFIG_REFUSED, DEFAULT_CONFIG, FINE, NEEDS_A_HUMAN, Name, default_config

if TYPE_CHECKING:
    from ossmend.daemon.cloud.ask.inventory import LogTarget
    from ossmend.daemon.commands.init_file import Answers
    from ossmend.daemon.commands.init_found import Found

HERE = "ossmend.yaml"
GUESS = "cn-hangzhou"
NOT_FOUND = "none was given, no bucket of the account was seen, and no log names one"
STATE_HERE = "ossmend-state"


@click.command("init")
@click.option(
    "--output",
    "--config",
    type=Name(),
    metavar="FILE",
    help=f"Where to write.  [default: $OSSMEND_CONFIG, then {DEFAULT_CONFIG} for root, ./{HERE} for others]",
)
@click.option("--region", metavar="REGION", help="Region of the buckets, like cn-hangzhou. Default: where most are.")
@click.option("--log", "logs", multiple=True, metavar="PATH", help="A log of an application; * allowed, repeatable.")
@click.option(
    "--access-log",
    "access_logs",
    multiple=True,
    metavar="BUCKET[/PREFIX]",
    help="Where OSS writes access logs, or /PATH of copies; repeatable. Default: what the buckets say.",
)
@click.option("--state", type=Name(), metavar="DIR", help="Where to keep the journal.")
@click.option("--endpoint", metavar="URL", help="Of OSS, where it is not the public one: the simulator's.")
@click.option("--rpc-endpoint", metavar="URL", help="Of RAM and its siblings: likewise.")
@click.option("--allow-root", is_flag=True, help="Let it work with a key of the account itself: the simulator's.")
@click.option("--yes", is_flag=True, help="Ask nothing: take what is given and found, guess the rest.")
@click.option("--force", is_flag=True, help="Replace a configuration that is there; a copy of it is kept.")
def command(  # noqa: PLR0917  # click passes each flag by its name
    output: Path | None,
    region: str | None,
    logs: tuple[str, ...],
    access_logs: tuple[str, ...],
    state: Path | None,
    endpoint: str | None,
    rpc_endpoint: str | None,
    allow_root: bool,
    yes: bool,
    force: bool,
) -> None:  # fmt: skip
    """Write a first configuration, every policy in dry-run.

    Finds the account, its buckets and their logs, and asks for the rest.
    """
    path = output or _default_output()
    # --force takes the place of a file alone: root may rename a device away
    if os.path.exists(path) and not (force and os.path.isfile(path)):  # noqa: PTH110, PTH113  # Path's own raise
        _configured_already(path)
    from ossmend.daemon.commands.init_ask import ask, flagged
    from ossmend.daemon.commands.init_file import Answers
    from ossmend.daemon.commands.init_region import region_in

    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    answers = Answers(
        "", endpoint=endpoint, rpc_endpoint=rpc_endpoint, state=_state(state, path), allow_root=allow_root
    )
    answers.logs = flagged(logs)
    answers.access_files = [each for each in access_logs if each.startswith("/")]
    answers.targets = [_target(each) for each in access_logs if not each.startswith("/")]
    _refuse_flags(path, answers)
    found = _look(region, endpoint, rpc_endpoint)
    if asks:  # who is asked has to know why; everybody else reads it at the end
        _tell_missing(found)
    known = region or found.region or region_in(answers.logs)
    answers.region, answers.region_is_known = known or GUESS, known is not None
    if not access_logs:
        answers.targets, answers.streams = list(found.targets), list(found.streams)
    if not (asks or yes):
        _refuse_to_guess(answers, found)
    if asks:
        ask(answers, found, region_given=region is not None, targets_given=bool(access_logs))
    written = _write(path, answers, found, force=force)
    _tell_policy(path, found)
    _tell_missing(found)
    _doubts(path, answers)
    _tell_next(path, found, written)


def _default_output() -> Path:
    """/etc is root's: anybody else begins where they stand."""
    if os.environ.get("OSSMEND_CONFIG") or os.geteuid() == 0:
        return default_config()
    return Path(HERE)


def _state(given: Path | None, path: Path) -> Path | None:
    """Who may not write to /var/lib keeps the journal beside the configuration."""
    if given is not None:
        return given.absolute()
    return None if path == Path(DEFAULT_CONFIG) else path.absolute().parent / STATE_HERE


def _configured_already(path: Path) -> NoReturn:
    if not os.path.isfile(path):  # noqa: PTH113  # as above
        click.echo(f"{path} is there already, and no file: nothing was changed; name a file with --output")
        sys.exit(NEEDS_A_HUMAN)
    click.echo(f"{path} is there already: nothing was changed.")
    click.echo(f"Check it: {program()} check --config {shlex.quote(str(path))}")
    click.echo("Another one beside it: --output FILE. In its place, with a copy kept: --force.")
    sys.exit(NEEDS_A_HUMAN)


def _target(text: str) -> LogTarget:
    from ossmend.daemon.cloud.ask.inventory import LogTarget as Target

    bucket, _, prefix = text.removeprefix("oss://").partition("/")
    return Target(bucket, prefix)


# --------------------------------------------------------------------------------------------------- looking, asking


def _look(region: str | None, endpoint: str | None, rpc_endpoint: str | None) -> Found:
    from ossmend.config.load import ConfigRefused
    from ossmend.daemon.cloud.settings import on_this_machine
    from ossmend.daemon.commands.init_found import find

    click.echo("Looking at the account, by reads alone: nothing is changed in the cloud ...", err=True)
    try:
        found = find(region, endpoint, rpc_endpoint)
    except ConfigRefused as refused:
        raise click.UsageError("; ".join(f"{each.path}: {each.message}" for each in refused.problems)) from None
    if found.account:
        click.echo(f"account     {found.account}, as {found.arn}")
    if found.is_root and not on_this_machine(endpoint, rpc_endpoint):
        click.echo(
            "            a key of the account itself, which ossmend refuses: make a RAM user, or say --allow-root"
        )
    if found.buckets:
        click.echo(f"buckets     {len(found.buckets)}, most of them in {found.region}")
    for target, sources in found.targets.items():
        click.echo(f"access log  oss://{target.bucket}/{target.prefix} has that of {', '.join(sources)}")
    for each in found.streams:
        click.echo(f"log service has OSS's log of {each} within three minutes, of buckets with real-time log query")
    return found


def _refuse_to_guess(answers: Answers, found: Found) -> None:
    """A script that forgot a flag must not take the guess for an answer; `--yes` says that it may be one."""
    missing = []
    if not answers.region_is_known:
        missing.append(f"--region REGION, like {GUESS}: {NOT_FOUND}")
    if not _reads(answers):
        missing.append("--log PATH or --access-log BUCKET: no log is named, and no bucket says where its own goes")
    if missing:
        _tell_missing(found)
        told = "\n".join(f"  {each}" for each in missing)
        raise click.UsageError(
            f"nobody is asked here, so nothing was written; missing:\n{told}\nor --yes, which guesses the region and "
            "leaves the logs out"
        )


def _reads(answers: Answers) -> bool:
    return bool(answers.logs or answers.targets or answers.access_files or answers.streams)


def _tell_missing(found: Found) -> None:
    for each in found.missing:
        click.echo(f"not found   {each}")


# ---------------------------------------------------------------------------------------------------------- the writing


def _refuse_flags(path: Path, answers: Answers) -> None:
    """Logs and state as they were given; before the account is looked at and a person asked. Region and endpoints are
    refused by the look itself.
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from ossmend.daemon.commands.init_file import compose
    from ossmend.daemon.commands.init_found import FIRST_REGION, Found

    known = replace(answers, region=FIRST_REGION, endpoint=None, rpc_endpoint=None)
    _checked(path, compose(known, Found(), datetime.now(UTC)))


def _checked(path: Path, text: str) -> int:
    """What `ossmend check` asks of it; how many policies there are. A text that is refused is not written."""
    from ossmend.config.load import ConfigRefused, load_text

    try:
        return len(load_text(text, str(path)).policies)
    except ConfigRefused as refused:
        click.echo(f"not written, because it would be refused:\n{refused}", err=True)
        sys.exit(CONFIG_REFUSED)


def _write(path: Path, answers: Answers, found: Found, *, force: bool) -> str:
    """Checked first; what a person is told of it, at the end, where they see it."""
    from datetime import UTC, datetime

    from ossmend.daemon.commands.init_file import Exists, compose, put

    now = datetime.now(UTC)
    text = compose(answers, found, now)
    policies = _checked(path, text)
    try:
        kept = put(path, text, now, replace=force)
    except Exists:
        _configured_already(path)
    except OSError as error:
        click.echo(f"{path} cannot be written: {error.strerror}; name another place with --output", err=True)
        sys.exit(NEEDS_A_HUMAN)
    told = f"; what was there is {kept}" if kept is not None else ""
    return f"{path}: {policies} policies in dry-run, checked{told}"


def _doubts(path: Path, answers: Answers) -> None:
    """What is legal, and surely not meant."""
    from ossmend.config.load import load_with_doubts

    if not answers.region_is_known:
        click.echo(f"doubt       the region {answers.region} is a guess, correct it in the file: {NOT_FOUND}")
    for doubt in load_with_doubts(path)[1]:
        if doubt.path != "sources":  # said below, in fewer words
            click.echo(f"doubt       {doubt.told('')}")
    if not _reads(answers):
        click.echo("doubt       no log is named: add one under `sources`, or nothing is read")


def _tell_policy(path: Path, found: Found) -> None:
    """The least that this file needs; what `ossmend ram-policy` says of it, too, is left to that command. It is long:
    what a person must not miss comes after it.
    """
    from ossmend.config.load import load
    from ossmend.daemon.permissions.document import documents, text
    from ossmend.daemon.permissions.identity import identity_of
    from ossmend.daemon.permissions.needs import accounts, needs

    config = load(path)
    role = ":assumed-role/" in found.arn or ":role/" in found.arn
    made = [
        each
        for account in accounts(config)
        for each in documents(needs(config, account, identity="role" if role else identity_of(config, account)))
    ]
    if made:
        click.echo(f"attach      {_to_whom(found, role=role)}")
    for document in made:
        click.echo(text(document))


def _to_whom(found: Found, *, role: bool) -> str:
    if found.is_root:
        return (
            "nothing: this is a key of the account itself, which may do everything, and no policy limits it. For a "
            "RAM user or role of its own, this policy is enough; it lets it read, no more:"
        )
    whose = f"{'role' if role else 'user'} of ossmend ({found.arn})" if found.arn else "user or role of ossmend"
    return f"this RAM policy to the {whose}; it lets it read, no more:"


def _tell_next(path: Path, found: Found, written: str) -> None:
    """The last lines are those that a person sees: what was written where, and what to type now."""
    click.echo(f"written     {written}")
    if not found.has_key:
        click.echo(
            "first       set the key: export ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET "
            "(docs/credentials.md has other ways)"
        )
    click.echo(f"next        {program()} audit --config {shlex.quote(str(path))} --since 24h")
    sys.exit(FINE)


def program() -> str:
    """How this program is called from here: by its name where the shell finds it, else by the checkout's launcher."""
    import shutil

    if shutil.which("ossmend"):
        return "ossmend"
    launcher = Path(sys.prefix).parent / "ossmend"
    if not launcher.is_file():
        return sys.argv[0]
    return "./ossmend" if launcher.parent == Path.cwd() else str(launcher)
