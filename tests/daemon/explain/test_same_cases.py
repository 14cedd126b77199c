"""What `explain` counts as one case is what the daemon folds into one."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from ossmend.config.load import load_text
from ossmend.daemon.explain.gathered import gathered
from ossmend.daemon.journal.schema import cases as rows
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.sources import Batch
from ossmend.daemon.sources.parsers import events_in
from ossmend.daemon.stages.triage import Triage

ORIGIN = "https://shop.example.com"
CONFIG = """
version: 1
cloud: { region: cn-hangzhou }
cors_rules:
  web: { allowed_origins: ["https://shop.example.com"], allowed_methods: [GET, PUT], allowed_headers: ["*"] }
policies:
  - { name: shop, on: AccessForbidden, match: { bucket: "BUCKET" }, cors: { rule: web } }
"""
HOST = "assets-both.oss-cn-hangzhou.aliyuncs.com"
BLOCKED = (
    f"Access to XMLHttpRequest at 'https://{HOST}/{{}}' from origin '{ORIGIN}' has been blocked by CORS policy: "
    "Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header is "
    "present on the requested resource."
)
ANSWERED = (
    f"OPTIONS https://{HOST}/a.png Origin: {ORIGIN} Access-Control-Request-Method: PUT <Error><Code>AccessForbidden"
    "</Code><Message>CORSResponse: This CORS request is not allowed.</Message><RequestId>5F3D1A2B3C4D5E6F70819293"
    f"</RequestId><HostId>{HOST}</HostId></Error>"
)
LINES = (BLOCKED.format("a.png"), ANSWERED, BLOCKED.format("b.png"))


@pytest.mark.parametrize(("bucket", "cases"), [("assets-*", 1), ("others-*", 2)])
def test_a_console_s_line_is_in_the_case_in_which_the_daemon_has_it(tmp_path: Path, bucket: str, cases: int) -> None:
    """Without a policy nobody judges it by the bucket's rules, and it has a case of its own."""
    text = "".join(f"2026-11-28T03:1{number}:01Z ERROR {line}\n" for number, line in enumerate(LINES))
    events, config = events_in(text, source="t", now=datetime.now(UTC)), load_text(CONFIG.replace("BUCKET", bucket))
    with closing(open_store(tmp_path, exclusive=True)) as store:
        Triage(config, store, store.clock()).take("t", Batch(tuple(events), {"at": 1}))
        with store.read() as connection:
            kept = connection.execute(sa.select(rows.c.policy, rows.c.code, rows.c.subject).order_by(rows.c.id)).all()
    mine = [each.case for each in gathered(events, config)]
    told = [(each.policy, each.code, [each.subject.kind, *each.subject.parts]) for each in mine]
    assert [tuple(row) for row in kept] == told
    assert len(mine) == cases
