"""What is known about each error code. Being a file in this folder is being registered: this imports them all."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ossmend.remediators.contract.registry import Remediator

for _module in iter_modules(__path__):
    if not _module.ispkg:
        import_module(f"{__name__}.{_module.name}")

CODES = tuple(sorted(Remediator.registry))
"""Every code that has a remediator."""
