"""A role -> its session: STS and the metadata service, asked through alibabacloud-credentials with its traps closed.

What is closed here, each seen in version 1.0.12: variables of the environment that are read once, at import, and fill
what was left out; a fall back to the metadata service's first protocol; a thread a minute for each ECS role; proxies
of the environment even for the metadata service; redirects; answers without any limit of time or length; signed URLs,
tokens and whole answers in error texts, which are logged up to three times. Therefore each of its objects is asked
once and dropped, its requests leave by a session of ours, and what happened is read from that session and not from
its errors. kept.py calls this, through provide.py.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from ossmend import __version__
from ossmend.daemon.cloud.credentials.kept import Fetched, NotFetched
from ossmend.daemon.cloud.credentials.pair import OVER, Credentials, check
from ossmend.daemon.host.redact import printable, redact
from ossmend.daemon.host.stops import CredentialsRefused

METADATA = "http://100.100.100.200"
"""The only address at which an ECS instance finds its metadata service."""
DEADLINE = 15.0
"""Seconds for one answer with its body."""
ANSWER_CAP = 64 * 1024
UNREADABLE = (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What the library's parser ends in where an answer is half, or of another shape: it looks at nothing first."""
_PASSING = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Session:
    """What is asked for: a session of a role under a name, for so long."""

    role_arn: str
    session_name: str
    duration: timedelta


def assume_role(base: Credentials, session: Session, external_id: str | None, sts: str | None) -> Fetched:
    """AssumeRole, signed with `base`. `sts`: an endpoint other than the public one. Raises NotFetched."""
    library = _library()
    return _asked(
        f"AssumeRole of {session.role_arn}",
        lambda: library.RamRoleArnCredentialsProvider(
            access_key_id=base.access_key_id,
            access_key_secret=base.access_key_secret,
            security_token=base.security_token,
            role_arn=session.role_arn,
            role_session_name=session.session_name,
            duration_seconds=round(session.duration.total_seconds()),
            external_id=external_id,
            sts_endpoint=_host(sts),
        ),
    )


def assume_role_with_oidc(provider_arn: str, token_file: str, session: Session, sts: str | None) -> Fetched:
    """AssumeRoleWithOIDC, which nobody signs: the token is the proof. Raises NotFetched."""
    library = _library()
    return _asked(
        f"AssumeRoleWithOIDC of {session.role_arn}",
        lambda: library.OIDCRoleArnCredentialsProvider(
            role_arn=session.role_arn,
            oidc_provider_arn=provider_arn,
            oidc_token_file_path=token_file,
            role_session_name=session.session_name,
            duration_seconds=round(session.duration.total_seconds()),
            sts_endpoint=_host(sts),
        ),
    )


def ecs_role(name: str | None, metadata: str | None) -> Fetched:
    """The session of this instance's role; None asks which role it has. `metadata`: another address than the real one.
    Raises NotFetched.
    """
    library = _library()
    return _asked(
        "the ECS metadata service",
        # an empty name, and not None, which would take one from the environment
        lambda: library.EcsRamRoleCredentialsProvider(
            role_name=name or "", disable_imds_v1=True, async_update_enabled=False
        ),
        metadata=metadata,
    )


def _host(endpoint: str | None) -> str | None:
    """As the library takes it: with a scheme for plain http only."""
    return endpoint.removeprefix("https://") if endpoint is not None else None


# -------------------------------------------------------------------------------------------- one answer, and its sense


@dataclass(slots=True)
class _Call:
    """What became of the last request of one question."""

    metadata: str | None = None
    status: int = 0
    body: bytes = b""
    lost: str = ""


_current = threading.local()


def _asked(what: str, make: Callable[[], Any], metadata: str | None = None) -> Fetched:
    call = _current.call = _Call(metadata)
    try:
        told = make().get_credentials()
        return _fetched(told)
    except CredentialsRefused as bad:
        raise NotFetched(f"{what}: {bad}") from None
    except _errors() as fault:
        raise _meaning(what, call, fault) from None
    finally:
        _current.call = _Call()


def _fetched(told: Any) -> Fetched:
    """What the library says, looked over: half an answer must not become a signature."""
    parts = (told.get_access_key_id(), told.get_access_key_secret(), told.get_security_token())
    key_id, secret, token = (part if isinstance(part, str) else "" for part in parts)
    credentials = Credentials(key_id, secret, token)
    check(credentials, "the answer")
    if not token:
        raise CredentialsRefused("the answer: the token is empty")
    return Fetched(credentials, datetime.fromtimestamp(told.get_expiration(), UTC))


def _meaning(what: str, call: _Call, fault: Exception) -> NotFetched:
    if call.lost:
        return NotFetched(f"{what}: no answer ({call.lost})")
    if call.status >= 300:
        return _turned_away(what, call)
    if call.status:
        return NotFetched(f"{what}: an answer that cannot be read ({type(fault).__name__})")
    if isinstance(fault, OSError) and fault.filename:
        return NotFetched(f"{what}: {fault.filename} cannot be read ({fault.strerror})")
    return NotFetched(f"{what}: {type(fault).__name__}")


def _turned_away(what: str, call: _Call) -> NotFetched:
    try:
        told = json.loads(call.body)
    except ValueError:
        told = None
    told = told if isinstance(told, dict) else {}
    code = printable(str(told.get("Code") or ""))[:100]
    message = (
        "" if code.startswith("SignatureDoesNotMatch") else printable(redact(str(told.get("Message") or "")))[:300]
    )
    passing = call.status >= 500 or call.status in _PASSING or code.startswith("Throttling")
    if call.status == 404 and not code:
        return NotFetched(f"{what}: it knows no such role of this instance (404)", refused=True)
    said = " ".join(filter(None, (str(call.status), code, message and f"({message})")))
    return NotFetched(f"{what}: {said}", refused=not passing, spent=code.startswith(OVER))


# --------------------------------------------------------------------------------------------------- the library itself


@cache
def _library() -> Any:
    """Imported when a role is first asked for: it brings an HTTP client of its own and a scheduler."""
    import requests
    import Tea.core
    import urllib3
    from alibabacloud_credentials import provider

    for name in ("credentials", "alibabacloud-tea"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        logger.disabled = True  # it logs errors with signed URLs and whole answers; kept.py says what happened

    class Plain(requests.Session):
        """Sends one request as it stands: no proxy, no .netrc, no redirect; and DEADLINE for the whole answer."""

        def send(self, request: requests.PreparedRequest, **given: Any) -> requests.Response:
            call: _Call = _current.call
            request.headers["User-Agent"] = f"{request.headers.get('user-agent', '')} ossmend/{__version__}".strip()
            if call.metadata is not None and (request.url or "").startswith(f"{METADATA}/"):
                request.url = call.metadata + (request.url or "").removeprefix(METADATA)
            request.headers["Connection"] = "close"  # nobody will ask again on it
            call.status, call.lost = 0, ""
            try:
                answer = super().send(
                    request, timeout=given.get("timeout"), proxies={}, allow_redirects=False, stream=True
                )
                answer._content = call.body = _whole(answer)  # noqa: SLF001  # this is where requests keeps it
            except (OSError, urllib3.exceptions.HTTPError) as lost:  # their texts may hold the whole signed URL
                call.lost = type(lost).__name__
                raise OSError(call.lost) from None
            call.status = answer.status_code
            return answer

    Tea.core.TeaCore._get_session = staticmethod(lambda **_: Plain())  # noqa: SLF001  # it takes no session otherwise
    return provider


@cache
def _errors() -> tuple[type[Exception], ...]:
    from alibabacloud_credentials.exceptions import CredentialException
    from Tea.exceptions import RetryError, TeaException, ValidateException

    return *UNREADABLE, CredentialException, RetryError, TeaException, ValidateException


def _whole(answer: Any) -> bytes:
    """The body, within the deadline: a time-out of the socket alone begins anew with each byte."""
    body, until = bytearray(), time.monotonic() + DEADLINE
    while block := answer.raw.read1(ANSWER_CAP, decode_content=True):
        body += block
        if len(body) > ANSWER_CAP or time.monotonic() > until:
            answer.close()
            raise OSError
    answer.close()
    announced = answer.headers.get("Content-Length", "")
    if announced.isdigit() and len(body) < int(announced) and "Content-Encoding" not in answer.headers:
        raise OSError
    return bytes(body)
