"""What commands that need no cloud must not pay for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.patience import HUNG

SDKS = ("oss2", "aliyunsdkcore", "alibabacloud_credentials", "Tea", "aiohttp", "requests", "ntplib")


@pytest.mark.parametrize(
    "module", ["ossmend.daemon.cloud", "ossmend.daemon.cloud.settings", "ossmend.daemon.cloud.credentials"]
)
def test_importing_the_package_imports_no_sdk(module: str) -> None:
    said = f"import sys, {module}; print([name for name in {SDKS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, timeout=HUNG, check=True)
    assert done.stdout.strip() == "[]"
