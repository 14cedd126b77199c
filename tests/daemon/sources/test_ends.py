"""A key without quotes at the end of an SDK's line ends where the string or bracket ends that the line was put into."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in

KEY = "2025/q4/revenue.parquet"
LINE = (
    "oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, ErrorMessage={0}The operation is not "
    "valid for the object's state{0}, RequestId=66D3BC906F08E3A7784862BE, Ec=0016-00000404, Bucket=arch-x, Object="
)
BARE, ESCAPED = LINE.format('"'), LINE.format('\\"')
TWICE = LINE.format('\\\\\\"')


def key_of(text: str) -> str | None:
    (event,) = events_in(text, source="test")
    assert event.bucket == "arch-x"
    return event.key


@pytest.mark.parametrize(
    ("around", "line"),
    [
        ('get failed: {"err":"%s"}', ESCAPED),
        ('get failed: {"err":"%s!"}', ESCAPED),
        ('get failed: {"err":"%s","retry":3}', ESCAPED),
        ('get failed: {"err":"%s"} (try 2)', ESCAPED),
        ('get failed: [{"err": "%s"}]', ESCAPED),
        ('get failed: {"err":"%s"}', BARE),
        ('x {\\"err\\":\\"%s\\"}', TWICE),
        ("failed: {'err': '%s'}", BARE),
        ("Error('%s')", BARE),
        ('upload failed: "%s", giving up', ESCAPED),
        ("upload failed (%s)", BARE),
        ("upload failed (%s).", BARE),
        ("upload failed [%s]", BARE),
        ("map[err:%s]", BARE),
        ("upload failed: <%s>", BARE),
        ("upload failed: `%s`", BARE),
        ("上传失败（%s）", BARE),
        ("上传失败“%s”", BARE),
        ("上传失败「%s」。", BARE),
        ("<p>%s</p>", BARE),
        ("can't upload: %s", BARE),
        ("a -> b => c: %s", BARE),
        ("[ERROR] [main] (store.go:404) %s", BARE),
        ('{"a": "b"} %s!', BARE),
    ],
)
@pytest.mark.parametrize("key", [KEY, "q4/my file.csv", "q4/a (1).csv", "q4/it's.csv"])
def test_a_key_ends_where_its_string_or_bracket_ends(around: str, line: str, key: str) -> None:
    assert key_of(around.replace("%s", line + key)) == key


@pytest.mark.parametrize(
    "key", ["a (1).csv", "a{1}[2].csv", "a).csv", "a].csv", "a>b.csv", 'a"b.csv', "it's.csv", "a'.csv"]
)
def test_without_anything_open_a_key_keeps_its_own_signs(key: str) -> None:
    assert key_of(BARE + key) == key


@pytest.mark.parametrize("key", ["a).csv", "a).d/e.csv", "(a).csv", "a)-1.csv"])
def test_a_name_goes_on_behind_a_bracket(key: str) -> None:
    assert key_of(f"upload failed ({BARE}{key})") == key


@pytest.mark.parametrize(
    "text",
    [
        f"upload failed ({BARE}{KEY}) in 3 s",
        f"err='{BARE}{KEY}', n=3",
        f'{{"err":"{BARE}{KEY}", "rc": "y"',
        f'{BARE}{KEY}", "rc": "y',
        f'{BARE}{KEY}"}}',
        f"<p>{BARE}{KEY}</p> and more",
    ],
)
def test_where_the_end_is_anybody_s_guess_there_is_no_key(text: str) -> None:
    """Nothing was escaped, so what stands behind may be the name's own."""
    assert key_of(text) is None
