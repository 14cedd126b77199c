"""Secrets planted in every place where a log may have them: none is in the state, the log, a notice or an output."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.test_restore import archive, refusal

KEY_ID = "LTAI5tPlantedKeyId00"


def planted(number: int) -> str:
    """Thirty letters and digits, as a secret of RAM has, that nothing else contains."""
    return f"Planted{number:02d}SecretOf30Signs0000{number:02d}"[:30]


SHAPES = (
    "secret={}",
    "sk={}",
    "AppSecret={}",
    "client_secret: {}",
    "oss2.Auth('" + KEY_ID + "', '{}')",
    KEY_ID + ":{}",
    '{{"appSecret":"{}"}}',
    '{{"password": "{}"}}',
    "security-token={}",
    "x-oss-security-token:{}",
    "Authorization: OSS " + KEY_ID + ":{}",
    "https://b.oss-cn-hangzhou.aliyuncs.com/a?OSSAccessKeyId=x&Expires=1&Signature={}",
    "https://user:{}@proxy.example.com/",
    "Cookie: session={}",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET={}",
    "accessKeySecret = '{}'",
)
SECRETS = tuple(planted(number) for number in range(3 * len(SHAPES)))
POLICY = """
  - { name: thaw, on: InvalidObjectState, mode: approve, match: { bucket: 'reports-*' } }
  - { name: denied, on: AccessDenied }
"""


class _Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body.decode())  # type: ignore[attr-defined]  # see `receiver`
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    bodies: list[str] = []
    server.bodies = bodies  # type: ignore[attr-defined]  # the handler puts them there
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", bodies
    server.shutdown()
    server.server_close()
    thread.join()


def lines(world: World) -> list[str]:
    """Each shape in the text of a refusal, as the User-Agent of one, and inside an object's key."""
    bucket = archive(world, "reports-secret", ["a.bin"])
    told = refusal(bucket, "a.bin").rstrip("\n")
    found = []
    for number, shape in enumerate(SHAPES):
        text, agent, key = (shape.format(secret) for secret in SECRETS[3 * number : 3 * number + 3])
        found.append(told.replace("reader:", f"reader with {text}:"))
        found.append(json.dumps({"level": "error", "error": f"{told} {number}", "user_agent": f"app/1.0 {agent}"}))
        fields = {"Code": "AccessDenied", "Message": "You have no right to access this object because of bucket acl.",
                  "BucketName": "reports-secret", "ObjectName": f"k/{key}", "status": 403}  # fmt: skip
        found.append(json.dumps({"level": "error", "error": fields}))
    return found


def leaks(where: str, text: str) -> list[str]:
    return [f"{where}: {secret}" for secret in SECRETS if secret in text]


@pytest.mark.machine
def test_no_planted_secret_is_anywhere_but_in_the_log_it_came_from(
    world: World, daemon: Daemon, tmp_path: Path
) -> None:
    page = tmp_path / "audit.html"
    with receiver() as (url, bodies):
        daemon.configure(POLICY, notify=f"[ {{ webhook: {{ url: '{url}' }} }} ]")
        daemon.log.write_text("\n".join(lines(world)) + "\n", encoding="utf-8")
        assert leaks("the log itself", daemon.log.read_text(encoding="utf-8")), "they were planted"
        daemon.start()
        until("all was planned", lambda: len(daemon.cases()) > 0 and all(c["state"] != "open" for c in daemon.cases()))
        until("somebody was told", lambda: bool(bodies))
        assert daemon.stop() == 0
    cases = daemon.cases()
    found = [leak for body in bodies for leak in leaks("notice", body)]
    found += leaks("stderr", daemon.trace.read_text(encoding="utf-8"))
    found += leaks("cases list", json.dumps(cases))
    for case in cases:
        found += leaks("cases show", json.dumps(daemon.command("cases", "show", str(case["id"]))[1]))
    found += leaks("journal", json.dumps(daemon.command("journal", "show", "--limit", "10000")[1]))
    found += leaks("audit", json.dumps(daemon.command("audit", "--html", str(page))[1]))
    found += leaks("page", page.read_text(encoding="utf-8"))
    for file in (daemon.directory / "state").rglob("*"):
        if file.is_file():
            found += leaks(file.name, file.read_bytes().decode("latin-1"))
    assert found == []
