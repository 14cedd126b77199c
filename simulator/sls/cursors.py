"""Turns a position into the text that clients carry about, and back into a place in a shard; shards.py asks."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from ossmend.simulator.sls.call import SlsError, invalid

if TYPE_CHECKING:
    from ossmend.simulator.log_store import Shard

_DIGITS: Final = re.compile(rb"\d{1,20}\Z")


def written(position: int) -> str:
    """A cursor: base64 of the number, as in real samples."""
    return base64.b64encode(str(position).encode()).decode("ascii")


def read(text: str, shard: Shard) -> int:
    """The position that a cursor means; refused where the shard has it no more, or never had it."""
    try:
        # the SDK's own helper ends some of its cursors with a line feed
        digits = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error):
        digits = b""
    if not _DIGITS.match(digits):
        raise invalid("Parameter Cursor is not valid")
    position = int(digits)
    if not shard.first <= position <= shard.next:
        raise SlsError(400, "InvalidCursor", "this cursor is invalid")
    return position
