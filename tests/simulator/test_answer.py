"""A fault of the simulator's own: what its clients are answered, and where it is told."""

from __future__ import annotations

from collections.abc import Iterator

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, bucket_of, control, error_of
from tests.simulator.rpc.rpc_client import Account


@pytest.fixture
def broken() -> Iterator[Running]:
    """A simulator whose state no handler can work with."""
    with running_simulator() as sim:
        bucket_of(sim, "examplebucket").create_bucket()
        sim.do(lambda cloud: setattr(cloud, "faults", None))
        yield sim


def test_an_unforeseen_exception_is_an_internal_error_to_an_oss_client_and_a_traceback_on_stderr(
    broken: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Wire(broken).signed("GET", "examplebucket", "key")
    told = error_of(answer.content)
    assert (answer.status_code, told["Code"], told["RequestId"]) == (
        500,
        "InternalError",
        answer.headers["x-oss-request-id"],
    )
    assert "AttributeError" in capsys.readouterr().err


def test_to_a_head_request_it_is_told_in_x_oss_err(broken: Running) -> None:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket_of(broken, "examplebucket").head_object("key")
    assert (refused.value.status, refused.value.code) == (500, "InternalError")


def test_an_rpc_client_is_told_in_its_own_envelope(broken: Running) -> None:
    account = Account(broken.rpc, broken.access_key_id, broken.access_key_secret)
    refused = account.refused("Ram", "ListUsers")
    assert (refused.status, refused.code) == (500, "InternalError")


def test_the_control_address_answers_json(broken: Running) -> None:
    answer = requests.get(f"{broken.control}/faults", timeout=HUNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "InternalError")


def test_the_request_that_failed_is_in_the_log_and_the_connection_serves_the_next(broken: Running) -> None:
    with requests.Session() as session:
        for _ in range(2):
            session.get(f"{broken.oss}/examplebucket/key", timeout=HUNG)
    assert [(entry["operation"], entry["status"]) for entry in control(broken, "GET", "requests")["requests"]][-2:] == [
        ("GetObject", 500),
        ("GetObject", 500),
    ]
