"""`--tls`: OSS over https under any name, with a CA of its own that is announced and gone afterwards."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.oss.clients import control
from tests.simulator.s3.clients import boto, recommended, url_of
from tests.simulator.s3.conftest import SHOP


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", f"{SHOP}.localhost", "any.other.name.localhost"])
def test_every_name_has_a_certificate_of_the_announced_authority(tls_sim: Running, host: str) -> None:
    answer = requests.get(url_of(tls_sim, host), verify=tls_sim.ready.ca_file, timeout=HUNG)
    assert answer.headers["Server"] == "AliyunOSS"


def test_without_the_announced_file_it_is_not_trusted(tls_sim: Running) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(tls_sim.oss, timeout=HUNG)


def test_the_rest_stays_on_plain_http(tls_sim: Running) -> None:
    assert (tls_sim.rpc[:7], tls_sim.control[:7]) == ("http://", "http://")
    assert [request["status"] for request in control(tls_sim, "GET", "requests")["requests"]] == []


@pytest.mark.parametrize("name", ["a b", "x" * 64, "-a-", "a..b", "a$b"])
def test_a_name_that_is_none_gets_no_certificate_and_harms_nobody(tls_sim: Running, name: str) -> None:
    address = urlsplit(tls_sim.oss)
    context = ssl.create_default_context(cafile=tls_sim.ready.ca_file)
    context.check_hostname = False
    with (
        socket.create_connection((address.hostname, address.port), timeout=HUNG) as connection,
        pytest.raises((ssl.SSLError, ValueError, UnicodeError)),
    ):
        context.wrap_socket(connection, server_hostname=name)
    assert requests.get(tls_sim.oss, verify=tls_sim.ready.ca_file, timeout=HUNG).status_code == 403


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100])
def test_what_is_no_tls_is_closed(tls_sim: Running, data: bytes) -> None:
    address = urlsplit(tls_sim.oss)
    with socket.create_connection((address.hostname, address.port), timeout=HUNG) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert requests.get(tls_sim.oss, verify=tls_sim.ready.ca_file, timeout=HUNG).status_code == 403


def test_osss_own_sdk_works_over_it(tls_sim: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", tls_sim.ready.ca_file)
    auth = oss2.AuthV4(tls_sim.access_key_id, tls_sim.access_key_secret)
    bucket = oss2.Bucket(auth, tls_sim.oss, SHOP, region=tls_sim.region, connect_timeout=HUNG)
    bucket.put_object("k", b"1" * 3_000_000)
    assert len(bucket.get_object("k").read()) == 3_000_000


def test_a_body_that_is_made_as_it_is_sent_comes_whole(tls_sim: Running) -> None:
    control(tls_sim, "PUT", f"buckets/{SHOP}/objects/zeros", {"size": 20_000_000})
    read = boto(tls_sim, recommended()).get_object(Bucket=SHOP, Key="zeros")["Body"].read()
    assert len(read) == 20_000_000


def test_a_policy_knows_whether_the_request_was_secure(tls_sim: Running) -> None:
    policy = {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": ["*"],
                "Action": ["oss:GetObject"],
                "Resource": [f"acs:oss:*:*:{SHOP}/*"],
                "Condition": {"Bool": {"acs:SecureTransport": ["false"]}},
            }
        ],
    }
    control(tls_sim, "PUT", f"buckets/{SHOP}", {"acl": "public-read", "policy": policy})
    control(tls_sim, "PUT", f"buckets/{SHOP}/objects/k", {"content": "1"})
    secure = requests.get(f"{tls_sim.oss}/{SHOP}/k", verify=tls_sim.ready.ca_file, timeout=HUNG)
    assert (secure.status_code, requests.get(f"{tls_sim.rpc}/{SHOP}/k", timeout=HUNG).status_code) == (200, 403)


def test_the_authoritys_file_goes_with_the_simulator() -> None:
    with running_simulator(tls=True) as sim:
        file = Path(sim.ready.ca_file)
        assert b"PRIVATE KEY" not in file.read_bytes()
    assert not file.exists()


def test_without_it_no_authority_is_announced(sim: Running) -> None:
    assert "ca_file" not in sim.ready.as_dict()


@pytest.fixture(params=[["ossmend", "simulator"], ["ossmend.simulator"]], ids=" ".join)
def started(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """What either program announces with both switches."""
    command = [sys.executable, "-m", *request.param, "--port", "0", "--ready-json", "--tls", "--s3-path-style"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced: dict[str, str] = json.loads(process.stdout.readline())
        yield announced
        process.terminate()


@pytest.mark.machine
def test_both_switches_reach_the_simulator(started: dict[str, str]) -> None:
    import boto3

    client: Any = boto3.client(
        "s3",
        endpoint_url=started["oss"],
        aws_access_key_id=started["access_key_id"],
        aws_secret_access_key=started["access_key_secret"],
        region_name="us-east-1",
        verify=started["ca_file"],
    )
    client.create_bucket(Bucket=SHOP)
    assert client.list_objects_v2(Bucket=SHOP)["KeyCount"] == 0
