"""What OSS lets pass, the simulator lets pass too: a client that works there must work here."""

from __future__ import annotations

import json
from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, bucket_of, control


@pytest.mark.parametrize("rest", ["", "max-keys=1", "prefix=example"])
def test_region_list_is_a_list_of_buckets(sim: Running, bucket: Any, wire: Wire, rest: str) -> None:
    answer = wire.signed("GET", query="regionList", unsigned_query=rest)
    assert answer.status_code == 200
    assert b"<Name>examplebucket</Name>" in answer.content


@pytest.mark.parametrize("params", [{"symlink": ""}, {"symlink": "", "versionId": ""}, {"versionId": ""}])
@pytest.mark.parametrize("version", ["v1", "v4"])
def test_delete_with_idle_parameters_deletes_the_current_version(
    sim: Running, bucket: Any, version: str, params: dict[str, str]
) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    bucket.put_object("k", b"1")
    answer = bucket_of(sim, "examplebucket", version).delete_object("k", params=params)
    assert (answer.status, answer.headers["x-oss-delete-marker"]) == (204, "true")
    assert not bucket.object_exists("k")
    assert len(bucket.list_object_versions().versions) == 1


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_policy_without_principal_is_taken_and_speaks_about_nobody(sim: Running, bucket: Any, effect: str) -> None:
    control(sim, "PUT", "users/reader")
    made = control(sim, "POST", "keys", {"user": "reader"})
    reader = bucket_of(sim, "examplebucket", key=(made["id"], made["secret"]))
    statement = {"Action": ["oss:PutObject"], "Effect": effect, "Resource": ["acs:oss:*:*:examplebucket/*"]}
    document = {"Version": "1", "Statement": [statement]}
    bucket.put_bucket_policy(json.dumps(document))
    assert json.loads(bucket.get_bucket_policy().policy) == document
    assert bucket.put_object("k", b"the owner's").status == 200
    with pytest.raises(oss2.exceptions.AccessDenied):
        reader.put_object("k", b"nobody allowed this")
