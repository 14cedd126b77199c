"""The third SDK, npm's ali-oss, which `./ossmend test` installs where npm is there; else skipped, and said so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ossmend.simulator.serve import Running
from tests.patience import HUNG

_SCRIPT = Path(__file__).with_name("ali_oss.cjs")


def _modules() -> str:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    modules = Path(__file__).parent / "npm" / "node_modules"
    if not (modules / "ali-oss").is_dir():
        pytest.skip("ali-oss is not installed: npm ci in tests/simulator/oss/npm")
    return str(modules)


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize("style", ["host", "path", "both"])
def test_everyday_calls(sim: Running, version: str, style: str) -> None:
    modules = _modules()
    command = ["node", str(_SCRIPT), sim.oss, sim.access_key_id, sim.access_key_secret, version, style]
    environment = {**os.environ, "NODE_PATH": modules, "NO_PROXY": "*"}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HUNG, check=False)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    refused = {name: found.pop(name) for name in ("frozen", "restoreAgain", "missing")}
    url = found.pop("url")
    assert style != "path" or url == 200  # this SDK makes URLs for an address with path style only
    assert found == {
        "putBucket": 200,
        "put": 200,
        "get": "content",
        "head": "me",
        "list": ["dir/k ä+b"],
        "listV2": ["dir/k ä+b"],
        "copy": 200,
        "tagging": {"a": "1"},
        "acl": "private",
        "append": "3",
        "multipart": 350 * 1024,
        "deleteMulti": ["copied", "log"],
        "putCors": 200,
        "getCors": 1,
        "policy": "1",
        "versioning": "Enabled",
        "versions": 1,
        "logging": "log/",
        "referer": ["http://a"],
        "info": "examplebucket",
        "archive": 200,
        "restore": 202,
        "restoreInfo": True,
    }
    assert (refused["frozen"]["error"], refused["frozen"]["status"]) == ("InvalidObjectState", 403)
    assert (refused["restoreAgain"]["error"], refused["restoreAgain"]["status"]) == ("RestoreAlreadyInProgress", 409)
    assert (refused["missing"]["error"], refused["missing"]["status"]) == ("NoSuchKey", 404)
