"""CreateJob on the wire: PUT of the list of objects, where there is none yet, then POST /?batchJob.

Both calls may be made a second time for the same write: the list has the write's own name and replaces nothing, and the
job has its token. A job that was made twice all the same is suspended, and the plan cancels what is not its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from xml.sax.saxutils import escape

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.daemon.cloud.wire import job_answers
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.errors import BadAnswer, Unsettled
from ossmend.daemon.cloud.wire.guard import NEW_OBJECT
from ossmend.remediators.contract.values import Missing, ObjectRef
from ossmend.remediators.contract.verdict import Refused
from ossmend.remediators.writes.create_job import CREATED, NO_JOB, CreateJob

FORMAT = "OSS_BatchOperations_CSV_20250611"
PRIORITY = 10


@sender(CreateJob)
class Creates(Sender[CreateJob]):
    route = ("POST", "service", "batchJob")
    also = ((("PUT", "object", NEW_OBJECT), "PutObject"),)

    def look(self, write: CreateJob) -> str:
        jobs = self.hands.jobs.of(write.bucket, write.description)
        return f"job {jobs[0].id}" if jobs else NO_JOB

    def send(self, write: CreateJob) -> Sent:
        """A 409 may be OSS's word for a token that it knows: then the job is there, or will be seen not to be."""
        etag = self._listed(write)
        body = _document(write, etag)
        try:
            answer = self.hands.oss.at_region_of(write.bucket, "POST", {"batchJob": ""}, body)
            return Sent(answer.request_id or None, f"{CREATED}{job_answers.created_job(answer.body)}")
        except BadAnswer as error:
            if error.status == 409:
                raise Unsettled(str(error)) from error
            raise
        except Unreadable as bad:
            raise Unsettled(f"CreateJob: {bad}") from bad

    def _listed(self, write: CreateJob) -> str:
        """The ETag of the list of objects, which is there from now on. Raises Refused where another one is."""
        bucket = self.hands.bucket(write.operation, write.into)
        headers = {NEW_OBJECT: "true", "Content-Type": "text/csv"}
        try:
            etag: str = bucket.put_object(write.manifest_key, write.manifest, headers=headers).etag
        except BadAnswer as error:
            if error.status != 409:
                raise
        else:
            return etag
        there = self.hands.reads.head(ObjectRef(write.into, write.manifest_key))
        found = "" if isinstance(there, Missing) else (there.etag or "").strip('"')
        if found.lower() != write.manifest_etag:
            why = f"oss://{write.into}/{write.manifest_key} is there, and is not the list that was planned"
            raise Refused("PutObject", "ListDiffers", why, None, 409)
        return found

    def settle(self, write: CreateJob) -> bool:
        return bool(self.hands.jobs.of(write.bucket, write.description))

    def stale(self, write: CreateJob) -> Iterable[Hashable]:
        del write
        return ()  # what is known of jobs is never kept


def _document(write: CreateJob, etag: str) -> bytes:
    """Element by element: nothing in it is anybody's text but names that the configuration says, and our own."""
    tier = _element("Tier", write.tier) if write.tier else ""
    restore = _group("RestoreObject", _element("Days", str(write.days)), tier)
    location = _group(
        "Location",
        _element("ETag", etag.strip('"')),
        _element("Bucket", write.into),
        _element("Object", write.manifest_key),
    )
    report = _group(
        "Report",
        _element("Bucket", write.into),
        _element("Enabled", "true"),
        _element("Prefix", f"{write.prefix}{write.name}/"),
        _element("ReportScope", "FailedTasksOnly"),
    )
    return _group(
        "CreateJobRequest",
        _element("ConfirmationRequired", "true"),
        _group("Operation", restore),
        report,
        _element("ClientRequestToken", write.token),
        _group("Manifest", location, _group("Spec", _element("Fields", "Bucket,Key"), _element("Format", FORMAT))),
        _element("Description", write.description),
        _element("Priority", str(PRIORITY)),
        _element("RoleArn", write.role_arn),
    ).encode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _group(name: str, *children: str) -> str:
    return f"<{name}>{''.join(children)}</{name}>"
