"""AccessDeniedDetail as programs print it that have parsed OSS's body; and what does not tell it."""

from __future__ import annotations

import json

import pytest

from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.causes import diagnose_event
from ossmend.remediators.contract.case import Event

SAID = "You have no right to access this object because of bucket acl."
ID = "66D3BC906F08E3A7784862BE"
DETAIL = {
    "AuthAction": "oss:GetObject",
    "AuthPrincipalType": "SubUser",
    "AuthPrincipalDisplayName": "2012345678",
    "AuthPrincipalOwnerId": "1234567890123456",
    "NoPermissionType": "ImplicitDeny",
    "PolicyType": "AccountLevelIdentityBasedPolicy",
}
READ = {f"AccessDeniedDetail.{name}": value for name, value in DETAIL.items()}
BODY = {"Code": "AccessDenied", "Message": SAID, "RequestId": ID}
GO = f'oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, ErrorMessage="{SAID}", RequestId={ID}'


def printed(form: str, joint: str) -> str:
    return joint.join(form.format(name, value) for name, value in DETAIL.items())


def only(text: str) -> Event:
    (event,) = events_in(text, source="test")
    return event


def detail(event: Event) -> dict[str, str]:
    return {name: value for name, value in event.fields.items() if name.startswith("AccessDeniedDetail.")}


@pytest.mark.parametrize(
    "text",
    [
        f"oss2 AccessDenied: {SAID}\nRequestId: {ID}\n{printed('{}: {}', chr(10))}",
        f"com.aliyun.oss.OSSException: {SAID}\n[ErrorCode]: AccessDenied\n[RequestId]: {ID}\n"
        + printed("[{}]: {}", "\n"),
        f"{GO}, {printed('{}={}', ', ')}",
        f"AccessDenied: {SAID} AccessDeniedDetail:map[{printed('{}:{}', ' ')}] RequestId: {ID}",
        f"AccessDenied [message] => {SAID}\n{printed('    [{}] => {}', chr(10))}",
        json.dumps(BODY | DETAIL),
        json.dumps(BODY | {"AccessDeniedDetail": DETAIL}),
        json.dumps(BODY | {"AccessDeniedDetail": DETAIL}, indent=2),
        f"failed: {json.dumps(BODY | {'AccessDeniedDetail': DETAIL})}",
        str({"status": 403, "details": BODY | {"AccessDeniedDetail": DETAIL}}),
    ],
    ids=["lines", "java", "go", "map", "php", "json", "json in json", "json over lines", "json in a line", "python"],
)
def test_the_detail_is_read_however_it_is_printed(text: str) -> None:
    event = only(text)
    assert detail(event) == READ
    found = diagnose_event(event)
    assert found.cause == "denied-ram-implicit"
    assert found.confidence > 0.9


@pytest.mark.parametrize(
    "text",
    [
        GO,
        f"{GO}\nNoPermissionType: none of ours",
        f"{GO}\nthe field NoPermissionType is missing, and so is AuthAction",
        f"{GO}\nMyNoPermissionType: ImplicitDeny",
        f"{GO}\nPolicyType: Custom",
        json.dumps(BODY | {"query": "NoPermissionType=ExplicitDeny"}),
        json.dumps(BODY | {"query": 'x "NoPermissionType": "ExplicitDeny"'}),
        f"oss: service returned error: ErrorCode=InvalidObjectState, RequestId={ID}, NoPermissionType=ExplicitDeny",
    ],
)
def test_nothing_else_is_taken_for_it(text: str) -> None:
    assert detail(only(text)) == {}


def test_what_is_told_twice_and_differently_is_not_believed() -> None:
    assert detail(only(f"{GO}, NoPermissionType=ImplicitDeny, NoPermissionType=ExplicitDeny")) == {}


def test_the_detail_of_one_refusal_is_not_another_s() -> None:
    other = GO.replace(ID, "66D3BC906F08E3A7784862BF")
    first, second = events_in(f"{GO}\n{other}, NoPermissionType=ExplicitDeny\n", source="test")
    assert detail(first) == {}
    assert detail(second) == {"AccessDeniedDetail.NoPermissionType": "ExplicitDeny"}
