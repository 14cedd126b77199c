"""DescribeJob's and ListJobs' XML -> values. Nothing is guessed: what cannot be read is said to be unreadable."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ossmend.daemon.cloud.wire.elements import Unreadable, children, root_of, text_of
from ossmend.remediators.contract.answers import BatchJob


class Listed(NamedTuple):
    """One page of ListJobs: ids and descriptions, and the token of the next page; empty where there is none."""

    jobs: tuple[tuple[str, str], ...]
    next_token: str


def created_job(body: bytes) -> str:
    """The id of a job that was just made. Raises Unreadable."""
    found = text_of(root_of(body, "CreateJobResult"), "JobId")
    if not found:
        raise Unreadable("no JobId")
    return found


def listed_jobs(body: bytes) -> Listed:
    root = root_of(body, "ListJobsResult")
    rows = [row for jobs in children(root, "Jobs") for row in children(jobs, "JobListDescriptor")]
    found = [(text_of(row, "JobId") or "", text_of(row, "Description") or "") for row in rows]
    return Listed(tuple(each for each in found if each[0]), text_of(root, "NextToken") or "")


def described_job(body: bytes) -> BatchJob:
    """Raises Unreadable."""
    job = _only(root_of(body, "DescribeJobResult"), "Job")
    operation = _first(job, "Operation")
    restore = _first(operation, "RestoreObject")
    location, summary = _first(_first(job, "Manifest"), "Location"), _first(job, "ProgressSummary")
    days = _text(restore, "Days")
    return BatchJob(
        id=_text(job, "JobId"),
        status=_text(job, "Status"),
        description=_text(job, "Description"),
        created=datetime.fromtimestamp(_number(job, "CreationTime"), UTC),
        total=_number(summary, "TotalNumberOfTasks", -1),
        succeeded=_number(summary, "NumberOfTasksSucceeded", -1),
        failed=_number(summary, "NumberOfTasksFailed", -1),
        confirmation_required=_text(job, "ConfirmationRequired").lower() == "true",
        restores=restore is not None and operation is not None and len(operation) == 1,
        days=int(days) if days.isascii() and days.isdigit() else None,
        tier=_text(restore, "Tier") or None,
        role_arn=_text(job, "RoleArn"),
        manifest=(_text(location, "Bucket"), _text(location, "Object"), _text(location, "ETag").strip('"').lower()),
    )


def _only(element: Element, name: str) -> Element:
    found = _first(element, name)
    if found is None:
        raise Unreadable(f"no {name}")
    return found


def _first(element: Element | None, name: str) -> Element | None:
    return None if element is None else next(iter(children(element, name)), None)


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else text_of(element, name) or ""


def _number(element: Element | None, name: str, missing: int | None = None) -> int:
    """`missing` where the answer does not have it; without one it must."""
    text = _text(element, name)
    if not text and missing is not None:
        return missing
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise Unreadable(f"{name} {text[:40]!r}")
    return int(text)
