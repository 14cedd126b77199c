"""Promise 1: a dry run cannot write, whatever is called. Promise 2: only the closed list can be written at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import oss2
import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.send.executor import WRITER
from ossmend.daemon.cloud.wire import guard
from ossmend.daemon.cloud.wire.connections import Connections
from ossmend.daemon.cloud.wire.errors import BadAnswer, NoAnswer
from ossmend.daemon.cloud.wire.guard import READ_ONLY, WriteForbidden
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators import writes
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.stubs import BUCKET, answer, liar, settings_for, wire_for

READING_METHODS = {"GET", "HEAD", "OPTIONS"}
_VALUES: dict[str, Any] = {
    "key": "k", "object_name": "k", "target_key": "t", "source_bucket_name": BUCKET, "source_key": "k",
    "target_object_name": "t", "symlink_key": "s", "data": b"x", "filename": "/dev/null", "position": 0, "size": 1,
    "upload_id": "u", "part_number": 1, "parts": [], "key_list": ["k"], "process": "image/resize,w_10|sys/saveas,o_eA",
    "sql": "select 1", "byte_range": (0, 1), "url": "http://127.0.0.1:1/", "permission": "private", "days": 1,
}  # fmt: skip
RPC_WRITES = (
    ("Ims", "TagResources"), ("Ims", "UntagResources"), ("Ims", "UpdateAccessKey"), ("Ims", "CreateAccessKey"),
    ("Ims", "DeleteAccessKey"), ("Ims", "CreateUser"), ("Ims", "DeleteUser"), ("Ims", "UpdateUser"),
    ("Ims", "SetAccessKeyPolicy"), ("Ims", "RestoreAccessKeyFromRecycleBin"), ("Ims", "SetSecurityPreference"),
    ("Ram", "TagResources"), ("Ram", "CreatePolicy"), ("Ram", "AttachPolicyToUser"), ("Ram", "UpdateAccessKey"),
    ("Ram", "DeleteAccessKey"), ("Sts", "AssumeRole"), ("Actiontrail", "StopLogging"), ("Ecs", "DeleteInstance"),
)  # fmt: skip


def oss_for(url: str, allowed: guard.Guard) -> Oss:
    settings = settings_for(url)
    return Oss(settings, wire_for(settings), allowed)


def rpc_for(url: str, allowed: guard.Guard) -> Rpc:
    settings = settings_for(url)
    return Rpc(settings, wire_for(settings), allowed)


def _arguments(method: Callable[..., Any]) -> dict[str, Any]:
    """Something for every argument that has no default, so that the method gets as far as sending."""
    wanted = inspect.signature(method).parameters.values()
    needed = [one.name for one in wanted if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    return {name: _VALUES.get(name, "1") for name in needed}


def _call_everything(target: Any) -> list[tuple[str, Exception | None]]:
    tried: list[tuple[str, Exception | None]] = []
    for name in dir(target):
        method = getattr(target, name)
        if name.startswith("_") or not inspect.ismethod(method):
            continue
        try:
            found: Any = method(**_arguments(method))
            if inspect.isgenerator(found):
                list(found)
            tried.append((name, None))
        except Exception as error:  # noqa: BLE001  # whatever stops a call; what stopped it is judged below
            tried.append((name, error))
    return tried


def test_no_method_of_oss2_gets_a_write_past_the_read_only_guard() -> None:
    with liar(answer(200)) as server:
        settings = settings_for(server.url)
        oss = Oss(settings, wire_for(settings), READ_ONLY)
        tried = _call_everything(oss.bucket(BUCKET))
        service = oss2.Service(oss._auth, server.url, session=oss._session, region="cn-hangzhou")
        tried += _call_everything(service)
        for name, error in tried:
            if name.startswith(("put_", "delete_", "batch_delete", "copy_", "create_", "append_", "restore_", "post_")):
                assert error is not None, f"{name} was let through"
        forbidden = [name for name, error in tried if isinstance(error, WriteForbidden)]
        assert len(forbidden) > 60  # most of oss2's surface: the loop above really called things
        assert {"restore_object", "put_bucket_cors", "delete_object", "copy_object", "put_object"} <= set(forbidden)
        allowed = {method for method, _, _ in guard.OSS_READS}
        assert {asked.split(" ")[0] for asked in server.asked} <= allowed
        assert not any("?" in asked and "restore" in asked for asked in server.asked)


def test_a_client_that_signs_for_itself_gets_nothing_out_over_our_session() -> None:
    with liar(answer(200)) as server:
        oss = oss_for(server.url, READ_ONLY)
        stranger = oss2.Bucket(
            oss2.AuthV4("LTAIa", "b"), server.url, BUCKET, session=oss._session, region="cn-hangzhou"
        )
        with pytest.raises(WriteForbidden):
            stranger.put_object("k", b"x")
        with pytest.raises(WriteForbidden):
            stranger.get_object("k")
        assert server.heads == []


def test_urls_are_never_signed() -> None:
    oss = oss_for("http://127.0.0.1:1", READ_ONLY)
    with pytest.raises(WriteForbidden):
        oss.bucket(BUCKET).sign_url("GET", "k", 60)
    with pytest.raises(WriteForbidden):
        oss.bucket(BUCKET).sign_rtmp_url("c", "p", 60)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_the_read_only_connections_themselves_know_no_writing_method(method: str) -> None:
    with liar(answer(200)) as server:
        connections = Connections(wire_for(settings_for(server.url)), READ_ONLY.methods)
        with pytest.raises(WriteForbidden):
            connections.send("GetObject", method, server.url)
        assert server.heads == []


def test_a_dry_run_port_has_no_executor(open_port: Callable[..., Cloud]) -> None:
    assert open_port("http://127.0.0.1:1", may_write=False).executor is None
    assert open_port("http://127.0.0.1:1", may_write=True).executor is not None


@pytest.mark.parametrize(("product", "action"), RPC_WRITES)
def test_no_rpc_write_leaves_a_read_only_client(product: str, action: str) -> None:
    with liar(answer(200, b"{}")) as server:
        rpc = rpc_for(server.url, READ_ONLY)
        with pytest.raises(WriteForbidden):
            rpc.call(product, action, {"ResourceType": "user"})
        assert server.heads == []


@pytest.mark.parametrize(("product", "action"), [pair for pair in RPC_WRITES if pair != ("Ims", "TagResources")])
def test_the_writing_rpc_client_knows_tagging_and_nothing_else(product: str, action: str) -> None:
    with liar(answer(200, b"{}")) as server:
        rpc = rpc_for(server.url, WRITER)
        with pytest.raises(WriteForbidden):
            rpc.call(product, action)
        assert server.heads == []


@pytest.mark.parametrize("name", ["Action", "Version", "AccessKeyId", "SecurityToken"])
def test_a_parameter_cannot_smuggle_in_another_action(name: str) -> None:
    with liar(answer(200, b"{}")) as server:
        rpc = rpc_for(server.url, READ_ONLY)
        with pytest.raises(WriteForbidden):
            rpc.call("Ims", "GetUser", {name: "DeleteUser"})
        assert server.heads == []


def test_the_core_client_refuses_a_request_that_went_round_the_guard() -> None:
    from aliyunsdkcore.request import CommonRequest

    with liar(answer(200, b"{}")) as server:
        client = rpc_for(server.url, READ_ONLY)._client
        request = CommonRequest(domain=server.url, version="2015-05-01", action_name="DeleteUser", product="Ram")
        with pytest.raises(WriteForbidden):
            client.do_action_with_exception(request)
        rest = CommonRequest(domain=server.url, version="2015-05-01", uri_pattern="/users", product="Ims")
        with pytest.raises(WriteForbidden):
            client.do_action_with_exception(rest)
        assert server.heads == []


@pytest.mark.parametrize(
    ("method", "bucket", "key", "params", "body"),
    [
        ("PUT", BUCKET, "", ["acl"], False),
        ("PUT", BUCKET, "k", [], True),
        ("PUT", BUCKET, "k", ["cors"], True),
        ("PUT", BUCKET, "", ["cors", "acl"], True),
        ("PUT", BUCKET, "", ["policy"], True),
        ("POST", BUCKET, "", ["delete"], True),
        ("POST", BUCKET, "k", ["restore", "append"], True),
        ("POST", BUCKET, "", ["restore"], True),
        ("POST", BUCKET, "k", ["cleanRestoredObject"], False),
        ("DELETE", BUCKET, "k", [], False),
        ("DELETE", BUCKET, "", ["cors"], False),
        ("GET", BUCKET, "k", [], False),
    ],
)
def test_the_writing_client_knows_restore_and_cors_and_nothing_else(
    method: str, bucket: str, key: str, params: list[str], body: bool
) -> None:
    with pytest.raises(WriteForbidden):
        WRITER.oss_operation(method, bucket, key, params, body=body)


def test_the_lists_of_writes_are_the_writes_that_exist_as_values() -> None:
    of_a_list = "PutObject"  # CreateJob's own: it uploads the list of its objects
    assert sorted([*WRITER.oss.values(), *WRITER.rpc.values()]) == sorted([*writes.OPERATIONS, of_a_list])
    assert sorted(writes.OPERATIONS) == [
        "CreateJob", "PutBucketCors", "RestoreObject", "RestoreVersion", "TagUser", "UpdateJobStatus"
    ]  # fmt: skip


def test_no_upload_replaces_an_object() -> None:
    with liar(answer(200)) as server:
        settings = settings_for(server.url)
        writer = Oss(settings, wire_for(settings), WRITER).bucket(BUCKET)
        for headers in ({}, {guard.NEW_OBJECT: "false"}, {guard.NEW_OBJECT: "true", guard.COPY_SOURCE: "/b/k"}):
            with pytest.raises(WriteForbidden):
                writer.put_object("k", b"x", headers=headers)
        assert server.asked == []


def test_nothing_is_both_a_read_and_a_write() -> None:
    assert not set(guard.OSS_READS) & set(WRITER.oss)
    assert not set(guard.RPC_READS) & set(WRITER.rpc)
    assert {method for method, _, _ in guard.OSS_READS} <= READING_METHODS


def test_a_read_with_a_body_is_not_a_read() -> None:
    with pytest.raises(WriteForbidden):
        READ_ONLY.oss_operation("GET", BUCKET, "k", [], body=True)
    with pytest.raises(WriteForbidden):
        READ_ONLY.oss_operation("GET", BUCKET, "k", ["x-oss-process"], body=False)


def test_an_upload_is_not_a_copy_and_a_copy_is_for_the_writer_only() -> None:
    with liar(answer(200)) as server:
        settings = settings_for(server.url)
        writer = Oss(settings, wire_for(settings), WRITER).bucket(BUCKET)
        with pytest.raises(WriteForbidden):
            writer.put_object("k", b"x")
        with pytest.raises(WriteForbidden):
            writer.put_object_acl("k", "public-read")
        reader = Oss(settings, wire_for(settings), READ_ONLY).bucket(BUCKET)
        with pytest.raises(WriteForbidden):
            reader.copy_object(BUCKET, "k", "k", params={"versionId": "v"})
        assert server.asked == []
        writer.copy_object(BUCKET, "k", "k", params={"versionId": "v"})
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "process", ["image/resize,w_10", "image/info|sys/saveas,o_eA", "style/small", "video/snapshot"]
)
def test_only_asking_what_an_image_is_counts_as_a_read(process: str) -> None:
    with liar(answer(200)) as server:
        bucket = oss_for(server.url, READ_ONLY).bucket(BUCKET)
        with pytest.raises(WriteForbidden):
            bucket.get_object("k", process=process)
        assert server.asked == []
        bucket.get_object("k", process="image/info")
        assert len(server.asked) == 1


def test_being_forbidden_is_nobodys_answer() -> None:
    for answered in (TryAgain, Refused, NoAnswer, BadAnswer):
        assert not issubclass(WriteForbidden, answered)
