"""What still works by the state alone, while the configuration is refused and a daemon goes on by the one of before."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ossmend.daemon.commands.main import main
from ossmend.daemon.journal.store import DATABASE, open_store
from ossmend.daemon.journal.vitals import SourceVitals
from ossmend.daemon.stages.vitals import SignOfLife
from tests.fakes import FakeClock

POLICIES = "policies: [ {{ name: thaw, on: InvalidObjectState, mode: {mode}, match: {{ bucket: '*' }} }} ]"
TYPO = POLICIES.format(mode="aprove")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Of a daemon that works, or has worked."""
    open_store(tmp_path / "state", exclusive=True).close()
    return tmp_path / "state"


def called(state: Path, policies: str, *words: str) -> Result:
    config = state.parent / "ossmend.yaml"
    config.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: {state} }}\n{policies}\n", encoding="utf-8"
    )
    return CliRunner().invoke(main, [*words, "--config", str(config), "--json"])


def test_a_typo_in_a_policy_takes_neither_pause_nor_resume_away(state: Path) -> None:
    paused = called(state, TYPO, "pause")
    assert paused.exit_code == 0
    assert "the configuration is refused; what follows is by its state alone" in paused.stderr
    assert 'did you mean "approve"?' in paused.stderr
    assert [each["policy"] for each in json.loads(paused.stdout)["paused"]] == ["all"]
    assert json.loads(called(state, TYPO, "resume").stdout)["resumed"] == ["all"]


@pytest.mark.parametrize(
    "broken",
    [
        "nonsense: true", "clok: { every: 1h }", "policie: []", "brakes: { writes_per_hour: “5” }",
        "\n".join(f"nonsense{number}: 1" for number in range(100)),
    ],
    ids=["another key", "clock", "policies", "curly quotes", "a hundred faults"],
)  # fmt: skip
def test_no_fault_elsewhere_takes_the_switch_away(state: Path, broken: str) -> None:
    for words in (["pause"], ["resume"], ["status"], ["cases", "list"]):
        told = called(state, broken, *words)
        assert told.exit_code == (3 if words == ["status"] else 0)
        assert f"what follows is by its state alone, {state}" in told.stderr
        json.loads(told.stdout)


@pytest.mark.parametrize(
    "broken",
    [
        "policies: [",
        "policies: [ { name: a",
        "brakes:\n\twrites_per_hour: 5",
        'log: { level: "warning }',
        "policies：[]",
    ],
)
def test_of_a_file_that_is_no_yaml_the_state_in_it_is_believed_where_somebody_works_on_it(
    state: Path, broken: str
) -> None:
    assert called(state, broken, "pause").exit_code == 78
    store = open_store(state, exclusive=True)
    try:
        told = called(state, broken, "pause")
        assert [each["policy"] for each in json.loads(told.stdout)["paused"]] == ["all"]
        assert f"what follows is by its state alone, {state}" in told.stderr
        assert json.loads(called(state, broken, "status").stdout)["running"]
        for half in (f"state: {{ path: {state}", f"state:\n  path: {state}x", "state: { path: 7 }", "state: [}"):
            config = state.parent / "half.yaml"
            config.write_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\npolicies: [\n{half}\n", encoding="utf-8")
            ended = CliRunner().invoke(main, ["pause", "--config", str(config)])
            assert (ended.exit_code, "NOTHING IS PAUSED" in ended.stderr) == (78, True)
    finally:
        store.close()


@pytest.mark.parametrize("broken", ["policies: [", "state: { path: 7 }"])
def test_where_nothing_can_be_paused_it_says_so_and_what_pauses_all_the_same(state: Path, broken: str) -> None:
    told = called(state, broken, "pause")
    assert told.exit_code == 78
    assert "NOTHING IS PAUSED" in told.stderr
    assert "touch STATE/pause" in told.stderr
    assert "kill -USR1" in told.stderr


def test_a_pause_that_holds_and_a_misspelt_policy_say_nothing_of_that(state: Path) -> None:
    assert "NOTHING IS PAUSED" not in called(state, "policies: []", "pause").stderr
    assert "NOTHING IS PAUSED" not in called(state, "policies: []", "pause", "thraw").stderr


@pytest.mark.parametrize(("words", "status"), [(["status"], 3), (["cases", "list"], 0), (["journal", "show"], 0)])
def test_what_only_reads_the_state_reads_it(state: Path, words: list[str], status: int) -> None:
    told = called(state, TYPO, *words)
    assert told.exit_code == status
    assert "aprove" in told.stderr
    json.loads(told.stdout)


@pytest.mark.parametrize("word", ["check", "once", "ram-policy", "audit"])
def test_what_works_by_the_policies_refuses_it_as_ever(state: Path, word: str) -> None:
    assert called(state, TYPO, word).exit_code == 78


@pytest.mark.parametrize("key", ["stat", "sate", "State", "states", "stae"])
def test_a_key_that_may_be_meant_as_state_is_no_fault_elsewhere(state: Path, key: str) -> None:
    config = state.parent / "ossmend.yaml"
    config.write_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\n{key}: {{ path: {state} }}\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["status", "--config", str(config)]).exit_code == 78


def test_without_a_state_a_key_that_nobody_knows_may_be_one(state: Path) -> None:
    config = state.parent / "ossmend.yaml"
    config.write_text("version: 1\ncloud: { region: cn-hangzhou }\nnonsense: true\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["status", "--config", str(config)]).exit_code == 78


@pytest.mark.parametrize("quoted", ["“{}”", "‘{}’"])
def test_curly_quotes_in_the_state_itself_are_no_fault_elsewhere(state: Path, quoted: str) -> None:
    config = state.parent / "ossmend.yaml"
    path = quoted.format(state)
    config.write_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate:\n  path: {path}\n", encoding="utf-8")
    assert CliRunner().invoke(main, ["status", "--config", str(config)]).exit_code == 78


@pytest.mark.parametrize(
    "wrong",
    [TYPO + "\nstat: { path: elsewhere }", TYPO + "\nstate: { path: elsewhere }", "policies: [", "state: { pth: x }"],
    ids=["a key that may be state", "two of it", "no YAML", "a misspelt path"],
)
def test_where_the_typo_may_mean_another_state_nothing_is_touched(state: Path, wrong: str) -> None:
    before = (state / DATABASE).read_bytes()
    told = called(state, wrong, "pause")
    assert told.exit_code == 78
    assert (state / DATABASE).read_bytes() == before


@pytest.mark.parametrize(("policy", "status"), [("thaw", 0), ("thwa", 2)])
def test_a_policy_that_is_not_there_is_neither_paused_nor_resumed(state: Path, policy: str, status: int) -> None:
    good = POLICIES.format(mode="approve")
    assert called(state, good, "pause", policy).exit_code == status
    assert called(state, good, "resume", policy).exit_code == status


def test_the_pause_of_a_policy_that_is_gone_can_be_ended(state: Path) -> None:
    called(state, POLICIES.format(mode="approve"), "pause", "thaw")
    told = called(state, "policies: []", "resume", "thaw")
    assert (told.exit_code, json.loads(told.stdout)["resumed"]) == (0, ["thaw"])


def test_resume_ends_with_1_while_the_file_pauses_all_the_same(state: Path) -> None:
    (state / "pause").touch()
    good = POLICIES.format(mode="approve")
    assert called(state, good, "resume").exit_code == 1
    (state / "pause").unlink()
    assert called(state, good, "resume").exit_code == 0


def lived(state: Path, *, worked: bool) -> str:
    """What `status` prints by a file that is refused, after a daemon with two policies and a source."""
    store = open_store(state, exclusive=True)
    try:
        life = SignOfLife(store, FakeClock(datetime(2026, 3, 1, 12, 0, tzinfo=UTC)), dry_run=False)
        life.configured("0" * 64, {"approve": 1, "dry-run": 1})
        life.beat([SourceVitals("app_log:/var/log/a.log", "2026-03-01T12:00:00+00:00")], None, stopped=not worked)
        file = state.parent / "ossmend.yaml"
        file.write_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: {state} }}\n{TYPO}\n", "utf-8")
        return CliRunner().invoke(main, ["status", "--config", str(file)]).stdout
    finally:
        store.close()


@pytest.mark.parametrize("worked", [True, False])
def test_status_tells_what_the_daemon_does_and_nothing_of_a_file_that_is_refused(state: Path, worked: bool) -> None:
    told = lived(state, worked=worked)
    assert "1 in approve, 1 in dry-run" in told
    assert "app_log:/var/log/a.log: read" in told
    assert "the file is refused: repair it, then reload" in told  # its store is open here: somebody works
    assert "brakes    not known while the file is refused" in told, "it was said by an older ossmend"
    for word in ("none: nothing is done", "none configured", "all limits are free", "to work by it"):
        assert word not in told


def test_status_of_a_state_without_a_life_knows_neither_policies_nor_sources(state: Path) -> None:
    file = state.parent / "ossmend.yaml"
    called(state, TYPO, "status")
    told = CliRunner().invoke(main, ["status", "--config", str(file)]).stdout
    for label in ("policies", "sources ", "brakes  ", "channels"):
        assert f"{label}  not known while the file is refused" in told
    assert "the file is refused: repair it, then start" in told


def test_a_number_of_the_audit_is_named_as_that_and_another_word_is_no_number(state: Path) -> None:
    good = POLICIES.format(mode="approve")
    told = called(state, good, "cases", "show", "A1")
    assert (told.exit_code, "A1 is of the audit; the numbers are in `ossmend cases`" in told.stderr) == (2, True)
    assert "not a valid integer" in called(state, good, "cases", "show", "Ax").stderr


@pytest.mark.parametrize("word", ["cases", "journal", "status"])
def test_a_command_that_reads_says_of_dry_run_that_it_shows(word: str) -> None:
    assert "Show the state of a dry run." in CliRunner().invoke(main, [word, "--help"]).stdout
