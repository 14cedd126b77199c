"""A refusal at a bucket's own domain is of that bucket, where the configuration says whose domain it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from ossmend.config.load import load_text
from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.explain.text import explain_text
from ossmend.daemon.sources import build_sources
from ossmend.daemon.sources.parsers import events_in
from ossmend.remediators.agreement import one
from ossmend.remediators.contract.case import Event, Origin
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef, ObjectRef
from tests.daemon.cloud.stubs import HandClock

DOMAINS = {"files.example.com": "reports-cn"}
BODY = (
    "<Error><Code>InvalidObjectState</Code><Message>The operation is not valid for the object's state</Message>"
    "<RequestId>692A3A80C0FFEE1200000003</RequestId><HostId>{host}</HostId></Error>"
)
LINE = "2026-11-29 14:02:00 ERROR GET https://{host}/2024/q3.csv failed: " + BODY


def told(host: str = "files.example.com", line: str = LINE, domains: Mapping[str, str] = DOMAINS) -> Event:
    (event,) = events_in(line.format(host=host), source="test", domains=domains)
    return event


def test_the_bucket_of_a_domain_is_the_configurations() -> None:
    event = told()
    assert (event.bucket, event.key, event.origins["bucket"]) == ("reports-cn", "2024/q3.csv", Origin.BODY)


@pytest.mark.parametrize("host", ["FILES.example.com", "files.example.com.", "files.example.com:443"])
def test_however_its_name_is_written(host: str) -> None:
    assert told(host).bucket == "reports-cn"


@pytest.mark.parametrize("host", ["other.example.com", "files.example.com.evil.com", "evil-files.example.com"])
def test_another_domain_is_nobodys(host: str) -> None:
    assert told(host).bucket is None


@pytest.mark.parametrize(
    "line",
    [
        "ERROR HEAD https://{host}/2024/q3.csv 403 x-oss-request-id: 692A3A80C0FFEE1200000003 x-oss-ec: 0003-00000001",
        '{{"url": "https://{host}/2024/q3.csv", "code": "AccessDenied", "requestId": "692A3A80C0FFEE1200000003"}}',
    ],
)
def test_the_address_of_the_refused_request_names_it_where_oss_has_said_no_host(line: str) -> None:
    """OSS answers a HEAD without a body."""
    event = told(line=line)
    assert (event.host, event.object) == (None, ObjectRef("reports-cn", "2024/q3.csv"))
    assert event.origins["bucket"] is Origin.REQUEST


def test_a_link_to_the_domain_is_no_request() -> None:
    line = (
        "2026-11-29 14:02:00 ERROR see https://{host}/index.html; "
        "Code: AccessDenied, RequestId: 692A3A80C0FFEE1200000003"
    )
    assert told(line=line).bucket is None


def test_a_bucket_that_oss_itself_names_goes_first() -> None:
    body = BODY.replace("</HostId>", "</HostId><BucketName>web-cn</BucketName>")
    assert told(line=f"2026-11-29 14:02:00 ERROR {body}").bucket == "web-cn"


@pytest.mark.parametrize("elsewhere", ["oss://lake-cn", "https://lake-cn.oss-cn-hangzhou.aliyuncs.com"])
def test_what_oss_refused_at_the_domain_is_not_what_stands_beside_it(elsewhere: str) -> None:
    """A copy has the same key on both sides: the other one was not refused, and nothing is written to it."""
    body = BODY.replace("</HostId>", "</HostId><ObjectName>2024/q3.csv</ObjectName>")
    event = told(line=f"2026-11-29 14:02:00 ERROR copying {elsewhere}/2024/q3.csv failed: {body}")
    assert (event.object, event.readings) == (ObjectRef("reports-cn", "2024/q3.csv"), ())


@pytest.mark.parametrize(
    "told_of",
    [
        '"key": "a%20b.csv"',
        '"key": "/a.csv"',
        '"key": " a.csv"',
        '"key": "a.csv", "url": "https://{host}/b.csv"',
    ],
)
def test_what_may_mean_several_objects_means_them_at_a_domain_too(told_of: str) -> None:
    """So that the world is asked which of them is meant, before one is written to."""
    line = '{{"code": "InvalidObjectState", "status": 403, "requestId": "692A3A80C0FFEE1200000003", '
    line += f'"hostId": "{{host}}", {told_of}}}}}'
    usual = told("reports-cn.oss-cn-hangzhou.aliyuncs.com", line)
    assert len(usual.readings) == 2
    assert [each.ref for each in told(line=line).readings] == [each.ref for each in usual.readings]


def test_without_a_domain_nothing_changes() -> None:
    assert told(domains={}).bucket is None


def test_a_file_is_read_with_the_domains_of_its_sources_account(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(f"{LINE.format(host='files.example.com')}\n", encoding="utf-8")
    os.utime(log, (0, 0))  # nobody writes to it any more
    config = load_text(f"""
version: 1
cloud: {{ region: cn-hangzhou }}
accounts:
  - {{ name: prod, credentials: {{ profile: prod }}, domains: {{ reports-cn: "https://files.example.com" }} }}
  - {{ name: data, credentials: {{ profile: data }} }}
state: {{ path: {tmp_path}/state }}
sources:
  - app_log: {{ path: "{log}", start: beginning, account: prod }}
  - app_log: {{ path: "{tmp_path}/app.*", start: beginning, account: data }}
  - app_log: {{ path: "{tmp_path}/*.log", start: beginning }}
""")
    found = build_sources(config, HandClock(), lambda _: Cloud.__new__(Cloud), None)
    read = [event for each in found for event in each.source.read(None).of(each.trust, each.account).events]
    assert [(event.bucket, event.account) for event in read] == [
        ("reports-cn", AccountRef("prod")),
        (None, AccountRef("data")),
        ("reports-cn", ANY_ACCOUNT),
    ]


CONFIG = """
version: 1
cloud: { region: cn-hangzhou, domains: { reports-cn: "https://Files.example.com" } }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "reports-*" } } ]
"""


def test_explain_says_the_bucket_and_which_policy_takes_it() -> None:
    (event,) = explain_text(LINE.format(host="files.example.com"), config=load_text(CONFIG))["events"]
    assert (event["bucket"], event["key"], event["case"]["policy"]) == ("reports-cn", "2024/q3.csv", "thaw")


def test_explain_does_not_guess_a_bucket_that_the_domain_tells() -> None:
    """An audit does not guess either: both count it in one case."""
    text = "our bucket is photos-cn\n" + "2026-11-29 14:02:00 ERROR " + BODY.format(host="files.example.com")
    (event,) = explain_text(text, config=load_text(CONFIG))["events"]
    assert event["bucket"] == "reports-cn"


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

    found = one(told(), Nobody(), lambda _: True)  # type: ignore[arg-type]  # is not asked
    assert found == ObjectRef("reports-cn", "2024/q3.csv")
