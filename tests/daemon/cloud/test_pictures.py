"""Bytes that are pictures, and bytes that are not; none of them, however hostile, raises or decodes a bomb."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ossmend.daemon.cloud.ask.pictures import FETCH_CAP, look, too_large

image = pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")


def made(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    image.radial_gradient("L").resize(size).convert("RGB").save(out, kind)
    return out.getvalue()


KINDS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP")


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_picture_is_good_and_measured(kind: str) -> None:
    found = look(made(kind), expected=0, checksum=None)
    assert (found.verdict, found.width, found.height, found.intact) == ("good", 64, 48, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_half_a_picture_is_not_good(kind: str, kept: float) -> None:
    data = made(kind)
    found = look(data[: int(len(data) * kept)], expected=0, checksum=None)
    assert found.verdict in ("truncated", "damaged")


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", "empty"),
        (b"\0" * 1000, "zeros"),
        (b"hello, world", "not-an-image"),
        (b"<html><body>login</body></html>", "not-an-image"),
        (b"PK\x03\x04" + b"x" * 50, "not-an-image"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported"),
        (b"8BPS\0\1" + b"x" * 50, "unsupported"),
        (b"\0\0\0\x18ftypheic" + b"x" * 50, "unchecked"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(data: bytes, verdict: str) -> None:
    assert look(data, expected=len(data), checksum=None).verdict == verdict


def test_fewer_bytes_than_were_promised_are_a_truncated_answer() -> None:
    data = made("BMP")
    assert look(data, expected=len(data) + 1, checksum=None).verdict == "truncated"


def test_the_checksum_tells_a_damaged_object_from_a_damaged_answer() -> None:
    data = made("PNG")
    assert look(data, expected=0, checksum="1").intact is False
    assert look(b"123456789", expected=0, checksum="11051210869376104954").intact is True  # the CRC-64's check value


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is that large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("size", "verdict"),
    [
        ((40_000, 10), "too-large"),
        ((20_000, 20_000), "too-large"),
        ((9_000, 9_000), "unchecked"),
        ((15_000, 15_000), "unchecked"),
    ],
)
def test_a_bomb_is_measured_and_not_decoded(size: tuple[int, int], verdict: str) -> None:
    assert look(bomb(*size), expected=0, checksum=None).verdict == verdict


def test_a_file_beyond_the_limit_is_too_large_unseen() -> None:
    assert too_large(FETCH_CAP + 1).verdict == "too-large"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_no_bytes_whatsoever_raise(kind: str, data: st.DataObject) -> None:
    whole = bytearray(made(kind, (16, 16)))
    for _ in range(data.draw(st.integers(0, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    assert look(bytes(whole), expected=0, checksum=None).verdict
