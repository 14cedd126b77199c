"""Inventories are kept, listed in pages and given back as OSS spells them; none is ever made."""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from oss2 import models

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, error_of, v2_client

NAME = "examplebucket"


def _inventory(inventory_id: str, storage_class: str | None = None) -> models.InventoryConfiguration:
    destination = models.InventoryBucketDestination(
        account_id="1234567890123456",
        role_arn="acs:ram::1234567890123456:role/any",
        bucket=NAME,
        inventory_format=models.INVENTORY_FORMAT_CSV,
        prefix="lists",
        sse_oss_encryption=models.InventoryServerSideEncryptionOSS(),
    )
    return models.InventoryConfiguration(
        inventory_id=inventory_id,
        is_enabled=True,
        inventory_schedule=models.InventorySchedule(frequency=models.INVENTORY_FREQUENCY_WEEKLY),
        included_object_versions=models.INVENTORY_INCLUDED_OBJECT_VERSIONS_ALL,
        inventory_filter=models.InventoryFilter("logs/", 1637883649, 1638347592, 1024, 1048576, storage_class),
        optional_fields=[models.FIELD_SIZE, models.FIELD_ETAG],
        inventory_destination=models.InventoryDestination(bucket_destination=destination),
    )


def test_an_inventory_is_given_back_as_oss_spells_it(bucket: Any) -> None:
    bucket.put_bucket_inventory_configuration(_inventory("one", "Standard,IA"))
    found = bucket.get_bucket_inventory_configuration("one")
    listed = bucket.list_bucket_inventory_configurations().inventory_configurations[0]
    for shown in (found, listed):
        assert (shown.inventory_id, shown.is_enabled, shown.included_object_versions) == ("one", True, "All")
        assert (shown.inventory_filter.prefix, shown.inventory_filter.storage_class) == ("logs/", "IA,Standard")
        assert (shown.inventory_schedule.frequency, shown.optional_fields) == ("Weekly", ["Size", "ETag"])
        target = shown.inventory_destination.bucket_destination
        assert (target.bucket, target.inventory_format, target.prefix) == (NAME, "CSV", "lists")
        assert target.sse_oss_encryption is not None


def test_the_second_sdk_finds_what_the_first_one_kept(sim: Running, bucket: Any) -> None:
    bucket.put_bucket_inventory_configuration(_inventory("one"))
    client = v2_client(sim)
    found = client.get_bucket_inventory(oss_v2.GetBucketInventoryRequest(bucket=NAME, inventory_id="one"))
    assert found.inventory_configuration.schedule.frequency == "Weekly"
    listed = client.list_bucket_inventory(oss_v2.ListBucketInventoryRequest(bucket=NAME))
    kept = listed.list_inventory_configurations_result
    assert ([one.id for one in kept.inventory_configurations], kept.is_truncated) == (["one"], False)
    asked = oss_v2.DeleteBucketInventoryRequest(bucket=NAME, inventory_id="one")
    assert [client.delete_bucket_inventory(asked).status_code for _ in range(2)] == [204, 204]


def test_a_list_has_pages_of_a_hundred(bucket: Any) -> None:
    for number in range(120):
        bucket.put_bucket_inventory_configuration(_inventory(f"list-{number:03}"))
    first = bucket.list_bucket_inventory_configurations("")
    assert (len(first.inventory_configurations), first.is_truncated, first.continuaiton_token) == (100, True, None)
    last = bucket.list_bucket_inventory_configurations(first.next_continuation_token)
    assert [one.inventory_id for one in last.inventory_configurations] == [f"list-{n}" for n in range(100, 120)]
    assert (last.is_truncated, last.next_continuation_token) == (False, None)
    assert last.continuaiton_token == first.next_continuation_token


def test_a_bucket_without_inventories_says_so(bucket: Any) -> None:
    for call in (
        bucket.list_bucket_inventory_configurations,
        lambda: bucket.get_bucket_inventory_configuration("one"),
    ):
        with pytest.raises(oss2.exceptions.NoSuchInventory):
            call()


def test_an_id_that_is_taken_is_refused(bucket: Any) -> None:
    bucket.put_bucket_inventory_configuration(_inventory("one"))
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.put_bucket_inventory_configuration(_inventory("one"))
    assert (refused.value.status, refused.value.code) == (409, "InventoryAlreadyExist")


def _document(**changes: str) -> str:
    parts = {
        "Id": "one",
        "IsEnabled": "true",
        "Filter": "<StorageClass>All</StorageClass>",
        "Destination": "<OSSBucketDestination><Format>CSV</Format><AccountId>1</AccountId>"
        "<RoleArn>acs:ram::1:role/r</RoleArn><Bucket>acs:oss:::b</Bucket></OSSBucketDestination>",
        "Schedule": "<Frequency>Daily</Frequency>",
        "IncludedObjectVersions": "Current",
        "OptionalFields": "<Field>Size</Field>",
    } | changes
    inner = "".join(f"<{name}>{text}</{name}>" for name, text in parts.items() if text)
    return f"<InventoryConfiguration>{inner}</InventoryConfiguration>"


@pytest.mark.parametrize(
    ("changes", "code", "ec"),
    [
        ({"Id": "two"}, "InvalidArgument", "0020-00000043"),
        ({"Filter": "<StorageClass>Standard,Cold</StorageClass>"}, "InvalidArgument", "0020-00000026"),
        ({"OptionalFields": "<Field>StartTime</Field>"}, "InvalidArgument", "0020-00000036"),
        ({"Schedule": "<Frequency>Hourly</Frequency>"}, "InvalidArgument", None),
        ({"IncludedObjectVersions": "Some"}, "InvalidArgument", None),
        ({"Id": ""}, "MalformedXML", None),
        ({"Destination": ""}, "MalformedXML", None),
        ({"Schedule": ""}, "MalformedXML", None),
        ({"IsEnabled": ""}, "MalformedXML", None),
        ({"IsEnabled": "perhaps"}, "MalformedXML", None),
    ],
)
def test_an_inventory_that_makes_no_sense_is_refused(
    bucket: Any, wire: Wire, changes: dict[str, str], code: str, ec: str | None
) -> None:
    query = "inventory&inventoryId=one"
    error = error_of(wire.xml("PUT", NAME, query, _document(**changes)).content)
    assert (error["Code"], ec or error["EC"]) == (code, error["EC"])
    with pytest.raises(oss2.exceptions.NoSuchInventory):
        bucket.get_bucket_inventory_configuration("one")
    assert wire.xml("PUT", NAME, query, _document()).status_code == 200


@pytest.mark.parametrize("query", ["inventory", "inventory&inventoryId", "inventory&inventoryId=a%2Fb"])
def test_an_inventory_needs_an_id_that_can_be_one(bucket: Any, wire: Wire, query: str) -> None:
    answer = wire.xml("PUT", NAME, query, _document())
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidArgument")
