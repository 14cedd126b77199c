"""The house: folders, links and lists agree, the wheel is whole, and no file names what does not belong in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.patience import HUNG

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD = PROJECT["tool"]["hatch"]["build"]["targets"]
PACKAGES = ("config", "daemon", "remediators", "simulator", "systemd")


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name]


def test_links_mapping_and_lists_name_the_same_folders() -> None:
    links = {path.name: path.readlink() for path in (ROOT / "src/ossmend").iterdir() if path.is_symlink()}
    assert links == {name: Path("../..") / name for name in PACKAGES}
    mapping = BUILD["wheel"]["sources"]
    assert mapping == {"src": "", **{name: f"ossmend/{name}" for name in PACKAGES}}
    assert set(PACKAGES) <= set(BUILD["wheel"]["only-include"])
    assert set(BUILD["wheel"]["only-include"]) <= set(BUILD["sdist"]["only-include"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist, as a release would be."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(build, capture_output=True, check=False, timeout=HUNG)
    if b"No module named" in done.stderr:
        pytest.skip("the build tools are not installed in this Python")
    assert done.returncode == 0, done.stderr.decode()
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.machine
@pytest.mark.xdist_group("wheel")
def test_a_group_of_tests_runs_in_one_process(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith("@wheel"), "xdist marks no group with this pytest: pin another"


@pytest.mark.xdist_group("wheel")
def test_the_wheel_built_from_the_sdist_holds_everything_that_is_tracked(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT) for path in tracked() if path.relative_to(ROOT).parts[0] in PACKAGES}
    missing = {str(path) for path in wanted if f"ossmend/{path}" not in inside}
    assert missing == set()
    assert not [name for name in inside if name.split("/")[0] in PACKAGES], "a bare folder would land in site-packages"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the wheel and its dependencies, and has never heard of the checkout."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=HUNG)
    (site,) = folder.glob("lib/python3*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    # a folder named in a .pth file is searched, but its own .pth files, which lead to the checkout, are not read
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin" / "python"


@pytest.mark.machine
@pytest.mark.xdist_group("wheel")
def test_the_wheel_runs_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    def ossmend(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed), "-I", "-m", "ossmend", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=HUNG)

    where = subprocess.run(
        [str(installed), "-I", "-c", "import ossmend.daemon; print(ossmend.daemon.__file__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(installed.parents[1])
    assert json.loads(ossmend("explain", "--json", "InvalidObjectState").stdout)["events"]
    example = installed.parents[1].glob("lib/python3*/site-packages/ossmend/config/ossmend.example.yaml")
    assert ossmend("check", "--config", str(next(example))).returncode == 0
    config = tmp_path / "ossmend.yaml"
    config.write_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nstate: {{ path: {tmp_path}/state }}\n", encoding="utf-8"
    )
    listed = ossmend("journal", "show", "--config", str(config))  # which brings an empty copy to its schema
    assert (listed.returncode, "there is no state in" in listed.stderr) == (0, True), listed.stderr
    scene = [str(installed), "-I", "-m", "ossmend", "simulator", "--scene", "invalid_object_state", "--ready-json"]
    with subprocess.Popen([*scene, "--port", "0"], stdout=subprocess.PIPE, cwd=tmp_path) as simulator:
        assert simulator.stdout is not None
        try:
            assert "control" in json.loads(simulator.stdout.readline())
        finally:
            simulator.terminate()


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        if path.is_symlink() or not path.is_file():
            continue
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a registry's host", r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|deb\.)[\w.-]*"),
        ("a path of one machine", r"(?<![\w.])/(?:work|farm)/"),
    ],
)
def test_no_file_names(what: str, pattern: str) -> None:
    guilty = [str(path.relative_to(ROOT)) for path, text in texts() if re.search(pattern, text)]
    assert guilty == [], what


def test_there_is_no_lock_file_that_records_addresses() -> None:
    assert not (ROOT / "uv.lock").exists()
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_every_dependency_of_the_project_is_pinned_in_the_lock() -> None:
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    for requirement in PROJECT["project"]["dependencies"]:
        name = re.split(r"[<>=!~ \[]", requirement)[0].lower()
        assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE), name


def test_the_launcher_is_executable_and_speaks_old_python_too() -> None:
    launcher = ROOT / "ossmend"
    assert launcher.stat().st_mode & 0o111
    assert launcher.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n")


def test_only_the_cloud_port_and_the_demo_import_the_sdks() -> None:
    guilty = []
    for path, text in texts():
        relative = path.relative_to(ROOT)
        allowed = relative.parts[0] in ("tests", "bench") or relative.parts[:2] in (
            ("daemon", "cloud"),
            ("daemon", "demo"),
        )
        if (
            path.suffix == ".py"
            and not allowed
            and re.search(r"^\s*(?:import|from) (?:oss2|aliyunsdkcore)\b", text, re.MULTILINE)
        ):
            guilty.append(str(relative))
    assert guilty == []


def test_there_is_one_broad_except() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in ("daemon", "config", "remediators")
        and re.search(r"except Exception\b", text)
    ]
    assert guilty == ["daemon/stages/fault.py"]
