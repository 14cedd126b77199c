"""Very many refused reads go in, one of OSS's own batch jobs restores them: the whole road, with what goes wrong."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import oss2
import pytest

from ossmend.config.load import load
from ossmend.daemon import approvals, queries
from ossmend.daemon.app import App
from ossmend.daemon.commands.audit_page import page
from ossmend.daemon.commands.audit_report import audit
from ossmend.daemon.commands.check_live import check_live
from ossmend.daemon.journal import entries, intents
from ossmend.remediators.batch_restore import TOO_MUCH
from ossmend.simulator.control import add_fault
from ossmend.simulator.edit_objects import put_objects
from ossmend.simulator.oss import batch_run
from ossmend.simulator.serve import Running, running_simulator
from ossmend.simulator.state import Cloud
from tests.daemon.cloud.stubs import StillClock
from tests.journeys.conftest import Daemon, World
from tests.patience import HUNG, until

ROLE = "acs:ram::1234567890123456:role/ossmend-batch"
NUMBER = 12
KEYS = [f"k/{number:04d}" for number in range(NUMBER)]
SCENE: dict[str, Any] = {
    "buckets": {
        "cold": {"many": [{"pattern": "k/{n:04d}", "count": 40, "size": 1024, "storage_class": "ColdArchive"}]},
        "lists": {},
    },
}
RESTORE = f'restore: {{ days: 3, batch: {{ role_arn: "{ROLE}", bucket: lists, at_least: 10, gather: 30s }} }}'


class Night:
    """One simulator, one log, one daemon that is worked pass by pass; every clock is moved by hand."""

    def __init__(
        self, directory: Path, sim: Running, mode: str = "enforce", restore: str = RESTORE, url: str | None = None
    ) -> None:
        self.sim = sim
        self._state = f"{{ url: '{url}' }}" if url else f"{{ path: '{directory / 'state'}' }}"
        self.clock = StillClock(datetime.now(UTC))
        self._log = directory / "app.log"
        self._log.touch()
        self.path = directory / "ossmend.yaml"
        self.configure(mode, restore)
        self.app = App(self.path, dry_run=False, clock=self.clock)

    def configure(self, mode: str, restore: str = RESTORE, brakes: str = "") -> None:
        sim = self.sim
        self.path.write_text(
            f"version: 1\ncloud: {{ region: {sim.region}, endpoint: '{sim.oss}', rpc_endpoint: '{sim.rpc}',\n"
            f"  credentials: {{ allow_root: true }} }}\n"
            f"state: {self._state}\nclock: {{ ntp_servers: [] }}\n{brakes}"
            f"sources: [ {{ app_log: {{ path: '{self._log}', start: beginning }} }} ]\npolicies:\n"
            f"  - {{ name: thaw, on: InvalidObjectState, mode: {mode}, match: {{ bucket: cold }}, {restore} }}\n",
            encoding="utf-8",
        )

    def start_again(self) -> None:
        self.app.close()
        self.app = App(self.path, dry_run=False, clock=self.clock)

    def refused(self, *keys: str) -> None:
        bucket = self.bucket("cold")
        with self._log.open("a", encoding="utf-8") as log:
            for key in keys:
                with pytest.raises(oss2.exceptions.ServerError) as told:
                    bucket.get_object(key)
                log.write(f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} ERROR cannot read oss://cold/{key}: {told.value}\n")
        at_rest = self.clock.now().timestamp() - 10.0
        os.utime(self._log, (at_rest, at_rest))

    def refused_all(self, pattern: str, count: int) -> None:
        """As if each of so many had been asked for; one real refusal is what all of them look like."""
        (key,) = [pattern.format(n=0)]
        with pytest.raises(oss2.exceptions.ServerError) as told:
            self.bucket("cold").get_object(key)
        line = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} ERROR cannot read oss://cold/{key}: {told.value}\n"
        request_id = told.value.request_id
        with self._log.open("a", encoding="utf-8") as log:
            for n in range(count):
                another = f"{request_id[:8]}{n:08X}{request_id[16:]}"
                log.write(line.replace(key, pattern.format(n=n)).replace(request_id, another))
        at_rest = self.clock.now().timestamp() - 10.0
        os.utime(self._log, (at_rest, at_rest))

    def bucket(self, name: str) -> oss2.Bucket:
        auth = oss2.Auth(self.sim.access_key_id, self.sim.access_key_secret)
        return oss2.Bucket(auth, self.sim.oss, name, connect_timeout=HUNG)

    def passes(self, *seconds: float) -> None:
        for each in seconds:
            self.clock.pass_by(each)
            self.sim.do(partial(_pass, each))
            self.work()

    def work(self) -> None:
        """As `once` does it; but what became of a lost call is looked for once, and not until it is known."""
        works = self.app.works
        while True:
            read = sum(reading.read() for reading in works.readings)
            works.work.settling.turn()
            if not works.work.turn() and not read:
                return

    def fault(self, **settings: Any) -> None:
        self.sim.do(lambda cloud: add_fault(cloud, settings))

    def switch(self, **switches: Any) -> None:
        for name, value in switches.items():
            self.sim.do(partial(_switch, name, value))

    def cases(self) -> list[dict[str, Any]]:
        with self.app.store.read() as connection:
            return queries.all_cases(connection)

    def job_case(self) -> dict[str, Any]:
        found: dict[str, Any] = next(case for case in self.cases() if case["subject"].startswith("batch job"))
        return found

    def states(self) -> Counter[str]:
        """Of the objects' cases."""
        return Counter(case["state"] for case in self.cases() if case["subject"].startswith("oss://"))

    def asked(self) -> Counter[str]:
        """What the simulator was asked for to change something."""
        calls = Counter(each.operation for each in self.sim.do(lambda cloud: cloud.requests) if each.status < 300)
        return Counter({name: calls[name] for name in ("CreateJob", "UpdateJobStatus", "RestoreObject", "PutObject")})

    def jobs(self) -> list[str]:
        self.sim.do(batch_run.catch_up)
        return [job.status for job in self.sim.do(lambda cloud: list(cloud.batch.jobs.values()))]

    def restored(self) -> int:
        """Objects for which a restore was begun, whoever began it."""
        stacks = self.sim.do(lambda cloud: list(cloud.buckets["cold"].objects.values()))
        return sum(stack[0].restore is not None for stack in stacks)


def _pass(seconds: float, cloud: Cloud) -> None:
    cloud.clock.advance(seconds)


def _switch(name: str, value: object, cloud: Cloud) -> None:
    setattr(cloud.batch.switches, name, value)


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running_simulator(scene=SCENE, speed=0.0) as running:
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", running.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", running.access_key_secret)
        yield running


@pytest.fixture
def night(tmp_path: Path, sim: Running) -> Iterator[Night]:
    built = Night(tmp_path, sim)
    yield built
    with built.app.store.read() as connection:
        assert entries.first_broken(connection) is None
    built.app.close()


GATHERED = (0.0, 31.0, 6.0)
"""The refusals are read, they have waited for others, the job is made."""


def test_many_frozen_objects_are_one_job_and_no_call_each(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(0.0)
    assert night.states() == {"waiting": NUMBER}, "they wait whether enough others come"
    night.passes(31.0, 6.0)
    assert night.asked() == {"CreateJob": 1, "UpdateJobStatus": 0, "RestoreObject": 0, "PutObject": 1}
    night.passes(6.0)
    assert (night.jobs(), night.asked()["UpdateJobStatus"]) == (["Ready"], 1)
    night.passes(30.0, 30.0)
    assert (night.jobs(), night.job_case()["state"]) == (["Complete"], "closed")
    assert night.states() == {"watching": NUMBER}, "each was looked at, and reads"
    assert (night.asked()["RestoreObject"], night.restored()) == (0, NUMBER)


def test_on_a_shared_state_it_is_the_same(tmp_path: Path, sim: Running, shared_state: str) -> None:
    night = Night(tmp_path, sim, url=shared_state)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 30.0, 30.0)
    assert (night.jobs(), night.states()) == (["Complete"], {"watching": NUMBER})
    assert (night.asked()["RestoreObject"], night.restored()) == (0, NUMBER)
    night.app.close()


def test_fewer_than_that_go_by_a_call_each(night: Night) -> None:
    night.refused(*KEYS[:9])
    night.passes(0.0)
    assert night.asked()["RestoreObject"] == 0
    night.passes(31.0)
    assert night.asked() == {"CreateJob": 0, "UpdateJobStatus": 0, "RestoreObject": 9, "PutObject": 0}


def test_a_policy_without_the_setting_is_as_ever(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, restore="restore: { days: 3 }")
    night.refused(*KEYS)
    night.passes(0.0)
    assert night.asked() == {"CreateJob": 0, "UpdateJobStatus": 0, "RestoreObject": NUMBER, "PutObject": 0}
    night.app.close()


def test_thousands_are_one_job_and_a_page_of_a_list_answers_for_a_thousand(tmp_path: Path, sim: Running) -> None:
    number = 2300
    many = {"pattern": "m/{n:05d}", "count": number, "size": 10, "storage_class": "ColdArchive"}
    sim.do(lambda cloud: put_objects(cloud, "cold", many))
    night = Night(tmp_path, sim)
    night.configure("enforce", RESTORE.replace("at_least: 10", "at_least: 2000"), "brakes: { objects_per_day: 2300 }\n")
    night.start_again()
    night.refused_all("m/{n:05d}", number)
    night.passes(*GATHERED, 6.0, 6.0)
    assert (len(night.jobs()), night.asked()["UpdateJobStatus"], night.asked()["RestoreObject"]) == (1, 1, 0)
    night.passes(30.0, 30.0)
    assert (night.jobs(), night.restored(), night.asked()["RestoreObject"]) == (["Complete"], number, 0)
    calls = Counter(each.operation for each in sim.do(lambda cloud: cloud.requests))
    assert (calls["HeadObject"], calls["CreateJob"]) == (0, 1)
    assert calls["ListObjectsV2"] <= 6 * (number // 1000 + 1), "the log is read in two parts, and a page serves one"
    night.app.close()


def test_the_job_is_over_exactly_the_planned_objects(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED)
    lists = night.bucket("lists")
    (key,) = [each.key for each in oss2.ObjectIterator(lists) if each.key.endswith(".csv")]
    assert key.startswith("ossmend/")
    assert lists.get_object(key).read().decode().split() == [f"cold,{each}" for each in KEYS]


def test_keys_that_a_list_could_spell_in_two_ways_go_by_themselves(night: Night) -> None:
    odd = ["a b", "c%20d", "a+b", "ü", "a,b"]
    cold = night.bucket("cold")
    for key in odd:
        cold.put_object(key, b"x", headers={"x-oss-storage-class": "ColdArchive"})
    night.refused(*KEYS, *odd)
    night.passes(*GATHERED)
    assert (night.asked()["RestoreObject"], night.asked()["CreateJob"]) == (len(odd), 1)


# ------------------------------------------------------------------------------------------------- people and brakes


def test_a_person_approves_the_release_once_for_all(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, mode="approve")
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0)
    case = night.job_case()
    assert (night.jobs(), case["state"], night.restored()) == (["Suspended"], "held", 0)
    answer = approvals.approve(night.app.store, case["id"])
    assert f"{NUMBER} objects" in answer["writes"][0]["target"]
    night.passes(1.0, 30.0, 30.0)
    assert (night.jobs(), night.restored(), night.asked()["RestoreObject"]) == (["Complete"], NUMBER, 0)
    night.app.close()


def test_what_nobody_approves_for_a_day_is_cancelled(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, mode="approve")
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 86400.0, 10.0, 10.0)
    assert (night.jobs(), night.restored()) == (["Cancelled"], 0)
    assert night.states() == {"held": NUMBER}, "each waits for a person now, as without a job"
    night.app.close()


def test_the_brakes_count_each_object_of_a_job(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim)
    night.configure("enforce", brakes=f"brakes: {{ objects_per_day: {NUMBER - 1} }}\n")
    night.start_again()
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0)
    assert (night.jobs(), night.restored()) == (["Suspended"], 0)
    assert "objects_per_day" in night.job_case()["why"]
    night.app.close()


def test_what_a_job_has_restored_counts_for_the_next_write(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim)
    night.configure("enforce", brakes=f"brakes: {{ objects_per_day: {NUMBER} }}\n")
    night.start_again()
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 30.0, 30.0)
    assert night.restored() == NUMBER
    night.refused("k/0030")
    night.passes(0.0, 31.0)
    assert (night.restored(), night.states()["held"]) == (NUMBER, 1)
    night.app.close()


def test_a_dry_run_makes_no_job(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, mode="dry-run")
    night.refused(*KEYS)
    night.passes(*GATHERED)
    assert (night.jobs(), night.asked().total(), night.states()) == ([], 0, {"planned": NUMBER})
    night.app.close()


def test_a_job_is_taken_back_before_it_has_begun(night: Night) -> None:
    night.switch(ready_seconds=1000.0)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0)
    assert night.jobs() == ["Ready"]
    approvals.undo(night.app.store, night.job_case()["id"])
    night.passes(1.0, 10.0, 60.0)
    assert (night.jobs(), night.restored()) == (["Cancelled"], 0)
    assert (night.job_case()["state"], night.states()) == ("closed", {"closed": NUMBER})


def test_an_object_of_a_job_that_was_taken_back_is_restored_by_nobody_alone(night: Night) -> None:
    night.switch(ready_seconds=1000.0)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0)
    approvals.undo(night.app.store, night.job_case()["id"])
    night.passes(1.0, 10.0, 60.0)
    night.refused(KEYS[0])
    night.passes(1.0, 31.0)
    assert (night.jobs(), night.restored(), night.states()["held"]) == (["Cancelled"], 0, 1)


# ------------------------------------------------------------------------------------------- answers that were lost


@pytest.mark.parametrize("repeated", ["same-job", "new-job", "refused"])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_answer_makes_no_second_job(night: Night, repeated: str, arrived: bool) -> None:
    night.switch(repeated=repeated)
    night.fault(operation="CreateJob", times=1, abort="reset", execute=arrived)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.start_again()
    night.passes(1.0, *[70.0] * 4, 30.0, 30.0)
    assert night.jobs() == ["Complete"]
    assert (night.restored(), night.asked()["RestoreObject"]) == (NUMBER, 0)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_lost_release_is_looked_for_and_not_sent_again_unread(night: Night, arrived: bool) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.fault(operation="UpdateJobStatus", times=1, abort="reset", execute=arrived)
    night.passes(6.0)
    night.start_again()
    night.passes(1.0, *[70.0] * 4, 30.0)
    assert (night.jobs(), night.restored()) == (["Complete"], NUMBER)
    sent = [each for each in night.sim.do(lambda cloud: cloud.requests) if each.operation == "UpdateJobStatus"]
    assert len(sent) == (1 if arrived else 2)


def test_a_lost_list_is_not_written_twice(night: Night) -> None:
    night.fault(operation="PutObject", bucket="lists", times=1, abort="reset", execute=True)
    night.refused(*KEYS)
    night.passes(*GATHERED, *[70.0] * 4, 30.0, 30.0)
    assert (night.jobs(), night.restored()) == (["Complete"], NUMBER)


def test_a_job_that_is_not_ours_by_the_journal_is_cancelled(night: Night) -> None:
    """Somebody between us and OSS has sent it twice."""
    night.switch(repeated="new-job")
    night.refused(*KEYS)
    night.passes(*GATHERED)

    def doubled(cloud: Any) -> None:
        (job,) = cloud.batch.jobs.values()
        cloud.batch.add(job.account_id, job.region, job.order, cloud.clock.elapsed())

    night.sim.do(doubled)
    night.passes(*[10.0] * 4, 30.0, 30.0)
    assert sorted(night.jobs()) == ["Cancelled", "Complete"]
    assert night.restored() == NUMBER


# ------------------------------------------------------------------------------------------------- what goes wrong


def test_a_job_that_differs_from_the_plan_is_cancelled_and_restores_nothing(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED)

    def changed(cloud: Any) -> None:
        (job,) = cloud.batch.jobs.values()
        job.order = replace(job.order, days=7)

    night.sim.do(changed)
    night.passes(6.0, 10.0)
    assert night.jobs() == ["Cancelled"]
    night.passes(10.0)
    assert (night.restored(), night.asked()["RestoreObject"]) == (NUMBER, NUMBER), "one by one"


def test_a_list_that_was_replaced_restores_nothing_by_the_job(night: Night) -> None:
    night.switch(preparing_seconds=60.0)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    lists = night.bucket("lists")
    (key,) = [each.key for each in oss2.ObjectIterator(lists)]
    lists.put_object(key, "cold,k/0039\n")
    night.passes(61.0, 30.0)
    assert (night.jobs(), night.asked()["RestoreObject"], night.restored()) == (["Failed"], NUMBER, NUMBER)


def test_what_a_job_could_not_restore_is_restored_by_a_call_each(night: Night) -> None:
    night.switch(ready_seconds=10.0)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0)

    def taken_away(cloud: Any) -> None:
        (job,) = cloud.batch.jobs.values()
        job.tasks = [*(job.tasks or [])[:7], *[type(each)("cold", "gone", None) for each in (job.tasks or [])[7:]]]

    night.sim.do(taken_away)
    night.passes(30.0, 30.0, 30.0)
    assert night.jobs() == ["Complete"]
    assert (night.asked()["RestoreObject"], night.restored()) == (NUMBER - 7, NUMBER)


@pytest.mark.parametrize("fault", ["AccessDenied", "TooManyJobs"])
def test_a_refused_job_is_told_and_after_a_day_they_go_one_by_one(night: Night, fault: str) -> None:
    night.fault(operation="CreateJob", status=403 if fault == "AccessDenied" else 400, code=fault)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    assert (night.job_case()["state"], night.restored()) == ("reported", 0)
    night.passes(86400.0, 3600.0, 60.0)
    assert (night.jobs(), night.asked()["RestoreObject"]) == ([], NUMBER)


def test_a_role_that_may_change_buckets_gets_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = TOO_MUCH
    everything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}
    scene = SCENE | {"policies": {name: everything}, "roles": {"ossmend-batch": {"policies": [name]}}}
    with running_simulator(scene=scene, speed=0.0) as sim:
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
        night = Night(tmp_path, sim)
        night.refused(*KEYS)
        night.passes(*GATHERED, 6.0)
        assert (night.jobs(), night.asked()["RestoreObject"]) == ([], NUMBER)
        assert name in night.job_case()["why"]
        night.app.close()


@pytest.mark.parametrize(
    "switches",
    [
        {"in_progress_counts": "success"},
        {"counts_without_preparation": "0"},
        {"all_failed": "Complete"},
        {"report_shape": "file", "report_header": True},
        {"manifest_keys": "plain"},
        {"missing_job_status": 400},
        {"pause_after": 5},
    ],
    ids=str,
)
def test_what_no_documentation_says_changes_nothing(night: Night, switches: dict[str, Any]) -> None:
    night.switch(**switches)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, *[30.0] * 4)
    assert (night.jobs(), night.restored(), night.states()) == (["Complete"], NUMBER, {"watching": NUMBER})
    assert night.asked()["RestoreObject"] == 0


@pytest.mark.parametrize("counts", ["success", "failure"])
def test_an_object_that_somebody_else_restores_meanwhile(night: Night, counts: str) -> None:
    night.switch(in_progress_counts=counts)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.bucket("cold").restore_object(KEYS[0])
    night.passes(6.0, *[30.0] * 4)
    assert (night.jobs(), night.restored(), night.states()) == (["Complete"], NUMBER, {"watching": NUMBER})


def test_the_journal_holds_two_writes_for_the_whole_job(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 30.0, 30.0)
    with night.app.store.read() as connection:
        kept = intents.of_case(connection, night.job_case()["id"])
    assert [(each.write.operation, each.state.value, each.write.counted) for each in kept] == [
        ("CreateJob", "done", 0),
        ("UpdateJobStatus", "done", NUMBER),
    ]
    assert json.dumps([each.write.target for each in kept]).count(f"{NUMBER} objects") == 2


# ------------------------------------------------------------------------------------------------- reports and checks


def test_an_audit_says_what_a_job_would_do_and_makes_none(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, mode="dry-run")
    night.refused(*KEYS)
    report = audit(night.path, timedelta(days=1))
    (job,) = report["batch_jobs"]
    assert (job["policy"], job["bucket"], job["objects"], job["tier"], job["days"]) == (
        "thaw",
        "cold",
        NUMBER,
        "Standard",
        3,
    )
    assert Decimal(job["cost"]) >= Decimal(report["cost"]["amount"])
    assert f"{NUMBER} objects of bucket cold" in page(report)
    assert (night.jobs(), night.asked().total()) == ([], 0)
    night.app.close()


def test_an_audit_of_fewer_says_nothing_of_jobs(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, mode="dry-run")
    night.refused(*KEYS[:9])
    assert audit(night.path, timedelta(days=1))["batch_jobs"] == []
    night.app.close()


@pytest.mark.parametrize(
    ("attached", "ok", "said"),
    [
        ([TOO_MUCH], False, "may change buckets"),
        (["narrow"], True, "has narrow"),
        (None, None, "could not check"),
    ],
)
def test_check_live_looks_at_the_role_of_the_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attached: list[str] | None, ok: bool | None, said: str
) -> None:
    allowed = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}
    roles = {"ossmend-batch": {"policies": attached}} if attached else {}
    scene = SCENE | {"policies": {TOO_MUCH: allowed, "narrow": allowed}, "roles": roles}
    with running_simulator(scene=scene, speed=0.0) as sim:
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
        night = Night(tmp_path, sim)
        (line,) = [each for each in check_live(load(night.path))["live"] if each["what"].startswith("role ")]
        assert (line["ok"], said in line["found"]) == (ok, True)
        night.app.close()


# ------------------------------------------------------------------------------------------------- the quota of a job


def test_archived_objects_without_tiers_and_versions_go_by_themselves(night: Night) -> None:
    cold = night.bucket("cold")
    keys = [f"a/{number:04d}" for number in range(NUMBER)]
    for key in keys:
        cold.put_object(key, b"x", headers={"x-oss-storage-class": "Archive"})
    night.refused(*keys)
    night.passes(0.0)
    assert night.asked() == {"CreateJob": 0, "UpdateJobStatus": 0, "RestoreObject": NUMBER, "PutObject": NUMBER}


def test_a_policy_that_was_narrowed_meanwhile_releases_nothing(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED)
    text = night.path.read_text(encoding="utf-8").replace("bucket: cold }", 'bucket: cold, key: "other/**" }')
    night.path.write_text(text, encoding="utf-8")
    night.start_again()
    night.passes(6.0, 30.0)
    assert (night.restored(), night.job_case()["cause"]) == (0, "outside-policy")


def test_a_setting_that_was_taken_out_cancels_the_job(night: Night) -> None:
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.configure("enforce", restore="restore: { days: 3 }")
    night.start_again()
    night.passes(6.0, 10.0, 10.0)
    assert night.jobs() == ["Cancelled"]
    assert (night.asked()["RestoreObject"], night.restored()) == (NUMBER, NUMBER)


def test_copies_that_expired_and_are_asked_for_again_are_another_job(tmp_path: Path, sim: Running) -> None:
    night = Night(tmp_path, sim, restore=RESTORE.replace("days: 3,", "days: 3, on_refreeze: extend,"))
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 30.0, 30.0)
    assert (night.jobs(), night.states()) == (["Complete"], {"watching": NUMBER})
    night.passes(4 * 86400.0)
    night.refused(*KEYS)
    night.passes(*GATHERED, 6.0, 30.0, 30.0)
    assert (night.jobs(), night.asked()["RestoreObject"]) == (["Complete"] * 2, 0)
    night.app.close()


def test_a_changed_configuration_wakes_all_and_sends_nothing_beside_the_job(night: Night) -> None:
    night.switch(preparing_seconds=300.0)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.configure("enforce", brakes="quiet: 3h\n")
    night.start_again()
    night.passes(1.0, 40.0)
    assert (night.asked()["RestoreObject"], night.asked()["CreateJob"]) == (0, 1)
    night.passes(300.0, 10.0, 30.0, 30.0)
    assert (night.jobs(), night.restored(), night.asked()["RestoreObject"]) == (["Complete"], NUMBER, 0)


def test_new_refusals_of_a_waiting_object_send_nothing(night: Night) -> None:
    night.switch(preparing_seconds=300.0)
    night.refused(*KEYS)
    night.passes(*GATHERED)
    night.refused(*KEYS)
    night.passes(20.0, 20.0)
    assert night.asked()["RestoreObject"] == 0


# ------------------------------------------------------------------------------------------------- a killed process

KILLED = f"""\
  - name: thaw
    on: InvalidObjectState
    mode: enforce
    match: {{ bucket: cold }}
    restore: {{ days: 3, batch: {{ role_arn: "{ROLE}", bucket: lists, at_least: 10, gather: 2s }} }}
"""


@pytest.mark.machine
@pytest.mark.parametrize("operation", ["PutObject", "CreateJob", "UpdateJobStatus"])
def test_killed_between_a_call_and_its_answer_it_doubles_nothing(world: World, daemon: Daemon, operation: str) -> None:
    daemon.configure(KILLED)
    world.bucket("lists", create=True)
    cold = world.bucket("cold", create=True)
    for key in KEYS:
        cold.put_object(key, b"x", headers={"x-oss-storage-class": "ColdArchive"})
    with daemon.log.open("a", encoding="utf-8") as log:
        for key in KEYS:
            with pytest.raises(oss2.exceptions.ServerError) as told:
                cold.get_object(key)
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} ERROR cannot read oss://cold/{key}: {told.value}\n")
    before = len(world.requests(operation))
    bucket = {"bucket": "lists"} if operation == "PutObject" else {}
    fault = {"operation": operation, "times": 1, "abort": "reset", "execute": True, **bucket}
    world.simulator.do(lambda cloud: add_fault(cloud, fault))
    daemon.start()
    until("it was asked for", lambda: len(world.requests(operation)) > before)
    daemon.kill()
    daemon.start()
    until("a job has ended", lambda: "Complete" in _statuses(world))
    assert daemon.stop() == 0
    assert (_statuses(world), world.requests("RestoreObject")) == (["Complete"], [])
    assert len(world.requests("UpdateJobStatus")) == 1


def _statuses(world: World) -> list[str]:
    world.simulator.do(batch_run.catch_up)
    return [job.status for job in world.simulator.do(lambda cloud: list(cloud.batch.jobs.values()))]
