"""An event of a block that may still grow -> is it whole, so that nothing that comes can change what is done about it?

Then it is passed on at once, and does not wait for lines that may never come. The block itself waits as ever: what is
read of it in the end is compared with what was passed on (`Place.passed`), and only what is new is passed on, too.
parsing.py asks this.
"""

from __future__ import annotations

from ossmend.daemon.sources.parsers.reading import OSS_ID
from ossmend.remediators.contract.case import Event, Origin

SURE = (Origin.BODY, Origin.REQUEST)
"""OSS's answer and the refused request: what a later line says in prose or in a field is believed less."""
PARTS = ("code", "request_id", "bucket", "key")


def is_whole(event: Event) -> bool:
    """An id of OSS's own, so that the same event is known again whatever happens to this process; and each part of it
    from where nothing better can come.
    """
    if event.readings or OSS_ID.fullmatch(event.request_id or "") is None:
        return False
    return all(event.origins.get(part) in SURE for part in PARTS)
