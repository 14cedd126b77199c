"""`ossmend schema`: the configuration's JSON Schema."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """JSON Schema of the configuration, for editors."""
    from ossmend.config.schema import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
