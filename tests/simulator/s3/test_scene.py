"""The scene for S3 clients: what it promises in its first lines, asked by boto3, and each refusal explained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.s3.clients import boto, explained, recommended

APP = ("LTAI5tS3ClientApp00000001", "s3-client-app-secret")
TOLD = {
    "sigv2.txt": ("AccessDenied", "0002-00000032", "s3-signature-not-enabled"),
    "sigv4.txt": ("AccessDenied", "0002-00000033", "s3-signature-not-enabled"),
    "retired.txt": ("AccessDenied", "0002-00000080", "v1-signature-retired"),
    "old-chunks.bin": ("NotImplemented", None, "aws-chunked-body"),
    "app.apk": ("ApkDownloadForbidden", "0048-00000203", "apk-download-forbidden"),
    "redirect.html": ("ExternalRedirectForbidden", "0048-00000300", "external-redirect-forbidden"),
    "cold.bin": ("InvalidObjectState", "0016-00000404", "never-restored"),
}


@pytest.fixture(scope="module")
def scene() -> Iterator[Running]:
    with running_simulator(scene="s3_clients", speed=0.0) as running:
        yield running


@pytest.mark.machine
@pytest.mark.parametrize("key", TOLD)
def test_each_object_of_the_scene_is_refused_and_its_cause_is_told(scene: Running, key: str) -> None:
    code, ec, cause = TOLD[key]
    with pytest.raises(ClientError) as refused:
        boto(scene, recommended(), APP).get_object(Bucket="s3-shop", Key=key)
    error = refused.value.response["Error"]
    assert (error["Code"], error.get("EC")) == (code, ec)
    (event,) = explained(f"{refused.value} EC: {ec}" if ec else str(refused.value))
    assert event["diagnosis"]["cause"] == cause


def test_what_is_not_promised_to_be_refused_reads(scene: Running) -> None:
    client = boto(scene, recommended(), APP)
    for key, content in (("hello.txt", b"hello"), ("a b+c%.txt", b"special")):
        assert client.get_object(Bucket="s3-shop", Key=key)["Body"].read() == content


def test_a_scene_may_let_path_style_pass_and_says_what_it_does_not_know() -> None:
    with running_simulator(scene={"s3": {"path_style": True}}) as running:
        assert running.do(lambda cloud: cloud.s3_path_style) is True
    with pytest.raises(ValueError, match="path_stile"), running_simulator(scene={"s3": {"path_stile": True}}):
        pass
