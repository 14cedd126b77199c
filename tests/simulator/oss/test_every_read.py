"""Every get, list and describe of both SDKs: understood and rightly signed, or honestly refused as not implemented."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import bucket_of, service_of, v2_client

_READS = ("get_", "list_", "describe_")
_BY_URL = {"get_object_with_url", "get_object_with_url_to_file", "get_object_to_file"}


def _is_honest(status: int, code: str) -> bool:
    """Not there, not that kind of thing, or not simulated; never a signature we cannot follow or a fault of ours."""
    return code in ("NotImplemented", "NotSymlink") or (status == 404 and code.startswith("NoSuch"))


def _reads(client: Any) -> Iterator[tuple[str, Any]]:
    for name, method in inspect.getmembers(client, inspect.ismethod):
        if name.startswith(_READS) and name not in _BY_URL and not name.endswith("paginator"):
            yield name, method


@pytest.mark.parametrize("version", ["v1", "v2", "v4"])
def test_every_read_of_oss2(sim: Running, bucket: Any, version: str) -> None:
    bucket.put_object("k", b"1")
    refused = []
    for client in (bucket_of(sim, "examplebucket", version), service_of(sim, version)):
        for name, method in _reads(client):
            needed = [p.name for p in inspect.signature(method).parameters.values() if p.default is p.empty]
            try:
                method(*("k" if parameter in ("key", "symlink_key") else "x" for parameter in needed))
            except oss2.exceptions.ServerError as error:
                if not _is_honest(error.status, error.code):
                    refused.append((name, error.status, error.code))
    assert refused == []


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_every_read_of_the_second_sdk(sim: Running, bucket: Any, version: str) -> None:
    bucket.put_object("k", b"1")
    known = {"bucket": "examplebucket", "key": "k", "version_id": "CAEQ0123456789abcdefghij"}
    refused = []
    for name, method in _reads(v2_client(sim, version)):
        request_type = next(iter(inspect.signature(method).parameters.values())).annotation
        given = {
            field: known.get(field, "x")
            for field in inspect.signature(request_type.__init__).parameters
            if field in known or field.endswith(("_id", "_name", "taskid")) or field == "cname"
        }
        try:
            method(request_type(**given))
        except oss_v2.exceptions.OperationError as wrapped:
            error = wrapped.unwrap()
            if not isinstance(error, oss_v2.exceptions.ServiceError) or not _is_honest(error.status_code, error.code):
                refused.append((name, repr(error)))
    assert refused == []
