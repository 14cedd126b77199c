"""An account may ask OSS for data at custom domains alone: what is refused there is found out, and mended, there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import oss2
import pytest

from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.cloud.stubs import StillClock

KEY = "2024/q3/a b.csv"
SCENE: dict[str, Any] = {
    "buckets": {
        name: {
            "region": region,
            "cnames": [f"{name}-files.localhost"],
            "objects": {KEY: {"size": 10, "storage_class": "Archive"}},
        }
        for name, region in (("reports-cn", "cn-hangzhou"), ("reports-north", "cn-beijing"))
    }
}
POLICIES = """
  - { name: thaw, on: InvalidObjectState, mode: enforce, match: { bucket: "reports-*" }, restore: { days: 2 } }
"""


class Domains:
    """The simulator, an application that uses the buckets' domains, and the daemon, pass by pass."""

    def __init__(self, directory: Path, sim: Running) -> None:
        self.sim = sim
        self.clock = StillClock(datetime.now(UTC))
        self._log = directory / "app.log"
        self._log.touch()
        domains = ", ".join(f"{name}: '{self.domain(name)}'" for name in SCENE["buckets"])
        path = directory / "ossmend.yaml"
        path.write_text(
            f"version: 1\ncloud:\n  region: cn-hangzhou\n  endpoint: '{sim.oss}'\n  rpc_endpoint: '{sim.rpc}'\n"
            f"  domains: {{ {domains} }}\nstate: {{ path: '{directory / 'state'}' }}\nclock: {{ ntp_servers: [] }}\n"
            f"sources: [ {{ app_log: {{ path: '{self._log}', start: beginning }} }} ]\npolicies:{POLICIES}",
            encoding="utf-8",
        )
        self.app = App(path, dry_run=False, clock=self.clock)

    def domain(self, bucket: str) -> str:
        return f"http://{bucket}-files.localhost:{self.sim.oss.rpartition(':')[2]}"

    def refused(self, bucket: str, by_domain: bool = False) -> None:
        """The application is refused, and logs it as it was said at the domain, which not every machine resolves;
        `by_domain`: without a word of the bucket.
        """
        session = oss2.Session()
        session.session.trust_env = False
        auth = oss2.AuthV4(self.sim.access_key_id, self.sim.access_key_secret)
        address = self.sim.oss
        client = oss2.Bucket(auth, address, bucket, region=SCENE["buckets"][bucket]["region"], session=session)
        with pytest.raises(oss2.exceptions.ServerError) as caught:
            client.get_object(KEY)
        said = str(caught.value).replace(address.partition("://")[2], self.domain(bucket).partition("://")[2])
        with self._log.open("a", encoding="utf-8") as log:
            where = f"GET {self.domain(bucket)}/{quote(KEY)}" if by_domain else f"oss://{bucket}/{KEY}"
            log.write(f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} ERROR {where}: {said}\n")
        at_rest = self.clock.now().timestamp() - 10.0
        os.utime(self._log, (at_rest, at_rest))

    def states(self, seconds: float = 0.0) -> list[tuple[str, str]]:
        """So much time, then one pass; subject and state of each case after it."""
        self.clock.pass_by(seconds)
        self.sim.do(lambda cloud: cloud.clock.advance(seconds))
        self.app.once()
        with self.app.store.read() as connection:
            return [(row["subject"], row["state"]) for row in queries.all_cases(connection)]

    def asked(self) -> list[tuple[str, str, int]]:
        """Operation, target and status of every request to OSS so far; at a domain the target has no bucket."""
        requests = self.sim.do(lambda cloud: list(cloud.requests))
        return [(each.operation, each.target, each.status) for each in requests if each.service.lower() == "oss"]


@pytest.fixture
def domains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Domains]:
    with running_simulator(scene=SCENE, speed=0.0) as sim:
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
        told = Domains(tmp_path, sim)
        yield told
        told.app.close()


@pytest.mark.parametrize(("bucket", "info"), [("reports-cn", 200), ("reports-north", 403)])
def test_an_archived_object_is_restored_through_the_domain_of_its_bucket(
    domains: Domains, bucket: str, info: int
) -> None:
    domains.refused(bucket)
    before = len(domains.asked())
    assert domains.states() == [(f"oss://{bucket}/{KEY}", "waiting")]
    assert domains.states(600.0) == [(f"oss://{bucket}/{KEY}", "watching")]
    asked = domains.asked()[before:]
    named = [each for each in asked if bucket in each[1]]
    assert named == [("GetBucketInfo", f"/{bucket}/?bucketInfo=", info)], "no data call, and once"
    restores = [each for each in asked if each[0] == "RestoreObject"]
    assert restores == [("RestoreObject", "/2024%2Fq3%2Fa%20b.csv?restore=", 202)]
    assert ("GetObject", "/2024%2Fq3%2Fa%20b.csv", 206) in asked, "the proof is read by the application's own road"


def test_a_log_that_names_only_the_domain_is_of_its_bucket(domains: Domains) -> None:
    domains.refused("reports-cn", by_domain=True)
    assert domains.states() == [(f"oss://reports-cn/{KEY}", "waiting")]
    assert [each[0] for each in domains.asked()].count("RestoreObject") == 1
