"""Two refusals -> is one a browser's console line, and the other OSS's answer, of the same trouble?

The parser makes one event of them where they stand together. In two lines of a log, or in two logs, they stay two:
then each says that the other is there (findings.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from ossmend.remediators.causes.model import Text
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.console import CONSOLE, PREFLIGHT_REFUSED, is_console

CODE, ANSWER = PREFLIGHT_REFUSED, "CORSResponse:"


def are_one_trouble(one: Event, other: Event) -> bool:
    """Of the same bucket; and of the same page and object, where both tell it."""
    console, answer = (one, other) if is_console(one) else (other, one)
    if not (is_console(console) and _is_answer(answer)) or console.bucket is None or console.bucket != answer.bucket:
        return False
    pairs = ((console.origin, answer.origin), (console.key, answer.key))
    return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)


def told_twice(event: Event, others: Sequence[Event]) -> tuple[Text, ...]:
    """The sentence that another refusal of the text is the same trouble, where one is."""
    same = next((other for other in others if are_one_trouble(event, other)), None)
    if same is None:
        return ()
    if is_console(same):
        if same.origin is None:
            return (Text("a browser's console tells of the same trouble", "浏览器控制台报告的是同一问题"),)
        return (
            Text(f"a browser's console tells of the same trouble: it is a page of {same.origin} that was refused",
                 f"浏览器控制台报告的是同一问题：被拒绝的页面来自 {same.origin}"),
        )  # fmt: skip
    which = same.request_id or "-"
    return (
        Text(f"OSS's own answer of the same trouble is in this text, too: {CODE}, request id {which}",
             f"文本中也有 OSS 对同一问题的响应：{CODE}，请求 ID {which}"),
    )  # fmt: skip


def _is_answer(event: Event) -> bool:
    return event.code == CODE and event.shape != CONSOLE and (event.message or ANSWER).startswith(ANSWER)
