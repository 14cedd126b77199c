"""The border of the journal: what an event may bring in, and what stays outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ossmend.daemon.stages.triage import sanitised
from ossmend.remediators.contract.case import Event

SECRET = "Planted01SecretOf30Signs000001"
EVENT = Event(source="t", code="AccessDenied", bucket="b", key="2024/a.csv", access_key_id="LTAI5tExampleKey0001")


@pytest.mark.parametrize("field", ["key", "user_agent", "message", "url", "client", "origin", "sample", "version_id"])
@pytest.mark.parametrize("shape", ["x?Signature={}", "x secret={}", "x oss2.Auth('LTAI5tExampleKey0001', '{}')"])
def test_no_field_of_an_event_brings_a_secret_in(field: str, shape: str) -> None:
    changed: dict[str, Any] = {field: shape.format(SECRET)}
    event = replace(EVENT, **changed)
    assert SECRET not in repr(sanitised(event))


@pytest.mark.parametrize("name", ["appSecret", "password", "x-oss-security-token", "Signature", "Authorization"])
def test_a_field_whose_name_says_secret_loses_its_value_whatever_it_looks_like(name: str) -> None:
    assert sanitised(replace(EVENT, fields={name: "hunter2"})).fields == {name: "***"}


def test_a_secret_in_a_field_of_any_name_is_removed() -> None:
    event = replace(EVENT, fields={"StringToSign": f"GET\\n\\nx-oss-security-token:{SECRET}"})
    assert SECRET not in repr(sanitised(event))


def test_what_holds_no_secret_is_the_same_event() -> None:
    event = replace(EVENT, message="You have no right to access this object.", fields={"Ec": "0003-00000001"})
    assert sanitised(event) is event


def test_an_access_key_id_is_no_secret_and_stays_whole() -> None:
    assert sanitised(EVENT).access_key_id == EVENT.access_key_id
