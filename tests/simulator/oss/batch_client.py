"""A client of batch jobs: raw calls through the real SDKs, which have no method for them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import REGION, advance, bucket_of, service_of, v2_client

ROLE = "acs:ram::1234567890123456:role/batch"
FORMAT = "OSS_BatchOperations_CSV_20250611"
FIELDS = "Bucket,Key"


def order(etag: str, **changed: str) -> bytes:
    """CreateJob's document; a name in `changed` replaces that element, an empty text leaves it out."""
    location = f"<ETag>{etag}</ETag><Bucket>lists</Bucket><Object>m.csv</Object>"
    spec = f"<Fields>{changed.pop('Fields', FIELDS)}</Fields><Format>{FORMAT}</Format>"
    restore = f"<RestoreObject><Days>3</Days>{changed.pop('Tier', '<Tier>Standard</Tier>')}</RestoreObject>"
    report = "<Bucket>lists</Bucket><Enabled>true</Enabled><Prefix>p/</Prefix><ReportScope>AllTasks</ReportScope>"
    elements = {
        "ConfirmationRequired": "true",
        "Operation": restore,
        "Report": report,
        "ClientRequestToken": "token-1",
        "Manifest": f"<Location>{location}</Location><Spec>{spec}</Spec>",
        "Description": "batch 1",
        "Priority": "10",
        "RoleArn": ROLE,
    } | changed
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items() if text)
    return f"<CreateJobRequest>{inner}</CreateJobRequest>".encode()


@dataclass
class Jobs:
    """Batch jobs as seen by the holder of a key."""

    sim: Running
    key: tuple[str, str] | None = None
    version: str = "v4"

    def ask(self, method: str, body: bytes = b"", **query: str) -> ET.Element:
        """A call of oss2; a refusal is a ServerError."""
        auth = oss2.make_auth(*(self.key or (self.sim.access_key_id, self.sim.access_key_secret)), self.version)
        service = (
            service_of(self.sim)
            if self.key is None and self.version == "v1"
            else oss2.Service(auth, self.sim.oss, region=REGION)
        )
        params = {name.replace("_", "-") if name == "max_keys" else name: value for name, value in query.items()}
        answer = service._do(method, "", "", params=params, data=body)
        return ET.fromstring(answer.read())

    def create(self, etag: str, **changed: str) -> str:
        return self.ask("POST", order(etag, **changed), batchJob="").findtext("JobId") or ""

    def describe(self, job_id: str) -> ET.Element:
        found = self.ask("GET", batchJob="", batchJobId=job_id).find("Job")
        assert found is not None
        return found

    def status(self, job_id: str) -> str:
        return self.describe(job_id).findtext("Status") or ""

    def counts(self, job_id: str) -> tuple[int, int, int]:
        """Succeeded, failed, all."""
        summary = self.describe(job_id).find("ProgressSummary")
        assert summary is not None
        names = ("NumberOfTasksSucceeded", "NumberOfTasksFailed", "TotalNumberOfTasks")
        succeeded, failed, total = (int(summary.findtext(name) or "") for name in names)
        return succeeded, failed, total

    def failure(self, job_id: str) -> str:
        return self.describe(job_id).findtext("FailureReasons/JobFailure/FailureCode") or ""

    def move(self, job_id: str, status: str) -> str:
        asked = self.ask("POST", batchJobStatus="", batchJobId=job_id, requestedJobStatus=status)
        return asked.findtext("Status") or ""

    def run(self, etag: str, **changed: str) -> str:
        """A job from its making to its end."""
        job_id = self.create(etag, **changed)
        advance(self.sim, 5)
        if self.status(job_id) == "Suspended":
            self.move(job_id, "Ready")
        advance(self.sim, 60)
        return job_id


def manifest(sim: Running, *lines: str) -> str:
    """A list of objects in `lists/m.csv`; its ETag."""
    lists = bucket_of(sim, "lists")
    lists.create_bucket()
    etag: str = lists.put_object("m.csv", "".join(f"{line}\n" for line in lines)).etag
    return etag


def by_the_second_sdk(sim: Running, method: str, body: bytes, **query: str) -> Any:
    """The same by alibabacloud_oss_v2, V4: the answer's body."""
    given = oss_v2.OperationInput(op_name="CreateJob", method=method, parameters=query, body=body)
    return v2_client(sim).invoke_operation(given).http_response.content
