"""Tells the demo's story: clients are refused, the daemon works, the clients try again; and judges how it came out.

The daemon is the real one, a process of its own that knows only a log file, an endpoint and its own key. What this
module knows of its work it reads as a person would: from the journal, and from what the simulator was asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ossmend.config.load import load, load_text
from ossmend.daemon.demo.clients import SLOW_SECONDS, Answer, Applications
from ossmend.daemon.demo.telling import Telling
from ossmend.daemon.demo.world import World, clean_environment, world
from ossmend.daemon.journal import cases as journal_cases
from ossmend.daemon.journal import intents
from ossmend.daemon.journal.store import Store, open_to_read, state_directory
from ossmend.daemon.permissions.document import documents
from ossmend.daemon.permissions.needs import needs
from ossmend.daemon.queries import all_cases

FOUR = ("InvalidObjectState", "AccessForbidden", "InvalidAccessKeyId", "RequestTimeTooSkewed")
"""The codes that act or warn: one case each in the JSON report."""
OVER = {False: ("closed", "watching", "reported", "held", "parked"), True: ("planned", "reported", "closed", "parked")}
"""By dry run or not: states in which a case of the demo has come to its end."""
STORY_SECONDS = 50
READY_SECONDS = 20
CONFIG = """\
version: 1
cloud:
  region: {region}
  endpoint: {oss}
  rpc_endpoint: {rpc}
  credentials: {{ allow_root: true }}  # the simulator's key is the account's own
state: {{ path: {state} }}
sources:
  - app_log: {{ path: "{log}", start: beginning }}
mode: enforce
clock: {{ ntp_servers: [], every: 10m }}
cors_rules:
  web-upload:
    allowed_origins: ["https://app.example.com"]
    allowed_methods: [GET, PUT]
    allowed_headers: ["*"]
    expose_headers: [ETag]
    max_age_seconds: 600
policies:
  - name: thaw-reports
    on: InvalidObjectState
    match: {{ bucket: "reports-*", key: "2024/**" }}
    restore: {{ days: 1 }}
  - name: web-cors
    on: AccessForbidden
    match: {{ bucket: "assets-*" }}
    cors: {{ rule: web-upload }}
  - name: keys
    on: InvalidAccessKeyId
  - name: clocks
    on: RequestTimeTooSkewed
    clock: {{ warn_after: 60s, critical_after: 10m }}
"""


def demo(*, dry_run: bool, as_json: bool, allowed: dict[str, Any] | None = None) -> int:
    """Play the story; 0 when it came out as it should. `allowed` is the RAM policy of the daemon's key; None: what
    `ossmend ram-policy` says that it needs.
    """
    telling = Telling(quiet=as_json)
    with tempfile.TemporaryDirectory(prefix="ossmend-demo-", ignore_cleanup_errors=True) as directory, telling:
        telling.say("starting a local Alibaba Cloud (the simulator) and setting the scene")
        with world(allowed or least_policy()) as scene:
            report = _play(scene, Path(directory), dry_run=dry_run, telling=telling)
    faults = _faults(report)
    if as_json:
        print(json.dumps({name: report[name] for name in ("dry_run", "cases", "others", "mutating_requests")}))
    else:
        telling.table(report)
        telling.end(report, faults)
    for fault in faults:
        print(f"not as it should be: {fault}", file=sys.stderr)
    return 1 if faults else 0


def least_policy() -> dict[str, Any]:
    """The document that `ossmend ram-policy` makes of the demo's configuration."""
    (document,) = documents(
        needs(load_text(_configuration("cn-hangzhou", "http://127.0.0.1", "http://127.0.0.1", "/")))
    )
    return document


def _configuration(region: str, oss: str, rpc: str, directory: Path | str) -> str:
    return CONFIG.format(region=region, oss=oss, rpc=rpc, state=f"{directory}/state", log=f"{directory}/app.log")


def _play(scene: World, directory: Path, *, dry_run: bool, telling: Telling) -> dict[str, Any]:
    configuration = directory / "ossmend.yaml"
    configuration.write_text(_configuration(scene.region, scene.oss, scene.rpc, directory), encoding="utf-8")
    applications = Applications(scene, directory / "app.log")
    lacking = _lacking(scene, configuration)
    telling.say("check --live: the daemon's key may do " + ("all that it needs" if not lacking else "too little"))
    if lacking:
        return _report([], {}, {}, scene, dry_run=dry_run) | {"lacking": lacking}
    with _daemon(scene, configuration, directory, dry_run=dry_run):
        telling.say("the daemon runs" + (" (dry run: it cannot write)" if dry_run else ""))
        before = {}
        for code, client in applications.each.items():
            before[code] = client()
            telling.refused(code, client.__doc__ or "", before[code])
        with _journal(configuration, dry_run=dry_run) as store:
            _until_over(store, telling, dry_run=dry_run)
            telling.say("the clients try again")
            after = {code: client() for code, client in applications.each.items()}
            rows = _rows(store)
    return _report(rows, before, after, scene, dry_run=dry_run)


def _lacking(scene: World, configuration: Path) -> list[str]:
    """What `ossmend check --live` misses or could not check, asked before anything else, as one should."""
    command = [sys.executable, "-m", "ossmend", "check", "--live", "--json", "--config", str(configuration)]
    told = subprocess.run(
        command, env=_environment(scene), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
    )
    report = json.loads(told.stdout)
    return [f"{line['what']}: {line['found']}" for line in report["live"] if line["ok"] is not True]


def _environment(scene: World) -> dict[str, str]:
    return clean_environment() | {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": scene.daemon.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": scene.daemon.secret,
    }


@contextmanager
def _daemon(scene: World, configuration: Path, directory: Path, *, dry_run: bool) -> Iterator[None]:
    """The real daemon, until the story is over; its log goes to a file, shown if it does not start."""
    command = [sys.executable, "-m", "ossmend", "run", "--config", str(configuration)]
    environment = _environment(scene)
    with (directory / "daemon.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "--dry-run"] if dry_run else command, env=environment, stdin=subprocess.DEVNULL, stderr=log
        )
        try:
            _until_ready(process, log)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def _until_ready(process: subprocess.Popen[bytes], log: IO[str]) -> None:
    for _ in range(READY_SECONDS * 20):
        if process.poll() is not None:
            break
        log.seek(0)
        if "daemon.ready" in log.read():
            return
        time.sleep(0.05)
    log.seek(0)
    raise RuntimeError(f"the daemon did not start:\n{log.read()[-4000:]}")


@contextmanager
def _journal(configuration: Path, *, dry_run: bool) -> Iterator[Store]:
    store = open_to_read(state_directory(load(configuration), dry_run=dry_run))
    try:
        yield store
    finally:
        store.close()


def _until_over(store: Store, telling: Telling, *, dry_run: bool) -> None:
    """Show each step as it comes into the journal, until every case has come to its end or the time is up."""
    end = time.monotonic() + STORY_SECONDS
    while time.monotonic() < end:
        with store.read() as connection:
            rows = all_cases(connection)
        telling.progress(rows)
        if len(rows) >= len(FOUR) + 2 and all(row["state"] in OVER[dry_run] for row in rows):
            return
        time.sleep(0.2)


def _rows(store: Store) -> list[dict[str, Any]]:
    with store.read() as connection:
        rows = all_cases(connection)
        for row in rows:
            row["writes"] = [
                {
                    "operation": intent.write.operation,
                    "target": intent.write.target,
                    "state": _write_state(intent.state),
                }
                for intent in intents.of_case(connection, row["id"])
            ]
            case = journal_cases.get(connection, row["id"])
            row["facts"] = row["facts"] or {}
            row["refused_clients"] = case.events if case else 0
    return rows


def _write_state(state: str) -> str:
    return state if state in ("planned", "held", "done") else "failed"


def _report(
    rows: list[dict[str, Any]],
    before: Mapping[str, Answer],
    after: Mapping[str, Answer],
    scene: World,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    told = [_case(row, before, after) for row in rows]
    return {
        "dry_run": dry_run,
        "cases": [
            next(case for case in told if case["code"] == code) for code in FOUR if any(c["code"] == code for c in told)
        ],
        "others": [case for case in told if case["code"] not in FOUR],
        "mutating_requests": [
            request["operation"]
            for request in scene.requests()
            if request["access_key_id"] == scene.daemon.id and _mutates(request)
        ],
        "owner": scene.retired_owner,
    }


def _case(row: dict[str, Any], before: Mapping[str, Answer], after: Mapping[str, Answer]) -> dict[str, Any]:
    code, facts = row["code"], row["facts"]
    return {
        "code": code,
        "subject": row["subject"],
        "cause": row["cause"],
        "state": row["state"],
        "why": row["why"],
        "writes": row["writes"],
        "before": {"status": before[code].status if code in before else None},
        "after": {"status": after[code].status if code in after else None},
        "owner": facts.get("owner") if code == "InvalidAccessKeyId" else None,
        "drift_seconds": facts.get("drift_seconds") if code == "RequestTimeTooSkewed" else None,
    }


READ_OPERATIONS = ("Get", "Head", "List", "Describe", "Query", "Decode", "Options", "Option", "Preflight")


def _mutates(request: Mapping[str, Any]) -> bool:
    return not str(request["operation"]).startswith(READ_OPERATIONS)


def _faults(report: dict[str, Any]) -> list[str]:
    """Where the story did not come out as it should; empty when it did."""
    if "lacking" in report:
        return [f"the daemon's key: {said}" for said in report["lacking"]]
    found = {case["code"]: case for case in report["cases"]}
    missing = [f"no case for {code}" for code in FOUR if code not in found]
    if missing:
        return missing
    dry = report["dry_run"]
    expected = {"InvalidObjectState": 403 if dry else 200, "AccessForbidden": 403 if dry else 200}
    faults = [
        f"{code}: the client got {found[code]['after']['status']}, not {status}"
        for code, status in expected.items()
        if found[code]["after"]["status"] != status
    ]
    if found["InvalidAccessKeyId"]["owner"] != report["owner"]:
        faults.append(f"the disabled key's owner is {report['owner']}, not {found['InvalidAccessKeyId']['owner']}")
    drift = found["RequestTimeTooSkewed"]["drift_seconds"]
    if drift is None or abs(drift + SLOW_SECONDS) > 1.5:
        faults.append(f"the drift is {-SLOW_SECONDS} s, not {drift} s")
    if dry and report["mutating_requests"]:
        faults.append(f"a dry run wrote: {', '.join(report['mutating_requests'])}")
    if dry and not all(write["state"] == "planned" for case in report["cases"] for write in case["writes"]):
        faults.append("a dry run holds writes that are not only planned")
    return faults
