"""What the daemon gets to work with: defaults, what policies inherit, digests, prices."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ossmend.config.load import load_text
from ossmend.config.model import Brakes, Config, Money, Prices
from ossmend.remediators.access_forbidden import CorsSettings
from ossmend.remediators.contract.settings import NoSettings, duration_text, parse_duration
from ossmend.remediators.contract.values import CorsRule
from ossmend.remediators.invalid_object_state import RestoreSettings
from tests.patience import HUNG

HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"
POLICIES = """
policies:
  - { name: thaw, on: InvalidObjectState, match: { bucket: "*" }, restore: { days: 3 } }
  - { name: web, on: [AccessForbidden], match: { bucket: web }, mode: approve, quiet: 1h, cors: { rule: up } }
  - { name: rest, on: [AccessDenied, RequestTimeTooSkewed] }
"""
RULES = "cors_rules: { up: { allowed_origins: ['https://a'], allowed_methods: [PUT], max_age_seconds: 5 } }\n"


def config(extra: str = "", policies: str = POLICIES, rules: str = RULES) -> Config:
    return load_text(HEAD + extra + rules + policies)


def test_the_least_configuration_writes_nothing_and_has_every_brake_on() -> None:
    least = load_text(HEAD)
    assert least.mode == "dry-run"
    assert least.policies == ()
    limits = least.brakes
    assert (limits.writes_per_hour, limits.objects_per_day, limits.calls_per_minute) == (100, 1000, 600)
    assert limits.restore_gib_per_day == 100
    assert limits.cost_per_day is not None
    assert limits.cost_per_day == Money(amount=Decimal(50))
    assert least.clock.ntp_servers == ("ntp.aliyun.com",)
    assert least.cloud.credentials is None


def test_policies_inherit_what_they_do_not_say() -> None:
    thaw, web, rest = config("mode: enforce\nquiet: 2h\nrecurrence: 1d\n").policies
    assert (thaw.mode, web.mode, rest.mode) == ("enforce", "approve", "enforce")
    assert (thaw.quiet, web.quiet) == (timedelta(hours=2), timedelta(hours=1))
    assert thaw.recurrence == timedelta(days=1)


def test_a_policy_that_says_dry_run_stays_dry_in_an_enforcing_file() -> None:
    policies = "policies: [ { name: a, on: AccessDenied, mode: dry-run } ]\n"
    assert config("mode: enforce\n", policies).policies[0].mode == "dry-run"


def test_settings_are_the_remediators_own_given_or_by_default() -> None:
    thaw, web, rest = config().policies
    assert thaw.settings_for("InvalidObjectState") == RestoreSettings(days=3)
    assert rest.settings_for("NoSuchCode") == NoSettings()
    cors = web.settings_for("AccessForbidden")
    assert isinstance(cors, CorsSettings)
    assert cors.stored == CorsRule(("https://a",), ("PUT",), max_age_seconds=5)


@pytest.mark.parametrize(
    ("policy", "writes"),
    [
        ("on: InvalidObjectState, match: { bucket: b }", {"RestoreObject"}),
        ("on: [AccessForbidden, InvalidObjectState], match: { bucket: b }", {"RestoreObject", "PutBucketCors"}),
        ("on: InvalidAccessKeyId", set()),
        ("on: InvalidAccessKeyId, key: { tag_owner: true }, match: { access_key_id: 'LTAI*' }", {"TagUser"}),
        ("on: RequestTimeTooSkewed", set()),
    ],
)
def test_a_policy_knows_what_it_could_write(policy: str, writes: set[str]) -> None:
    (found,) = config(policies=f"policies: [ {{ name: a, {policy} }} ]\n").policies
    assert found.writes == writes
    assert found.can_write == bool(writes)


def test_a_policys_own_brakes_have_no_limits_of_their_own_accord() -> None:
    policies = POLICIES.replace("restore: { days: 3 }", "brakes: { objects_per_day: 5 }")
    assert config(policies=policies).policies[0].brakes == Brakes(objects_per_day=5)
    assert Brakes(objects_per_day=5).writes_per_hour is None


def test_a_brake_is_taken_off_by_a_word_only() -> None:
    limits = config("brakes: { writes_per_hour: unlimited, cost_per_day: unlimited }\n").brakes
    assert limits.writes_per_hour is None
    assert limits.cost_per_day is None
    assert limits.restore_gib_per_day == 100


def test_state_may_be_written_as_a_path_or_a_url_and_defaults_to_what_systemd_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/run/a:/run/b")
    assert config().state.path == Path("/run/a")
    monkeypatch.delenv("STATE_DIRECTORY")
    assert config().state.path == Path("/var/lib/ossmend")
    assert config("state: { path: /srv/x }\n").state.path == Path("/srv/x")
    assert config("state: { url: 'sqlite:////srv/x' }\n").state.path == Path("/srv/x")


def test_a_database_that_machines_share_is_named_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/run/a")
    url = "postgresql://mend@one,two:5433/state?sslmode=verify-full"
    shared = config(f"state: {{ url: '{url}', node: left }}\n").state
    assert (shared.database, shared.node, shared.path) == (url, "left", Path("/run/a"))
    assert config("state: { url: 'sqlite:////srv/x' }\n").state.database is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://oss-cn-hangzhou-internal.aliyuncs.com",
        "https://oss-accelerate.aliyuncs.com",
        "https://oss.example.com/",
        "http://127.0.0.1:9300",
        "http://localhost:1",
    ],
)
def test_an_endpoint_that_fits_the_region_or_none_is_taken(endpoint: str) -> None:
    found = load_text(f"version: 1\ncloud: {{ region: cn-hangzhou, endpoint: '{endpoint}' }}\n")
    assert found.cloud.endpoint == endpoint.rstrip("/")


# ------------------------------------------------------------------------------------------------------------- digests


def test_the_digest_does_not_depend_on_how_it_is_written() -> None:
    said = config("mode: dry-run\n", "policies: [{name: a, on: UserDisable}]\n").digest
    assert said == config("# words\n", "policies:\n  - on:\n      - UserDisable\n    name: a\n").digest


@pytest.mark.parametrize(
    "extra",
    [
        "mode: enforce\n",
        "brakes: { writes_per_hour: 5 }\n",
        "brakes: { low_trust_share: 0.1 }\n",
        "prices: { as_of: 2026-01-01 }\n",
        "quiet: 1h\n",
        "sources: [ { app_log: { path: /a.log, trust: high } } ]\n",
    ],
)
def test_the_digest_changes_with_what_plans_are_made_by(extra: str) -> None:
    assert config(extra).digest != config().digest


def test_the_digest_changes_with_a_stored_rule() -> None:
    assert config(rules=RULES.replace("5", "6")).digest != config().digest


@pytest.mark.parametrize("extra", ["log: { level: debug }\n", "clock: { every: 1h }\n", "state: { path: /x }\n"])
def test_the_digest_stays_when_no_plan_could_change(extra: str) -> None:
    assert config(extra).digest == config().digest


# --------------------------------------------------------------------------------------------------------------- trust

APP, LOGS = "{ app_log: { path: /a.log%s } }", "{ access_log: { bucket: logs%s } }"


@pytest.mark.parametrize(
    ("sources", "trusts", "has_witness"),
    [
        ((), (), False),
        ((APP % "",), ("low",), False),
        ((LOGS % "",), ("high",), True),
        ((APP % "", LOGS % ""), ("low", "high"), True),
        ((APP % ", trust: high",), ("high",), True),
        ((APP % "", LOGS % ", trust: low"), ("low", "low"), False),
    ],
)
def test_osss_own_log_is_trusted_and_an_applications_is_not_unless_the_file_says_so(
    sources: tuple[str, ...], trusts: tuple[str, ...], has_witness: bool
) -> None:
    said = config(f"sources: [ {', '.join(sources)} ]\n")
    assert tuple(source.trust for source in said.sources) == trusts
    assert said.has_witness is has_witness


def test_a_source_or_a_policy_may_ask_for_osss_own_word() -> None:
    asking, silent = APP % ", confirm: access_log", "{ app_log: { path: /b.log } }"
    said = config(f"sources: [ {asking}, {silent}, {LOGS % ''} ]\n")
    one = config(
        f"sources: [ {silent}, {LOGS % ''} ]\n", "policies: [ { name: a, on: UserDisable, confirm: access_log } ]"
    )
    plain, strict = config("", "policies: [ { name: a, on: UserDisable } ]").policies[0], one.policies[0]
    assert [said.asks_witness(name, plain) for name in ("app_log:/a.log", "app_log:/b.log")] == [True, False]
    assert one.asks_witness("app_log:/b.log", strict)


# -------------------------------------------------------------------------------------------------------------- prices

GIB = 1024**3


@pytest.mark.parametrize(
    ("storage_class", "tier", "size", "days", "cost"),
    [
        ("Archive", None, GIB, 1, "0.060010"),
        ("Archive", None, GIB, 7, "0.060010"),
        ("Archive", "Standard", GIB, 1, "0.060010"),
        ("Archive", None, 0, 1, "0.000014"),
        ("ColdArchive", "Expedited", GIB, 30, "0.323000"),
        ("ColdArchive", "Standard", 10 * GIB, 30, "1.800300"),
        ("ColdArchive", None, 10 * GIB, 30, "1.800300"),
        ("ColdArchive", "Bulk", 10 * GIB, 3, "0.420030"),
    ],
)
def test_a_restore_costs_its_request_its_bytes_and_its_copy(
    storage_class: str, tier: str | None, size: int, days: int, cost: str
) -> None:
    assert Prices().restore_cost(storage_class, tier, size, days) == Decimal(cost)


@pytest.mark.parametrize(
    ("storage_class", "tier"),
    [
        ("DeepColdArchive", "Standard"),
        ("DeepColdArchive", None),
        ("Standard", None),
        ("Glacier", "Bulk"),
        ("ColdArchive", "X"),
    ],
)
def test_a_price_nobody_gave_is_unknown_not_zero(storage_class: str, tier: str | None) -> None:
    assert Prices().restore_cost(storage_class, tier, 1, 1) is None


def test_a_given_price_is_exact() -> None:
    prices = config("prices: { deep_cold_archive: { standard: { per_gib: 0.1, per_10k_requests: 0 } } }\n").prices
    assert prices.deep_cold_archive.standard is not None
    assert prices.deep_cold_archive.standard.per_gib == Decimal("0.1")


# ----------------------------------------------------------------------------------------------------------- durations


@pytest.mark.parametrize("text", ["250ms", "90s", "10m", "23h", "1d", "3650d"])
def test_a_duration_is_written_as_it_was_read(text: str) -> None:
    assert duration_text(parse_duration(text)) == text


@pytest.mark.parametrize("text", ["", "s", "10", "-1s", "1.5h", "1w", "10 m", "1h30m", "٣s", "3651d", 10, None, True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a duration is"):
        parse_duration(text)


def test_reading_a_configuration_loads_no_sdk_and_no_database() -> None:
    heavy = ["oss2", "aliyunsdkcore", "requests", "sqlalchemy", "apscheduler", "rich"]
    script = f"""
import sys
from ossmend.config.load import load_text
load_text({HEAD!r})
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=HUNG)
    assert done.stdout.strip() == "[]"
