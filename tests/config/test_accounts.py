"""Several accounts in the file: what an entry leaves out, who takes what, and what nobody could tell apart."""

from __future__ import annotations

import pytest

from ossmend.config.load import ConfigRefused, load_text
from ossmend.config.model import Config
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.values import ANY_ACCOUNT, AccountRef

HEAD = "version: 1\ncloud: { region: cn-hangzhou, endpoint: 'https://oss-cn-hangzhou-internal.aliyuncs.com' }\n"
TWO = """
accounts:
  - { name: prod, credentials: { ecs_role: ossmend } }
  - { name: data, region: cn-shanghai, concurrency: 4 }
"""
THAW = "policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: '*' }%s } ]\n"


def config(text: str, accounts: str = TWO) -> Config:
    return load_text(HEAD + accounts + text)


def complaints(text: str, accounts: str = TWO) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        config(text, accounts)
    return [f"{each.path}: {each.message} {each.suggestion or ''}".strip() for each in refused.value.problems]


def event(account: AccountRef) -> Event:
    return Event(source="t", code="InvalidObjectState", bucket="b", key="k", account=account)


def test_without_accounts_there_is_the_one_that_always_was() -> None:
    alone = config(THAW % "", "")
    assert list(alone.clouds) == ["default"]
    assert alone.home == AccountRef()
    assert alone.clouds["default"] is alone.cloud


def test_an_account_is_as_cloud_says_but_for_what_it_says_itself() -> None:
    prod, data = config("").clouds.values()
    assert (prod.region, prod.endpoint, prod.concurrency) == ("cn-hangzhou", config("").cloud.endpoint, 32)
    assert prod.credentials is not None
    assert (data.region, data.concurrency, data.credentials) == ("cn-shanghai", 4, None)
    assert data.endpoint is None, "a host of another region would serve none of its buckets"


def test_a_policy_takes_the_events_of_its_account_alone() -> None:
    known = config(THAW % ", account: data")
    assert known.taking(event(AccountRef("prod"))) is None
    for account in (AccountRef("data"), ANY_ACCOUNT):
        policy = known.taking(event(account))
        assert policy is not None
        assert known.settled(event(account), policy) == AccountRef("data")


def test_a_policy_for_all_takes_each_accounts_events_where_they_are() -> None:
    known = config(THAW % ", account: '*'")
    for name in ("prod", "data"):
        policy = known.taking(event(AccountRef(name)))
        assert policy is not None
        assert known.settled(event(AccountRef(name)), policy) == AccountRef(name)


def test_what_only_tells_needs_no_account_and_is_looked_into_by_the_first() -> None:
    known = config("policies: [ { name: keys, on: InvalidAccessKeyId } ]\n")
    assert known.settled(event(ANY_ACCOUNT), known.policies[0]) == AccountRef("prod")


def test_a_source_says_whose_events_it_has() -> None:
    known = config("sources: [ { app_log: { path: /a, account: data } }, { app_log: { path: /b } } ]\n")
    assert [known.account_of(each.given) for each in known.sources] == [AccountRef("data"), ANY_ACCOUNT]


def test_one_account_is_not_ambiguous() -> None:
    one = "accounts: [ { name: prod } ]\n"
    known = config("sources: [ { access_log: { bucket: logs } } ]\n" + THAW % "", one)
    assert known.account_of(known.sources[0].given) == AccountRef("prod")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (THAW % "", "must say in which account: prod or data; all of them are"),
        (THAW % ", account: prdo", 'accounts has no "prdo"; it has prod, data'),
        (THAW % ", account: Prod", "expected the name of an account"),
        ("sources: [ { app_log: { path: /a, account: '*' } } ]\n", "expected a name"),
        ("sources: [ { access_log: { bucket: logs } } ]\n", "with whose credentials is it read? prod or data"),
        ("sources: [ { app_log: { path: /a } } ]\n" + THAW % ", account: '*'",
         "policy thaw writes in every account, and nobody could tell in which: prod or data"),
    ],
)  # fmt: skip
def test_what_nobody_could_tell_is_refused(text: str, said: str) -> None:
    assert any(said in each for each in complaints(text)), complaints(text)


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ("accounts: [ { name: a }, { name: a, credentials: { ecs_role: x } } ]\n", '"a" is already accounts[0]'),
        ("accounts: [ { name: a }, { name: b } ]\n", "this would be the same account"),
        ("accounts: [ { name: a, endpoint: 'https://oss-cn-beijing.aliyuncs.com' } ]\n", "is in cn-beijing, but"),
        ("accounts: [ { name: a, regoin: cn-hangzhou } ]\n", "region"),
    ],
)
def test_accounts_that_do_not_fit_are_refused(accounts: str, said: str) -> None:
    assert any(said in each for each in complaints("", accounts)), complaints("", accounts)


def test_an_account_is_not_named_where_there_are_none() -> None:
    assert any("there are no accounts in this file" in each for each in complaints(THAW % ", account: prod", ""))


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    assert any(each.endswith("prod") for each in complaints(THAW % ", account: prdo"))


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("{ region: cn-beijing, endpoint: 'https://cn-hangzhou.log.aliyuncs.com' }", "cn-beijing"),
        ("{ region: cn-beijing, endpoint: 'https://cn-hangzhou-intranet.log.aliyuncs.com' }", "cn-beijing"),
        ("{ endpoint: 'https://cn-hangzhou.log.aliyuncs.com' }", "cn-shanghai"),
        ("{ account: prod, endpoint: 'https://cn-hangzhou.log.aliyuncs.com' }", "cn-shanghai"),
    ],
)
def test_a_log_is_asked_for_in_its_own_region(written: str, region: str) -> None:
    accounts = "accounts: [ { name: prod, region: cn-shanghai } ]\n"
    with pytest.raises(ConfigRefused) as refused:
        load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\n{accounts}sources: [ {{ sls: {written} }} ]\n")
    (told,) = refused.value.problems
    assert (told.path, told.message) == (
        "sources[0].sls.endpoint", f"is in cn-hangzhou, but the log's region is {region}"
    )  # fmt: skip


@pytest.mark.parametrize(
    "host", ["cn-hangzhou.log.aliyuncs.com", "cn-hangzhou-intranet.log.aliyuncs.com", "xx-new-9.log.aliyuncs.com",
             "log-global.aliyuncs.com", "logs.example.com"]
)  # fmt: skip
def test_a_log_may_be_asked_for_at_any_host_of_its_region_or_of_one_that_nobody_knows(host: str) -> None:
    load_text(
        f"version: 1\ncloud: {{ region: cn-hangzhou }}\nsources: [ {{ sls: {{ endpoint: 'https://{host}' }} }} ]\n"
    )


# ------------------------------------------------------------------------------------------------------------ domains


def with_domains(domains: str, accounts: str = "") -> Config:
    return load_text(f"version: 1\ncloud: {{ region: cn-hangzhou, domains: {domains} }}\n{accounts}")


def refused_domains(domains: str, accounts: str = "") -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        with_domains(domains, accounts)
    return [f"{each.path}: {each.message}" for each in refused.value.problems]


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("https://files.example.com", "https://files.example.com"),
        ("https://Files.Example.com/", "https://files.example.com"),
        ("https://files.example.com.:8443", "https://files.example.com:8443"),
        ("http://files.localhost:9300", "http://files.localhost:9300"),
    ],
)
def test_a_domain_is_scheme_name_and_port(written: str, taken: str) -> None:
    assert with_domains(f"{{ reports-cn: '{written}' }}").cloud.domains == {"reports-cn": taken}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("files.example.com", "expected https://HOST"),
        ("http://files.example.com", "expected https"),
        ("https://files.example.com/reports", "expected scheme, host and port only"),
        ("https://me:pw@files.example.com", "without user and password"),
        ("https://reports-cn.oss-cn-hangzhou.aliyuncs.com", "is OSS's: leave it out, for a bucket without a domain"),
        ("https://OSS-cn-hangzhou.aliyuncs.com.", "is OSS's: leave it out, for a bucket without a domain"),
        ("https://reports-cn.oss-cn-hangzhou-internal.aliyuncs.com", "leave it out, and write network: internal"),
        ("https://reports-cn.oss-accelerate.aliyuncs.com", "leave it out, and write network: accelerate"),
        ("http://127.0.0.1:9300", "expected a domain's name"),
        ("http://localhost:9300", "expected a domain's name"),
        ("http://[::1]:9300", "expected a domain's name"),
        ("https://dateien.bücher.example", "expected a domain's name"),
    ],
)
def test_what_is_no_domain_of_ones_own_is_refused_at_its_place(written: str, said: str) -> None:
    (told,) = refused_domains(f"{{ reports-cn: '{written}' }}")
    assert told.startswith("cloud.domains.reports-cn: ")
    assert said in told


def test_what_is_no_buckets_name_has_no_domain() -> None:
    (told,) = refused_domains("{ Reports_CN: 'https://files.example.com' }")
    assert told.startswith("cloud.domains.Reports_CN: expected a bucket's name")


@pytest.mark.parametrize(
    "again",
    [
        "https://files.example.com",
        "https://FILES.example.com/",
        "https://files.example.com:443",
        "https://files.example.com:8443",
        "https://files.example.com.",
    ],
)
def test_a_domain_of_two_buckets_is_refused(again: str) -> None:
    (told,) = refused_domains(f"{{ first-one: 'https://files.example.com', second: '{again}' }}")
    assert told == (
        "cloud.domains.second: is the domain of first-one already (cloud.domains), and leads to one bucket alone"
    )


def test_a_domain_of_two_buckets_is_refused_across_accounts_too() -> None:
    accounts = "accounts: [ { name: prod, domains: { second: 'https://files.example.com' } } ]\n"
    (told,) = refused_domains("{ first-one: 'https://files.example.com' }", accounts)
    assert told.startswith("accounts[0].domains.second: is the domain of first-one already (cloud.domains)")


def test_an_accounts_domains_take_the_place_of_clouds() -> None:
    accounts = (
        "accounts:\n  - { name: prod, credentials: { ecs_role: x } }\n"
        "  - { name: data, domains: { lake: 'https://lake.example.com' } }\n"
        "  - { name: none, credentials: { ecs_role: y }, domains: {} }\n"
    )
    known = with_domains("{ reports-cn: 'https://files.example.com' }", accounts)
    assert {name: dict(each.domains) for name, each in known.clouds.items()} == {
        "prod": {"reports-cn": "https://files.example.com"},
        "data": {"lake": "https://lake.example.com"},
        "none": {},
    }


def test_open_cases_are_planned_again_once_a_bucket_has_a_domain() -> None:
    plain = load_text("version: 1\ncloud: { region: cn-hangzhou }\n")
    assert with_domains("{}").digest == plain.digest
    assert with_domains("{ reports-cn: 'https://files.example.com' }").digest != plain.digest
