"""What a text tells about bucket and key -> the best reading of it, and every other reading that is possible.

Best first (design: section 10): fields of the error; fields of the JSON log line; the request's URL, decoded once;
`oss://bucket/key` before the error, raw. The string to sign and the host come after these. Nothing is guessed here:
where a text can be read in two ways both are kept, and the view asks which object exists.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlsplit

from ossmend.daemon.sources.shapes.fragment import Fragment
from ossmend.remediators.contract import ObjectRef

MOST_READINGS = 8
LONGEST_KEY = 1023
_BUCKET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_BUCKET_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?([a-z0-9][a-z0-9-]{0,61}[a-z0-9])\.(?:s3\.)?(?:oss(?:-[a-z0-9-]+)?"
    r"|[a-z]{2}-[a-z0-9-]+\.oss-dls|oss-[a-z0-9-]+\.[a-z-]+)"
    r"\.(?:aliyuncs\.com|aliyun-inc\.com)(?::\d{1,5})?",
    re.IGNORECASE,
)
_SERVICE_HOST = re.compile(r"(?:s3\.)?oss(?:-[a-z0-9-]+)?\.(?:aliyuncs\.com|aliyun-inc\.com)", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s'\"<>`“”‘’，。）)\]}\\|^]{3,4096}", re.IGNORECASE)
_OSS_URI = re.compile(r"oss://([A-Za-z0-9][A-Za-z0-9._-]{0,61}[A-Za-z0-9])(/)?", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"\b(GET|PUT|POST|HEAD|DELETE|OPTIONS) (/[^\s'\"<>]{0,4096})(?: (HTTP/\d(?:\.\d)?))?")
_NOT_REQUESTS = re.compile(
    r"https?://(?:api|help|www|error-center|troubleshoot|next\.api|doc|docs|developer"
    r"|ram\.console)\.(?:oss-cn-hangzhou\.)?[a-z]*aliyun|RecommendDoc",
    re.IGNORECASE,
)
_KEY_END = re.compile(r"[:：] |[:：]?\s*[{<]|\s[-–=>]{1,2}\s|\s(?:oss2\.|com\.aliyun)|\s[(\[]|[，；。]\s|[:：]$")
_STOP = re.compile(
    r"\s(?:failed|because|with|error|err|from|after|to|by|in|on|at|is|was|not|returned|due|for|and"
    r"|into|as|cannot|could|has|had|got|status|code)\b"
    r"|\s?(?:失败|错误|报错|时|被|出错)"
)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_COPY = re.compile(r"\bcopy|\bcp\b|复制|拷贝|CopyObject|UploadPartCopy", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read where the request went."""

    bucket: str | None = None
    key: str | None = None
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a refused request went, as far as the text tells."""

    best: Reading
    readings: tuple[ObjectRef, ...] = ()
    url: str | None = None
    method: str | None = None


def bucket_of_host(host: str) -> str | None:
    """The bucket in `<bucket>.oss-cn-....aliyuncs.com`; None for a custom domain, which cannot tell."""
    found = _BUCKET_HOST.fullmatch(host.strip())
    return found[1].lower() if found else None


def find(refusal: Fragment, context: Fragment | None, text: str, start: int) -> Place:
    """Read all places that a refusal, its context and the text before `start` tell, and put the best one first."""
    facts = refusal.facts
    by_host = (
        bucket_of_host(facts.get("host", "")) or (context and bucket_of_host(context.facts.get("host", ""))) or None
    )
    told = [_told(facts)]
    if context is not None:
        told.append(_told(context.facts))
    known = next((reading.bucket for reading in told if reading.bucket), None) or by_host
    url, from_urls = _from_urls(facts, context, text, known)
    method, from_lines = _from_request_lines(text, known)
    signed = _from_string_to_sign(facts.get("string_to_sign", ""))
    from_spelled = _spelled(
        told[:1] if told[0].key else told
    )  # the error names its object: nothing around it is a reading of that
    everything = [*from_spelled, *from_urls, *_from_oss_uris(text, start), *from_lines, *signed, Reading(by_host)]
    if told[0].key:
        everything = [r if r.key is None or r in from_spelled else Reading(r.bucket) for r in everything]
    cut = re.search(r"\s/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])/", facts.get("string_to_sign_cut", ""))
    if cut:
        everything.append(Reading(cut[1]))
    bucket = next((reading.bucket for reading in everything if reading.bucket), None)
    keys = [r for r in everything if r.key and (r.bucket is None or bucket is None or r.bucket == bucket)]
    version = next((r.version_id for r in everything if r.version_id), None)
    best = Reading(bucket, keys[0].key if keys else None, keys[0].version_id or version if keys else None)
    return Place(best, _readings(bucket, keys, version), url, method)


def _readings(bucket: str | None, keys: list[Reading], version: str | None) -> tuple[ObjectRef, ...]:
    if bucket is None:
        return ()
    refs = dict.fromkeys(ObjectRef(bucket, r.key, r.version_id or version) for r in keys if r.key)
    return tuple(refs)[:MOST_READINGS] if len(refs) > 1 else ()


def _told(facts: dict[str, str]) -> Reading:
    bucket = facts.get("bucket", "").strip()
    key = facts.get("object") or facts.get("key")
    version = facts.get("version_id")
    return Reading(
        bucket if _BUCKET.fullmatch(bucket) and bucket.lower() != "null" else None,
        key
        if key
        and key not in ("-", "null", "None", "undefined")
        and len(key.encode("utf-8", "replace")) <= LONGEST_KEY + 1
        else None,
        version if version and version not in ("-", "null", "None") else None,
    )


def _spelled(told: list[Reading]) -> list[Reading]:
    """A key as it is told; and decoded, where it looks encoded: an SDK may print either."""
    found = []
    for reading in told:
        key = reading.key
        if key is None:
            found.append(reading)
            continue
        if key.endswith("!"):
            found.append(Reading(reading.bucket, key[:-1], reading.version_id))  # ossutil ends its sentence with it
        if key.startswith("/"):
            found.append(Reading(reading.bucket, key[1:], reading.version_id))
        if reading.bucket and key.startswith("oss://"):
            continue
        found.append(reading)
        if "%" in key and (decoded := unquote(key, errors="replace")) != key and "\ufffd" not in decoded:
            found.append(Reading(reading.bucket, decoded, reading.version_id))
    return found


def _from_urls(
    facts: dict[str, str], context: Fragment | None, text: str, known: str | None
) -> tuple[str | None, list[Reading]]:
    """The request's URL: one that the error or the log line names, else the one in the text that leads to OSS."""
    named = [facts.get("url", ""), context.facts.get("url", "") if context is not None else ""]
    first: str | None = None
    readings: list[Reading] = []
    host = facts.get("host", "").lower()
    urls = [(url, True) for value in named for url in _URL.findall(value) or _schemeless(value)]
    urls += [
        (found[0], text[max(0, found.start() - 6) : found.start()].endswith("URL: "))
        for found in islice(_URL.finditer(text), 40)
    ]
    for url, trusted in urls[:40]:
        if _NOT_REQUESTS.search(url):
            continue
        found = from_url(url.rstrip(".,;:"), trusted=trusted, host_id=host, known=known)
        if found:
            first = first or url
            readings += found
    return first, readings


def _schemeless(value: str) -> list[str]:
    """`bucket.oss-cn-hangzhou.aliyuncs.com/key`, as some SDKs print it."""
    word = value.strip().split(" ")[-1]
    return [f"https://{word}"] if "." in word.partition("/")[0] and "/" in word else []


def from_url(url: str, *, trusted: bool = False, host_id: str = "", known: str | None = None) -> list[Reading]:
    """Bucket and key of a request's URL, decoded once; nothing if it does not lead to OSS."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return []
    version = _version(parts.query)
    path = parts.path.removeprefix("/")
    bucket = bucket_of_host(host)
    if bucket is None and (_SERVICE_HOST.fullmatch(host) or _is_local(host)):
        bucket, _, path = path.partition("/")
        bucket = unquote(bucket)
        if not _BUCKET.fullmatch(bucket) or (_is_local(host) and not trusted and known not in (None, bucket)):
            return []
        if _is_local(host) and not trusted and known is None and not path:
            return []
    elif bucket is None and not (trusted or (host_id and host == host_id.partition(":")[0])):
        return []
    key = unquote(path, errors="replace")
    readings = [Reading(bucket, key or None, version)]
    if key != path and path:
        readings.append(Reading(bucket, path, version))
    return readings


def _is_local(host: str) -> bool:
    """OSS's SDKs put the bucket into the path where the endpoint is an address."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _version(query: str) -> str | None:
    if "versionId" not in query:
        return None
    return dict(parse_qsl(query[:4096], max_num_fields=200)).get("versionId") if query.count("&") < 200 else None


def _from_request_lines(text: str, known: str | None) -> tuple[str | None, list[Reading]]:
    """`OPTIONS /bucket/key`: the bucket must be known, or the path could be any server's."""
    method: str | None = None
    readings: list[Reading] = []
    if " /" not in text:
        return None, []
    for found in islice(_REQUEST_LINE.finditer(text), 20):
        raw, _, query = found[2].partition("?")
        first, slash, rest = raw[1:].partition("/")
        if known is not None and first == known and slash and rest:
            readings.append(Reading(known, unquote(rest, errors="replace"), _version(query)))
        elif known is None or found[3] is None or len(raw) < 2:
            continue
        readings.append(Reading(known, unquote(raw[1:], errors="replace"), _version(query)))
        method = method or found[1]
    return method, readings


def _from_oss_uris(text: str, start: int) -> list[Reading]:
    """`oss://bucket/key` before the error, raw. Of a copy the first is meant (its source), else the last before the
    error.
    """
    uris = list(islice(_OSS_URI.finditer(text), 40))
    before = [uri for uri in uris if uri.start() < start] or uris
    ordered = before if _COPY.search(text[:start]) or len(before) < 2 else before[::-1]
    readings: list[Reading] = []
    for uri in ordered[:4]:
        following = next((other.start() for other in uris if other.start() > uri.start()), len(text))
        end = min(following, start if start > uri.start() else len(text), uri.end() + 2000)
        readings += _raw_keys(uri, text, end)
    return readings


def _raw_keys(uri: re.Match[str], text: str, end: int) -> list[Reading]:
    bucket = uri[1]
    if not uri[2]:
        return [Reading(bucket)]
    quote = text[uri.start() - 1 : uri.start()]
    closing = {"'": "'", '"': '"', "`": "`", "<": ">", "(": ")", "[": "]", "“": "”", "「": "」"}.get(quote)
    line = text.find("\n", uri.end(), end)
    raw = text[uri.end() : line if line >= 0 else end]
    if closing and closing in raw:
        return [_with_version(bucket, raw[: raw.index(closing)])]
    found = _KEY_END.search(raw)
    short = raw[: found.start()] if found else raw
    keys = dict.fromkeys(key.rstrip(" \t,;'\"") for key in _likely(short))
    return [_with_version(bucket, key) for key in keys if key][:MOST_READINGS] or [Reading(bucket)]


def _likely(raw: str) -> list[str]:
    """Where may a raw key with blanks end? Before a word of the sentence around it, behind a file's extension, or at
    the end.
    """
    raw = raw.rstrip()
    if " " not in raw:
        return [raw, raw.rstrip(".)!"), *_STOP.split(raw, maxsplit=1)[:1]]
    cuts = [raw, *(raw[: found.start()].rstrip(",;") for found in list(islice(re.finditer(r"\s", raw), 12))[::-1])]
    stopped = _STOP.split(raw, maxsplit=1)[0]
    first = [stopped] if stopped != raw else []
    named = [cut for cut in cuts if _EXTENSION.search(cut)]
    return [*first, *named, *cuts]


def _with_version(bucket: str, raw: str) -> Reading:
    key, mark, version = raw.partition("?versionId=")
    return Reading(bucket, key or None, version.partition("&")[0] if mark else None)


def _from_string_to_sign(text: str) -> list[Reading]:
    """The resource that was signed: raw in V1, encoded in V4's canonical request."""
    if not text or text.startswith("OSS4-"):
        return []
    last = text.rstrip("\n").rpartition("\n")[2].rpartition("\\n")[2]
    if not last.startswith("/"):
        return []
    resource, _, query = last.partition("?")
    bucket, slash, key = resource[1:].partition("/")
    if not slash:
        return []
    return [Reading(bucket if _BUCKET.fullmatch(bucket) else None, key or None, _version(query))]
