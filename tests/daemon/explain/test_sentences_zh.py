"""Every sentence that a remediator adds after it has asked the cloud has its Chinese: their own strings are walked."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ossmend.daemon.explain.sentences_zh import LONGEST, SENTENCES, sentence
from tests.daemon.explain.chinese import english

ROOT = Path(__file__).parents[3]
FILES = sorted(
    [
        each
        for each in (ROOT / "remediators").glob("*.py")
        if each.stem not in ("__init__", "contract", "answers", "writes", "other")
    ]
    + [ROOT / "remediators" / "causes" / "correlation.py", ROOT / "daemon" / "cloud" / "ask" / "pictures.py"]
)
VALUE = "X1"
NOT_SAID = {
    "is not a setting: name an entry of cors_rules with `rule`": "a complaint about the configuration",
    "must be at least 1s": "the same",
    "a batch job has no tier Expedited: leave out batch, or use Standard or Bulk": "the same",
    "expected a role, like acs:ram::1234567890123456:role/ossmend-batch": "the same",
    "expected the name of a bucket": "the same",
    "expected letters, digits, ., _ or -, and a slash at the end": "the same",
    "must be from 1s to 1h": "the same",
    "warn_after must not be longer than critical_after": "the same",
    "critical_after must be less than 15m: OSS refuses requests from there on": "the same",
    "CORSResponse: CORS is not enabled": "compared with OSS's message",
    "CORSResponse: This CORS request is not allowed": "the same",
    "access_log": "a shape",
    "RequestTime minus ServerTime": "how a sentence of the catalogue begins",
}
"""Strings of these files that no explanation prints."""
PIECES = re.compile(
    r"""^(?:[ ,;:({].* | .*[%].* | AccessDenied\{.* | SignatureDoesNotMatch\{.* | ImageDamage\{.*
    | data[ ]may[ ]be.* | on,[ ]and.* | another[ ]account.* | requests[ ]without.* | missing:.* | statement.*
    | until[ ]\{\}Z? | origin[ ]\{\} | method[ ]\{\} | header[ ]\{\}
    | the[ ](?:key's|account's|caller|root[ ]account|client) | this[ ]host | a[ ]service
    | nobody[ ]we[ ]know | no[ ]Allow | an[ ]explicit[ ]Deny | line[ ]break)$""",
    re.VERBOSE,
)
"""Pieces of sentences, and values that only stand inside of one, and sentences made of other sentences."""


def templates(path: Path) -> set[str]:
    """Strings with a blank in them, `{}` for each value; docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(value) for value in node.values}
            left_out |= {
                id(part) for value in node.values for part in ast.walk(value) if isinstance(part, ast.JoinedStr)
            }
    found = set()
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {each for each in found if re.search(r"[a-z] [a-z]", each.replace("{}", "a"))}


SAID = [
    pytest.param(each, id=f"{path.stem}-{each[:40]}")
    for path in FILES
    for each in sorted(templates(path))
    if each not in NOT_SAID and not PIECES.match(each)
]


@pytest.mark.parametrize("template", SAID)
def test_every_sentence_of_a_remediator_has_its_chinese(template: str) -> None:
    filled = re.sub(r"(?<=[\w}])\{\}", "", template).replace("{}", VALUE)  # what is joined to a word may be left out
    told = sentence(filled)
    assert english(told) == [], told
    assert told != filled


def test_the_walk_finds_sentences() -> None:
    assert len(SAID) > 80


@pytest.mark.parametrize("pair", SENTENCES, ids=lambda pair: pair[0][:40])
def test_a_pair_has_as_many_values_on_both_sides(pair: tuple[str, str]) -> None:
    en, zh = pair
    assert sorted({int(number) for number in re.findall(r"\{(\d)\}", zh)}) == list(range(en.count("{}")))
    assert english(zh) == []


@pytest.mark.parametrize("pair", SENTENCES, ids=lambda pair: pair[0][:40])
def test_no_pair_is_hidden_by_one_before_it(pair: tuple[str, str]) -> None:
    en, zh = pair
    values = [f"V{number}" for number in range(en.count("{}"))]
    filled = en
    for value in values:
        filled = filled.replace("{}", value, 1)
    assert sentence(filled) == zh.format(*values)


def test_values_of_our_own_words_are_told_in_chinese_too() -> None:
    assert sentence("RAM decoded it: an explicit Deny in the layer unknown, oss:GetObject on b/k") == (
        "RAM 解码结果：显式 Deny，层 未知，操作 oss:GetObject，资源 b/k"
    )
    assert "慢 22 分钟" in sentence("RequestTime minus ServerTime is -1298 s (22 min behind) in 1/1 samples")


def test_what_the_catalogue_said_in_chinese_keeps_what_it_quotes() -> None:
    said = "OSS 返回：method GET of the object: header x is missing"
    assert sentence(said) == said
    assert sentence("Bucket 属于another account (1234567890123456)") == "Bucket 属于其他账号（1234567890123456）"


@pytest.mark.parametrize(
    "said", ["", "x" * 10_000, "a sentence that nobody knows", "OSS said: " + " on ".join("ab" * 50)]
)
def test_what_is_not_known_stays_or_keeps_its_values(said: str) -> None:
    assert sentence(said).endswith(said[-10:])


def test_what_is_long_is_not_taken_apart() -> None:
    said = f"could not check: {'x' * LONGEST}"
    assert sentence(said) == said
