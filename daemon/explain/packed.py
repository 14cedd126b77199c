"""Bytes that somebody gives to explain -> the bytes of the text: what a rotation has packed is a log all the same."""

from __future__ import annotations

from io import BytesIO
from typing import Protocol

CHUNK = 64 * 1024
OTHERS = {b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"7z\xbc\xaf\x27\x1c": "7z", b"\x04\x22\x4d\x18": "lz4"}


class _Packed(Protocol):
    def read(self, size: int, /) -> bytes: ...


class PackedOtherwise(ValueError):
    """It is packed in a way that nothing here unpacks, or is broken: the sentence says which."""


def unpacked(data: bytes, most: int) -> bytes:
    """About so many bytes at most of what is packed by gzip, bzip2 or xz; any other bytes as they are. Of a file that
    is cut off what is there. Raises PackedOtherwise.
    """
    for magic, name in OTHERS.items():
        if data.startswith(magic):
            raise PackedOtherwise(f"is packed by {name}: unpack it first")
    opened = _opened(data)
    if opened is None:
        return data
    packed, broken = opened
    found = bytearray()
    try:
        while len(found) < most and (chunk := packed.read(CHUNK)):
            found += chunk
    except EOFError:
        pass  # cut off: the part before may have what is looked for
    except broken as error:
        if not found:
            raise PackedOtherwise(f"cannot be unpacked: {error}") from error
    return bytes(found)


def _opened(data: bytes) -> tuple[_Packed, tuple[type[Exception], ...]] | None:
    """What reads it, and what that raises where it is broken. Loaded when there is something to unpack."""
    if data.startswith(b"\x1f\x8b\x08"):
        import gzip
        import zlib

        return gzip.GzipFile(fileobj=BytesIO(data)), (zlib.error, OSError)
    if data.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(BytesIO(data)), (OSError, ValueError)
    if data.startswith(b"\xfd7zXZ\x00"):
        import lzma

        return lzma.LZMAFile(BytesIO(data)), (lzma.LZMAError,)
    return None
