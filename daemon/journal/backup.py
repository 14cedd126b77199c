"""The state -> one file, whole, while the daemon works on it.

The copy is a database of its own, without a write-ahead log beside it: putting it back is putting one file back
(docs/operations.md). Nothing is ever written over: an older backup is the one that somebody may need.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.store import DATABASE, NO_STATE, copy_database, is_there

ENDING = ".part"
"""What a backup is called until it is whole."""


def back_up(directory: Path, to: Path) -> int:
    """Copy the state in `directory` to the file `to`, readable by its owner alone; how many bytes it has.

    Raises StateUnavailable where there is no state, where the file exists already, or cannot be written.
    """
    database = directory / DATABASE
    part = to.with_name(to.name + ENDING)
    try:
        if not is_there(database):
            raise StateUnavailable(NO_STATE.format(directory))
        if to.exists():
            raise StateUnavailable(f"{to} exists already: name a file that does not")
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy_database(database, part)
        _as_one_file(part)
        part.rename(to)
        return to.stat().st_size
    except OSError as error:
        raise StateUnavailable(f"{to}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _as_one_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE")
