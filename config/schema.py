"""Config -> JSON Schema, for editors: they complete and check while one types. `ossmend schema` prints it.

A file names it in its first line: `# yaml-language-server: $schema=ossmend.schema.json`. The schema knows shapes and
ranges; what only the whole file can tell (combinations.py) is told by `ossmend check`.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from ossmend.config.model import Config
from ossmend.remediators.contract.settings import Settings, descriptions, duration_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NULL = {"type": "null"}


class _Shape(GenerateJsonSchema):
    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """With the docstring under each field as its description."""
        shape = super().model_schema(schema)
        if issubclass(schema["cls"], Settings):
            for name, text in descriptions(schema["cls"]).items():
                if name in shape.get("properties", {}):
                    shape["properties"][name]["description"] = text
        return shape

    def encode_default(self, dft: Any) -> Any:
        """As the file would say it, not as Python or ISO would."""
        match dft:
            case timedelta():
                return duration_text(dft)
            case Decimal():
                return float(dft)
        return super().encode_default(dft)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the configuration file."""
    shape: dict[str, Any] = _for_editors(Config.model_json_schema(schema_generator=_Shape))
    return {"$schema": DIALECT, "title": "ossmend configuration"} | shape


def _for_editors(node: Any) -> Any:
    """Without null, which a file never says: what is not wanted is left out. Without titles that repeat the key."""
    if isinstance(node, list):
        return [_for_editors(each) for each in node if each != NULL]
    if not isinstance(node, dict):
        return node
    kept = {name: _for_editors(value) for name, value in node.items() if not _is_noise(name, value)}
    kinds = kept.get("anyOf", [])
    if len(kinds) == 1:
        del kept["anyOf"]
        return kinds[0] | kept
    return kept


def _is_noise(name: str, value: Any) -> bool:
    return value is None or (name == "title" and isinstance(value, str))
