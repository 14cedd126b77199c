"""Turns the folder of themes into a filled registry of operations; a new theme is one module and one line here."""

from __future__ import annotations

from importlib import import_module

_THEMES = (
    "service",
    "buckets",
    "new_buckets",
    "bucket_settings",
    "access_log",
    "cors",
    "documents",
    "listing",
    "list_versions",
    "objects",
    "copying",
    "appending",
    "object_settings",
    "deleting",
    "restore",
    "multipart",
    "multipart_listing",
    "post_form",
    "images",
    "live_channels",
    "saved_pictures",
    "selecting",
    "batch_jobs",
    "worm",
    "inventories",
    "styles",
    "cnames",
    "replication",
)


def load() -> None:
    """Import every theme; their operations register themselves."""
    for theme in _THEMES:
        import_module(f"ossmend.simulator.oss.{theme}")
