"""Each mistake is told at its place, with what was expected; the whole sentence is part of the product."""

from __future__ import annotations

import pytest

from ossmend.config.load import ConfigRefused, load_text

HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"
POLICY = "policies:\n  - name: a\n    on: InvalidObjectState\n    match: { bucket: logs }\n"


def told(text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        load_text(text, "f")
    return [str(problem).removeprefix("f:") for problem in refused.value.problems]


WRITE_A_VALUE = "is empty; write a value, or leave the key out"
SECRETS = "secrets never stand in this file; write !secret NAME, which reads $CREDENTIALS_DIRECTORY/NAME"
HTTPS = "expected https: plain http is read by everybody on the way, so it is for this machine only"
A_DURATION = "a duration is a number with a unit: 250ms, 90s, 10m, 24h or 7d"
NO_PASSWORD = "expected an address without user and password: secrets never stand in this file"
UNKNOWN_CODE = "is not a known error code; did you mean"
NO_NETWORK = "expected a pattern like 10.0.*; networks like 10.0.0.0/8 are not understood"
NAME_ALONE = "expected a pattern for the bucket's name alone; what follows the slash belongs into key"
ALL_BUCKETS = 'all buckets are { bucket: "*" }'
RESTORES = f"this policy can write (RestoreObject), so it must say what it matches; {ALL_BUCKETS}"
NO_AIM = 'this policy can write (PutBucketCors), so its match must name the bucket; all buckets are "*"'
METHODS = 'expected "GET", "PUT", "DELETE", "POST" or "HEAD"'
COUNT = "brakes.writes_per_hour: expected a whole number"
WED = "policies: [ { name: a, on: AccessForbidden, match: { bucket: b }, cors: { rule: wed } } ]"
UNREAD = "needs OSS's own log to be read, and sources has no access_log and no sls"
NO_BUCKET = "no bucket fits: names have small letters, digits and - only, and * and ? are the wildcards"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # unknown keys
        ("polices: []", '3:1: polices: unknown key; did you mean "policies"?'),
        ("log: { Level: info }", '3:8: log.Level: unknown key; did you mean "level"?'),
        ("zzz: 1", "3:1: zzz: unknown key"),
        (POLICY + "    restore: { dayz: 3 }", '7:16: policies[0].restore.dayz: unknown key; did you mean "days"?'),
        (POLICY + "    days: 3", '7:5: policies[0].days: unknown key; did you mean "restore.days"?'),
        (
            "policies: [ { name: a, on: AccessForbidden, match: { bucket: b }, cors: { stored: 1 } } ]",
            "3:75: policies[0].cors.stored: unknown key",
        ),
        (
            "cors_rules: { a: { allowed_origin: ['*'], allowed_methods: [GET] } }",
            '3:20: cors_rules.a.allowed_origin: unknown key; did you mean "allowed_origins"?',
        ),
        # wrong types
        ("brakes: { writes_per_hour: '5' }", f'3:28: {COUNT}, found the text "5"; write it without quotes'),
        ("brakes: { writes_per_hour: 5.5 }", f"3:28: {COUNT}, found the number 5.5"),
        ("brakes: { writes_per_hour: true }", f"3:28: {COUNT}, found true"),
        ("brakes: { writes_per_hour: lots }", f'3:28: {COUNT}, found the text "lots"'),
        ("brakes: { writes_per_hour: -1 }", "3:28: brakes.writes_per_hour: must be at least 0"),
        ("brakes: { writes_per_hour: }", f"3:27: brakes.writes_per_hour: {WRITE_A_VALUE}"),
        ("brakes: { cost_per_day: ~ }", f"3:25: brakes.cost_per_day: {WRITE_A_VALUE}"),
        (
            "brakes: { cost_per_day: 5 }",
            "3:25: brakes.cost_per_day: expected a mapping (key: value), found the number 5",
        ),
        (
            "brakes: { restore_gib_per_day: .inf }",
            '3:32: brakes.restore_gib_per_day: expected a number, found the text ".inf"',
        ),
        ("brakes: [1]", "3:1: brakes: expected a mapping (key: value), found a list"),
        ("sources: { app_log: { path: /a } }", "3:1: sources: expected a list, found a mapping"),
        ("policies:\n", f"3:10: policies: {WRITE_A_VALUE}"),
        ("notify: https://h/?token=hunter2", "3:9: notify: expected a list, found a text"),
        ("notify: [ hunter2 ]", "3:11: notify[0]: expected a mapping (key: value), found a text"),
        ("sources: [5]", "3:11: sources[0]: expected a mapping (key: value), found the number 5"),
        (POLICY + "    enabled: yes", '7:14: policies[0].enabled: expected true or false, found the text "yes"'),
        (POLICY + "    enabled: 1", "7:14: policies[0].enabled: expected true or false, found the number 1"),
        (POLICY + "    restore: { days: 400 }", "7:22: policies[0].restore.days: must be at most 365"),
        (POLICY + "    restore: { days: 0 }", "7:22: policies[0].restore.days: must be at least 1"),
        (
            "policies: [ { name: a, on: UserDisable, match: { bucket: 123 } } ]",
            "3:58: policies[0].match.bucket: expected text, found the number 123; put it in quotes",
        ),
        # one of a few words
        (
            "mode: enforced",
            '3:7: mode: expected "dry-run", "approve" or "enforce", found the text "enforced"; did you mean "enforce"?',
        ),
        ("log: { format: xml }", '3:16: log.format: expected "auto", "json" or "console", found the text "xml"'),
        (POLICY + "    restore: { tier: standard }", 'did you mean "Standard"?'),
        # durations
        ("quiet: 60", f"3:8: quiet: {A_DURATION}"),
        ("quiet: 22:00", f"3:8: quiet: {A_DURATION}"),
        ("quiet: 60 s", f"3:8: quiet: {A_DURATION}"),
        ("quiet: 99999d", "3:8: quiet: a duration is at most 3650d"),
        ("clock: { every: 1s }", "3:17: clock.every: must be at least 10s"),
        (POLICY + "    restore: { poll: 0s }", "7:22: policies[0].restore.poll: must be at least 1s"),
        # state and sources
        (
            "state: { path: here }",
            "3:16: state.path: expected an absolute path: a service has no working directory of its own",
        ),
        ("state: { path: 5 }", "3:16: state.path: expected text, found the number 5; put it in quotes"),
        (
            "state: { url: 'postgresql://u:hunter2@h/db' }",
            (
                "3:15: state.url: expected no password: secrets never stand in this file; "
                "write password: !secret NAME beside the url, or set PGPASSFILE"
            ),
        ),
        (
            "state: { url: 'postgresql://u@h/db?password=hunter2' }",
            (
                "3:15: state.url: expected no password: secrets never stand in this file; "
                "write password: !secret NAME beside the url, or set PGPASSFILE"
            ),
        ),
        (
            "state: { url: 'mysql://u@h/db' }",
            "3:15: state.url: expected postgresql://USER@HOST/DATABASE, or sqlite:////DIRECTORY",
        ),
        ("state: { url: 'postgresql://u@h' }", "3:15: state.url: expected postgresql://USER@HOST/DATABASE"),
        (
            "state: { path: /a, node: x }",
            "3:1: state: password and node belong to a database: url: postgresql://USER@HOST/DATABASE",
        ),
        (
            "state: { url: 'sqlite:///x' }",
            "3:15: state.url: expected four slashes and an absolute directory: sqlite:////var/lib/ossmend",
        ),
        ("state: { path: /a, url: 'sqlite:////a' }", "3:1: state: expected path or url, not both"),
        (
            "sources: [ { app_log: { path: a.log } } ]",
            "3:31: sources[0].app_log.path: expected an absolute path: a service has no working directory of its own",
        ),
        ("sources: [ { app_log: { path: /a, start: begin } } ]", 'did you mean "beginning"?'),
        (
            "sources: [ { app_log: { path: /a }, access_log: { bucket: abc } } ]",
            "3:12: sources[0]: expected exactly one of access_log, app_log, sls; begin a new list entry for each",
        ),
        (
            "sources: [ {} ]",
            "3:12: sources[0]: expected exactly one of access_log, app_log, sls; begin a new list entry for each",
        ),
        (
            "sources: [ { access_log: { bucket: My_Logs } } ]",
            "3:36: sources[0].access_log.bucket: expected a bucket's name: 3 to 63 small letters, digits and -",
        ),
        (
            "sources: [ { sls: { endpoint: 'https://oss-cn-hangzhou.aliyuncs.com' } } ]",
            (
                "3:31: sources[0].sls.endpoint: expected a host of the log service, and oss-cn-hangzhou.aliyuncs.com "
                "is OSS's; write https://cn-hangzhou.log.aliyuncs.com"
            ),
        ),
        (
            "sources: [ { sls: { endpoint: 'https://oss-log-1-cn-hangzhou.cn-hangzhou.log.aliyuncs.com' } } ]",
            (
                "3:31: sources[0].sls.endpoint: expected an endpoint without a project; "
                "write https://cn-hangzhou.log.aliyuncs.com"
            ),
        ),
        (
            "sources: [ { log_service: {} } ]",
            "3:14: sources[0].log_service: unknown key; there are access_log, app_log, sls",
        ),
        ("sources: [ { applog: {} } ]", '3:14: sources[0].applog: unknown key; did you mean "app_log"?'),
        # who is told
        ("notify: [ { webhook: { url: http://h.example/x } } ]", f"3:29: notify[0].webhook.url: {HTTPS}"),
        (
            "notify: [ { webhook: { url: h.example } } ]",
            "3:29: notify[0].webhook.url: expected https://HOST/PATH, or http://127.0.0.1:PORT/PATH",
        ),
        (
            "notify: [ { webhook: { url: 'https://u:hunter2@h/' } } ]",
            f"3:29: notify[0].webhook.url: {NO_PASSWORD}",
        ),
        (
            "notify: [ { webhook: { url: 'https://h/', secret: hunter2 } } ]",
            f"3:51: notify[0].webhook.secret: {SECRETS}",
        ),
        (
            "notify: [ { webhook: { url: 'https://h/' } }, { webhook: { url: 'https://h/' } } ]",
            "3:65: notify[1].webhook.url: is already told by notify[0]",
        ),
        # CORS
        (
            "cors_rules: { a: { allowed_origins: [], allowed_methods: [GET] } }",
            "3:20: cors_rules.a.allowed_origins: must not be empty",
        ),
        (
            "cors_rules: { a: { allowed_origins: ['https://x/'], allowed_methods: [GET] } }",
            "3:38: cors_rules.a.allowed_origins[0]: expected an origin without a slash at its end: browsers send none",
        ),
        (
            "cors_rules: { a: { allowed_origins: ['https://*.*'], allowed_methods: [GET] } }",
            "3:38: cors_rules.a.allowed_origins[0]: expected at most one * in an origin",
        ),
        (
            "cors_rules: { a: { allowed_origins: [app.example.com], allowed_methods: [GET] } }",
            "3:38: cors_rules.a.allowed_origins[0]: expected an origin with its scheme, like https://app.example.com",
        ),
        (
            "cors_rules: { a: { allowed_origins: ['https://x', '*'], allowed_methods: [GET] } }",
            '3:51: cors_rules.a.allowed_origins[1]: "*" is every origin: write it alone, or leave it out',
        ),
        (
            "cors_rules: { a: { allowed_origins: ['*'], allowed_methods: [OPTIONS] } }",
            f'3:62: cors_rules.a.allowed_methods[0]: {METHODS}, found the text "OPTIONS"',
        ),
        (
            "cors_rules: { a: { allowed_origins: ['*'], allowed_methods: [GET], expose_headers: ['*'] } }",
            "3:85: cors_rules.a.expose_headers[0]: expected no *: OSS takes none here",
        ),
        (
            "cors_rules: { a: { allowed_origins: ['*'], allowed_methods: [GET], allowed_headers: ['x-*-*'] } }",
            "3:86: cors_rules.a.allowed_headers[0]: expected at most one *",
        ),
        (
            "cors_rules: { a: { allowed_origins: ['*'], allowed_methods: [GET], max_age_seconds: 10m } }",
            '3:85: cors_rules.a.max_age_seconds: expected a whole number, found the text "10m"',
        ),
        # policies: names, codes, patterns
        (
            "policies: [ { name: Thaw it, on: UserDisable } ]",
            "3:21: policies[0].name: expected a name like thaw-reports: small letters, digits, - and _, at most 63",
        ),
        (
            "policies: [ { name: a, on: UserDisable }, { name: a, on: UserDisable } ]",
            '3:51: policies[1].name: "a" is already policies[0]',
        ),
        (
            "policies: [ { on: UserDisable } ]",
            "3:13: policies[0].name: is missing: Unique; cases, logs and brakes call the policy by it.",
        ),
        ("policies: [ { name: a, on: [] } ]", "3:24: policies[0].on: must not be empty"),
        (
            "policies: [ { name: a, on: '*' } ]",
            "3:28: policies[0].on: expected an error code as OSS writes it, like InvalidObjectState",
        ),
        (
            "policies: [ { name: a, on: UserDisabled } ]",
            '3:28: policies[0].on: "UserDisabled" is not a known error code; did you mean "UserDisable"?',
        ),
        (
            "policies: [ { name: a, on: [InDebt, invalidobjectstate], match: { bucket: b } } ]",
            f'3:37: policies[0].on[1]: "invalidobjectstate" {UNKNOWN_CODE} "InvalidObjectState"?',
        ),
        (
            "policies: [ { name: a, on: [InDebt, InDebt] } ]",
            "3:37: policies[0].on[1]: InDebt stands here a second time",
        ),
        (
            "policies: [ { name: a, on: UserDisable, match: { bucket: Logs_* } } ]",
            f"3:58: policies[0].match.bucket: {NO_BUCKET}",
        ),
        (
            "policies: [ { name: a, on: UserDisable, match: { bucket: 'oss://logs/x' } } ]",
            f"3:58: policies[0].match.bucket: {NAME_ALONE}",
        ),
        (
            "policies: [ { name: a, on: UserDisable, match: { key: /x } } ]",
            "3:55: policies[0].match.key: no object fits: keys do not begin with a slash",
        ),
        (
            "policies: [ { name: a, on: UserDisable, match: { client: 10.0.0.0/8 } } ]",
            f"3:58: policies[0].match.client: {NO_NETWORK}",
        ),
        (
            "policies: [ { name: a, on: UserDisable, match: { key: '' } } ]",
            '3:55: policies[0].match.key: expected a pattern; "*" means all',
        ),
        # what does not go together
        ("policies: [ { name: a, on: InvalidObjectState } ]", f"3:13: policies[0].match: {RESTORES}"),
        ("policies: [ { name: a, on: InvalidObjectState, match: {} } ]", f"3:48: policies[0].match: {RESTORES}"),
        (
            "policies: [ { name: a, on: AccessForbidden, mode: dry-run, match: { key: '**' } } ]",
            f"3:60: policies[0].match: {NO_AIM}",
        ),
        (POLICY + "    cors: { }", "7:5: policies[0].cors: belongs to AccessForbidden, not to InvalidObjectState"),
        (
            "policies: [ { name: a, on: AccessForbidden, match: { bucket: b }, cors: { rule: web } } ]",
            '3:81: policies[0].cors.rule: cors_rules has no "web"; there are no cors_rules in this file',
        ),
        (
            "cors_rules: { web: { allowed_origins: ['*'], allowed_methods: [GET] } }\n" + WED,
            '4:81: policies[0].cors.rule: cors_rules has no "wed"; did you mean "web"?',
        ),
        (
            "policies: [ { name: a, on: RequestTimeTooSkewed, clock: { warn_after: 10m, critical_after: 60s } } ]",
            "3:50: policies[0].clock: warn_after must not be longer than critical_after",
        ),
        (
            "brakes: { cost_per_day: { amount: 1, currency: USD } }",
            "3:48: brakes.cost_per_day.currency: is in USD, but the prices are in CNY",
        ),
        (
            POLICY + "    brakes: { cost_per_day: { amount: 1, currency: USD } }",
            "7:52: policies[0].brakes.cost_per_day.currency: is in USD, but the prices are in CNY",
        ),
        ("prices: { currency: USD }", "1:1: brakes.cost_per_day: is in CNY, but the prices are in USD"),
        # who vouches
        (
            "sources: [ { app_log: { path: /a.log, trust: medium } } ]",
            '3:46: sources[0].app_log.trust: expected "high" or "low", found the text "medium"',
        ),
        (
            "sources: [ { app_log: { path: /a.log, confirm: access_log } } ]",
            f"3:48: sources[0].app_log.confirm: {UNREAD}",
        ),
        (POLICY + "    confirm: access_log", f"7:14: policies[0].confirm: {UNREAD}"),
        (
            f"sources: [ {{ access_log: {{ bucket: logs, trust: low }} }} ]\n{POLICY}    confirm: access_log",
            "8:14: policies[0].confirm: needs a log of OSS's own that is trusted, and every one here has trust: low",
        ),
        (
            "sources: [ { access_log: { bucket: log } }, { app_log: { path: /a, trust: high, confirm: access_log } } ]",
            "3:90: sources[1].app_log.confirm: a source of high trust is believed as it is: leave out one of the two",
        ),
        (
            "sources: [ { access_log: { bucket: logs, confirm: access_log } } ]",
            "3:42: sources[0].access_log.confirm: unknown key",
        ),
        ("brakes: { low_trust_share: 1.5 }", "3:28: brakes.low_trust_share: must be at most 1"),
        (POLICY + "    brakes: { low_trust_share: 0.5 }", "7:15: policies[0].brakes.low_trust_share: unknown key"),
        ("prices: { as_of: 2024-02-31 }", "3:18: prices.as_of: expected a day, like 2024-04-01"),
    ],
)
def test_the_mistake_is_told_at_its_place(body: str, expected: str) -> None:
    problems = told(HEAD + body + "\n")
    assert len(problems) == 1, problems
    assert expected in problems[0]
    if expected[0].isdigit():
        assert problems[0].startswith(expected.split(" ", maxsplit=1)[0])


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [
        ("{}", "2:1: cloud.region: is missing: Region of the buckets, bare: cn-hangzhou. Signatures are made with it."),
        (
            "{ region: oss-cn-hangzhou }",
            '2:18: cloud.region: expected the bare region; write "cn-hangzhou", as signatures need it',
        ),
        ("{ region: 杭州 }", "2:18: cloud.region: expected a region, like cn-hangzhou"),
        (
            "{ region: cn-hangzhou, endpoint: oss-cn-hangzhou.aliyuncs.com }",
            "2:41: cloud.endpoint: expected https://HOST, or http://127.0.0.1:PORT",
        ),
        (
            "{ region: cn-hangzhou, endpoint: 'http://oss-cn-hangzhou-internal.aliyuncs.com' }",
            f"2:41: cloud.endpoint: {HTTPS}",
        ),
        ("{ region: cn-hangzhou, endpoint: 'http://127.0.0.1.evil.example' }", f"2:41: cloud.endpoint: {HTTPS}"),
        (
            "{ region: cn-hangzhou, endpoint: 'https://oss-cn-beijing.aliyuncs.com' }",
            "2:41: cloud.endpoint: is in cn-beijing, but cloud.region is cn-hangzhou",
        ),
        (
            "{ region: cn-hangzhou, endpoint: 'https://logs.oss-cn-hangzhou.aliyuncs.com' }",
            "2:41: cloud.endpoint: expected an endpoint without a bucket; write https://oss-cn-hangzhou.aliyuncs.com",
        ),
        (
            "{ region: cn-hangzhou, endpoint: 'http://[::1]:9300' }",
            "2:41: cloud.endpoint: expected a name or an IPv4 address: the OSS SDK cannot use IPv6 literals",
        ),
        (
            "{ region: cn-hangzhou, endpoint: 'https://h/path' }",
            "2:41: cloud.endpoint: expected scheme, host and port only",
        ),
        (
            "{ region: cn-hangzhou, endpoint: 'https://h:port' }",
            "2:41: cloud.endpoint: expected https://HOST, or http://127.0.0.1:PORT",
        ),
        ("{ region: cn-hangzhou, rpc_endpoint: 'http://10.0.0.1' }", f"2:45: cloud.rpc_endpoint: {HTTPS}"),
        ("{ region: cn-hangzhou, concurrency: 0 }", "2:44: cloud.concurrency: must be at least 1"),
        ("{ region: cn-hangzhou, read_timeout: 15 }", f"2:45: cloud.read_timeout: {A_DURATION}"),
    ],
)
def test_a_cloud_that_cannot_be_is_refused(cloud: str, expected: str) -> None:
    assert told(f"version: 1\ncloud: {cloud}\n") == [expected]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", "1:1: version: is missing: Version of this file's format: 1."),
        ("version: 2\n", "1:10: version: expected 1, found the number 2"),
        ("version: '1'\n", '1:10: version: expected 1, found the text "1"'),
        ("version: true\n", "1:10: version: expected 1, found true"),
    ],
)
def test_only_version_1_is_read(version: str, expected: str) -> None:
    assert told(f"{version}cloud: {{ region: cn-hangzhou }}\n") == [expected]


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "version: 3\ncloud: { region: oss-cn-hangzhou }\nmood: good\npolicies:\n"
        "  - name: a\n    on: InvalidObjctState\n    restore: { days: many }\n"
        "  - name: a\n    on: AccessForbidden\n    match: { bucket: web }\n    cors: { rule: web }\nnotify: &x [*x]\n"
    )
    places = [problem.split(" ")[0] for problem in told(text)]
    assert places == ["1:10:", "2:18:", "3:1:", "6:9:", "7:5:", "7:22:", "8:11:", "11:19:", "12:9:", "12:13:"]


def test_a_flood_of_problems_is_cut_with_a_word() -> None:
    problems = told(HEAD + "".join(f"a{number}: 1\nb{number}:\n" for number in range(5000)))
    assert len(problems) == 201
    assert problems[0] == "3:1: a0: unknown key"
    assert problems[-1] == " and more; mend these first"


def test_a_problem_is_data_too() -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(HEAD + "mood: 1\nmode: enforced\n", "f")
    assert [problem.as_dict() for problem in refused.value.problems] == [
        {"file": "f", "line": 3, "column": 1, "path": "mood", "message": "unknown key", "suggestion": "mode"},
        {
            "file": "f",
            "line": 4,
            "column": 7,
            "path": "mode",
            "message": 'expected "dry-run", "approve" or "enforce", found the text "enforced"',
            "suggestion": "enforce",
        },
    ]


@pytest.mark.parametrize(
    "text",
    [
        '"\\e[31mred\\nossmend.yaml:1:1: forged": 1',
        'log: { level: "\\e]0;x\\a\\n" }',
        'policies: [ { name: a, on: "\\x1f", restore: { days: 1 } } ]',
        'policies: [ { name: "\\n", on: A }, { name: "\\n", on: A } ]',
        'cors_rules: { "a\\rb": {} }\npolicies: [ { name: a, on: A, cors: { rule: "a\\rc" } } ]',
        'brakes: { cost_per_day: { amount: 1, currency: "\\u202eUSD" } }',
    ],
)
def test_hostile_words_cannot_forge_a_line_or_reach_the_terminal(text: str) -> None:
    problems = told(HEAD + text + "\n")
    assert all(problem.isprintable() for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        "notify: [ { webhook: { url: 'https://h/', secret: hunter2 } } ]",
        "notify: [ { webhook: { url: 'https://u:hunter2@h/' } } ]",
        "state: { url: 'postgresql://u:hunter2@h/db' }",
        "notify: [ { webhook: { url: 'https://h/', secret: [hunter2] } } ]",
        "notify: hunter2",
        "notify: [ hunter2 ]",
        "notify: [ { webhook: hunter2 } ]",
    ],
)
def test_a_secret_in_the_file_is_not_repeated(text: str) -> None:
    assert "hunter2" not in "".join(told(HEAD + text))
