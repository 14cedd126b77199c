"""Bytes as they stand in a file -> bytes in UTF-8 that blocks are looked for in, and places in one as places in the
other.

Only UTF-16 needs it: everything else is looked at as it is. Next: taking.py.
"""

from __future__ import annotations


class Raw:
    """Some bytes of a file."""

    def __init__(self, data: bytes, encoding: str | None) -> None:
        self._bytes = data
        self._encoding = encoding
        self.data = data if encoding is None else _narrow(data, encoding)

    def in_file(self, place: int) -> int:
        """How many bytes of the file are before this place of `data`."""
        if self._encoding is None:
            return place
        return len(self.data[:place].decode("utf-8", "surrogatepass").encode(self._encoding, "surrogatepass"))

    def in_data(self, place: int) -> int:
        """The other way round."""
        place = max(place, 0)
        return place if self._encoding is None else len(_narrow(self._bytes[:place], self._encoding))


def _narrow(data: bytes, encoding: str) -> bytes:
    whole = data[: len(data) // 2 * 2]
    return whole.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
