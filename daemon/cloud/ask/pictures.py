"""Bytes of an object -> is it a picture, and a whole one? Pure looking; nothing is kept and nothing is rendered.

Pillow decodes, where it is installed (the extra `images`); without it only first and last bytes are looked at, and a
picture that seems whole is `unchecked`. Limits are OSS's own for image processing (docs/facts.md#images).
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from importlib import import_module
from typing import Any

from oss2.utils import Crc64

from ossmend.remediators.contract.answers import ImageCheck, Picture

FETCH_CAP = 20 * 1024 * 1024
"""Bytes: OSS processes no larger source, so there is never a reason to fetch more."""
LARGEST_SIDE, MOST_PIXELS = 30_000, 250_000_000
DECODED_PIXELS = 64_000_000
"""More are not decoded here: 64 million are 256 MB for a moment. OSS's own word has to do for those."""
warnings.filterwarnings("ignore", module=r"PIL\.")
"""It warns on stderr about odd metadata, in words of its own; what matters comes as an error."""
_ONE_AT_A_TIME = threading.Lock()
"""Decoding takes memory by the picture, not by the thread."""

_FORMATS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
)
_UNSUPPORTED: tuple[tuple[bytes, str], ...] = (
    (b"8BPS", "PSD"),
    (b"\0\0\1\0", "ICO"),
    (b"<svg", "SVG"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"%!PS", "EPS"),
)
_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b"\x3b"}
_BROKEN = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers raise for files that are not what they say: it documents OSError, and files are hostile."""


def too_large(size: int) -> ImageCheck:
    """A file that OSS would not process, whatever is in it."""
    says = f"it has {size:,} bytes; OSS processes images of at most {FETCH_CAP:,}"
    return ImageCheck(verdict="too-large", says=says, size=size)


def look(data: bytes, *, expected: int, checksum: str | None) -> ImageCheck:
    """`expected` is the length that HEAD told, `checksum` OSS's CRC-64 of the stored bytes."""
    intact = None if not checksum else str(_crc64(data)) == checksum
    kind = _format(data)
    verdict, says, width, height = _judge(data, kind, expected)
    return ImageCheck(
        verdict=verdict, says=says, format=kind or "", size=len(data), width=width, height=height, intact=intact
    )


def _judge(data: bytes, kind: str | None, expected: int) -> tuple[Picture, str, int, int]:
    if not data:
        return "empty", "the object is empty", 0, 0
    if not data.strip(b"\0"):
        return "zeros", f"all {len(data):,} bytes are zero", 0, 0
    if kind is None:
        return *_no_picture(data), 0, 0
    if len(data) < expected:
        return "truncated", f"{len(data):,} of {expected:,} bytes were sent", 0, 0
    end = _ENDS.get(kind)
    if end is not None and end not in data.rstrip(b"\0")[-64:]:
        return "truncated", f"it begins as {kind} and has no end of one: the upload was cut off", 0, 0
    return _decoded(data, kind)


def _no_picture(data: bytes) -> tuple[Picture, str]:
    head = data[:256].lstrip().lower()
    for magic, name in _UNSUPPORTED:
        if data.startswith(magic) or (magic == b"<svg" and b"<svg" in head):
            return "unsupported", f"its first bytes are those of {name}, which OSS does not process"
    return "not-an-image", f"its first bytes are no image's: {data[:8].hex(' ')}"


def _format(data: bytes) -> str | None:
    for magic, name in _FORMATS:
        if data.startswith(magic):
            return name
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        return "AVIF"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"hevc"):
        return "HEIC"
    return None


def _decoded(data: bytes, kind: str) -> tuple[Picture, str, int, int]:
    pillow: Any
    try:
        pillow = import_module("PIL.Image")
    except ImportError:
        return "unchecked", f"it begins and ends as {kind}; decoding it needs ossmend[images]", 0, 0
    pillow.MAX_IMAGE_PIXELS = None  # Pillow's own limit is below OSS's: it would call a picture too large that is not
    width = height = 0
    try:
        with _ONE_AT_A_TIME, pillow.open(io.BytesIO(data)) as image:
            width, height = image.size
            if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
                limit = f"{LARGEST_SIDE} a side and {MOST_PIXELS:,} in all"
                return "too-large", f"it has {width} x {height} pixels; the limit is {limit}", width, height
            if width * height > DECODED_PIXELS:
                return "unchecked", f"{width} x {height} pixels: too many to decode here", width, height
            image.load()
    except pillow.UnidentifiedImageError:
        if kind in ("HEIC", "AVIF"):
            return "unchecked", f"it begins as {kind}, for which there is no decoder here", 0, 0
        return "damaged", f"it begins as {kind} and cannot be decoded", 0, 0
    except _BROKEN as broken:
        what: Picture = "truncated" if "truncat" in str(broken).lower() else "damaged"
        return what, f"it begins as {kind} and cannot be decoded to its end", width, height
    return "good", f"it decodes as {kind} of {width} x {height} pixels", width, height


def _crc64(data: bytes) -> int:
    crc = Crc64()
    crc.update(data)
    return int(crc.crc)
