"""What the model says about values -> problems in the words of somebody who wrote the file, each at its place.

pydantic names the place by the way to the value and the trouble by a word; document.py knows the line of each value.
load.py calls this when the model has refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ossmend.config.document import Document
from ossmend.config.model import Config
from ossmend.config.problems import MOST_TOLD, Where, nearest, printable
from ossmend.remediators.contract.settings import Settings, descriptions, duration_text

MOST = MOST_TOLD + 1
"""Finding the nearest names takes time, and these would not be told."""
MOST_NAMED = 5
EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "dict_type": "a mapping (key: value)",
    "mapping_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
}
"""pydantic's word -> what was expected"""
_SECTIONS = ("a list", "a mapping (key: value)")


def complain(document: Document, error: ValidationError) -> None:
    """Add what the model said, unless it only follows from what is told already."""
    several = error.errors(include_url=False)
    renamed = {(*each["loc"][:-1], _meant(each["loc"])) for each in several[:MOST] if each["type"] == "extra_forbidden"}
    for details in several[:MOST]:
        where = tuple(part for part in details["loc"] if part != "[key]")
        misspelt = details["type"] == "missing" and where in renamed
        # pydantic counts only good items; a list that has bad ones has been told about by each of them
        follows = details["type"] == "too_short" and document.at(where)
        if not (document.told(where) or misspelt or follows):
            _complain(document, where, details)


def _complain(document: Document, where: Where, details: ErrorDetails) -> None:
    match details["type"]:
        case "extra_forbidden":
            meant = _meant(where)
            document.complain(where, "unknown key" + ("" if meant else _there(where)), meant, key=True)
        case "missing":
            document.complain(where, f"is missing{_described(where)}")
        case "literal_error":
            _literal(document, where, details)
        case _:
            document.complain(_existing(document, where), _said(details, document.at(where)))


def _described(where: Where) -> str:
    """`: Where the cloud is`, if the model says anything of that key."""
    model = _model_at(where[:-1])
    said = descriptions(model).get(str(where[-1])) if model is not None and issubclass(model, Settings) else None
    return f": {' '.join(said.split())}" if said else ""


def _existing(document: Document, where: Where) -> Where:
    """Without what is not in the file: a lone code is a list of one to the model only."""
    while where and where not in document.values_at:
        where = where[:-1]
    return where


def _literal(document: Document, where: Where, details: ErrorDetails) -> None:
    value = document.at(where)
    allowed = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
    expected = details.get("ctx", {}).get("expected", "").replace("'", '"')
    suggestion = nearest(value, allowed) if isinstance(value, str) else None
    document.complain(where, f"expected {expected}, found {found(value)}", suggestion)


def _said(details: ErrorDetails, value: Any) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in EXPECTED:
        return _unexpected(EXPECTED[kind], value)
    if kind in ("greater_than_equal", "greater_than"):
        return f"must be {'at least' if kind.endswith('equal') else 'more than'} {_bound(next(iter(context.values())))}"
    if kind in ("less_than_equal", "less_than"):
        return f"must be {'at most' if kind.endswith('equal') else 'less than'} {_bound(next(iter(context.values())))}"
    if kind in ("too_short", "string_too_short"):
        least = context.get("min_length")
        return "must not be empty" if least == 1 else f"is too short: {least} at least"
    return details["msg"][:1].lower() + details["msg"][1:]


def _unexpected(expected: str, value: Any) -> str:
    hint = ""
    if expected == "text" and isinstance(value, (int, float)):
        hint = "; put it in quotes"
    elif expected.endswith("number") and isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]{1,40}", value):
        hint = "; write it without quotes"
    # where a section is expected, a lone text may be the secret that belongs into it
    what = "a text" if isinstance(value, str) and expected in _SECTIONS else found(value)
    return f"expected {expected}, found {what}{hint}"


def _bound(value: Any) -> str:
    return duration_text(value) if isinstance(value, timedelta) else str(value)


def found(value: Any) -> str:
    """What stands there, in YAML's words. Never a secret."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the text "{printable(value)}"'
        case SecretStr():
            return "a !secret, which is not read here"
        case tuple():
            return "a list"
        case _:
            return "a mapping"


# ------------------------------------------------------------------------------------------------- what is known where


def _meant(where: Where) -> str | None:
    """The nearest right name at that place; or the section below that knows exactly this key."""
    key, fields = str(where[-1]), fields_at(where[:-1])
    near = nearest(key, fields)
    if near is not None:
        return near
    below = (f"{name}.{key}" for name, field in fields.items() if key in _fields_of(_model_in(field.annotation)))
    return next(below, None)


def _there(where: Where) -> str:
    """The right names, where they are so few that they are sooner read than looked up."""
    names = sorted(fields_at(where[:-1]))
    return f"; there are {', '.join(names)}" if 1 < len(names) <= MOST_NAMED else ""


def fields_at(where: Where) -> Mapping[str, FieldInfo]:
    """The keys the model knows at a place. Fields that only the loader fills are not among them."""
    return _fields_of(_model_at(where))


def _model_at(where: Where) -> type[BaseModel] | None:
    annotation: Any = Config
    for part in where:
        if isinstance(part, int):
            continue
        if _origin(annotation) is Mapping:
            annotation = get_args(annotation)[1]
            continue
        field = _fields_of(_model_in(annotation)).get(part)
        if field is None:
            return None
        annotation = field.annotation
    return None if _origin(annotation) is Mapping else _model_in(annotation)


def _origin(annotation: Any) -> Any:
    origin = get_origin(annotation)
    return Mapping if isinstance(origin, type) and issubclass(origin, Mapping) else origin


def _fields_of(model: type[BaseModel] | None) -> Mapping[str, FieldInfo]:
    if model is None:
        return {}
    return {name: field for name, field in model.model_fields.items() if not field.exclude}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `tuple[Policy, ...]` or `Brakes | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner)) is not None), None)
