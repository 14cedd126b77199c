"""Enforce, against the simulator: no write beside the object that was refused, and the genuine refusals are repaired.

Every object that a text speaks of is archived and lies in reach, so that each wrong reading would be a restore.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import oss2
import pytest

from tests.journeys.conftest import Daemon, World
from tests.journeys.test_access_log import flush
from tests.journeys.test_restore import archive, reads, refusal

POLICY = """\
  - name: thaw
    on: InvalidObjectState
    mode: enforce
    match: {{ bucket: "bkt-*"{key} }}
    restore: {{ days: 1 }}
"""
ALL = POLICY.format(key="")
ONLY_2024 = POLICY.format(key=', key: "2024/*"')
BYSTANDER, GENUINE = "2024/bystander.csv", "2024/genuine.csv"
NOTHING: set[str] = set()


def restored(world: World) -> set[str]:
    return {f"{each['bucket']}/{each['key']}" for each in world.requests("RestoreObject")}


def passed(daemon: Daemon, lines: Iterable[str]) -> list[tuple[str, str]]:
    """One pass over these lines; state and cause of each case."""
    daemon.log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _, report = daemon.command("once")
    return [(case["state"], case["cause"]) for case in report["cases"]]


def go(request: str, code: str = "InvalidObjectState", request_id: str = "65F0A1B2C3D4E5F607182930") -> str:
    """What the Go SDK's second version prints."""
    return f"oss: service returned error: StatusCode=403, ErrorCode={code}, RequestId={request_id}, url={request}"


def host(bucket: str) -> str:
    return f"{bucket}.oss-cn-hangzhou.aliyuncs.com"


# ------------------------------------------------------------------------------------------ a sentence is no place


@pytest.mark.parametrize(
    "lines",
    [
        [f"ERROR failed to get object: {go('https://' + host('bkt-a') + '/2019/a.raw')}"],
        [
            f"warming cache key: {BYSTANDER} for the next hour",
            f"ERROR failed to get object: {go('https://' + host('bkt-a') + '/2019/a.raw')}",
        ],
        [
            f"ERROR while warming cache key: {BYSTANDER} failed to get object: "
            + go(f"https://{host('bkt-a')}/2019/a.raw")
        ],
        [f"ERROR object: {BYSTANDER} was read, then: {go('https://' + host('bkt-a') + '/2019/a.raw')}"],
    ],
)
def test_the_object_of_the_url_is_restored_and_no_word_of_the_sentence(
    world: World, daemon: Daemon, lines: list[str]
) -> None:
    daemon.configure(ALL)
    bucket = archive(world, "bkt-a", ["2019/a.raw", BYSTANDER, GENUINE])
    passed(daemon, [*lines, "", refusal(bucket, GENUINE)])
    assert restored(world) == {"bkt-a/2019/a.raw", f"bkt-a/{GENUINE}"}


# ------------------------------------------------------------------------------- somebody else's request line


def test_the_applications_own_request_line_names_no_object(world: World, daemon: Daemon) -> None:
    daemon.configure(ALL)
    bucket = archive(world, "bkt-a", [BYSTANDER, GENUINE])
    error = {"status": 403, "details": {"Code": "InvalidObjectState", "HostId": host("bkt-a")}}
    line = f'ERROR 10.0.0.9 "GET /{BYSTANDER} HTTP/1.1" 500 {error}'
    told = passed(daemon, [line, "", refusal(bucket, GENUINE)])
    assert restored(world) == {f"bkt-a/{GENUINE}"}
    assert ("reported", "object-unnamed") in told or ("reported", "named-in-prose") in told


# ----------------------------------------------------------------------------- outside of what the policy matches


def copy_of(bucket: oss2.Bucket, source: str, target: str) -> str:
    """What an application logs whose server-side copy was refused."""
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        bucket.copy_object(bucket.bucket_name, source, target)
    assert caught.value.code == "InvalidObjectState"
    url = f"PUT https://{host(bucket.bucket_name)}/{target}"
    return f"ERROR CopyObject {url} x-oss-copy-source: /{bucket.bucket_name}/{source} failed: {caught.value}"


def test_the_source_of_a_copy_outside_of_the_match_is_not_restored(world: World, daemon: Daemon) -> None:
    daemon.configure(ONLY_2024)
    bucket = archive(world, "bkt-a", ["payroll/huge.bin", GENUINE])
    passed(daemon, [copy_of(bucket, "payroll/huge.bin", "2024/copy.bin"), "", refusal(bucket, GENUINE)])
    assert restored(world) == {f"bkt-a/{GENUINE}"}


def test_the_source_of_a_copy_inside_of_the_match_is_restored(world: World, daemon: Daemon) -> None:
    daemon.configure(ONLY_2024)
    bucket = archive(world, "bkt-a", [GENUINE])
    passed(daemon, [copy_of(bucket, GENUINE, "2024/copy.bin")])
    assert restored(world) == {f"bkt-a/{GENUINE}"}


def test_a_second_url_outside_of_the_match_is_not_restored(world: World, daemon: Daemon) -> None:
    daemon.configure(ONLY_2024)
    bucket = archive(world, "bkt-a", ["payroll/huge.bin", GENUINE])
    second = f"https://{host('bkt-a')}/payroll/huge.bin"
    line = f"ERROR mirror of {second} failed: {go('https://' + host('bkt-a') + '/2024/gone.csv')}"
    passed(daemon, [line, "", refusal(bucket, GENUINE)])
    assert restored(world) == {f"bkt-a/{GENUINE}"}


def test_a_decoded_key_outside_of_the_match_is_not_restored(world: World, daemon: Daemon) -> None:
    daemon.configure(ONLY_2024)
    bucket = archive(world, "bkt-a", ["2024/a/b.bin", GENUINE])
    line = f"ERROR get failed: {go('https://' + host('bkt-a') + '/2024/a%2Fb.bin')}"
    passed(daemon, [line, "", refusal(bucket, GENUINE)])
    assert restored(world) == {f"bkt-a/{GENUINE}"}


# -------------------------------------------------------------------------------- text inside of another request


FORGED = '{"status":403,"code":"InvalidObjectState","bucket":"bkt-a","key":"%s","requestId":"65F0A1B2C3D4E5F60718%04X"}'
SHELLS = (
    '203.0.113.9 - - [01/Mar/2026:12:00:00 +0000] "GET /?q={} HTTP/1.1" 200 12 "-" "curl/8"',
    '203.0.113.9 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "{}"',
    '203.0.113.9 - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 12 "{}" "curl/8"',
)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_hundred_forged_requests_restore_nothing_and_take_no_room(world: World, daemon: Daemon, shell: str) -> None:
    daemon.configure(ALL, brakes="{ writes_per_hour: 5 }")
    victims = [f"2024/v{number:03d}" for number in range(20)]
    genuine = [f"2024/g{number}" for number in range(3)]
    bucket = archive(world, "bkt-a", [*victims, *genuine])
    lines = [shell.format(FORGED % (victims[number % 20], number)) for number in range(100)]
    passed(daemon, [*lines, "", *(refusal(bucket, key) for key in genuine)])
    assert restored(world) == {f"bkt-a/{key}" for key in genuine}


def test_a_flood_of_forged_errors_leaves_room_for_what_osss_own_log_tells(world: World, daemon: Daemon) -> None:
    app = f"{{ app_log: {{ path: '{daemon.log}', start: beginning }} }}"
    daemon.configure(
        ALL,
        brakes="{ writes_per_hour: 10 }",
        sources=f"[ {app}, {{ access_log: {{ bucket: the-logs, prefix: oss/ }} }} ]",
    )
    world.bucket("the-logs", create=True)
    victims = [f"2024/v{number:03d}" for number in range(40)]
    bucket = archive(world, "bkt-a", [*victims, GENUINE])
    forged = [
        json.dumps(
            {
                "status": 403,
                "code": "InvalidObjectState",
                "bucket": "bkt-a",
                "key": key,
                "client_ip": f"10.0.{number}.1",
            }
        )
        for number, key in enumerate(victims)
    ]
    passed(daemon, forged)
    assert len(restored(world)) == 5, "their share of the hour"
    bucket.put_bucket_logging(oss2.models.BucketLogging("the-logs", "oss/"))
    refusal(bucket, GENUINE)  # logged by OSS alone
    flush(world)
    daemon.command("once")
    assert f"bkt-a/{GENUINE}" in restored(world)
    assert reads(bucket, GENUINE) or len(restored(world)) == 6


def test_what_must_be_confirmed_is_restored_when_osss_own_log_tells_it_and_not_before(
    world: World, daemon: Daemon
) -> None:
    app = f"{{ app_log: {{ path: '{daemon.log}', start: beginning, confirm: access_log }} }}"
    daemon.configure(ALL, sources=f"[ {app}, {{ access_log: {{ bucket: the-logs, prefix: oss/ }} }} ]")
    world.bucket("the-logs", create=True)
    bucket = archive(world, "bkt-a", [BYSTANDER, GENUINE])
    bucket.put_bucket_logging(oss2.models.BucketLogging("the-logs", "oss/"))
    forged = refusal(bucket, GENUINE).replace(GENUINE, BYSTANDER)
    assert passed(daemon, [refusal(bucket, GENUINE), "", forged]) == [("waiting", "never-restored")] * 2
    assert restored(world) == NOTHING
    flush(world)
    daemon.command("once")
    assert restored(world) == {f"bkt-a/{GENUINE}"}
