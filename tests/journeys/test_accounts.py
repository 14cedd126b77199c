"""Two accounts with buckets in three regions, in one daemon: each refusal is repaired where it is, by whose it is."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import oss2
import pytest
from structlog.testing import capture_logs

from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.simulator.serve import Running, running_simulator
from ossmend.simulator.state import Cloud
from tests.daemon.cloud.stubs import StillClock

OTHER = "2222222222222222"
KEYS = {"prod": ("LTAI5tProdAdministrator1", "prod-secret"), "data": ("LTAI5tDataAdministrator1", "data-secret")}
BUCKETS = {
    "shop-home": ("prod", "cn-hangzhou"),
    "shop-north": ("prod", "cn-beijing"),
    "lake-west": ("data", "cn-chengdu"),
    "lake-home": ("data", "cn-hangzhou"),
}
APART = """
  - { name: thaw-prod, account: prod, on: InvalidObjectState, match: { bucket: "*" }, mode: enforce }
  - { name: thaw-data, account: data, on: InvalidObjectState, match: { bucket: "lake-*" }, mode: enforce }
"""
LOG_SERVICE = ", ".join(
    f"{{ sls: {{ account: {owner}, region: {region}, start: beginning }} }}" for owner, region in BUCKETS.values()
)
"""What OSS itself logs, of each account in each of its regions."""
SCENE: dict[str, Any] = {
    "account": {"administrator": dict(zip(("id", "secret"), KEYS["prod"], strict=True))},
    "accounts": {OTHER: {"administrator": dict(zip(("id", "secret"), KEYS["data"], strict=True))}},
    "buckets": {
        name: {
            "region": region,
            "real_time_log": True,
            **({"owner": OTHER} if account == "data" else {}),
            "objects": {f"{key}.csv": {"size": 10, "storage_class": "Archive"} for key in "abc"},
        }
        for name, (account, region) in BUCKETS.items()
    },
}


class Two:
    """The simulator, a log of each account and one of nobody's (or none of all), and the daemon, pass by pass."""

    def __init__(self, directory: Path, sim: Running, policies: str, logs: Sequence[str]) -> None:
        self.sim = sim
        self.clock = StillClock(datetime.now(UTC))
        self._directory = directory
        self._logs = logs
        for name in ("prod", "data", "shared"):
            (directory / f"{name}.log").touch()
        self.path = directory / "ossmend.yaml"
        self.path.write_text(
            f"version: 1\ncloud: {{ region: cn-hangzhou, endpoint: '{sim.oss}', rpc_endpoint: '{sim.rpc}' }}\n"
            f"accounts: [ {account('prod')}, {account('data')} ]\n"
            f"state: {{ path: '{directory / 'state'}' }}\nclock: {{ ntp_servers: [] }}\n"
            f"sources: [ {', '.join(map(self._source, logs)) or LOG_SERVICE} ]\n"
            f"policies:{policies}",
            encoding="utf-8",
        )
        self.app = App(self.path, dry_run=False, clock=self.clock)

    def _source(self, name: str) -> str:
        whose = "" if name == "shared" else f", account: {name}"
        return f"{{ app_log: {{ path: '{self._directory / name}.log', start: beginning{whose} }} }}"

    def client(self, bucket: str) -> oss2.Bucket:
        """The application's own client: it knows the bucket's account and region."""
        owner, region = BUCKETS[bucket]
        return oss2.Bucket(oss2.AuthV4(*KEYS[owner]), self.sim.oss, bucket, region=region)

    def refused(self, bucket: str, key: str = "a.csv", log: str = "") -> None:
        """The application is refused, and logs it, where somebody reads that."""
        with pytest.raises(oss2.exceptions.ServerError) as caught:
            self.client(bucket).get_object(key)
        if not self._logs:
            return
        path = self._directory / f"{log or BUCKETS[bucket][0]}.log"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} ERROR oss://{bucket}/{key}: {caught.value}\n")
        at_rest = self.clock.now().timestamp() - 10.0
        os.utime(path, (at_rest, at_rest))

    def cases(self, seconds: float = 0.0) -> dict[str, dict[str, Any]]:
        """So much time, then one pass; the cases after it by subject."""
        self.clock.pass_by(seconds)
        self.sim.do(lambda cloud: cloud.clock.advance(seconds))
        self.app.once()
        with self.app.store.read() as connection:
            return {row["subject"].removeprefix("object:"): row for row in queries.all_cases(connection)}

    def restored(self) -> Counter[tuple[str, str]]:
        """By bucket and key id: the restores that OSS has taken."""
        asked = self.sim.do(lambda cloud: cloud.requests)
        return Counter(
            (each.bucket or "", each.access_key_id or "")
            for each in asked
            if each.operation == "RestoreObject" and each.status == 202
        )


def account(name: str) -> str:
    credentials = f"access_key_id: !secret {name}-id, access_key_secret: !secret {name}-secret, allow_root: true"
    return f"{{ name: {name}, credentials: {{ {credentials} }} }}"


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Two]]:
    for name, (key_id, secret) in KEYS.items():
        (tmp_path / f"{name}-id").write_text(key_id)
        (tmp_path / f"{name}-secret").write_text(secret)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with ExitStack() as opened:

        def begin(policies: str = APART, logs: Sequence[str] = ("prod", "data", "shared")) -> Two:
            sim = opened.enter_context(running_simulator(scene=SCENE, speed=0.0))
            made = Two(tmp_path, sim, policies, logs)
            opened.callback(made.app.close)
            return made

        yield begin


@pytest.mark.parametrize("logs", [("prod", "data", "shared"), ()], ids=["applications' logs", "the log service"])
def test_each_refusal_is_repaired_in_its_own_account_and_region_with_its_own_credentials(
    two: Callable[..., Two], logs: Sequence[str]
) -> None:
    world = two(logs=logs)
    for bucket in BUCKETS:
        world.refused(bucket)
    world.cases()
    assert world.restored() == {(bucket, KEYS[owner][0]): 1 for bucket, (owner, _) in BUCKETS.items()}
    rows = world.cases(30.0)
    for bucket in BUCKETS:
        assert len(world.client(bucket).get_object("a.csv").read()) == 10
    told = {row["subject"].split("/")[2]: (row["account"], row["region"], row["state"]) for row in rows.values()}
    assert told == {bucket: (*where, "watching") for bucket, where in BUCKETS.items()}


def test_a_policys_brakes_in_one_account_hold_nothing_in_the_other(two: Callable[..., Two]) -> None:
    everywhere = "{ name: thaw, account: '*', on: InvalidObjectState, match: { bucket: '*' }, mode: enforce"
    world = two(f"\n  - {everywhere}, brakes: {{ objects_per_day: 2 }} }}\n", logs=("prod", "data"))
    for bucket, keys in (("shop-home", "abc"), ("lake-west", "ab")):
        for key in keys:
            world.refused(bucket, f"{key}.csv")
    states = Counter((row["account"], row["state"]) for row in world.cases().values())
    assert world.restored() == {("shop-home", KEYS["prod"][0]): 2, ("lake-west", KEYS["data"][0]): 2}
    assert states[("prod", "held")] == 1
    assert states[("data", "held")] == 0


def test_the_overall_brakes_count_in_each_account_by_themselves(two: Callable[..., Two]) -> None:
    world = two(f"{APART}brakes: {{ writes_per_hour: 1 }}\n")
    for key in ("a.csv", "b.csv"):
        world.refused("shop-home", key)
    world.refused("lake-west")
    states = Counter((row["account"], row["state"]) for row in world.cases().values())
    assert states == {("prod", "waiting"): 1, ("prod", "held"): 1, ("data", "waiting"): 1}
    assert world.restored() == {("shop-home", KEYS["prod"][0]): 1, ("lake-west", KEYS["data"][0]): 1}


def test_an_account_whose_key_is_gone_delays_only_itself(two: Callable[..., Two]) -> None:
    world = two()
    world.sim.do(lambda cloud: cloud.others[OTHER].recycle_key(KEYS["data"][0]))
    world.refused("shop-north")
    with (world._directory / "data.log").open("a", encoding="utf-8") as log:
        log.write("oss2.exceptions.ServerError: {'status': 403, 'details': {'Code': 'InvalidObjectState', "
                  "'HostId': 'lake-west.oss-cn-chengdu.aliyuncs.com', 'ObjectName': 'a.csv'}}\n")  # fmt: skip
    os.utime(world._directory / "data.log", (1.0, 1.0))
    rows = {row["account"]: row for row in world.cases().values()}
    assert world.restored() == {("shop-north", KEYS["prod"][0]): 1}
    assert rows["data"]["cause"] == "could-not-check", "our own key: no finding about anybody"
    assert rows["prod"]["state"] == "waiting"


def overdue(status: str) -> Callable[[Cloud], None]:
    def change(cloud: Cloud) -> None:
        cloud.others[OTHER].account_status = status  # type: ignore[assignment]  # one of its statuses

    return change


def test_an_account_that_is_suspended_suspends_only_its_own_writes(two: Callable[..., Two]) -> None:
    world = two()
    world.refused("lake-home")
    world.refused("shop-home")
    world.sim.do(overdue("overdue"))
    world.refused("lake-west")  # by now with UserDisable
    world.cases()
    assert world.restored() == {("shop-home", KEYS["prod"][0]): 1}
    world.sim.do(overdue("normal"))
    world.refused("lake-west")
    for _ in range(4):
        world.cases(1200.0)
    assert world.restored()["lake-home", KEYS["data"][0]] == 1
    assert world.restored()["lake-west", KEYS["data"][0]] == 1


def test_a_source_of_no_account_has_its_policys(two: Callable[..., Two]) -> None:
    """The first policy that fits says it: `thaw-prod` is passed over where its bucket is not meant."""
    world = two(APART.replace('account: prod, on: InvalidObjectState, match: { bucket: "*" }',
                              'account: prod, on: InvalidObjectState, match: { bucket: "shop-*" }'))  # fmt: skip
    world.refused("lake-west", log="shared")
    world.refused("shop-north", log="shared")
    rows = world.cases()
    assert {row["account"] for row in rows.values()} == {"prod", "data"}
    assert world.restored() == {("lake-west", KEYS["data"][0]): 1, ("shop-north", KEYS["prod"][0]): 1}


def test_a_bucket_of_another_account_is_told_as_such_and_left_alone(two: Callable[..., Two]) -> None:
    world = two()
    world.refused("lake-west", log="prod")
    with capture_logs() as logs:
        (row,) = world.cases().values()
    assert (row["cause"], row["state"]) == ("bucket-of-another-account", "reported")
    assert "belongs to account data" in row["why"]
    assert world.restored() == {}
    (notice,) = [each for each in logs if each["event"] == "notice"]
    assert (notice["account"], notice["region"]) == ("prod", "cn-chengdu")
