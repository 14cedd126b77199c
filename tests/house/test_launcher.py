"""The launcher: sets up once, hands over completely, and says clearly why it cannot.

Each test has a checkout of its own with the real launcher in it, and a uv that makes an environment out of shell
scripts, keeps a diary, and can be told to find no network or to wait. So nothing is downloaded, and nothing is slow.
"""

from __future__ import annotations

import ast
import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.patience import HUNG, until

LAUNCHER = Path(__file__).parents[2] / "ossmend"
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-lint.lock", "requirements-package.lock")

UV = """\
#!/bin/sh
# a uv: $CHECKOUT/diary says what it was asked, `offline` makes it fail, `gate` makes `uv venv` wait and `gate-tests`
# what installs for the tests, `says` is what it prints
[ "$1" = --version ] && exit 0
echo "$*" >> "$CHECKOUT/diary"
env > "$CHECKOUT/environment"
[ -e "$CHECKOUT/says" ] && cat "$CHECKOUT/says"
[ -e "$CHECKOUT/offline" ] && { echo "dns error: nobody there" >&2; exit 2; }
[ "$1" = venv ] && [ -p "$CHECKOUT/gate" ] && read -r _ < "$CHECKOUT/gate"
case "$*" in *requirements-test.lock*) [ -p "$CHECKOUT/gate-tests" ] && read -r _ < "$CHECKOUT/gate-tests" ;; esac
case "$*" in
venv*)
    mkdir -p "$CHECKOUT/.venv/bin" ;;
*--editable*)
    for name in ossmend python ruff mypy lint-imports; do
        cp "$CHECKOUT/program" "$CHECKOUT/.venv/bin/$name"
        chmod +x "$CHECKOUT/.venv/bin/$name"
    done ;;
esac
"""

NPM = """\
#!/bin/sh
# an npm: installs one package, or fails where a file tells it to, and `gate-npm` makes it wait
echo npm >> "$CHECKOUT/npm-diary"
[ -p "$CHECKOUT/gate-npm" ] && read -r _ < "$CHECKOUT/gate-npm"
[ -e "$CHECKOUT/offline-npm" ] && exit 1
mkdir -p node_modules/ali-oss
"""

PROGRAM = """\
#!/bin/sh
# stands for every program in .venv: says who it is and what it was asked, and fails where a file tells it to
echo "$(basename "$0") $*"
echo "$$" > "$CHECKOUT/pid"
[ -e "$CHECKOUT/status-$(basename "$0")" ] && exit "$(cat "$CHECKOUT/status-$(basename "$0")")"
exit 0
"""


NOBODY = 65534


def everybodys_python() -> str | None:
    """A Python, new enough, that a user who is not root can start."""
    new_enough = ["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with suppress(OSError):
            if subprocess.call([path, *new_enough], cwd="/", stderr=subprocess.DEVNULL, **who) == 0:
                return path
    return None


needs_a_python_for_all = pytest.mark.skipif(
    everybodys_python() is None, reason="no user but root can start a Python that is new enough"
)


def hear_ctrl_c() -> None:
    """A suite that runs in a shell's background was started deaf to it, and would hand that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Checkout:
    """A folder that the launcher takes for its repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root.parent / "bin"
        self.bin.mkdir()
        self.started: list[subprocess.Popen[str]] = []
        for name, text in (("uv", UV), ("program", PROGRAM)):
            path = (self.bin if name == "uv" else root) / name
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        shutil.copy(LAUNCHER, root / "ossmend")
        for name in (*LOCKS, "pyproject.toml"):
            (root / name).write_text(f"{name}\n", encoding="utf-8")
        npm = root / "tests/simulator/oss/npm"
        npm.mkdir(parents=True)
        (npm / "package-lock.json").write_text("{}\n", encoding="utf-8")

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.root), "CHECKOUT": str(self.root), **more}

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(self.root / "ossmend"), *arguments],
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - no thread runs in these tests
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """Nothing outlives its test, a launcher that hangs and what it started least of all."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        """Exit status, stdout, stderr."""
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=HUNG)
        return process.returncode, out, err

    def run_as(self, prelude: str, *arguments: str, **more: str) -> tuple[int, str, str]:
        """The same, after a line of Python that makes the interpreter look like another."""
        program = (
            f"import runpy, sys; {prelude}; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(self.root / "ossmend"), *arguments],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=HUNG,
        )
        return done.returncode, done.stdout, done.stderr

    def diary(self) -> list[str]:
        """What uv was asked since the last look, one word each: venv, packages, ossmend."""
        path = self.root / "diary"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [
            "venv" if line.startswith("venv") else "ossmend" if "--editable" in line else "packages" for line in lines
        ]

    def touch(self, name: str, text: str = "") -> None:
        (self.root / name).write_text(text, encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    root = tmp_path / "a checkout"
    root.mkdir()
    made = Checkout(root)
    yield made
    made.end()


def without_npm(checkout: Checkout) -> str:
    """A PATH with what the scripts need, and no npm."""
    for name in ("sh", "env", "mkdir", "cp", "chmod", "cat", "basename"):
        found = shutil.which(name)
        assert found is not None
        if not (checkout.bin / name).exists():
            (checkout.bin / name).symlink_to(found)
    return str(checkout.bin)


@pytest.fixture
def ready(checkout: Checkout) -> Checkout:
    """One that has been set up before."""
    assert checkout.run("demo")[0] == 0
    checkout.diary()
    return checkout


# ------------------------------------------------------------------------------------------------------ sets up once


def test_the_first_start_sets_up_and_then_is_the_command(checkout: Checkout) -> None:
    status, out, err = checkout.run("explain", "--json", "two words")
    assert (status, out) == (0, "ossmend explain --json two words\n")
    assert checkout.diary() == ["venv", "packages", "ossmend"]
    assert all(line.startswith("ossmend: ") for line in err.splitlines())


def test_packages_are_installed_by_hash_and_compiled(checkout: Checkout) -> None:
    checkout.run("demo")
    lines = (checkout.root / "diary").read_text(encoding="utf-8").splitlines()
    (packages,) = [line for line in lines if "-r" in line.split()]
    assert {"--require-hashes", "--compile-bytecode"} <= set(packages.split())
    assert [name for name in LOCKS if name in packages] == ["requirements.lock"]


def test_the_second_start_installs_nothing_and_says_nothing(ready: Checkout) -> None:
    ready.touch("offline")
    assert ready.run("demo") == (0, "ossmend demo\n", "")
    assert ready.diary() == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_changed_pin_is_installed_into_the_environment_that_is_there(ready: Checkout, name: str) -> None:
    ready.touch(name, "something else\n")
    assert ready.run("demo")[0] == 0
    assert ready.diary() == ["packages", "ossmend"]


@pytest.mark.parametrize("name", ["requirements-test.lock", "requirements-lint.lock"])
def test_a_changed_test_pin_is_no_business_of_the_daemon(ready: Checkout, name: str) -> None:
    ready.touch(name, "something else\n")
    ready.run("demo")
    assert ready.diary() == []


def test_another_python_gets_an_environment_of_its_own(ready: Checkout) -> None:
    record = ready.root / ".venv/.ossmend.json"
    entries = json.loads(record.read_text(encoding="utf-8"))
    for entry in entries.values():
        entry["python"] = "the Python that was here last year"
    record.write_text(json.dumps(entries), encoding="utf-8")
    ready.run("demo")
    assert ready.diary() == ["venv", "packages", "ossmend"]


def test_a_checkout_that_was_moved_is_set_up_again(ready: Checkout) -> None:
    ready.root = ready.root.rename(ready.root.with_name("elsewhere"))
    assert ready.run("demo")[0] == 0
    assert ready.diary() == ["venv", "packages", "ossmend"]


def test_an_environment_made_by_somebody_else_is_left_alone(checkout: Checkout) -> None:
    (checkout.root / ".venv").mkdir()
    checkout.touch(".venv/mine")
    status, out, err = checkout.run("demo")
    assert (status, out, checkout.diary()) == (69, "", [])
    assert "not made by this launcher" in err
    assert (checkout.root / ".venv/mine").exists()


def test_two_terminals_set_up_once(checkout: Checkout) -> None:
    os.mkfifo(checkout.root / "gate")
    first = checkout.start("one")
    assert first.stderr is not None
    assert "making .venv" in first.stderr.readline()
    second = checkout.start("two")
    assert second.stderr is not None
    assert "another terminal is setting up" in second.stderr.readline()
    (checkout.root / "gate").write_text("go on\n", encoding="utf-8")
    assert first.communicate(timeout=HUNG)[0] == "ossmend one\n"
    assert second.communicate(timeout=HUNG)[0] == "ossmend two\n"
    assert checkout.diary() == ["venv", "packages", "ossmend"]


def test_settings_of_the_shell_do_not_send_packages_elsewhere(checkout: Checkout) -> None:
    checkout.run("demo", PIP_TARGET="/tmp/astray", PIP_USER="1", VIRTUAL_ENV="/tmp/astray", HTTPS_PROXY="http://proxy")
    seen = (checkout.root / "environment").read_text(encoding="utf-8")
    assert "astray" not in seen
    assert "PIP_USER" not in seen
    assert "HTTPS_PROXY=http://proxy" in seen


def test_a_user_without_a_home_is_served(checkout: Checkout) -> None:
    assert checkout.run("demo", HOME="/nonexistent")[0] == 0
    assert "UV_NO_CACHE=1" in (checkout.root / "environment").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------------------------- hands over completely


@pytest.mark.parametrize("status", [1, 2, 78])
def test_the_exit_status_is_the_commands(ready: Checkout, status: int) -> None:
    ready.touch("status-ossmend", str(status))
    assert ready.run("check")[0] == status


def test_the_launcher_becomes_the_command_so_that_signals_reach_it(ready: Checkout) -> None:
    process = ready.start("run")
    process.communicate(timeout=HUNG)
    assert int((ready.root / "pid").read_text(encoding="utf-8")) == process.pid


# ------------------------------------------------------------------------------------------- says why it cannot


def test_without_a_network_it_says_so_and_the_next_start_tries_again(checkout: Checkout) -> None:
    checkout.touch("offline")
    status, out, err = checkout.run("demo")
    assert (status, out) == (69, "")
    assert "dns error: nobody there" in err
    assert "is the network there?" in err
    (checkout.root / "offline").unlink()
    checkout.diary()
    assert checkout.run("demo")[0] == 0
    assert checkout.diary() == ["venv", "packages", "ossmend"]


def test_an_update_that_fails_is_never_taken_for_done(ready: Checkout) -> None:
    ready.touch("requirements.lock", "something else\n")
    ready.touch("offline")
    assert [ready.run("demo")[0] for _ in range(2)] == [69, 69]


def test_going_back_from_an_update_that_failed_half_way_installs_again(ready: Checkout) -> None:
    before = (ready.root / "requirements.lock").read_text(encoding="utf-8")
    ready.touch("requirements.lock", "something else\n")
    ready.touch("offline")
    ready.run("demo")
    (ready.root / "offline").unlink()
    ready.diary()
    ready.touch("requirements.lock", before)
    ready.run("demo")
    assert "packages" in ready.diary()


@contextmanager
def waited_at(gate: Path) -> Iterator[None]:
    """While uv or npm stands at the gate and reads; it can be opened for writing only then."""
    writers: list[int] = []

    def open_it() -> bool:
        with suppress(OSError):
            writers.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return bool(writers)

    until("uv waits at the gate", open_it)
    try:
        yield
    finally:
        os.close(writers[0])


def test_ctrl_c_in_the_set_up_ends_it_and_the_next_start_begins_anew(checkout: Checkout) -> None:
    os.mkfifo(checkout.root / "gate")
    process = checkout.start("demo")
    assert process.stderr is not None
    assert "making .venv" in process.stderr.readline()
    with waited_at(checkout.root / "gate"):
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=HUNG)
    assert (process.returncode, out) == (130, "")
    assert "interrupted" in err
    assert "Traceback" not in err
    (checkout.root / "gate").unlink()
    assert checkout.run("demo")[0] == 0


# ----------------------------------------------------------------------------------------- another user's checkout


class Visitor:
    """Somebody who may read a checkout and change nothing in it; root needs to become somebody else for that."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        is_root = os.geteuid() == 0
        self._who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root else {}
        for path in (checkout.root, checkout.root / ".venv", checkout.root / ".venv.lock"):
            if path.exists() and not is_root:
                path.chmod(0o500 if path.is_dir() else 0o400)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [str(everybodys_python()), str(self.checkout.root / "ossmend"), *arguments],
            cwd="/", env=self.checkout.environment(), timeout=HUNG, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, **self._who,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def public() -> Iterator[Checkout]:
    """A checkout that everybody may read, set up by us with a Python that is not on the visitor's PATH."""
    with tempfile.TemporaryDirectory(prefix="ossmend-launcher-") as made:
        Path(made).chmod(0o755)
        root = Path(made) / "a checkout"
        root.mkdir()
        checkout = Checkout(root)
        yield checkout
        checkout.end()
        for path in (root, root / ".venv"):
            if path.exists():
                path.chmod(0o755)


def made_by_another_python(checkout: Checkout) -> None:
    record = checkout.root / ".venv/.ossmend.json"
    entries = json.loads(record.read_text(encoding="utf-8"))
    for entry in entries.values():
        entry["python"] = f"a Python that the visitor does not have in {checkout.root}"
    record.write_text(json.dumps(entries), encoding="utf-8")


@needs_a_python_for_all
def test_another_user_runs_what_is_complete_whichever_python_made_it(public: Checkout) -> None:
    assert public.run("demo")[0] == 0
    made_by_another_python(public)
    public.diary()
    status, out, err = Visitor(public).run("explain", "x")
    assert (status, out) == (0, "ossmend explain x\n")
    assert "set up" not in err
    assert public.diary() == []


@needs_a_python_for_all
@pytest.mark.parametrize("what", ["nothing", "other pins", "a python that does not start"])
def test_another_user_is_told_who_can_set_up(public: Checkout, what: str) -> None:
    if what != "nothing":
        assert public.run("demo")[0] == 0
        made_by_another_python(public)
    if what == "other pins":
        public.touch("requirements.lock", "something else\n")
    if what == "a python that does not start":
        public.touch("status-python", "1")
    status, out, err = Visitor(public).run("demo")
    assert (status, out) == (69, "")
    assert f"belongs to {public.root.owner()}: run ./ossmend --version as {public.root.owner()}" in err
    assert "Errno" not in err


# ------------------------------------------------------------------------------------------ nobody waits for the tests


@pytest.fixture
def with_npm(ready: Checkout) -> Checkout:
    """One that has been set up before, where there is an npm."""
    npm = ready.bin / "npm"
    npm.write_text(NPM, encoding="utf-8")
    npm.chmod(0o755)
    return ready


def npm_asked(checkout: Checkout) -> int:
    return len((checkout.root / "npm-diary").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("gate", ["gate-tests", "gate-npm"])
def test_other_commands_start_while_test_is_being_set_up(with_npm: Checkout, gate: str) -> None:
    os.mkfifo(with_npm.root / gate)
    testing = with_npm.start("test")
    with waited_at(with_npm.root / gate):
        assert with_npm.run("explain", "x") == (0, "ossmend explain x\n", "")
        assert testing.poll() is None
    assert testing.communicate(timeout=HUNG)[0].startswith("ruff format")
    assert testing.returncode == 0


def test_a_first_test_makes_what_the_others_need_before_what_only_tests_need(checkout: Checkout) -> None:
    os.mkfifo(checkout.root / "gate-tests")
    testing = checkout.start("test", PATH=without_npm(checkout))
    with waited_at(checkout.root / "gate-tests"):
        assert checkout.run("explain", "x")[:2] == (0, "ossmend explain x\n")
    testing.communicate(timeout=HUNG)
    assert checkout.diary() == ["venv", "packages", "ossmend", "packages", "packages"]


def test_a_changed_pin_waits_for_the_tests_set_up_because_both_write_into_one_environment(ready: Checkout) -> None:
    os.mkfifo(ready.root / "gate-tests")
    testing = ready.start("test", PATH=without_npm(ready))
    with waited_at(ready.root / "gate-tests"):
        ready.touch("requirements.lock", "something else\n")
        explaining = ready.start("explain", "x")
        assert explaining.stderr is not None
        assert "another terminal is setting up" in explaining.stderr.readline()
    testing.communicate(timeout=HUNG)
    assert explaining.communicate(timeout=HUNG)[0] == "ossmend explain x\n"


def test_what_the_tests_need_is_installed_once(ready: Checkout) -> None:
    for _ in range(2):
        assert ready.run("test", PATH=without_npm(ready))[0] == 0
    assert ready.diary() == ["packages", "packages"]  # of the tests, and of what makes packages


def test_an_interrupted_set_up_of_the_tests_leaves_the_commands_as_they_are(ready: Checkout) -> None:
    ready.touch("offline")
    assert ready.run("test", PATH=without_npm(ready))[0] == 69
    assert ready.run("explain", "x") == (0, "ossmend explain x\n", "")


def test_npm_is_asked_once_and_again_when_its_pins_change(with_npm: Checkout) -> None:
    for _ in range(2):
        assert with_npm.run("test")[0] == 0
    assert npm_asked(with_npm) == 1
    with_npm.touch("tests/simulator/oss/npm/package-lock.json", "something else\n")
    assert with_npm.run("test")[0] == 0
    assert npm_asked(with_npm) == 2


def test_an_npm_that_fails_is_said_and_asked_again_the_next_time(with_npm: Checkout) -> None:
    with_npm.touch("offline-npm")
    for _ in range(2):
        status, _, err = with_npm.run("test")
        assert (status, "npm could not install ali-oss" in err) == (0, True)
    assert npm_asked(with_npm) == 2


# ------------------------------------------------------------------------------------------------ says how far it is


class Clock:
    """Moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def progress(where: io.StringIO, monkeypatch: pytest.MonkeyPatch, clock: Clock, total: int = 0) -> Any:
    monkeypatch.setattr(sys, "stderr", where)
    monkeypatch.setenv("TERM", "xterm")
    return runpy.run_path(str(LAUNCHER))["Progress"]("installing the packages", total, clock)


def test_without_a_terminal_it_says_every_ten_seconds_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    out, clock = io.StringIO(), Clock()
    said = progress(out, monkeypatch, clock, total=3)
    for name in ("Collecting oss2==2.19.1", "Requirement already satisfied: click", "  Downloading rich-13.9.whl"):
        said.heard(name)
        for _ in range(8):
            clock.now += 1
            said.tick()
    assert out.getvalue().splitlines() == [
        "ossmend: installing the packages ...",
        "ossmend: installing the packages, 2 of about 3, 10 s: Requirement already satisfied: click",
        "ossmend: installing the packages, 2 of about 3, 20 s: Downloading rich-13.9.whl",
    ]


def test_on_a_terminal_one_line_changes_and_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    out, clock = Terminal(), Clock()
    said = progress(out, monkeypatch, clock)
    for _ in range(30):
        clock.now += 0.1
        said.heard("Collecting " + "x " * 500)
        said.tick()
    said.end()
    written = out.getvalue()
    assert "\n" not in written
    assert all(len(line) < 120 for line in written.split("\r"))
    assert "2 s" in written
    assert written.endswith("\r\x1b[K")


def test_silent_programs_are_waited_for_with_the_time_that_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    out, clock = io.StringIO(), Clock()
    said = progress(out, monkeypatch, clock)
    clock.now = 125
    said.tick()
    assert out.getvalue().splitlines()[1] == "ossmend: installing the packages, 125 s ..."


def test_a_failing_program_is_quoted_with_its_last_lines(checkout: Checkout) -> None:
    checkout.touch("says", "".join(f"line {number}\n" for number in range(100)))
    checkout.touch("offline")
    _, _, err = checkout.run("demo")
    assert "dns error: nobody there" in err
    assert "line 5\n" not in err


def is_readable(text: str) -> bool:
    """By the grammar of 3.7."""
    try:
        ast.parse(text, feature_version=(3, 7))
    except SyntaxError:
        return False
    return True


def test_an_old_python_can_read_the_file() -> None:
    assert is_readable(LAUNCHER.read_text(encoding="utf-8"))
    assert not is_readable("if said := 1: pass"), "the grammar of 3.8 would not be"


OLD = "import os; sys.version_info = (3, 8, 0, 'final', 0)"


def test_an_old_python_says_that_it_is_too_old(checkout: Checkout) -> None:
    status, out, err = checkout.run_as(OLD, "demo", PATH=str(checkout.bin))
    assert (status, out, checkout.diary()) == (69, "", [])
    assert "needs 3.11 or newer" in err


def test_an_old_python_hands_over_to_a_newer_one_that_really_starts(checkout: Checkout) -> None:
    broken, good = checkout.bin / "python3.13", checkout.bin / "python3.12"
    broken.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    good.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    for path in (broken, good):
        path.chmod(0o755)
    assert checkout.run_as(OLD, "demo")[:2] == (0, "ossmend demo\n")


def test_a_python_with_nothing_to_install_with_is_told_what_to_install(checkout: Checkout) -> None:
    (checkout.bin / "uv").unlink()
    bare = "sys.modules['ensurepip'] = sys.modules['pip'] = None"
    status, _, err = checkout.run_as(bare, "demo", PATH=str(checkout.bin))
    assert status == 69
    assert "apt install python3-venv" in err


# --------------------------------------------------------------------------------------------------- test and bench


@pytest.fixture
def no_npm(checkout: Checkout) -> Callable[..., tuple[int, str, str]]:
    """Runs the launcher where there is no npm, which `test` would use for the simulator's third SDK."""
    path = without_npm(checkout)
    return lambda *arguments: checkout.run(*arguments, PATH=path)


def test_test_runs_every_check_and_pytest_last(checkout: Checkout, no_npm: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = no_npm("test", "tests/house", "-x")
    assert status == 0
    asked = [line.split()[:2] for line in out.splitlines()]
    assert asked == [
        ["ruff", "format"], ["ruff", "check"], ["mypy"], ["mypy", "ossmend"], ["lint-imports"], ["python", "-m"],
    ]  # fmt: skip
    assert out.splitlines()[-1] == "python -m pytest -n auto --dist loadgroup tests/house -x"
    lines = (checkout.root / "diary").read_text(encoding="utf-8").splitlines()
    assert [name for name in LOCKS if any(name in line for line in lines)] == list(LOCKS)


@pytest.mark.parametrize("fails", ["ruff", "mypy", "lint-imports", "python"])
def test_one_failing_check_fails_it_all_and_hides_no_other(
    checkout: Checkout, no_npm: Callable[..., tuple[int, str, str]], fails: str
) -> None:
    checkout.touch(f"status-{fails}", "1")
    status, out, err = no_npm("test")
    assert status == 1
    assert len(out.splitlines()) == 6
    assert "ossmend: failed: " in err.splitlines()[-1]


def test_bench_runs_the_measurement_that_is_named(checkout: Checkout) -> None:
    (checkout.root / "bench").mkdir()
    for name in ("intake", "scan"):
        checkout.touch(f"bench/{name}.py")
    status, out, _ = checkout.run("bench", "scan")
    assert (status, out) == (0, f"python {checkout.root}/bench/scan.py\n")


@pytest.mark.parametrize("names", [("intake", "scan"), ()])
def test_bench_hands_options_to_each_measurement(checkout: Checkout, names: tuple[str, ...]) -> None:
    (checkout.root / "bench" / "results").mkdir(parents=True)
    for name in ("intake", "scan", "results/row"):
        checkout.touch(f"bench/{name}.py")
    status, out, _ = checkout.run("bench", *names, "--json", "scan")
    scripts = [f"python {checkout.root}/bench/{name}.py --json scan" for name in ("intake", "scan")]
    assert (status, out.splitlines()) == (0, scripts)


def test_bench_measures_where_the_caller_is_so_that_a_file_it_is_given_is_the_callers(
    checkout: Checkout, tmp_path: Path
) -> None:
    checkout.touch("program", "#!/bin/sh\npwd\n")
    (checkout.root / "bench").mkdir()
    checkout.touch("bench/scan.py")
    place = tmp_path / "elsewhere"
    place.mkdir()
    command = [sys.executable, str(checkout.root / "ossmend"), "bench", "scan", "--json", "run.json"]
    done = subprocess.run(
        command, cwd=place, env=checkout.environment(), capture_output=True, text=True, check=True, timeout=HUNG
    )
    assert done.stdout == f"{place}\n"


def test_bench_refuses_a_measurement_that_is_not_there(checkout: Checkout) -> None:
    status, _, err = checkout.run("bench", "speed-of-light")
    assert (status, checkout.diary()) == (2, [])
    assert "no measurement speed-of-light" in err


# ------------------------------------------------------------------------------------------------------------ package


def test_package_installs_its_own_tools_and_makes_the_packages(ready: Checkout) -> None:
    status, out, _ = ready.run("package", "--release", "2")
    made = ready.root / "packaging" / "make_packages.py"
    assert (status, out) == (0, f"python {made} --release 2\n")
    assert ready.diary() == ["packages"]


def test_packages_that_cannot_be_made_are_said_and_the_other_checks_go_on(ready: Checkout) -> None:
    ready.touch("status-python", "3")
    _, out, err = ready.run("test", PATH=without_npm(ready))
    assert "no packages can be made; their tests will skip" in err
    assert "pytest" in out.splitlines()[-1]
