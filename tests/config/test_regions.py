"""The table of OSS's hosts, both ways; what is not OSS's is no region's."""

from __future__ import annotations

import pytest

from ossmend.config.regions import REGIONS, Network, host_of, region_of


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
