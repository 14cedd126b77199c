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
_HAN = regex(r"[\u4e00-\u9fff]")


def of(text: str) -> str:
    """`zh` or `en`."""
    if len(_HAN.findall(text, 0, READ)) < FEWEST:
        return "en"  # nearly every text: names are long to look for
    names_left_out = _NAME.sub(" ", text[:READ])
    return "zh" if len(_HAN.findall(names_left_out)) >= FEWEST else "en"
