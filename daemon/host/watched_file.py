"""A file's path -> whether what it leads to has changed since it was last read, for `ossmend run --watch-config`.

In a pod nobody sends SIGHUP. Kubernetes swaps a ConfigMap by renaming the link `..data`, above the file: a watch on the
file itself hears nothing of that, and a file's own `lstat` stays as it was. So the path is asked by `os.stat`, which
follows links, every PERIOD. What has changed must look the same twice before it is told: a file that is still being
copied would be half a configuration, and half of a list is often good YAML. Next: app.py, which reads it again.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

PERIOD = timedelta(seconds=2)

Look = tuple[int, int, int, int]


class WatchedFile:
    """One path, and how it looked when it was read. Used by one thread."""

    def __init__(self, path: Path) -> None:
        """To be made before the file is read: what changes while it is read must be seen as a change."""
        self._path = path
        self._read = self._before = self._look()

    def has_changed(self) -> bool:
        """Has it become something else, and stayed so since the last question? Told once for each change."""
        now = self._look()
        settled, self._before = now == self._before, now
        if now is None or now == self._read or not settled:  # None: it is gone for the moment of a swap, or for good
            return False
        self._read = now
        return True

    def _look(self) -> Look | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - the point is that it follows links; Path.stat hides that
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
