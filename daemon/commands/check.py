"""`ossmend check`: is the configuration right, and was it meant so? --live also asks the cloud (check_live.py).

A complaint ends with 78, a warning (config/doubts.py) with 0: it goes to stderr, with its place, and stops nobody. So
that whoever reloads by it is not told "fine" of what the daemon refuses, credentials are opened as `run` opens them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossmend.daemon.commands.common import FINE, NEEDS_A_HUMAN, clear_errors, config_option, json_option, show_json

if TYPE_CHECKING:
    from ossmend.config.model import Config
    from ossmend.config.problems import Doubt


@click.command("check")
@config_option
@click.option("--live", is_flag=True, help="Also ask the cloud: credentials, clock, endpoint, permissions.")
@click.option("--mode", type=click.Choice(["dry-run", "enforce"]), help="With --live: as if every policy were in it.")
@json_option
def command(config_path: Path, live: bool, mode: str | None, as_json: bool) -> None:
    """Check the configuration: each complaint with its place. With file, line, column and a suggestion."""
    if mode is not None and not live:
        raise click.UsageError("--mode asks about permissions, so it needs --live")
    with clear_errors(as_json=as_json):
        from ossmend.config.load import load_with_doubts
        from ossmend.daemon.stages.rules import modes_of

        config, doubts = load_with_doubts(config_path, refused=_refused, doubted=_doubted)
        report: dict[str, Any] = {
            "ok": True,
            "file": str(config_path),
            "policies": len(config.policies),
            "modes": dict(sorted(modes_of(config, dry_run=False).items())),
            "problems": [],
            "warnings": [doubt.as_dict() for doubt in doubts],
        }
        if not as_json:
            for doubt in doubts:
                click.echo(doubt.told("warning: "), err=True)
        if live:
            from ossmend.daemon.commands.check_live import check_live

            report |= check_live(config, mode)
    (show_json if as_json else _tell)(report)
    sys.exit(FINE if report["ok"] else NEEDS_A_HUMAN)


def _refused(config: Config) -> Iterable[Doubt]:
    """As `run` refuses it; nothing is asked of anybody."""
    if not _credentials_are_said(config):
        return ()
    from ossmend.daemon.commands import check_credentials

    return check_credentials.refused(config)


def _doubted(config: Config) -> Iterator[Doubt]:
    from ossmend.config.doubts_of_sources import first_pass
    from ossmend.daemon.journal.begun import begun

    if _credentials_are_said(config):
        from ossmend.daemon.commands import check_credentials

        yield from check_credentials.doubted(config)
    if config.state.database is None and (known := begun(config.state.path)) is not None:
        yield from first_pass(config, known)


def _credentials_are_said(config: Config) -> bool:
    """What opens them takes longer to import than all the rest of this command; mostly there is nothing to open."""
    said = any(cloud.credentials is not None for cloud in config.clouds.values())
    variables = any(name.startswith(("ALIBABA_CLOUD_", "OSS_")) for name in os.environ)
    homes = (os.path.expanduser("~/.aliyun"), os.path.expanduser("~/.alibabacloud"))  # noqa: PTH111  # never raises
    return said or variables or any(map(os.path.isdir, homes))


def counted(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _tell(report: dict[str, Any]) -> None:
    number = len(report["warnings"])
    warned = f", with {counted(number, 'warning', 'warnings')} (above)" if number else ""
    modes = ", ".join(f"{each} {mode}" for mode, each in report["modes"].items())
    told = counted(report["policies"], "policy", "policies") + (f" ({modes})" if modes else "")
    click.echo(f"{report['file']}: fine{warned}; {told}")
    if "live" in report:
        from ossmend.daemon.commands.check_live import tell

        tell(report, click.echo)
