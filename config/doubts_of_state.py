"""Of the state in a configuration, and of its file: may who checks it work there, and who else may? For doubts.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ossmend.config.model import Config
from ossmend.config.problems import Doubt, file_name
from ossmend.config.rights import denied, meant_for_all, open_to_all, usable


def of(config: Config, file: str, *, of_service: bool) -> Iterator[Doubt]:
    """All of them."""
    yield from _closed(config, of_service=of_service)
    everybody = "every user of this machine may"
    if open_to_all(Path(file)):
        said = (
            f"{everybody} change this file, and with it what is written in the cloud: chmod o-w {file_name(Path(file))}"
        )
        yield ("version",), said, None
    path = config.state.path
    if config.state.database is None and open_to_all(path):
        cure = "name a directory of its own" if meant_for_all(path) else f"chmod o-w {file_name(path)}"
        said = f"{everybody} write there, and so make ossmend forget or believe anything: {cure}"
        yield ("state", "path"), said, None


def _closed(config: Config, *, of_service: bool) -> Iterator[Doubt]:
    """Whoever checks a file of his own, where its state is already, runs it, too. The service's file is checked by
    others, to whom its state is closed; and where nothing is yet, the file may be meant for another machine.
    """
    path = config.state.path
    if of_service or config.state.database is not None or not os.path.lexists(path) or usable(path):
        return
    yield ("state", "path"), f"`ossmend run` will end here: {denied(path, 'name another directory')}", None
