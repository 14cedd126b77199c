"""Kinds of values that several settings share, each with the sentence that says what was expected.

Validators here get a value of the right YAML type and raise ValueError with a whole sentence; complaints.py gives it
its place. model.py and policy.py put these kinds together.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, WithJsonSchema
from pydantic_core import PydanticKnownError

from ossmend.config.regions import ACCELERATED, DOMAIN, INTERNAL, LOGS, Meant, meant, region_of
from ossmend.remediators.contract.settings import Duration

Trust = Literal["high", "low"]
"""low: whoever can make the application log a line may have written it. high: it speaks for OSS itself."""
Witness = Literal["access_log"]
"""What a refusal can be confirmed by, before it is acted on: OSS's own access log."""
Mode = Literal["dry-run", "approve", "enforce"]
"""dry-run: plan only. approve: each write waits for a person. enforce: write, within the brakes."""

# ------------------------------------------------------------------------------------------------- numbers and times


def _decimal(value: Any) -> Decimal:
    """Exactly what is written: a float's shortest text is what stood in the file."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticKnownError("float_type")
    return Decimal(str(value))


Amount = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    Field(ge=0, allow_inf_nan=False),
    PlainSerializer(float, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
"""A decimal number that is not negative."""


def unlimited(value: Any) -> Any:
    """The word that takes a brake off; leaving a line unfinished does not."""
    return None if value == "unlimited" else value


def _one(value: Any) -> Any:
    if type(value) is not int:  # to Python, true and 1.0 equal 1
        raise PydanticKnownError("literal_error", {"expected": "1"})
    return value


Version = Annotated[Literal[1], BeforeValidator(_one)]


def _limit_schema(number: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": number, "minimum": 0}, {"const": "unlimited"}]})


Limit = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(unlimited), _limit_schema("integer")]
"""A whole number; `unlimited` is None."""
Rate = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None,
    BeforeValidator(unlimited),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 100_000}, {"const": "unlimited"}]}),
]
"""So many a second; `unlimited` is None."""
Share = Annotated[Amount, Field(le=1)]
"""A part of a whole, 0 to 1."""
AmountLimit = Annotated[Amount | None, BeforeValidator(unlimited), _limit_schema("number")]
"""A number; `unlimited` is None."""


def at_least(least: timedelta, written: str) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value < least:
            raise ValueError(f"must be at least {written}")
        return value

    return AfterValidator(check)


Period = Annotated[Duration, at_least(timedelta(seconds=10), "10s")]
"""How often we do something by ourselves."""
Patience = Annotated[Duration, at_least(timedelta(milliseconds=100), "100ms")]
"""How long we wait for somebody."""


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # 2024-02-31 looks like a day, too
    raise ValueError("expected a day, like 2024-04-01")


Day = Annotated[date, BeforeValidator(_date)]

# ------------------------------------------------------------------------------------------------------------- texts


def text(pattern: str, expected: str) -> AfterValidator:
    """The whole text must match, or the sentence is said."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


Name = Annotated[
    str,
    text("[a-z0-9][a-z0-9_-]{0,62}", "expected a name like thaw-reports: small letters, digits, - and _, at most 63"),
]
Bucket = Annotated[
    str,
    text("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "expected a bucket's name: 3 to 63 small letters, digits and -"),
]
Currency = Annotated[str, text("[A-Z]{3}", "expected a currency in three capitals, like CNY")]
Host = Annotated[
    str,
    text(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", "expected host or host:port"),
]


def _region(value: str) -> str:
    if not value.startswith("oss-") and re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", value):
        return value
    found = meant(value)
    if found is None and value.startswith("oss-") and re.fullmatch(r"[a-z0-9-]+", value):
        found = Meant(value.removeprefix("oss-"))  # a new one, most likely
    if found is None:
        raise ValueError("expected a region, like cn-hangzhou")
    network = " and network: internal" if found.internal else ""
    raise ValueError(f'expected the bare region; write "{found.region}"{network}, as signatures need it')


Region = Annotated[str, AfterValidator(_region)]


def _absolute(value: str) -> str:
    if not value.startswith("/") or "\0" in value:
        raise ValueError("expected an absolute path: a service has no working directory of its own")
    return value


def _path(value: Any) -> Any:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return Path(_absolute(value))


AbsolutePath = Annotated[Path, BeforeValidator(_path)]
PathPattern = Annotated[str, AfterValidator(_absolute)]
"""An absolute path that may have *, ? and [...] in it."""


SQLITE, POSTGRES = "sqlite:///", "postgresql://"


def _state_url(value: str) -> str:
    if value.startswith(POSTGRES):
        return _postgres_url(value)
    if not value.startswith(SQLITE):
        raise ValueError("expected postgresql://USER@HOST/DATABASE, or sqlite:////DIRECTORY")
    if not value.removeprefix(SQLITE).startswith("/"):
        raise ValueError("expected four slashes and an absolute directory: sqlite:////var/lib/ossmend")
    return value


def _postgres_url(value: str) -> str:
    """As libpq reads it: several hosts with commas between, and settings like ?sslmode=verify-full."""
    rest = value.removeprefix(POSTGRES)
    place, _, settings = rest.partition("?")
    hosts, _, database = place.partition("/")
    user, at, _ = hosts.rpartition("@")
    named = [setting.partition("=")[0].lower() for setting in settings.split("&")]
    if ":" in user or "password" in named:
        raise ValueError("expected no password: secrets never stand in this file; "
                         "write password: !secret NAME beside the url, or set PGPASSFILE")  # fmt: skip
    if not database or (at and not user) or re.search(r"\s", value):
        raise ValueError("expected postgresql://USER@HOST/DATABASE")
    return value


StateUrl = Annotated[str, AfterValidator(_state_url)]


def _secret(value: Any) -> SecretStr:
    if isinstance(value, SecretStr):
        return value
    raise ValueError("secrets never stand in this file; write !secret NAME, which reads $CREDENTIALS_DIRECTORY/NAME")


Secret = Annotated[
    SecretStr,
    BeforeValidator(_secret),
    WithJsonSchema({"type": "string", "description": "!secret NAME reads $CREDENTIALS_DIRECTORY/NAME"}),
]

# -------------------------------------------------------------------------------------------------------------- URLs


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(value: str, example: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    if not port_is_fine or parts.scheme not in ("https", "http") or not parts.hostname or re.search(r"\s", value):
        raise ValueError(f"expected {example}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected an address without user and password: secrets never stand in this file")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("expected https: plain http is read by everybody on the way, so it is for this machine only")
    return parts


def _endpoint(value: str) -> str:
    parts = _split(value, "https://HOST, or http://127.0.0.1:PORT")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("expected scheme, host and port only")
    return value.rstrip("/")


def _loopback_endpoint(value: str) -> str:
    parts = urlsplit(_endpoint(value))
    if parts.scheme != "http" or not is_loopback(parts.hostname or ""):
        raise ValueError("expected http://127.0.0.1:PORT: this is for a simulator on this machine only")
    return value.rstrip("/")


def _oss_endpoint(value: str) -> str:
    host = urlsplit(_endpoint(value)).hostname or ""
    if ":" in host:
        raise ValueError("expected a name or an IPv4 address: the OSS SDK cannot use IPv6 literals")
    if found := re.fullmatch(r"([a-z0-9-]+)\.(oss-[a-z0-9-]+\.aliyuncs\.com)", host):
        raise ValueError(f"expected an endpoint without a bucket; write https://{found[2]}")
    return value.rstrip("/")


def _log_endpoint(value: str) -> str:
    host = (urlsplit(_endpoint(value)).hostname or "").rstrip(".")
    if region := region_of(host):
        raise ValueError(f"expected a host of the log service, and {host} is OSS's; write https://{region}{LOGS}")
    name, of_service, _ = host.partition(LOGS)
    if of_service and "." in name:
        raise ValueError(f"expected an endpoint without a project; write https://{name.partition('.')[2]}{LOGS}")
    return value.rstrip("/")


def _domain(value: str) -> str:
    parts = urlsplit(_endpoint(value))
    host = (parts.hostname or "").rstrip(".")
    if host.endswith(DOMAIN):
        raise ValueError(f"expected a domain of your own, and {host} is OSS's: {_instead_of(host)}")
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*", host):
        raise ValueError("expected a domain's name, like https://files.example.com: an address is no bucket's own")
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{host}{port}"


def _instead_of(host: str) -> str:
    """What is written where somebody has put one of OSS's own hosts down as the domain of a bucket."""
    name = host.removesuffix(DOMAIN).rpartition(".")[2]
    if name in ACCELERATED:
        return "leave it out, and write network: accelerate"
    if name.endswith(INTERNAL):
        return "leave it out, and write network: internal"
    return "leave it out, for a bucket without a domain is asked there, in the region it is in"


def _web_url(value: str) -> str:
    _split(value, "https://HOST/PATH, or http://127.0.0.1:PORT/PATH")
    return value


Endpoint = Annotated[str, AfterValidator(_endpoint)]
LoopbackEndpoint = Annotated[str, AfterValidator(_loopback_endpoint)]
OssEndpoint = Annotated[str, AfterValidator(_oss_endpoint)]
LogEndpoint = Annotated[str, AfterValidator(_log_endpoint)]
Domain = Annotated[str, AfterValidator(_domain)]
"""Of one bucket: its own, which is bound to it (CNAME)."""
WebUrl = Annotated[str, AfterValidator(_web_url)]

# -------------------------------------------------------------------------------------------------------------- CORS


def _origin(value: str) -> str:
    if value == "*":
        return value
    if value.count("*") > 1:
        raise ValueError("expected at most one * in an origin")
    if value.endswith("/"):
        raise ValueError("expected an origin without a slash at its end: browsers send none")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s?#]+", value):
        raise ValueError("expected an origin with its scheme, like https://app.example.com")
    return value


def _header(most_stars: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
            raise ValueError("expected the name of a header, like x-oss-meta-id")
        if value.count("*") > most_stars:
            raise ValueError("expected at most one *" if most_stars else "expected no *: OSS takes none here")
        return value

    return check


Origin = Annotated[str, AfterValidator(_origin)]
HeaderPattern = Annotated[str, AfterValidator(_header(1))]
Header = Annotated[str, AfterValidator(_header(0))]

# ------------------------------------------------------------------------------------------------------------- globs


def _pattern(value: str) -> str:
    if not value:
        raise ValueError('expected a pattern; "*" means all')
    return value


def _bucket_pattern(value: str) -> str:
    if value.startswith("oss://") or "/" in value:
        raise ValueError("expected a pattern for the bucket's name alone; what follows the slash belongs into key")
    if not re.fullmatch(r"[a-z0-9*?-]+", value):
        raise ValueError("no bucket fits: names have small letters, digits and - only, and * and ? are the wildcards")
    return value


def _key_pattern(value: str) -> str:
    if value.startswith("/"):
        raise ValueError("no object fits: keys do not begin with a slash")
    return _pattern(value)


def _client_pattern(value: str) -> str:
    if "/" in value:
        raise ValueError("expected a pattern like 10.0.*; networks like 10.0.0.0/8 are not understood")
    return _pattern(value)


Pattern = Annotated[str, AfterValidator(_pattern)]
BucketPattern = Annotated[str, AfterValidator(_bucket_pattern)]
KeyPattern = Annotated[str, AfterValidator(_key_pattern)]
ClientPattern = Annotated[str, AfterValidator(_client_pattern)]
