"""All eight codes, each sub-cause: a real client is refused by a scene, its text is logged, the daemon finds the cause.

One row is one refusal: who asks, for what, and the cause that the daemon must name after it has asked the cloud. The
daemon runs dry; that it asks by reads alone is checked on the way.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import oss2
import pytest
import requests

from ossmend.daemon import queries
from ossmend.daemon.app import App
from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.test_scenes_refuse import (
    ANALYST,
    GALLERY,
    GIL,
    INTERN,
    NARROW,
    REPORTS,
    SKEWED,
    STRANGER,
    TRAVELLER,
    UPLOADER,
    bucket,
    held,
    playing,
)

ADMIN = held("Admin0000001")
Ask = Callable[[Running], str | None]
"""Does what is refused; or has done it, and gives the client's log itself."""
OLD = "CAEQLedgerVersion1"
WRITING = {"PutObject", "RestoreObject", "PutBucketCors", "CopyObject", "TagResources", "PutBucketAcl"}


@pytest.fixture(scope="module")
def scenes() -> Iterator[Callable[[str], Running]]:
    """Each scene once for all rows; a name with a # has one of its own, because its rows change it."""
    with ExitStack() as open_ones:
        known: dict[str, Running] = {}

        def scene(name: str) -> Running:
            if name not in known:
                known[name] = open_ones.enter_context(playing(name.partition("#")[0]))
            return known[name]

        yield scene


def text_of(ask: Ask, sim: Running) -> str:
    """What a client's log has of a refusal: the request, and OSS's answer whole."""
    try:
        told = ask(sim)
        if told is not None:
            return told
    except oss2.exceptions.ServerError as error:
        body = error.body.decode() if isinstance(error.body, bytes) else error.body
        asked = sim.do(lambda cloud: cloud.requests)[-1]
        where = f"oss://{asked.bucket}/{asked.key or ''}"
        via = f"Via: {error.headers['Via']}\n" if "Via" in error.headers else ""
        return f"{asked.method} {where}: 403 from oss, x-oss-request-id: {error.request_id}\n{via}{body}\n"
    except requests.HTTPError as error:
        answer = error.response
        sent = answer.request
        body = answer.text or base64.b64decode(answer.headers.get("x-oss-err", "")).decode()
        headers = "".join(f"{name}: {value}\n" for name, value in sent.headers.items() if name in ASKING)
        return f"{sent.method} {sent.url}\n{headers}HTTP/1.1 {answer.status_code}\n{body}\n"
    pytest.fail("the scene did not refuse")


ASKING = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers", "Referer", "Content-Type")


def get(name: str, key: str, who: tuple[str, ...] = (), **settings: Any) -> Ask:
    def ask(sim: Running) -> None:
        bucket(sim, name, who).get_object(key, **settings)

    return ask


def plain(method: str, url: Callable[[Running], str], headers: Mapping[str, str] | None = None) -> Ask:
    def ask(sim: Running) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.request(method, url(sim), headers=dict(headers or {}), timeout=HUNG).raise_for_status()

    return ask


def at(path: str) -> Callable[[Running], str]:
    return lambda sim: f"{sim.oss}/{path}"


def preflight(name: str, origin: str, method: str, headers: str = "") -> Ask:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return plain("OPTIONS", at(f"{name}/logo.png"), asked)


def then(ask: Ask, change: Callable[[Running], Any]) -> Ask:
    """Refused first; then the world changes, before the daemon looks."""

    def both(sim: Running) -> str:
        text = text_of(ask, sim)
        change(sim)
        return text

    return both


def shifted(seconds: float, ask: Ask) -> Ask:
    """OSS's clock is that far from the client's for this one request."""

    def with_offset(sim: Running) -> str:
        before = sim.do(lambda cloud: cloud.clock.offset_seconds)
        sim.do(lambda cloud: setattr(cloud.clock, "offset_seconds", seconds))
        try:
            return text_of(ask, sim)
        finally:
            sim.do(lambda cloud: setattr(cloud.clock, "offset_seconds", before))

    return with_offset


def together(*asks: Ask) -> Ask:
    return lambda sim: "\n\n".join(text_of(ask, sim) for ask in asks)


def list_buckets(sim: Running) -> None:
    session = oss2.Session()
    session.session.trust_env = False
    oss2.Service(oss2.AuthV4(*INTERN), sim.oss, region="cn-hangzhou", session=session).list_buckets()


def signed_v4(sim: Running) -> str:
    return str(bucket(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", 3600))


def signed_v1(sim: Running) -> str:
    return str(v1(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", 60))


def open_cors(sim: Running) -> None:
    rule = oss2.models.CorsRule(["*"], ["GET", "PUT"], ["*"])
    owner = bucket(sim, "web-none", ("LTAI5tWebTeam00000000001", "web-team-secret"))
    owner.put_bucket_cors(oss2.models.BucketCors([rule]))
    sim.do(lambda cloud: cloud.clock.advance(3))


def v1(sim: Running, name: str, who: tuple[str, str]) -> oss2.Bucket:
    session = oss2.Session()
    session.session.trust_env = False
    return oss2.Bucket(oss2.Auth(*who), sim.oss, name, session=session)


def presigned_put(sim: Running) -> str:
    return str(v1(sim, "uploads", UPLOADER).sign_url("PUT", "new.txt", 60, headers={"Content-Type": "text/plain"}))


def expired(sim: Running) -> str:
    return str(v1(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", -3600))


def plus_lost(sim: Running) -> str:
    """A signature with a + in it, which a program did not encode; every second of expiry makes another signature."""
    holder = v1(sim, "uploads", UPLOADER)
    urls = (str(holder.sign_url("GET", "plain.txt", seconds)) for seconds in range(60, 600))
    return next(url.replace("%2B", "+") for url in urls if "%2B" in url)


def cut_off(sim: Running) -> str:
    return str(v1(sim, "uploads", UPLOADER).sign_url("GET", "plain.txt", 60))[:-14]


def escaped_twice(sim: Running) -> str:
    url = str(v1(sim, "uploads", UPLOADER).sign_url("GET", "plain.txt", 60))
    return url.replace("%", "%25")


def half_a_url(sim: Running) -> str:
    return str(v1(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", 60)).partition("&Signature")[0]


def older_version(sim: Running) -> str:
    return str(v1(sim, "reports-versions", REPORTS).sign_url("GET", "ledger.csv", 60, params={"versionId": OLD}))


def with_a_blank(sim: Running) -> str:
    url = str(v1(sim, "reports", ("LTAI5tAliceActive0000001", "example-secret")).sign_url("GET", "hello.txt", 60))
    return url.replace("LTAI5tAliceActive0000001", "LTAI5tAliceActive0000001%20")


def expired_form(sim: Running) -> None:
    """A page uploads by a form whose policy ended last year."""
    policy = base64.b64encode(
        b'{"expiration": "2025-01-01T00:00:00.000Z", "conditions": [["starts-with", "$key", ""]]}'
    )
    signature = base64.b64encode(hmac.digest(ADMIN[1].encode(), policy, "sha1"))
    fields = {"key": "form.txt", "OSSAccessKeyId": ADMIN[0], "policy": policy, "Signature": signature}
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{sim.oss}/vault/", data=fields, files={"file": b"x"}, timeout=HUNG).raise_for_status()


def one_bucket_held(sim: Running) -> None:
    sim.do(lambda cloud: setattr(cloud.identity, "account_status", "normal"))
    try:
        get("suspicious", "hello.txt", ("LTAI5tHeldApp00000000001", "held-app-secret"))(sim)
    finally:
        sim.do(lambda cloud: setattr(cloud.identity, "account_status", "security"))


OVERDUE = get("reports", "hello.txt", ("LTAI5tOverdueApp00000001", "overdue-app-secret"))


def while_account_is(status: str, read: Ask = OVERDUE) -> Ask:
    def ask(sim: Running) -> None:
        before = sim.do(lambda cloud: cloud.identity.account_status)
        sim.do(lambda cloud: setattr(cloud.identity, "account_status", status))
        try:
            read(sim)
        finally:
            sim.do(lambda cloud: setattr(cloud.identity, "account_status", before))

    return ask


def scribbled_on(sim: Running) -> None:
    """A picture with both its ends and nothing of a picture between them."""
    holder = bucket(sim, "snapshots", GALLERY)
    holder.put_object("scribble.jpg", b"\xff\xd8\xff" + b"scribble" * 50 + b"\xff\xd9", {"Content-Type": "image/jpeg"})
    holder.get_object("scribble.jpg", process="image/info")


def copy_frozen(sim: Running) -> None:
    bucket(sim, "reports-archive", REPORTS).copy_object("reports-archive", "2021/copy-me.bin", "copy.bin")


def spelled_otherwise(sim: Running) -> str:
    url = str(v1(sim, "uploads", UPLOADER).sign_url("GET", "a+b.txt", 60))
    return url.replace("a%2Bb.txt", "a%20b.txt")


def key(key_id: str, *token: str) -> Ask:
    return get("reports", "hello.txt", (key_id, "example-secret", *token))


def image(name: str, object_key: str) -> Ask:
    return get(name, object_key, GALLERY, process="image/info")


ROWS: tuple[tuple[str, str, Ask, str], ...] = (
    # scene, what happens, how, cause
    ("invalid_object_state", "never restored", get("reports-archive", "2024/q1.csv", REPORTS), "never-restored"),
    ("invalid_object_state", "being restored", get("reports-archive", "2024/q2.csv", REPORTS), "restoring"),
    ("invalid_object_state", "cold archive", get("reports-archive", "2023/cold.bin", REPORTS), "never-restored"),
    ("invalid_object_state", "an older version", plain("GET", older_version), "never-restored"),
    ("invalid_object_state", "the source of a copy", copy_frozen, "never-restored"),
    ("invalid_object_state#thawed", "somebody restored it",
     then(get("reports-archive", "2024/q1.csv", REPORTS), lambda sim: (
         bucket(sim, "reports-archive", REPORTS).restore_object("2024/q1.csv"), sim.do(lambda c: c.clock.advance(6)))),
     "already-readable"),
    ("invalid_object_state#deleted", "somebody deleted it",
     then(get("reports-archive", "2023/cold.bin", REPORTS),
          lambda sim: bucket(sim, "reports-archive", REPORTS).delete_object("2023/cold.bin")), "object-missing"),
    ("invalid_object_state#direct", "direct read was switched on",
     then(get("reports-archive", "2024/q1.csv", REPORTS),
          lambda sim: sim.do(lambda cloud: setattr(cloud.buckets["reports-archive"], "archive_direct_read", True))),
     "direct-read-on"),
    ("access_forbidden", "an origin that nobody stored", preflight("web-none", "https://evil.example.org", "GET"),
     "cors-stored-rule-does-not-cover"),
    ("access_forbidden", "no room for a rule", preflight("web-full", "https://11.example.com", "GET"),
     "cors-limit-reached"),
    ("access_forbidden#mended", "somebody mended it",
     then(preflight("web-none", "https://www.example.com", "GET"), open_cors), "cors-already-allowed"),
    ("access_forbidden", "no rule", preflight("web-none", "https://www.example.com", "GET"), "cors-not-enabled"),
    ("access_forbidden", "origin", preflight("web-assets", "https://app.example.com", "GET"),
     "cors-origin-not-allowed"),
    ("access_forbidden", "method", preflight("web-assets", "https://www.example.com", "DELETE"),
     "cors-method-not-allowed"),
    ("access_forbidden", "header", preflight("web-assets", "https://www.example.com", "PUT", "x-oss-user-agent"),
     "cors-header-not-allowed"),
    ("invalid_access_key_id", "disabled", key("LTAI5tAliceDisabled00001"), "key-disabled"),
    ("invalid_access_key_id", "deleted", key("LTAI5tBobDeleted00000001"), "key-deleted"),
    ("invalid_access_key_id", "deleted with its user", key("LTAI5tCarolGone000000001"), "key-deleted"),
    ("invalid_access_key_id", "nobody's", key("LTAI5tNobodyHasThisKey01"), "key-not-of-this-account"),
    ("invalid_access_key_id", "from elsewhere", key("LTAI5tDaveOffice00000001"), "key-ip-restricted"),
    ("invalid_access_key_id", "root's, disabled", key("LTAI5tRootDisabled000001"), "key-disabled"),
    ("invalid_access_key_id", "token left out", key("STS.NTNightJobExpired000001"), "key-temporary"),
    ("invalid_access_key_id", "blank pasted along", plain("GET", with_a_blank), "key-malformed"),
    ("invalid_access_key_id", "a token with a good key", key("LTAI5tAliceActive0000001", "day-token"), "key-active"),
    ("invalid_access_key_id", "an expired token", key("STS.NTNightJobExpired000001", "night-token"), "token-expired"),
    ("invalid_access_key_id", "another session's token", key("STS.NTDayJobAlive0000000001", "night-token"),
     "token-invalid"),
    ("request_time_too_skewed", "drift", get("reports", "hello.txt", SKEWED), "clock-drift"),
    ("request_time_too_skewed_time_zone", "time zone", get("reports", "hello.txt", SKEWED), "clock-time-zone"),
    ("request_time_too_skewed", "never set",
     plain("GET", at("reports/hello.txt"),
           {"Authorization": f"OSS {SKEWED[0]}:x", "Date": "Thu, 01 Jan 1970 00:03:00 GMT"}), "clock-unset"),
    ("request_time_too_skewed#queue", "sent late by a queue",
     then(together(*(shifted(late, get("reports", "hello.txt", SKEWED)) for late in (950, 1400, 2100))),
          lambda sim: sim.do(lambda cloud: setattr(cloud.clock, "offset_seconds", 0))),
     "clock-slow-upload"),
    ("access_denied", "an old form", expired_form, "post-policy-failed"),
    ("access_denied", "no Allow", get("vault", "payroll.csv", INTERN), "denied-ram-implicit"),
    ("access_denied", "outside of the prefix", get("vault", "payroll.csv", GIL), "denied-ram-implicit"),
    ("access_denied", "a Deny", get("vault", "secret/plan.txt", ANALYST), "denied-ram-explicit"),
    ("access_denied", "session policy", get("vault", "payroll.csv", NARROW), "denied-session-policy"),
    ("access_denied", "control policy", lambda sim: bucket(sim, "vault", ADMIN).delete_bucket(),
     "denied-control-policy"),
    ("access_denied", "bucket policy", lambda sim: bucket(sim, "guarded", ADMIN).delete_object("kept.txt"),
     "denied-bucket-policy"),
    ("access_denied", "bucket ACL", plain("GET", at("vault/payroll.csv")), "denied-bucket-acl"),
    ("access_denied", "object ACL", plain("GET", at("shop-window/closed.txt")), "denied-object-acl"),
    ("access_denied", "blocked", lambda sim: bucket(sim, "shop-blocked", ADMIN).put_bucket_acl("public-read"),
     "denied-public-access-block"),
    ("access_denied", "blocked, asked without signing", plain("GET", at("shop-blocked/open.txt")),
     "denied-public-access-block"),
    ("access_denied", "referer", plain("GET", at("gallery/cat.jpg"), {"Referer": "https://evil.example.com/"}),
     "denied-referer"),
    ("access_denied", "wrong endpoint", get("elsewhere", "x.txt", ADMIN), "denied-wrong-endpoint"),
    ("access_denied", "requester pays", get("pay-per-view", "film.mp4", STRANGER), "requester-pays"),
    ("access_denied", "not signed", lambda sim: bucket(sim, "vault").list_objects_v2(), "denied-anonymous"),
    ("access_denied", "another account's bucket", lambda sim: bucket(sim, "vault", STRANGER).get_bucket_acl(),
     "denied-ram-implicit"),  # OSS's message does not say whose key it was, and says the same to one's own RAM users
    ("access_denied", "expired URL", plain("GET", expired), "url-expired"),
    ("access_denied", "half a URL", plain("GET", half_a_url), "url-malformed"),
    ("access_denied", "not below the prefix", lambda sim: bucket(sim, "vault", GIL).list_objects_v2(prefix="home/gil"),
     "denied-ram-implicit"),
    ("access_denied", "bucket policy and RAM", get("doubly-guarded", "x.txt", ANALYST), "denied-ram-explicit"),
    ("access_denied", "from elsewhere", get("vault", "payroll.csv", TRAVELLER), "denied-ram-implicit"),
    ("access_denied", "listing buckets", list_buckets, "denied-ram-implicit"),
    ("access_denied#clock", "a URL from the future", shifted(-7200, plain("GET", signed_v4)), "url-not-yet-valid"),
    ("access_denied", "a copy from another region",
     lambda sim: bucket(sim, "vault", ADMIN).copy_object("elsewhere", "x.txt", "copy.txt"), "cross-region-copy"),
    ("access_denied",
     "no date", plain("GET", at("vault/payroll.csv"), {"Authorization": "OSS LTAI5tDeniedAdmin0000001:x"}),
     "date-missing"),
    ("signature_does_not_match", "wrong secret", lambda sim: v1(sim, "uploads", (UPLOADER[0],
     "x")).get_object("plain.txt"),
     "wrong-secret"),
    ("signature_does_not_match",
     "presigned PUT, other type", plain("PUT", presigned_put, {"Content-Type": "text/html"}),
     "signed-header-differs"),
    ("signature_does_not_match", "name spelled otherwise", plain("GET", spelled_otherwise), "key-encoding"),
    ("signature_does_not_match", "a lost +", plain("GET", plus_lost), "plus-lost"),
    ("signature_does_not_match", "a URL cut off", plain("GET", cut_off), "url-cut-or-garbled"),
    ("signature_does_not_match", "escaped twice", plain("GET", escaped_twice), "url-cut-or-garbled"),
    ("image_damage", "cut off", image("snapshots", "cut.jpg"), "image-truncated"),
    ("image_damage", "scribbled on", scribbled_on, "image-damaged"),
    ("image_damage", "zeros", image("snapshots", "zeros.jpg"), "image-damaged"),
    ("image_damage", "empty", image("snapshots", "empty.png"), "image-truncated"),
    ("image_damage", "cut off, with a good version", image("photos", "portrait.png"), "image-truncated"),
    ("image_damage", "never good", image("photos", "never-good.jpg"), "image-damaged"),
    ("image_damage", "good version archived", image("photos", "old-good-archived.png"), "image-damaged"),
    ("user_disable", "overdue", get("reports", "hello.txt", ("LTAI5tOverdueApp00000001", "overdue-app-secret")),
     "account-overdue"),
    *(
        ("beyond", object_key, get("beyond", object_key, ("LTAI5tBeyondApp000000001", "beyond-app-secret")), found)
        for object_key, found in (
            ("vpc.txt", "denied-vpc-endpoint"),
            ("kms.txt", "kms-denied"),
            ("attack.txt", "security-block"),
            ("group.txt", "denied-resource-group"),
            ("protected.jpg", "image-original-protected"),
            ("page.txt", "no-code"),
            ("chunked.bin", "chunked-signing"),
            ("s3.bin", "s3-client"),
            ("no-region.bin", "v4-without-region"),
            ("proxied.txt", "proxy-rewrites"),
            ("feature.txt", "feature-not-enabled"),
            ("role.txt", "denied-role"),
            ("cancelled.txt", "account-cancelled"),
            ("twice.bin", "wrong-resource"),
            ("no-times.txt", "clock-unmeasured"),
            ("absurd.txt", "clock-absurd-server-time"),
            ("not-cors.txt", "forbidden-not-cors"),
            ("notes.txt", "image-not-an-image"),
            ("drawing.psd", "image-unsupported"),
            ("poster.png", "image-too-large"),
            ("gone.jpg", "image-source-missing"),
        )
    ),
    ("user_disable", "in debt", while_account_is("in_debt"), "account-overdue"),
    ("user_disable", "in debt for too long", while_account_is("in_debt_overdue"), "account-overdue"),
    ("access_denied", "owner cancelled", while_account_is("cancelled", get("vault", "payroll.csv", ADMIN)),
     "account-abnormal"),
    ("user_disable_security", "held", get("reports", "hello.txt", ("LTAI5tHeldApp00000000001", "held-app-secret")),
     "account-security-hold"),
    ("user_disable_security", "one bucket held", one_bucket_held, "account-security-hold"),
    ("user_disable_not_activated", "never activated",
     lambda sim: bucket(sim, "my-first-bucket", ("LTAI5tNewcomerApp0000001", "newcomer-app-secret")).create_bucket(),
     "oss-not-activated"),
)  # fmt: skip

POLICIES = """
  - { name: thaw, on: InvalidObjectState, match: { bucket: "*" } }
  - { name: cors, on: AccessForbidden, match: { bucket: "*" }, cors: { rule: web } }
  - { name: pictures, on: ImageDamage, match: { bucket: "*" } }
"""
RULE = (
    "{ web: { allowed_origins: ['https://*.example.com'], allowed_methods: [GET, PUT, DELETE], "
    "allowed_headers: ['*'] } }"
)


def configured(directory: Path, sim: Running) -> Path:
    path = directory / "ossmend.yaml"
    path.write_text(
        f"version: 1\ncloud: {{ region: {sim.region}, endpoint: '{sim.oss}', rpc_endpoint: '{sim.rpc}',\n"
        f"  credentials: {{ allow_root: true }} }}\n"
        f"state: {{ path: '{directory / 'state'}' }}\nclock: {{ ntp_servers: [] }}\ncors_rules: {RULE}\n"
        f"sources: [ {{ app_log: {{ path: '{directory / 'app.log'}', start: beginning }} }} ]\npolicies:{POLICIES}",
        encoding="utf-8",
    )
    return path


def worked(directory: Path, sim: Running, text: str) -> list[dict[str, Any]]:
    """The cases after one dry pass over a log with this text."""
    (directory / "app.log").write_text(f"2026-01-01 00:00:00 ERROR upload failed\n{text}\n\n", encoding="utf-8")
    app = App(configured(directory, sim), dry_run=True)
    try:
        app.once()
        with app.store.read() as connection:
            rows = queries.all_cases(connection)
            return [queries.one_case(connection, row["id"]) or {} for row in rows]
    finally:
        app.close()


@pytest.mark.parametrize(("scene", "what", "ask", "cause"), ROWS, ids=[f"{row[0]}: {row[1]}" for row in ROWS])
def test_the_daemon_finds_the_cause_that_the_scene_has(
    scenes: Callable[[str], Running],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scene: str,
    what: str,  # the row's name
    ask: Ask,
    cause: str,
) -> None:
    sim = scenes(scene)
    text = text_of(ask, sim)
    if scene == "access_denied":
        sim.do(lambda cloud: cloud.clock.advance(3))  # diagnostic messages appear two seconds after the denial
    before = len(sim.do(lambda cloud: cloud.requests))
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)
    found = worked(tmp_path, sim, text)
    assert [case["cause"] for case in found] == [cause], (text, found)
    asked = {each.operation for each in sim.do(lambda cloud: cloud.requests)[before:]}
    assert not asked & WRITING
