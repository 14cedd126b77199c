"""A state directory -> the sources that were begun there, by one look: without a store, and without what a store loads.

For `ossmend check`, which has to be quick and may be anybody's. What cannot be looked into is not known, and no
trouble: the command that works the state says what is wrong with it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

DATABASE = "ossmend.db"


def begun(directory: Path) -> frozenset[str] | None:
    """Names of sources that have a cursor; None where nobody can tell from here. No state yet is none."""
    path = directory / DATABASE
    try:
        path.stat()
        # without a log nobody works it, and SQLite would make one beside it only to read
        mode = "ro" if path.with_name(f"{DATABASE}-wal").exists() else "ro&immutable=1"
    except FileNotFoundError:
        return frozenset()
    except OSError:
        return None
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            return frozenset(name for (name,) in database.execute("SELECT DISTINCT source FROM cursors"))
    except sqlite3.Error:
        return None
