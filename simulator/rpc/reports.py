"""Turns the account's users into a credential report, and a diagnostic message back into the denial it stands for."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from ossmend.simulator import diagnosis
from ossmend.simulator.principals import CredentialReport
from ossmend.simulator.rpc.call import Answer, Call, RpcError, conflict, not_found, operation, token_page, utc

if TYPE_CHECKING:
    from ossmend.simulator.principals import AccessKey

KEPT_SECONDS = 4 * 3600.0
_KEY_COLUMNS = ("exist", "active", "last_rotated", "last_used")
_KEYS: Final = ("access_key_1", "access_key_2", *(f"additional_access_key_{n}" for n in (1, 2, 3)))
COLUMNS: Final = (
    "user",
    "user_creation_time",
    "user_last_logon",
    "password_exist",
    "password_active",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"{key}_{column}" for key in _KEYS for column in _KEY_COLUMNS),
)


def _truth(value: object) -> str:
    return "TRUE" if value else "FALSE"


def _key_fields(keys: list[AccessKey]) -> list[str]:
    fields = []
    for number in range(len(_KEYS)):
        if number < len(keys):
            key = keys[number]
            fields += ["TRUE", _truth(key.status == "Active"), utc(key.created), utc(key.last_used) or "-"]
        else:
            fields += ["FALSE", "N/A", "N/A", "N/A"]
    return fields


def _rows(call: Call) -> list[str]:
    """The header, <root>, and one row for each user: key *ids* are nowhere in it."""
    identity = call.identity
    root = ["<root>", "-", "-", "TRUE", "TRUE", "N/A", "N/A", "FALSE", *_key_fields(identity.keys_of(identity.root))]
    rows = [",".join(COLUMNS), ",".join(root)]
    for user in identity.users.values():
        console = [_truth(user.console), _truth(user.console) if user.console else "N/A", "N/A", "N/A"]
        keys = _key_fields(identity.keys_of(identity.principal(user)))
        logon = utc(user.last_login) or "-"
        fields = [identity.upn(user.name), utc(user.created), logon, *console, _truth(user.mfa), *keys]
        rows.append(",".join(fields))
    return rows


@operation("Ims", name="GenerateCredentialReport")
def generate_credential_report(call: Call) -> Answer:
    """Asynchronous; a report younger than four hours is given again instead of making a new one."""
    call.require("ram:GenerateCredentialReport")
    identity = call.identity
    if len(identity.users) > identity.report_limit:
        raise conflict("LimitExceeded.CredentialReport.User", "The account has too many RAM users for a report.")
    now = call.cloud.clock.elapsed()
    report = identity.report
    if report is not None and now - report.ordered_at < KEPT_SECONDS:
        return {"State": "COMPLETED" if now >= report.ready_at else "INPROGRESS"}
    ready_at = now + identity.report_seconds
    identity.report = CredentialReport(now, ready_at, call.cloud.clock.shown(), _rows(call))
    return {"State": "STARTED"}


@operation("Ims", name="GetCredentialReport")
def get_credential_report(call: Call) -> Answer:
    """Base64 of CSV; `IsTruncated` is a text here, and only here."""
    call.require("ram:GetCredentialReport")
    report = call.identity.report
    if report is None or call.cloud.clock.elapsed() < report.ready_at:
        raise not_found("CredentialReport", "The credential report does not exist or is still being generated.")
    rows, more = token_page(call, report.rows, default=3501, most=3501, size="MaxItems")
    content = base64.b64encode("\n".join(rows).encode()).decode("ascii")
    truncated = str(more.pop("IsTruncated")).lower()
    return {"Content": content, "GeneratedTime": utc(report.generated), "IsTruncated": truncated, **more}


@operation("Ram", name="DecodeDiagnosticMessage")
def decode_diagnostic_message(call: Call) -> Answer:
    """The record appears some time after the denial, and is gone some time later."""
    call.require("ram:DecodeDiagnosticMessage")
    found = diagnosis.decode(call.text("EncodedDiagnosticMessage"), secret=call.identity.diagnosis_secret)
    if found is None:
        raise RpcError(404, "EntityNotExist", "The encoded diagnostic message does not exist.")
    issued_at, record = found
    age = call.cloud.clock.elapsed() - issued_at
    if age < call.identity.diagnosis_lag_seconds:
        raise RpcError(404, "SearchInaccurate", "The search result is inaccurate. Please try again later.")
    if age > call.identity.diagnosis_life_seconds:
        raise RpcError(400, "EncodedMessageExpire", "The encoded diagnostic message has expired.")
    return {"DecodedDiagnosticMessage": record}
