"""The text itself: what is not YAML, what is YAML but refused, and what scalars mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ossmend.config import document
from ossmend.config.load import MOST_BYTES, ConfigRefused, load, load_text
from ossmend.config.rights import user

NOT_READ = "is not read: there is only !secret, and text needs quotes"
HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"


def told(text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        load_text(text, "f")
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 1\n\tcloud: {}\n", "f:2:1: not YAML: a tab; YAML indents with blanks only"),
        ("version: 1\nstate: { path: /a: b }\n", 'f:2:18: not YAML: expected "," or "}"'),
        (
            "version: 1\nmode: a: b\n",
            'f:2:8: not YAML: a ":" that does not belong here: quote the value, or mind the indentation',
        ),
        ('version: 1\nmode: "dry\n', "f:2:7: not YAML: this quote is never closed"),
        ("version: 1\nsources: [ a, b\nmode: x\n", 'f:3:5: not YAML: expected "," or "]"'),
        ("version: 1\nmode\nlog: {}\n", 'f:2:1: not YAML: expected ":" and a value after this key'),
        (
            "version: 1\n  mode: x\n",
            'f:2:7: not YAML: a ":" that does not belong here: quote the value, or mind the indentation',
        ),
        ("state:\n    path: /a\n  url: x\n", "f:3:3: not YAML: the indentation does not fit the lines above"),
        (
            HEAD + "---\nversion: 1\n",
            'f:3:1: not YAML: a second document begins here ("---"); one file is one configuration',
        ),
        ("match: { bucket: * }\n", "f:1:18: * and & have a meaning in YAML: put the pattern in quotes"),
        ("%YAML 7.7\n---\na: 1\n", "f:1:1: not YAML: found incompatible YAML document (version 1.* is required)"),
        ("a: !e!x 1\n", "f:1:4: not YAML: found undefined tag handle '!e!'"),
        ("- version: 1\n", "f:1:1: expected a mapping (key: value), found a list"),
        ("version\n", "f:1:1: expected a mapping (key: value), found a text"),  # it may be a secret
        ("", "f: is empty; the least is `version: 1` and `cloud: { region: cn-hangzhou }`"),
        ("# nothing\n\n", "f: is empty; the least is `version: 1` and `cloud: { region: cn-hangzhou }`"),
        ("---\n", "f:2:1: is empty; write a value, or leave the key out"),
        ("a: \x07\n", "f:1:4: U+0007 cannot stand in a YAML file"),
        ("a: 1\nb: \x00\n", "f:2:4: U+0000 cannot stand in a YAML file"),
        ("a: \ud800\n", "f:1:4: U+D800 cannot stand in a YAML file"),
        ("[" * 100_000, "f:1:21: more than 20 levels deep: that is no configuration"),
        ("a: " + "{a: " * 1000, "f:1:77: more than 20 levels deep: that is no configuration"),
        ("- " * 1000 + "a", "f:1:41: more than 20 levels deep: that is no configuration"),
    ],
)
def test_what_is_not_a_configuration_is_told_with_its_place(text: str, expected: str) -> None:
    assert told(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mode: dry-run\nmode: enforce", "f:4:1: mode: stands here a second time; the first is in line 3"),
        ("log: { level: info, level: info }", "f:3:21: log.level: stands here a second time; the first is in line 3"),
        (
            "log:\n  <<: { level: info }",
            "f:4:3: log: << is a merge key, and merge keys are not read: write the settings out",
        ),
        ("mode: &m dry-run", "f:3:7: &m is an anchor, and these are not read: write the value out"),
        ("mode: *m", "f:3:7: *m is an alias, and these are not read; a pattern needs quotes"),
        ("mode: !!str dry-run", f"f:3:7: the tag tag:yaml.org,2002:str {NOT_READ}"),
        (
            "mode: !!python/object/apply:os.system [ 'true' ]",
            f"f:3:7: the tag tag:yaml.org,2002:python/object/apply:os.system {NOT_READ}",
        ),
        ("mode: !env MODE", f"f:3:7: the tag !env {NOT_READ}"),
        ("mode: ! x", f"f:3:7: the tag ! {NOT_READ}"),
        ("log: !secret { a: 1 }", "f:3:6: log: !secret is followed by one name"),
        ("? [a, b]\n: 1", "f:3:3: a key is one plain word"),
        ("!secret a: 1", "f:3:1: a key is one plain word"),
    ],
)
def test_yaml_that_could_surprise_is_refused(text: str, expected: str) -> None:
    assert told(f"{HEAD}{text}\n") == [expected]


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    problems = told("\n".join(lines))
    assert "f:1:5: &a0 is an anchor, and these are not read: write the value out" in problems


@pytest.mark.parametrize(
    "text", ["22:00", "no", "yes", "on", "off", "1_000", "0b11", "1e", "2024-01-01", "=", "<<", ".inf", "1e999"]
)
def test_what_yaml_1_1_would_guess_at_stays_text(text: str) -> None:
    assert document.plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("0777", 777), ("0o17", 15), ("0x1F", 31), ("-5", -5), ("+5", 5), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5),
     ("true", True), ("False", False), ("NULL", None), ("~", None), ("", None)],
)  # fmt: skip
def test_scalars_are_read_by_the_core_schema(text: str, value: object) -> None:
    found = document.plain(text)
    assert found == value
    assert type(found) is type(value)


def test_a_number_too_long_for_a_number_stays_text() -> None:
    digits = "9" * 5000
    assert document.plain(digits) == digits


@given(st.text(max_size=30))
def test_every_quoted_text_is_that_text(text: str) -> None:
    import json

    body = json.dumps(text, ensure_ascii=True)
    if any(0xD800 <= ord(sign) <= 0xDFFF or ord(sign) > 0xFFFF for sign in text):
        return  # JSON writes these as surrogate pairs, which YAML does not join
    assert document.read(f"a: {body}\n", "f").values == {"a": text}


# --------------------------------------------------------------------------------------------------------------- files


def refused(path: Path) -> str:
    with pytest.raises(ConfigRefused) as raised:
        load(path)
    (problem,) = raised.value.problems
    return str(problem).replace(str(path), "f")


def test_a_missing_file_is_said_to_be_missing_and_what_writes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = "f: there is no such file: `ossmend init` writes one; --config FILE or $OSSMEND_CONFIG name another"
    assert refused(tmp_path / "none.yaml") == said
    assert refused(tmp_path / "ossmend.yaml") == said


def test_where_init_has_left_a_file_in_this_directory_that_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ossmend.yaml").touch()
    assert "there is an ossmend.yaml here: --config ossmend.yaml" in refused(tmp_path / "none.yaml")


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    assert refused(tmp_path) == "f: is a directory; name the file in it"


def test_a_file_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.touch()
    assert f"f: cannot be read by {user()}: Not a directory" in refused(file / "b.yaml")


def test_a_name_with_a_nul_is_no_name() -> None:
    with pytest.raises(ConfigRefused, match="is not the name of a file"):
        load(Path("a\0b"))


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    with file.open("wb") as out:
        out.truncate(10**12)
    assert refused(file) == f"f: is larger than {MOST_BYTES // 1024} KiB: that is no configuration"


def test_bytes_that_are_not_utf8_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes("version: 1\n# ä".encode() + b"\xff\n")
    assert refused(file) == "f:2:4: is not UTF-8 from here on"


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load(file).cloud.region == "cn-hangzhou"


# ------------------------------------------------------------------------------------------------------------- secrets

WEBHOOK = HEAD + "notify: [ { webhook: { url: 'https://h/', secret: !secret hook } } ]\n"


@pytest.mark.parametrize(
    ("stored", "secret"), [(b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"), (b" a b\n\n", " a b\n")]
)
def test_a_secret_is_read_from_its_credential(
    stored: bytes, secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hook").write_bytes(stored)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    config = load_text(WEBHOOK)
    found = config.notify[0].given.model_dump()["secret"]
    assert found is not None
    assert found.get_secret_value() == secret
    assert "s3cret" not in repr(config)


def test_without_credentials_the_unit_line_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (problem,) = told(WEBHOOK)
    place, _, why = problem.partition("!secret hook: ")
    assert place == "f:3:51: notify[0].webhook.secret: "
    assert why == "$CREDENTIALS_DIRECTORY is not set; in the unit, LoadCredential=hook:/path/to/hook sets it"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "does not exist; in the unit, LoadCredential=hook:/path/to/hook makes it"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "is not UTF-8 text"),
        (b"x" * 70_000, "is too large"),
    ],
)
def test_a_credential_that_cannot_be_used_is_told(
    content: bytes | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "hook").write_bytes(content)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert told(WEBHOOK) == [f"f:3:51: notify[0].webhook.secret: !secret hook: {tmp_path / 'hook'} {expected}"]


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", ".hidden", "..", "a/b", "''", '"a\\nb"'])
def test_a_secret_cannot_name_a_file_elsewhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (problem,) = told(WEBHOOK.replace("hook }", f"{name} }}"))
    assert "a name has letters, digits, '.', '_' and '-', and no folders" in problem


def test_a_secret_where_none_belongs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mode").write_text("enforce")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (problem,) = told(HEAD + "mode: !secret mode\n")
    assert problem == 'f:3:7: mode: expected "dry-run", "approve" or "enforce", found a !secret, which is not read here'
