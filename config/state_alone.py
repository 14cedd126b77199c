"""The text of a configuration that is refused -> where its state is: for `pause` and `status`, who need nothing else.

Whoever mends a file at night, while the daemon goes on by the one of before, must not lose the switch for it. `surely`
says it where no fault of the text can be about the state; `likely` where the text is no YAML at all.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from ossmend.config import document
from ossmend.config.document import Document
from ossmend.config.model import Config
from ossmend.config.problems import nearest
from ossmend.config.punctuation import strange
from ossmend.remediators.contract.light import regex

STATE = "state"
_SECTION = regex(r"^state[ \t]*:.*\n?(?:(?:[ \t#].*|[ \t]*)(?:\n|\Z))*", re.MULTILINE)
"""The section as a block: its key at the left, and what is further in behind it."""


def surely(text: str, name: str) -> Config | None:
    """The configuration with nothing but its state; None where a fault may be about it."""
    if document.unreadable(text, name) is not None:
        return None
    found = document.read(text, name)
    if not isinstance(found.values, dict) or _may_be_misspelt(found.values) or _is_at_fault(found, text):
        return None
    return _with(found.values.get(STATE, {}))


def likely(text: str, name: str) -> Config | None:
    """The same, of a text of which only that section can be read; without one, the state is where it is by default."""
    if document.unreadable(text, name) is not None:
        return None
    section = _SECTION.search(text)
    return surely(section[0], name) if section is not None else _with({})


def _with(state: Any) -> Config | None:
    try:
        alone = {"version": 1, "cloud": {"region": "cn-hangzhou"}, STATE: state}
        return Config.model_validate(alone, strict=True).effective()
    except ValidationError:
        return None


def _may_be_misspelt(values: dict[Any, Any]) -> bool:
    """May a key of the file, which is none, be meant as `state`?"""
    known = sorted(Config.model_fields)
    meant = [nearest(str(key), known) for key in values if key not in known]
    return STATE in meant or (STATE not in values and None in meant)


def _is_at_fault(found: Document, text: str) -> bool:
    """Is something wrong within the section, or is it there twice?"""
    if any(each.path.startswith(STATE) for each in found.problems) or any(at[:1] == (STATE,) for at in found.refused):
        return True
    begin = found.keys_at.get((STATE,))
    if begin is None:
        return False
    others = [mark.line for at, mark in found.keys_at.items() if len(at) == 1 and mark.line > begin.line]
    end = min(others, default=text.count("\n") + 1)
    return any(begin.line < each.line <= end for each in strange(text, found.file))
