"""Bytes are read as the text that they were meant to be, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ossmend.daemon.commands.main import main
from ossmend.daemon.sources.envelopes.encodings import as_text
from ossmend.daemon.sources.envelopes.marks import without_colours, without_octal
from ossmend.daemon.sources.raw import Raw

KEY = "2024/报表/三季度.xlsx"
ERROR = (
    "2026-03-01 10:00:00 ERROR 读取失败\n<Error><Code>InvalidObjectState</Code><RequestId>66F10B88C0FFEE1234ABCD01"
    f"</RequestId><HostId>reports.oss-cn-hangzhou.aliyuncs.com</HostId><ObjectName>{KEY}</ObjectName></Error>\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_explain_reads_a_file_and_stdin_in_any_of_these(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "error.txt"
    path.write_bytes(ERROR.encode(encoding))
    for answer in (
        CliRunner().invoke(main, ["explain", "--json", "--file", str(path)]),
        CliRunner().invoke(main, ["explain", "--json"], input=path.read_bytes()),
    ):
        (event,) = json.loads(answer.stdout)["events"]
        assert (event["code"], event["bucket"], event["key"]) == ("InvalidObjectState", "reports", KEY)


def test_a_line_in_gbk_among_lines_in_utf_8_is_read_as_gbk_alone() -> None:
    lines = ["读取失败".encode(), "三季度".encode("gbk"), "ünïcödé 三季度".encode(), b"plain"]
    assert as_text(b"\n".join(lines)) == "读取失败\n三季度\nünïcödé 三季度\nplain"


def test_what_is_neither_keeps_a_mark_for_each_byte_lost() -> None:
    assert as_text(b"\xff\x80\xff") == "\ufffd\ufffd\ufffd"


def test_a_character_that_was_cut_with_its_line_is_whole_again() -> None:
    line = "三季度".encode()
    stamp = b"2026-03-01T10:00:00.123456789Z stderr "
    other = b"2026-03-01T10:00:00.123456789Z stdout F between\n"
    for cut in range(1, len(line)):
        text = as_text(stamp + b"P " + line[:cut] + b"\n" + other + stamp + b"F " + line[cut:])
        first, _between, second = text.split("\n")
        assert first.partition(" P ")[2] + second.partition(" F ")[2] == "三季度"


def test_the_length_before_a_value_of_the_journals_export_is_no_part_of_it() -> None:
    message = "first\n  second\tthird"
    for size in (len(message), 10, 0x0A0A):
        data = b"__CURSOR=s=1\nMESSAGE\n" + size.to_bytes(8, "little") + message.encode() + b"\n\n"
        assert as_text(data) == f"__CURSOR=s=1\nMESSAGE\n{message}\n\n"


@pytest.mark.parametrize(
    "coloured",
    [
        "\x1b[31mred\x1b[0m",
        "\x1b[1;38;5;208mred\x1b[m",
        "\x1b]8;;https://example.com\x07red\x1b]8;;\x1b\\",
        "\\u001b[31mred\\u001B[39m",
        "\\\\u001b[31mred\\\\u001b[0m",
        "\\x1b[31mred\\x1b[0m",
        "\\033[31mred\\033[0m",
        "#033[31mred#033[0m",
        "^[[31mred^[[0m",
        "[31mred[0m",
    ],
)
def test_colours_are_taken_away_however_they_are_written(coloured: str) -> None:
    assert without_colours(coloured) == "red"


@pytest.mark.parametrize("escaped", ["\\u001b[31m", "\\x1b[0m", "\\033[1;31m", "[0m"])
@pytest.mark.parametrize("named", ['"key":"a%sb"', "'ObjectName': 'a%sb'", '\\"object_key\\":\\"a%sb\\"', "Key='%sb'"])
def test_what_is_escaped_in_a_quoted_key_is_the_keys_own(named: str, escaped: str) -> None:
    text = named.replace("%s", escaped)
    assert without_colours(text) == text


@pytest.mark.parametrize("text", ["rate(requests[5m])", "a[1]m", "path\\e\\f", "[ErrorCode]: X", "x1b", "#0331", ""])
def test_what_is_no_colour_is_left_alone(text: str) -> None:
    assert without_colours(text) == text


def test_line_ends_and_tabs_that_syslog_escaped_are_put_back() -> None:
    assert without_octal("first#012#011second") == "first\n\tsecond"
    assert without_octal("first\\012second") == "first\nsecond"
    assert without_octal("#1012 issue #99, \\0123") == "#1012 issue #99, \\0123"


@given(st.binary(max_size=300))
def test_any_bytes_are_some_text(data: bytes) -> None:
    assert isinstance(as_text(data), str)


@given(st.binary(max_size=200), st.integers(0, 300), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_a_place_behind_a_whole_line_is_the_same_place_in_the_file(data: bytes, at: int, encoding: str) -> None:
    raw = Raw(data, encoding)
    line = raw.data[:at].rfind(b"\n") + 1
    place = raw.in_file(line)
    assert place <= len(data)
    assert raw.in_data(place) == line
    assert Raw(data[place:], encoding).data == raw.data[line:]
