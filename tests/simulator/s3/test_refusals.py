"""What OSS refuses S3 clients: provoked by real clients, in OSS's words, and told its cause by `ossmend explain`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from minio.error import S3Error

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import control, error_of, logged
from tests.simulator.s3.clients import boto, explained, minio_of, recommended, s3cmd, url_of
from tests.simulator.s3.conftest import SHOP

pytestmark = pytest.mark.machine


def refused(call: Callable[[], Any]) -> tuple[int, dict[str, str], str]:
    """Status, OSS's elements, and what boto3's error reads like."""
    with pytest.raises(ClientError) as raised:
        call()
    told = raised.value.response
    return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"], str(raised.value)


def virtual(**settings: Any) -> Config:
    """boto3 as it comes, but for the address."""
    return Config(s3={"addressing_style": "virtual"}, retries={"max_attempts": 1}, read_timeout=HUNG, **settings)


def test_boto3_as_it_comes_is_refused_for_its_address_first(tls_sim: Running) -> None:
    client = boto(tls_sim)
    status, error, text = refused(lambda: client.put_object(Bucket=SHOP, Key="a", Body=b"1"))
    assert (status, error["Code"], error["EC"]) == (403, "SecondLevelDomainForbidden", "0003-00001401")
    assert error["Message"] == "Please use virtual hosted style to access."
    (event,) = explained(text)
    assert event["diagnosis"]["cause"] == "path-style-address"


def test_then_for_its_chunks_over_https(tls_sim: Running) -> None:
    client = boto(tls_sim, virtual())
    status, error, text = refused(lambda: client.put_object(Bucket=SHOP, Key="a", Body=b"1"))
    assert (status, error["Code"], error["EC"]) == (400, "InvalidArgument", "0017-00000804")
    argument = (error["ArgumentName"], error["ArgumentValue"])
    assert argument == ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    (event,) = explained(text)
    assert event["diagnosis"]["cause"] == "aws-chunked-body"
    assert tls_sim.do(lambda cloud: len(cloud.buckets[SHOP].objects)) == 0


def test_then_for_deleting_several_without_their_md5(tls_sim: Running) -> None:
    client = boto(tls_sim, recommended())
    client.put_object(Bucket=SHOP, Key="a", Body=b"1")
    status, error, text = refused(lambda: client.delete_objects(Bucket=SHOP, Delete={"Objects": [{"Key": "a"}]}))
    assert (status, error["Code"]) == (400, "MissingArgument")
    (event,) = explained(text)
    assert event["diagnosis"]["cause"] == "content-md5-missing"
    assert client.head_object(Bucket=SHOP, Key="a")["ContentLength"] == 1


def test_a_part_in_chunks_is_refused_as_a_whole_object_is(tls_sim: Running) -> None:
    client = boto(tls_sim, virtual())
    upload = client.create_multipart_upload(Bucket=SHOP, Key="a", ChecksumAlgorithm="CRC32")["UploadId"]
    part = {"Bucket": SHOP, "Key": "a", "UploadId": upload, "PartNumber": 1, "Body": b"1"}
    status, error, _ = refused(lambda: client.upload_part(**part))
    assert (status, error["EC"]) == (400, "0017-00000804")


_NOT_OFFERED: dict[str, dict[str, Any]] = {
    "get_bucket_cors": {},
    "get_bucket_policy": {},
    "get_bucket_tagging": {},
    "get_bucket_versioning": {},
    "get_bucket_website": {},
    "list_multipart_uploads": {},
    "list_object_versions": {},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "restore_object": {"Key": "a", "RestoreRequest": {"Days": 1}},
    "get_object_tagging": {"Key": "a"},
    "get_object_attributes": {"Key": "a", "ObjectAttributes": ["ETag"]},
}


@pytest.mark.parametrize("name", _NOT_OFFERED)
def test_a_call_that_oss_does_not_list_is_not_implemented_whatever_is_there(sim: Running, name: str) -> None:
    client = boto(sim, recommended())
    status, error, text = refused(lambda: getattr(client, name)(Bucket=SHOP, **_NOT_OFFERED[name]))
    assert (status, error["Code"]) == (501, "NotImplemented")
    (event,) = explained(text)
    assert event["diagnosis"]["cause"] == "s3-call-not-offered"
    assert sim.do(lambda cloud: cloud.buckets[SHOP].versioning) == ""


def test_bucket_key_and_permission_are_asked_before_it(sim: Running) -> None:
    client = boto(sim, recommended())
    assert refused(lambda: client.get_bucket_versioning(Bucket="no-such-shop"))[1]["Code"] == "NoSuchBucket"
    stranger = boto(sim, recommended(), ("LTAI5tNobodyHasThisKey01", "x"))
    assert refused(lambda: stranger.get_bucket_versioning(Bucket=SHOP))[1]["Code"] == "InvalidAccessKeyId"
    control(sim, "PUT", "users/weak", {})
    key = control(sim, "POST", "keys", {"user": "weak"})
    weak = boto(sim, recommended(), (key["id"], key["secret"]))
    assert refused(lambda: weak.get_bucket_versioning(Bucket=SHOP))[1]["Code"] == "AccessDenied"


@pytest.mark.parametrize(
    "setting",
    [
        {"Tagging": "a=b"},
        {"ObjectLockLegalHoldStatus": "ON"},
        {"SSECustomerKey": "0" * 32, "SSECustomerAlgorithm": "AES256"},
        {"GrantRead": "id=1"},
        {"WebsiteRedirectLocation": "/x"},
        {"ExpectedBucketOwner": "1"},
    ],
    ids=str,
)
def test_a_header_that_oss_does_not_know_is_refused_and_not_passed_over(
    tls_sim: Running, setting: dict[str, str]
) -> None:
    client = boto(tls_sim, recommended())
    status, error, _ = refused(lambda: client.put_object(Bucket=SHOP, Key="a", Body=b"1", **setting))
    assert (status, error["Code"], error["Header"].startswith("x-amz-")) == (501, "NotImplemented", True)
    assert tls_sim.do(lambda cloud: len(cloud.buckets[SHOP].objects)) == 0


@pytest.mark.parametrize(
    ("signature", "ec"), [("s3v4", "0002-00000429"), ("s3", "0002-00000040")], ids=["SigV4", "SigV2"]
)
def test_a_wrong_secret_is_told_with_what_was_signed(sim: Running, signature: str, ec: str) -> None:
    client = boto(sim, recommended(signature=signature), (sim.access_key_id, "another secret"))
    status, error, _ = refused(lambda: client.list_objects_v2(Bucket=SHOP))
    assert (status, error["Code"], error["EC"]) == (403, "SignatureDoesNotMatch", ec)
    assert error["StringToSign"].startswith("AWS4-HMAC-SHA256\n" if signature == "s3v4" else "GET\n")
    assert logged(sim)[-1]["access_key_id"] == sim.access_key_id


def printed_by_boto3(sim: Running, _: Path) -> str:
    client = boto(sim, recommended(), (sim.access_key_id, "another secret"))
    return refused(lambda: client.list_objects_v2(Bucket=SHOP))[2]


def printed_by_minio(sim: Running, _: Path) -> str:
    with pytest.raises(S3Error) as raised:
        list(minio_of(sim, "another secret").list_objects(bucket_name=SHOP))
    return str(raised.value)


def printed_by_s3cmd(sim: Running, folder: Path) -> str:
    return s3cmd(sim, folder, "ls", f"s3://{SHOP}", secret="another secret").stderr


@pytest.mark.parametrize("printed", [printed_by_boto3, printed_by_minio, printed_by_s3cmd])
def test_a_wrong_secret_is_explained_from_what_each_client_prints(
    sim: Running, tmp_path: Path, printed: Callable[[Running, Path], str]
) -> None:
    (event,) = explained(printed(sim, tmp_path))
    assert (event["code"], event["diagnosis"]["cause"]) == ("SignatureDoesNotMatch", "wrong-secret")


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_an_unknown_key_and_a_wrong_clock_are_told_as_to_osss_own_clients(sim: Running, signature: str) -> None:
    stranger = boto(sim, recommended(signature=signature), ("LTAI5tNobodyHasThisKey01", "x"))
    status, error, text = refused(lambda: stranger.list_objects_v2(Bucket=SHOP))
    assert (status, error["Code"], error["EC"]) == (403, "InvalidAccessKeyId", "0002-00000902")
    assert explained(text)[0]["code"] == "InvalidAccessKeyId"
    control(sim, "POST", "clock", {"offset_seconds": 3600})
    late = boto(sim, recommended(signature=signature))
    status, error, text = refused(lambda: late.list_objects_v2(Bucket=SHOP))
    assert (status, error["Code"], error["EC"]) == (403, "RequestTimeTooSkewed", "0002-00000501")
    assert error["MaxAllowedSkewMilliseconds"] == "900000"
    assert explained(text)[0]["code"] == "RequestTimeTooSkewed"


@pytest.mark.parametrize(
    ("signature", "ec"), [("s3v4", "0002-00000418"), ("s3", "0002-00000069")], ids=["SigV4", "SigV2"]
)
def test_a_presigned_url_that_has_expired_is_told_so_and_not_taken_for_an_anonymous_read(
    sim: Running, signature: str, ec: str
) -> None:
    client = boto(sim, recommended(signature=signature))
    client.put_object(Bucket=SHOP, Key="a", Body=b"1")
    url = client.generate_presigned_url("get_object", Params={"Bucket": SHOP, "Key": "a"}, ExpiresIn=60)
    control(sim, "POST", "clock", {"offset_seconds": 120})
    answer = requests.get(url, timeout=HUNG)
    error = error_of(answer.content)
    assert (answer.status_code, error["Message"], error["EC"]) == (403, "Request has expired.", ec)
    (event,) = explained(f"GET {url}\n{answer.text}")
    assert event["diagnosis"]["cause"] == "url-expired"


def test_a_presigned_url_of_another_secret_is_a_wrong_signature_and_not_an_anonymous_read(sim: Running) -> None:
    client = boto(sim, recommended(), (sim.access_key_id, "another secret"))
    url = client.generate_presigned_url("get_object", Params={"Bucket": SHOP, "Key": "a"}, ExpiresIn=60)
    answer = requests.get(url, timeout=HUNG)
    assert error_of(answer.content)["Code"] == "SignatureDoesNotMatch"
    (event,) = explained(f"GET {url}\n{answer.text}")
    assert event["diagnosis"]["cause"] in ("s3-client", "wrong-secret")


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_a_form_of_another_secret_is_refused_and_one_with_other_fields_too(sim: Running, signature: str) -> None:
    wrong = boto(sim, recommended(signature=signature), (sim.access_key_id, "another secret"))
    form = wrong.generate_presigned_post(SHOP, "page.txt")
    answer = requests.post(form["url"], form["fields"], files={"file": b"x"}, timeout=HUNG)
    error = error_of(answer.content)
    assert (error["Code"], len(answer.headers["x-amz-request-id"])) == ("SignatureDoesNotMatch", 24)
    form = boto(sim, recommended(signature=signature)).generate_presigned_post(SHOP, "page.txt")
    for more, status in (({"key": "other.txt"}, 403), ({"x-amz-tagging": "a"}, 501), ({"tagging": "a"}, 501)):
        changed = requests.post(form["url"], {**form["fields"], **more}, files={"file": b"x"}, timeout=HUNG)
        assert changed.status_code == status, changed.text
    assert sim.do(lambda cloud: len(cloud.buckets[SHOP].objects)) == 0


URL_FIELDS = {
    "X-Amz-Algorithm": ("AWS4-HMAC-MD5", "0002-00000411"),
    "X-Amz-Credential": ("nobody/20260101/x/oss/aws4_request", "0002-00000425"),
    "X-Amz-Date": ("yesterday", "0002-00000415"),
    "X-Amz-Expires": ("604801", "0002-00000417"),
    "X-Amz-SignedHeaders": ("", "0002-00000419"),
}


@pytest.mark.parametrize("name", URL_FIELDS)
def test_a_url_with_a_bad_field_is_told_which(sim: Running, name: str) -> None:
    value, ec = URL_FIELDS[name]
    client = boto(sim, recommended())
    url = client.generate_presigned_url("get_object", Params={"Bucket": SHOP, "Key": "a"}, ExpiresIn=60)
    address, _, query = url.partition("?")
    fields = dict(part.split("=", 1) for part in query.split("&")) | {name: value}
    answer = requests.get(address + "?" + "&".join("=".join(pair) for pair in fields.items()), timeout=HUNG)
    error = error_of(answer.content)
    assert (answer.status_code, error["Code"], error["EC"]) == (400, "InvalidArgument", ec)
    (event,) = explained(answer.text)
    assert event["diagnosis"]["cause"] == "signature-field-malformed"


def test_minios_client_is_refused_where_it_insists_on_path_style(sim: Running) -> None:
    with pytest.raises(Exception, match="SecondLevelDomainForbidden") as raised:
        minio_of(sim).make_bucket(bucket_name="another-shop")
    (event,) = explained(str(raised.value))
    assert event["diagnosis"]["cause"] == "path-style-address"


def test_s3cmd_with_the_bucket_in_the_path_is_refused(sim: Running, tmp_path: Path) -> None:
    ran = s3cmd(sim, tmp_path, "ls", f"s3://{SHOP}", by_host=False)
    assert ran.returncode != 0
    (event,) = explained(ran.stderr)
    assert event["diagnosis"]["cause"] == "path-style-address"


def test_the_switch_lets_path_style_pass_and_nothing_else(sim: Running) -> None:
    assert control(sim, "GET", "s3") == {"path_style": False}
    assert control(sim, "PUT", "s3", {"path_style": True}) == {"path_style": True}
    client = boto(sim, Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))
    client.put_object(Bucket=SHOP, Key="a b", Body=b"1")
    assert client.get_object(Bucket=SHOP, Key="a b")["Body"].read() == b"1"
    assert refused(lambda: client.get_bucket_versioning(Bucket=SHOP))[0] == 501


def test_osss_own_signature_may_still_name_the_bucket_in_the_path(sim: Running) -> None:
    answer = requests.get(f"{url_of(sim)}/{SHOP}/a", timeout=HUNG)
    assert error_of(answer.content)["EC"] != "0003-00001401"
