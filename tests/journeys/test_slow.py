"""A slow bucket delays itself and nobody else: neither a repair of another bucket, nor the end of the daemon."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Daemon, World, until
from tests.journeys.slow import Manner, way_to
from tests.journeys.test_restore import archive, refusal

POLICY = "  - { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: 'reports-*' } }"
MANY = [f"2019/{number:03d}.bin" for number in range(100)]


@pytest.mark.machine
@pytest.mark.parametrize("manner", ["silent", "drips its headers", "drips its body"])
def test_a_refusal_of_a_healthy_bucket_is_repaired_beside_a_hundred_cases_of_a_slow_one(
    world: World, daemon: Daemon, manner: Manner
) -> None:
    healthy, slow = archive(world, "reports-healthy", ["now.bin"]), archive(world, "reports-slow", MANY)
    now, later = refusal(healthy, "now.bin"), [refusal(slow, key) for key in MANY]
    with way_to(world.simulator.oss, {"reports-slow": manner}) as way:
        daemon.configure(POLICY)
        text = daemon.config.read_text(encoding="utf-8")
        daemon.config.write_text(text.replace(f"endpoint: {world.simulator.oss}", f"endpoint: {way.url}", 1), "utf-8")
        daemon.start()
        with daemon.log.open("a", encoding="utf-8") as log:
            log.writelines(later)
        until("the slow bucket was asked", lambda: way.kept_waiting > 0)
        with daemon.log.open("a", encoding="utf-8") as log:
            log.write(now)
        until("the healthy one is repaired", lambda: len(world.requests("RestoreObject")) == 1)
        (written,) = world.requests("RestoreObject")
        assert (written["bucket"], written["key"]) == ("reports-healthy", "now.bin")
        assert daemon.stop() == 0, "whoever is kept waiting is not waited for"
    assert {case["state"] for case in daemon.cases() if "reports-slow" in case["subject"]} <= {"open", "waiting"}


FILLER = {
    "a header's name": "content-length: ",
    "lines of it": "content-length: 403\n",
    "an open quote": '{"a": "',
    "brackets": "[[[[{{{{<<<<",
    "one long line of text": "oss-cn-hangzhou.aliyuncs.com 403 AccessDenied? no. ",
}


@pytest.mark.machine
@pytest.mark.parametrize("filler", FILLER.values(), ids=FILLER)
def test_a_refusal_behind_megabytes_of_hostile_text_is_repaired_and_the_watchdog_is_fed(
    world: World, daemon: Daemon, filler: str
) -> None:
    reports = archive(world, "reports-healthy", ["now.bin"])
    daemon.configure(POLICY)
    daemon.start()
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(filler * (4 * 1024 * 1024 // len(filler)) + "\n" + refusal(reports, "now.bin"))
    until("the genuine one is repaired", lambda: len(world.requests("RestoreObject")) == 1)
    (written,) = world.requests("RestoreObject")
    assert (written["bucket"], written["key"]) == ("reports-healthy", "now.bin")
    assert daemon.stop() == 0
    assert "stage.late" not in daemon.trace.read_text(encoding="utf-8")
