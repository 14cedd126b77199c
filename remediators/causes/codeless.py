"""Features of a refusal without a code -> what can honestly be said of it, and what may be behind it.

OSS answers a HEAD without a body, so the code of a refused HEAD is not shown: that is no proxy. What nothing of OSS is in
may be anybody's. candidates.py asks here where neither words nor EC imply a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ossmend.remediators.causes.model import Bilingual, Text
from ossmend.remediators.contract.light import regex
from ossmend.remediators.contract.values import shortened

WORDS = frozenset({"Forbidden", "403"})
"""What S3 clients print as the code where the answer had no body: HTTP's own words, no code of OSS."""
BEHIND = (
    ("denied-ram-implicit", 0.12),
    ("denied-bucket-acl", 0.06),
    ("wrong-secret", 0.05),
    ("clock-drift", 0.03),
    ("key-not-of-this-account", 0.03),
)
"""What a refusal is without a code most often, as far as one may guess; each less likely than that nobody can tell."""
NO_CODE = "no-code"
NO_CODE_WHY = Text("the refusal carries no OSS error code", "该拒绝没有携带 OSS 错误码")

CUT_WHY = Text(
    "the text ends within the answer: the code may have stood behind the cut",
    "文本在响应中间被截断：错误码可能在截断之后",
)
NO_ID_WHY = Text(
    "x-oss-request-id is empty: OSS sends one with each answer, so a proxy or gateway in between is likelier than OSS",
    "x-oss-request-id 为空：OSS 的每个响应都带有它，因此更可能是中间的代理或网关返回的",
)

_TENGINE = regex(r"(?i)\bX-Tengine-Error\\{0,4}[\"']?\s{0,4}[:=]\s{0,4}\\{0,4}[\"']?([^\r\n\"'\\]{3,200})")
_REFERER = regex(r"(?i)denied by referer acl")
"""The header in which Alibaba's CDN says why it refused, before anybody asked OSS (docs/facts.md#access-denied-messages)."""


@dataclass(frozen=True, slots=True)
class Codeless:
    """A cause of general.py, how sure it is, why, and what it leaves open."""

    cause: str
    sure: float
    why: tuple[Text, ...]
    open: tuple[tuple[str, float], ...] = ()


def read(found: Mapping[str, str]) -> Codeless:
    """By what the text shows of the answer: a CDN's marks, OSS's, a HEAD, both, or neither."""
    if (said := _TENGINE.search(found.get("sample", ""))) is not None:
        referer = _REFERER.match(said[1]) is not None
        return Codeless(
            "denied-referer" if referer else NO_CODE, 0.75 if referer else 0.9, (_cdn(said[1]), NO_CODE_WHY)
        )
    head, oss = found.get("head"), found.get("oss_answered")
    if head and oss:
        return Codeless("head-refused", 0.65, (_head(head), _oss(oss)), BEHIND)
    if "no_id" in found:
        return Codeless(NO_CODE, 0.9, (NO_ID_WHY, *head_of(found), *_of_a_server(found.get("server")), NO_CODE_WHY))
    if head:
        return Codeless("head-without-code", 0.6, (_head(head), NO_CODE_WHY), (("no-code", 0.15), *BEHIND[:3]))
    if oss and "fields.body_cut" in found:
        return Codeless("code-not-shown", 0.65, (_oss(oss), CUT_WHY), (("no-code", 0.1), *BEHIND[:3]))
    if oss and not ({"method", "operation", "other_call"} & set(found)):
        why = Text(
            "OSS answers without a body where a HEAD is refused: that is what this looks like",
            "被拒绝的 HEAD 请求没有响应体：这里正是这种情形",
        )
        return Codeless("head-refused", 0.5, (_oss(oss), why), (("code-not-shown", 0.2), *BEHIND[:3]))
    if oss:
        return Codeless("code-not-shown", 0.65, (_oss(oss), NO_CODE_WHY), (("no-code", 0.1), *BEHIND[:3]))
    return Codeless(NO_CODE, 0.9, (*_of_a_server(found.get("server")), NO_CODE_WHY))


def _cdn(said: str) -> Text:
    return Text(
        f"a CDN in front of the bucket refused by its own rules: X-Tengine-Error: {shortened(said, 80)}",
        f"由 Bucket 前面的 CDN 按其自身规则拒绝：X-Tengine-Error: {shortened(said, 80)}",
    )


def head_of(found: Mapping[str, str]) -> tuple[Text, ...]:
    """The sentence that it was a HEAD, where it was one: headers like x-oss-ec tell something of it all the same."""
    return (_head(found["head"]),) if "head" in found else ()


def _head(said: str) -> Text:
    return Text(
        f"it was a HEAD request ({shortened(said, 60)}): its answer has no body",
        f"这是一个 HEAD 请求（{shortened(said, 60)}）：没有响应体",
    )


def _of_a_server(name: str | None) -> tuple[Text, ...]:
    """A page or a header of nginx's says who answered, and not whether OSS was asked at all."""
    if name is None:
        return ()
    return (
        Text(
            f"{name} answered, in its own name; nothing shows that OSS was asked",
            f"是 {name} 以自己的名义返回的；没有迹象表明请求到达了 OSS",
        ),
    )


def _oss(said: str) -> Text:
    return Text(f"OSS itself answered: {said}", f"由 OSS 自身返回：{Bilingual.of(said, 'zh')}")
