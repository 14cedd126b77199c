"""OSS's own batch jobs: their life, what they restore at which pace, who may, and each thing that no source says."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running, running_simulator
from tests.simulator.oss.batch_client import ROLE, Jobs, by_the_second_sdk, manifest, order
from tests.simulator.oss.clients import advance, bucket_of, control

DAY = 86400


@pytest.fixture
def jobs(sim: Running) -> Jobs:
    return Jobs(sim)


def frozen(sim: Running, count: int, storage_class: str = "ColdArchive") -> list[str]:
    """So many frozen objects in `cold`, and their lines for a manifest."""
    control(sim, "PUT", "buckets/cold", {})
    many = {"pattern": "k/{n:05d}", "count": count, "size": 5, "storage_class": storage_class}
    control(sim, "POST", "buckets/cold/objects", many)
    return [f"cold,k/{n:05d}" for n in range(count)]


def switch(sim: Running, **switches: Any) -> None:
    control(sim, "PATCH", "batch-jobs", switches)


def states(sim: Running) -> list[str]:
    objects = control(sim, "GET", "buckets/cold/objects?limit=100000")["objects"]
    return [versions[0]["restore"] for versions in objects.values()]


def refused(call: Any, *args: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(oss2.exceptions.ServerError) as told:
        call(*args, **named)
    return told.value.status, told.value.code, told.value.ec


def report(sim: Running) -> dict[str, str]:
    lists = bucket_of(sim, "lists")
    return {each.key: lists.get_object(each.key).read().decode() for each in oss2.ObjectIterator(lists, prefix="p/")}


# ----------------------------------------------------------------------------------------------------------- the life


def test_a_job_waits_for_its_confirmation_and_then_restores(sim: Running, jobs: Jobs) -> None:
    job_id = jobs.create(manifest(sim, *frozen(sim, 3)))
    assert (len(job_id), job_id[-1], jobs.status(job_id)) == (44, "=", "Preparing")
    advance(sim, 3)
    assert jobs.status(job_id) == "Suspended"
    advance(sim, 13 * DAY)
    assert (jobs.status(job_id), states(sim)) == ("Suspended", ["frozen"] * 3)
    assert jobs.move(job_id, "Ready") == "Ready"
    advance(sim, 1)
    assert (jobs.status(job_id), states(sim)) == ("Completing", ["restoring"] * 3)
    advance(sim, 2)
    assert (jobs.status(job_id), jobs.counts(job_id)) == ("Complete", (3, 0, 3))
    advance(sim, 20)
    assert states(sim) == ["restored"] * 3


def test_what_no_one_confirms_for_a_fortnight_fails_and_restores_nothing(sim: Running, jobs: Jobs) -> None:
    job_id = jobs.create(manifest(sim, *frozen(sim, 1)))
    advance(sim, 14 * DAY + 3)
    assert (jobs.status(job_id), states(sim)) == ("Failed", ["frozen"])


def test_a_job_without_confirmation_goes_by_itself(sim: Running, jobs: Jobs) -> None:
    job_id = jobs.create(manifest(sim, *frozen(sim, 2)), ConfirmationRequired="")
    advance(sim, 60)
    assert (jobs.status(job_id), states(sim)) == ("Complete", ["restored"] * 2)


def test_a_cancelled_job_restores_nothing_more(sim: Running, jobs: Jobs) -> None:
    etag = manifest(sim, *frozen(sim, 2000))
    early, late = jobs.create(etag), jobs.create(etag, ClientRequestToken="other")
    advance(sim, 3)
    assert jobs.move(early, "Cancelled") == "Cancelling"
    assert refused(jobs.move, early, "Cancelled")[0] == 409
    jobs.move(late, "Ready")
    advance(sim, 2)
    jobs.move(late, "Cancelled")
    advance(sim, DAY)
    assert (jobs.status(early), jobs.counts(early)) == ("Cancelled", (0, 0, 2000))
    succeeded = jobs.counts(late)[0]
    assert 700 <= succeeded <= 800, "1.5 s at 500/s"
    assert states(sim).count("restored") == succeeded
    assert refused(jobs.move, late, "Ready")[0] == 409


def test_oss_pauses_a_job_and_goes_on_by_itself(sim: Running, jobs: Jobs) -> None:
    switch(sim, pause_after=1, pause_seconds=100)
    job_id = jobs.run(manifest(sim, *frozen(sim, 2)))
    assert (jobs.status(job_id), jobs.counts(job_id)) == ("Paused", (1, 0, 2))
    assert refused(jobs.move, job_id, "Ready")[0] == 409
    advance(sim, 100)
    assert (jobs.status(job_id), jobs.counts(job_id)) == ("Complete", (2, 0, 2))


def test_jobs_of_another_region_are_not_seen(sim: Running, jobs: Jobs) -> None:
    job_id = jobs.create(manifest(sim, *frozen(sim, 1)))
    auth = oss2.AuthV4(sim.access_key_id, sim.access_key_secret)
    host = "http://oss-cn-beijing.aliyuncs.com"
    elsewhere = oss2.Service(auth, host, region="cn-beijing", proxies={"http": sim.oss})
    assert job_id.encode() not in elsewhere._do("GET", "", "", params={"batchJob": ""}).read()
    asked = refused(elsewhere._do, "GET", "", "", params={"batchJob": "", "batchJobId": job_id})
    assert asked[:2] == (404, "NoSuchJob")


# ----------------------------------------------------------------------------------------------------- lists and words


def test_jobs_are_listed_in_pages_and_by_status(sim: Running, jobs: Jobs) -> None:
    etag = manifest(sim, *frozen(sim, 1))
    made = [jobs.create(etag, ClientRequestToken=f"t{n}", Description=f"d{n}") for n in range(5)]
    advance(sim, 3)
    jobs.move(made[0], "Cancelled")
    advance(sim, 3)
    found: list[ET.Element] = []
    more = {"batchJob": "", "max_keys": "2"}
    while True:
        page = jobs.ask("GET", b"", **more)
        found += page.findall("Jobs/JobListDescriptor")
        more["continuation-token"] = page.findtext("NextToken") or ""
        if not more["continuation-token"]:
            break
    assert sorted(each.findtext("JobId") or "" for each in found) == sorted(made)
    assert {each.findtext("Operation") for each in found} == {"RestoreObject"}
    assert {each.findtext("Description") for each in found} == {f"d{n}" for n in range(5)}
    page = jobs.ask("GET", batchJob="", batchJobStatuses="Cancelled | Complete")
    assert [each.findtext("JobId") for each in page.findall("Jobs/JobListDescriptor")] == [made[0]]


def test_a_description_says_everything_but_the_token(sim: Running, jobs: Jobs) -> None:
    etag = manifest(sim, *frozen(sim, 1))
    job = jobs.describe(jobs.create(etag))
    told = {each.tag: each.text for each in job.iter() if each.text}
    expected = {"Days": "3", "Tier": "Standard", "ETag": etag, "RoleArn": ROLE, "Description": "batch 1"}
    assert expected.items() <= told.items()
    assert job.find("ClientRequestToken") is None
    assert "token-1" not in ET.tostring(job, "unicode")


def test_a_priority_can_be_changed_and_the_greater_goes_first(sim: Running, jobs: Jobs) -> None:
    lines = frozen(sim, 2)
    etag = manifest(sim, *lines)
    first, second = jobs.create(etag), jobs.create(etag, ClientRequestToken="other")
    assert jobs.ask("POST", batchJobPriority="", batchJobId=second, targetPriority="99").findtext("Priority") == "99"
    assert refused(jobs.ask, "POST", batchJobPriority="", batchJobId=second, targetPriority="2147483648")[0] == 400
    advance(sim, 3)
    for job_id in (first, second):
        jobs.move(job_id, "Ready")
    advance(sim, 10)
    assert (jobs.counts(second), jobs.counts(first)) == ((2, 0, 2), (0, 2, 2)), "restoring already: 409"


def test_the_second_sdk_makes_one_too_and_the_first_ones_v1_cannot(sim: Running) -> None:
    body = order(manifest(sim, *frozen(sim, 1)))
    assert b"<JobId>" in by_the_second_sdk(sim, "POST", body, batchJob="")
    old = Jobs(sim, version="v1")
    assert refused(old.ask, "POST", body, batchJob="")[:2] == (403, "SignatureDoesNotMatch")


# ------------------------------------------------------------------------------------------------------------ the pace


@pytest.mark.parametrize(("storage_class", "in_two_seconds"), [("ColdArchive", 1000), ("DeepColdArchive", 200)])
def test_two_jobs_together_keep_to_the_quota(sim: Running, jobs: Jobs, storage_class: str, in_two_seconds: int) -> None:
    lines = frozen(sim, 3000, storage_class)
    lists = [manifest(sim, *lines[:1500])]
    one = jobs.create(lists[0])
    advance(sim, 3)
    two = jobs.create(manifest(sim, *lines[1500:]), ClientRequestToken="other")
    advance(sim, 3)
    switch(sim, ready_seconds=0)
    for job_id in (one, two):
        jobs.move(job_id, "Ready")
    advance(sim, 2)
    done = jobs.counts(one)[0] + jobs.counts(two)[0]
    assert in_two_seconds <= done <= in_two_seconds + 2
    assert states(sim).count("restoring") == done


def test_each_restore_begins_at_its_own_moment(sim: Running, jobs: Jobs) -> None:
    switch(sim, objects_per_second=1)
    jobs.run(manifest(sim, *frozen(sim, 60)))
    seen = states(sim)
    assert 35 <= seen.count("restored") <= 42, "asked for in 60 s, one a second; each takes 20 s"
    assert 18 <= seen.count("restoring") <= 22


# ---------------------------------------------------------------------------------------------- what it leaves alone


def test_a_list_that_was_replaced_is_not_worked(sim: Running, jobs: Jobs) -> None:
    etag = manifest(sim, *frozen(sim, 1))
    job_id = jobs.create(etag)
    manifest(sim, "cold,k/00000", "cold,other")
    advance(sim, 3)
    assert (jobs.status(job_id), jobs.failure(job_id)) == ("Failed", "ManifestETagMismatch")
    assert states(sim) == ["frozen"]


def test_only_the_version_that_the_list_names_is_restored(sim: Running, jobs: Jobs) -> None:
    control(sim, "PUT", "buckets/cold", {"versioning": "Enabled"})
    for name in ("CAEQolderolderolder", "CAEQnewernewernewer"):
        control(sim, "PUT", "buckets/cold/objects/a%20b", {"storage_class": "ColdArchive", "version_id": name})
    etag = manifest(sim, "cold,a%20b,CAEQolderolderolder")
    job_id = jobs.run(etag, Manifest=_versioned(etag))
    assert jobs.counts(job_id) == (1, 0, 1)
    versions = control(sim, "GET", "buckets/cold/objects/a%20b")["versions"]
    assert {each["version_id"]: each["restore"] for each in versions} == {
        "CAEQolderolderolder": "restored",
        "CAEQnewernewernewer": "frozen",
    }


def _versioned(etag: str) -> str:
    return order(etag, Fields="Bucket,Key,VersionId").decode().partition("<Manifest>")[2].partition("</Manifest>")[0]


def test_errors_of_some_do_not_fail_a_job_and_the_report_names_them(sim: Running, jobs: Jobs) -> None:
    lines = frozen(sim, 2)
    control(sim, "PUT", "buckets/cold/objects/warm", {"storage_class": "Standard"})
    job_id = jobs.run(manifest(sim, *lines, "cold,gone", "cold,warm"))
    assert (jobs.status(job_id), jobs.counts(job_id)) == ("Complete", (2, 2, 4))
    files = report(sim)
    rows = next(text for name, text in files.items() if "/results/" in name).splitlines()
    assert rows == [
        "cold,k/00000,,succeeded,202,",
        "cold,k/00001,,succeeded,202,",
        "cold,gone,,failed,404,NoSuchKey",
        "cold,warm,,failed,400,OperationNotSupported",
    ]
    assert any(name.endswith("/manifest.json") for name in files)


def test_an_empty_list_completes_with_nothing(sim: Running, jobs: Jobs) -> None:
    frozen(sim, 1)
    job_id = jobs.run(manifest(sim))
    assert (jobs.status(job_id), jobs.counts(job_id), states(sim)) == ("Complete", (0, 0, 0), ["frozen"])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"RoleArn": "acs:ram::999:role/batch"}, (400, "InvalidArgument", "0017-00001009")),
        ({"RoleArn": "x"}, (400, "InvalidArgument", "0017-00001009")),
        ({"Tier": "<JobParameters><Tier>Bulk</Tier></JobParameters>"}, (400, "MalformedXML", "0017-00000208")),
        ({"Tier": "<Tier>Expedited</Tier>"}, (400, "InvalidArgument", "0016-00000703")),
        ({"ClientRequestToken": ""}, (400, "InvalidArgument", "0017-00000203")),
        ({"Priority": "-1"}, (400, "InvalidArgument", "0017-00000203")),
        ({"Manifest": ""}, (400, "MalformedXML", "0017-00000208")),
        ({"Fields": "Key,Bucket"}, (400, "InvalidArgument", "0017-00000203")),
        ({"Report": "<Bucket>nobodys</Bucket><Enabled>true</Enabled>"}, (404, "NoSuchBucket", "0015-00000101")),
        ({"ConfirmationRequired": "perhaps"}, (400, "MalformedXML", "0017-00000208")),
        ({"Operation": "<PutObjectAcl/>"}, (501, "NotImplemented", "0017-00000501")),
    ],
)
def test_an_order_that_could_never_be_one_is_refused(
    sim: Running, jobs: Jobs, changed: dict[str, str], told: tuple[int, str, str]
) -> None:
    etag = manifest(sim, *frozen(sim, 1))
    assert refused(jobs.create, etag, **changed) == told
    assert control(sim, "GET", "batch-jobs")["jobs"] == []


@pytest.mark.parametrize("body", [b"", b"<CreateJobRequest>", b"<x/>", b"\xff\xfe", b"<CreateJobRequest/>"])
def test_broken_documents_are_refused(sim: Running, jobs: Jobs, body: bytes) -> None:
    assert refused(jobs.ask, "POST", body, batchJob="")[:2] == (400, "MalformedXML")


@pytest.mark.parametrize("line", ["cold", "cold,a,b,c", 'cold,"half', "cold,k/00000\ncold"])
def test_a_list_that_cannot_be_read_fails_the_job(sim: Running, jobs: Jobs, line: str) -> None:
    frozen(sim, 1)
    job_id = jobs.run(manifest(sim, line))
    assert (jobs.status(job_id), jobs.failure(job_id)) == ("Failed", "InvalidManifest")
    assert states(sim) == ["frozen"]


# --------------------------------------------------------------------------------------------------------- permissions


_TRUST = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}}]}
_NEEDED = ["oss:GetBucketInfo", "oss:RestoreObject", "oss:GetObject", "oss:PutObject"]


def _people(lacks: str = "", service: str = "oss.aliyuncs.com") -> dict[str, Any]:
    """A scene with the role, and a user who may do everything with jobs but what is named."""
    calls = [f"oss:{name}" for name in ("CreateJob", "DescribeJob", "ListJobs", "UpdateJobStatus", "UpdateJobPriority")]

    def allow(actions: list[str]) -> dict[str, Any]:
        kept = [action for action in actions if action != lacks]
        return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": kept, "Resource": "*"}]}

    trust = {"Version": "1", "Statement": [_TRUST["Statement"][0] | {"Principal": {"Service": [service]}}]}  # type: ignore[operator]  # plain data
    key = {"id": "LTAI5tCleanerCleanerClea", "secret": "s"}
    return {
        "policies": {"jobs": allow([*calls, "ram:PassRole"]), "role": allow(_NEEDED)},
        "users": {"cleaner": {"policies": ["jobs"], "keys": [key]}},
        "roles": {"batch": {"policies": ["role"], "trust": trust}},
    }


def _cleaner(sim: Running) -> Jobs:
    return Jobs(sim, key=("LTAI5tCleanerCleanerClea", "s"))


@pytest.mark.parametrize(
    "lacks", ["oss:CreateJob", "oss:DescribeJob", "oss:ListJobs", "oss:UpdateJobStatus", "oss:UpdateJobPriority"]
)
def test_each_call_needs_its_own_permission(lacks: str) -> None:
    with running_simulator(scene=_people(lacks), speed=0.0) as sim:
        etag, user, root = manifest(sim, *frozen(sim, 1)), _cleaner(sim), Jobs(sim)
        made = root.create(etag)
        advance(sim, 3)
        calls: dict[str, tuple[str, dict[str, str]]] = {
            "oss:CreateJob": ("POST", {"batchJob": ""}),
            "oss:DescribeJob": ("GET", {"batchJob": "", "batchJobId": made}),
            "oss:ListJobs": ("GET", {"batchJob": ""}),
            "oss:UpdateJobStatus": ("POST", {"batchJobStatus": "", "batchJobId": made, "requestedJobStatus": "Ready"}),
            "oss:UpdateJobPriority": ("POST", {"batchJobPriority": "", "batchJobId": made, "targetPriority": "1"}),
        }
        for action, (method, query) in calls.items():
            body = order(etag) if action == "oss:CreateJob" else b""
            if action == lacks:
                assert refused(user.ask, method, body, **query)[:2] == (403, "AccessDenied")
            else:
                user.ask(method, body, **query)


@pytest.mark.parametrize(
    ("lacks", "failure"),
    [
        ("oss:GetObject", "ManifestAccessDenied"),
        ("oss:PutObject", "ReportAccessDenied"),
        ("oss:GetBucketInfo", "BucketAccessDenied"),
        ("oss:RestoreObject", "TooManyFailures"),
        ("", ""),
    ],
)
def test_the_role_needs_each_permission(lacks: str, failure: str) -> None:
    with running_simulator(scene=_people(lacks), speed=0.0) as sim:
        jobs = Jobs(sim)
        job_id = jobs.run(manifest(sim, *frozen(sim, 1)))
        assert jobs.failure(job_id) == failure
        assert states(sim) == ["frozen" if failure else "restored"]


def test_a_role_that_does_not_trust_oss_is_of_no_use() -> None:
    with running_simulator(scene=_people(service="ecs.aliyuncs.com"), speed=0.0) as sim:
        jobs = Jobs(sim)
        assert jobs.failure(jobs.run(manifest(sim, *frozen(sim, 1)))) == "InvalidRole"


def test_passing_a_role_may_need_a_permission_or_not() -> None:
    with running_simulator(scene=_people("ram:PassRole"), speed=0.0) as sim:
        etag, user = manifest(sim, *frozen(sim, 1)), _cleaner(sim)
        assert user.create(etag)
        switch(sim, pass_role=True)
        assert refused(user.create, etag, ClientRequestToken="other")[0] == 403


# ------------------------------------------------------------------------------------------- what no source says, twice


@pytest.mark.parametrize(("repeated", "jobs_made"), [("same-job", 1), ("new-job", 2), ("refused", 1)])
def test_a_token_that_is_known(sim: Running, jobs: Jobs, repeated: str, jobs_made: int) -> None:
    switch(sim, repeated=repeated)
    etag = manifest(sim, *frozen(sim, 1))
    first = jobs.create(etag)
    if repeated == "refused":
        assert refused(jobs.create, etag)[:2] == (409, "JobAlreadyExists")
    else:
        assert (jobs.create(etag) == first) is (repeated == "same-job")
    assert len(control(sim, "GET", "batch-jobs")["jobs"]) == jobs_made


def test_a_token_is_known_for_its_time(sim: Running, jobs: Jobs) -> None:
    switch(sim, token_seconds=100)
    etag = manifest(sim, *frozen(sim, 1))
    first = jobs.create(etag)
    advance(sim, 99)
    assert jobs.create(etag) == first
    advance(sim, 2)
    assert jobs.create(etag) != first


_ALREADY = {"restoring": "in_progress_counts", "restored": "restored_counts", "warm": "not_archived_counts"}


@pytest.mark.parametrize("counts", ["success", "failure"])
@pytest.mark.parametrize(("state", "name"), list(_ALREADY.items()))
def test_how_an_object_counts_that_needs_no_restore(
    sim: Running, jobs: Jobs, state: str, name: str, counts: str
) -> None:
    switch(sim, **{name: counts})
    lines = frozen(sim, 2)
    changed = {"storage_class": "Standard"} if state == "warm" else {"restore": {"state": state, "days": 1}}
    if state == "restoring":
        changed = {"restore": {"state": state, "ready_in_seconds": 9000}}
    control(sim, "PATCH", "buckets/cold/objects/k/00000", changed)
    job_id = jobs.run(manifest(sim, *lines))
    assert jobs.counts(job_id) == ((2, 0, 2) if counts == "success" else (1, 1, 2))


@pytest.mark.parametrize(("counts", "told"), [("-1", (-1, -1, -1)), ("0", (0, 0, 0))])
def test_what_a_job_counts_that_was_never_prepared(
    sim: Running, jobs: Jobs, counts: str, told: tuple[int, int, int]
) -> None:
    switch(sim, counts_without_preparation=counts)
    frozen(sim, 1)
    assert jobs.counts(jobs.run(manifest(sim, "one field"))) == told


@pytest.mark.parametrize("ends", ["Failed", "Complete"])
def test_how_a_job_ends_of_which_everything_failed(sim: Running, jobs: Jobs, ends: str) -> None:
    switch(sim, all_failed=ends)
    frozen(sim, 1)
    job_id = jobs.run(manifest(sim, "cold,a", "cold,b", "cold,c"))
    assert (jobs.status(job_id), jobs.counts(job_id)) == (ends, (0, 3, 3))


@pytest.mark.parametrize("shape", ["folder", "file"])
@pytest.mark.parametrize("header", [True, False])
def test_the_shape_of_a_report(sim: Running, jobs: Jobs, shape: str, header: bool) -> None:
    switch(sim, report_shape=shape, report_header=header)
    jobs.run(manifest(sim, *frozen(sim, 1)))
    files = report(sim)
    assert len(files) == (2 if shape == "folder" else 1)
    rows = next(text for name, text in files.items() if name.endswith(".csv")).splitlines()
    assert (rows[0].startswith("Bucket,Key"), len(rows)) == (header, 2 if header else 1)


@pytest.mark.parametrize(("keys", "restored"), [("encoded", "a b"), ("plain", "a%20b")])
def test_how_keys_are_read(sim: Running, jobs: Jobs, keys: str, restored: str) -> None:
    switch(sim, manifest_keys=keys)
    frozen(sim, 1)
    cold = bucket_of(sim, "cold")
    for key in ("a b", "a%20b"):
        cold.put_object(key, b"x", headers={"x-oss-storage-class": "ColdArchive"})
    jobs.run(manifest(sim, "cold,a%20b"))
    found = {key: "x-oss-restore" in cold.head_object(key).headers for key in ("a b", "a%20b")}
    assert [key for key, there in found.items() if there] == [restored]


@pytest.mark.parametrize("header", [True, False])
def test_whether_a_list_has_a_header(sim: Running, jobs: Jobs, header: bool) -> None:
    switch(sim, manifest_header=header)
    assert jobs.counts(jobs.run(manifest(sim, *frozen(sim, 2))))[2] == (1 if header else 2)


@pytest.mark.parametrize(("tier_on_archive", "counted"), [("ignored", (1, 0, 1)), ("refused", (0, 1, 1))])
def test_a_tier_for_the_class_archive(
    sim: Running, jobs: Jobs, tier_on_archive: str, counted: tuple[int, int, int]
) -> None:
    switch(sim, tier_on_archive=tier_on_archive)
    assert jobs.counts(jobs.run(manifest(sim, *frozen(sim, 1, "Archive")))) == counted


@pytest.mark.parametrize("status", [400, 404])
def test_a_job_that_is_not_there(sim: Running, jobs: Jobs, status: int) -> None:
    switch(sim, missing_job_status=status)
    assert refused(jobs.status, "bm9zdWNoam9i") == (status, "NoSuchJob", "0017-00001002")


def test_switches_that_widen_what_is_taken(sim: Running, jobs: Jobs) -> None:
    switch(sim, arn_prefix=True, expedited=True, most_jobs=2)
    etag = manifest(sim, *frozen(sim, 1))
    assert jobs.create(etag, RoleArn=f"arn:{ROLE}", Tier="<Tier>Expedited</Tier>")
    assert jobs.create(etag, ClientRequestToken="b", Tier="")
    assert refused(jobs.create, etag, ClientRequestToken="c")[2] == "0017-00001003"


def test_ended_jobs_are_listed_for_their_time(sim: Running, jobs: Jobs) -> None:
    switch(sim, kept_seconds=100)
    job_id = jobs.run(manifest(sim, *frozen(sim, 1)))
    assert jobs.status(job_id) == "Complete"
    advance(sim, 200)
    assert refused(jobs.status, job_id)[0] == 404


@pytest.mark.parametrize(
    "wrong",
    [{"repeated": "often"}, {"objects_per_second": 0}, {"pass_role": "yes"}, {"nonsense": 1}, {"most_jobs": -1}],
)
def test_a_scene_with_a_wrong_switch_is_refused_with_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))), running_simulator(scene={"batch_jobs": wrong}):
        pass


def test_a_scene_sets_a_switch() -> None:
    with running_simulator(scene={"batch_jobs": {"in_progress_counts": "success"}}) as sim:
        assert control(sim, "GET", "batch-jobs")["switches"]["in_progress_counts"] == "success"
