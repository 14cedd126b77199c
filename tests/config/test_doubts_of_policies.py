"""Policies that take nothing, or never write what they say, and patterns that nothing fits: told, with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.test_doubts import RULE, doubts, thaw

NEVER = "has no effect: nothing is ever written for"


def policy(said: str) -> str:
    return f"policies:\n  - {{ name: a, {said} }}\n"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "on: InvalidAccessKeyId, mode: enforce",
            f"mode: mode enforce {NEVER} InvalidAccessKeyId without key.tag_owner: true",
        ),
        (
            "on: ImageDamage, mode: approve, match: { bucket: b-1 }, image: { restore_version: never }",
            f"mode: mode approve {NEVER} ImageDamage without image.restore_version: approve or enforce",
        ),
        ("on: AccessDenied, mode: enforce", f"mode: mode enforce {NEVER} AccessDenied"),
        ("on: [AccessDenied, InDebt], mode: enforce", f"mode: mode enforce {NEVER} AccessDenied, InDebt"),
        ("on: SomethingNew, mode: enforce", f"mode: mode enforce {NEVER} SomethingNew"),
        ("on: AccessDenied, brakes: { writes_per_hour: 1 }", f"brakes: brakes {NEVER} AccessDenied"),
    ],
)
def test_a_word_about_writes_where_nothing_is_ever_written_is_told(tmp_path: Path, said: str, told: str) -> None:
    assert [each.partition("policies[0].")[2] for each in doubts(tmp_path, policy(said))] == [told]


@pytest.mark.parametrize(
    "said",
    [
        "on: InvalidAccessKeyId, mode: enforce, match: { bucket: b-1 }, key: { tag_owner: true }",
        "on: ImageDamage, mode: enforce, match: { bucket: b-1 }",
        "on: [InvalidAccessKeyId, InvalidObjectState], mode: enforce, match: { bucket: b-1 }",
        "on: InvalidAccessKeyId, mode: dry-run",
        "on: InvalidAccessKeyId, mode: enforce, enabled: false",
        "on: InvalidAccessKeyId",
    ],
)
def test_a_policy_that_may_write_or_does_not_say_so_is_left_alone(tmp_path: Path, said: str) -> None:
    assert doubts(tmp_path, f"mode: enforce\n{policy(said)}") == []


HOOK = "notify: [ { webhook: { url: 'https://h.example.com'%s } } ]\n"


def test_a_mode_by_which_a_channel_is_told_has_an_effect(tmp_path: Path) -> None:
    told = policy("on: InvalidAccessKeyId, mode: enforce")
    assert doubts(tmp_path, HOOK % "" + told) == []
    assert NEVER in doubts(tmp_path, HOOK % ", in_dry_run: true" + told)[0]


def test_a_channel_that_is_told_nothing_because_all_is_in_dry_run_is_told_of(tmp_path: Path) -> None:
    dry, wet = policy("on: AccessDenied"), "  - { name: b, on: InDebt, mode: enforce%s }\n"
    for text in (HOOK % "", HOOK % "" + dry, HOOK % "" + dry + wet % ", enabled: false"):
        (told,) = doubts(tmp_path, text)
        assert told.startswith("4:13: notify[0].webhook: nothing is told here while everything is in dry-run")
    may_write = policy("on: InvalidObjectState, match: { bucket: b-1 }")
    for text in (HOOK % ", in_dry_run: true", "mode: approve\n" + HOOK % "", HOOK % "" + may_write + wet % ""):
        assert doubts(tmp_path, text) == []


def test_a_channel_that_is_not_told_of_what_only_tells_is_told_of_with_the_mode_that_tells_it(tmp_path: Path) -> None:
    """An account that is suspended, and nobody hears of it, because that policy was left as `init` writes it."""
    wet = policy("on: InvalidObjectState, match: { bucket: b-1 }, mode: approve")
    dry = "  - { name: account, on: UserDisable }\n  - { name: keys, on: InvalidAccessKeyId }\n"
    (told,) = doubts(tmp_path, HOOK % "" + wet + dry)
    assert "notify[0].webhook: nothing of account, keys is told here: they are in dry-run" in told
    assert "mode enforce tells it" in told
    for text in (HOOK % ", in_dry_run: true" + wet + dry, HOOK % "" + wet + dry.replace(" }", ", mode: enforce }")):
        assert doubts(tmp_path, text) == []


def test_a_stored_rule_that_no_policy_names_is_told(tmp_path: Path) -> None:
    (told,) = doubts(tmp_path, RULE)
    assert told == "5:3: cors_rules.r: no policy names this rule: it is never merged into a bucket"
    assert doubts(tmp_path, RULE + policy("on: AccessForbidden, match: { bucket: b-1 }, cors: { rule: r }")) == []


@pytest.mark.parametrize(("poll", "warns"), [("2d", True), ("24h", True), ("1h", False)])
def test_a_restore_that_is_over_before_it_is_looked_at_is_told(tmp_path: Path, poll: str, warns: bool) -> None:
    told = doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }", f", restore: {{ poll: {poll} }}"))
    assert [each.partition("restore.poll: ")[2] for each in told] == [
        "the restored copy is gone before it is looked at: it stays for 1d"
    ] * warns


# ---------------------------------------------------------------------------------------------------------------- match


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ("key: '2024/'", 'this fits the folder\'s own object alone, and nothing in it; did you mean "2024/**"?'),
        ("key: 'oss://b-1/2024/**'", 'what follows the bucket and its slash; did you mean "2024/**"?'),
        ("key: '%E6%8A%A5/**'", "keys are decoded before they are compared: write the name as it is"),
        ("bucket: b", "no bucket fits: names have 3 to 63 signs, and neither begin nor end with a hyphen"),
        ("bucket: 'reports-'", "no bucket fits: "),
        ("bucket: '-*'", "no bucket fits: "),
        (f"bucket: '{'b' * 64}*'", "no bucket fits: "),
        ("client: 'app-server'", "no client fits: it is the address that is compared, like 10.0.*"),
        ("client: '*.example.com'", "no client fits: "),
        ("client: '10.0'", "no client fits: "),
        ("origin: app.example.com", 'browsers send it with its scheme; did you mean "https://app.example.com"?'),
        ("origin: 'https://*.example.com/'", 'with a slash at its end; did you mean "https://*.example.com"?'),
    ],
)
def test_a_pattern_that_nothing_fits_or_one_object_alone_is_told(tmp_path: Path, match: str, told: str) -> None:
    (found,) = doubts(tmp_path, policy(f"on: AccessDenied, match: {{ {match} }}"))
    assert f"policies[0].match.{match.partition(':')[0]}: " in found
    assert told in found


@pytest.mark.parametrize(
    "match",
    [
        "key: '2024/**'",
        "key: 2024/01/report.csv",
        "key: '*/'",
        "key: '100%/**'",
        "bucket: 'b*'",
        "bucket: 'b-?'",
        "bucket: '*-logs'",
        "client: '10.0.*'",
        "client: 10.0.0.1",
        "client: 'fd00:*'",
        "client: '::1'",
        "origin: 'null'",
        "origin: '*.example.com'",
        "origin: 'https://*.example.com'",
    ],
)
def test_a_pattern_that_something_fits_is_left_alone(tmp_path: Path, match: str) -> None:
    assert doubts(tmp_path, policy(f"on: AccessDenied, match: {{ {match} }}")) == []
