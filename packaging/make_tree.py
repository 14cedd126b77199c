"""The wheels -> a folder that looks like the machine after the installation, with /opt/ossmend/.venv in it.

The environment is made here and not on the machine it is for: there is no pip and no venv on a bare Debian, and what
dpkg has unpacked it can also repair and remove. A virtual environment is three things: a folder of libraries, a link to
the interpreter, and pyvenv.cfg, which says that it is one. Its place is the same on every machine, so nothing needs to
be moved later. Next: make_pages.py, for the manual page and the completions.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

from make_pages import completion, manual_page

ROOT = Path(__file__).resolve().parents[1]
VENV = "opt/ossmend/.venv"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHON = f"/usr/bin/python{VERSION}"
COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/ossmend",
    "fish": "usr/share/fish/vendor_completions.d/ossmend.fish",
    "zsh": "zsh/_ossmend",  # nfpm.yaml puts it where it belongs
}
STARTER = f"""\
#!/{VENV}/bin/python -I
# -I: no PYTHON* variable and no working directory can slip code in
import sys

from ossmend.daemon.commands.main import main

sys.exit(main())
"""


def make_tree(root: Path, wheel: Path, wheels: Path, changed: int) -> None:
    """Everything below `root`, every file with the same time of change."""
    site = root / VENV / "lib" / f"python{VERSION}" / "site-packages"
    install([wheel, *sorted(wheels.glob("*.whl"))], site)
    make_environment(root / VENV, site)
    share = root / "usr/share"
    for shell, place in COMPLETIONS.items():
        write(root / place, completion(shell))
    write(share / "man/man1/ossmend.1", manual_page(changed))
    copy_documents(share / "doc/ossmend")
    copy(ROOT / "systemd/ossmend.service", root / "usr/lib/systemd/system/ossmend.service")
    copy(ROOT / "config/ossmend.example.yaml", root / "etc/ossmend/ossmend.example.yaml")
    copy(ROOT / "packaging/credentials.env", root / "etc/ossmend/credentials.env")
    copy(ROOT / "packaging/ossmend.sh", root / "usr/bin/ossmend")
    make_alike(root, changed)


def install(wheels: list[Path], site: Path) -> None:
    """Wheels without scripts and without data beside the libraries are zip files to unpack; pip does no more."""
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-index", "--no-deps"]
    target = ["--target", str(site), "--no-compile", "--quiet", "--no-warn-conflicts"]
    subprocess.run([*pip, *target, *map(str, wheels)], check=True)
    shutil.rmtree(site / "bin", ignore_errors=True)  # the libraries' own commands, with this machine's paths
    for record in site.glob("*.dist-info"):
        for name in ("direct_url.json", "RECORD", "INSTALLER", "REQUESTED"):  # names of this machine, or of no use
            (record / name).unlink(missing_ok=True)


def make_environment(venv: Path, site: Path) -> None:
    (venv / "bin").mkdir()
    (venv / "bin/python").symlink_to(PYTHON)
    starter = write(venv / "bin/ossmend", STARTER)
    starter.chmod(0o755)
    write(venv / "pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {VERSION}\n")
    # unchecked: what dpkg has unpacked is not changed by others, and the time of a file says nothing here
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    root = str(venv.parents[2])
    compileall.compile_dir(site, quiet=2, invalidation_mode=mode, stripdir=root, prependdir="/", workers=0)


def copy_documents(docs: Path) -> None:
    """What the unit's Documentation= names, and all pages that it leads to."""
    shutil.copytree(ROOT / "docs", docs / "docs")
    for name in ("README.md", "CHANGELOG.md"):
        copy(ROOT / name, docs / name)
    copy(ROOT / "LICENSE", docs / "copyright")  # where Debian's people look for it
    shutil.copytree(ROOT / "systemd/ossmend.service.d", docs / "ossmend.service.d")


def copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def write(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return place


def make_alike(root: Path, changed: int) -> None:
    """Modes and times that do not depend on who builds, when, and with which umask."""
    for path in sorted(root.rglob("*"), reverse=True):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.utime(path, (changed, changed), follow_symlinks=False)
