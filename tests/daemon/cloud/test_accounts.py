"""Each account has a port of its own: its own credentials, endpoints, slots and breakers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ossmend.daemon.cloud.accounts import Accounts
from ossmend.daemon.cloud.settings import CloudSettings
from ossmend.daemon.cloud.wire.errors import NotAsked
from ossmend.remediators.contract.values import DEFAULT_ACCOUNT, AccountRef
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.stubs import StillClock, answer, liar, ref, refused_port, settings_for

DATA = AccountRef("data")


@contextmanager
def accounts(may_write: bool = True, **settings: CloudSettings) -> Iterator[Accounts]:
    made = Accounts(settings, StillClock(), may_write=may_write)
    yield made
    made.close()


def test_an_accounts_port_is_made_once() -> None:
    with accounts(default=settings_for(refused_port())) as known:
        assert known.of(DEFAULT_ACCOUNT) is known.of(AccountRef())
        assert known.of(DEFAULT_ACCOUNT) is known.of(AccountRef(region="cn-hangzhou")), "its own region, spelt out"


def test_each_account_signs_with_its_own_key() -> None:
    with liar(answer(200)) as server:
        one, other = (settings_for(server.url, key=(f"LTAI5tAccountNumber{n}234567", "s")) for n in (1, 2))
        with accounts(default=one, data=other) as known:
            known.of(DEFAULT_ACCOUNT).view(()).object(ref("k"))
            known.of(DATA).view(()).object(ref("k"))
        assert ["AccountNumber1" in head for head in server.heads] == [True, False]
        assert ["AccountNumber2" in head for head in server.heads] == [False, True]


def test_an_account_whose_endpoint_is_dead_leaves_the_other_one_alone() -> None:
    with (
        liar(answer(200)) as server,
        accounts(default=settings_for(server.url), data=settings_for(refused_port())) as known,
    ):
        for _ in range(3):
            with pytest.raises(TryAgain):
                known.of(DATA).view(()).object(ref("k"))
        known.of(DEFAULT_ACCOUNT).view(()).object(ref("k"))


def test_an_account_that_the_configuration_does_not_know_is_refused() -> None:
    with accounts(default=settings_for(refused_port())) as known, pytest.raises(Refused, match="'gone'"):
        known.of(AccountRef("gone"))


def test_another_region_is_signed_for_and_asked_at_its_own_host() -> None:
    public = replace(settings_for("https://oss-cn-hangzhou.aliyuncs.com"), rpc_endpoint=None)
    with accounts(default=public, simulated=settings_for(refused_port())) as known:
        shanghai = known.of(AccountRef(region="cn-shanghai"))
        assert shanghai is not known.of(DEFAULT_ACCOUNT)
        assert shanghai._settings.oss_url == "https://oss-cn-shanghai.aliyuncs.com"
        assert shanghai._settings.bare_region == "cn-shanghai"
        simulated = known.of(AccountRef("simulated", "cn-shanghai"))
        assert simulated._settings.oss_url == refused_port(), "one address serves all regions"


def test_a_dry_run_has_no_executor_in_any_account() -> None:
    settings = settings_for(refused_port())
    with accounts(may_write=False, default=settings, data=settings) as known:
        assert [known.of(each).executor for each in (DEFAULT_ACCOUNT, DATA, AccountRef("data", "cn-shanghai"))] == [
            None
        ] * 3


def test_cutting_cuts_all_accounts_and_those_that_are_asked_for_later() -> None:
    with liar(answer(200)) as server:
        settings = settings_for(server.url)
        with accounts(default=settings, data=settings) as known:
            before = known.of(DEFAULT_ACCOUNT)
            known.cut()
            for port in (before, known.of(DATA)):
                with pytest.raises(NotAsked, match="stopping"):
                    port.view(()).object(ref("k"))
        assert server.heads == []


def test_a_request_of_any_account_is_our_own() -> None:
    with (
        liar(answer(200)) as server,
        accounts(default=settings_for(refused_port()), data=settings_for(server.url)) as known,
    ):
        known.of(DEFAULT_ACCOUNT)
        known.of(DATA).view(()).object(ref("k"))
        assert known.is_own_request("66F10B88AAAAAAAAAAAAAAAA")
        assert not known.is_own_request("66F10B88BBBBBBBBBBBBBBBB")
