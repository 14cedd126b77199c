"""JSON that a shipper makes of a raw line: fluent-bit, fluentd, filebeat, vector, promtail, logstash, Aliyun's logtail.

Only what is merely a raw line beside where it came from is opened. A record that an application's own logger wrote
(pino, winston, zap, slog, log4j, ECS, ...) says so by its level, its logger or its error: it stays a structured record,
whatever a shipper added, and parsers/json_lines.py reads it.
"""

from __future__ import annotations

from typing import Any

from ossmend.daemon.sources.envelopes.line import Line

_RAW = ("log", "message", "MESSAGE", "msg", "_entry", "line", "content", "textPayload", "body", "_raw")
"""Where the raw line is; the first that holds a string."""
_SHIPPERS_OWN = frozenset({"kubernetes", "docker", "container_id", "agent", "@metadata", "logtag", "fluentd_tag"})
_ONLY_BESIDE = {
    "body": _SHIPPERS_OWN | {"attributes", "scope"},
    "content": {
        *_SHIPPERS_OWN,
        "__source__",
        "__path__",
        "_container_name_",
        "_pod_name_",
        "_source_",
        "__tag__:__path__",
    },
    "line": {"labels", "stream", "fields"},
    "textPayload": {"resource", "logName"},
}
"""Words that others use for something else: the body of a request is what a client sent."""
_OF_A_REQUEST = frozenset(
    "method http_method httpmethod request_method requestmethod verb request requestline url uri query querystring "
    "headers referer referrer "
    "user_agent useragent http_user_agent remote_addr client_ip payload form params cookies args http".split()
)
"""A record of a request, whatever else is in it: its strings may be the client's own."""
_OF_A_SHIPPER = frozenset(
    "kubernetes docker container container_id container_name containerID agent beat prospector @metadata source_type "
    "stream logtag labels tag fluentd_tag @version fluentbit_tag input input_type host.name log.file.path log.offset "
    "file filename file_path filepath path __path__ _container_name_ _pod_name_ _source_ __source__ _p _entry "
    "pod pod_name namespace namespace_name resource attributes facility syslogtag ident appname procid pri logName "
    "date source sourcetype".split()
)
"""One of these beside the raw line tells that a shipper made the record. A time alone does not."""
_OF_A_LOGGER = frozenset(
    "level lvl severity_text levelname level_name log.level log.logger logger logger_name loggername err error "
    "error.message error.stack_trace error.type exception exc_info exc_text stack stack_trace stacktrace thrown "
    "throwable caller lineno funcname thread thread_name threadname code status statuscode "
    "errorcode request_id requestid".split()
)
"""One of these tells that the application's own logger wrote the record."""
_WHOSE = (
    "namespace_name",
    "namespace",
    "pod_name",
    "pod",
    "container_name",
    "container",
    "container_id",
    "containerID",
    "_namespace_",
    "_pod_name_",
    "_container_name_",
    "stream",
    "_source_",
    "host",
    "hostname",
    "file",
    "filename",
    "path",
    "ident",
    "appname",
    "pid",
    "procid",
    "tag",
    "__path__",
    "logName",
    "source",
    "__tag__:__path__",
)
_STAMPS = ("time", "@timestamp", "timestamp", "date", "ts", "_time_", "__time__")
DEEPEST = 3


def opened(document: dict[str, Any]) -> Line | None:
    name = next((name for name in _RAW if isinstance(document.get(name), str)), None)
    if name is None or not _is_shipped(document, name):
        return None
    text = document[name].rstrip("\r\n")
    more = document.get("logtag") == "P" or document.get("_p") == "P"
    return Line(text, _stream(document), _stamp(document), partial=more)


def _is_shipped(document: dict[str, Any], raw: str) -> bool:
    names = {name.lower() for name in document}
    if names & (_OF_A_LOGGER | _OF_A_REQUEST) or not _ONLY_BESIDE.get(raw, document.keys()) & document.keys():
        return False
    log = document.get("log")
    if isinstance(log, dict) and {"level", "logger"} & log.keys():
        return False
    shipped = (_OF_A_SHIPPER - {raw}) & document.keys()
    return bool(shipped) or isinstance(log, dict) or any(name.startswith("__tag__") for name in document)


def _stream(document: dict[str, Any]) -> str:
    """Everything that tells whose line it is, put in one string."""
    parts: list[str] = []
    waiting: list[tuple[dict[str, Any], int]] = [(document, 0)]
    for node, depth in waiting:
        for name in _WHOSE:
            value = node.get(name)
            if isinstance(value, (str, int)):
                parts.append(str(value)[:200])
        if depth < DEEPEST:
            waiting += [(value, depth + 1) for value in list(node.values())[:64] if isinstance(value, dict)]
    return " ".join(parts[:24])


def _stamp(document: dict[str, Any]) -> str | None:
    return next(
        (str(document[name])[:64] for name in _STAMPS if isinstance(document.get(name), (str, int, float))), None
    )
