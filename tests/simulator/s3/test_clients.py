"""Three S3 programs, each with its own way to sign and to address: what OSS lists works with all of them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.s3.clients import boto, explained, minio_of, recommended, s3cmd, send_md5
from tests.simulator.s3.conftest import SHOP

KEY = "a b/ü+%&=?.txt"


@pytest.fixture(params=["s3v4", "s3"])
def client(either: Running, request: pytest.FixtureRequest) -> Any:
    """boto3 with OSS's recommended settings, over http and https, with SigV4 and SigV2."""
    return boto(either, recommended(signature=request.param))


def test_boto3_writes_reads_copies_and_lists(client: Any) -> None:
    client.create_bucket(Bucket="another-shop")
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["another-shop", SHOP]
    client.put_object(Bucket=SHOP, Key=KEY, Body=b"hello", Metadata={"Colour": "red"}, StorageClass="STANDARD_IA")
    read = client.get_object(Bucket=SHOP, Key=KEY)
    assert (read["Body"].read(), read["Metadata"], read["StorageClass"]) == (b"hello", {"colour": "red"}, "STANDARD_IA")
    assert client.head_object(Bucket=SHOP, Key=KEY)["ContentLength"] == 5
    assert client.get_object(Bucket=SHOP, Key=KEY, Range="bytes=1-2")["Body"].read() == b"el"
    copied = client.copy_object(Bucket=SHOP, Key="copy", CopySource={"Bucket": SHOP, "Key": KEY})
    assert copied["CopyObjectResult"]["ETag"] == read["ETag"]
    assert [each["Key"] for each in client.list_objects_v2(Bucket=SHOP)["Contents"]] == [KEY, "copy"]
    assert [each["Key"] for each in client.list_objects(Bucket=SHOP, Prefix="c")["Contents"]] == ["copy"]
    folded = client.list_objects_v2(Bucket=SHOP, Delimiter="/")
    assert [each["Prefix"] for each in folded["CommonPrefixes"]] == ["a b/"]
    client.delete_object(Bucket=SHOP, Key="copy")
    client.delete_bucket(Bucket="another-shop")


def test_boto3_asks_for_buckets_by_pages(client: Any) -> None:
    pages = client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1})
    assert [bucket["Name"] for page in pages for bucket in page["Buckets"]] == [SHOP]


def test_boto3_uploads_in_parts(client: Any) -> None:
    data = bytes(range(256)) * 40_000
    client.upload_fileobj(io.BytesIO(data), SHOP, "big")
    assert client.get_object(Bucket=SHOP, Key="big")["Body"].read() == data
    upload = client.create_multipart_upload(Bucket=SHOP, Key="parts")["UploadId"]
    part = client.upload_part_copy(
        Bucket=SHOP, Key="parts", UploadId=upload, PartNumber=1, CopySource={"Bucket": SHOP, "Key": "big"}
    )["CopyPartResult"]
    (listed,) = client.list_parts(Bucket=SHOP, Key="parts", UploadId=upload)["Parts"]
    assert listed["ETag"] == part["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(Bucket=SHOP, Key="parts", UploadId=upload, MultipartUpload=parts)
    upload = client.create_multipart_upload(Bucket=SHOP, Key="parts")["UploadId"]
    client.abort_multipart_upload(Bucket=SHOP, Key="parts", UploadId=upload)
    assert client.head_object(Bucket=SHOP, Key="parts")["ContentLength"] == len(data)


def test_boto3_goes_from_page_to_page_whatever_the_last_key_is(client: Any) -> None:
    """boto3 asks for encoded answers and gives a token back as it came."""
    keys = sorted(("a", "ab", "abc", "a b+/", "ü", "~~~>>>???", "中文/键"), key=str.encode)
    for key in keys:
        client.put_object(Bucket=SHOP, Key=key, Body=b"1")
    for kind in ("list_objects_v2", "list_objects"):
        pages = client.get_paginator(kind).paginate(Bucket=SHOP, PaginationConfig={"PageSize": 1})
        assert [each["Key"] for page in pages for each in page["Contents"]] == keys


def test_an_upload_without_parts_lists_none(client: Any) -> None:
    upload = client.create_multipart_upload(Bucket=SHOP, Key="parts")["UploadId"]
    told = client.list_parts(Bucket=SHOP, Key="parts", UploadId=upload)
    assert ("Parts" in told, told["NextPartNumberMarker"], told["IsTruncated"]) == (False, 0, False)


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_path_style_where_it_passes_signs_the_bucket_with_a_slash_or_without(signature: str) -> None:
    """botocore's SigV2 adds one to the path that it signs, and sends none."""
    settings = recommended(signature=signature)
    settings.s3 = {"addressing_style": "path"}
    with running_simulator(speed=0.0, scene={"s3": {"path_style": True}}) as sim:
        client = boto(sim, settings)
        client.create_bucket(Bucket=SHOP)
        client.put_object(Bucket=SHOP, Key=KEY, Body=b"1")
        assert [each["Key"] for each in client.list_objects_v2(Bucket=SHOP)["Contents"]] == [KEY]
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            boto(sim, settings, key=(sim.access_key_id, "wrong")).list_objects_v2(Bucket=SHOP)


def test_the_version_that_the_sdk_for_cpp_names_is_no_wish(sim: Running) -> None:
    """pyarrow and others that stand on it send it with each request."""
    client = boto(sim, recommended())
    client.meta.events.register(
        "before-sign.s3", lambda request, **_: request.headers.add_header("x-amz-api-version", "2006-03-01")
    )
    client.put_object(Bucket=SHOP, Key=KEY, Body=b"1")
    assert client.head_object(Bucket=SHOP, Key=KEY)["ContentLength"] == 1


def test_an_upload_on_a_condition_is_refused_as_oss_does(client: Any) -> None:
    client.put_object(Bucket=SHOP, Key=KEY, Body=b"old")
    for condition in ({"IfNoneMatch": "*"}, {"IfMatch": '"0"'}):
        with pytest.raises(ClientError, match="NotImplemented"):
            client.put_object(Bucket=SHOP, Key=KEY, Body=b"new", **condition)
    assert client.get_object(Bucket=SHOP, Key=KEY)["Body"].read() == b"old"


def test_the_source_of_a_copy_may_be_encoded_as_a_whole(sim: Running) -> None:
    """AWS's examples for JavaScript do; boto3 would encode it once more, so the header is set behind its back."""
    client = boto(sim, recommended())
    client.put_object(Bucket=SHOP, Key=KEY, Body=b"hello")
    whole = quote(f"{SHOP}/{KEY}", safe="")
    client.meta.events.register(
        "before-sign.s3.CopyObject", lambda request, **_: request.headers.replace_header("x-amz-copy-source", whole)
    )
    client.copy_object(Bucket=SHOP, Key="copy", CopySource=f"{SHOP}/other")
    assert client.get_object(Bucket=SHOP, Key="copy")["Body"].read() == b"hello"


def test_boto3_deletes_several_once_it_sends_their_md5(client: Any) -> None:
    client.put_object(Bucket=SHOP, Key="a", Body=b"1")
    send_md5(client)
    gone = {"Objects": [{"Key": "a"}, {"Key": "never was"}]}
    assert [each["Key"] for each in client.delete_objects(Bucket=SHOP, Delete=gone)["Deleted"]] == ["a", "never was"]
    assert "Contents" not in client.list_objects_v2(Bucket=SHOP)


def test_boto3_reads_and_sets_what_oss_knows_of_grants(client: Any) -> None:
    client.put_object(Bucket=SHOP, Key="a", Body=b"1")
    client.put_bucket_acl(Bucket=SHOP, ACL="public-read")
    client.put_object_acl(Bucket=SHOP, Key="a", ACL="private")
    grants = client.get_bucket_acl(Bucket=SHOP)["Grants"]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL", "READ"]
    assert [grant["Permission"] for grant in client.get_object_acl(Bucket=SHOP, Key="a")["Grants"]] == ["FULL_CONTROL"]


def test_boto3_keeps_lifecycle_and_logging(client: Any) -> None:
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    client.put_bucket_lifecycle_configuration(Bucket=SHOP, LifecycleConfiguration={"Rules": [rule]})
    assert client.get_bucket_lifecycle_configuration(Bucket=SHOP)["Rules"] == [rule]
    client.delete_bucket_lifecycle(Bucket=SHOP)
    enabled = {"LoggingEnabled": {"TargetBucket": SHOP, "TargetPrefix": "log/"}}
    client.put_bucket_logging(Bucket=SHOP, BucketLoggingStatus=enabled)
    assert client.get_bucket_logging(Bucket=SHOP)["LoggingEnabled"]["TargetPrefix"] == "log/"


def test_boto3s_urls_and_forms_are_good_without_a_key(either: Running, client: Any) -> None:
    ca_file = either.ready.ca_file or True
    named = {"Bucket": SHOP, "Key": KEY}
    put = client.generate_presigned_url("put_object", Params={**named, "ContentType": "text/x"}, ExpiresIn=60)
    stored = requests.put(put, data=b"sent", headers={"Content-Type": "text/x"}, verify=ca_file, timeout=HUNG)
    assert stored.status_code == 200, stored.text
    got = client.generate_presigned_url("get_object", Params=named, ExpiresIn=60)
    assert requests.get(got, verify=ca_file, timeout=HUNG).content == b"sent"
    form = client.generate_presigned_post(SHOP, "form.txt", Fields={"acl": "private"}, Conditions=[{"acl": "private"}])
    posted = requests.post(form["url"], form["fields"], files={"file": b"page"}, verify=ca_file, timeout=HUNG)
    assert posted.status_code == 204, posted.text
    assert client.get_object(Bucket=SHOP, Key="form.txt")["Body"].read() == b"page"


@pytest.mark.parametrize("host", ["localhost", "oss-cn-hangzhou.localhost", "s3.oss-cn-hangzhou.localhost"])
@pytest.mark.parametrize(("path_style", "status"), [(True, 204), (False, 403)])
def test_a_form_is_taken_in_path_style_where_path_style_is(host: str, status: int, *, path_style: bool) -> None:
    with running_simulator(speed=0.0, scene={"s3": {"path_style": path_style}, "buckets": {SHOP: {}}}) as sim:
        fields = boto(sim, recommended()).generate_presigned_post(SHOP, "form.txt")["fields"]
        page = {"file": b"page"}
        posted = requests.post(f"{sim.oss}/{SHOP}", fields, files=page, headers={"Host": host}, timeout=HUNG)
        assert posted.status_code == status, posted.text


def test_boto3_as_it_comes_works_over_http_where_it_does_not_chunk(sim: Running) -> None:
    client = boto(sim, Config(s3={"addressing_style": "virtual"}))
    client.put_object(Bucket=SHOP, Key="a", Body=b"1")
    assert client.get_object(Bucket=SHOP, Key="a")["Body"].read() == b"1"


def test_answers_carry_s3s_request_id_in_place_of_osss(sim: Running) -> None:
    client = boto(sim, recommended())
    headers = client.put_object(Bucket=SHOP, Key="a", Body=b"1")["ResponseMetadata"]["HTTPHeaders"]
    assert len(headers["x-amz-request-id"]) == 24
    assert "x-oss-request-id" not in headers
    assert headers["server"] == "AliyunOSS"
    with pytest.raises(ClientError) as refused:
        client.get_object(Bucket=SHOP, Key="no such key")
    told = refused.value.response
    assert (told["Error"]["Code"], told["Error"]["EC"]) == ("NoSuchKey", "0026-00000001")
    assert told["ResponseMetadata"]["HTTPHeaders"]["x-oss-ec"] == "0026-00000001"
    assert told["ResponseMetadata"]["RequestId"] == told["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]


@pytest.mark.parametrize("region", ["us-east-1", "cn-beijing", "AWS-GLOBAL"])
def test_the_region_in_the_scope_is_not_checked(sim: Running, region: str) -> None:
    assert boto(sim, recommended(), region=region).list_objects_v2(Bucket=SHOP)["KeyCount"] == 0


def test_minios_client_works(either: Running) -> None:
    client = minio_of(either)
    data = b"x" * 12_000_000
    assert client.bucket_exists(bucket_name=SHOP)
    assert [bucket.name for bucket in client.list_buckets()] == [SHOP]
    client.put_object(bucket_name=SHOP, object_name=KEY, data=io.BytesIO(b"hi"), length=2, metadata={"Colour": "red"})
    assert client.get_object(bucket_name=SHOP, object_name=KEY).read() == b"hi"
    assert client.stat_object(bucket_name=SHOP, object_name=KEY).metadata["x-amz-meta-colour"] == "red"
    part_size = 5 * 1024 * 1024
    client.put_object(bucket_name=SHOP, object_name="big", data=io.BytesIO(data), length=-1, part_size=part_size)
    assert client.stat_object(bucket_name=SHOP, object_name="big").size == len(data)
    client.copy_object(bucket_name=SHOP, object_name="copy", source=CopySource(bucket_name=SHOP, object_name=KEY))
    names = [each.object_name for each in client.list_objects(bucket_name=SHOP, recursive=True)]
    assert names == [KEY, "big", "copy"]
    url = client.presigned_get_object(bucket_name=SHOP, object_name="copy")
    assert requests.get(url, verify=either.ready.ca_file or True, timeout=HUNG).content == b"hi"
    gone = [DeleteObject("copy"), DeleteObject("big")]
    assert list(client.remove_objects(bucket_name=SHOP, delete_object_list=gone)) == []
    client.remove_object(bucket_name=SHOP, object_name=KEY)
    assert list(client.list_objects(bucket_name=SHOP)) == []


@pytest.mark.machine
def test_s3cmd_works(sim: Running, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"hello")
    (tmp_path / "big").write_bytes(b"x" * 16_000_000)
    for command in (
        ("mb", "s3://cmd-bucket"),
        ("put", f"{tmp_path}/small", "s3://cmd-bucket/x y"),
        ("put", f"{tmp_path}/big", "s3://cmd-bucket/big"),
        ("cp", "s3://cmd-bucket/x y", "s3://cmd-bucket/copy"),
        ("setacl", "--acl-public", "s3://cmd-bucket/copy"),
        ("get", "s3://cmd-bucket/copy", f"{tmp_path}/got"),
    ):
        ran = s3cmd(sim, tmp_path, *command)
        assert ran.returncode == 0, ran.stderr
        assert "WARNING" not in ran.stderr, ran.stderr
    assert (tmp_path / "got").read_bytes() == b"hello"
    assert "anon: READ" in s3cmd(sim, tmp_path, "info", "s3://cmd-bucket/copy").stdout.replace("*anon*", "anon")
    listed = s3cmd(sim, tmp_path, "ls", "s3://cmd-bucket").stdout
    assert [line.rpartition("/")[2] for line in listed.splitlines()] == ["big", "copy", "x y"]
    assert s3cmd(sim, tmp_path, "del", "-r", "-f", "s3://cmd-bucket").returncode == 0
    assert s3cmd(sim, tmp_path, "rb", "s3://cmd-bucket").returncode == 0


@pytest.fixture
def rclone(sim: Running, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """One run as rclone's help says for OSS, `provider = Alibaba`; the simulator is its proxy."""
    program = shutil.which("rclone")
    if program is None:
        pytest.skip("rclone is not installed, and no Python package brings it: apt-get install rclone")
    endpoint = f"endpoint='http://s3.oss-{sim.region}.aliyuncs.com'"
    key = f"access_key_id={sim.access_key_id},secret_access_key={sim.access_key_secret}"
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "_ca_bundle"))}

    def run(command: str, *arguments: str, provider: str = "Alibaba") -> subprocess.CompletedProcess[str]:
        remote = f":s3,provider={provider},{key},{endpoint}:{SHOP}"
        return subprocess.run(
            [program, "--config", str(tmp_path / "none"), "--retries", "1", "--low-level-retries", "1", command]
            + [argument.replace("OSS:", f"{remote}/") for argument in arguments],
            capture_output=True,
            text=True,
            env={**kept, "HTTP_PROXY": sim.oss},
            timeout=HUNG,
            check=False,
        )

    return run


@pytest.mark.machine
def test_rclone_works(rclone: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"hello")
    (tmp_path / "big").write_bytes(b"x" * 12_000_000)
    for command in (
        ("copyto", f"{tmp_path}/small", "OSS:a b+%.txt"),
        ("copyto", "--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M", f"{tmp_path}/big", "OSS:big"),
        ("copyto", "OSS:a b+%.txt", "OSS:copy"),
        ("deletefile", "OSS:big"),
    ):
        ran = rclone(*command)
        assert ran.returncode == 0, ran.stderr
    assert rclone("lsf", "OSS:").stdout == "a b+%.txt\ncopy\n"
    assert rclone("cat", "OSS:copy").stdout == "hello"


@pytest.mark.machine
def test_rclone_told_of_no_provider_puts_the_bucket_into_the_path(
    rclone: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ran = rclone("lsf", "OSS:", provider="Other")
    assert ran.returncode != 0
    (event,) = explained(ran.stderr)
    assert event["diagnosis"]["cause"] == "path-style-address"
