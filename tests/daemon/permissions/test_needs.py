"""What a configuration needs: the reads of what is configured, the writes of what may write, and no more."""

from __future__ import annotations

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Config
from ossmend.daemon.permissions.needs import needs, widened

HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"
RULE = "cors_rules: { r: { allowed_origins: ['https://a.example.com'], allowed_methods: [GET] } }\n"


def config(policies: str, more: str = "") -> Config:
    return load_text(f"{HEAD}{more}policies:\n{policies}\n")


def actions(found: Config, **how: str) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for each in needs(found, **how):  # type: ignore[arg-type]  # the words of a test
        told.setdefault(each.action, set()).add(each.resource)
    return told


THAW = "  - { name: thaw, on: InvalidObjectState, match: { bucket: reports-eu, key: '2024/**' }, mode: %s }"


def test_a_dry_run_needs_reads_alone() -> None:
    assert actions(config(THAW % "dry-run")) == {
        "oss:ListObjects": {"acs:oss:*:*:reports-eu"},
        "oss:GetBucketArchiveDirectRead": {"acs:oss:*:*:reports-eu"},
        "oss:GetBucketLifecycle": {"acs:oss:*:*:reports-eu"},
        "oss:GetObject": {"acs:oss:*:*:reports-eu/2024/*"},
        "oss:GetObjectVersion": {"acs:oss:*:*:reports-eu/2024/*"},
    }


@pytest.mark.parametrize("mode", ["approve", "enforce"])
def test_a_policy_that_may_write_needs_its_write_for_objects_and_for_versions(mode: str) -> None:
    found = needs(config(THAW % mode))
    assert {each.action for each in found if each.writes} == {"oss:RestoreObject", "oss:RestoreObjectVersion"}
    assert {each.resource for each in found if each.writes} == {"acs:oss:*:*:reports-eu/2024/*"}


BATCH = "restore: { batch: { role_arn: 'acs:ram::1:role/r', bucket: lists } }"


def test_batch_jobs_need_their_calls_and_the_place_of_their_lists_alone() -> None:
    switched_on = THAW.replace(" }", f", {BATCH} }}", 2).replace(f"'2024/**', {BATCH} }}", "'2024/**' }")
    plain, found = actions(config(THAW % "enforce")), actions(config(switched_on % "enforce"))
    assert {
        action: found[action] - plain.get(action, set()) for action in found if found[action] != plain.get(action)
    } == {
        "oss:CreateJob": {"acs:oss:*:*:*"},
        "oss:ListJobs": {"acs:oss:*:*:*"},
        "oss:DescribeJob": {"acs:oss:*:*:*"},
        "oss:UpdateJobStatus": {"acs:oss:*:*:*"},
        "oss:PutObject": {"acs:oss:*:*:lists/ossmend/*"},
        "oss:GetObject": {"acs:oss:*:*:lists/ossmend/*"},
        "ram:PassRole": {"acs:ram:*:*:role/r"},
    } | {action: found[action] for action in ("ram:ListPoliciesForRole",)}
    dry = actions(config(switched_on % "dry-run"))
    assert not {"oss:CreateJob", "oss:UpdateJobStatus", "oss:PutObject", "ram:PassRole"} & dry.keys()


def test_another_mode_can_be_asked_about() -> None:
    assert actions(config(THAW % "dry-run"), mode="enforce") == actions(config(THAW % "enforce"))
    assert actions(config(THAW % "enforce"), mode="dry-run") == actions(config(THAW % "dry-run"))


def test_only_what_is_configured_and_enabled_is_needed() -> None:
    assert needs(config("  - { name: clocks, on: RequestTimeTooSkewed }")) == ()
    off = "  - { name: thaw, on: InvalidObjectState, match: { bucket: b-1 }, mode: enforce, enabled: false }"
    assert needs(config(off)) == ()


def test_a_write_that_is_opted_into_is_needed_only_then() -> None:
    keys = "  - { name: keys, on: InvalidAccessKeyId, match: { access_key_id: '*' }, mode: enforce%s }"
    assert "ram:TagResources" not in actions(config(keys % ""))
    told = actions(config(keys % ", key: { tag_owner: true }"))
    assert told["ram:TagResources"] == {"acs:ram:*:*:user/*"}


def test_a_copy_back_needs_the_acl_as_well_and_telling_alone_does_not() -> None:
    images = "  - { name: images, on: ImageDamage, match: { bucket: photos }, mode: enforce, image: %s }"
    copies = actions(config(images % "{ restore_version: approve }"))
    tells = actions(config(images % "{ restore_version: never }"))
    assert {"oss:PutObject", "oss:PutObjectAcl", "oss:GetObjectAcl"} <= set(copies)
    assert not {"oss:PutObject", "oss:PutObjectAcl", "oss:GetObjectAcl"} & set(tells)


def test_a_source_in_the_cloud_needs_its_own_reads() -> None:
    source = "sources: [ { access_log: { bucket: my-logs, prefix: oss/ } }, { app_log: { path: /var/log/a.log } } ]\n"
    assert actions(config("  - { name: clocks, on: RequestTimeTooSkewed }", source)) == {
        "oss:ListObjects": {"acs:oss:*:*:my-logs"},
        "oss:GetObject": {"acs:oss:*:*:my-logs/oss/*"},
    }


def test_each_of_several_accounts_needs_to_list_its_buckets_so_that_it_can_say_which_are_its_own() -> None:
    two = "accounts: [ { name: shop }, { name: lab, credentials: { ecs_role: lab } } ]\n"
    several = config("  - { name: thaw, on: InvalidObjectState, account: shop, match: { bucket: reports-eu } }", two)
    assert actions(several, account="shop")["oss:ListBuckets"] == {"acs:oss:*:*:*"}
    assert actions(several, account="lab") == {"oss:ListBuckets": {"acs:oss:*:*:*"}}
    assert "oss:ListBuckets" not in actions(config(THAW % "enforce"))


@pytest.mark.parametrize(
    ("identity", "action"), [("user", "ram:ListPoliciesForUser"), ("role", "ram:ListPoliciesForRole")]
)
def test_who_writes_or_names_no_bucket_has_to_be_able_to_read_his_own_policies(identity: str, action: str) -> None:
    wild = "  - { name: cors, on: AccessForbidden, match: { bucket: 'web-*' } }"
    for policies in (THAW % "enforce", wild):
        assert {action, "ram:GetPolicy"} <= set(actions(config(policies), identity=identity))
    assert "ram:GetPolicy" not in actions(config(THAW % "dry-run"), identity=identity)


def test_no_key_is_ever_to_be_changed_and_nothing_deleted() -> None:
    every = "\n".join(
        f"  - {{ name: p{number}, on: {code}, match: {{ bucket: '*' }}, mode: enforce }}"
        for number, code in enumerate(("InvalidObjectState", "AccessForbidden", "InvalidAccessKeyId", "AccessDenied"))
    )
    told = actions(config(every, RULE))
    assert not [action for action in told if "Delete" in action or "Update" in action or "Create" in action]
    assert not [action for action in told if action.endswith("*")]


def test_what_was_widened_is_said_with_the_policys_name() -> None:
    assert widened(config("  - { name: cors, on: AccessForbidden, match: { bucket: 'web-*', key: 'a/*' } }"))[
        0
    ].startswith("policy cors: ")
