"""Turns CreateJob's document into an Order, and a job into the documents of DescribeJob and ListJobs.

Served is what restores: the operation RestoreObject over a manifest of one's own. What OSS has beside it (tags, ACLs,
a prefix, an inventory) is 501 rather than guessed. What is missing or wrong is InvalidArgument, or MalformedXML where
the document itself is; which of both OSS says is UNCONFIRMED, but for the EC of a bad role.
"""

from __future__ import annotations

import re
from typing import Final

from ossmend.simulator.batch import BatchJob, Order, Switches
from ossmend.simulator.clock import Clock
from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.wire import Refusal

FORMAT: Final = "OSS_BatchOperations_CSV_20250611"
INVENTORY: Final = "OSS_InventoryReport_CSV_20250611"
_FIELDS: Final = ("Bucket,Key", "Bucket,Key,VersionId")
_OTHERS: Final = ("PutObjectTagging", "AddObjectTagging", "DeleteObjectTagging", "PutObjectAcl")
_SCOPES: Final = ("AllTasks", "FailedTasksOnly")
_TIERS: Final = ("Standard", "Bulk")
MOST_PRIORITY: Final = 2**31 - 1
_ROLE = re.compile(r"(?P<prefix>arn:)?acs:ram::(?P<account>\d{1,20}):role/(?P<name>[A-Za-z0-9._-]{1,64})\Z")
_ETAG = re.compile(r"[0-9a-fA-F]{32}\Z")


def ordered(body: bytes, account_id: str, switches: Switches) -> Order:
    """The order, refused where it could never be one."""
    document = xml.parse(body, "CreateJobRequest")
    days, tier = _restore(_only(document, "Operation"), switches)
    manifest, with_versions = _manifest(document)
    arn = document.value("RoleArn")
    token = document.value("ClientRequestToken")
    if not token:
        raise refusals.invalid_argument("A ClientRequestToken is required.", "ClientRequestToken", "")
    return Order(
        token=token,
        days=days,
        tier=tier,
        confirmation_required=xml.boolean(document.value("ConfirmationRequired", "false")),
        manifest=manifest,
        with_versions=with_versions,
        report=_report(_only(document, "Report")),
        role=_role(arn, account_id, switches),
        role_arn=arn,
        priority=priority(document.value("Priority"), "Priority"),
        description=document.value("Description"),
    )


def _only(document: xml.Node, name: str) -> xml.Node:
    found = document.all(name)
    if len(found) != 1:
        raise xml.malformed_xml(f"{name} is required, once")
    return found[0]


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def priority(text: str, name: str) -> int:
    number = _whole(text)
    if number is None or number > MOST_PRIORITY:
        raise refusals.invalid_argument(f"{name} must be an integer from 0 to {MOST_PRIORITY}.", name, text)
    return number


def _restore(operation: xml.Node, switches: Switches) -> tuple[int, str | None]:
    """Days and tier. Here both lie side by side: the single call's JobParameters are not known to a job."""
    if len(operation.children) != 1:
        raise xml.malformed_xml("an Operation has exactly one child")
    restore = operation.children[0]
    if restore.name in _OTHERS:
        raise refusals.not_implemented(restore.name)
    if restore.name != "RestoreObject":
        raise xml.malformed_xml(f"there is no operation {restore.name}")
    strange = next((child.name for child in restore.children if child.name not in ("Days", "Tier")), None)
    if strange is not None:
        raise xml.malformed_xml(f"RestoreObject has no {strange}")
    days = _whole(restore.value("Days"))
    if days is None or not 1 <= days <= 365:
        raise refusals.invalid_argument("The Days of a restore must be between 1 and 365.", "Days", "", "0016-00000704")
    tier = restore.value("Tier") or None
    if tier is not None and tier not in (*_TIERS, *(("Expedited",) if switches.expedited else ())):
        raise refusals.invalid_argument("The restore tier is not valid.", "Tier", tier, "0016-00000703")
    return days, tier


def _manifest(document: xml.Node) -> tuple[tuple[str, str, str, str | None], bool]:
    """Where the list of objects lies, and whether it names versions."""
    if document.first("KeyPrefixManifestGenerator") is not None and document.first("Manifest") is None:
        raise refusals.not_implemented("KeyPrefixManifestGenerator")
    if document.first("KeyPrefixManifestGenerator") is not None:
        raise xml.malformed_xml("a job has a Manifest or a KeyPrefixManifestGenerator, not both")
    manifest = _only(document, "Manifest")
    location, spec = _only(manifest, "Location"), _only(manifest, "Spec")
    if spec.value("Format") == INVENTORY:
        raise refusals.not_implemented(INVENTORY)
    if spec.value("Format") != FORMAT:
        raise refusals.invalid_argument("The format is not valid.", "Format", spec.value("Format"))
    columns = ",".join(part.strip() for part in spec.value("Fields").split(","))
    if columns not in _FIELDS:
        raise refusals.invalid_argument("The fields of the manifest are not valid.", "Fields", columns)
    bucket, key, etag = (location.value(name) for name in ("Bucket", "Object", "ETag"))
    if not bucket or not key or not _ETAG.match(etag):
        raise refusals.invalid_argument("Bucket, Object and the ETag of a manifest are required.", "Location", key)
    return (bucket, key, etag, location.value("VersionId") or None), columns.endswith("VersionId")


def _report(report: xml.Node) -> tuple[str, str, str] | None:
    """Prefix and scope may be left out, as live requests have shown."""
    if not xml.boolean(report.value("Enabled")):
        return None
    scope = report.value("ReportScope") or "AllTasks"
    if scope not in _SCOPES:
        raise refusals.invalid_argument("The scope of the report is not valid.", "ReportScope", scope)
    if not report.value("Bucket"):
        raise refusals.invalid_argument("A report needs a bucket.", "Bucket", "")
    return report.value("Bucket"), report.value("Prefix"), scope


def _role(arn: str, account_id: str, switches: Switches) -> str:
    found = _ROLE.match(arn)
    if found is None or found["account"] != account_id or (found["prefix"] and not switches.arn_prefix):
        raise Refusal(
            400,
            "InvalidArgument",
            "The RoleArn is not valid.",
            "0017-00001009",
            [("ArgumentName", "RoleArn"), ("ArgumentValue", arn)],
        )
    return found["name"]


# ---------------------------------------------------------------------------------------------------- what is answered


def _numbers(job: BatchJob, switches: Switches) -> str:
    if job.tasks is None:
        unknown = switches.counts_without_preparation if job.status == "Failed" else "0"
        failed = succeeded = total = unknown
    else:
        failed, succeeded, total = str(job.failed), str(job.done - job.failed), str(len(job.tasks))
    return xml.group(
        "ProgressSummary",
        xml.element("NumberOfTasksFailed", failed),
        xml.element("NumberOfTasksSucceeded", succeeded),
        xml.element("TotalNumberOfTasks", total),
        xml.group("Timers", xml.element("ElapsedTimeInActiveSeconds", str(int(job.active_seconds)))),
    )


def _common(job: BatchJob, switches: Switches, clock: Clock) -> list[str]:
    ended = "" if job.ended is None else str(int(clock.shown_when(job.ended)))
    return [
        xml.element("JobId", job.job_id),
        xml.element("Status", job.status),
        xml.element("Priority", str(job.priority)),
        xml.element("Description", job.order.description),
        xml.element("CreationTime", str(int(clock.shown_when(job.created)))),
        xml.element("TerminationDate", ended),
        _numbers(job, switches),
    ]


def listed(job: BatchJob, switches: Switches, clock: Clock) -> str:
    """One line of ListJobs; its Operation is a name."""
    return xml.group("JobListDescriptor", *_common(job, switches, clock), xml.element("Operation", "RestoreObject"))


def described(job: BatchJob, switches: Switches, clock: Clock) -> str:
    """All of a job, but the token, which no answer returns."""
    order = job.order
    failure = ""
    if job.failure is not None:
        code, reason = (xml.element(name, text) for name, text in zip(_FAILURE, job.failure, strict=True))
        failure = xml.group("JobFailure", code, reason)
    tier = xml.element("Tier", order.tier) if order.tier else ""
    restore = xml.group("RestoreObject", xml.element("Days", str(order.days)), tier)
    return xml.group(
        "Job",
        *_common(job, switches, clock),
        xml.element("ConfirmationRequired", xml.flag(order.confirmation_required)),
        xml.group("Operation", restore),
        _described_manifest(order),
        _described_report(order),
        xml.element("RoleArn", order.role_arn),
        xml.element("StatusUpdateReason", job.reason),
        xml.group("FailureReasons", failure),
    )


_FAILURE = ("FailureCode", "FailureReason")


def _described_manifest(order: Order) -> str:
    bucket, key, etag, version = order.manifest
    location = [xml.element("ETag", etag), xml.element("Bucket", bucket), xml.element("Object", key)]
    if version is not None:
        location.append(xml.element("VersionId", version))
    columns = _FIELDS[1] if order.with_versions else _FIELDS[0]
    spec = xml.group("Spec", xml.element("Fields", columns), xml.element("Format", FORMAT))
    return xml.group("Manifest", xml.group("Location", *location), spec)


def _described_report(order: Order) -> str:
    if order.report is None:
        return xml.group("Report", xml.element("Enabled", "false"))
    bucket, prefix, scope = order.report
    return xml.group(
        "Report",
        xml.element("Bucket", bucket),
        xml.element("Enabled", "true"),
        xml.element("Prefix", prefix),
        xml.element("ReportScope", scope),
    )
