"""What the log says of credentials; the log's library is loaded when there is something to say.

`check` and `ram-policy` open credentials and say nothing of them: they must not wait for what a console needs.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def logger() -> Any:
    import structlog

    return structlog.get_logger("ossmend.credentials")
