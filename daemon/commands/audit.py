"""`ossmend audit`: what would be done. The dry run is audit_report.py, the report as a page audit_page.py."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    WRONG_USAGE,
    Name,
    clear_errors,
    config_option,
    fail,
    json_option,
    show,
)


@click.command("audit")
@config_option
@click.option("--since", "since", default="24h", show_default=True, metavar="DURATION", help="How far to look back.")
@click.option("--html", "html", type=Name(), metavar="FILE", help="Write the report as a page, too.")
@json_option
def command(config_path: Path, since: str, html: Path | None, as_json: bool) -> None:
    """What would be done, at what cost, by which permissions.

    Also what cannot be known. Writes nothing to the cloud.
    """
    from ossmend.daemon.commands import audit_page, audit_report, tables
    from ossmend.daemon.host.stops import CredentialsRefused
    from ossmend.remediators.contract.settings import parse_duration

    try:
        back = parse_duration(since)
    except ValueError as error:
        raise click.UsageError(f"--since: {error}") from error
    with clear_errors():
        from ossmend.config import doubts_of_sources
        from ossmend.config.load import load_with_doubts
        from ossmend.config.sources.sls import KEPT

        config, doubts = load_with_doubts(config_path)
        for doubt in doubts:
            click.echo(doubt.told("warning: "), err=True)  # a log that is not there has no open cases
        for path, number in doubts_of_sources.packed(config):
            what = f"1 packed file that fits {path} is" if number == 1 else f"{number} packed files that fit {path} are"
            click.echo(f"warning: {what} not read: `ossmend explain FILE` reads one", err=True)
        for name in doubts_of_sources.kept_shorter(config, back):
            said = f"the log service keeps {KEPT.days} days of it, unless somebody has it keep more"
            click.echo(f"warning: {name} may not reach back to --since {since}: {said}", err=True)
        try:
            report = audit_report.audit(config_path, back)
        except CredentialsRefused as refused:
            without = "An audit asks the cloud; without a key, `ossmend explain FILE` tells what a log says by itself"
            raise CredentialsRefused(f"{refused}. {without}") from refused
    show(report, as_json, tables.audit)
    if html is not None:
        try:
            html.write_text(audit_page.page(report), encoding="utf-8")
        except OSError as error:
            fail(f"{html}: {error.strerror}", WRONG_USAGE)
        click.echo(f"written {html}", err=True)
    sys.exit(NEEDS_A_HUMAN if report["needs_a_human"] else FINE)
