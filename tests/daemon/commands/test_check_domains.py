"""`check --live` names each domain, and whether it answers for its bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import answer, control, liar, make_bucket, oss_error, refused_port
from tests.daemon.commands.test_main import run
from tests.daemon.commands.test_ram_policy import key, reading

BUCKET = "reports-eu"


@pytest.fixture
def sim() -> Iterator[Running]:
    with running_simulator(speed=0.0) as running:
        make_bucket(running, BUCKET, cnames=["files.localhost"])
        make_bucket(running, "other", cnames=["other.localhost"])
        make_bucket(running, "far", cnames=["far.localhost"], region="cn-beijing")
        yield running


def told(tmp_path: Path, sim: Running, domain: str, environment: dict[str, str] | None = None) -> tuple[int, Any]:
    """Exit code, and the line of the domain; a label is a name below localhost."""
    url = domain if "://" in domain else f"http://{domain}.localhost:{sim.oss.rpartition(':')[2]}"
    file = tmp_path / "ossmend.yaml"
    file.write_text(
        f"version: 1\ncloud:\n  {{ region: cn-hangzhou, endpoint: '{sim.oss}', rpc_endpoint: '{sim.rpc}',\n"
        f"    domains: {{ {BUCKET}: '{url}' }} }}\nstate: {{ path: {tmp_path}/state }}\n"
        f"clock: {{ ntp_servers: [] }}\npolicies: [ {{ name: told, on: AccessDenied }} ]\n",
        encoding="utf-8",
    )
    asked = ("check", "--live", "--json", "--config", str(file))
    status, out, _ = run(*asked, environment=environment or key(sim, reading()))
    (line,) = [each for each in json.loads(out)["live"] if each["what"].startswith("domain ")]
    assert line["what"] == f"domain {url} of {BUCKET}"
    return status, line


def test_a_domain_that_answers_for_its_bucket_is_well(tmp_path: Path, sim: Running) -> None:
    _, line = told(tmp_path, sim, "files")
    assert (line["ok"], line["found"]) == (True, "answers for its bucket")


def test_who_may_not_read_is_answered_by_the_bucket_all_the_same(tmp_path: Path, sim: Running) -> None:
    nothing = {"Version": "1", "Statement": []}
    assert told(tmp_path, sim, "files", key(sim, nothing))[1]["ok"] is True


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("other", "SignatureDoesNotMatch"),
        ("far", "WrongRegion"),
        ("nobodys", "NoSuchBucket"),
    ],
)
def test_a_domain_that_leads_to_another_bucket_or_to_nobody_is_named(
    tmp_path: Path, sim: Running, label: str, said: str
) -> None:
    status, line = told(tmp_path, sim, label)
    assert (status, line["ok"]) == (1, False)
    assert line["found"].startswith(f"does not answer for {BUCKET}: {said} ")


def test_a_web_server_is_no_bucket(tmp_path: Path, sim: Running) -> None:
    with liar(answer(404, b"<h1>hello</h1>", "Server: nginx\r\n")) as web:
        _, line = told(tmp_path, sim, web.url.replace("127.0.0.1", "web.localhost"))
    assert line["ok"] is False
    assert "NotOss" in line["found"]
    assert "answered 404, and not as OSS does: a CDN or a web server is there" in line["found"]


def test_a_domain_of_somebody_elses_bucket_is_named(tmp_path: Path, sim: Running) -> None:
    with liar(oss_error(403, "CnameDenied", "The cname belongs to another user.")) as there:
        _, line = told(tmp_path, sim, there.url.replace("127.0.0.1", "theirs.localhost"))
    assert (line["ok"], line["found"]) == (
        False, f"does not answer for {BUCKET}: CnameDenied The cname belongs to another user."
    )  # fmt: skip


def test_a_domain_that_does_not_answer_is_named(tmp_path: Path, sim: Running) -> None:
    _, line = told(tmp_path, sim, refused_port().replace("127.0.0.1", "dead.localhost"))
    assert line["ok"] is False
    assert line["found"].startswith("no answer: ")


def test_what_says_nothing_of_the_domain_is_not_laid_to_it(tmp_path: Path, sim: Running) -> None:
    with liar(oss_error(403, "UserDisable", "UserDisable")) as there:
        _, line = told(tmp_path, sim, there.url.replace("127.0.0.1", "b.localhost"))
    assert (line["ok"], line["found"]) == (None, "could not check: UserDisable UserDisable")
    wrong = key(sim, reading()) | {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "wrongwrongwrongwrongwrong12345"}
    control(sim, "PUT", "users/daemon", {"policy": reading()})
    _, line = told(tmp_path, sim, "files", wrong)
    assert (line["ok"], line["found"]) == (None, "could not check: nobody knows who we are")
