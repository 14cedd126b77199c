"""Access-log objects of a bucket -> their listing, and their bytes as they stream in. For sources/access_log.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ossmend.daemon.cloud.ask.reads import PAGE, Reads
from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire.errors import NoAnswer, of_read
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators.contract.verdict import Refused


@dataclass(frozen=True, slots=True)
class LogObject:
    """One object of access-log lines."""

    key: str
    size: int
    etag: str


class LogReader:
    """Lists and streams. Reads whatever bucket it is told; the permission to do so is the reader's only limit."""

    def __init__(self, oss: Oss, reads: Reads) -> None:
        self._oss = oss
        self._reads = reads

    def list(self, bucket: str, prefix: str, start_after: str, max_keys: int) -> Sequence[LogObject]:
        """Objects whose names sort after `start_after`; fewer than `max_keys` only at the end."""
        found: list[LogObject] = []
        while len(found) < max_keys:
            page = self._reads.page(bucket, prefix, start_after, min(max_keys - len(found), PAGE))
            found += [LogObject(row.key, row.size, row.etag or "") for row in page.rows]
            if not page.truncated or not page.rows:
                break
            start_after = page.rows[-1].key
        return found

    def open(self, bucket: str, key: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes from `offset` to the end, in blocks; none if there are none. Raises TryAgain, Refused.

        A stream that breaks off raises TryAgain: whoever counts the bytes asks again from where it stopped.
        """
        if not wire.possible_bucket(bucket) or not wire.possible_key(key):
            raise Refused("GetObject", "NoSuchKey", "no object can be called this")
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        try:
            answer = self._oss.asked(lambda: self._oss.call("GET", bucket, key, headers=headers))
        except Refused as refused:
            if refused.status == 416:
                return
            raise
        skip = offset if offset and answer.status == 200 else 0  # a range that was not honoured
        try:
            for block in answer.download():
                if len(block) > skip:
                    yield block[skip:]
                skip = max(0, skip - len(block))
        except NoAnswer as lost:
            raise of_read(lost) from None
        finally:
            answer.close()
