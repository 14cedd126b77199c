"""The addresses in a text -> spots: URLs, `oss://` and `s3://` places, request lines, each with what it is worth.

A URL is the refused request's own where a field or the words before it say so (`url=`, `GET https://...`, `for url:`);
any other address is a place that the text mentions. A request line without a host may be any server's, the
application's own above all: it guesses and never decides. Next: place.py puts the spots in order.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from ossmend.daemon.sources.parsers.brackets import PAIRED, closed_at, is_open
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.unquoted import UnquotedValues
from ossmend.daemon.sources.parsers.values import SHORTENED, is_cut
from ossmend.remediators.contract.case import Origin
from ossmend.remediators.contract.light import regex

MOST_ADDRESSES = 40
NO_DOMAINS: Mapping[str, str] = {}
BUCKET = regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_BUCKET_HOST = regex(
    r"(?:[a-z][a-z0-9+.-]*://)?([a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.(?:s3\.)?(?:oss(?:-[a-z0-9-]+)?"
    r"|[a-z]{2}-[a-z0-9-]+\.oss-dls|oss-[a-z0-9-]+\.[a-z-]+)"
    r"\.(?:aliyuncs\.com|aliyun-inc\.com)(?::\d{1,5})?",
    re.IGNORECASE,
)
_SERVICE_HOST = regex(r"(?:s3\.)?oss(?:-[a-z0-9-]+)?\.(?:aliyuncs\.com|aliyun-inc\.com)", re.IGNORECASE)
_KEY_IN_BUCKET = regex(r"\bkey '([^'\n]{1,1023})' in bucket '([A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])'")
_BARE_HOST = regex(r"(?<![\w./@-])[a-z0-9][a-z0-9-]{1,62}\.[a-z0-9.-]{3,80}aliyuncs\.com(?![\w-])")
_URL = regex(r"(?:https?|HTTPS?)://[^\s'\"<>`“”‘’，。、；！？】」』\\|^]{3,4096}")
_REMARK = regex(r"(?<=\.)\w{1,5}(\((?:HTTP)?\d{3}\)|（[^（）]{0,40}）|[(（][^()（）]{0,40}|(?::\d{1,6}){1,2})$")
"""`a.png(403)`, `a.png（失败`, `app.js:1:20`: what is glued to an address; `a(1).png` is a name."""
_CELLS = regex(r"(?:,\d{0,9}){2,60}$|,[45]\d\d$")
"""The next columns of a table with commas."""
_URI = regex(r"(?:oss|s3[an]?)://([A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9])(/)?", re.IGNORECASE)
_SCHEMES = ("oss://", "s3://", "s3a://", "s3n://")
_REQUEST_LINE = regex(
    r"\b(GET|PUT|POST|HEAD|DELETE|OPTIONS) (/[^\s'\"<>]{0,4096})(?: (HTTP/\d(?:\.\d)?)(?:\"? (\d{3})\b)?)?"
)
_HOST_HEADER = regex(r"^[ \t>*<|]{0,6}Host:[ \t]{0,4}([A-Za-z0-9.-]{4,253})", re.IGNORECASE | re.MULTILINE)
_ASKED = regex(
    r"(?:\b(?:GET|PUT|POST|HEAD|DELETE|OPTIONS)[\s:\"'(\[]{1,3}"
    r"|\b(?:url|uri|URL|URI|endpoint|Endpoint|for|to|(?<!\()from|at|load(?:ing)?|[Rr]equest(?:ing)?"
    r"|[Ff]etch(?:ing)?|[Gg]et(?:ting)?|[Oo]pen(?:ing)?|[Rr]ead(?:ing)?|[Dd]ownload(?:ing)?|[Uu]pload(?:ing)?)"
    r"[\s:=\"'(\[<]{1,4})$"
)
_NOT_REQUESTS = regex(
    r"https?://(?:api|help|www|error-center|troubleshoot|next\.api|doc|docs|developer"
    r"|ram\.console)\.(?:oss-cn-hangzhou\.)?[a-z]*aliyun|RecommendDoc",
    re.IGNORECASE,
)
_KEY_END = regex(
    r"\t|[:：] |,\s?\w{1,40}=|\s\.{1,2}(?:\s|$)|\s--?[A-Za-z]|[:：]?\s*[{<]|\s[-–=>]{1,2}\s|\s(?:oss2\.|com\.aliyun)"
    r"|(?:(?<=\.[A-Za-z0-9]{2})|(?<=\.[A-Za-z0-9]{3})|(?<=\.[A-Za-z0-9]{4})),(?=[\u4e00-\u9fff])(?!\S{0,40}\.\w{1,5}(?:\s|$))"
    r"|\sat pos(?:ition)? \d|\s[(\[]|[，；。！？](?!\S{0,40}\.\w{1,5}(?:\s|$))|[:：]$|; "
)
_STOP = regex(
    r"\s(?:failed|because|with|error|err|from|after|to|by|in|on|at|is|was|not|returned|due|for|and"
    r"|into|as|An|A|cannot|could|has|had|got|status|code)\b"
    r"|\s?(?:失败|错误|报错|时|被|出错)"
)
_COMMAND = regex(
    r"[^\n]{0,120}?(?:^|[$#>%] ?)(?:sudo )?(?:\./)?"
    r"(?:ossutil\w{0,12}|aliyun oss|aws|s3cmd|s5cmd|mc|rclone|hadoop|hdfs)\s"
    r"|ERROR \"(?:cp|mv|rm|sync|cat|pipe) "
)
"""A command as it was typed, or as s5cmd repeats it: there a place ends with its word."""
_COPIED = regex(r"\b(?:download|upload|move|copy|delete) failed: (?:[^\n]{1,1000} to )?$")
"""The AWS command line's own sentence."""
_IN_PARTS = regex(
    r"\b(?:[Hh]ost(?:name)?|netloc)['\"]?\s?[:=]\s?(?:Some\(Domain\()?['\"]([\w.-]{4,253})['\"]\){0,2},[^{}\n]{0,200}?"
    r"\b[Pp]ath['\"]?\s?[:=]\s?['\"](/[^'\"\s]{0,2000})['\"]"
)
"""An address that a program prints as a structure: Rust's and Go's URL, Python's SplitResult."""
_TO = regex(r" to ")
_NAME_WITH_BLANKS = regex(r" [^\s:=]{0,120}\.[A-Za-z][A-Za-z0-9]{0,4}\Z")
"""`https://host/my file.csv`: an address that was not encoded, and its first word is the name of another object."""
LONGEST_LINE = 2000
_EXTENSION = regex(r"\.[A-Za-z0-9]{1,8}$")
_COPY = regex(r"\bcopy|\bcp\b|复制|拷贝|CopyObject|UploadPartCopy", re.IGNORECASE)
_CLOSING = {"'": "'", '"': '"', "`": "`", "<": ">", "(": ")", "[": "]", "“": "”", "「": "」"}


@dataclass(frozen=True, slots=True)
class Spot:
    """One way to read where the request went."""

    bucket: str | None = None
    key: str | None = None
    version_id: str | None = None
    origin: Origin = Origin.PROSE


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the addresses of a text tell together."""

    spots: tuple[Spot, ...]
    url: str | None
    method: str | None


def bucket_of_host(host: str) -> str | None:
    """The bucket in `<bucket>.oss-cn-....aliyuncs.com`; None for a custom domain, which cannot tell."""
    found = _BUCKET_HOST.fullmatch(host.strip())
    return found[1].lower() if found else None


def find(
    refusal: Fragment | None,
    context: Fragment | None,
    text: str,
    start: int,
    known: str | None,
    domains: Mapping[str, str],
) -> Addresses:
    """Every address in the fields and in the text; `known` is the bucket that the fields name, `domains`: host -> the
    bucket whose own domain it is.
    """
    clients = UnquotedValues(text)
    url, spots = _from_urls(refusal, context, text, known, domains, clients)
    method, lines = _from_request_lines(refusal, context, text, known)
    return Addresses(
        (*spots, *_from_uris(text, start, clients), *lines, *_from_sentences(text, clients), *_from_bare_hosts(text)),
        url,
        method,
    )


def _from_sentences(text: str, clients: UnquotedValues) -> Iterator[Spot]:
    """`key 'a.csv' in bucket 'b'`, as Arrow says it: a fixed sentence, and yet a sentence."""
    for found in islice(_KEY_IN_BUCKET.finditer(text), MOST_ADDRESSES) if " in bucket '" in text else ():
        yield Spot(found[2], found[1], origin=clients.at_most(Origin.URI, found.start()))


def _from_bare_hosts(text: str) -> Iterator[Spot]:
    """A bucket's host without a scheme, as wget and DNS print it: it names the bucket and no object."""
    if "aliyuncs.com" in text:
        for found in islice(_BARE_HOST.finditer(text), MOST_ADDRESSES):
            if bucket := bucket_of_host(found[0]):
                yield Spot(bucket, origin=Origin.URI)


# ----------------------------------------------------------------------------------------------------------------- URLs


def _from_urls(
    refusal: Fragment | None,
    context: Fragment | None,
    text: str,
    known: str | None,
    domains: Mapping[str, str],
    clients: UnquotedValues,
) -> tuple[str | None, list[Spot]]:
    """The request's URL: one that the error or the log line names, else those in the text that lead to OSS."""
    first: str | None = None
    spots: list[Spot] = []
    host = refusal.facts.get("host", "").lower() if refusal is not None else ""
    for url, trusted, origin in islice(_urls(refusal, context, text, clients), MOST_ADDRESSES):
        if _NOT_REQUESTS.search(url):
            continue
        asked = domains if origin is Origin.REQUEST else NO_DOMAINS  # a site's links are no requests of ours
        found = from_url(url.rstrip(".,;:!*"), origin, trusted=trusted, host_id=host, known=known, domains=asked)
        if is_cut(url):
            found = [spot for each in found for spot in _of_a_cut(each, url)]
        if found:
            first = first or url
            spots += found
    return first, spots


def _urls(
    refusal: Fragment | None, context: Fragment | None, text: str, clients: UnquotedValues
) -> Iterator[tuple[str, bool, Origin]]:
    """(URL, whether something names it the request's, origin)."""
    for fragment in (refusal, context):
        value, told = fragment.fact("url") if fragment is not None else ("", Origin.PROSE)
        for url in (_of_field(value) or _schemeless(value)) if value else ():
            yield url, told is not Origin.PROSE, Origin.PROSE if told is Origin.PROSE else Origin.REQUEST
    for found in _IN_PARTS.finditer(text) if "ath" in text and "aliyuncs.com" in text else ():
        yield f"https://{found[1]}{found[2]}", False, clients.at_most(Origin.REQUEST, found.start())
    for found in _URL.finditer(text) if "://" in text else ():
        before = text[max(0, found.start() - 24) : found.start()]
        asked = _ASKED.search(before) is not None
        url = _ended(found[0])
        url = url.partition(",")[0] if before.endswith(",") else url  # a column of a table
        url += "…" if _is_in_part(text, found, before[-1:]) else ""
        origin = clients.at_most(Origin.REQUEST if asked else Origin.URI, found.start())
        yield url, before.endswith("URL: ") and origin is not Origin.PROSE, origin


def _is_in_part(text: str, found: re.Match[str], quote: str) -> bool:
    """Was the text cut within this address, or has it a blank in it?"""
    end = found.end()
    if quote in ("'", '"'):
        closing = text.find(quote, end, end + 400)
        rest = text[end:closing].rstrip("\\") if closing >= 0 else ""
        if end == len(text) or (rest[:1] == " " and "://" not in rest and _NAME_WITH_BLANKS.search(rest)):
            return True
    return SHORTENED.match(text, end) is not None


def _of_field(value: str) -> list[str]:
    """The addresses in a field. In `https://host/my file.csv` there is one, and nobody knows where it ends."""
    one = value.startswith("http") and value.count("://") == 1
    if one and _NAME_WITH_BLANKS.search(value, max(0, len(value) - 400)):
        return [f"{value.partition(' ')[0]}…"]
    return list(map(_ended, _URL.findall(value)))


def _of_a_cut(spot: Spot, told: str) -> Iterator[Spot]:
    """`a/lo…` tells the bucket; `loading a/b.csv...` may end like a sentence, or have been cut: a guess."""
    yield Spot(spot.bucket, origin=spot.origin)
    if told.endswith("..."):
        yield replace(spot, origin=Origin.PROSE)


def _ended(url: str) -> str:
    """The address without what a text closes behind it: a bracket that it has not opened, a remark, a table's columns.

    `a(1).png` is a name, and OSS's SDKs print it as it is.
    """
    remark = _REMARK.search(url)
    url = url[: closed_at(url)] if remark is None else url[: remark.start(1)]
    cells = _CELLS.search(url, max(0, len(url) - 600))
    return url[: cells.start()] if cells else url


def _schemeless(value: str) -> list[str]:
    """`bucket.oss-cn-hangzhou.aliyuncs.com/key`, as some SDKs print it."""
    word = value.strip().split(" ")[-1]
    return [f"https://{word}"] if "." in word.partition("/")[0] and "/" in word else []


def from_url(
    url: str,
    origin: Origin,
    *,
    trusted: bool = False,
    host_id: str = "",
    known: str | None = None,
    domains: Mapping[str, str] = NO_DOMAINS,
) -> list[Spot]:
    """Bucket and key of a request's URL, decoded once; nothing if it does not lead to OSS."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return []
    path = parts.path.removeprefix("/")
    bucket = bucket_of_host(host) or domains.get(host.rstrip("."))
    if bucket is None and (_SERVICE_HOST.fullmatch(host) or _is_local(host)):
        bucket, _, path = path.partition("/")
        bucket = unquote(bucket)
        if not BUCKET.fullmatch(bucket) or (_is_local(host) and not trusted and known not in (None, bucket)):
            return []
        if _is_local(host) and not trusted and known is None and not path:
            return []
    elif bucket is None and not (trusted or (host_id and host == host_id.partition(":")[0])):
        return []
    version, key = version_of(parts.query), unquote(path, errors="replace")
    spots = [Spot(bucket, key or None, version, origin)]
    if key != path and path:
        spots.append(Spot(bucket, path, version, origin))
    return spots


def _is_local(host: str) -> bool:
    """OSS's SDKs put the bucket into the path where the endpoint is an address."""
    if host == "localhost":
        return True
    if not host[-1:].isdigit() and ":" not in host:
        return False  # nearly every host: a name, which ipaddress would take a while to refuse
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def version_of(query: str) -> str | None:
    if "versionId" not in query or query.count("&") >= 200:
        return None
    return dict(parse_qsl(query[:4096], max_num_fields=200)).get("versionId")


# -------------------------------------------------------------------------------------------------------- request lines


def _from_request_lines(
    refusal: Fragment | None, context: Fragment | None, text: str, known: str | None
) -> tuple[str | None, list[Spot]]:
    """`GET /key HTTP/1.1`. It is the refused request's where a Host of OSS stands with it, else anybody's."""
    method, spots = _from_fields(refusal, context)
    if " /" not in text:
        return method, spots
    header = _HOST_HEADER.search(text)
    for found in islice(_REQUEST_LINE.finditer(text), 20):
        if found[4] not in (None, "403", "400"):
            continue  # it was answered otherwise: it is not the refused one
        if header is not None and 0 < header.start() - found.end() < 200 and bucket_of_host(header[1]):
            method = method or found[1]
            spots += from_url(f"https://{header[1]}{found[2]}", Origin.REQUEST)
            continue
        guess = list(_guessed(found, known))
        spots += guess
        method = method or (found[1] if guess else None)
    return method, spots


def _from_fields(refusal: Fragment | None, context: Fragment | None) -> tuple[str | None, list[Spot]]:
    """A record's `request` field with its `host` field. The host of OSS's body is no such field: the program asked it,
    and the record's request may be one to the program.
    """
    for fragment in (refusal, context):
        if fragment is None:
            continue
        found, (host, origin) = _REQUEST_LINE.match(fragment.facts.get("request", "")), fragment.fact("host")
        if found is None or origin is Origin.BODY or fragment.fact("request")[1] is Origin.PROSE:
            continue
        if bucket_of_host(host.strip()) or _SERVICE_HOST.fullmatch(host.strip()):
            return found[1], from_url(f"https://{host.strip()}{found[2]}", Origin.REQUEST)
    return None, []


def _guessed(found: re.Match[str], known: str | None) -> Iterator[Spot]:
    """`OPTIONS /bucket/key`, `GET /key HTTP/1.1`: the bucket must be known, and even so it is a guess."""
    raw, _, query = found[2].partition("?")
    first, slash, rest = raw[1:].partition("/")
    if known is not None and first == known and slash and rest:
        yield Spot(known, unquote(rest, errors="replace"), version_of(query))
    elif known is None or found[3] is None or len(raw) < 2:
        return
    yield Spot(known, unquote(raw[1:], errors="replace"), version_of(query))


# ---------------------------------------------------------------------------------------------------- oss:// and s3://


def _from_uris(text: str, start: int, clients: UnquotedValues) -> list[Spot]:
    """`oss://bucket/key` before the error, raw. Of a copy the first is meant (its source), else the last before the
    error. An S3 client's place behind the error may be about anything.
    """
    if not any(scheme in text.lower() for scheme in _SCHEMES):
        return []
    uris = [uri for uri in islice(_URI.finditer(text), MOST_ADDRESSES) if not uri[1].lower().endswith("aliyuncs.com")]
    before = [uri for uri in uris if uri.start() < start] or uris
    line = text.rfind("\n", 0, start) + 1
    before = [uri for uri in before if line <= uri.start() < start] or before  # its own line names the place
    ordered = before if len(before) < 2 or _COPY.search(text[:start]) else before[::-1]
    spots: list[Spot] = []
    for uri in ordered[:4]:
        following = next((other.start() for other in uris if other.start() > uri.start()), len(text))
        error = start if start > uri.start() and text[start - 1] not in "/?" else len(text)
        end = min(following, error, uri.end() + 2000)
        told = clients.at_most(Origin.URI, uri.start())
        named = [replace(spot, origin=told) for spot in _raw_keys(uri, text, end)]
        cut = next((spot for spot in named if spot.key and is_cut(spot.key)), None)
        spots += named if cut is None else _of_a_cut(replace(cut, key=(cut.key or "").rstrip(".")), cut.key or "")
    if uris and uris[0].start() >= start and not uris[0][0].lower().startswith("oss:"):
        spots = [replace(spot, origin=Origin.PROSE) for spot in spots]
    return spots


def _raw_keys(uri: re.Match[str], text: str, end: int) -> list[Spot]:
    bucket = uri[1]
    if not uri[2]:
        return [Spot(bucket, origin=Origin.URI)]
    closing = _CLOSING.get(text[uri.start() - 1 : uri.start()])
    line = text.find("\n", uri.end(), end)
    raw = text[uri.end() : line if line >= 0 else end]
    begin = text.rfind("\n", max(0, uri.start() - LONGEST_LINE), uri.start()) + 1
    before = text[begin : uri.start()]
    if text[uri.start() - 1 : uri.start()] == ",":
        return [_with_version(bucket, raw.partition(",")[0])]  # a column of a table
    if closing in PAIRED:
        return [_with_version(bucket, raw[: closed_at(raw)])]
    if closing and closing in raw:
        return [_with_version(bucket, raw[: raw.index(closing)])]
    if not raw[:1].strip():
        return [Spot(bucket, origin=Origin.URI)]
    if _COMMAND.match(before):
        return [_with_version(bucket, raw.split(None, 1)[0].rstrip('":'))]
    if _COPIED.search(before):
        return [_with_version(bucket, _source(raw))]
    if is_open(before):
        raw = raw[: closed_at(raw)]
    found = _KEY_END.search(raw)
    short = raw[: found.start()] if found else raw
    keys = dict.fromkeys(key.rstrip(" \t,;'\"") for key in _likely(short))
    return [_with_version(bucket, key) for key in keys if key][:8] or [Spot(bucket, origin=Origin.URI)]


def _source(raw: str) -> str:
    """`s3://b/a b.tif to ./a b.tif An error occurred`: what is copied has the name of what it is copied to."""
    raw = raw.partition(" An error occurred")[0]
    ends = [found.start() for found in islice(_TO.finditer(raw), 20)]
    named = [end for end in ends if raw[end + 4 :].endswith(raw[:end].rpartition("/")[2])]
    return raw[: (named or ends or [len(raw)])[0]].rstrip()


def _likely(raw: str) -> list[str]:
    """Where may a raw key with blanks end? Before a word of the sentence around it, behind a file's extension, or at
    the end.
    """
    raw = raw.rstrip()
    if " " not in raw:
        return [raw.rstrip(".!"), raw, raw.rstrip(".)!"), *_STOP.split(raw, maxsplit=1)[:1]]
    cuts = [raw, *(raw[: found.start()].rstrip(",;") for found in list(islice(re.finditer(r"\s", raw), 12))[::-1])]
    stopped = _STOP.split(raw, maxsplit=1)[0]
    first = [stopped] if stopped != raw else []
    named = [cut for cut in cuts if _EXTENSION.search(cut)]
    return [*first, *named, *cuts]


def _with_version(bucket: str, raw: str) -> Spot:
    key, mark, version = raw.partition("?versionId=")
    return Spot(bucket, key or None, version.partition("&")[0] if mark else None, Origin.URI)
