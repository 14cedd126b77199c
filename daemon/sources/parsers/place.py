"""What a text tells about bucket, key and version -> every reading of it with its origin, the most believed first.

The order of belief is that of `Origin`: OSS's own body; the refused request itself (its URL, the SDK's fields beside
the error); a named field of a structured record; `oss://bucket/key` and other addresses in the text; prose. HostId and
ObjectName of the body judge the rest: where the body names the bucket, another bucket is no reading, and where it
names the object, nothing else is. Nothing is decided here: what differs is kept, and the world is asked which of them
is meant (docs/decisions/0005-provenance.md). The addresses in the text are read by addresses.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from ossmend.daemon.sources.parsers import addresses
from ossmend.daemon.sources.parsers.addresses import BUCKET, Spot, bucket_of_host
from ossmend.daemon.sources.parsers.fragment import Fragment
from ossmend.daemon.sources.parsers.values import is_cut
from ossmend.remediators.contract.case import Origin, Reading
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import ObjectRef

MOST_READINGS = 8
LONGEST_KEY = 1023
_NOTHING = frozenset({"", "-", "null", "None", "undefined"})
_BLANK_SIGNED = regex(r"(?:GET|PUT|POST|HEAD|DELETE|OPTIONS) (?:[^\n/]{0,80} )?\d{9,11} (?=/)")
"""`GET 1596699696 /bucket/key`: a browser shows the line ends of a body as blanks."""
_CUT_RESOURCE = regex(r"\s/([a-z0-9][a-z0-9-]{1,61}[a-z0-9])/")


_ASKED_PATH = regex(r"\b(?:uri|path|resource)\b['\"]?\s?[=:]\s?['\"]/([^'\"\s?]{1,1023})['\"?]")


_SPOKEN = regex(
    r"(?:\b[Bb]ucket|存储空间|存储桶)(名称|名字|名)?(?: name)?"
    r"\s?(is called|is named|called|named|是|为|叫)?(?: is|[:：=])?"
    r"\s?[`'\"“「]?([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?![\w./-])(?!\s?(?:is|not|in|to)\b)"
)
"""The bucket that a person speaks of."""
_SAID_OF_BUCKETS = regex(
    r"public-read(?:-write)?|(?:read|write)-only|read-write|non-[a-z]+|cross-[a-z]+"
    r"|(?:oss-)?(?:cn|ap|us|eu|me|na)-[a-z]+(?:-\d)?"
)
"""Rights, kinds and regions: `my bucket is public-read` tells no name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a refused request went, as far as the text tells."""

    bucket: str | None = None
    key: str | None = None
    version_id: str | None = None
    bucket_from: Origin | None = None
    key_from: Origin | None = None
    readings: tuple[Reading, ...] = ()
    """All that name an object, if there are several."""
    url: str | None = None
    method: str | None = None


def find(refusal: Fragment, context: Fragment | None, text: str, start: int, domains: Mapping[str, str]) -> Place:
    """Read all places that a refusal, its context and the text around `start` tell, and put them in order. `domains`:
    host -> the bucket whose own domain it is, as the configuration says.
    """
    own = list(_spelled(_place_in(refusal)))
    around = list(_spelled(_place_in(context))) if context is not None else []
    hosts = list(_of_hosts(refusal, context, domains))
    known = next((spot.bucket for spot in (*hosts, *own, *around) if spot.bucket), None)
    addressed = addresses.find(refusal, context, text, start, known, domains)
    signed = list(_signed(refusal))
    spots = [spot for spot in (*own, *hosts, *signed, *addressed.spots, *around) if _may_be(spot)]
    judged = {spot.key for spot in own if spot.key and spot.origin is Origin.BODY}
    if judged:
        spots = [spot if spot in own or not spot.key else _without_key(spot, judged) for spot in spots]
    spots.sort(key=lambda spot: spot.origin.rank)
    return _best(spots, addressed)


def _without_key(spot: Spot, judged: set[str]) -> Spot:
    """OSS's body names the object; an address of the same one tells the version, which the body leaves out."""
    return Spot(spot.bucket, None, spot.version_id if spot.key in judged else None, spot.origin)


def _may_be(spot: Spot) -> bool:
    """No bucket has capital letters in its name: `Bucket=BUCKET` is source code, unless OSS itself says so."""
    return spot.bucket is None or spot.origin is Origin.BODY or spot.bucket == spot.bucket.lower()


def guess(before: str, behind: str, domains: Mapping[str, str]) -> Place:
    """What the lines around a pasted error speak of: the last place before it, else the first one behind it. It
    explains, and is never written to.
    """
    addressed = (
        *addresses.find(None, None, before, len(before), None, domains).spots,
        *_asked(before),
        *_spoken_of(before),
    )
    spot = next((each for each in addressed if each.bucket), None)
    later = (*addresses.find(None, None, behind, 0, None, domains).spots, *_spoken_of(behind))
    spot = spot or next((each for each in later if each.bucket), None)
    spot = spot or next((each for each in addressed if each.key), None)
    if spot is None:
        return Place()
    key_from = Origin.PROSE if spot.key else None
    return Place(spot.bucket, spot.key, spot.version_id, Origin.PROSE if spot.bucket else None, key_from)


def _asked(text: str) -> Iterator[Spot]:
    """`uri='/docs/a.pdf'` of the request that an S3 client prints: a key, and no bucket."""
    for found in _ASKED_PATH.finditer(text):
        yield Spot(None, unquote(found[1], errors="replace"))


def _spoken_of(text: str) -> Iterator[Spot]:
    """`my bucket is my-photos`, `存储空间 my-photos`: a name and no word of the language, said to be a bucket's."""
    for found in _SPOKEN.finditer(text):
        told = found[1] or found[2] or any(sign in "-0123456789" for sign in found[3])
        is_another_word = found[3].startswith("oss-") or _SAID_OF_BUCKETS.fullmatch(found[3])
        if told and not is_another_word:
            yield Spot(found[3])


def _best(spots: list[Spot], addressed: addresses.Addresses) -> Place:
    judge = next((spot for spot in spots if spot.bucket and spot.origin is Origin.BODY), None)
    by_rank = next((spot for spot in spots if spot.bucket and spot.origin is not Origin.PROSE), None)
    first = judge or by_rank or next((spot for spot in spots if spot.bucket), None)
    bucket = first.bucket if first is not None else None
    named = [spot for spot in spots if spot.key and (judge is None or spot.bucket in (None, bucket))]
    keys = [spot if spot.bucket or first is None else _in_bucket(spot, first) for spot in named]
    version = next((spot.version_id for spot in spots if spot.version_id), None)
    best = next((spot for spot in keys if spot.bucket == bucket), keys[0] if keys else None)
    if best is not None and best.bucket != bucket and best.origin.rank < (first.origin.rank if first else 99):
        bucket, first = best.bucket, best
    return Place(
        bucket=bucket,
        key=best.key if best else None,
        version_id=(best.version_id or version) if best else None,
        bucket_from=first.origin if first is not None else None,
        key_from=best.origin if best else None,
        readings=_readings(keys, best, version),
        url=addressed.url,
        method=addressed.method,
    )


def _in_bucket(spot: Spot, first: Spot) -> Spot:
    """A key that is told without a bucket, in the one that something else tells: believed as the worse of the two."""
    return replace(spot, bucket=first.bucket, origin=max(spot.origin, first.origin, key=lambda origin: origin.rank))


def _readings(keys: list[Spot], best: Spot | None, version: str | None) -> tuple[Reading, ...]:
    """The best one, then the others by belief; each object once; none if there is only one."""
    found: dict[ObjectRef, Origin] = {}
    for spot in ([best] if best is not None else []) + keys:
        if spot.bucket and spot.key:
            found.setdefault(ObjectRef(spot.bucket, spot.key, spot.version_id or version), spot.origin)
    if len(found) < 2:
        return ()
    return tuple(Reading(ref, origin) for ref, origin in found.items())[:MOST_READINGS]


def _place_in(fragment: Fragment) -> Spot:
    """What the fragment's own fields name."""
    bucket, bucket_from = fragment.fact("bucket")
    key, key_from = fragment.fact("object")
    if not key:
        key, key_from = fragment.fact("key")
    version, _ = fragment.fact("version_id")
    bucket = bucket.strip()
    if not BUCKET.fullmatch(bucket) or bucket in _NOTHING:
        bucket = ""
    if key in _NOTHING or len(key.encode("utf-8", "replace")) > LONGEST_KEY + 1:
        key = ""
    if key_from is not Origin.BODY and is_cut(key):
        key = ""
    if version in _NOTHING:
        version = ""
    origin = key_from if key else bucket_from
    if bucket and key and bucket_from.rank > key_from.rank and bucket_from is Origin.PROSE:
        bucket = ""  # a sentence's word is no bucket for a key that is told better
    return Spot(bucket or None, key or None, version or None, origin)


def _spelled(spot: Spot) -> Iterator[Spot]:
    """A key as it is told; and decoded, where it looks encoded: an SDK may print either."""
    key = spot.key
    if key is None:
        if spot.bucket:
            yield spot
        return
    if key.startswith("oss://"):
        rest = key[6:].partition("/")
        if rest[2] and (spot.bucket or rest[0]) == rest[0] and BUCKET.fullmatch(rest[0]):
            yield replace(spot, bucket=rest[0], key=rest[2])
            return
    if key.startswith("/") and len(key) > 1:
        yield replace(spot, key=key[1:])
    yield spot
    if (bare := key.strip()) and bare != key:
        yield replace(spot, key=bare)  # a logger may have put the blanks there: where both exist, a person decides
    if "%" in key and (decoded := unquote(key, errors="replace")) != key and "\ufffd" not in decoded:
        yield replace(spot, key=decoded)


def _of_hosts(refusal: Fragment, context: Fragment | None, domains: Mapping[str, str]) -> Iterator[Spot]:
    """The bucket that HostId, or a host field of the record, names. At a domain of its own only the configuration knows
    it, and OSS names that host no less than its own.
    """
    for fragment in (refusal, context):
        if fragment is None:
            continue
        host, origin = fragment.fact("host")
        asked = host.strip().lower().partition(":")[0].rstrip(".")
        if bucket := bucket_of_host(host) or domains.get(asked):
            yield Spot(bucket, origin=origin)


def _signed(refusal: Fragment) -> Iterator[Spot]:
    """The resource that OSS signed itself, as its body shows it: raw in V1, encoded in V4's canonical request."""
    text = refusal.facts.get("string_to_sign", "")
    if text and not text.startswith("OSS4-"):
        last = text.rstrip("\n").rpartition("\n")[2].rpartition("\\n")[2]
        if blank := _BLANK_SIGNED.match(last):
            last = last[blank.end() :]
        resource, _, query = last.partition("?")
        bucket, slash, key = resource[1:].partition("/")
        if last.startswith("/") and slash:
            yield Spot(
                bucket if BUCKET.fullmatch(bucket) else None, key or None, addresses.version_of(query), Origin.BODY
            )
    if cut := _CUT_RESOURCE.search(refusal.facts.get("string_to_sign_cut", "")):
        yield Spot(cut[1], origin=Origin.BODY)
