"""Turns `x-oss-process=image/...` into the size of a picture, or into what is wrong with it.

Far enough for the ImageDamage family: formats are recognised by their first bytes, sizes read from their headers, and
a picture that stops early is damaged. Nothing is rendered: a valid operation on a sound picture answers with the
picture as it is. Which damage is 403 ImageDamage and which 400 is only partly documented; ours: recognised but cut
off or with a broken header, or said to be an image and nothing we recognise, is ImageDamage; content of another type
is 400 BadRequest.
"""

from __future__ import annotations

import json
import re
import struct

from ossmend.simulator.oss import refusals, styles
from ossmend.simulator.oss.call import Call
from ossmend.simulator.oss.metadata import describe
from ossmend.simulator.state import ObjectVersion
from ossmend.simulator.wire import Refusal, Response

_LARGEST_FILE = 20 * 1024 * 1024
_LARGEST_SIDE = 30000
_MOST_PIXELS = 250_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_OPERATION = re.compile(r"[a-z][a-z-]*(?:,[A-Za-z0-9_=.\-#]+)*\Z")
_OPERATIONS = frozenset(
    "info resize crop circle indexcrop rounded-corners auto-orient rotate blur bright sharpen contrast quality format "
    "interlace watermark average-hue".split()
)


class _Damaged(Exception):
    """A picture that cannot be decoded to its end."""


def process(call: Call, version: ObjectVersion, text: str) -> Response:
    """GetObject with a process: only the image family is simulated, by itself or in a style."""
    call.log_operation = "ProcessImage"
    kind, _, steps = text.partition("/")
    if kind == "style":
        text = styles.find(call, steps).content
        kind, _, steps = text.partition("/")
    if kind != "image":
        raise refusals.invalid_argument("Process is invalid.", "x-oss-process", text)
    names = [step.partition(",")[0] for step in steps.split("/")]
    for step, name in zip(steps.split("/"), names, strict=True):
        if name not in _OPERATIONS or not _OPERATION.match(step):
            raise refusals.invalid_argument("Image process is invalid.", "x-oss-process", text)
    if "info" in names:
        call.log_operation = "get_image_info"
    if version.size > _LARGEST_FILE:
        raise Refusal(400, "ImageTooLarge", "The image file exceeds the maximum size.", "0040-00000003")  # EC ours
    data = version.content.read(0, version.size)
    file_format, width, height = _measure(version, data)
    if max(width, height) > _LARGEST_SIDE or width * height > _MOST_PIXELS:
        raise Refusal(
            400, "ImageTooLarge", "The image exceeds the maximum number of pixels.", "0040-00000004"
        )  # EC ours
    if "info" in names:
        fields = {"FileSize": version.size, "Format": file_format, "ImageHeight": height, "ImageWidth": width}
        body = json.dumps({name: {"value": str(value)} for name, value in fields.items()}).encode()
        return Response(200, {"Content-Type": "application/json"}, body)
    headers = describe(call.cloud, call.bucket, version)
    for name in ("Content-MD5", "x-oss-hash-crc64ecma"):
        headers.pop(name, None)
    return Response(200, headers, data)


def _measure(version: ObjectVersion, data: bytes) -> tuple[str, int, int]:
    try:
        return _recognise(version, data)
    except (_Damaged, struct.error, IndexError):
        # The EC is ours: UNCONFIRMED.
        raise Refusal(403, "ImageDamage", "The image file may be damaged.", "0040-00000001") from None


def _recognise(version: ObjectVersion, data: bytes) -> tuple[str, int, int]:
    for read in (_png, _jpeg, _gif, _webp, _bmp):
        measured = read(data)
        if measured is not None:
            return measured
    if (version.header("content-type") or "").startswith("image/"):
        raise _Damaged
    raise Refusal(400, "BadRequest", "The source image format is not supported.", "0040-00000005")


def _png(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(_PNG):
        return None
    if data[12:16] != b"IHDR" or b"IEND\xaeB`\x82" not in data[-16:]:
        raise _Damaged
    width, height = struct.unpack(">II", data[16:24])
    return _sound("png", width, height)


def _sound(file_format: str, width: int, height: int) -> tuple[str, int, int]:
    if width == 0 or height == 0:
        raise _Damaged
    return file_format, width, height


def _jpeg(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise _Damaged
    position = 2
    while True:
        if data[position] != 0xFF:
            raise _Damaged
        marker = data[position + 1]
        if marker in (0x01, 0xD8) or 0xD0 <= marker <= 0xD7 or marker == 0xFF:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in (0xD9, 0xDA):
            raise _Damaged
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return _sound("jpg", width, height)
        position += 2 + length


def _gif(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith((b"GIF87a", b"GIF89a")):
        return None
    if not data.endswith(b"\x3b"):
        raise _Damaged
    width, height = struct.unpack("<HH", data[6:10])
    return _sound("gif", width, height)


def _webp(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(b"RIFF") or data[8:12] != b"WEBP":
        return None
    if len(data) < struct.unpack("<I", data[4:8])[0] + 8:
        raise _Damaged
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (size & 0x3FFF for size in struct.unpack("<HH", data[26:30]))
    else:
        raise _Damaged
    return _sound("webp", width, height)


def _bmp(data: bytes) -> tuple[str, int, int] | None:
    if not data.startswith(b"BM"):
        return None
    size, width, height = struct.unpack("<I", data[2:6])[0], *struct.unpack("<ii", data[18:26])
    if len(data) < size:
        raise _Damaged
    return _sound("bmp", abs(width), abs(height))
