"""YAML text -> plain values, with the place of each, and everything that is wrong with the text itself.

The text is composed to nodes, not loaded to objects: nodes know their line and column. Scalars are read by YAML 1.2's
core schema, so that `22:00`, `no` and `0777` are what they look like. What could surprise a reader or grow without
bounds (doubled keys, merge keys, anchors, tags, deep nesting) is refused; `!secret NAME` is the only tag there is.
load.py goes on with the values.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from ossmend.config.problems import Problem, Where, dotted, file_name, printable
from ossmend.remediators.contract.light import regex

MOST_DEPTH = 20
"""The model needs 6. Composing is recursive, so this also keeps the stack small."""
MOST_SAID = 1000
MOST_SECRET_BYTES = 64 * 1024
TOO_DEEP = "nested too deeply"
REFUSED = "!refused"
"""Tag of a node that stands for one already complained about."""


@dataclass(slots=True)
class Document:
    """One text, read as far as it could be."""

    file: str
    values: Any = None
    """Mappings are dicts, sequences tuples; None where the text could not be read at all."""
    problems: list[Problem] = field(default_factory=list)
    refused: set[Where] = field(default_factory=set)
    """Values that were complained about already: what else is said about them is noise."""
    values_at: dict[Where, yaml.Mark] = field(default_factory=dict)
    keys_at: dict[Where, yaml.Mark] = field(default_factory=dict)

    def complain(self, where: Where, message: str, suggestion: str | None = None, *, key: bool = False) -> None:
        """At the value of `where` (or, where that is a mapping or absent, at its key), else at what is around it."""
        self.complain_at(self._mark(where, key=key), where, message, suggestion)

    def complain_at(self, mark: yaml.Mark | None, where: Where, message: str, suggestion: str | None = None) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        # words of the file are printed by whoever puts them into a message; this is for the one who forgets
        said, meant = printable(message, MOST_SAID), printable(suggestion) if suggestion else None
        self.problems.append(Problem(self.file, line, column, dotted(where), said, meant))

    def told(self, where: Where) -> bool:
        """Was this, or what it is in, complained about so that nothing more need be said?"""
        return any(where[:length] in self.refused for length in range(len(where) + 1))

    def _mark(self, where: Where, *, key: bool) -> yaml.Mark | None:
        for length in range(len(where), -1, -1):
            near = where[:length]
            if near in self.keys_at and (key or near not in self.values_at or isinstance(self.at(near), (dict, tuple))):
                return self.keys_at[near]
            if near in self.values_at:
                return self.values_at[near]
        return None

    def at(self, where: Where) -> Any:
        """The value there; None if there is none."""
        found = self.values
        for part in where:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found


def read(text: str, file: str, environment: Mapping[str, str] = os.environ) -> Document:
    """Read a text; what is wrong with it is in `problems`."""
    document = Document(file_name(file))
    composer = _Composer(text, document)
    try:
        node = composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        document.complain_at(*_told(error))
        return document
    if node is None:
        document.complain_at(None, (), "is empty; the least is `version: 1` and `cloud: { region: cn-hangzhou }`")
        return document
    document.values = _Reading(document, environment).value(node, ())
    return document


def unreadable(text: str, file: str) -> Problem | None:
    """The first character that no YAML text may have (a control character, half of a pair), if there is one."""
    found = Reader.NON_PRINTABLE.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    return Problem(file_name(file), line, column, "", f"U+{ord(found[0]):04X} cannot stand in a YAML file")


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's composer, without its YAML 1.1 guesses about scalars, and with nothing that could grow."""

    def __init__(self, text: str, document: Document) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._document = document
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave the parser's methods out
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]  # see above
            name = printable(event.anchor or "")
            return self._refuse(event, f"*{name} is an alias, and these are not read; a pattern needs quotes")
        if event.anchor is not None:
            name = printable(event.anchor)
            self._refuse(event, f"&{name} is an anchor, and these are not read: write the value out")
            event.anchor = None
        if event.tag is not None and event.tag != "!secret":
            name = printable(event.tag)
            self._refuse(event, f"the tag {name} is not read: there is only !secret, and text needs quotes")
            event.tag, event.implicit = REFUSED, (False, False) if isinstance(event, yaml.ScalarEvent) else False
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise yaml.MarkedYAMLError(problem=TOO_DEEP, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, event: Any, message: str) -> yaml.ScalarNode:
        self._document.complain_at(event.start_mark, (), message)
        return yaml.ScalarNode(REFUSED, "", event.start_mark, event.end_mark)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Nodes -> values, noting where each stands."""

    document: Document
    environment: Mapping[str, str]

    def value(self, node: yaml.Node, where: Where) -> Any:
        self.document.values_at[where] = node.start_mark
        if node.tag == REFUSED:
            self.document.refused.add(where)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        if node.tag == "!secret":
            self._refuse(node, where, "!secret is followed by one name")
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.value(item, (*where, index)) for index, item in enumerate(node.value))
        return self._mapping(node, where)

    def _mapping(self, node: yaml.Node, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag in (REFUSED, "!secret"):
                if key_node.tag != REFUSED:
                    self.document.complain_at(key_node.start_mark, where, "a key is one plain word")
                continue
            key = key_node.value
            inner = (*where, key)
            if key == "<<" and key_node.style is None:
                self._say(key_node, where, "<< is a merge key, and merge keys are not read: write the settings out")
            elif key in found:
                first = self.document.keys_at[inner].line + 1
                self._say(key_node, inner, f"stands here a second time; the first is in line {first}")
            else:
                self.document.keys_at[inner] = key_node.start_mark
                found[key] = self.value(value_node, inner)
        return found

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        if node.tag == "!secret":
            return self._secret(node, where)
        value = node.value if node.style is not None else plain(node.value)
        if value is None and node.tag != REFUSED:
            # never a way to say "none": a line left unfinished must not release a brake
            self._refuse(node, where, "is empty; write a value, or leave the key out")
        return value

    def _secret(self, node: yaml.ScalarNode, where: Where) -> SecretStr | None:
        try:
            return SecretStr(_secret_of(node.value, self.environment.get("CREDENTIALS_DIRECTORY", "")))
        except ValueError as error:
            self._refuse(node, where, f"!secret {printable(node.value)}: {error}")
            return None

    def _say(self, node: yaml.Node, where: Where, message: str) -> None:
        self.document.complain_at(node.start_mark, where, message)

    def _refuse(self, node: yaml.Node, where: Where, message: str) -> None:
        self._say(node, where, message)
        self.document.refused.add(where)


# ---------------------------------------------------------------------------------------------- secrets and scalars


def _secret_of(name: str, directory: str) -> str:
    """One file of $CREDENTIALS_DIRECTORY, which systemd fills by LoadCredential=. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}", name):
        raise ValueError("a name has letters, digits, '.', '_' and '-', and no folders")
    load = f"LoadCredential={name}:/path/to/{name}"
    if not directory:
        raise ValueError(f"$CREDENTIALS_DIRECTORY is not set; in the unit, {load} sets it")
    path = Path(directory) / name
    try:
        with path.open("rb") as file:
            secret = file.read(MOST_SECRET_BYTES + 1).decode().removesuffix("\n").removesuffix("\r")
    except FileNotFoundError as error:
        raise ValueError(f"{path} does not exist; in the unit, {load} makes it") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None  # the error would carry the bytes along
    if not secret or len(secret) > MOST_SECRET_BYTES:
        raise ValueError(f"{path} is {'too large' if secret else 'empty'}")
    return secret


_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value in (True, False) for word in (str(value).lower(), str(value), str(value).upper())
}
_INTEGER = regex(r"[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40}")
"""Longer ones are left as text, which is then not the number somebody expected."""
_FLOAT = regex(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")


def plain(text: str) -> Any:
    """An unquoted scalar by YAML 1.2's core schema. `.inf` and `.nan` stay text: nothing here is infinite."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


# ----------------------------------------------------------------------------------------------------- syntax errors

_SYNTAX = (
    ("found character '\\t'", "a tab; YAML indents with blanks only"),
    ("mapping values are not allowed", 'a ":" that does not belong here: quote the value, or mind the indentation'),
    ("found unexpected end of stream", "this quote is never closed"),
    ("could not find expected ':'", 'expected ":" and a value after this key'),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("expected a single document", 'a second document begins here ("---"); one file is one configuration'),
    ("expected ',' or ']'", 'expected "," or "]"'),
    ("expected ',' or '}'", 'expected "," or "}"'),
)
"""(what PyYAML says, what it means to somebody who wrote the file)"""
_BEGINS = ("this quote is never closed", 'expected ":" and a value after this key')
"""Better shown where the trouble begins than where it was noticed."""


def _told(error: yaml.MarkedYAMLError) -> tuple[yaml.Mark | None, Where, str]:
    problem = f"{error.context or ''} {error.problem or ''}".strip()
    if "alias" in (error.context or "") or "anchor" in (error.context or ""):
        return error.context_mark or error.problem_mark, (), "* and & have a meaning in YAML: put the pattern in quotes"
    if error.problem == TOO_DEEP:
        return error.problem_mark, (), f"more than {MOST_DEPTH} levels deep: that is no configuration"
    for theirs, ours in _SYNTAX:
        if theirs in problem:
            mark = error.context_mark if ours in _BEGINS and error.context_mark is not None else error.problem_mark
            return mark, (), f"not YAML: {ours}"
    return error.problem_mark or error.context_mark, (), f"not YAML: {printable(error.problem or problem)}"
