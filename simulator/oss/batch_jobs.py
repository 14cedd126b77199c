"""Turns requests about batch jobs into jobs: made, described, listed, released, cancelled; batch_run.py works them.

They lie at a region's endpoint, without a bucket. Which HTTP status and Code stand with the documented ECs is
UNCONFIRMED, and each is ours. Sign with V4 or name the sub-resources: oss2's V1 leaves them out and is refused.
"""

from __future__ import annotations

from typing import Final

from ossmend.simulator.authorize import decide_ram
from ossmend.simulator.batch import ENDED, BatchJob, Order
from ossmend.simulator.oss import batch_documents, permit, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML, page_size
from ossmend.simulator.wire import Refusal, Response

_RELEASED: Final = ("Suspended", "Preparing")
_PAST_CANCELLING: Final = ("Cancelling", "Cancelled", "Complete", "Completing", "Failed", "Failing")


def _account(call: Call) -> str:
    return call.principal.account_id if call.principal else ""


def _answer(root: str, *children: str) -> Response:
    return Response(200, dict(XML), xml.document(root, children))


def _job(call: Call) -> BatchJob:
    job_id = call.query.get("batchJobId", "")
    job = call.cloud.batch.jobs.get(job_id)
    if job is None or (job.account_id, job.region) != (_account(call), call.endpoint_region):
        status = call.cloud.batch.switches.missing_job_status
        raise Refusal(status, "NoSuchJob", "The specified job does not exist.", "0017-00001002", [("JobId", job_id)])
    return job


@operation("POST", "service", "batchJob", name="CreateJob")
def create_job(call: Call) -> Response:
    """A new job, or what a token that is known answers."""
    batch, account, region = call.cloud.batch, _account(call), call.endpoint_region
    order = batch_documents.ordered(call.request.body, account, batch.switches)
    _require_pass_role(call, order)
    for bucket in (order.manifest[0], order.report[0] if order.report else None):
        _require_near(call, bucket, region)
    now = call.cloud.clock.elapsed()
    known = _by_token(call, order.token, now)
    if known is not None and batch.switches.repeated == "refused":
        raise Refusal(
            409,
            "JobAlreadyExists",
            "A job with this ClientRequestToken exists.",
            "0017-00001004",  # ours
        )
    if known is None:
        running = sum(job.status not in ENDED for job in batch.of(account, region))
        if running >= batch.switches.most_jobs:
            raise Refusal(400, "TooManyJobs", "There are too many jobs.", "0017-00001003")
        known = batch.add(account, region, order, now)
    return _answer("CreateJobResult", xml.element("JobId", known.job_id))


def _by_token(call: Call, token: str, now: float) -> BatchJob | None:
    batch = call.cloud.batch
    if batch.switches.repeated == "new-job":
        return None
    mine = batch.of(_account(call), call.endpoint_region)
    young = (job for job in mine if now - job.created < batch.switches.token_seconds)
    return next((job for job in young if job.order.token == token), None)


def _require_near(call: Call, bucket_name: str | None, region: str) -> None:
    """Manifest and report lie in the job's region, in buckets of its account."""
    bucket = call.cloud.buckets.get(bucket_name or "")
    if bucket_name is None:
        return
    if bucket is None:
        raise refusals.no_such_bucket(bucket_name)
    if bucket.region != region or bucket.owner != _account(call):
        raise refusals.invalid_argument("The bucket must be of the job's account and region.", "Bucket", bucket_name)


def _require_pass_role(call: Call, order: Order) -> None:
    principal = call.principal
    identity = call.cloud.account(_account(call))
    if not call.cloud.batch.switches.pass_role or principal is None or identity is None:
        return
    resource = f"acs:ram:*:{principal.account_id}:role/{order.role}"
    decision = decide_ram(principal, "ram:PassRole", resource, {}, identity=identity)
    if not decision.allowed:
        raise permit.denied(decision)


@operation("GET", "service", "batchJob of an id", name="DescribeJob")
def describe_job(call: Call) -> Response:
    clock, switches = call.cloud.clock, call.cloud.batch.switches
    return _answer("DescribeJobResult", batch_documents.described(_job(call), switches, clock))


@operation("GET", "service", "batchJob", name="ListJobs")
def list_jobs(call: Call) -> Response:
    """Newest first. The token is where the page before has ended, so that new jobs move nothing."""
    wanted = {text.strip() for text in call.query.get("batchJobStatuses", "").split("|")} - {""}
    after = call.query.get("continuation-token", "")
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise refusals.invalid_argument("The continuation-token is not valid.", "continuation-token", after)
    limit = page_size(call)
    jobs = [
        job
        for job in call.cloud.batch.of(_account(call), call.endpoint_region)
        if (not wanted or job.status in wanted) and (not after or job.serial < int(after))
    ]
    token = str(jobs[limit - 1].serial) if len(jobs) > limit else ""
    clock, switches = call.cloud.clock, call.cloud.batch.switches
    shown = [batch_documents.listed(job, switches, clock) for job in jobs[:limit]]
    return _answer("ListJobsResult", xml.element("NextToken", token), xml.group("Jobs", *shown))


def _refuse_move(job: BatchJob, wanted: str) -> Refusal:
    message = f"A job that is {job.status} cannot become {wanted}."
    return Refusal(409, "InvalidJobStatus", message, "0017-00001005", [("JobId", job.job_id)])  # EC ours


@operation("POST", "service", "batchJobStatus", name="UpdateJobStatus")
def update_job_status(call: Call) -> Response:
    """Release a job, or cancel it: what it has done by then stays done."""
    job, wanted = _job(call), call.query.get("requestedJobStatus", "")
    reason = call.query.get("statusUpdateReason", "")
    if len(reason) > 256:
        raise refusals.invalid_argument("The reason is longer than 256.", "statusUpdateReason", reason[:256])
    now = call.cloud.clock.elapsed()
    switches = call.cloud.batch.switches
    match wanted:
        case "Ready":
            if job.status not in _RELEASED:
                raise _refuse_move(job, wanted)
            if job.status == "Suspended":
                job.status, job.due = "Ready", now + switches.ready_seconds
            job.released = True
        case "Cancelled":
            if job.status in _PAST_CANCELLING:
                raise _refuse_move(job, wanted)
            job.status, job.due = "Cancelling", now + switches.cancelling_seconds
        case _:
            raise refusals.invalid_argument("The status is Ready or Cancelled.", "requestedJobStatus", wanted)
    job.reason = reason
    return _answer(
        "UpdateJobStatusResult",
        xml.element("JobId", job.job_id),
        xml.element("Status", job.status),
        xml.element("StatusUpdateReason", reason),
    )


@operation("POST", "service", "batchJobPriority", name="UpdateJobPriority")
def update_job_priority(call: Call) -> Response:
    """Larger goes first."""
    job = _job(call)
    wanted = batch_documents.priority(call.query.get("targetPriority", ""), "targetPriority")
    if job.status in ENDED:
        raise _refuse_move(job, f"of priority {wanted}")
    job.priority = wanted
    return _answer(
        "UpdateJobPriorityResult", xml.element("JobId", job.job_id), xml.element("Priority", str(job.priority))
    )
