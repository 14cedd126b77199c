"""The order of refusals holds for whatever is asked: bucket, key, signature, permission, and only then what it is."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests

from ossmend.simulator.oss.call import OPERATIONS
from ossmend.simulator.oss.route import NOT_SIMULATED
from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire, control, error_of, v2_client

_ASKED = sorted(NOT_SIMULATED)
_SIMULATED = sorted(
    (method, level, name)
    for method, level, name in OPERATIONS
    # A browser signs no preflight; the other three are chosen by a header, not by the query.
    if level != "service" and method != "OPTIONS" and name not in ("form", "copy", "uploadPartCopy")
)


def _code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, error_of(answer.content)["Code"] if answer.content else ""


@pytest.mark.parametrize("subresource", _ASKED)
@pytest.mark.parametrize("key", ["", "k"])
def test_what_is_not_simulated_is_refused_in_its_turn(
    sim: Running, bucket: Any, wire: Wire, subresource: str, key: str
) -> None:
    control(sim, "PUT", "users/nobody")
    nobody = control(sim, "POST", "keys", {"user": "nobody"})
    without_rights = {"key_id": nobody["id"], "secret": nobody["secret"]}
    for method in ("GET", "PUT", "POST", "DELETE"):
        assert _code(wire.asked(method, "not-there", key, query=subresource, key_id="LTAIunknown"))[1] == "NoSuchBucket"
        assert _code(wire.asked(method, "examplebucket", key, query=subresource, key_id="LTAIunknown")) == (
            403,
            "InvalidAccessKeyId",
        )
        skewed = wire.asked(method, "examplebucket", key, query=subresource, date=0.0)
        assert _code(skewed) == (403, "RequestTimeTooSkewed")
        assert _code(wire.asked(method, "examplebucket", key, query=subresource, secret="wrong")) == (
            403,
            "SignatureDoesNotMatch",
        )
        assert _code(wire.asked(method, "examplebucket", key, query=subresource, **without_rights)) == (
            403,
            "AccessDenied",
        )
        anonymous = requests.request(method, f"{sim.oss}/examplebucket/{key}?{subresource}", timeout=HUNG)
        assert _code(anonymous) == (403, "AccessDenied")
        simulated = (method, "object" if key else "bucket", subresource) in OPERATIONS  # of cname, the listing is
        none_there = (404, "NoSuchReplicationConfiguration") if subresource == "replication" else (200, "")
        expected = none_there if simulated else (501, "NotImplemented")
        answer = wire.asked(method, "examplebucket", key, query=subresource)
        assert (answer.status_code, "" if answer.ok else _code(answer)[1]) == expected


@pytest.mark.parametrize(("method", "level", "subresource"), _SIMULATED)
def test_every_operation_asks_for_the_bucket_and_then_for_the_key(
    bucket: Any, wire: Wire, method: str, level: str, subresource: str
) -> None:
    query = f"{subresource}=2" if subresource == "list-type" else subresource
    key = "k" if level == "object" else ""
    answer = wire.asked(method, "examplebucket", key, query=query, key_id="LTAIunknown")
    assert answer.status_code == 403
    assert answer.headers["x-oss-ec"] == "0002-00000902"
    # Making a bucket, and giving one its ACL, is the two cases in which it need not be there.
    absent = wire.asked(method, "not-there", key, query=query, key_id="LTAIunknown")
    makes = (method, level) == ("PUT", "bucket") and subresource in ("", "acl")
    assert absent.headers["x-oss-ec"] == ("0002-00000902" if makes else "0015-00000101")


@pytest.mark.parametrize(("method", "query"), [("POST", "acl"), ("PUT", "nonsense"), ("DELETE", "stat"), ("PATCH", "")])
def test_what_does_not_exist_is_refused_in_its_turn(bucket: Any, wire: Wire, method: str, query: str) -> None:
    assert _code(wire.asked(method, "not-there", query=query))[1] == "NoSuchBucket"
    assert _code(wire.asked(method, "examplebucket", query=query, secret="wrong"))[1] == "SignatureDoesNotMatch"
    assert wire.asked(method, "examplebucket", query=query).status_code in (400, 405)


def test_user_defined_log_fields_are_kept_and_given_back(sim: Running, bucket: oss2.Bucket) -> None:
    client = v2_client(sim)
    name = {"bucket": "examplebucket"}
    with pytest.raises(oss_v2.exceptions.OperationError) as missing:
        client.get_user_defined_log_fields_config(oss_v2.GetUserDefinedLogFieldsConfigRequest(**name))
    refused = missing.value.unwrap()
    assert isinstance(refused, oss_v2.exceptions.ServiceError)
    assert (refused.status_code, refused.code) == (404, "NoSuchUserDefinedLogFieldsConfig")
    fields = oss_v2.UserDefinedLogFieldsConfiguration(
        header_set=oss_v2.LoggingHeaderSet(headers=["header1", "header2"]),
        param_set=oss_v2.LoggingParamSet(parameters=["param1"]),
    )
    client.put_user_defined_log_fields_config(
        oss_v2.PutUserDefinedLogFieldsConfigRequest(**name, user_defined_log_fields_configuration=fields)
    )
    found = client.get_user_defined_log_fields_config(oss_v2.GetUserDefinedLogFieldsConfigRequest(**name))
    kept = found.user_defined_log_fields_configuration
    assert (kept.header_set.headers, kept.param_set.parameters) == (["header1", "header2"], ["param1"])
    gone = client.delete_user_defined_log_fields_config(oss_v2.DeleteUserDefinedLogFieldsConfigRequest(**name))
    assert gone.status_code == 204
