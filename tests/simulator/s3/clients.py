"""S3 clients for the conformance tests: boto3, minio's, s3cmd, and raw requests; and where they find a bucket.

`bucket.localhost` is this machine by RFC 6761, but not every resolver says so: within the tests' own process a fixture
does, and s3cmd speaks through the simulator as a proxy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import minio
import pytest
import urllib3
from botocore.config import Config

from ossmend.simulator.serve import Running
from tests.patience import HUNG

S3CMD = Path(sys.executable).with_name("s3cmd")
WHEN_REQUIRED = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def resolve_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    """`anything.localhost` is this machine, as in every browser."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        own = isinstance(host, str) and host.endswith(".localhost")
        return real("127.0.0.1" if own else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def url_of(sim: Running, host: str = "localhost") -> str:
    """The OSS address by name instead of by number: only names can have a bucket in front."""
    return sim.oss.replace("127.0.0.1", host)


def recommended(*, signature: str = "s3v4", **settings: Any) -> Config:
    """What OSS's help recommends to boto3's users."""
    return Config(
        signature_version=signature,
        s3={"addressing_style": "virtual"},
        retries={"max_attempts": 1},
        read_timeout=HUNG,
        **{**WHEN_REQUIRED, **settings},
    )


def boto(
    sim: Running, config: Config | None = None, key: tuple[str, str] | None = None, region: str = "us-east-1"
) -> Any:
    """boto3's S3 client; without a configuration of its own as it comes."""
    key_id, secret = key or (sim.access_key_id, sim.access_key_secret)
    return boto3.client(
        "s3",
        endpoint_url=url_of(sim),
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        verify=sim.ready.ca_file or None,
        config=config if config is not None else Config(retries={"max_attempts": 1}, read_timeout=HUNG),
    )


def send_md5(client: Any) -> None:
    """What makes boto3's DeleteObjects acceptable to OSS."""

    def add(request: Any, **_: Any) -> None:
        request.headers["Content-MD5"] = base64.b64encode(hashlib.md5(request.body).digest()).decode()

    client.meta.events.register("before-sign.s3.DeleteObjects", add)


def minio_of(sim: Running, secret: str = "") -> Any:
    """minio's Python client, told to address buckets by host."""
    http = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=sim.ready.ca_file) if sim.ready.ca_file else None
    client = minio.Minio(
        endpoint=urlsplit(url_of(sim)).netloc,
        access_key=sim.access_key_id,
        secret_key=secret or sim.access_key_secret,
        secure=bool(sim.ready.ca_file),
        region=sim.region,
        http_client=http,
    )
    client.enable_virtual_style_endpoint()  # type: ignore[no-untyped-call]  # minio forgot its return type
    return client


def s3cmd(
    sim: Running, folder: Path, *command: str, by_host: bool = True, secret: str = ""
) -> subprocess.CompletedProcess[str]:
    """One run of s3cmd with a configuration file, as its users write it; the simulator is its proxy."""
    host = f"s3.oss-{sim.region}.aliyuncs.com"
    address = urlsplit(sim.oss)
    settings = {
        "access_key": sim.access_key_id,
        "secret_key": secret or sim.access_key_secret,
        "host_base": host,
        "host_bucket": f"%(bucket)s.{host}" if by_host else host,
        "use_https": "False",
        "proxy_host": address.hostname,
        "proxy_port": address.port,
        "bucket_location": f"oss-{sim.region}",
    }
    file = folder / "s3cfg"
    lines = [f"{name} = {value}" for name, value in settings.items()]
    file.write_text("\n".join(["[default]", *lines, ""]))
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, str(S3CMD), "--config", str(file), "--no-progress", *command],
        capture_output=True,
        text=True,
        env=clean,
        timeout=HUNG,
        check=False,
    )


def explained(text: str) -> list[dict[str, Any]]:
    """What `ossmend explain` says of a text."""
    ran = subprocess.run(
        [sys.executable, "-m", "ossmend", "explain", "--json"],
        input=text,
        capture_output=True,
        text=True,
        timeout=HUNG,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(ran.stdout)["events"]
    return found
