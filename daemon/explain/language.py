"""A text -> the language in which it is answered: who writes Chinese sentences reads Chinese.

A name in Chinese (an object's key, a file) in an English log is no sentence. Who wants another language says so
(`--lang`); page.py tells how, in both. Next: text.py explains.
"""

from __future__ import annotations

from ossmend.remediators.contract.light import regex

FEWEST = 4
"""Chinese characters that make a sentence: 上传失败."""
READ = 20_000
"""Characters that are looked at."""
_STOPS = r"\s，。；：！？（）、“”\"'"
_NAME = regex(
    rf"[^{_STOPS}]{{0,1024}}[/\\][^{_STOPS}]{{0,1024}}|[^{_STOPS}]{{1,255}}\.[A-Za-z0-9]{{1,8}}(?![A-Za-z0-9])"
)
_LOGGED = regex(
    r"[ \t]{0,8}(?:[\[(<{\"]|\d{2,4}[-/:. ]|[A-Z][a-z]{2} [ \d]\d |(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b)"
)
"""How the lines of a log begin, and people's sentences do not."""
_HAN = regex(r"[\u4e00-\u9fff]")


def of(text: str) -> str:
    """`zh` or `en`. Of a log it is the language of at least half of its lines: one of them may well greet 张伟."""
    lines = [line for line in text[:READ].splitlines() if line.strip()]
    logged = [line for line in lines if _LOGGED.match(line)]
    spoken = "\n".join(line for line in lines if not _LOGGED.match(line))
    chinese = sum(map(_is_chinese, logged))
    return "zh" if _is_chinese(spoken) or (logged and 2 * chinese >= len(logged)) else "en"


def _is_chinese(text: str) -> bool:
    return len(_HAN.findall(_NAME.sub(" ", text))) >= FEWEST
