"""`ossmend simulator`: the local Alibaba Cloud, until it is stopped."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from ossmend.daemon.commands.common import WholeNumber


@click.command("simulator")
@click.option("--port", type=WholeNumber(0, 65535), default=9300, show_default=True, help="0 takes a free one.")
@click.option("--ready-json", is_flag=True, help="Print one JSON line when it listens.")
@click.option("--scene", metavar="FILE", help="A world to start with: a YAML file, or a shipped one's name.")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="Durations pass faster; 0: when told."
)
@click.option("--tls", is_flag=True, help="OSS over https, with a throw-away CA; its file is announced.")
@click.option("--s3-path-style", is_flag=True, help="Let S3 clients put the bucket into the path; OSS never does.")
@click.option("--realistic", is_flag=True, help="Documented restore times instead of seconds.")
def command(
    port: int, ready_json: bool, scene: str | None, speed: float, tls: bool, s3_path_style: bool, realistic: bool
) -> None:
    """The local Alibaba Cloud, for trying and testing. Loopback only."""
    from ossmend.simulator.serve import serve

    def ready(running: Any) -> None:
        if ready_json:
            click.echo(json.dumps(running.as_dict()))
            return
        click.echo(f"OSS, RAM, STS and the rest: {running.oss} (region {running.region}); control: {running.control}")
        click.echo("a key that may do everything, to be pasted where it is needed:")
        click.echo(f"export ALIBABA_CLOUD_ACCESS_KEY_ID={running.access_key_id}")
        click.echo(f"export ALIBABA_CLOUD_ACCESS_KEY_SECRET={running.access_key_secret}")
        if running.ca_file:
            click.echo(f"trust this certificate: {running.ca_file}; without TLS: {running.rpc}")
        click.echo("it runs until Ctrl-C, and forgets everything then")

    status = serve(
        port=port, scene=scene, speed=speed, realistic=realistic, tls=tls, s3_path_style=s3_path_style, on_ready=ready
    )
    sys.exit(status)
