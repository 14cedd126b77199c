"""How an object is encrypted is said by the request that writes it, else by its bucket's rule; never by a source."""

from __future__ import annotations

from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running

SSE = "x-oss-server-side-encryption"


@pytest.mark.parametrize("directive", ["COPY", "REPLACE"])
@pytest.mark.parametrize(("source", "asked"), [("AES256", None), (None, "AES256"), ("AES256", "KMS")])
def test_a_copy_is_encrypted_as_its_request_says_and_not_as_its_source(
    sim: Running, bucket: Any, source: str | None, asked: str | None, directive: str
) -> None:
    bucket.put_object("k", b"1", headers={"x-oss-meta-n": "1"} | ({SSE: source} if source else {}))
    headers = {"x-oss-metadata-directive": directive} | ({SSE: asked} if asked else {})
    told = bucket.copy_object("examplebucket", "k", "copy", headers=headers)
    found = bucket.head_object("copy").headers
    assert told.headers.get(SSE) == found.get(SSE) == asked
    assert ("x-oss-meta-n" in found) == (directive == "COPY")


def test_a_rule_of_the_bucket_encrypts_what_names_no_encryption(sim: Running, bucket: Any) -> None:
    assert SSE not in bucket.put_object("before", b"1").headers
    bucket.put_bucket_encryption(oss2.models.ServerSideEncryptionRule("AES256"))
    assert bucket.put_object("k", b"1").headers[SSE] == "AES256"
    upload = bucket.init_multipart_upload("parts")
    part = oss2.models.PartInfo(1, bucket.upload_part("parts", upload.upload_id, 1, b"x").etag)
    bucket.complete_multipart_upload("parts", upload.upload_id, [part])
    bucket.append_object("grows", 0, b"x")
    bucket.copy_object("examplebucket", "before", "copy")
    for key in ("k", "parts", "grows", "copy"):
        assert bucket.head_object(key).headers[SSE] == "AES256", key
    assert bucket.put_object("own", b"1", headers={SSE: "KMS"}).headers[SSE] == "KMS"
    assert SSE not in bucket.head_object("before").headers
    bucket.delete_bucket_encryption()
    assert SSE not in bucket.put_object("after", b"1").headers


def test_a_rule_with_a_key_gives_its_key(sim: Running, bucket: Any) -> None:
    rule = oss2.models.ServerSideEncryptionRule("KMS", kms_master_keyid="9468da86-3509-4f8d-a61e-6eab1eac0000")
    bucket.put_bucket_encryption(rule)
    told = bucket.put_object("k", b"1").headers
    assert (told[SSE], told[f"{SSE}-key-id"]) == ("KMS", "9468da86-3509-4f8d-a61e-6eab1eac0000")
