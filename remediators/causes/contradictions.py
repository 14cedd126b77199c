"""Code and EC of one refusal -> do they contradict each other, and which of them is believed?

An error body that was put together from two, an EC copied from elsewhere, a proxy that answers in OSS's name: a person
has to know before anything else. The code is believed, for Alibaba documents it and says that ECs may change; where the
text shows no code, the message that implies one is believed, for the same reason. Next: findings.py, which tells it
first.
"""

from __future__ import annotations

from collections.abc import Mapping

from ossmend.remediators.causes import codeless, ecs
from ossmend.remediators.causes.model import Cause, Text
from ossmend.remediators.contract.case import Event, Origin

CORS_CODE, CORS_ECS = "AccessForbidden", "0034-"
"""Nobody has published the EC of a refused preflight: any EC of the CORS family may be it."""
Contradiction = tuple[str, Text]
"""What the EC stands for in OSS's list, and what is said about it."""


def of(event: Event, catalogue: Mapping[str, Cause]) -> Contradiction | None:
    """None where they go together, or where one of the two is not known well enough."""
    row = ecs.known(event.ec)
    if row is None or row.code is None or event.code in (None, row.code, *codeless.WORDS):
        return None
    if event.fields.get("foreign_service") or not any(event.code in cause.codes for cause in catalogue.values()):
        return None  # a code that nobody here knows may well go with any EC
    assert event.code is not None  # the lines above
    if _goes_with(event.code, event.ec or "", catalogue):
        return None
    says = _of_words(event, row) if event.origins.get("code") is Origin.IMPLIED else _of_code(event, row)
    return row.code, says


def _of_code(event: Event, row: ecs.Ec) -> Text:
    return Text(
        f"error code and EC contradict each other: the code is {event.code}, and EC {event.ec} stands for {row.code} "
        f"({row.says.en}). The code was believed, for ECs may change. Look at the whole answer of OSS before you act",
        f"错误码与 EC 互相矛盾：错误码是 {event.code}，而 EC {event.ec} 对应 {row.code}（{row.says.zh}）。"
        "此处以错误码为准，因为 EC 可能变化。处理前请查看 OSS 的完整响应",
    )


def _of_words(event: Event, row: ecs.Ec) -> Text:
    return Text(
        f"message and EC contradict each other: the message goes with {event.code}, and EC {event.ec} stands for "
        f"{row.code} ({row.says.en}). The message was believed, for ECs may change. Look at the whole answer of OSS "
        "before you act",
        f"消息与 EC 互相矛盾：该消息对应 {event.code}，而 EC {event.ec} 对应 {row.code}（{row.says.zh}）。"
        "此处以消息为准，因为 EC 可能变化。处理前请查看 OSS 的完整响应",
    )


def _goes_with(code: str, ec: str, catalogue: Mapping[str, Cause]) -> bool:
    """Does a cause of this code have the EC as a sign, or does the EC's own cause hide behind this code, too?"""
    row = ecs.known(ec)
    if code == CORS_CODE and ec.startswith(CORS_ECS):
        return True
    if row is not None and row.cause in catalogue and code in catalogue[row.cause].codes:
        return True
    signs = (sign for cause in catalogue.values() if code in cause.codes for sign in cause.signs)
    return any(sign.feature == "ec" and sign.weight > 0 and sign.fits({"ec": ec}) for sign in signs)
