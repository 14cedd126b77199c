"""The command line: what it imports, exit codes, what stands on stdout, and that the README quotes it rightly."""

from __future__ import annotations

import gc
import gzip
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from ossmend.daemon.commands.main import BRIEF, COMMANDS, WIDEST, main, page_width
from ossmend.remediators import FILES
from tests.patience import HUNG

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config/ossmend.example.yaml"
GOOD = """
version: 1
cloud: { region: cn-hangzhou, endpoint: "http://127.0.0.1:9", rpc_endpoint: "http://127.0.0.1:9" }
state: { path: %s }
clock: { ntp_servers: [], every: 10m }
"""
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExampleExampleKey1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s" * 30}


def run(*arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> tuple[int, str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA", "ALIYUN", "OSS"))}
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", *arguments],
        input=stdin, capture_output=True, timeout=HUNG, check=False, env=kept | (environment or {}),
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "ossmend.yaml"
    path.write_text(GOOD % (tmp_path / "state"), encoding="utf-8")
    return path


def test_the_readme_quotes_the_help_text() -> None:
    status, told, _ = run("--help")
    assert status == 0
    quoted = (ROOT / "README.md").read_text(encoding="utf-8").split("$ ossmend --help\n")[1].split("```")[0]
    assert quoted.split() == told.replace("python -m ossmend", "ossmend").split()


@pytest.mark.parametrize("group", [(), ("cases",), ("journal",)], ids=" ".join)
def test_no_command_is_described_by_half_a_sentence_in_80_columns(group: tuple[str, ...]) -> None:
    status, told, _ = run(*group, "--help", environment={"COLUMNS": "80"})
    listed = told.split("Commands:\n")[1]
    assert (status, "..." in listed) == (0, False), listed
    assert max(map(len, told.splitlines())) <= 80


def loaded(*arguments: str) -> set[str]:
    """What a command has imported by the time it ends."""
    code = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        f"sys.argv = ['ossmend', *{arguments!r}]; from ossmend.daemon.commands.main import main;"
        "main.main(standalone_mode=False)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HUNG, check=True)
    return set(done.stderr.decode().splitlines()[-1].split())


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("ossmend")}


def test_help_imports_nothing_but_click() -> None:
    modules = loaded("--help")
    assert ours(modules) == {"ossmend", "ossmend.daemon", "ossmend.daemon.commands", "ossmend.daemon.commands.main"}
    foreign = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"__main__", "ossmend"}
    assert {name for name in foreign if not name.startswith("_")} == {"click"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_no_other_command_and_nothing_that_it_would_use(name: str) -> None:
    modules = ours(loaded(name, "--help"))
    of_commands = {"ossmend.daemon.commands", "ossmend.daemon.commands.main", "ossmend.daemon.commands.common"}
    signals = {"ossmend.daemon.host", "ossmend.daemon.host.early"} if name == "run" else set()
    own = f"ossmend.daemon.commands.{name.replace('-', '_')}"
    assert modules - of_commands == {"ossmend", "ossmend.daemon", own} | signals


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_of_a_command_what_its_docstring_says(name: str) -> None:
    command = import_module(f"ossmend.daemon.commands.{name.replace('-', '_')}").command
    assert (command.name, " ".join(command.help.split())) == (name, COMMANDS[name])


def test_every_file_with_a_command_is_in_the_table() -> None:
    files = (ROOT / "daemon/commands").glob("*.py")
    written = {path.stem for path in files if re.search(r"\n(?:def command\(|command = )", path.read_text("utf-8"))}
    assert written == {name.replace("-", "_") for name in COMMANDS}


@pytest.mark.parametrize("arguments", [("journal", "show"), ("cases", "show"), ("audit",), ("simulator",)])
def test_a_help_shows_no_bound_that_is_none(arguments: tuple[str, ...]) -> None:
    code, told, _ = run(*arguments, "--help")
    assert code == 0
    assert "None" not in told


def test_a_word_that_is_a_file_here_and_no_command_is_refused() -> None:
    for word in ("common", "main", "tables", "audit_report", "ram_policy", "..explain"):
        assert run(word)[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [("explain", "InvalidObjectState"), ("check", "--config", str(EXAMPLE)), ("ram-policy", "--config", str(EXAMPLE))],
)
def test_explain_check_and_ram_policy_load_no_sdk(arguments: tuple[str, ...]) -> None:
    assert loaded(*arguments) & {"oss2", "aliyunsdkcore", "sqlalchemy", "apscheduler", "rich"} == set()


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        (["InvalidObjectState"], {"invalid_object_state"}),
        (["ImageDamage", "--lang", "zh"], {"image_damage"}),
        (
            ["<Error><Code>AccessDenied</Code><RequestId>66F10B88C0FFEE1234ABCD01</RequestId></Error>"],
            {"access_denied"},
        ),
        (["<Error><Code>InDebt</Code></Error>", "--json"], {"user_disable"}),
        (["all is well"], set()),
    ],
)
def test_explain_loads_no_configuration_and_the_remediator_of_the_code_alone(text: list[str], needed: set[str]) -> None:
    modules = loaded("explain", *text)
    assert {name.partition(".")[0] for name in modules} & {"pydantic", "pydantic_core", "yaml", "rich"} == set()
    assert {name for name in modules if name.startswith("ossmend.config")} == set()
    assert {file for file in FILES.values() if f"ossmend.remediators.{file}" in modules} == needed


def test_garbage_is_looked_for_in_whatever_runs_on() -> None:
    assert gc.isenabled(), "importing the table must not change the process"
    try:
        for name in COMMANDS:
            gc.disable()
            assert main.get_command(click.Context(main), name) is not None
            assert gc.isenabled() is (name not in BRIEF)
    finally:
        gc.enable()


@pytest.mark.parametrize("columns", ["", "0", "x", "-5", "40", "70", "99", "400"])
def test_a_help_page_is_as_wide_as_click_would_make_it(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert page_width() == click.HelpFormatter(max_width=WIDEST).width


def test_a_good_configuration_is_fine(good: Path) -> None:
    status, told, _ = run("check", "--config", str(good), "--json")
    assert (status, json.loads(told)["ok"]) == (0, True)


@pytest.mark.parametrize("command", [["check"], ["run"], ["once"], ["cases"], ["journal", "show"], ["audit"]])
def test_a_refused_configuration_is_told_with_its_place_and_ends_with_78_what_works_by_it(
    good: Path, command: list[str]
) -> None:
    with good.open("a", encoding="utf-8") as file:
        file.write("polices: []\n")
    status, _, told = run(*command, "--config", str(good), environment=KEY)
    assert status == (0 if command[0] in ("cases", "journal") else 78), "what is known of the work is in the state"
    assert f"{good}:6:1" in told
    assert 'did you mean "policies"?' in told


def test_a_missing_configuration_ends_with_78(tmp_path: Path) -> None:
    status, _, told = run("check", "--config", str(tmp_path / "none.yaml"))
    assert status == 78
    assert "none.yaml" in told


def test_half_a_key_pair_ends_with_78(good: Path) -> None:
    status, _, told = run(
        "once", "--config", str(good), environment={"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tExampleExampleKey1"}
    )
    assert status == 78
    assert "ALIBABA_CLOUD_ACCESS_KEY_SECRET" in told


def test_an_audit_without_a_key_names_what_needs_none(good: Path) -> None:
    status, _, told = run("audit", "--config", str(good), environment={})
    assert status == 78
    assert "no credentials: " in told
    assert "`ossmend explain FILE`" in told


@pytest.mark.parametrize(
    "wrong", [["nonsense"], ["run", "--nonsense"], ["cases", "show", "x"], ["explain", "a", "--file", "b"]]
)
def test_wrong_usage_ends_with_2(wrong: list[str]) -> None:
    assert run(*wrong)[0] == 2


def test_once_with_nothing_to_do_is_fine_and_prints_one_document(good: Path) -> None:
    status, told, _ = run("once", "--config", str(good), "--json", environment=KEY)
    assert (status, json.loads(told)) == (0, {"cases": [], "not_opened": [], "closed_not_shown": 0, "not_read": []})


@pytest.mark.parametrize("group", ["cases", "journal"])
def test_options_may_stand_before_and_after_a_subcommand_and_without_one(good: Path, group: str) -> None:
    options = ("--config", str(good), "--json")
    command = {"cases": "list", "journal": "show"}[group]
    told = {run(group, *words)[:2] for words in (options, (*options, command), (command, *options))}
    assert [status for status, _ in told] == [0]


def test_a_case_that_does_not_exist_is_wrong_usage_and_said_in_one_sentence(good: Path) -> None:
    for command in ("show", "approve", "reject", "retry", "undo"):
        status, _, told = run("cases", command, "7", "--config", str(good))
        said = told.splitlines()[-1]
        assert (status, said) == (2, "there is no case 7: `ossmend cases list --all` lists them")
        assert "Usage" not in told


def test_the_journal_of_a_case_that_does_not_exist_says_so_instead_of_nothing(good: Path) -> None:
    status, shown, told = run("journal", "show", "--case", "7", "--config", str(good))
    assert (status, shown) == (2, "")
    assert "there is no case 7: `ossmend cases list --all` lists them" in told


@pytest.mark.parametrize("number", ["١", "７", "²", "1_0", "+1", " 1"])
def test_a_number_in_the_digits_of_another_script_or_with_other_signs_names_no_case(good: Path, number: str) -> None:
    status, _, told = run("cases", "approve", number, "--config", str(good))
    assert status == 2
    assert f"'{number}' is not a valid integer" in told


@pytest.mark.parametrize(
    "arguments", [("journal", "show", "--limit", "٣"), ("simulator", "--port", "٨٠"), ("simulator", "--port", "1_0")]
)
def test_a_number_of_an_option_has_ascii_digits(arguments: tuple[str, ...]) -> None:
    status, _, told = run(*arguments)
    assert (status, f"{arguments[-1]!r} is not a valid integer" in told) == (2, True)


@pytest.mark.parametrize("speed", ["nan", "inf"])
def test_a_speed_that_is_no_pace_is_wrong_usage(speed: str) -> None:
    status, _, told = run("simulator", "--port", "0", "--speed", speed)
    assert (status, told) == (2, f"the speed must be a number, and not negative: {speed}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--config", ""),
        ("cases", "--config", ""),
        ("journal", "backup", ""),
        ("audit", "--html", ""),
        ("explain", "--file", ""),
        ("init", "--output", ""),
        ("init", "--state", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_as_of_a_variable_that_is_not_set_is_wrong_usage_and_not_this_directory(
    arguments: tuple[str, ...],
) -> None:
    status, shown, told = run(*arguments)
    assert (status, shown, "the name is empty" in told) == (2, "", True)


def test_a_page_of_an_audit_that_cannot_be_written_costs_nobody_the_report(good: Path, tmp_path: Path) -> None:
    status, shown, told = run("audit", "--html", str(tmp_path), "--json", "--config", str(good), environment=KEY)
    assert (status, json.loads(shown)["cases"]) == (2, [])
    assert told.splitlines()[-1] == f"{tmp_path}: Is a directory"


def test_explain_reads_stdin_and_any_bytes() -> None:
    status, told, _ = run("explain", "--json", stdin=b"\xff\xfe<Error><Code>AccessDenied</Code></Error>\x00\x1b[31m")
    assert (status, [event["code"] for event in json.loads(told)["events"]]) == (0, ["AccessDenied"])


def test_explain_of_the_name_of_a_file_that_is_there_explains_what_is_in_it(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("<Error><Code>UserDisable</Code></Error>", encoding="utf-8")
    told = [run("explain", "--json", name) for name in (str(log), str(tmp_path / "none.log"), "none.log.1.gz", "a")]
    codes = [[event["code"] for event in json.loads(each)["events"]] for _, each, _ in told]
    assert codes == [["UserDisable"], [], [], []]
    assert ["note: there is no file" in said for _, _, said in told] == [False, True, True, False]


def test_explain_of_a_packed_log_explains_what_is_in_it(tmp_path: Path) -> None:
    log = tmp_path / "app.log.1.gz"
    log.write_bytes(gzip.compress(b"<Error><Code>UserDisable</Code></Error>"))
    for words, stdin in (((str(log),), b""), (("--file", str(log)), b""), ((), log.read_bytes())):
        told = run("explain", "--json", *words, stdin=stdin)[1]
        assert [event["code"] for event in json.loads(told)["events"]] == ["UserDisable"]
    log.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    status, _, said = run("explain", str(log))
    assert (status, f"{log} is packed by zstd: unpack it first" in said) == (2, True)


def test_an_audit_says_which_packed_files_it_does_not_read(good: Path, tmp_path: Path) -> None:
    text = good.read_text(encoding="utf-8")
    good.write_text(f"{text}sources: [ {{ app_log: {{ path: '{tmp_path}/app.log*' }} }} ]\n", encoding="utf-8")
    (tmp_path / "app.log").write_text("", encoding="utf-8")
    assert "not read" not in run("audit", "--config", str(good), environment=KEY)[2]
    for number in (1, 2):
        (tmp_path / f"app.log.{number}.gz").write_bytes(b"")
    said = run("audit", "--config", str(good), environment=KEY)[2]
    assert (
        f"warning: 2 packed files that fit {tmp_path}/app.log* are not read: `ossmend explain FILE` reads one" in said
    )


@pytest.mark.parametrize("length", [0, 300, 5000])
def test_explain_takes_a_text_of_any_length_as_one_word(length: int) -> None:
    text = "x" * length + "<Error><Code>UserDisable</Code><HostId>b.oss-cn-hangzhou.aliyuncs.com</HostId></Error>"
    status, told, _ = run("explain", "--json", text)
    assert (status, [event["code"] for event in json.loads(told)["events"]]) == (0, ["UserDisable"])


def test_explain_of_nothing_is_an_empty_list() -> None:
    status, told, _ = run("explain", "--json", stdin=b"all is well\n")
    assert (status, json.loads(told)) == (0, {"events": []})


def test_the_schema_is_one_json_document() -> None:
    status, told, _ = run("schema")
    assert (status, json.loads(told)["properties"]["policies"]["type"]) == (0, "array")


def test_commands_that_do_not_exist_yet_are_absent_and_not_stubs() -> None:
    told = run("--help")[1]
    assert not {"replay", "notify"} & set(told.split())
