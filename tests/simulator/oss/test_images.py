"""Image processing, far enough to tell a sound picture from a damaged, truncated, oversized or foreign one."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import control


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int = 3, height: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width + 1) * min(height, 10)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _jpeg(width: int = 5, height: int = 4) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        b"\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
        + b"\x12" * 40
        + b"\xff\xd9"
    )


_GIF = b"GIF89a" + struct.pack("<HH", 7, 6) + b"\0" * 10 + b"\x3b"
_BMP = b"BM" + struct.pack("<I", 60) + b"\0" * 12 + struct.pack("<ii", 9, -8) + b"\0" * 34
_WEBP = (
    b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\0" * 4 + b"\x0a\0\0\x0b\0\0" + b"\0" * 10
)


def _info(bucket: Any, key: str) -> Any:
    return json.loads(bucket.get_object(key, process="image/info").read())


@pytest.mark.parametrize(
    ("data", "file_format", "width", "height"),
    [
        (_png(), "png", 3, 2),
        (_jpeg(), "jpg", 5, 4),
        (_GIF, "gif", 7, 6),
        (_BMP, "bmp", 9, 8),
        (_WEBP, "webp", 11, 12),
    ],
)
def test_info_of_sound_pictures(
    sim: Running, bucket: Any, data: bytes, file_format: str, width: int, height: int
) -> None:
    bucket.put_object("picture", data)
    info = _info(bucket, "picture")
    assert info == {
        "FileSize": {"value": str(len(data))},
        "Format": {"value": file_format},
        "ImageHeight": {"value": str(height)},
        "ImageWidth": {"value": str(width)},
    }


@pytest.mark.parametrize(
    "data",
    [
        _png()[:-6],
        _jpeg()[:-2],
        _jpeg()[:15],
        _GIF[:-1],
        _BMP[:40],
        _WEBP[:25],
        _png(0, 5),
        b"\xff\xd8\xff\xd9",
        bytes(4096),
        b"\xff\xd8\xff\xe0\xff\xff" + b"\xff\xd9",
        b"",
    ],
)
@pytest.mark.parametrize("process", ["image/info", "image/resize,w_100"])
def test_damaged_pictures(sim: Running, bucket: Any, data: bytes, process: str) -> None:
    bucket.put_object("p.jpg", data, headers={"Content-Type": "image/jpeg"})
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_object("p.jpg", process=process)
    error = refused.value
    assert (error.status, error.code, error.message) == (403, "ImageDamage", "The image file may be damaged.")
    assert bucket.get_object("p.jpg").read() == data


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"a text", 400, "BadRequest"),
        (_png(40000, 2), 400, "ImageTooLarge"),
        (_png(25000, 25000), 400, "ImageTooLarge"),
    ],
)
def test_what_is_wrong_without_damage(sim: Running, bucket: Any, data: bytes, status: int, code: str) -> None:
    bucket.put_object("file.txt", data)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        _info(bucket, "file.txt")
    assert (refused.value.status, refused.value.code) == (status, code)


def test_missing_frozen_and_huge_sources(sim: Running, bucket: Any) -> None:
    with pytest.raises(oss2.exceptions.NoSuchKey):
        _info(bucket, "nothing.jpg")
    bucket.put_object("cold.png", _png(), headers={"x-oss-storage-class": "Archive"})
    with pytest.raises(oss2.exceptions.ServerError) as frozen:
        _info(bucket, "cold.png")
    assert frozen.value.code == "InvalidObjectState"
    control(sim, "PUT", "buckets/examplebucket/objects/huge.png", {"size": 30_000_000})
    with pytest.raises(oss2.exceptions.ServerError) as huge:
        _info(bucket, "huge.png")
    assert huge.value.code == "ImageTooLarge"


@pytest.mark.parametrize("process", ["image/unknown", "image/", "image", "video/snapshot", "image/resize,w_1;rm", ""])
def test_unknown_processes_are_400(sim: Running, bucket: Any, process: str) -> None:
    bucket.put_object("p.png", _png())
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.get_object("p.png", params={"x-oss-process": process})


def test_valid_process_answers_with_the_picture(sim: Running, bucket: Any) -> None:
    bucket.put_object("p.png", _png())
    assert bucket.get_object("p.png", process="image/resize,m_fixed,w_100/quality,q_80").read() == _png()


def test_older_good_version_can_be_copied_over_a_damaged_one(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    good = bucket.put_object("p.png", _png()).versionid
    bucket.put_object("p.png", _png()[:-9])
    assert json.loads(bucket.get_object("p.png", process="image/info", params={"versionId": good}).read())
    bucket.copy_object("examplebucket", "p.png", "p.png", params={"versionId": good})
    assert _info(bucket, "p.png")["Format"] == {"value": "png"}
    assert len(bucket.list_object_versions().versions) == 3
