"""Settings of invalid_access_key_id.py: the section `key` of a policy."""

from __future__ import annotations

from ossmend.remediators.contract.settings import Settings, section


@section("key")
class KeySettings(Settings):
    """How the owner of a refused key is marked."""

    tag_owner: bool = False
    """Put a tag on the RAM user whose disabled key is still in use. The only write; off by default."""
