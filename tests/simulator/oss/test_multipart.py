"""Multipart uploads: the everyday road, its listings, and what is refused on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from oss2.models import PartInfo

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, error_of, v2_client

PART = bytes(100 * 1024)


def _upload(bucket: Any, key: str, *parts: bytes) -> tuple[str, list[PartInfo]]:
    upload_id = bucket.init_multipart_upload(key).upload_id
    done = []
    for number, data in enumerate(parts, 1):
        result = bucket.upload_part(key, upload_id, number, data)
        done.append(PartInfo(number, result.etag, size=len(data), part_crc=result.crc))
    return upload_id, done


def test_parts_become_one_object(sim: Running, bucket: Any) -> None:
    upload_id, parts = _upload(bucket, "dir/k ä", PART, b"end")
    assert [part.part_number for part in bucket.list_parts("dir/k ä", upload_id).parts] == [1, 2]
    assert [entry.key for entry in bucket.list_multipart_uploads().upload_list] == ["dir/k ä"]
    result = bucket.complete_multipart_upload("dir/k ä", upload_id, parts)
    assert result.etag.endswith("-2")
    assert bucket.get_object("dir/k ä").read() == PART + b"end"
    assert bucket.head_object("dir/k ä").object_type == "Multipart"
    assert bucket.list_multipart_uploads().upload_list == []


def test_resumable_helpers_of_the_sdk(sim: Running, bucket: Any, tmp_path: Any) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(PART * 5 + b"tail")
    oss2.resumable_upload(bucket, "k", str(source), multipart_threshold=1, part_size=len(PART), num_threads=2)
    oss2.resumable_download(bucket, "k", str(target), multiget_threshold=1, part_size=len(PART), num_threads=2)
    assert target.read_bytes() == source.read_bytes()


def test_copy_of_parts(sim: Running, bucket: Any) -> None:
    bucket.put_object("source", PART + b"end")
    upload_id = bucket.init_multipart_upload("k").upload_id
    first = bucket.upload_part_copy("examplebucket", "source", (0, len(PART) - 1), "k", upload_id, 1)
    second = bucket.upload_part_copy("examplebucket", "source", (len(PART), len(PART) + 2), "k", upload_id, 2)
    parts = [PartInfo(1, first.etag), PartInfo(2, second.etag)]
    bucket.complete_multipart_upload("k", upload_id, parts)
    assert bucket.get_object("k").read() == PART + b"end"


def test_frozen_source_cannot_be_copied_in_parts(sim: Running, bucket: Any) -> None:
    bucket.put_object("cold", PART, headers={"x-oss-storage-class": "Archive"})
    upload_id = bucket.init_multipart_upload("k").upload_id
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.upload_part_copy("examplebucket", "cold", (0, 9), "k", upload_id, 1)
    assert refused.value.code == "InvalidObjectState"


def test_refusals_on_the_way(sim: Running, bucket: Any) -> None:
    upload_id, parts = _upload(bucket, "k", b"too small", b"end")
    with pytest.raises(oss2.exceptions.ServerError) as small:
        bucket.complete_multipart_upload("k", upload_id, parts)
    assert (small.value.status, small.value.code) == (400, "EntityTooSmall")
    with pytest.raises(oss2.exceptions.ServerError) as order:
        bucket._do(
            "POST",
            "examplebucket",
            "k",
            params={"uploadId": upload_id},
            data=(
                "<CompleteMultipartUpload>"
                f"<Part><PartNumber>2</PartNumber><ETag>{parts[1].etag}</ETag></Part>"
                f"<Part><PartNumber>1</PartNumber><ETag>{parts[0].etag}</ETag></Part>"
                "</CompleteMultipartUpload>"
            ),
        )
    assert order.value.code == "InvalidPartOrder"
    with pytest.raises(oss2.exceptions.ServerError) as unknown:
        bucket.complete_multipart_upload("k", upload_id, [PartInfo(7, parts[0].etag)])
    assert unknown.value.code == "InvalidPart"
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.upload_part("k", upload_id, 10001, b"1")
    bucket.abort_multipart_upload("k", upload_id)
    calls: list[Callable[[], object]] = [
        lambda: bucket.upload_part("k", upload_id, 1, b"1"),
        lambda: bucket.list_parts("k", upload_id),
        lambda: bucket.abort_multipart_upload("k", upload_id),
        lambda: bucket.complete_multipart_upload("k", upload_id, parts),
    ]
    for call in calls:
        with pytest.raises(oss2.exceptions.NoSuchUpload):
            call()
    assert not bucket.object_exists("k")


def test_upload_of_another_key_is_not_found(sim: Running, bucket: Any, wire: Wire) -> None:
    upload_id, _ = _upload(bucket, "k", b"1")
    answer = wire.signed("PUT", "examplebucket", "other", query=f"partNumber=1&uploadId={upload_id}", body=b"1")
    assert (answer.status_code, error_of(answer.content)["Code"]) == (404, "NoSuchUpload")


def test_pages_of_uploads_and_parts(sim: Running, bucket: Any) -> None:
    ids = {_upload(bucket, key, b"1", b"2", b"3")[0] for key in ("a", "a", "b", "c")}
    listed = [entry.upload_id for entry in oss2.MultipartUploadIterator(bucket, max_uploads=1)]
    assert (len(listed), set(listed)) == (4, ids)
    some = next(iter(oss2.MultipartUploadIterator(bucket, prefix="b")))
    parts = oss2.PartIterator(bucket, "b", some.upload_id, max_parts=1)
    assert [part.part_number for part in parts] == [1, 2, 3]


def test_second_sdk_uploads_in_parts(sim: Running, bucket: Any, tmp_path: Any) -> None:
    source = tmp_path / "source"
    source.write_bytes(PART * 3 + b"tail")
    client = v2_client(sim)
    uploader = client.uploader(part_size=len(PART), parallel_num=2)
    uploader.upload_file(oss_v2.PutObjectRequest(bucket="examplebucket", key="k"), filepath=str(source))
    target = tmp_path / "target"
    client.downloader(part_size=len(PART)).download_file(
        oss_v2.GetObjectRequest(bucket="examplebucket", key="k"), filepath=str(target)
    )
    assert target.read_bytes() == source.read_bytes()
    copier = client.copier(part_size=len(PART), multipart_copy_threshold=1)
    copier.copy(oss_v2.CopyObjectRequest(bucket="examplebucket", key="c", source_key="k"))
    assert bucket.get_object("c").read() == source.read_bytes()
