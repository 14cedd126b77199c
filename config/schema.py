"""Config -> JSON Schema, for editors: `# yaml-language-server: $schema=...` then completes and checks while one types."""

from __future__ import annotations

from typing import Any

from ossmend.config.model import Config


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the configuration file."""
    found = Config.model_json_schema(by_alias=True)
    policy = found["$defs"]["Policy"]["properties"]
    # a lone code may stand for a list of one: the loader takes both, and so must an editor
    policy["on"] = {"anyOf": [{"type": "string"}, policy["on"]], "description": policy["on"].get("description", "")}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ossmend configuration"} | found
