"""The audit: what would be done, priced and permitted; nothing is written and the live state does not move."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_browser import OTHERS, RULES, preflight, tell
from tests.journeys.test_browser import POLICY as CORS
from tests.journeys.test_restore import POLICY, archive, refusal
from tests.patience import HUNG


@pytest.fixture
def audited(world: World, daemon: Daemon) -> Daemon:
    import oss2

    bucket = archive(world, "reports-audit", ["a", "<b>"])
    assets = world.bucket("assets-audit", create=True)
    assets.put_bucket_cors(oss2.models.BucketCors(OTHERS))
    daemon.configure(POLICY + CORS, cors_rules=RULES)
    with daemon.log.open("a", encoding="utf-8") as log:
        log.writelines(refusal(bucket, key) for key in ("a", "<b>"))
    tell(daemon, "assets-audit", preflight(world, "assets-audit"))
    return daemon


def test_an_audit_tells_calls_cost_permissions_and_doubts(world: World, audited: Daemon, tmp_path: Path) -> None:
    before = len(world.requests())
    page = tmp_path / "audit.html"
    status, report = audited.command("audit", "--since", "3650d", "--html", str(page))
    assert (status, report["unchecked"]) == (0, None)
    assert report["calls"] == {"RestoreObject": 2, "PutBucketCors": 1}
    assert float(report["cost"]["amount"]) > 0
    assert "oss:PutBucketCors on acs:oss:*:*:assets-audit" in report["permissions"]
    assert any("how long a restore takes" in doubt for doubt in report["cannot_be_known"])
    text = page.read_text(encoding="utf-8")
    assert "oss://reports-audit/&lt;b&gt;" in text
    assert "<b>a" not in text
    assert "COULD NOT CHECK" not in text
    assert {each["method"] for each in world.requests()[before:]} <= {"GET", "HEAD", "POST", "OPTIONS"}
    assert not [each for each in world.requests()[before:] if each["operation"] in ("RestoreObject", "PutBucketCors")]
    assert audited.cases() == []
    assert audited.cases("--dry-run") == []


def test_what_is_older_than_asked_for_is_passed_over(audited: Daemon) -> None:
    lines = audited.log.read_text(encoding="utf-8").replace("2026-11-24 10:00:00", "2020-01-01 10:00:00")
    audited.log.write_text(lines.split("upload failed")[0], encoding="utf-8")
    report = audited.command("audit", "--since", "1h")[1]
    assert report["cases"] == []
    assert report["older"] == 2


def test_an_audit_says_how_many_refusals_it_left_out_as_another_service_s(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure(POLICY)
    line = (
        "2026-11-24 10:00:0{} ERROR botocore.exceptions.ClientError: An error occurred (SignatureDoesNotMatch) when "
        "calling the PutObject operation: The request signature we calculated does not match the signature you "
        "provided."
    )
    lines = [line.format(second) for second in range(3)]
    lines.append(lines[0].replace("2026", "2020"))
    daemon.log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    page = tmp_path / "audit.html"
    report = daemon.command("audit", "--since", "1000d", "--html", str(page))[1]
    assert report["cases"] == []
    assert report["another_service"] == {"refusals": 3, "services": {"s3": 3}}
    said = "left out as other services' errors: refusals: 3 (s3 3)"
    assert said in html.unescape(page.read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", "audit", "--since", "1000d", "--config", str(daemon.config)],
        env=daemon.environment, capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert said in done.stdout.decode()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"ALIBABA_CLOUD_ACCESS_KEY_SECRET": "a-wrong-secret"}, "HeadObject: SignatureDoesNotMatch: "),
        ({"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tNoSuchKey000000000"}, "HeadObject: InvalidAccessKeyId: "),
        ({}, "no answer"),
    ],
    ids=["signature", "key", "no network"],
)
def test_an_audit_that_could_not_ask_the_cloud_says_so_first_and_why_and_what_is_known(
    wrong: dict[str, str], why: str, world: World, daemon: Daemon, tmp_path: Path
) -> None:
    bucket = archive(world, "reports-audit", ["a", "b"])
    daemon.configure(POLICY)
    daemon.log.write_text(refusal(bucket, "a") + refusal(bucket, "b"), encoding="utf-8")
    if not wrong:
        text = re.sub(r"endpoint: http://127\.0\.0\.1:\d+", "endpoint: http://127.0.0.1:9", daemon.config.read_text())
        daemon.config.write_text(text, encoding="utf-8")
    page = tmp_path / "audit.html"
    done = subprocess.run(
        [sys.executable, "-m", "ossmend", "audit", "--since", "3650d", "--html", str(page), "--config",
         str(daemon.config)],
        env=daemon.environment | wrong, capture_output=True, timeout=HUNG, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    told = done.stdout.decode()
    assert done.returncode == 1, "a person has to make the cloud answer"
    assert told.startswith("COULD NOT CHECK 2 of 2 cases with the cloud: ")
    assert why in told.splitlines()[0]
    assert told.splitlines()[1].startswith("known all the same, from the logs: 2 InvalidObjectState")
    shown = page.read_text(encoding="utf-8")
    assert shown.index("COULD NOT CHECK 2 of 2") < shown.index("Would write")


def test_a_duration_that_is_none_is_wrong_usage(daemon: Daemon) -> None:
    daemon.configure(POLICY)
    for since in ("yesterday", "24", "-1h", ""):
        with pytest.raises(pytest.fail.Exception, match="a duration is"):
            daemon.command("audit", "--since", since)
