"""Signs that only look like YAML's: named at their place, outside of quotes and in them, with what is to be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossmend.config.load import ConfigRefused, load_text
from tests.config.test_doubts import HEAD, doubts


@pytest.mark.parametrize(
    ("key", "column", "said"),
    [
        ("“2024/**”", 12, 'U+201C LEFT DOUBLE QUOTATION MARK is no sign of YAML: write "'),
        ("‘2024/**’", 12, "U+2018 LEFT SINGLE QUOTATION MARK is no sign of YAML: write '"),
        ("2024／**", 16, "U+FF0F FULLWIDTH SOLIDUS is no sign of YAML: write /"),
        ("2024/＊", 17, "U+FF0A FULLWIDTH ASTERISK is no sign of YAML: write *"),
    ],
)
def test_a_sign_that_only_looks_like_yaml_s_is_named_at_its_place(
    tmp_path: Path, key: str, column: int, said: str
) -> None:
    text = f"policies:\n  - name: a\n    on: InvalidObjectState\n    match:\n      bucket: b-1\n      key: {key}\n"
    told = doubts(tmp_path, text)
    assert f"9:{column}: {said}" in told


@pytest.mark.parametrize(
    "line",
    [
        "# 说明：先看“这里”\n",
        "quiet: 24h  # 一天，（默认）\n",
        "policies:\n  - { name: a, on: AccessDenied, match: { key: '报表：“一”/**' } }\n",
    ],
)
def test_comments_quoted_text_and_names_of_objects_may_have_any_sign(tmp_path: Path, line: str) -> None:
    assert doubts(tmp_path, line) == []


def test_an_object_s_name_may_have_full_width_signs_without_quotes(tmp_path: Path) -> None:
    text = (
        "policies:\n  - name: a\n    on: InvalidObjectState\n    match:\n      bucket: b-1\n      key: 报表（一）/**\n"
    )
    assert doubts(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version：1\ncloud: { region: cn-hangzhou }\n", "1:8: U+FF1A FULLWIDTH COLON is no sign of YAML: write :"),
        ("version: 1\ncloud: { region: “cn-hangzhou” }\n", "2:18: U+201C LEFT DOUBLE QUOTATION MARK"),
        ("version: 1\ncloud: { region: cn-hangzhou， endpoint: x }\n", "2:29: U+FF0C FULLWIDTH COMMA"),
        (
            "version: 1\n\u3000cloud: { region: cn-hangzhou }\n",
            "2:1: U+3000 IDEOGRAPHIC SPACE is no sign of YAML: write a blank",
        ),
    ],
)
def test_where_such_a_sign_is_why_a_file_is_refused_the_complaint_names_it(text: str, said: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(text, "o.yaml")
    assert f"o.yaml:{said}" in str(refused.value)


def test_a_complaint_about_another_line_is_not_joined_by_signs_that_are_not_to_blame() -> None:
    policy = "  - name: a\n    on: InvalidObjectState\n    match:\n      key: “x”\n      bucket: b-1\n"
    text = f"{HEAD}policies:\n{policy}quite: 1h\n"
    with pytest.raises(ConfigRefused) as refused:
        load_text(text, "o.yaml")
    assert "U+201C" not in str(refused.value)


@pytest.mark.parametrize(
    ("sign", "said"),
    [
        ("\u201e", 'U+201E DOUBLE LOW-9 QUOTATION MARK is no sign of YAML: write "'),
        ("\u2033", 'U+2033 DOUBLE PRIME is no sign of YAML: write "'),
        ("\u201a", "U+201A SINGLE LOW-9 QUOTATION MARK is no sign of YAML: write '"),
        ("\u300e", "U+300E LEFT WHITE CORNER BRACKET is no sign of YAML: write '"),
        ("\ufe55", "U+FE55 SMALL COLON is no sign of YAML: write :"),
        ("\ufe13", "U+FE13 PRESENTATION FORM FOR VERTICAL COLON is no sign of YAML: write :"),
        ("\u2236", "U+2236 RATIO is no sign of YAML: write :"),
        ("\u2011", "U+2011 NON-BREAKING HYPHEN is no sign of YAML: write -"),
        ("\u2044", "U+2044 FRACTION SLASH is no sign of YAML: write /"),
        ("\u3010", "U+3010 LEFT BLACK LENTICULAR BRACKET is no sign of YAML: write ["),
        ("\u2007", "U+2007 FIGURE SPACE is no sign of YAML: write a blank"),
        ("\u200b", "U+200B ZERO WIDTH SPACE cannot be seen: remove it"),
        ("\u2060", "U+2060 WORD JOINER cannot be seen: remove it"),
        ("\u00ad", "U+00AD SOFT HYPHEN cannot be seen: remove it"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE cannot be seen: remove it"),
        ("\u3164", "U+3164 HANGUL FILLER cannot be seen: remove it"),
    ],
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_each_kind_of_such_a_sign_is_named_with_what_to_do(sign: str, said: str, quote: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(f"version: 1\ncloud:\n  region: {quote}cn{sign}hangzhou{quote}\n")
    if quote:
        said = "cloud.region: " + said.replace("is no sign of YAML", "only looks like another sign")
    assert f"3:{11 + 2 + len(quote)}: {said}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'policies:\n  - { name: a, on: AccessDenied, match: { bucket: "reports-＊" } }\n',
            "4:60: policies[0].match.bucket: U+FF0A FULLWIDTH ASTERISK only looks like another sign: write *",
        ),
        (
            "cors_rules:\n  r:\n    allowed_methods: [GET]\n    allowed_origins: ['https：//a.example.com']\n",
            "6:29: cors_rules.r.allowed_origins[0]: U+FF1A FULLWIDTH COLON only looks like another sign: write :",
        ),
        (
            "cors_rules:\n  r:\n    allowed_methods: [GET]\n    allowed_origins: ['*']\n    allowed_headers: ['＊']\n",
            "7:24: cors_rules.r.allowed_headers[0]: U+FF0A FULLWIDTH ASTERISK",
        ),
        ('notify:\n  - webhook: { url: "https：//h.example.com" }\n', "4:27: notify[0].webhook.url: U+FF1A"),
        ("quiet: '２4h'\n", "3:9: quiet: U+FF12 FULLWIDTH DIGIT TWO only looks like another sign: write 2"),
        ('quiet: "24h\\u200b"\n', "3:8: quiet: U+200B ZERO WIDTH SPACE cannot be seen: remove it"),
    ],
)
def test_a_quoted_value_that_such_a_sign_makes_wrong_is_refused_with_its_name(text: str, said: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(f"{HEAD}{text}", "o.yaml")
    assert f"o.yaml:{said}" in str(refused.value)


MATCH = "policies:\n  - { name: a, on: AccessDenied, match: { %s } }\n"


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ('key: "2024／**"', "key: U+FF0F FULLWIDTH SOLIDUS only looks like another sign: write /"),
        ("key: '2024/＊＊'", "key: U+FF0A FULLWIDTH ASTERISK only looks like another sign: write *"),
        ('key: "2024/\u200b**"', "key: U+200B ZERO WIDTH SPACE cannot be seen: remove it"),
        ('client: "10。0.*"', "client: U+3002 IDEOGRAPHIC FULL STOP only looks like another sign: write ."),
        ("user_agent: '＊sdk＊'", "user_agent: U+FF0A FULLWIDTH ASTERISK"),
    ],
)
def test_a_quoted_pattern_that_is_taken_with_such_a_sign_is_doubted(tmp_path: Path, match: str, said: str) -> None:
    (told,) = [each for each in doubts(tmp_path, MATCH % match) if "U+" in each]
    assert f"policies[0].match.{said}" in told
    assert ("unless the name has it" in told) is match.startswith("key")


@pytest.mark.parametrize(
    "key",
    [
        "'报表：“一”（终）/**'",
        "'Screenshot 10.00\u202fAM.png'",
        "报表（一）/**",
        "'\U0001f468\u200d\U0001f469/**'",
        "'Müller–1/**'",
    ],
)
def test_signs_that_names_of_objects_have_are_left_alone_in_a_flow_too(tmp_path: Path, key: str) -> None:
    assert doubts(tmp_path, MATCH % f"bucket: b-1, key: {key}") == []


def test_a_sign_in_the_quotes_of_another_value_of_a_refused_line_is_not_to_blame() -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(f"{HEAD}{MATCH % 'bukcet: b-1, key: “报表”／**'.replace('“报表”／**', repr('“报表”／**'))}", "o.yaml")
    assert "U+" not in str(refused.value)
