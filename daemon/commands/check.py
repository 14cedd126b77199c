"""`ossmend check`: is the configuration right? With --live also credentials, clock and permissions (check_live.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ossmend.daemon.commands.common import FINE, NEEDS_A_HUMAN, clear_errors, config_option, json_option, show

if TYPE_CHECKING:
    from rich.console import Console


@click.command("check")
@config_option
@click.option("--live", is_flag=True, help="Also ask the cloud: credentials, clock, permissions.")
@json_option
def command(config_path: Path, live: bool, as_json: bool) -> None:
    """Check the configuration: every complaint with its file, line, column and a suggestion."""
    with clear_errors(as_json=as_json):
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
    show(report, as_json, _render)
    sys.exit(FINE if report["ok"] else NEEDS_A_HUMAN)


def _render(report: dict[str, Any], console: Console) -> None:
    console.print(f"{report['file']}: fine, {report['policies']} policies", markup=False)
    for line in report.get("live", ()):
        console.print(f"  {'ok ' if line['ok'] else 'BAD'} {line['what']}: {line['found']}", markup=False)
