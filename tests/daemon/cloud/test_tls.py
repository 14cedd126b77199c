"""https: the server's name is sent, its certificate checked, by both SDKs."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.stubs import Liar, answer, liar, ref

Open = Callable[..., Cloud]
IDENTITY = b'{"RequestId":"R","AccountId":"1","Arn":"acs:ram::1:user/a","IdentityType":"RAMUser"}'


class Secure:
    """A certificate for some names on loopback, and which names clients asked for."""

    def __init__(self, directory: Path, *names: str) -> None:
        self.path = directory / "cert.pem"
        self.names: list[str | None] = []
        _write_certificate(self.path, names)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.path)
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    def wrap(self, channel: socket.socket) -> socket.socket:
        return self.context.wrap_socket(channel, server_side=True)


def _write_certificate(path: Path, names: tuple[str, ...]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's own authority")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))


def _https(server: Liar) -> str:
    return server.url.replace("http://127.0.0.1", "https://localhost")


def test_both_sdks_send_the_servers_name_and_trust_the_given_authority(tmp_path: Path, open_port: Open) -> None:
    secure = Secure(tmp_path, "localhost")
    with liar(answer(200), answer(200, IDENTITY), wrap=secure.wrap) as server:
        cloud = open_port(_https(server), ca_bundle=str(secure.path))
        cloud.view([]).object(ref("k"))
        assert cloud.caller().account_id == "1"
    assert secure.names == ["localhost", "localhost"]


def test_an_authority_that_nobody_knows_is_not_trusted(tmp_path: Path, open_port: Open) -> None:
    secure = Secure(tmp_path, "localhost")
    with liar(answer(200, IDENTITY), wrap=secure.wrap) as server:
        cloud = open_port(_https(server))
        with pytest.raises(TryAgain, match="SSLCertVerificationError"):
            cloud.view([]).object(ref("k"))
        with pytest.raises(TryAgain, match="SSLCertVerificationError"):
            cloud.caller()
        assert server.heads == []


def test_a_certificate_for_another_name_is_not_trusted(tmp_path: Path, open_port: Open) -> None:
    secure = Secure(tmp_path, "elsewhere.example")
    with liar(answer(200, IDENTITY), wrap=secure.wrap) as server:
        cloud = open_port(_https(server), ca_bundle=str(secure.path))
        for ask in (lambda: cloud.view([]).object(ref("k")), cloud.caller):
            with pytest.raises((TryAgain, Refused)):
                ask()
        assert server.heads == []


def test_environment_variables_name_no_authority(
    tmp_path: Path, open_port: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure = Secure(tmp_path, "localhost")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "ALIBABA_CLOUD_CA_BUNDLE"):
        monkeypatch.setenv(name, str(secure.path))
    with liar(answer(200, IDENTITY), wrap=secure.wrap) as server:
        cloud = open_port(_https(server))
        with pytest.raises(TryAgain):
            cloud.view([]).object(ref("k"))
        with pytest.raises(TryAgain):
            cloud.caller()


def test_environment_variables_have_no_keys_written_down(
    tmp_path: Path, open_port: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    secure, keys = Secure(tmp_path, "localhost"), tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    with liar(answer(200, IDENTITY), wrap=secure.wrap) as server:
        open_port(_https(server), ca_bundle=str(secure.path)).caller()
    assert not keys.exists()
