"""`ossmend cases`: look at the work, and leave a word in the journal that the daemon reads (daemon/approvals.py)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ossmend.daemon.commands.common import (
    FINE,
    NEEDS_A_HUMAN,
    WRONG_USAGE,
    CaseNumber,
    case_argument,
    config_option,
    configured_state,
    dry_run_state_option,
    fail,
    json_option,
    reading_group,
    show,
    state_to_answer,
    state_to_read,
)

if TYPE_CHECKING:
    from ossmend.config.prices import Prices

command = reading_group("cases", "list", "The work: list, show, approve, reject, retry, undo.")


@command.command("list")
@config_option
@dry_run_state_option
@click.option("--all", "closed", is_flag=True, help="Closed cases, too.")
@json_option
def list_cases(config_path: Path, dry_run: bool, closed: bool, as_json: bool) -> None:
    """Open cases, those that need a person first."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import tables

    with state_to_read(config_path, dry_run) as connection:
        rows = queries.all_cases(connection) if closed else queries.open_cases(connection)
        report = queries.report(connection, rows)
    show(report, as_json, tables.cases)
    sys.exit(NEEDS_A_HUMAN if queries.needs_a_human(rows) else FINE)


@command.command("show")
@case_argument
@config_option
@dry_run_state_option
@json_option
def show_case(case_id: int, config_path: Path, dry_run: bool, as_json: bool) -> None:
    """One case whole: cause, evidence, next steps, writes, users."""
    from ossmend.daemon import queries
    from ossmend.daemon.commands import case_page

    with state_to_read(config_path, dry_run) as connection:
        found = queries.one_case(connection, case_id, _prices(config_path))
    from ossmend.daemon.approvals import NO_CASE

    if found is None:
        fail(NO_CASE.format(case_id), WRONG_USAGE)
    show(found, as_json, case_page.page)


def _prices(config_path: Path) -> Prices | None:
    """None where the configuration is refused, so that nobody knows."""
    config, refused = configured_state(config_path)
    return None if refused is not None else config.prices


def _mode(config_path: Path, policy: str) -> str | None:
    """In which the case's policy is; None where the configuration is refused, so that nobody knows."""
    from ossmend.daemon.stages.rules import RuleBook

    config, refused = configured_state(config_path)
    return None if refused is not None else RuleBook(config, dry_run=False).mode(policy)


def _answered(name: str, case_id: int, config_path: Path, as_json: bool) -> None:
    """Leave a person's word on a case, and tell what it came to."""
    from ossmend.daemon import approvals
    from ossmend.daemon.commands import tables
    from ossmend.daemon.host.show import clean

    with state_to_answer(config_path) as store:
        try:
            report = approvals.ANSWERS[name](store, case_id, _prices(config_path))
        except approvals.Impossible as error:
            fail(str(error), WRONG_USAGE if isinstance(error, approvals.Unknown) else NEEDS_A_HUMAN)
        report = clean(report) | {"daemon_runs": store.is_worked()}
    if name == "undo":
        report["mode"] = _mode(config_path, report["policy"])
    show(report, as_json, tables.answer)


def _answering(name: str, words: str) -> None:
    """Define `cases NAME CASE`: one at a time, for each has its own write to be read before."""

    @command.command(name, help=words)
    @case_argument
    @config_option
    @json_option
    def answer(case_id: int, config_path: Path, as_json: bool) -> None:
        _answered(name, case_id, config_path, as_json)


_answering("approve", "Let the held writes of a case go, as they are planned now. Expires after 24 h.")
_answering("reject", "Refuse the held writes of a case, for 24 h.")


@command.command("retry")
@click.argument("case_ids", type=CaseNumber(), metavar="CASE...", nargs=-1, required=True)
@config_option
@json_option
def retry(case_ids: tuple[int, ...], config_path: Path, as_json: bool) -> None:
    """Look at cases again now; with --json, a document a line for each."""
    for case_id in case_ids:
        _answered("retry", case_id, config_path, as_json)


_answering(
    "undo",
    """Take back the newest write of a case that can be. Nothing may have changed since. The undo is a write, too: it
    asks the policy's mode and limits.

    \b
    PutBucketCors    yes: the rules of before; not where there were none
    RestoreVersion   yes: the version of before is put on top again
    UpdateJobStatus  yes: a released batch job is cancelled
    CreateJob        no: reject its release, and it is cancelled after a day
    RestoreObject    no: the restored copy expires after its days
    TagUser          no: ossmend takes no tag away; remove it by hand
    """,
)
