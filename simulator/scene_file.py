"""Turns a YAML file into plain data that remembers where everything stood; scene.py applies it, or complains."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from ossmend.simulator.given import BadSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Steps = tuple[str | int, ...]
"""The way to a value: `("buckets", "reports", "acl")`."""


_DEEPEST = 40
_COLLECTIONS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


class SceneError(ValueError):
    """A scene that cannot be; the text begins with file, line and column where there is a file."""


class _Loader(yaml.SafeLoader):
    """YAML without timestamps: a date in a policy's condition is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class Scene:
    """The data of a scene, and where each part of it stood (nowhere, if it came as a dict)."""

    data: Mapping[str, Any]
    file: str = ""
    places: dict[Steps, tuple[int, int]] = field(default_factory=dict)

    def error(self, steps: Steps, message: str) -> SceneError:
        """A complaint about what lies at the end of `steps`, or about the nearest thing around it."""
        name = ".".join(str(step) for step in steps)
        for end in range(len(steps), -1, -1):
            if steps[:end] in self.places:
                line, column = self.places[steps[:end]]
                return SceneError(f"{self.file}:{line}:{column}: {name + ': ' if name else ''}{message}")
        return SceneError(f"{name + ': ' if name else ''}{message}")

    @contextmanager
    def at(self, *steps: str | int) -> Iterator[None]:
        """Give a BadSetting raised inside its place: the setting it names, if that is one of those below `steps`."""
        try:
            yield
        except BadSetting as problem:
            raise self.error(self._named_in(str(problem), steps), str(problem)) from problem

    def _named_in(self, message: str, steps: Steps) -> Steps:
        words = re.findall(r"[\w-]+", message)
        value: Any = self.data
        for step in steps:
            value = value[step]
        if isinstance(value, dict):
            named = [word for word in words if word in value]
            if named:
                return (*steps, named[0])
        return steps


def read_scene(path: Path) -> Scene:
    """Read and parse the file; duplicate keys and unreadable YAML are complaints with a place."""
    try:
        loader = _Loader(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise SceneError(f"{path}: cannot be read: {problem}") from problem
    scene = Scene({}, str(path))
    try:
        root = loader.get_single_node()
        data = {} if root is None else _build(loader, root, (), scene)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SceneError(f"{path}{place}: {problem.problem or problem.context}") from problem
    except yaml.YAMLError as problem:
        raise SceneError(f"{path}: {problem}") from problem
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise scene.error((), "a scene is a mapping")
    scene.data = data
    return scene


def _build(loader: _Loader, node: yaml.Node, steps: Steps, scene: Scene) -> Any:
    scene.places.setdefault(steps, (node.start_mark.line + 1, node.start_mark.column + 1))
    if len(steps) > _DEEPEST:
        raise scene.error(steps[:1], "is nested too deeply, or contains itself")
    if not isinstance(node, yaml.ScalarNode) and node.tag not in _COLLECTIONS:
        raise yaml.MarkedYAMLError(problem=f"the tag {node.tag} means nothing here", problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if not isinstance(key, str):
                scene.places[(*steps, str(key))] = place
                raise scene.error((*steps, str(key)), "a name must be a text; put it in quotes")
            if key in found:
                scene.places[(*steps, key)] = place
                raise scene.error((*steps, key), "is there twice")
            scene.places[(*steps, key)] = place
            found[key] = _build(loader, value_node, (*steps, key), scene)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, one, (*steps, position), scene) for position, one in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
