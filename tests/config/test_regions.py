"""The table of OSS's hosts, both ways; what is not OSS's is no region's."""

from __future__ import annotations

import pytest

from ossmend.config.load import ConfigRefused, load_text
from ossmend.config.regions import GONE, REGIONS, Meant, Network, host_of, meant, region_of


@pytest.mark.parametrize(
    ("region", "network", "host"),
    [
        ("cn-hangzhou", "public", "oss-cn-hangzhou"),
        ("cn-hangzhou", "internal", "oss-cn-hangzhou-internal"),
        ("cn-hangzhou", "dual-stack", "cn-hangzhou.oss"),
        ("cn-hangzhou", "accelerate", "oss-accelerate"),
        ("cn-hangzhou-finance", "public", "oss-cn-hzfinance"),
        ("cn-hangzhou-finance", "internal", "oss-cn-hzfinance-internal"),
        ("cn-shenzhen-finance-1", "public", "oss-cn-szfinance"),
        ("cn-shenzhen-finance-1", "internal", "oss-cn-shenzhen-finance-1-internal"),
        ("cn-shanghai-finance-1", "public", "oss-cn-shanghai-finance-1-pub"),
        ("cn-shanghai-finance-1", "dual-stack", "oss-cn-shanghai-finance-1-pub"),
        ("cn-north-2-gov-1", "public", "oss-cn-north-2-gov-1-internal"),
        ("xx-new-1", "public", "oss-xx-new-1"),
    ],
)
def test_a_region_has_its_host_by_the_table_then_by_the_rule(region: str, network: Network, host: str) -> None:
    assert host_of(region, network) == f"{host}.aliyuncs.com"


@pytest.mark.parametrize("network", ["public", "internal", "dual-stack"])
@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_regions_host_leads_back_to_it(region: str, network: Network) -> None:
    assert region_of(host_of(region, network)) == region
    assert region_of(f"reports.{host_of(region, network)}", bucket="reports") == region


@pytest.mark.parametrize(
    "host",
    [
        "oss-accelerate.aliyuncs.com",
        "oss-accelerate-overseas.aliyuncs.com",
        "oss-cn-hangzhou.example.com",
        "oss-cn-hangzhou.aliyuncs.com.example.com",
        "reports.oss-cn-hangzhou.aliyuncs.com",  # whose first part is not known to be the bucket
        "ram.aliyuncs.com",
        "127.0.0.1",
        "",
    ],
)
def test_a_host_that_serves_no_one_region_has_none(host: str) -> None:
    assert region_of(host) is None


def test_an_older_name_of_a_finance_region_is_known() -> None:
    assert region_of("oss-cn-beijing-finance-1.aliyuncs.com") == "cn-beijing-finance-1"
    assert region_of("S3.oss-cn-hangzhou.aliyuncs.com.") == "cn-hangzhou"


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("https://oss-cn-hangzhou.aliyuncs.com/", "cn-hangzhou"),
        ("reports.oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("cn-hangzhou.oss.aliyuncs.com", "cn-hangzhou"),
        ("s3.oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou"),
        ("oss-cn-hangzhou", "cn-hangzhou"),
        ("oss-cn-hangzhu", "cn-hangzhou"),
        ("cn_hangzhou", "cn-hangzhou"),
        ("CN-Hangzhou", "cn-hangzhou"),
        ("Hangzhou", "cn-hangzhou"),
        ("cn-hangzhou-h", "cn-hangzhou"),
        ("oss-cn-hzfinance", "cn-hangzhou-finance"),
        ("us_west1", "us-west-1"),
    ],
)
def test_a_region_is_known_by_what_people_write_in_its_place(written: str, region: str) -> None:
    assert meant(written) == Meant(region)


@pytest.mark.parametrize(
    "written", ["cn-hangzhou-internal", "oss-cn-hangzhou-internal", "https://oss-cn-hangzhou-internal.aliyuncs.com"]
)
def test_the_name_of_an_internal_host_is_its_region_and_the_internal_network(written: str) -> None:
    assert meant(written) == Meant("cn-hangzhou", internal=True)


@pytest.mark.parametrize("written", ["", "xx-new-1", "cn-xian", "oss-accelerate.aliyuncs.com", "https://[", "杭州"])
def test_what_is_like_no_region_is_taken_for_none(written: str) -> None:
    assert meant(written) is None


def test_nobody_is_sent_to_a_region_that_is_gone() -> None:
    assert all(meant(f"{each}x") != Meant(each) for each in GONE)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("oss-cn-hangzhou.aliyuncs.com", 'write "cn-hangzhou", as'),
        ("oss-cn-hangzhou-internal", 'write "cn-hangzhou" and network: internal, as'),
        ("oss-xx-new-1", 'write "xx-new-1", as'),
        ("cn_hangzhou", 'write "cn-hangzhou", as'),
        ("Hangzhou", 'write "cn-hangzhou", as'),
    ],
)
def test_what_a_refusal_says_to_write_for_a_region_is_taken(written: str, said: str) -> None:
    with pytest.raises(ConfigRefused, match=f"cloud.region: expected the bare region; {said} signatures need it"):
        load_text(f"version: 1\ncloud: {{ region: '{written}' }}\n")
    load_text(f"version: 1\ncloud: {{ region: {said.split(chr(34))[1]} }}\n")
