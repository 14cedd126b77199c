"""Region <-> the hosts that OSS has there: the table first, then the rule that most regions follow.

The finance and government clouds have names of their own. daemon/cloud/settings.py makes endpoints of it, and
doubts.py knows by it which regions there are. A region that is not here is not refused: there may be a new one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from ossmend.config.problems import nearest
from ossmend.remediators.contract.light import regex

Network = Literal["public", "internal", "dual-stack", "accelerate"]

DOMAIN = ".aliyuncs.com"
LOGS = f".log{DOMAIN}"
"""Of the log service: `REGION.log.aliyuncs.com`, and within it `REGION-intranet`."""
_USUAL = frozenset(
    "cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu "
    "cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-hongkong us-west-1 us-east-1 na-south-1 ap-northeast-1 "
    "ap-northeast-2 ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 eu-central-1 eu-west-1 "
    "me-east-1".split()
)
_SPECIAL: dict[str, tuple[str | None, str]] = {
    "cn-hangzhou-finance": ("oss-cn-hzfinance", "oss-cn-hzfinance-internal"),
    "cn-shenzhen-finance-1": ("oss-cn-szfinance", "oss-cn-shenzhen-finance-1-internal"),
    "cn-shanghai-finance-1": ("oss-cn-shanghai-finance-1-pub", "oss-cn-shanghai-finance-1-internal"),
    "cn-beijing-finance-1": ("oss-cn-beijing-finance-1-pub", "oss-cn-beijing-finance-1-internal"),
    "cn-north-2-gov-1": (None, "oss-cn-north-2-gov-1-internal"),
}
"""Public and internal name; None: there is no public one."""
REGIONS = frozenset({*_USUAL, *_SPECIAL})
"""The regions that are known; of another one `ossmend check` warns (doubts.py)."""
GONE = frozenset({"cn-fuzhou"})
"""Of these the regions that OSS has given up: their hosts are still known by name, and serve nobody."""
CLOSING = frozenset({"cn-nanjing"})
"""Those that are being given up: what is there moves away."""
ACCELERATED = ("oss-accelerate", "oss-accelerate-overseas")
"""Serve the buckets of every region that have acceleration switched on."""

_OF_NAME = {name: region for region, names in _SPECIAL.items() for name in names if name} | {
    "oss-cn-beijing-finance-1": "cn-beijing-finance-1",
}
_REGION = "[a-z]{2,}(?:-[a-z0-9]+){1,6}"
_HOST = regex(rf"(?:s3\.)?(?P<name>oss-(?P<region>{_REGION}))|(?P<dual>{_REGION})\.oss")
_LOOSE = regex(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ZONE = regex(r"([a-z]{2,}-.*)-[a-z]")
INTERNAL = "-internal"
SURELY = 0.75
"""So near a name has to be: there may be new regions, and they look like none of these."""


class Meant(NamedTuple):
    """A region as people write it who have copied a host, a console's word or another cloud's spelling."""

    region: str
    internal: bool = False
    """What was written names the region's internal host: that is `network: internal`."""


def host_of(region: str, network: Network = "public") -> str:
    """The host that serves a region's buckets there. A government cloud has no public one: its internal one then."""
    if network == "accelerate":
        return ACCELERATED[0] + DOMAIN
    public, internal = _SPECIAL.get(region, (f"oss-{region}", f"oss-{region}-internal"))
    if network == "dual-stack" and region not in _SPECIAL:
        return f"{region}.oss{DOMAIN}"
    return ((internal if network == "internal" else public) or internal) + DOMAIN


def region_of(host: str, *, bucket: str = "") -> str | None:
    """The region that a host of OSS serves, with the bucket before it or without; None of any other host."""
    name = host.lower().rstrip(".").removesuffix(DOMAIN)
    if name == host.lower().rstrip("."):
        return None
    if bucket:
        name = name.removeprefix(f"{bucket}.")
    found = _HOST.fullmatch(name)
    if found is None:
        return None
    if (dual := found["dual"]) is not None:
        return dual
    if found["name"] in _OF_NAME:
        return _OF_NAME[found["name"]]
    region = found["region"].removesuffix("-internal")
    return None if region.startswith("accelerate") else region


def log_region_of(host: str) -> str | None:
    """The region that a host of the log service serves; None of any other host, and of a region that is not known."""
    name = host.lower().rstrip(".")
    region = name.removesuffix(LOGS).rpartition(".")[2].removesuffix("-intranet").removesuffix("-share")
    return region if name.endswith(LOGS) and region in REGIONS else None


def meant(text: str) -> Meant | None:
    """The region that is meant by what is none: a host of OSS, with or without its domain, capitals, underscores, a
    city, a zone, a slip of the finger. None where nobody could tell.
    """
    plain = text.strip().lower().replace("_", "-")
    host = (_host_in(plain) if "//" in plain else plain).rstrip("/.").removesuffix(DOMAIN).removeprefix("s3.")
    name = host.removesuffix(".oss").rpartition(".")[2]
    found = region_of(name + DOMAIN) or name.removeprefix("oss-")
    region = _known(found.removesuffix(INTERNAL))
    return Meant(region, name.endswith(INTERNAL)) if region is not None else None


def _host_in(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _known(name: str) -> str | None:
    """A region that there is: that one, the one of a city or of a zone, or the nearest."""
    zone = _ZONE.fullmatch(name)
    for each in (name, f"cn-{name}", zone[1] if zone is not None else ""):
        if each in REGIONS - GONE:
            return each
    return nearest(name, sorted(REGIONS - GONE), cutoff=SURELY) if _LOOSE.fullmatch(name) else None
