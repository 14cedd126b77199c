"""OSS's access log in a bucket or in files: one of them, each believed as far as whoever may write there."""

from __future__ import annotations

import pytest

from ossmend.config.load import ConfigRefused, load_text
from ossmend.config.model import Config


def loaded(source: str, rest: str = "") -> Config:
    return load_text(f"version: 1\ncloud: {{ region: cn-hangzhou }}\nsources: [ {{ access_log: {source} }} ]\n{rest}")


def test_files_are_believed_less_than_the_bucket_until_somebody_says_otherwise() -> None:
    assert [loaded(source).sources[0].trust for source in ("{ bucket: logs }", "{ path: /srv/logs/* }")] == [
        "high",
        "low",
    ]
    assert loaded("{ path: /srv/logs/*, trust: high }").sources[0].trust == "high"


def test_files_need_no_permission_and_belong_to_this_machine() -> None:
    given = loaded("{ path: /srv/logs/* }").sources[0].given
    assert (given.name, given.local, given.needs) == ("access_log:/srv/logs/*", True, ())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{ prefix: oss/ }", "exactly one of bucket, path"),
        ("{ bucket: logs, path: /srv/logs/a }", "exactly one of bucket, path"),
        ("{ path: logs/a }", "absolute"),
        ("{ path: /srv/logs/a, prefix: oss/ }", "prefix belongs to bucket"),
        ("{ bucket: logs, start: end }", "start belongs to path"),
    ],
)
def test_what_does_not_go_together_is_refused(source: str, said: str) -> None:
    with pytest.raises(ConfigRefused, match=said):
        loaded(source)


def test_files_that_anybody_may_write_are_no_witness() -> None:
    policy = 'policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "*" }, confirm: access_log } ]'
    with pytest.raises(ConfigRefused, match="trusted"):
        loaded("{ path: /srv/logs/* }", policy)
    assert loaded("{ path: /srv/logs/*, trust: high }", policy).has_witness


def test_files_are_read_with_nobodys_credentials() -> None:
    accounts = "accounts: [ { name: prod }, { name: data, credentials: { profile: data } } ]"
    with pytest.raises(ConfigRefused, match="whose credentials"):
        loaded("{ bucket: logs }", accounts)
    assert loaded("{ path: /srv/logs/* }", accounts).sources[0].name == "access_log:/srv/logs/*"
