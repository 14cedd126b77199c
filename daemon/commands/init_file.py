"""Answers -> a commented configuration in dry-run, and that text -> a file, whole or not at all.

No secret comes in here, so none can be written: credentials stay where the SDKs find them.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ossmend.daemon.cloud.ask.inventory import LogTarget
from ossmend.daemon.commands.init_found import Found, cloud_section

MOST_NAMED = 12
POLICIES = """\
# Tried in this order; the first that fits takes the event. Give one of them `mode: approve` when you agree with what
# the audit says of it: then each write waits for `ossmend cases approve`. `mode: enforce` writes, within the brakes.
policies:
  - name: thaw                     # restores archived objects, waits until they read, watches the expiry
    on: InvalidObjectState
    match: { bucket: "*" }         # narrow it before it may write: { bucket: "reports-*", key: "2024/**" }
    restore: { days: 1 }

  - name: cors                     # merges a stored rule into a bucket; without one it tells, and writes nothing
    on: AccessForbidden
    match: { bucket: "*" }
    #cors: { rule: web-upload }    # a name under cors_rules, which you write: see ossmend.example.yaml

  - name: pictures                 # finds the last version that decodes; writes only if image.restore_version lets it
    on: ImageDamage
    match: { bucket: "*" }

  # These only tell, and never write. In dry-run the log alone has what they tell: before you name a channel under
  # `notify`, give them `mode: enforce`, or that channel `in_dry_run: true`.
  - { name: keys, on: InvalidAccessKeyId }
  - { name: clocks, on: RequestTimeTooSkewed }
  - { name: denied, on: AccessDenied }
  - { name: signatures, on: SignatureDoesNotMatch }
  - { name: account, on: UserDisable }

# Whom to tell, beside the log. `ossmend.example.yaml` has every kind.
#notify:
#  - webhook: { url: https://hooks.example.com/ossmend }
"""


@dataclass(slots=True)
class Answers:
    """What goes into the file."""

    region: str
    region_is_known: bool = True
    endpoint: str | None = None
    rpc_endpoint: str | None = None
    state: Path | None = None
    """None: the default."""
    allow_root: bool = False
    """The key is the account's own, and a person has said that it may be used."""
    logs: list[str] = field(default_factory=list)
    targets: list[LogTarget] = field(default_factory=list)
    access_files: list[str] = field(default_factory=list)
    """Patterns of files that OSS's access logs were copied to."""
    streams: list[str] = field(default_factory=list)
    """Regions whose log is read in the log service."""


def compose(answers: Answers, found: Found, now: datetime) -> str:
    """The file's text."""
    return "\n".join(
        [*_head(found, now), *_cloud(answers, found), *_state(answers), *_sources(answers, found), *_mode()]
    )


def _head(found: Found, now: datetime) -> Iterator[str]:
    whose = f", for {found.arn} of account {found.account}" if found.account else ""
    yield f"# ossmend: written by `ossmend init` on {now:%Y-%m-%d}{whose}."
    yield "#"
    yield "# Every policy is in dry-run: nothing is written to the cloud. `ossmend audit` says what would be."
    yield "# `ossmend check` tells every mistake with its line. There are no secrets in this file."
    yield ""
    yield "version: 1"
    yield ""


def _cloud(answers: Answers, found: Found) -> Iterator[str]:
    if not answers.region_is_known:
        yield "# THE REGION WAS NOT FOUND: write the one of your buckets here."
    elsewhere = sorted({bucket.region for bucket in found.buckets} - {answers.region})
    if elsewhere:
        yield f"# There are buckets in other regions, too: {', '.join(elsewhere)}."
    yield cloud_section(answers.region, answers.endpoint, answers.rpc_endpoint)
    if answers.allow_root:
        yield "  credentials: { allow_root: true }   # a key of the account itself: no policy can limit it"
    yield ""


def _state(answers: Answers) -> Iterator[str]:
    if answers.state is not None:
        yield "# Where the journal is kept. A service has /var/lib/ossmend, which is the default."
        yield f"state: {{ path: {_quoted(str(answers.state))} }}"
        yield ""


def _sources(answers: Answers, found: Found) -> Iterator[str]:
    if not (answers.logs or answers.targets or answers.access_files or answers.streams):
        yield "# Where error events come from. NONE WAS NAMED, so nothing is read yet:"
        yield "#sources:"
        yield "#  - app_log: { path: /var/log/app/*.log }"
        yield "#  - access_log: { bucket: my-logs, prefix: oss/ }"
        yield "#  - access_log: { path: /srv/oss-logs/* }"
        yield "#  - sls: { region: cn-hangzhou }   # real-time log query"
    else:
        yield "sources:"
    for path in answers.logs:
        yield "  - app_log:                         # what an application logs; * follows files that appear later, too"
        yield f"      path: {_quoted(path)}"
        yield "      start: end                     # what is there already is for `ossmend audit`, not for the service"
    for target in answers.targets:
        yield f"  - access_log:                      # OSS's own, of {_named(found.targets.get(target, []))}"
        yield f"      bucket: {_quoted(target.bucket)}"
        yield f"      prefix: {_quoted(target.prefix)}"
    for region in answers.streams:
        yield "  - sls:                             # OSS's own within three minutes (real-time log query)"
        yield f"      region: {region}"
        yield "      start: end                     # the week that is kept is for `ossmend audit`, not for the service"
    for path in answers.access_files:
        yield "  - access_log:                      # OSS's own, copied to files; plain or packed (.gz)"
        yield f"      path: {_quoted(path)}"
    yield ""


def _mode() -> Iterator[str]:
    yield "mode: dry-run                      # for every policy that does not say its own: dry-run, approve, enforce"
    yield ""
    yield "# Limits on what all policies write together, for a beginning. `unlimited` takes one off."
    yield "brakes:"
    yield "  writes_per_hour: 50"
    yield "  objects_per_day: 200"
    yield "  restore_gib_per_day: 20"
    yield "  cost_per_day: { amount: 20, currency: CNY }"
    yield ""
    yield POLICIES


def _named(buckets: list[str]) -> str:
    if not buckets:
        return "the buckets that log there"
    more = f" and {len(buckets) - MOST_NAMED} more" if len(buckets) > MOST_NAMED else ""
    return ", ".join(buckets[:MOST_NAMED]) + more


def _quoted(text: str) -> str:
    """A JSON string is a YAML string."""
    return json.dumps(text, ensure_ascii=False)


# ------------------------------------------------------------------------------------------------------------ the file


class Exists(Exception):
    """There is such a file already, and nobody said that it may be replaced."""


def put(path: Path, text: str, now: datetime, *, replace: bool) -> Path | None:
    """Write it, whole or not at all. Where it replaces a file, that one is kept: its name. Raises Exists, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".ossmend-init-")
    new = Path(name)
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123  # a handle, not a path
            file.write(text)
            file.flush()
            # the service runs as a user of its own and has to read it: it holds no secret
            os.fchmod(file.fileno(), 0o644 if os.geteuid() == 0 else 0o640)
            os.fsync(file.fileno())
        return _placed(new, path, now, replace=replace)
    finally:
        with suppress(FileNotFoundError):
            new.unlink()


def _placed(new: Path, path: Path, now: datetime, *, replace: bool) -> Path | None:
    try:
        path.hardlink_to(new)  # fails where there is a file by now, and leaves that one alone
    except FileExistsError:
        if not replace:
            raise Exists(str(path)) from None
    else:
        return None
    kept = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%SZ}.bak")
    kept.hardlink_to(path)
    new.replace(path)
    return kept
