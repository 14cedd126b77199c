"""A flood of ever-new keys in the log: the state stays within its bounds, and the genuine refusal is repaired.

bench/flood.py is the same with a million keys, and tells what it costs.
"""

from __future__ import annotations

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_restore import archive, reads, refusal
from tests.patience import until

KEYS = 5000
POLICY = """\
  - name: thaw
    on: InvalidObjectState
    mode: enforce
    match: { bucket: "reports-*" }
"""
BOUNDS = {
    "cases": "{ most_open: 100, most_open_per_policy: 100 }",
    "retention": "{ most_entries: 60, most_request_ids: 90 }",
}
LINE = (
    "2026-11-24 10:00:01,000 ERROR oss: service returned error: StatusCode=403, ErrorCode=InvalidObjectState, "
    'ErrorMessage="The operation is not valid for the object\'s state", RequestId=69786BB1{number:016X}, '
    "Ec=0016-00000404 url=https://reports-flood.oss-cn-hangzhou.aliyuncs.com/2019/{number}.raw\n"
)


def test_a_genuine_refusal_in_the_midst_of_a_flood_is_repaired_and_the_state_stays_bounded(
    world: World, daemon: Daemon
) -> None:
    bucket = archive(world, "reports-flood", ["2019/real.raw"])
    lines = [LINE.format(number=number) for number in range(KEYS)]
    lines.insert(KEYS // 2, refusal(bucket, "2019/real.raw"))
    daemon.log.write_text("".join(lines), encoding="utf-8")
    daemon.configure(POLICY, **BOUNDS)

    status, report = daemon.command("once")

    assert [(each["status"], each["key"]) for each in world.requests("RestoreObject")] == [(202, "2019/real.raw")]
    assert (status, len(report["cases"]) <= 100) == (1, True)
    (away,) = report["not_opened"]
    assert away["events"] == KEYS + 1 - len(report["cases"])
    verified = daemon.command("journal", "verify")[1]
    assert (verified["holds"], verified["entries"] <= 60, verified["retired_through"] > 0) == (True, True, True)
    until("the object reads again", lambda: reads(bucket, "2019/real.raw"))
