"""Of the state in a configuration: may who checks it work there? For doubts.py."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ossmend.config.model import Config
from ossmend.config.problems import Doubt
from ossmend.config.rights import denied, usable


def of(config: Config, *, of_service: bool) -> Iterator[Doubt]:
    """Whoever checks a file of his own, where its state is already, runs it, too. The service's file is checked by
    others, to whom its state is closed; and where nothing is yet, the file may be meant for another machine.
    """
    path = config.state.path
    if of_service or config.state.database is not None or not os.path.lexists(path) or usable(path):
        return
    yield ("state", "path"), f"`ossmend run` will end here: {denied(path, 'name another directory')}", None
