"""A configuration -> its state, opened for work, for reading, or to leave a word: a directory, or a shared database.

The two are store.py and postgres.py, and nobody else chooses between them.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from ossmend.config.model import Config, StateConfig
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal.store import DATABASE, Store, is_there, open_store, open_to_read, state_directory

if TYPE_CHECKING:
    from ossmend.daemon.journal.moving import Moved


def to_work(config: Config, *, dry_run: bool) -> Store:
    """For `run` and `once`. Raises StateLocked, StateUnavailable."""
    directory = state_directory(config, dry_run=dry_run)
    if config.state.database is None:
        return open_store(directory, exclusive=True)
    from ossmend.daemon.journal.postgres import Address, open_node

    return open_node(Address.of(config.state, dry_run=dry_run), directory, config.state.node)


def to_read(config: Config, *, dry_run: bool) -> Store:
    """For who only reads. Raises StateUnavailable."""
    directory = state_directory(config, dry_run=dry_run)
    if config.state.database is None:
        return open_to_read(directory)
    from ossmend.daemon.journal.postgres import Address, open_beside

    return open_beside(Address.of(config.state, dry_run=dry_run), directory)


def to_answer(config: Config) -> Store:
    """For a person's word, beside whoever works. Raises StateUnavailable."""
    directory = state_directory(config, dry_run=False)
    if config.state.database is None:
        return open_store(directory, exclusive=False)
    from ossmend.daemon.journal.postgres import Address, open_beside

    return open_beside(Address.of(config.state, dry_run=False), directory)


def move(config: Config, url: str, *, dry_run: bool) -> Moved:
    """The SQLite state of a configuration into the database at that URL, which has to be empty. Raises ValueError,
    StateLocked, StateUnavailable.
    """
    from ossmend.daemon.journal.moving import move as rows
    from ossmend.daemon.journal.postgres import Address, host_of, open_beside, open_node

    directory = state_directory(config, dry_run=dry_run)
    if config.state.database is not None:
        raise StateUnavailable("state.url is a PostgreSQL database already")
    if not is_there(directory / DATABASE):
        raise StateUnavailable(f"there is no state in {directory}")
    address = Address.of(StateConfig(url=url), dry_run=dry_run)
    with closing(open_store(directory, exclusive=True)) as source:
        open_node(address, directory, None).close()  # begins the schema
        with closing(open_beside(address, directory)) as target:
            local = [entry.name for entry in config.sources if entry.given.local]
            return rows(source, target, url, local, host_of(config.state))


def place(config: Config, *, dry_run: bool) -> str:
    """Where the state is, to be compared: it cannot change while running."""
    return f"{config.state.database or ''} {state_directory(config, dry_run=dry_run)}"
