"""Structured logs to stderr: an event name plus fields, one line each, that hostile text cannot forge.

JSON lines for machines (journald, log shippers, a pipe), and lines for people where stderr is a terminal, unless the
configuration says which (log_console.py). Every string is made printable and loses its secrets on the way out, before
either; the SDKs' own loggers, which print tokens and signatures, are silenced.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Collection, MutableMapping
from typing import Any, Literal

import structlog

from ossmend.daemon.host.log_console import console
from ossmend.daemon.host.redact import redact
from ossmend.daemon.host.show import clean, text
from ossmend.daemon.host.troubles import TROUBLES

SDK_LOGGERS = ("oss2", "aliyunsdkcore", "urllib3", "apscheduler", "alembic")


def configure(style: Literal["auto", "json", "console"], level: str = "info", without: Collection[str] = ()) -> None:
    """Set up structlog for the process. `auto` looks who reads it; `without` these events."""

    def wanted(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if fields.get("event") in without:
            raise structlog.DropEvent
        return fields

    structlog.configure(
        processors=[
            wanted,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            _clean,
            TROUBLES.note,
            *_renderers(style),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in SDK_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def quiet() -> None:
    """Of a command that asks the cloud and prints a report: what the answers mean stands there, and only there."""
    configure("auto", "error")


def _renderers(style: Literal["auto", "json", "console"]) -> tuple[structlog.typing.Processor, ...]:
    """Colours are for a terminal alone, and for one that wants them."""
    terminal = sys.stderr.isatty()
    if style == "console" or (style == "auto" and terminal):
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return console(colours=terminal and not plain)
    return (structlog.processors.JSONRenderer(ensure_ascii=False, default=str),)


def _clean(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _lines(value) if name == "exception" else clean(value, name) for name, value in fields.items()}


def _lines(traceback: str) -> str:
    """A traceback keeps its lines; every other string is one. A secret may go over several of them: a private key."""
    return "\n".join(text(line) for line in redact(traceback).splitlines())
