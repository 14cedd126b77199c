"""Event -> the causes worth weighing: those of its code; without a code, those of the code that the text implies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ossmend.remediators.causes import codeless, ecs, near, strangers
from ossmend.remediators.causes.model import Cause, Sign, Text
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import shortened

UNKNOWN_CODE = "unknown-code"
STATED = frozenset({codeless.NO_CODE, UNKNOWN_CODE, strangers.S3_OR_OSS})
"""What the text itself shows, and no cause that was weighed: a share would tell nothing."""
TELLING = 3.0
"""A sign of this weight tells the code, too."""
_TELL_CODES = (
    "message",
    "drift",
    "signed.",
    "signature",
    "bucket_twice",
    "fields.cors_console",
    "fields.AccessDeniedDetail.",
)
"""Features that OSS or a browser fills only for some codes. A key's shape tells nothing of the kind, nor do words that
stand somewhere in the text: a Via header is in front of any code."""
BLOCK_PAGE = "forbidden by security system"
"""The one page of OSS that is not XML: its words stand in the text and in no message."""
WITHOUT_CODE = 0.9
"""How sure a code is that is only implied."""
LOGGED = 0.9
"""An access log has no message and no EC: what it suggests is less sure than what OSS said."""
BY_EC = 0.69
"""An EC alone is never sure: Alibaba says that its values may change."""
CUT = 0.8
"""How sure a code is of which the text shows the beginning alone: it may be one that is not in the catalogue."""
MOST_OF_A_CUT = 5
"""More codes than this begin like it: the beginning tells nothing."""
HINTED = 0.6
"""How sure an EC's row in OSS's list makes, where no cause has the EC as its sign."""
BARE = "code"
"""The shape of an event that is nothing but a word or an EC that somebody typed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is weighed, and what is said where nothing is."""

    causes: tuple[Cause, ...]
    otherwise: str = UNKNOWN_CODE
    unknown: float = 0.0
    """Log-odds of a cause that is not among them."""
    sure: float = 1.0
    most: float = 1.0
    """What it may be told with at most."""
    why: tuple[Text, ...] = ()
    open: tuple[tuple[str, float], ...] = ()
    """What may be behind it, where nothing is weighed."""
    meant: str | None = None
    """The known code that a typed word is near to."""


def choose(catalogue: Mapping[str, Cause], event: Event, found: Mapping[str, str]) -> Chosen:
    """The causes that the engine weighs for this event."""
    if whose := event.fields.get("foreign_service"):
        cause, sure, why = strangers.of(event, found, whose)
        return Chosen((), cause, sure=sure, why=(why,))
    if event.code is None and (cut := event.fields.get("code_cut")) and (whole := near.begun(cut, _codes(catalogue))):
        return _of_a_cut(catalogue, cut, whole)
    if event.code is not None and event.code not in codeless.WORDS:
        causes = _of(catalogue, {event.code})
        if causes and (cut := event.fields.get("sentence_cut")):
            return _of_a_cut_sentence(causes, event.code, cut)
        sure = LOGGED if event.shape == "access_log" else 1.0
        return Chosen(causes, sure=sure) if causes else _unknown(catalogue, event, event.code)
    implied = _implied(catalogue, event, found)
    if implied:
        why = Text(
            f"the text does not show the code; it fits {_some(implied)}", f"文本未给出错误码；与 {_some(implied)} 相符"
        )
        return Chosen(_of(catalogue, implied), codeless.NO_CODE, sure=WITHOUT_CODE, why=(why,))
    return _by_ec(catalogue, event, found) or _codeless(found)


def _of_a_cut(catalogue: Mapping[str, Cause], cut: str, whole: set[str]) -> Chosen:
    """The text ends within the code. What begins so is weighed; the event keeps no code, so no policy acts on it."""
    if len(whole) > MOST_OF_A_CUT:
        why = Text(
            f"the code is cut off after {cut}: too many begin like that", f"错误码在 {cut} 之后被截断，以此开头的过多"
        )
        return Chosen((), codeless.NO_CODE, sure=0.9, why=(why,))
    why = Text(
        f"the code is cut off after {cut}; {_some(whole)} begins like that" if len(whole) == 1 else
        f"the code is cut off after {cut}; {_some(whole, MOST_OF_A_CUT)} begin like that",
        f"错误码在 {cut} 之后被截断；以此开头的有 {_some(whole, MOST_OF_A_CUT)}",
    )  # fmt: skip
    return Chosen(_of(catalogue, whole), codeless.NO_CODE, sure=CUT, why=(why,))


def _of_a_cut_sentence(causes: tuple[Cause, ...], code: str, cut: str) -> Chosen:
    """OSS's sentence has no other end that goes with another code; but which of the code's it is may stand there."""
    why = Text(
        f"OSS's sentence is cut off after {shortened(cut, 100)!r}; what begins like that goes with {code} only",
        f"OSS 的句子在 {shortened(cut, 100)!r} 之后被截断；以此开头的句子只对应 {code}",
    )
    return Chosen(causes, sure=CUT, why=(why,))


def _unknown(catalogue: Mapping[str, Cause], event: Event, code: str) -> Chosen:
    """A code that is not in the catalogue. A word that somebody typed may be meant as one that is: said, not assumed."""
    why: tuple[Text, ...] = (Text(f"{code} is not in the catalogue", f"目录中没有 {code}"),)
    meant = near.nearest(code, _codes(catalogue)) if event.shape == BARE else None
    if meant is not None:
        why += (
            Text(
                f"did you mean {meant}? Then: ossmend explain {meant}",
                f"您是否想查询 {meant}？请执行：ossmend explain {meant}",
            ),
        )
    return Chosen((), UNKNOWN_CODE, sure=0.9, why=why, meant=meant)


def _codes(catalogue: Mapping[str, Cause]) -> frozenset[str]:
    return frozenset(code for cause in catalogue.values() for code in cause.codes)


def _by_ec(catalogue: Mapping[str, Cause], event: Event, found: Mapping[str, str]) -> Chosen | None:
    """Somebody asks what an EC means, or it is all that is left: the causes that it goes with, and no others."""
    causes = tuple(
        each for each in catalogue.values() if any(_names_ec(sign) and sign.fits(found) for sign in each.signs)
    )
    why = (*codeless.head_of(found), Text("only the EC is told, no code", "只有 EC，没有错误码"))
    if causes:
        return Chosen(causes, codeless.NO_CODE, unknown=-1.5, sure=WITHOUT_CODE, most=BY_EC, why=why)
    if (row := ecs.known(event.ec)) is not None:
        return Chosen((), row.cause, sure=HINTED, why=why)
    return Chosen((), codeless.NO_CODE, sure=0.9, why=why) if event.shape == BARE and event.ec else None


def _codeless(found: Mapping[str, str]) -> Chosen:
    told = codeless.read(found)
    return Chosen((), told.cause, sure=told.sure, why=told.why, open=told.open)


def _of(catalogue: Mapping[str, Cause], codes: set[str]) -> tuple[Cause, ...]:
    return tuple(cause for cause in catalogue.values() if codes.intersection(cause.codes))


def _some(codes: set[str], most: int = 3) -> str:
    return ", ".join(sorted(codes)[:most])


def _implied(catalogue: Mapping[str, Cause], event: Event, found: Mapping[str, str]) -> set[str]:
    """The codes that OSS gives together with what the text shows: its own words and fields."""
    if "StringToSign" in {name.removeprefix("fields.") for name in found} or "signature" in found:
        return {"SignatureDoesNotMatch"}
    if event.shape == "browser_console" or event.method == "OPTIONS":
        return {"AccessForbidden"}  # a preflight has no signature, so nothing but CORS refuses it
    if BLOCK_PAGE in found.get("sample", "").lower():
        return {"AccessDenied"}
    causes = [each for each in catalogue.values() if any(_tells(sign) and sign.fits(found) for sign in each.signs)]
    return {each.codes[0] for each in causes if each.codes}


def _tells(sign: Sign) -> bool:
    return sign.weight >= TELLING and sign.feature.startswith(_TELL_CODES)


def _names_ec(sign: Sign) -> bool:
    return sign.weight > 0 and sign.feature == "ec"
