"""`ossmend ram-policy`: configuration -> the least RAM policy that it needs, to be attached to our user or role.

Asks nobody. On stdout stands the document, or several, each of which has to be attached; what a person should know of
it (where RAM's wildcards allow more, names that no page confirms) goes to stderr, for a JSON document has no comments.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ossmend.daemon.commands.common import clear_errors, config_option, json_option, show_json


@click.command("ram-policy")
@config_option
@click.option("--mode", type=click.Choice(["dry-run", "enforce"]), help="As if every policy were in this mode.")
@click.option("--account", metavar="NAME", help="Of this account alone.")
@click.option("--identity", type=click.Choice(["user", "role"]),
              help="What it is attached to. Default: as the credentials are.")  # fmt: skip
@json_option
def command(config_path: Path, mode: str | None, account: str | None, identity: str | None, as_json: bool) -> None:
    """The least RAM policy that this configuration needs.

    Reads, and the writes of the policies that may send them.
    """
    with clear_errors(as_json=as_json):
        from ossmend.config.load import load
        from ossmend.daemon.permissions.needs import accounts

        config = load(config_path)
        known = accounts(config)
    if account is not None and account not in known:
        raise click.UsageError(f"there is no account {account!r}; there are: {', '.join(known)}")
    if account is None and len(known) > 1 and not as_json:
        raise click.UsageError(f"say --account: each has a policy of its own ({', '.join(known)})")
    found = [_account(config, each, mode, identity) for each in ([account] if account else known)]
    if as_json:
        show_json({"accounts": found})
        return
    for each in found:
        _tell(each)


def _account(config: Any, account: str, mode: str | None, identity: Any) -> dict[str, Any]:
    from ossmend.daemon.permissions.document import documents
    from ossmend.daemon.permissions.identity import assumed_role, identity_of
    from ossmend.daemon.permissions.needs import needs, widened

    whose = identity or identity_of(config, account)
    needed = needs(config, account, mode=mode, identity=whose)
    return {
        "account": account,
        "identity": whose,
        "assumes": assumed_role(config, account),
        "mode": mode or "as configured",
        "documents": documents(needed),
        "widened": list(widened(config, account)),
        "unconfirmed": sorted({need.action for need in needed if not need.confirmed}),
    }


def _tell(found: dict[str, Any]) -> None:
    from ossmend.daemon.permissions.document import text

    for document in found["documents"]:
        click.echo(text(document))
    for said in _remarks(found):
        click.echo(f"note: {said}", err=True)


def _remarks(found: dict[str, Any]) -> Iterator[str]:
    if not found["documents"]:
        yield "nothing is needed: no enabled policy or source asks the cloud for anything that RAM guards"
    if len(found["documents"]) > 1:
        yield f"too long for one RAM policy: make {len(found['documents'])} of it, and attach all of them"
    if found["identity"] == "role":
        yield "for a role, as the credentials are; `--identity user` has it for a user"
    if found["assumes"]:
        yield f"whoever assumes {found['assumes']} needs sts:AssumeRole on it, and its trust policy has to name him"
    for said in found["widened"]:
        yield f"allows more than the configuration: {said}"
    if found["unconfirmed"]:
        names = ", ".join(found["unconfirmed"])
        yield f"no page of Alibaba Cloud confirms these names; if RAM refuses one, leave it out: {names}"
