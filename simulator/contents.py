"""Turns sizes into contents that take no memory, and any content into its CRC-64; state.py's objects point here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import crcmod

from ossmend.simulator.wire import Content

_POLYNOMIAL = 0x142F0E1EBA9EA3693
_crc = crcmod.mkCrcFun(_POLYNOMIAL, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)
_REFLECTED = 0xC96C5795D7870F42


def crc64(data: bytes, previous: int = 0) -> int:
    """CRC-64/XZ (ECMA-182), the one in `x-oss-hash-crc64ecma`; pass the CRC of what came before to continue it."""
    return int(_crc(data, previous))


def _apply(matrix: tuple[int, ...], vector: int) -> int:
    result = 0
    for row in matrix:
        if not vector:
            break
        if vector & 1:
            result ^= row
        vector >>= 1
    return result


@lru_cache(maxsize=64)
def _zero_bytes_operator(power: int) -> tuple[int, ...]:
    """The linear map that feeding 2**power zero bytes has on the CRC register."""
    if power == 0:
        rows = []
        for bit in range(64):
            register = 1 << bit
            for _ in range(8):
                register = (register >> 1) ^ (_REFLECTED if register & 1 else 0)
            rows.append(register)
        return tuple(rows)
    half = _zero_bytes_operator(power - 1)
    return tuple(_apply(half, row) for row in half)


def crc64_of_zeros(size: int) -> int:
    """CRC of `size` zero bytes in O(log size): nobody waits for a terabyte that does not exist."""
    register = 0xFFFFFFFFFFFFFFFF
    power = 0
    while size:
        if size & 1:
            register = _apply(_zero_bytes_operator(power), register)
        size >>= 1
        power += 1
    return register ^ 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Stored:
    """Content somebody uploaded."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, end: int) -> bytes:
        return self.data[start:end]


@dataclass(frozen=True, slots=True)
class Zeros:
    """Content of which only the size was said: zero bytes, made when they are read."""

    size: int

    def read(self, start: int, end: int) -> bytes:
        return bytes(max(0, min(end, self.size) - start))


def digest(content: Content) -> tuple[str, int]:
    """ETag (upper-case MD5, without quotes) and CRC-64. The MD5 of zeros is a stand-in above 1 MiB: never computed."""
    if isinstance(content, Zeros):
        if content.size <= 1 << 20:
            md5 = hashlib.md5(bytes(content.size), usedforsecurity=False)
        else:
            md5 = hashlib.md5(f"{content.size} zero bytes".encode(), usedforsecurity=False)
        return md5.hexdigest().upper(), crc64_of_zeros(content.size)
    data = content.read(0, content.size)
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper(), crc64(data)
