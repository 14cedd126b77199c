"""What is legal and surely not meant is warned of with its place; what is meant is left alone; nothing is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ossmend.config.load import ConfigRefused, load, load_with_doubts
from ossmend.config.rights import user

HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"
WHOLE = ("sources", "policies")
RULE = "cors_rules:\n  r: { allowed_origins: ['https://a.example.com'], allowed_methods: [GET] }\n"


def doubts(tmp_path: Path, text: str, head: str = HEAD) -> list[str]:
    """Warnings as lines, without the file's name. That a part of a file has no sources or no policies is left out."""
    file = tmp_path / "o.yaml"
    file.write_text(f"{head}state: {{ path: {tmp_path}/state }}\n{text}", encoding="utf-8")
    config, found = load_with_doubts(file)
    assert config == load(file)
    return [str(each).removeprefix(f"{file}:") for each in found if each.path not in WHOLE]


def thaw(name: str, match: str, more: str = "") -> str:
    return f"  - {{ name: {name}, on: InvalidObjectState, match: {match}{more} }}\n"


def test_nothing_is_warned_of_where_all_is_well(tmp_path: Path) -> None:
    assert doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }") + thaw("b", "{ bucket: b-2 }")) == []


BATCH = "restore: { batch: { role_arn: 'acs:ram::1:role/r', bucket: lists, at_least: 2000 } }"


def test_a_batch_job_that_no_brake_would_release_is_warned_of(tmp_path: Path) -> None:
    (told,) = doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }", f", {BATCH}"))
    assert "no job is ever released: it has 2000 objects, and objects_per_day is 1000" in told
    wide = "brakes: { objects_per_day: 2000 }\npolicies:\n"
    assert doubts(tmp_path, wide + thaw("a", "{ bucket: b-1 }", f", {BATCH}")) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("role_arn: 'arn:aws:iam::1:role/r', bucket: lists", "expected a role"),
        ("role_arn: 'acs:ram::1:role/r', bucket: L_s", "expected the name of a bucket"),
        ("role_arn: 'acs:ram::1:role/r', bucket: lists, prefix: '../x'", "expected letters"),
        ("role_arn: 'acs:ram::1:role/r', bucket: lists, at_least: 1", "2"),
        ("role_arn: 'acs:ram::1:role/r', bucket: lists, gather: 2h", "from 1s to 1h"),
        ("role_arn: 'acs:ram::1:role/r'", "bucket"),
        ("bucket: lists", "role_arn"),
        ("role_arn: 'acs:ram::1:role/r', bucket: lists, nonsense: 1", "nonsense"),
    ],
)
def test_a_wrong_batch_section_is_refused(tmp_path: Path, wrong: str, told: str) -> None:
    with pytest.raises(ConfigRefused, match=told):
        doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }", f", restore: {{ batch: {{ {wrong} }} }}"))


def test_a_batch_job_has_no_expedited_tier(tmp_path: Path) -> None:
    text = BATCH.replace("restore: {", "restore: { tier: Expedited,")
    with pytest.raises(ConfigRefused, match="no tier Expedited"):
        doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }", f", {text}"))


# ----------------------------------------------------------------------------------------------------------- shadowed


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{ bucket: '*' }", "{ bucket: b-1, key: '2024/**' }"),
        ("{ bucket: 'b-*' }", "{ bucket: 'b-1*' }"),
        ("{ bucket: b-1, key: '2024/**' }", "{ bucket: b-1, key: '2024/01/*' }"),
        ("{ bucket: b-1 }", "{ bucket: b-1 }"),
        ("{ bucket: b-1 }", "{ bucket: b-1, client: '10.*' }"),
    ],
)
def test_a_policy_that_an_earlier_one_shadows_is_named(tmp_path: Path, first: str, second: str) -> None:
    (told,) = doubts(tmp_path, "policies:\n" + thaw("wide", first) + thaw("narrow", second))
    assert told.startswith("6:")
    assert "never takes anything: wide, further up, takes all of it first" in told


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{ bucket: b-1 }", "{ bucket: '*' }"),
        ("{ bucket: 'b-?' }", "{ bucket: 'b-*' }"),
        ("{ bucket: b-1, key: '2024/*' }", "{ bucket: b-1, key: '2024/**' }"),
        ("{ bucket: b-1, client: '10.*' }", "{ bucket: b-1 }"),
        ("{ bucket: b-1 }", "{ bucket: b-2 }"),
    ],
)
def test_a_policy_that_still_takes_something_is_left_alone(tmp_path: Path, first: str, second: str) -> None:
    assert doubts(tmp_path, "policies:\n" + thaw("a", first) + thaw("b", second)) == []


def test_what_is_disabled_shadows_nobody_and_is_not_told_about(tmp_path: Path) -> None:
    one, off = "{ bucket: b-1 }", ", enabled: false"
    assert doubts(tmp_path, "policies:\n" + thaw("a", one, off) + thaw("b", one)) == []
    assert doubts(tmp_path, "policies:\n" + thaw("a", one) + thaw("b", one, off)) == []


def test_of_several_codes_the_one_that_goes_elsewhere_is_named(tmp_path: Path) -> None:
    both = "  - { name: b, on: [InvalidObjectState, AccessDenied], match: { bucket: b-1 } }\n"
    (told,) = doubts(tmp_path, "policies:\n" + thaw("a", "{ bucket: b-1 }") + both)
    assert "policies[1].on: a part is never taken here: InvalidObjectState goes to a" in told


# --------------------------------------------------------------------------------------------------------------- CORS


CORS = "policies:\n  - { name: cors, on: AccessForbidden, match: { bucket: web }%s }\n"


@pytest.mark.parametrize("mode", ["approve", "enforce"])
def test_cors_that_may_write_and_has_no_rule_is_told(tmp_path: Path, mode: str) -> None:
    (told,) = doubts(tmp_path, CORS % f", mode: {mode}")
    assert f"policies[0].mode: mode {mode} without cors.rule" in told


def test_cors_in_dry_run_or_with_a_rule_is_left_alone(tmp_path: Path) -> None:
    assert doubts(tmp_path, CORS % "") == []
    assert doubts(tmp_path, RULE + CORS % ", mode: enforce, cors: { rule: r }") == []


# ------------------------------------------------------------------------------------------------------------ regions


def test_a_region_that_does_not_exist_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    head = "version: 1\ncloud:\n  region: cn-hangzhu\n"
    (told,) = doubts(tmp_path, "", head)
    assert told == '3:11: cloud.region: no region called "cn-hangzhu" is known here; did you mean "cn-hangzhou"?'


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (
            "cn-hangzhou-internal",
            (
                'no region called "cn-hangzhou-internal" is known here; the internal host is network: internal; '
                'did you mean "cn-hangzhou"?'
            ),
        ),
        ("cn-hangzhou-b", 'no region called "cn-hangzhou-b" is known here; did you mean "cn-hangzhou"?'),
        ("xx-new-1", 'no region called "xx-new-1" is known here'),
        ("cn-fuzhou", "OSS has given up cn-fuzhou: its buckets are in another region by now"),
        ("cn-nanjing", "OSS is giving up cn-nanjing: its buckets move to another region"),
    ],
)
def test_a_region_that_is_none_or_no_longer_one_is_told(tmp_path: Path, region: str, said: str) -> None:
    assert doubts(tmp_path, "", f"version: 1\ncloud:\n  region: {region}\n") == [f"3:11: cloud.region: {said}"]


@pytest.mark.parametrize("region", ["cn-hangzhou", "ap-southeast-7", "cn-shanghai-finance-1", "cn-north-2-gov-1"])
def test_a_region_that_exists_is_left_alone(tmp_path: Path, region: str) -> None:
    assert doubts(tmp_path, "", f"version: 1\ncloud: {{ region: {region} }}\n") == []


# --------------------------------------------------------------------------------------------------------------- logs


def test_a_log_path_where_nothing_is_is_told(tmp_path: Path) -> None:
    (told,) = doubts(tmp_path, f"sources:\n  - app_log: {{ path: '{tmp_path}/none/*.log', start: beginning }}\n")
    assert f"sources[0].app_log.path: nothing is there yet that {user()} can see" in told
    assert "check the path, or let the application write it" in told


@pytest.mark.parametrize("start", [", start: end", ", start: beginning", ""])
def test_a_log_that_is_there_is_left_alone_wherever_it_begins(tmp_path: Path, start: str) -> None:
    """`once` says what its first pass leaves out; a service means it, and `init` writes it."""
    (tmp_path / "a.log").write_text("ERROR\n", encoding="utf-8")
    assert doubts(tmp_path, f"sources:\n  - app_log: {{ path: '{tmp_path}/*.log'{start} }}\n") == []


def test_an_empty_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.touch()
    assert doubts(tmp_path, f"sources:\n  - app_log: {{ path: '{log}' }}\n") == []


ACCOUNTS = "accounts:\n  - { name: prod }\n  - { name: data, region: cn-shanghi, credentials: { ecs_role: x } }\n"


def test_an_account_that_nothing_names_and_its_region_that_does_not_exist_are_told(tmp_path: Path) -> None:
    named, region = doubts(tmp_path, ACCOUNTS)
    assert named == "6:13: accounts[1].name: no source and no policy names this account: it is never used"
    assert region.endswith('no region called "cn-shanghi" is known here; did you mean "cn-shanghai"?')


def test_an_account_that_a_policy_names_is_used(tmp_path: Path) -> None:
    told = doubts(tmp_path, ACCOUNTS.replace("shanghi", "shanghai") + "policies:\n" +
                  thaw("a", "{ bucket: b-1 }", ", account: data"))  # fmt: skip
    assert told == []


def test_a_state_directory_that_who_checks_may_not_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ossmend.config.doubts_of_state.usable", lambda _path: False)
    assert doubts(tmp_path, "") == [], "nothing is there: the file may be meant for another machine"
    (tmp_path / "state").mkdir()
    (told,) = doubts(tmp_path, "")
    assert told.startswith(f"3:16: state.path: `ossmend run` will end here: {user()} has no permission")
    monkeypatch.setattr("ossmend.config.doubts.service_reads.is_its_file", lambda *_: True)
    assert doubts(tmp_path, "") == [], "the service runs that one"


def test_a_state_directory_that_may_be_used_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    assert doubts(tmp_path, "") == []


# ------------------------------------------------------------------------------------------------------------ domains

DOMAINS = "version: 1\ncloud: { region: cn-hangzhou, domains: { b-1: 'https://b.example.com' } }\n"


@pytest.mark.parametrize(
    "reaching",
    [
        "policies:\n" + thaw("a", "{ bucket: 'b-*' }"),
        "policies:\n" + thaw("a", "{ bucket: c-1 }") + "  - { name: told, on: AccessDenied }\n",
        "policies:\n" + thaw("a", "{ bucket: c-1 }", f", {BATCH.replace('bucket: lists', 'bucket: b-1')}"),
        "sources: [ { access_log: { bucket: b-1 } } ]\npolicies:\n" + thaw("a", "{ bucket: c-1 }"),
        "",
    ],
)
def test_a_domain_of_a_bucket_that_is_asked_is_not_doubted(tmp_path: Path, reaching: str) -> None:
    assert [each for each in doubts(tmp_path, reaching, DOMAINS) if "domains" in each] == []


@pytest.mark.parametrize("more", ["", ", enabled: false"])
def test_a_domain_of_a_bucket_that_no_policy_reaches_is_warned_of(tmp_path: Path, more: str) -> None:
    policies = "policies:\n" + thaw("a", "{ bucket: c-1 }") + (thaw("b", "{ bucket: b-1 }", more) if more else "")
    told = [each for each in doubts(tmp_path, policies, DOMAINS) if "domains" in each]
    assert told == ["2:47: cloud.domains.b-1: no policy's match fits this bucket: it is never asked"]


def test_a_domain_of_an_account_is_doubted_by_the_policies_of_that_account(tmp_path: Path) -> None:
    head = (
        "version: 1\ncloud: { region: cn-hangzhou }\naccounts:\n"
        "  - { name: prod, credentials: { ecs_role: x }, domains: { b-1: 'https://b.example.com' } }\n"
        "  - { name: data, domains: { b-2: 'https://c.example.com' } }\n"
    )
    policies = "policies:\n" + thaw("a", "{ bucket: '*' }", ", account: prod")
    told = [each for each in doubts(tmp_path, policies, head) if "domains" in each]
    assert [each.split(": ")[1] for each in told] == ["accounts[1].domains.b-2"]


def test_domains_that_every_account_replaces_are_warned_of(tmp_path: Path) -> None:
    accounts = "accounts: [ { name: prod, domains: { b-2: 'https://c.example.com' } } ]\n"
    policies = "policies:\n" + thaw("a", "{ bucket: '*' }")
    told = [each for each in doubts(tmp_path, policies, DOMAINS + accounts) if "domains" in each]
    assert [each.split(": ", 1)[1] for each in told] == [
        "cloud.domains: every account has domains of its own: these are never used"
    ]
