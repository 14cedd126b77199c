"""A new bucket is what its request says, headers included; a request that OSS refuses makes none."""

from __future__ import annotations

import alibabacloud_oss_v2 as oss_v2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, v2_client

GROUP = "rg-acfmw2abcd00000"


def test_a_new_bucket_has_the_tags_and_the_group_that_its_request_names(sim: Running) -> None:
    client = v2_client(sim)
    client.put_bucket(
        oss_v2.PutBucketRequest("new-bucket", resource_group_id=GROUP, bucket_tagging="colour=red&shape=very%20round")
    )
    told = client.get_bucket_info(oss_v2.GetBucketInfoRequest("new-bucket")).bucket_info
    assert told.resource_group_id == GROUP
    tags = client.get_bucket_tags(oss_v2.GetBucketTagsRequest("new-bucket")).tagging.tag_set.tags
    assert [(tag.key, tag.value) for tag in tags] == [("colour", "red"), ("shape", "very round")]


def test_a_new_bucket_without_them_has_no_tags_and_the_default_group(sim: Running, wire: Wire) -> None:
    assert wire.signed("PUT", "new-bucket").status_code == 200
    assert "<ResourceGroupId>rg-default<" in wire.signed("GET", "new-bucket", query="bucketInfo").text
    assert "<Tag>" not in wire.signed("GET", "new-bucket", query="tagging").text


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("x-oss-resource-group-id", "rg-x", "ResourceGroupIdPreCheckError"),
        ("x-oss-bucket-tagging", "a=1&a=2", "InvalidTag"),
    ],
)
def test_a_request_with_a_group_or_tags_that_are_none_makes_no_bucket(
    sim: Running, wire: Wire, name: str, value: str, code: str
) -> None:
    refused = wire.signed("PUT", "new-bucket", headers={name: value})
    assert (refused.status_code, f"<Code>{code}<" in refused.text) == (400, True)
    assert wire.signed("HEAD", "new-bucket").status_code == 404
