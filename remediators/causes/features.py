"""Event -> features: the names and values that signs speak of. Pure reading; nothing is decided here.

A feature that the text does not tell is absent. What is read from a StringToSign stands in signed.py, clocks in times.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ossmend.remediators.causes import answered, signed, times
from ossmend.remediators.causes.model import Bilingual
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.light import regex

MANY = 3
LONGEST_AROUND = 64 * 1024
FEWEST_WORDS, MOST_WORDS = 4, 40
"""A text of so many words about one refusal is read as its message, where none is told as such."""
SHORTEST_NAME = 4
"""A bucket or key of fewer signs is part of other words."""
NAMELESS = "-"
BIG_BYTES = 100_000_000
"""An upload of 100 MB takes minutes on a slow line."""
_FOREIGN = regex(r"(?:AKIA|ASIA|AKID)[0-9A-Za-z]{12,}")
_KEY_ID = regex(r"[0-9A-Za-z._=]+")
_PLACEHOLDER = regex(
    r"(?i)^(?:null|nil|none|undefined|nan|ak|test|key|x{3,}|(?:your|my)[-\w]{0,60}|access[-_]?key[-_]?id?|<[^>]{0,60}>|\$\{?\w{1,60}\}?|%\w{1,60}%)$"
)
_UPLOADS = regex(r"^(?:PutObject|PostObject|AppendObject|UploadPart|PUT|POST)$")
_SIZE = regex(r"(?i)(?:content|request)[-_ ]?(?:length|size)|object_size")
_SAID_SIZE = regex(r"(?i)content[-_ ]?length['\"]?\s{0,2}[:=>]\s{0,2}['\"]?(\d{1,18})(?!\d)")
_UPLOADING = regex(r"\b(?:PUT|[Uu]pload(?:ing|Part|_part|File)?|PutObject|put_object)\b|上传")
_PUT_LINE = regex(r"(?<![A-Za-z])PUT (?:https?://|/)")
_BROWSER = regex(r"Mozilla/\d")
_PLAIN = (
    "code",
    "message",
    "ec",
    "host",
    "bucket",
    "key",
    "method",
    "operation",
    "url",
    "user_agent",
    "origin",
    "shape",
    "sample",
)


def key_shape(key_id: str | None) -> str:
    """What an access key id looks like: `none`, `masked`, `blank`, `placeholder`, `characters`,
    `foreign`, `temporary`, `plain`.
    """
    if not key_id:
        return "none"
    bare = key_id.strip()
    if _PLACEHOLDER.match(bare):
        return "placeholder"
    if "*" in key_id:
        return "masked"
    if key_id != bare:
        return "blank"
    if _KEY_ID.fullmatch(key_id) is None:
        return "characters"
    if _FOREIGN.match(key_id):
        return "foreign"
    return "temporary" if key_id.startswith(("STS.", "TMP.")) else "plain"


def features(
    event: Event,
    others: Sequence[Event] = (),
    usage: Mapping[str, Mapping[str, int]] | None = None,
    around: str = "",
    world: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Everything that signs may look at. `around` is the rest of a text that is about this one refusal only; `world`
    is what the cloud said when it was asked, by names that begin with `cloud.`.
    """
    found = {name: str(value) for name in _PLAIN if (value := getattr(event, name))}
    if around:
        found["sample"] = around[:LONGEST_AROUND]
    words = found.get("sample", "").split()
    if not event.message and event.code and event.shape != "access_log" and FEWEST_WORDS <= len(words) <= MOST_WORDS:
        found["message"] = " ".join(words)  # somebody typed what OSS said, in a shape of nobody's
        found["typed"] = "yes"
    if event.status is not None:
        found["status"] = str(event.status)
    found |= {f"fields.{name}": value for name, value in event.fields.items() if value}
    found["key_shape"] = key_shape(event.access_key_id)
    found["told"] = "message" if event.message else "no message"
    found |= times.features(event)
    found |= signed.features(event)
    found |= answered.features(event, found.get("sample", ""))
    found |= _request(event, found.get("sample", ""))
    found |= _crowd(event, others, usage or {})
    if "sample" in found:
        found["sample"] = _without_names(found["sample"], event)
    return found | dict(world or {})


def _without_names(sample: str, event: Event) -> str:
    """The text without what people have called things: a bucket `old-lifecycle` speaks of no lifecycle rule."""
    names = [name for name in (event.key, event.bucket) if name and len(name) >= SHORTEST_NAME]
    for name in names:
        sample = sample.replace(name, NAMELESS)
    return sample


def _request(event: Event, sample: str) -> dict[str, str]:
    """What kind of request it was."""
    found: dict[str, str] = {}
    doing = event.operation or event.method or ""
    if _UPLOADS.match(doing):
        found["upload"] = doing
    elif not doing and (said := _UPLOADING.search(sample)):
        found["upload"] = said[0]
    if event.method == "PUT" and event.bucket and not event.key and event.operation is None:
        found["puts_bucket"] = event.bucket
    if event.method is None and _PUT_LINE.search(sample):
        found["method"] = "PUT"
    size = size_of(event, sample)
    if size >= BIG_BYTES:
        found["big"] = f"{size / 1e6:.0f} MB"
    if event.origin:
        found["asked"] = Bilingual(
            f"origin {event.origin}, method {event.cors_method or 'unknown'}",
            f"来源 {event.origin}，方法 {event.cors_method or '未知'}",
        )
    if event.cors_headers:
        found["asked_headers"] = ", ".join(event.cors_headers)
    if event.shape == "access_log" and not event.access_key_id and not event.requester_id:
        found["anonymous"] = Bilingual("the access log names no requester", "访问日志没有记录请求者")
    if event.user_agent and _BROWSER.search(event.user_agent):
        found["browser"] = event.user_agent
    return found


def size_of(event: Event, sample: str) -> int:
    """Bytes of the request, however the field is spelled; 0 where it is not told."""
    sizes = [value for name, value in event.fields.items() if _SIZE.fullmatch(name)]
    if said := _SAID_SIZE.search(sample):
        sizes.append(said[1])
    return max((int(value) for value in sizes if value.isascii() and value.isdigit() and len(value) < 19), default=0)


def _crowd(event: Event, others: Sequence[Event], usage: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """Who else runs into it: one client or the fleet, and which other refusals stand beside it."""
    found: dict[str, str] = {}
    events = (event, *others)
    for name, attribute in (
        ("clients", "client"),
        ("agents", "user_agent"),
        ("buckets", "bucket"),
        ("keys_seen", "key"),
    ):
        seen = {value for each in events if (value := getattr(each, attribute))} | set(usage.get(name, {}))
        if seen:
            found[name] = "one" if len(seen) == 1 else "few" if len(seen) < MANY else "many"
            found[f"{name}_count"] = str(len(seen))
    codes = sorted({each.code for each in others if each.code and each.code != event.code})
    if codes:
        found["nearby_codes"] = " ".join(codes)
    behind = [-drift for each in others if (drift := times.drift_of(each)) is not None and drift < 0]
    past = times.expired_by(event)
    if behind and past is not None and past > 0:
        # a URL that was made just now by a clock that far behind is past its expiry by less than that
        late = times.words(max(behind))
        found["clock_explains"] = Bilingual(f"yes, by {late}", f"是，相差 {late.zh}") if past < max(behind) else "no"
    return found
