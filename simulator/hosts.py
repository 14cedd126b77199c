"""Turns a Host header into "may be answered": a page that a browser loaded from elsewhere must not read what is here.

A page can have its own name resolve to 127.0.0.1 (DNS rebinding); then the browser takes the simulator for the page's
own server. It cannot change the Host header, which still says the page's name. server.py asks before anything else.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from ossmend.simulator.state import Cloud

_LOOPBACK_DOMAIN = "localhost"
_OSS_DOMAIN = ".aliyuncs.com"
_NUMBERED_DOMAIN = ".127.0.0.1"
"""Clients of the log service put the project before any address. No page is called so: to a browser a name whose last
part is a number is an address, and this is none, so that it does not even ask for it.
"""


def name_of(host: str) -> str:
    """The name or address in a Host header, without port, brackets and the root's dot; lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


@lru_cache(maxsize=1024)
def is_loopback(host: str) -> bool:
    """`localhost`, or an address of this machine's own: all that the control API answers to."""
    name = name_of(host)
    if name == _LOOPBACK_DOMAIN:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def is_before_address(host: str) -> bool:
    """`PROJECT.127.0.0.1`, as clients of the log service write it that were given an address."""
    return name_of(host).endswith(_NUMBERED_DOMAIN)


@lru_cache(maxsize=1024)
def _is_ours(host: str) -> bool:
    """Loopback, `bucket.localhost`, the cloud's own names, and those that no page has: without a dot, or numbered."""
    name = name_of(host)
    return (
        is_loopback(host)
        or name.endswith((f".{_LOOPBACK_DOMAIN}", _OSS_DOMAIN))
        or is_before_address(host)
        or ("." not in name and ":" not in name)
    )


def admits(cloud: Cloud, host: str) -> bool:
    """May a request for this host be answered? A custom domain may, once a bucket is bound to it."""
    return _is_ours(host) or any(name_of(host) in bucket.cnames for bucket in cloud.buckets.values())
