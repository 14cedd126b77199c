"""Needs become few statements that a person can read, and documents that RAM takes."""

from __future__ import annotations

import json

from ossmend.daemon.permissions.document import LIMIT, documents, statements, text
from ossmend.daemon.permissions.needs import Need


def need(action: str, resource: str, *, writes: bool = False) -> Need:
    return Need("policy p", "Call", action, resource, writes=writes)


def test_actions_on_the_same_resources_share_a_statement_and_writes_stand_apart() -> None:
    made = statements(
        [need("oss:PutBucketCors", "b", writes=True), need("oss:GetBucketCors", "b"), need("oss:GetBucketInfo", "b")]
    )
    assert [each["Action"] for each in made] == [["oss:GetBucketCors", "oss:GetBucketInfo"], ["oss:PutBucketCors"]]


def test_what_a_wider_resource_covers_is_not_said_again() -> None:
    several = [need("oss:GetObject", f"acs:oss:*:*:{place}") for place in ("a/*", "a/2024/*", "b/*")]
    assert statements(several)[0]["Resource"] == ["acs:oss:*:*:a/*", "acs:oss:*:*:b/*"]


def test_the_log_services_of_several_regions_are_each_named() -> None:
    place = "project/oss-log-*/logstore/oss-log-store"
    stores = [f"acs:log:cn-beijing:*:{place}", f"acs:log:cn-hangzhou:*:{place}"]
    (made,) = statements([need("log:ListShards", store) for store in stores])
    assert made["Resource"] == stores
    everywhere = f"acs:log:*:*:{place}"
    (made,) = statements([need("log:ListShards", store) for store in (*stores, everywhere)])
    assert made["Resource"] == [everywhere]


def test_a_long_configuration_becomes_several_documents_that_ram_takes_and_nothing_is_lost() -> None:
    several = [need("oss:GetObject", f"acs:oss:*:*:bucket-number-{number}/*") for number in range(400)]
    made = documents(several)
    assert len(made) > 1
    assert all(len(text(each)) <= LIMIT for each in made)
    told = {resource for each in made for one in each["Statement"] for resource in one["Resource"]}
    assert told == {each.resource for each in several}


def test_nothing_needed_is_no_document() -> None:
    assert documents([]) == []


def test_a_document_that_fits_is_written_for_people() -> None:
    (made,) = documents([need("oss:GetObject", "acs:oss:*:*:报表/*")])
    assert text(made).count("\n") > 5
    assert "报表" in text(made)
    assert json.loads(text(made)) == made
