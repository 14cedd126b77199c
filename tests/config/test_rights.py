"""Who may not use a file is told whose it is and what to do."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ossmend.config.load import ConfigRefused, load, load_text
from ossmend.config.rights import denied, usable, user
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.host.stops import StateUnavailable
from ossmend.daemon.journal import opening, pause
from ossmend.daemon.journal.backup import back_up
from ossmend.daemon.journal.begun import begun
from ossmend.daemon.journal.store import open_store, open_to_read
from ossmend.daemon.sources.app_log import AppLog

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@contextmanager
def somebody_else() -> Iterator[None]:
    """This process without root's rights for a moment."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that everybody may enter, with one in it that only its owner may."""
    with tempfile.TemporaryDirectory(prefix="ossmend-rights-") as made:
        Path(made).chmod(0o755)
        (Path(made) / "state").mkdir(mode=0o700)
        yield Path(made)


def test_a_user_has_a_name_and_a_number_where_the_machine_knows_none() -> None:
    assert user(0) == "root"
    assert user(3_999_999_999) == "user 3999999999"


@as_root
@pytest.mark.parametrize("exclusive", [True, False])
def test_a_state_that_belongs_to_somebody_else_names_the_owner_and_the_cure(public: Path, exclusive: bool) -> None:
    directory = public / "state"
    with somebody_else(), pytest.raises(StateUnavailable) as trouble:
        open_store(directory, exclusive=exclusive)
    owner = f"belongs to {directory.owner()}: run this as {directory.owner()}, or set state.path in the configuration"
    assert str(trouble.value).startswith(f"{directory}: ")
    assert owner in str(trouble.value)


@as_root
def test_one_that_is_only_read_too(public: Path) -> None:
    with somebody_else(), pytest.raises(StateUnavailable, match="run this as root, or set state"):
        open_to_read(public / "state")


@as_root
def test_a_state_that_cannot_be_made_names_the_directory_above_it(public: Path) -> None:
    with somebody_else(), pytest.raises(StateUnavailable, match=f"for {public} belongs to root"):
        open_store(public / "new", exclusive=True)


@as_root
def test_a_configuration_that_only_its_owner_may_read_names_the_owner(public: Path) -> None:
    file = public / "o.yaml"
    file.write_text("version: 1\n", encoding="utf-8")
    file.chmod(0o600)
    with somebody_else(), pytest.raises(ConfigRefused, match="belongs to root: run this as root, or name another"):
        load(file)


@as_root
def test_a_state_that_is_copied_or_moved_too(public: Path) -> None:
    config = load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: {public}/state }}\n")
    for use in (
        lambda: back_up(public / "state", public / "copy.db"),
        lambda: opening.move(config, "postgresql://nobody@localhost/nothing", dry_run=False),
    ):
        with somebody_else(), pytest.raises(StateUnavailable, match="belongs to root: run this as root, or set state"):
            use()


@as_root
def test_a_file_that_pauses_is_not_seen_in_a_directory_that_may_not_be_looked_into(public: Path) -> None:
    (public / "state" / pause.FILE).touch()
    assert pause.file_in(public / "state") == str(public / "state" / pause.FILE)
    with somebody_else():
        assert pause.file_in(public / "state") is None


@as_root
@pytest.mark.parametrize("pattern", ["*.log", "a.log"])
def test_a_log_in_a_directory_that_may_not_be_looked_into_is_the_source_s_trouble(public: Path, pattern: str) -> None:
    (public / "state/app").mkdir()
    source = AppLog(f"{public}/state/app/{pattern}", "end", SystemClock())
    with somebody_else():
        assert "Permission denied" in str(source.read(None).trouble)


@as_root
def test_begun_sources_are_not_known_of_a_state_that_may_not_be_looked_into(public: Path) -> None:
    assert begun(public / "state") == frozenset()
    with somebody_else():
        assert begun(public / "state") is None


def test_the_owner_of_what_has_lost_its_rights_is_not_sent_to_himself(public: Path) -> None:
    assert "belongs to" not in denied(public / "state", "x")
    assert usable(public / "state")
