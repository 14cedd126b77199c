"""The lines of one process, as every kind of container, journal, shipper and viewer writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

PART = 120
"""Where parts are cut here; the real ones are cut after 16 KiB."""


@dataclass(frozen=True, slots=True)
class Process:
    """Who printed the lines."""

    name: str = "loader"
    number: int = 1

    @property
    def pod(self) -> str:
        return f"{self.name}-7d9f8c6b5d-{'kx2vn' if self.number == 1 else 'q8hzt'}"

    @property
    def stream(self) -> str:
        return "stderr" if self.number == 1 else "stdout"


Wrapper = Callable[[Process, list[str]], list[str]]


def nano(number: int) -> str:
    return f"2026-03-01T10:00:00.{123456000 + number:09d}Z"


def numbered(lines: Iterable[str]) -> Iterable[tuple[int, str]]:
    return enumerate(lines)


def docker(p: Process, lines: list[str]) -> list[str]:
    return [json.dumps({"log": f"{line}\n", "stream": p.stream, "time": nano(n)}) for n, line in numbered(lines)]


def docker_parts(p: Process, lines: list[str]) -> list[str]:
    found = []
    for n, line in numbered(lines):
        ended = f"{line}\n"
        pieces = [ended[at : at + PART] for at in range(0, len(ended), PART)]
        found += [json.dumps({"log": piece, "stream": p.stream, "time": nano(n)}) for piece in pieces]
    return found


def fluentd_driver(p: Process, lines: list[str]) -> list[str]:
    meta = {"container_id": f"4f{p.number}" * 20, "container_name": f"/{p.name}", "source": p.stream}
    return [json.dumps({**meta, "log": line}) for line in lines]


def cri(p: Process, lines: list[str]) -> list[str]:
    return [f"{nano(n)} {p.stream} F {line}" for n, line in numbered(lines)]


def cri_parts(p: Process, lines: list[str]) -> list[str]:
    found = []
    for n, line in numbered(lines):
        pieces = [line[at : at + PART] for at in range(0, len(line), PART)] or [""]
        found += [f"{nano(n)} {p.stream} P {piece}" for piece in pieces[:-1]] + [f"{nano(n)} {p.stream} F {pieces[-1]}"]
    return found


def journal(p: Process, n: int) -> dict[str, str]:
    return {
        "__CURSOR": f"s=1;i={n}",
        "__REALTIME_TIMESTAMP": f"17723592000{n:05d}",
        "_HOSTNAME": "web-1",
        "_PID": f"{1000 + p.number}",
        "SYSLOG_IDENTIFIER": p.name,
        "_TRANSPORT": "stdout",
    }


def journald(p: Process, lines: list[str]) -> list[str]:
    return [json.dumps({**journal(p, n), "MESSAGE": line}) for n, line in numbered(lines)]


def journald_bytes(p: Process, lines: list[str]) -> list[str]:
    return [json.dumps({**journal(p, n), "MESSAGE": list(line.encode())}) for n, line in numbered(lines)]


def journald_whole(p: Process, lines: list[str]) -> list[str]:
    """A program that speaks to the journal itself keeps its message together."""
    return [json.dumps({**journal(p, 1), "MESSAGE": "\n".join(lines)})]


def export(p: Process, lines: list[str]) -> list[str]:
    found: list[str] = []
    for n, line in numbered(lines):
        found += [*(f"{name}={value}" for name, value in journal(p, n).items()), f"MESSAGE={line}", ""]
    return found


def syslog(p: Process, lines: list[str]) -> list[str]:
    return [f"Mar  1 10:00:00 web-1 {p.name}[{1000 + p.number}]: {line}" for line in lines]


def syslog_escaped(p: Process, lines: list[str]) -> list[str]:
    text = "\n".join(lines).replace("\n", "#012").replace("\t", "#011")
    return [f"<11>Mar  1 10:00:00 web-1 {p.name}[{1000 + p.number}]: {text}"]


def syslog_iso(p: Process, lines: list[str]) -> list[str]:
    return [f"2026-03-01T10:00:00.123456+08:00 web-1 {p.name}[{1000 + p.number}]: {line}" for line in lines]


def syslog_new(p: Process, lines: list[str]) -> list[str]:
    head = f'<11>1 2026-03-01T10:00:00.123Z web-1 {p.name} {1000 + p.number} - [origin software="rsyslogd" x="\\]"]'
    return [f"{head} {line}" for line in lines]


def fluent_bit(p: Process, lines: list[str]) -> list[str]:
    meta = {"kubernetes": {"pod_name": p.pod, "namespace_name": "shop", "labels": {"app": p.name}, "host": "node-1"}}
    return [
        json.dumps({"date": 1772359200.5 + n, "log": f"{line}\n", "stream": p.stream, **meta})
        for n, line in numbered(lines)
    ]


def fluentd(p: Process, lines: list[str]) -> list[str]:
    meta = {
        "docker": {"container_id": f"9a{p.number}" * 16},
        "kubernetes": {"container_name": p.name, "pod_name": p.pod},
    }
    return [json.dumps({"stream": p.stream, "logtag": "F", "message": line, **meta, "tag": "k"}) for line in lines]


def filebeat(p: Process, lines: list[str]) -> list[str]:
    file = {"path": f"/var/log/containers/{p.pod}.log"}
    return [
        json.dumps(
            {
                "@timestamp": "2026-03-01T10:00:00.123Z",
                "@metadata": {"beat": "filebeat", "type": "_doc", "version": "8.12.0"},
                "host": {"name": "node-1"},
                "agent": {"type": "filebeat", "id": "a1"},
                "ecs": {"version": "8.0.0"},
                "log": {"offset": 100 * n, "file": file},
                "stream": p.stream,
                "input": {"type": "container"},
                "message": line,
            }
        )
        for n, line in numbered(lines)
    ]


def vector(p: Process, lines: list[str]) -> list[str]:
    meta = {"file": f"/var/log/{p.name}.log", "host": "node-1", "source_type": "file"}
    return [json.dumps({**meta, "message": line, "timestamp": "2026-03-01T10:00:00.123456Z"}) for line in lines]


def loki(p: Process, lines: list[str]) -> list[str]:
    labels = {"app": p.name, "pod": p.pod, "stream": p.stream}
    return [json.dumps({"labels": labels, "line": line, "timestamp": nano(n)}) for n, line in numbered(lines)]


def logstash(p: Process, lines: list[str]) -> list[str]:
    meta = {"@version": "1", "host": "web-1", "path": f"/srv/{p.name}/app.log", "tags": ["app"]}
    return [json.dumps({"@timestamp": "2026-03-01T10:00:00.123Z", **meta, "message": line}) for line in lines]


def logtail(p: Process, lines: list[str]) -> list[str]:
    meta = {"__source__": "10.0.0.7", "__tag__:__path__": f"/{p.name}.log", "_pod_name_": p.pod, "_source_": p.stream}
    return [json.dumps({"__time__": "1772359200", **meta, "content": line}) for line in lines]


def kubectl(p: Process, lines: list[str]) -> list[str]:
    return [f"[pod/{p.pod}/app] {line}" for line in lines]


def kubectl_stamped(p: Process, lines: list[str]) -> list[str]:
    return [f"[pod/{p.pod}/app] {nano(n)} {line}" for n, line in numbered(lines)]


def stern(p: Process, lines: list[str]) -> list[str]:
    return [f"{p.pod} app {line}" for line in lines]


def stern_of_a_daemon_set(p: Process, lines: list[str]) -> list[str]:
    return [f"{p.name}-{p.pod[-5:]} app {line}" for line in lines]


def stern_in_colours(p: Process, lines: list[str]) -> list[str]:
    return [f"\x1b[38;5;{90 + p.number}m{p.pod}\x1b[0m \x1b[95mapp\x1b[0m {line}" for line in lines]


def compose(p: Process, lines: list[str]) -> list[str]:
    return [f"{p.name}-{p.number}  | {line}" for line in lines]


def compose_in_colours(p: Process, lines: list[str]) -> list[str]:
    return [f"\x1b[36m{p.name}-{p.number}  | \x1b[0m{line}" for line in lines]


def nested(*wrappers: Wrapper) -> Wrapper:
    """The first wrapper is the innermost."""

    def wrapped(p: Process, lines: list[str]) -> list[str]:
        for wrapper in wrappers:
            lines = wrapper(p, lines)
        return lines

    return wrapped


WRAPPERS: dict[str, Wrapper] = {
    "docker json-file": docker,
    "docker's fluentd driver": fluentd_driver,
    "CRI": cri,
    "journald JSON": journald,
    "journald JSON, bytes": journald_bytes,
    "journald export": export,
    "syslog": syslog,
    "syslog with ISO stamps": syslog_iso,
    "syslog 5424": syslog_new,
    "fluent-bit": fluent_bit,
    "fluentd": fluentd,
    "filebeat": filebeat,
    "vector": vector,
    "loki": loki,
    "logstash": logstash,
    "logtail": logtail,
    "kubectl": kubectl,
    "kubectl with stamps": kubectl_stamped,
    "stern": stern,
    "stern of a daemon set": stern_of_a_daemon_set,
    "stern in colours": stern_in_colours,
    "compose": compose,
    "compose in colours": compose_in_colours,
    "CRI in docker": nested(cri, docker),
    "docker in CRI": nested(docker, cri),
    "docker in filebeat": nested(docker, filebeat),
    "docker in filebeat in syslog": nested(docker, filebeat, syslog),
    "CRI in vector": nested(cri, vector),
    "journald in docker": nested(journald, docker),
    "compose with stamps": nested(lambda _p, lines: [f"{nano(n)} {line}" for n, line in numbered(lines)], compose),
}
IN_PARTS: dict[str, Wrapper] = {
    "docker in parts": docker_parts,
    "CRI in parts": cri_parts,
    "CRI in parts in docker": nested(cri_parts, docker),
}
WHOLE: dict[str, Wrapper] = {"journald, one entry": journald_whole, "syslog, line ends escaped": syslog_escaped}
