"""Event -> the causes worth weighing: those of its code; without a code, those of the code that the text implies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ossmend.remediators.causes.model import Cause, Sign, Text
from ossmend.remediators.contract import Event

NO_CODE = "no-code"
UNKNOWN_CODE = "unknown-code"
STRANGER = "another-service"
TELLING = 3.0
"""A sign of this weight tells the code, too."""
_TELL_CODES = (
    "message",
    "sample",
    "drift",
    "signed.",
    "signature",
    "bucket_twice",
    "fields.cors_console",
    "fields.AccessDeniedDetail.",
)
"""Features that OSS or a browser fills only for some codes; a key's shape, say, tells nothing of the kind."""
WITHOUT_CODE = 0.9
"""How sure a code is that is only implied."""
LOGGED = 0.9
"""An access log has no message and no EC: what it suggests is less sure than what OSS said."""
NOTHING = Text("", "")
NO_CODE_WHY = Text("the refusal carries no OSS error code", "该拒绝没有携带 OSS 错误码")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is weighed, and what is said where nothing is."""

    causes: tuple[Cause, ...]
    otherwise: str = UNKNOWN_CODE
    unknown: float = 0.0
    """Log-odds of a cause that is not among them."""
    sure: float = 1.0
    why: Text = NOTHING


def choose(catalogue: Mapping[str, Cause], event: Event, found: Mapping[str, str]) -> Chosen:
    """The causes that the engine weighs for this event."""
    if whose := event.fields.get("stranger"):
        why = Text(
            f"host, ids or wording are those of another service ({whose})", f"主机、ID 或措辞属于其他服务（{whose}）"
        )
        return Chosen((), STRANGER, sure=0.95, why=why)
    if event.code is not None:
        causes = _of(catalogue, {event.code})
        why = Text(f"{event.code} is not in the catalogue", f"目录中没有 {event.code}")
        sure = LOGGED if event.shape == "access_log" else 1.0
        return Chosen(causes, sure=sure) if causes else Chosen((), UNKNOWN_CODE, sure=0.9, why=why)
    implied = _implied(catalogue, found)
    if not implied:
        return _by_ec(catalogue, found) or Chosen((), NO_CODE, sure=0.9, why=NO_CODE_WHY)
    why = Text(
        f"the text does not show the code; it fits {_some(implied)}", f"文本未给出错误码；与 {_some(implied)} 相符"
    )
    return Chosen(_of(catalogue, implied), NO_CODE, sure=WITHOUT_CODE, why=why)


def _by_ec(catalogue: Mapping[str, Cause], found: Mapping[str, str]) -> Chosen | None:
    """Somebody asks what an EC means, or it is all that is left: the causes that it goes with, and no others."""
    causes = tuple(
        each for each in catalogue.values() if any(_names_ec(sign) and sign.fits(found) for sign in each.signs)
    )
    if not causes:
        return None
    why = Text("only the EC is told, no code", "只有 EC，没有错误码")
    return Chosen(causes, NO_CODE, unknown=-1.5, sure=WITHOUT_CODE, why=why)


def _of(catalogue: Mapping[str, Cause], codes: set[str]) -> tuple[Cause, ...]:
    return tuple(cause for cause in catalogue.values() if codes.intersection(cause.codes))


def _some(codes: set[str]) -> str:
    return ", ".join(sorted(codes)[:3])


def _implied(catalogue: Mapping[str, Cause], found: Mapping[str, str]) -> set[str]:
    """The codes that OSS gives together with what the text shows: its own words and fields."""
    if "StringToSign" in {name.removeprefix("fields.") for name in found} or "signature" in found:
        return {"SignatureDoesNotMatch"}
    if found.get("shape") == "browser_console":
        return {"AccessForbidden"}
    causes = [each for each in catalogue.values() if any(_tells(sign) and sign.fits(found) for sign in each.signs)]
    return {each.codes[0] for each in causes if each.codes}


def _tells(sign: Sign) -> bool:
    return sign.weight >= TELLING and sign.feature.startswith(_TELL_CODES)


def _names_ec(sign: Sign) -> bool:
    return sign.weight > 0 and sign.feature == "ec"
