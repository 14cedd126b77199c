"""Refusals that one explanation tells -> whose they all are: how many, in which lines, when, of which buckets.

A log of an hour has thousands of one kind. They are explained once, and nobody may take them for one bucket's: each
bucket has a line of its own here, the ones with most refusals first. page.py prints the lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ossmend.daemon.explain.where import REQUEST_ID, ZONE, shown_time

FEW = 5
"""In a text with more refusals than this, those that are explained alike are explained once."""
MOST_BUCKETS = 10
MOST_NAMES = 3


WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "line": "line {}",
        "lines": "lines {} to {}",
        "of": "{} of {}",
        "by_id": "{} (by the request id)",
        "a_time": "{}",
        "no_zone": "{} (the text tells no time zone)",
        "more": "and {} more like it. {}:",
        "all": "All {}",
        "cases": "{} cases",
        "sum": "In sum {refusals} refusals, which are {cases} as `ossmend audit` counts them{policies}. {asked}",
        "passed": "The daemon and the audit pass over {} more ({}): nothing beside it speaks of OSS.",
        "usual": " with the policies of `ossmend init`",
        "case": "1 case",
        "asked": "The cloud was asked about {} of them, as audit asks it about all.",
        "unasked": "This is what the text tells: the cloud was not asked. Audit asks it, so its causes may differ.",
        "several": "of {} buckets",
        "no_bucket": "no bucket named",
        "refusal": "1 refusal",
        "refusals": "{} refusals",
        "also": "and {} more buckets with {} refusals",
        "and_more": "{} and {} more",
        "from_to": "{} to {}",
        "key": "",
        "access_key_id": "key id ",
        "client": "client ",
        "comma": ", ",
    },
    "zh": {
        "line": "第 {} 行",
        "lines": "第 {} 至 {} 行",
        "of": "{}（共 {} 行）",
        "by_id": "{}（取自请求 ID）",
        "a_time": "{}",
        "no_zone": "{}（文本未注明时区）",
        "more": "另有 {} 条同类拒绝。{}：",
        "all": "全部 {} 条",
        "cases": "{} 个案例",
        "sum": "共 {refusals} 条拒绝，按 `ossmend audit` 的计法{policies}为 {cases}。{asked}",
        "passed": "守护进程和 audit 会忽略另外 {} 条（{}）：其旁没有任何与 OSS 有关的内容。",
        "usual": "（使用 `ossmend init` 写出的策略）",
        "case": "1 个案例",
        "asked": "已就其中 {} 条查询云端；audit 会查询全部。",
        "unasked": "以上仅依据文本，未查询云端。audit 会查询，因此其原因可能不同。",
        "several": "涉及 {} 个 Bucket",
        "no_bucket": "未说明 Bucket",
        "refusal": "1 条拒绝",
        "refusals": "{} 条拒绝",
        "also": "另有 {} 个 Bucket，共 {} 条拒绝",
        "and_more": "{} 等，另有 {} 个",
        "from_to": "{} 至 {}",
        "key": "",
        "access_key_id": "密钥 ",
        "client": "客户端 ",
        "comma": "，",
    },
}
_NAMED = ("key", "access_key_id", "client")
"""What a bucket's refusals are about, and the words before it."""


Told = Mapping[str, Any]
"""A refusal as text.py reports it."""


def alike(events: Sequence[Told]) -> list[list[Told]]:
    """The refusals that are explained alike; in a text with few of them each for itself. What a policy would do is
    part of the explanation (a bucket of another policy, or of another mode, has its own), and so is a contradiction.
    One case is explained once, by its newest refusal.
    """
    if len(events) <= FEW:
        return [[event] for event in events]
    groups: dict[tuple[Any, ...], list[Told]] = {}
    for event in events:
        writes = tuple(sorted((each["operation"], str(each["policy"]), str(each["mode"])) for each in event["writes"]))
        against = str(event["diagnosis"]["facts"].get("contradiction"))
        cause = (event["case"] or event["diagnosis"])["cause"]
        groups.setdefault((event["code"], cause, writes, against), []).append(event)
    return list(groups.values())


def speaker(group: Sequence[Told]) -> Told:
    """The refusal that is explained for all of them: of those that say of themselves what their case says the one
    that tells most, which is the first of the surest. Where their case says something of all of them, the newest is the
    one whose words that has: what is printed above them is its own.
    """

    def agrees(event: Told) -> bool:
        return event["case"] is None or event["diagnosis"]["cause"] == event["case"]["cause"]

    def sureness(event: Told) -> float:
        return float(event["diagnosis"]["confidence"])

    surest = max(list(filter(agrees, group)) or group, key=sureness)
    case = surest["case"]
    if case is None or case["diagnosis"] is None:
        return surest
    return next(event for event in reversed(group) if event["case"] and event["case"]["number"] == case["number"])


def summed(report: Mapping[str, Any], lang: str, *, configured: bool = False) -> str:
    """How many cases the refusals are, by whose policies, and who was asked; empty for less than two."""
    words, cases = WORDS[lang], {event["case"]["number"]: event["case"] for event in report["events"] if event["case"]}
    refusals = sum(case["events"] for case in cases.values())
    if refusals < 2:
        return ""
    asked = sum(event["asked_cloud"] for event in report["events"])
    number = words["case"] if len(cases) == 1 else words["cases"].format(len(cases))
    return words["sum"].format(
        refusals=refusals,
        cases=number,
        policies="" if configured else words["usual"],
        asked=words["asked"].format(asked) if asked else words["unasked"],
    )


def passed(report: Mapping[str, Any], lang: str) -> str:
    """Which of the refusals are none in a log, because it is read strictly; empty where all count."""
    words, events = WORDS[lang], [event for event in report["events"] if event["passed_over"]]
    if not events:
        return ""
    lines = list(dict.fromkeys(_lines([event], words) for event in events))
    told = words["comma"].join(lines[:MOST_NAMES])
    if len(lines) > MOST_NAMES:
        told = words["and_more"].format(told, len(lines) - MOST_NAMES)
    return words["passed"].format(len(events), told)


def where(event: Told, lang: str) -> str:
    """Line and time of one refusal; empty for a code that somebody typed."""
    words, lines = WORDS[lang], event["lines"]
    parts = []
    if lines is not None and lines["of"] > 1:
        parts.append(words["of"].format(_lines([event], words), lines["of"]))
    if event["time"] is not None:
        time = shown_time(event["time"])
        by_id, told = event["time_from"] == REQUEST_ID, time.endswith(ZONE)
        parts.append(words["by_id" if by_id else "a_time" if told else "no_zone"].format(time))
    return " · ".join(parts)


def counted(events: Sequence[Told], lang: str) -> Iterator[str]:
    """What a group has beside its first refusal: a line for all of it, and one for each bucket."""
    words = WORDS[lang]
    buckets: dict[str | None, list[Told]] = {}
    for event in events:
        buckets.setdefault(event["bucket"], []).append(event)
    by_number = sorted(buckets.items(), key=lambda each: -len(each[1]))
    several = words["several"].format(len(buckets)) if len(buckets) > 1 else ""
    spans = (words["all"].format(len(events)), several, _lines(events, words), _times(events, words))
    yield "  " + words["more"].format(len(events) - 1, words["comma"].join(part for part in spans if part))
    for bucket, refusals in by_number[:MOST_BUCKETS]:
        yield "    " + _of_bucket(bucket, refusals, words)
    left = by_number[MOST_BUCKETS:]
    if left:
        yield "    " + words["also"].format(len(left), sum(len(refusals) for _, refusals in left))


def _of_bucket(bucket: str | None, events: Sequence[Told], words: Mapping[str, str]) -> str:
    number = words["refusal"] if len(events) == 1 else words["refusals"].format(len(events))
    named = [_names(events, name, words) for name in _NAMED]
    parts = (f"oss://{bucket}" if bucket else words["no_bucket"], number, _lines(events, words), *named)
    return " · ".join(part for part in parts if part)


def _names(events: Sequence[Told], name: str, words: Mapping[str, str]) -> str:
    """The first few objects, keys or clients, and how many more."""
    found = list(dict.fromkeys(event[name] for event in events if event[name]))
    if not found:
        return ""
    told = words[name] + words["comma"].join(found[:MOST_NAMES])
    return words["and_more"].format(told, len(found) - MOST_NAMES) if len(found) > MOST_NAMES else told


def _lines(events: Sequence[Told], words: Mapping[str, str]) -> str:
    spans = [event["lines"] for event in events if event["lines"] is not None]
    if not spans:
        return ""
    first, last = min(each["first"] for each in spans), max(each["last"] for each in spans)
    return words["line"].format(first) if first == last else words["lines"].format(first, last)


def _times(events: Sequence[Told], words: Mapping[str, str]) -> str:
    """From the first to the last, which need not stand in this order."""
    told = sorted(event["time"] for event in events if event["time"] is not None)
    if not told:
        return ""
    first, last = shown_time(told[0]), shown_time(told[-1])
    begin = first.removesuffix(ZONE) if last.endswith(ZONE) else first
    return first if first == last else words["from_to"].format(begin, last)
