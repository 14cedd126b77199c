"""Structured logs to stderr: an event name plus fields, one line each, that hostile text cannot forge.

JSON lines by default (journald, log shippers), or columns for a person. Every string is made printable and loses its
secrets on the way out; the SDKs' own loggers, which print tokens and signatures, are silenced.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, MutableMapping
from typing import Any, Literal

import structlog

from ossmend.daemon.host.show import clean, text
from ossmend.daemon.host.troubles import TROUBLES

SDK_LOGGERS = ("oss2", "aliyunsdkcore", "urllib3", "apscheduler", "alembic")


def configure(style: Literal["json", "console"], level: str = "info", without: Collection[str] = ()) -> None:
    """Set up structlog for the process. `console` has colours on a terminal only; `without` these events."""

    def wanted(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if fields.get("event") in without:
            raise structlog.DropEvent
        return fields

    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            wanted,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(),
            _clean,
            TROUBLES.note,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in SDK_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _clean(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _lines(value) if name == "exception" else clean(value, name) for name, value in fields.items()}


def _lines(traceback: str) -> str:
    """A traceback keeps its lines; every other string is one."""
    return "\n".join(text(line) for line in traceback.splitlines())
