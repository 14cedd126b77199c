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
