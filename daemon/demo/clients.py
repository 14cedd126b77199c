"""The demo's applications: real SDK clients that are refused, log what they got, and try again.

Each does what such a program does: one request, and on an error one line in the application's log with the text the
SDK gave it. They know nothing of ossmend.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import oss2
import requests
from oss2 import utils

from ossmend.daemon.demo.world import ARCHIVED, ASSETS, ORIGIN, REPORTS, VAULT, KeyPair, World

SLOW_SECONDS = 23 * 60 + 7
"""How far the clock of one client is behind: more than OSS's 15 minutes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one client got."""

    status: int
    code: str | None


class SlowClockAuth(oss2.Auth):  # type: ignore[misc]  # oss2 is untyped
    """A signer on a machine whose clock is behind: the same signature, made earlier."""

    def _sign_request(self, req: oss2.http.Request, bucket_name: str, key: str) -> None:
        credentials = self.credentials_provider.get_credentials()
        req.headers["date"] = utils.http_date(time.time() - SLOW_SECONDS)
        signature = self._ProviderAuth__make_signature(req, bucket_name, key, credentials)
        req.headers["authorization"] = f"OSS {credentials.get_access_key_id()}:{signature}"


class Applications:
    """All of the demo's clients, and the log file they write to."""

    def __init__(self, world: World, log_file: Path) -> None:
        self._world = world
        self._log = logging.getLogger("shop")
        self._log.propagate = False  # the application's log is a file, not the demo's terminal
        handler = logging.FileHandler(log_file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self._log.addHandler(handler)
        self.each: Mapping[str, Callable[[], Answer]] = {
            "InvalidObjectState": self.read_report,
            "AccessForbidden": self.preflight,
            "InvalidAccessKeyId": self.nightly_export,
            "RequestTimeTooSkewed": self.warehouse_scanner,
            "AccessDenied": self.read_payroll,
            "SignatureDoesNotMatch": self.mistyped_secret,
        }

    def read_report(self) -> Answer:
        """Reads a report that a lifecycle rule has archived."""
        return self._get(self._bucket(REPORTS, self._world.app), ARCHIVED)

    def nightly_export(self) -> Answer:
        """Still uses the key that was disabled after the rotation."""
        return self._get(self._bucket(REPORTS, self._world.retired), ARCHIVED)

    def read_payroll(self) -> Answer:
        """Has no business there: nobody granted it that bucket."""
        return self._get(self._bucket(VAULT, self._world.app), "payroll.csv")

    def mistyped_secret(self) -> Answer:
        """The last character of the secret was lost when it was copied."""
        return self._get(self._bucket(REPORTS, KeyPair(self._world.app.id, self._world.app.secret[:-1])), ARCHIVED)

    def warehouse_scanner(self) -> Answer:
        """Its clock is 23 minutes behind."""
        auth = SlowClockAuth(self._world.app.id, self._world.app.secret)
        return self._get(oss2.Bucket(auth, self._world.oss, REPORTS, session=_direct()), ARCHIVED)

    def preflight(self) -> Answer:
        """The browser, before it lets the page upload: an unsigned OPTIONS. The page reports what it got."""
        wanted = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type",
        }
        session = requests.Session()
        session.trust_env = False
        answer = session.options(f"{self._world.oss}/{ASSETS}/upload.png", headers=wanted, timeout=10)
        if answer.status_code == 200:
            return Answer(200, None)
        self._log.error(
            "upload failed: OPTIONS /%s/upload.png origin=%s method=PUT headers=content-type bucket=%s: %s",
            ASSETS, ORIGIN, ASSETS, answer.text.replace("\n", ""),
        )  # fmt: skip
        return Answer(answer.status_code, "AccessForbidden" if "AccessForbidden" in answer.text else None)

    def _bucket(self, name: str, key: KeyPair) -> oss2.Bucket:
        auth = oss2.AuthV4(key.id, key.secret)
        return oss2.Bucket(auth, self._world.oss, name, region=self._world.region, session=_direct())

    def _get(self, bucket: oss2.Bucket, key: str) -> Answer:
        try:
            body = bucket.get_object(key)
            body.read()
        except oss2.exceptions.ServerError as error:
            self._log.error("cannot read oss://%s/%s: %s", bucket.bucket_name, key, error)
            return Answer(error.status, error.code)
        return Answer(body.status, None)


def _direct() -> oss2.Session:
    session = oss2.Session()
    session.session.trust_env = False
    return session
