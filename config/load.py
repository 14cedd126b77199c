"""YAML text -> Config, with every complaint at its file, line and column; all of them at once.

The YAML is composed to nodes, not loaded to objects, so that each value keeps its place. Scalars are read as YAML 1.2
has them (`22:00` and `no` stay text), doubled keys, merge keys, anchors and foreign tags are refused, and `!secret
NAME` is the only tag. The plain values then go through the models of model.py.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ossmend.config.model import Config, Policy
from ossmend.remediators.access_forbidden import CorsSettings
from ossmend.remediators.contract import Remediator

MOST_BYTES = 1024 * 1024
MOST_DEPTH = 20

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. Lines and columns count from 1; 0 where the file could not be read at all."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"

    def as_dict(self) -> dict[str, str | int]:
        return {"file": self.file, "line": self.line, "column": self.column, "path": self.path, "message": self.message}


class ConfigRefused(Exception):
    """The configuration cannot be used; `problems` are all the reasons found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @classmethod
    def of(cls, file: Path | str, message: str) -> ConfigRefused:
        return cls((Problem(str(file), 0, 0, "", message),))


def load(path: Path) -> Config:
    """The configuration in a file. Raises ConfigRefused."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigRefused.of(path, f"cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise ConfigRefused.of(path, f"is larger than {MOST_BYTES // 1024} KiB: that is no configuration")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise ConfigRefused((Problem(str(path), line, column, "", "is not UTF-8"),)) from error
    return load_text(text, str(path))


def load_text(text: str, name: str = "ossmend.yaml") -> Config:
    """The configuration in a text; `name` is what complaints call it. Raises ConfigRefused."""
    reading = _Reading(name)
    values = reading.values(text)
    config = reading.model(values)
    if reading.problems:
        raise ConfigRefused(tuple(sorted(set(reading.problems), key=lambda each: (each.line, each.column, each.message))))
    assert config is not None  # no problem means a configuration
    return config


@dataclass(slots=True)
class _Reading:
    """One file on its way to a Config: where each value stands, and what is wrong with it."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    places: dict[Path_, yaml.Mark] = field(default_factory=dict)
    key_places: dict[Path_, yaml.Mark] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------ text -> values

    def values(self, text: str) -> Any:
        """Plain values of the document; complaints instead of what cannot be read."""
        try:
            for token in yaml.scan(text, Loader=yaml.SafeLoader):
                if isinstance(token, (yaml.AnchorToken, yaml.AliasToken)):
                    self._complain(token.start_mark, (), "anchors and aliases are not supported: write the value out")
                    return None
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            self._complain(error.problem_mark or error.context_mark, (), f"is not YAML: {error.problem or error.context}")
            return None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            self._complain(None, (), f"is not YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}")
            return None
        if node is None:
            self._complain(None, (), "is empty; start from the example: version, cloud, sources, policies")
            return None
        if not isinstance(node, yaml.MappingNode):
            self._complain(node.start_mark, (), "must be a mapping of settings (version: 1, cloud: ...)")
            return None
        return self._value(node, ())

    def _value(self, node: yaml.Node, path: Path_) -> Any:
        self.places[path] = node.start_mark
        if len(path) > MOST_DEPTH:
            self._complain(node.start_mark, path, "is nested too deeply")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)  # there are three kinds of nodes
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        if node.tag != "tag:yaml.org,2002:map":
            self._complain(node.start_mark, path, f"unknown tag {node.tag}; only !secret is known")
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._complain(key_node.start_mark, path, "a key must be plain text")
                continue
            key = key_node.value
            inner = (*path, key)
            if key == "<<" and key_node.style is None:
                self._complain(key_node.start_mark, path, "merge keys are not supported: write the settings out")
            elif key in found:
                first = self.key_places[inner]
                self._complain(key_node.start_mark, inner, f"stands here a second time (first in line {first.line + 1})")
            else:
                self.key_places[inner] = key_node.start_mark
                found[key] = self._value(value_node, inner)
        return found

    def _scalar(self, node: yaml.ScalarNode, path: Path_) -> Any:
        if node.tag == "!secret":
            return self._secret(node, path)
        if not node.tag.startswith("tag:yaml.org,2002:"):
            self._complain(node.start_mark, path, f"unknown tag {node.tag}; only !secret is known")
            return None
        return node.value if node.style is not None else _plain(node.value)

    def _secret(self, node: yaml.ScalarNode, path: Path_) -> str | None:
        """One file of $CREDENTIALS_DIRECTORY, which systemd fills from LoadCredential=."""
        directory = os.environ.get("CREDENTIALS_DIRECTORY")
        name = node.value
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or name in (".", ".."):
            self._complain(node.start_mark, path, f"!secret {name!r}: a name of letters, digits, '.', '_' and '-' is needed")
        elif not directory:
            self._complain(node.start_mark, path, f"!secret {name}: $CREDENTIALS_DIRECTORY is not set (LoadCredential= sets it)")
        else:
            try:
                return (Path(directory) / name).read_text(encoding="utf-8").strip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "is not UTF-8"
                self._complain(node.start_mark, path, f"!secret {name}: {Path(directory) / name}: {why}")
        return None

    # ------------------------------------------------------------------------------------------------ values -> model

    def model(self, values: Any) -> Config | None:
        """Validate; then what only the whole can tell. Returns None where there are problems."""
        if values is None:
            return None
        try:
            config = Config.model_validate(_with_default_mode(values), context={"places": True})
        except ValidationError as error:
            for details in error.errors(include_url=False, include_input=False):
                self._refused(details, values)
            return None
        if self.problems:
            return None
        for path, message in _contradictions(config):
            self._complain(self._place(path), path, message)
        return _with_stored_rules(config)

    def _refused(self, details: ErrorDetails, values: Any) -> None:
        path = tuple(part for part in details["loc"] if part != "[key]")
        if details["type"] == "extra_forbidden":
            message = f"unknown key{_did_you_mean(str(path[-1]), _keys_at(path[:-1]))}"
            self._complain(self.key_places.get(path) or self._place(path), path, message)
        elif details["type"] == "missing":
            self._complain(self._place(path[:-1]), path, "is missing")
        else:
            self._complain(self._place(path), path, _said(details))

    def _place(self, path: Path_) -> yaml.Mark | None:
        """Where a path stands, or its nearest parent that stands somewhere."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return None

    def _complain(self, mark: yaml.Mark | None, path: Path_, message: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        self.problems.append(Problem(self.file, line, column, _dotted(path), message))


# ------------------------------------------------------------------------------------------------------------- helpers

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,3})?")


def _plain(text: str) -> Any:
    """An unquoted scalar by YAML 1.2's core schema: `no`, `on` and `22:00` are text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _with_default_mode(values: Any) -> Any:
    """Give every policy without a mode the top-level one, and make a lone code a list of one."""
    if not isinstance(values, dict) or not isinstance(values.get("policies"), list):
        return values
    mode = values.get("mode", "dry-run")
    policies = []
    for policy in values["policies"]:
        if isinstance(policy, dict):
            on = policy.get("on")
            policy = {"mode": mode, **policy, **({"on": [on]} if isinstance(on, str) else {})}
        policies.append(policy)
    return values | {"policies": policies}


def _contradictions(config: Config) -> Iterator[tuple[Path_, str]]:
    """What is wrong although each value by itself is right."""
    names: dict[str, int] = {}
    for index, policy in enumerate(config.policies):
        if policy.name in names:
            yield ("policies", index, "name"), f"{policy.name!r} is the name of policies[{names[policy.name]}], too"
        names.setdefault(policy.name, index)
        yield from (((*("policies", index), *path), message) for path, message in _policy_contradictions(policy, config))
    limits = [(("brakes", "cost_per_day"), config.brakes.cost_per_day)]
    limits += [
        (("policies", str(index), "brakes", "cost_per_day"), policy.brakes.cost_per_day)
        for index, policy in enumerate(config.policies)
        if policy.brakes
    ]
    for path, money in limits:
        if money is not None and money.currency != config.prices.currency:
            yield path, f"is in {money.currency}, but the prices are in {config.prices.currency}"


def _policy_contradictions(policy: Policy, config: Config) -> Iterator[tuple[Path_, str]]:
    if not policy.on:
        yield ("on",), "names no code"
    for code in policy.on:
        if not re.fullmatch(r"[A-Za-z0-9.]+", code):
            yield ("on",), f"{code!r} is not an error code{_did_you_mean(code, Remediator.registry)}"
        elif code not in Remediator.registry and (near := _did_you_mean(code, Remediator.registry)):
            yield ("on",), f"{code!r} has no remediator{near}"
    sections = {Remediator.registry[code].section for code in policy.on if code in Remediator.registry}
    for name in ("restore", "cors", "key", "clock"):
        if getattr(policy, name) is not None and name not in sections:
            yield (name,), f"does not belong to {', '.join(policy.on)}"
    if policy.can_write and policy.match.is_empty:
        yield (
            ("match",),
            'must not be empty: this policy can write, and an empty match never means "all" (say bucket: "*" if you mean it)',
        )
    cors = policy.cors
    if cors is not None and cors.rule is not None and cors.rule not in config.cors_rules:
        yield ("cors", "rule"), f"there is no stored rule {cors.rule!r}{_did_you_mean(cors.rule, config.cors_rules)}"


def _with_stored_rules(config: Config) -> Config:
    """Put the stored rule itself beside its name."""
    policies = []
    for policy in config.policies:
        cors = policy.cors
        if isinstance(cors, CorsSettings) and cors.rule in config.cors_rules:
            stored = config.cors_rules[cors.rule].as_rule()
            policy = policy.model_copy(update={"cors": cors.model_copy(update={"stored": stored})})
        policies.append(policy)
    return config.model_copy(update={"policies": tuple(policies)})


def _keys_at(path: Path_) -> list[str]:
    """The keys that are known at a path of the model."""
    model: Any = Config
    for part in path:
        if isinstance(part, int):
            continue
        found = getattr(model, "model_fields", {}).get(part)
        model = _model_in(found.annotation) if found is not None else model
    return list(getattr(model, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    """The settings model inside an annotation such as `tuple[Policy, ...]` or `Brakes | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def _did_you_mean(word: str, known: Mapping[str, Any] | list[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def _said(details: ErrorDetails) -> str:
    """Pydantic's complaint in a reader's words."""
    message = details["msg"].removeprefix("Value error, ")
    wanted = details.get("ctx", {}).get("expected")
    if details["type"] == "literal_error" and wanted:
        return f"must be {wanted}"
    return message[:1].lower() + message[1:]


def _dotted(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
