"""How wide what we print may be -> columns; None where nobody has said so: then a line stays whole.

shutil answers the same, but brings four compressors along. Asked by explain/paper.py and commands/common.py.
"""

from __future__ import annotations

import os


def columns() -> int | None:
    """What COLUMNS says, also for a pipe or a file; else the terminal's own width."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(1).columns or None
    except OSError:  # no terminal
        return None
