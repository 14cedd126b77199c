"""A YAML file -> Config, or every problem of it at once, each with file, line, column and the nearest right name.

file -> text (here) -> values with places (document.py) -> what does not go together (combinations.py) and what the
model refuses (complaints.py) -> Config (model.py). No value of a file ever ends in a traceback. What is legal and
surely not meant is doubts.py's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import ValidationError

from ossmend.config import combinations, complaints, document, state_alone
from ossmend.config.model import Config
from ossmend.config.problems import ConfigRefused, Doubt, Problem, file_name
from ossmend.config.punctuation import in_quotes, strange
from ossmend.config.rights import denied, user

Asked = Callable[[Config], Iterable[Doubt]]
"""What somebody who knows more than the file finds in it."""
HERE = "ossmend.yaml"
"""The file that `ossmend init` writes for whoever is not root."""
MOST_BYTES = 512 * 1024
"""A thousand policies are about 200 KiB."""


def load(path: Path) -> Config:
    """The configuration in a file. Raises ConfigRefused."""
    return load_text(_text(path), str(path))


def load_with_doubts(
    path: Path, *, refused: Asked = lambda _: (), doubted: Asked = lambda _: ()
) -> tuple[Config, tuple[Problem, ...]]:
    """The same, with what is legal and surely not meant (doubts.py). What the caller has found in the configuration
    besides, each with its place, is refused or doubted as well. Raises ConfigRefused.
    """
    from ossmend.config import doubts

    text, name = _text(path), str(path)
    config = load_text(text, name)
    found = document.read(text, name)
    if problems := doubts.placed(found, refused(config)):
        raise ConfigRefused(problems)
    return config, doubts.of(config, found, text, doubted(config))


def load_for_state(path: Path) -> tuple[Config, ConfigRefused | None]:
    """For who needs the state alone: a typo in a policy must not take `pause` away while the daemon goes on by what it
    has read before. What is wrong comes along; nothing of the file but its `state` counts then. Raises ConfigRefused
    where the typo could mean another state, or where the file is no YAML (state_alone.py).
    """
    text, name = _text(path), str(path)
    try:
        return load_text(text, name), None
    except ConfigRefused as refused:
        if (config := state_alone.surely(text, name)) is None:
            raise
        return config, refused


def guess_state(path: Path) -> Config | None:
    """Of a file that is refused, and does not say for sure where the state is: where it most likely is. To be believed
    only if somebody works there. None where not even that is told. Raises ConfigRefused where there is no text.
    """
    return state_alone.likely(_text(path), str(path))


def _text(path: Path) -> str:
    """What the file says. Raises ConfigRefused."""
    try:
        data = _bytes(path)
    except FileNotFoundError as error:
        raise ConfigRefused.of(path, _missing()) from error
    except IsADirectoryError as error:
        raise ConfigRefused.of(path, "is a directory; name the file in it") from error
    except PermissionError as error:
        raise ConfigRefused.of(path, denied(path, "name another file with --config")) from error
    except OSError as error:
        raise ConfigRefused.of(path, f"cannot be read by {user()}: {error.strerror}") from error
    except ValueError as error:  # a name with a NUL in it
        raise ConfigRefused.of(path, f"is not the name of a file: {error}") from error
    if len(data) > MOST_BYTES:
        raise ConfigRefused.of(path, f"is larger than {MOST_BYTES // 1024} KiB: that is no configuration")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode()
        line, column = good.count("\n") + 1, len(good) - good.rfind("\n")
        raise ConfigRefused([Problem(file_name(path), line, column, "", "is not UTF-8 from here on")]) from error


def _missing() -> str:
    """What to do without it: a file that `init` has left in this directory is most likely the one that was meant."""
    if os.path.isfile(HERE):  # noqa: PTH113  # Path's own raises
        return f"there is no such file, but there is an {HERE} here: --config {HERE}, or export OSSMEND_CONFIG={HERE}"
    return "there is no such file: `ossmend init` writes one; --config FILE or $OSSMEND_CONFIG name another"


def _bytes(path: Path) -> bytes:
    """What the file holds. A pipe or a device is never waited for: a daemon that reloads must go on."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123  # a handle, not a path
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError
        if not stat.S_ISREG(kind):
            raise ConfigRefused.of(path, "is no regular file; name a file")
        return file.read(MOST_BYTES + 1)


def load_text(text: str, name: str = "ossmend.yaml") -> Config:
    """The configuration in a text; complaints call it `name`. Raises ConfigRefused."""
    if (strange := document.unreadable(text, name)) is not None:
        raise ConfigRefused([strange])
    found = document.read(text, name)
    if found.problems and found.values is None:
        raise ConfigRefused(_with_signs(found, text))
    combinations.complain(found)
    try:
        config = Config.model_validate(found.values, strict=True)
    except ValidationError as error:
        complaints.complain(found, error)
        raise ConfigRefused(_with_signs(found, text)) from None  # its text repeats what is said better here
    if found.problems:
        raise ConfigRefused(_with_signs(found, text))
    return config.effective()


def _with_signs(found: document.Document, text: str) -> list[Problem]:
    """Complaints, and the signs of their lines that only look like YAML's: of these they speak, and cannot say so."""
    near = {problem.line - back for problem in found.problems for back in (0, 1)}
    quoted = in_quotes(text, found, {problem.path for problem in found.problems})
    return [*found.problems, *(each for each in strange(text, found.file) if each.line in near), *quoted]


__all__ = ["ConfigRefused", "Problem", "guess_state", "load", "load_for_state", "load_text", "load_with_doubts"]
