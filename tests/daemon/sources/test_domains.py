"""A refusal at a bucket's own domain is of that bucket, where the configuration says whose domain it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ossmend.config.load import load_text
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources import Batch
from ossmend.daemon.sources.domains import with_bucket
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.agreement import one
from ossmend.remediators.contract.case import Event, Origin, Reading
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef, ObjectRef

DOMAINS = {"files.example.com": "reports-cn"}
BODY = (
    "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's state</Message>"
    "<RequestId>692A3A80C0FFEE1200000003</RequestId><HostId>{host}</HostId></Error>"
)
LINE = "2026-11-29 14:02:00 ERROR GET https://{host}/2024/q3.csv failed: " + BODY


def told(host: str = "files.example.com") -> Event:
    (event,) = events_in(LINE.format(host=host), source="test")
    return event


def test_the_bucket_of_a_domain_is_the_configurations() -> None:
    event = with_bucket(told(), DOMAINS)
    assert (event.bucket, event.key, event.origins["bucket"]) == ("reports-cn", "2024/q3.csv", Origin.URI)


@pytest.mark.parametrize("host", ["FILES.example.com", "files.example.com.", "files.example.com:443"])
def test_however_its_name_is_written(host: str) -> None:
    assert with_bucket(replace(told(), host=host), DOMAINS).bucket == "reports-cn"


@pytest.mark.parametrize("host", ["other.example.com", "files.example.com.evil.com", "evil-files.example.com"])
def test_another_domain_is_nobodys(host: str) -> None:
    assert with_bucket(told(host), DOMAINS).bucket is None


def test_what_names_its_bucket_keeps_it() -> None:
    named = replace(told(), bucket="web-cn")
    assert with_bucket(named, DOMAINS) is named


def test_what_may_mean_several_objects_is_left_to_its_readings() -> None:
    readings = (Reading(ObjectRef("a-b-c", "k"), Origin.BODY), Reading(ObjectRef("a-b-d", "k"), Origin.BODY))
    several = replace(told(), readings=readings)
    assert with_bucket(several, DOMAINS) is several


def test_without_a_domain_nothing_changes() -> None:
    assert with_bucket(told(), {}).bucket is None


def test_a_batch_takes_the_domains_of_its_sources_account() -> None:
    (event,) = Batch((told(),), {}).of("low", AccountRef("prod"), DOMAINS).events
    assert (event.bucket, event.account, event.trust) == ("reports-cn", AccountRef("prod"), "low")


CONFIG = """
version: 1
cloud: { region: cn-hangzhou, domains: { reports-cn: "https://Files.example.com" } }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "reports-*" } } ]
"""


def test_explain_says_the_bucket_and_which_policy_takes_it() -> None:
    (event,) = explain_text(LINE.format(host="files.example.com"), config=load_text(CONFIG))["events"]
    assert (event["bucket"], event["key"], event["case"]["policy"]) == ("reports-cn", "2024/q3.csv", "thaw")


def test_each_account_has_its_own_domains_and_who_names_none_has_all() -> None:
    config = load_text("""
version: 1
cloud: { region: cn-hangzhou, domains: { reports-cn: "https://files.example.com" } }
accounts:
  - { name: prod, credentials: { profile: prod } }
  - { name: data, credentials: { profile: data }, domains: { lake-cn: "https://lake.example.com" } }
""")
    assert config.domains_of(AccountRef("prod")) == DOMAINS
    assert config.domains_of(AccountRef("data")) == {"lake.example.com": "lake-cn"}
    assert config.domains_of(ANY_ACCOUNT) == {**DOMAINS, "lake.example.com": "lake-cn"}


def test_a_write_may_be_named_by_it() -> None:
    class Nobody:
        def object(self, ref: ObjectRef) -> object:
            pytest.fail("a single reading asks nobody")

    found = one(with_bucket(told(), DOMAINS), Nobody(), lambda _: True)  # type: ignore[arg-type]  # is not asked
    assert found == ObjectRef("reports-cn", "2024/q3.csv")
