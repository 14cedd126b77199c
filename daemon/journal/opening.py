"""A configuration -> its state, opened for work, for reading, or to leave a word: a directory, or a shared database.

The two are store.py and postgres.py, and nobody else chooses between them.
"""

from __future__ import annotations

from ossmend.config.model import Config
from ossmend.daemon.journal.store import Store, open_store, open_to_read, state_directory


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


def place(config: Config, *, dry_run: bool) -> str:
    """Where the state is, to be compared: it cannot change while running."""
    return f"{config.state.database or ''} {state_directory(config, dry_run=dry_run)}"
