"""A log that was packed by a rotation is explained like a plain one; what nobody here unpacks is said to be packed."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable

import pytest

from ossmend.daemon.explain.packed import CHUNK, PackedOtherwise, unpacked

TEXT = b"ERROR <Error><Code>AccessDenied</Code></Error>\n" * 20_000
PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}
each_kind = pytest.mark.parametrize("kind", PACK)


@each_kind
def test_what_is_packed_is_unpacked_also_in_several_pieces(kind: str) -> None:
    pack = PACK[kind]
    assert unpacked(pack(TEXT), 10**9) == TEXT
    assert unpacked(pack(b"one\n") + pack(b"two\n"), 10**9) == b"one\ntwo\n"


@each_kind
def test_no_more_is_unpacked_than_was_asked_for(kind: str) -> None:
    assert 1000 <= len(unpacked(PACK[kind](b"0" * 10**8), 1000)) <= CHUNK


def test_of_a_file_that_is_cut_off_what_is_there_is_told() -> None:
    whole = gzip.compress(TEXT, compresslevel=0)
    assert TEXT.startswith(found := unpacked(whole[: len(whole) // 2], 10**9))
    assert found


@each_kind
def test_what_is_broken_is_said_to_be(kind: str) -> None:
    packed = PACK[kind](TEXT)
    with pytest.raises(PackedOtherwise, match="cannot be unpacked: "):
        unpacked(packed[:10] + b"\xff" * 200, 10**9)


@pytest.mark.parametrize(("magic", "name"), [(b"\x28\xb5\x2f\xfd", "zstd"), (b"PK\x03\x04", "zip")])
def test_what_nobody_here_unpacks_is_named(magic: bytes, name: str) -> None:
    with pytest.raises(PackedOtherwise, match=f"is packed by {name}: unpack it first"):
        unpacked(magic + b"\0" * 100, 10**9)


@pytest.mark.parametrize("text", [b"", b"B", b"\x1f\x8b", b"PK is a word", b"\xff\xfeA\0", TEXT], ids=repr)
def test_any_other_bytes_stay_as_they_are(text: bytes) -> None:
    assert unpacked(text, 10) == text
