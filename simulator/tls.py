"""Turns any server name into a certificate of a throw-away authority, whose own one is a file; serve.py uses it.

A wildcard for `*.localhost` is not accepted by OpenSSL, and bucket names are not known before: so each name that a
client asks for (SNI) gets a certificate of its own, when it is first asked for. The authority's private key never
leaves the process; only its certificate is written, for clients to trust.
"""

from __future__ import annotations

import re
import ssl
from functools import lru_cache
from pathlib import Path

import trustme

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){0,10}[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_OWN_NAMES = ("localhost", "127.0.0.1", "::1")
_MOST_NAMES = 256
"""Certificates kept at a time: a client that asks for ever new names costs time, and no more memory."""


class Authority:
    """One CA for one run of the simulator."""

    def __init__(self, folder: Path) -> None:
        """Write the certificate that clients trust into `folder`."""
        self._ca = trustme.CA()
        self.ca_file = folder / "ossmend-simulator-ca.pem"
        self._ca.cert_pem.write_to_path(self.ca_file)
        self._of_name = lru_cache(maxsize=_MOST_NAMES)(self._issue)

    def _issue(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._ca.issue_cert(*names).configure_cert(context)
        return context

    def context(self) -> ssl.SSLContext:
        """For the listening socket: the own names, and any other as it is asked for."""
        own = self._issue(*_OWN_NAMES)

        def choose(connection: ssl.SSLObject, name: str, _context: ssl.SSLContext) -> int | None:
            if not name or name.lower() in _OWN_NAMES:
                return None
            if len(name) > 253 or not _NAME.match(name.lower()):
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = self._of_name(name.lower())
            return None

        own.sni_callback = choose
        return own
