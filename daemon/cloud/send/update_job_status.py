"""UpdateJobStatus on the wire: POST /?batchJobStatus."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from ossmend.daemon.cloud.send.sender import Sender, Sent, sender
from ossmend.remediators.writes.update_job_status import CANCELLABLE, UpdateJobStatus

OVER = ("Cancelling", "Cancelled", "Complete", "Completing", "Failed", "Failing")
WAITING = ("New", "Preparing", "Suspended")


@sender(UpdateJobStatus)
class Updates(Sender[UpdateJobStatus]):
    route = ("POST", "service", "batchJobStatus")

    def look(self, write: UpdateJobStatus) -> str:
        """A job is released as it was planned on, to its list; it is cancelled whatever it is doing."""
        job = self.hands.jobs.one(write.bucket, write.job_id)
        if write.status == "Cancelled":
            return f"{job.status} already" if job.status in OVER else CANCELLABLE
        return job.digest

    def send(self, write: UpdateJobStatus) -> Sent:
        params = {
            "batchJobStatus": "",
            "batchJobId": write.job_id,
            "requestedJobStatus": write.status,
            "statusUpdateReason": "ossmend",
        }
        answer = self.hands.oss.at_region_of(write.bucket, "POST", params)
        return Sent(answer.request_id or None, "released" if write.status == "Ready" else "cancelled")

    def settle(self, write: UpdateJobStatus) -> bool:
        status = self.hands.jobs.one(write.bucket, write.job_id).status
        return status in OVER if write.status == "Cancelled" else status not in (*WAITING, "Cancelling", "Cancelled")

    def stale(self, write: UpdateJobStatus) -> Iterable[Hashable]:
        del write
        return ()  # what is known of jobs is never kept
