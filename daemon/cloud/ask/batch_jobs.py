"""A question about OSS's own batch jobs -> its answer: which there are of a description, and what their role may do.

Jobs lie in a region and in no bucket; the bucket says which region. view.py asks, and send/create_job.py, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ossmend.daemon.cloud.wire import answers as wire
from ossmend.daemon.cloud.wire import job_answers
from ossmend.daemon.cloud.wire.elements import Unreadable
from ossmend.daemon.cloud.wire.rate_limit import RateLimit
from ossmend.daemon.cloud.wire.rpc import Rpc
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.remediators.contract.answers import BatchJob
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

MOST_PAGES = 20
"""Of a thousand jobs each: an account that has more is not searched on."""


class BatchJobs:
    """Each asked now. Thread-safe."""

    def __init__(self, oss: Oss, rpc: Rpc, limit: RateLimit) -> None:
        self._oss = oss
        self._rpc = rpc
        self._limit = limit

    def of(self, bucket: str, begins: str) -> tuple[BatchJob, ...]:
        """Those whose description begins so, oldest first. Raises TryAgain, Refused."""
        found: list[str] = []
        token = ""
        for _ in range(MOST_PAGES):
            asked = {"batchJob": "", "max-keys": "1000"} | ({"continuation-token": token} if token else {})
            page = self._ask("ListJobs", bucket, asked, job_answers.listed_jobs)
            found += [job_id for job_id, description in page.jobs if description.startswith(begins)]
            token = page.next_token
            if not token:
                break
        else:
            raise Refused(
                "ListJobs", "TooManyJobs", f"more than {MOST_PAGES * 1000} jobs: no one can say which are ours"
            )
        jobs = [self.one(bucket, job_id) for job_id in dict.fromkeys(found)]
        return tuple(sorted(jobs, key=lambda job: (job.created, job.id)))

    def one(self, bucket: str, job_id: str) -> BatchJob:
        """Raises TryAgain, Refused."""
        asked = {"batchJob": "", "batchJobId": job_id}
        return self._ask("DescribeJob", bucket, asked, job_answers.described_job)

    def role_policies(self, role: str) -> tuple[str, ...] | None:
        """The names of what is attached to a role; None where that may not be read. Raises TryAgain."""

        def call() -> dict[str, Any]:
            self._limit.wait()
            return self._rpc.call("Ram", "ListPoliciesForRole", {"RoleName": role})

        try:
            told = self._rpc.asked(call)
        except Refused:
            return None
        within = told.get("Policies")
        rows = within.get("Policy") if isinstance(within, dict) else None
        if not isinstance(rows, list):
            return None
        return tuple(str(row.get("PolicyName") or "") for row in rows if isinstance(row, dict))

    def _ask(self, operation: str, bucket: str, params: dict[str, str], read: Callable[[bytes], Result]) -> Result:
        if not wire.possible_bucket(bucket):
            raise Refused(operation, "NoSuchBucket", f"no bucket can be called {bucket[:80]!r}")
        answer = self._oss.asked(lambda: self._oss.at_region_of(bucket, "GET", params))
        try:
            return read(answer.body)
        except Unreadable as bad:
            raise wire.unreadable(operation, bad, answer.request_id or None) from bad
