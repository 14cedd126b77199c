"""Each shipped scene, with real clients: every sub-cause that it promises, and what must not be refused beside it."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import oss2
import pytest
import requests

from ossmend.simulator.serve import Running, running_simulator
from tests.patience import HUNG
from tests.simulator.rpc.rpc_client import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ossmend.simulator.state import Cloud

Told = tuple[int, str, str]
"""Status, code, EC."""


@contextmanager
def playing(scene: str, **changes: Any) -> Iterator[Running]:
    """What takes time in a scene takes it by `advance` alone."""
    with running_simulator(scene=scene, speed=0.0) as running:

        def change(cloud: Cloud) -> None:
            for name, value in changes.items():
                setattr(cloud.clock, name, value)

        running.do(change)
        yield running


def bucket(sim: Running, name: str, key: tuple[str, ...] = (), region: str = "cn-hangzhou") -> oss2.Bucket:
    """A bucket as seen by the holder of a key (id, secret, maybe a token), or by nobody in particular."""
    auth: Any = oss2.AnonymousAuth()
    if len(key) == 3:
        auth = oss2.StsAuth(*key, auth_version="v4")
    elif key:
        auth = oss2.AuthV4(*key)
    session = oss2.Session()
    session.session.trust_env = False
    return oss2.Bucket(auth, sim.oss, name, region=region, session=session, connect_timeout=HUNG)


def told(action: Callable[..., Any], *args: Any, **settings: Any) -> Told:
    """What OSS says to an action: the refusal, or (200, "", "") if there is none."""
    try:
        action(*args, **settings)
    except oss2.exceptions.ServerError as error:
        return error.status, error.code, error.ec
    return 200, "", ""


def message(action: Callable[..., Any], *args: Any, **settings: Any) -> str:
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        action(*args, **settings)
    return str(refused.value.message)


def detail(action: Callable[..., Any], *args: Any) -> tuple[str, str, str]:
    """PolicyType, NoPermissionType and AuthAction of a refusal by RAM."""
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        action(*args)
    text = refused.value.body
    names = ("PolicyType", "NoPermissionType", "AuthAction")
    shown = [str(text).partition(f"<{name}>")[2].partition(f"</{name}>")[0] for name in names]
    return shown[0], shown[1], shown[2]


# ------------------------------------------------------------------------------------------------ InvalidObjectState

REPORTS = ("LTAI5tReportsApp00000001", "reports-app-secret")
FROZEN: Told = (403, "InvalidObjectState", "0016-00000404")


@pytest.fixture(scope="module")
def archive() -> Iterator[Running]:
    with playing("invalid_object_state") as running:
        yield running


@pytest.mark.parametrize(
    ("name", "key", "version", "expected"),
    [
        ("reports-archive", "2024/q1.csv", None, FROZEN),
        ("reports-archive", "2024/q2.csv", None, FROZEN),
        ("reports-archive", "2023/cold.bin", None, FROZEN),
        ("reports-archive", "2023/cold-slow.bin", None, FROZEN),
        ("reports-archive", "2022/deep.bin", None, FROZEN),
        ("reports-archive", "names/a b+c%20d ü☃.csv", None, FROZEN),
        ("reports-archive", "names/with//slashes/", None, FROZEN),
        ("reports-archive", "batch/0999.bin", None, FROZEN),
        ("reports-archive", "2024/q3.csv", None, (200, "", "")),
        ("reports-archive", "2024/q4.csv", None, (200, "", "")),
        ("reports-archive", "2024/infrequent.csv", None, (200, "", "")),
        ("reports-versions", "ledger.csv", None, (200, "", "")),
        ("reports-versions", "ledger.csv", "CAEQLedgerVersion1", FROZEN),
        ("reports-direct", "now.csv", None, (200, "", "")),
        ("reports-direct", "not-now.bin", None, FROZEN),
        ("reports-lifecycle", "hot.csv", None, FROZEN),
    ],
)
def test_only_what_is_frozen_does_not_read(
    archive: Running, name: str, key: str, version: str | None, expected: Told
) -> None:
    params = {"versionId": version} if version else None
    assert told(bucket(archive, name, REPORTS).get_object, key, params=params) == expected


def test_a_frozen_source_cannot_be_copied(archive: Running) -> None:
    holder = bucket(archive, "reports-archive", REPORTS)
    assert told(holder.copy_object, "reports-archive", "2021/copy-me.bin", "copy.bin") == (
        403,
        "InvalidObjectState",
        "0016-00000330",
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("2024/q2.csv", (409, "RestoreAlreadyInProgress")),
        ("2024/q4.csv", (400, "OperationNotSupported")),
        ("2024/infrequent.csv", (400, "OperationNotSupported")),
        ("2020/none.csv", (404, "NoSuchKey")),
    ],
)
def test_what_cannot_be_restored_now_says_so(archive: Running, key: str, expected: tuple[int, str]) -> None:
    assert told(bucket(archive, "reports-archive", REPORTS).restore_object, key)[:2] == expected


def test_a_restored_report_reads_until_it_freezes_again() -> None:
    with playing("invalid_object_state") as sim:
        holder = bucket(sim, "reports-archive", REPORTS)
        assert holder.restore_object("2024/q1.csv").status == 202
        assert told(holder.get_object, "2024/q1.csv") == FROZEN
        sim.do(lambda cloud: cloud.clock.advance(6))
        assert holder.get_object("2024/q1.csv").read().startswith(b"quarter")
        sim.do(lambda cloud: cloud.clock.advance(30))
        assert told(holder.get_object, "2024/q3.csv") == FROZEN


# --------------------------------------------------------------------------------------------------- AccessForbidden


@pytest.fixture(scope="module")
def web() -> Iterator[Running]:
    with playing("access_forbidden") as running:
        yield running


def preflight(sim: Running, name: str, origin: str, method: str, headers: str = "") -> requests.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    with requests.Session() as session:
        session.trust_env = False
        return session.options(f"{sim.oss}/{name}/logo.png", headers=asked, timeout=HUNG)


@pytest.mark.parametrize(
    ("name", "origin", "method", "headers", "allowed"),
    [
        ("web-none", "https://www.example.com", "GET", "", False),
        ("web-assets", "https://www.example.com", "PUT", "content-type", True),
        ("web-assets", "https://app.example.com", "GET", "", False),
        ("web-assets", "https://www.example.com:8443", "GET", "", False),
        ("web-assets", "http://www.example.com", "GET", "", False),
        ("web-assets", "https://www.example.com", "DELETE", "", False),
        ("web-assets", "https://www.example.com", "PUT", "x-oss-date, x-oss-user-agent", False),
        ("web-wildcards", "https://a.example.com", "GET", "x-oss-date", True),
        ("web-wildcards", "https://example.com", "GET", "", False),
        ("web-first-wins", "https://app.example.com", "PUT", "", True),
        ("web-first-wins", "https://other.example.com", "PUT", "", False),
        ("web-full", "https://10.example.com", "GET", "", True),
        ("web-full", "https://11.example.com", "GET", "", False),
        ("web-open", "https://www.example.com", "GET", "", False),
    ],
)
def test_preflights_are_let_through_or_refused(
    web: Running, name: str, origin: str, method: str, headers: str, *, allowed: bool
) -> None:
    answer = preflight(web, name, origin, method, headers)
    assert answer.status_code == (200 if allowed else 403)
    assert ("AccessForbidden" in answer.text) is not allowed
    no_rule = "CORSResponse: CORS is not enabled for this bucket." in answer.text
    assert no_rule is (name in ("web-none", "web-open"))


def test_the_first_fitting_rule_answers(web: Running) -> None:
    answer = preflight(web, "web-first-wins", "https://app.example.com", "GET")
    assert answer.headers["Access-Control-Max-Age"] == "5"


def test_an_eleventh_rule_is_refused(web: Running) -> None:
    holder = bucket(web, "web-full", ("LTAI5tWebTeam00000000001", "web-team-secret"))
    rules = holder.get_bucket_cors().rules
    rules.append(oss2.models.CorsRule(["https://11.example.com"], ["GET"]))
    assert told(holder.put_bucket_cors, oss2.models.BucketCors(rules))[:2] == (400, "CORSRuleBeyondLimit")


def test_the_actual_request_is_served_whatever_its_origin(web: Running) -> None:
    read = bucket(web, "web-open").get_object("index.html", headers={"Origin": "https://evil.example.com"})
    assert read.status == 200
    assert "Access-Control-Allow-Origin" not in read.headers


def test_a_new_rule_is_seen_after_it_spread() -> None:
    with playing("access_forbidden") as sim:
        holder = bucket(sim, "web-none", ("LTAI5tWebTeam00000000001", "web-team-secret"))
        holder.put_bucket_cors(oss2.models.BucketCors([oss2.models.CorsRule(["*"], ["GET"])]))
        assert preflight(sim, "web-none", "https://x.example.com", "GET").status_code == 403
        sim.do(lambda cloud: cloud.clock.advance(3))
        assert preflight(sim, "web-none", "https://x.example.com", "GET").status_code == 200


# ------------------------------------------------------------------------------------------------ InvalidAccessKeyId

UNKNOWN: Told = (403, "InvalidAccessKeyId", "0002-00000902")
DISABLED: Told = (403, "InvalidAccessKeyId", "0002-00000903")
UPN = "company.onaliyun.com"


@pytest.fixture(scope="module")
def keyring() -> Iterator[Running]:
    with playing("invalid_access_key_id") as running:
        yield running


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (("LTAI5tAliceActive0000001",), (200, "", "")),
        (("0wNEpMMlzy7sAbCd",), (200, "", "")),
        (("LTAI5tAliceDisabled00001",), DISABLED),
        (("LTAI5tErinFrozen00000001",), DISABLED),
        (("LTAI5tRootDisabled000001",), DISABLED),
        (("LTAI5tBobDeleted00000001",), UNKNOWN),
        (("LTAI5tCarolGone000000001",), UNKNOWN),
        (("LTAI5tNobodyHasThisKey01",), UNKNOWN),
        (("LTAI5tDaveOffice00000001",), (403, "InvalidAccessKeyId", "0002-00000904")),
        (("STS.NTNightJobExpired000001", "night-token"), (403, "SecurityTokenExpired", "0002-00000007")),
        (("STS.NTNightJobExpired000001",), UNKNOWN),
        (("STS.NTDayJobAlive0000000001", "day-token"), (200, "", "")),
        (("STS.NTDayJobAlive0000000001", "night-token"), (403, "InvalidSecurityToken", "0002-00000006")),
        (("LTAI5tAliceActive0000001", "day-token"), (403, "InvalidAccessKeyId", "0002-00000002")),
        (("LTAI5tOtherAccount000001",), (403, "AccessDenied", "0003-00000001")),
    ],
)
def test_a_key_that_is_not_right_is_refused_with_its_reason(
    keyring: Running, key: tuple[str, ...], expected: Told
) -> None:
    holder = bucket(keyring, "reports", (key[0], "example-secret", *key[1:]))
    assert told(holder.get_object, "hello.txt") == expected


@pytest.fixture(scope="module")
def sweeper(keyring: Running) -> Account:
    return Account(keyring.rpc, "LTAI5tKeySweeper00000001", "example-secret")


@pytest.mark.parametrize(
    ("key_id", "owner"),
    [
        ("LTAI5tAliceDisabled00001", "alice"),
        ("LTAI5tDaveOffice00000001", "dave"),
        ("LTAI5tErinFrozen00000001", "erin"),
    ],
)
def test_ims_tells_whose_key_was_refused(sweeper: Account, key_id: str, owner: str) -> None:
    assert sweeper.ims("GetUser", UserAccessKeyId=key_id)["User"]["UserPrincipalName"] == f"{owner}@{UPN}"


@pytest.mark.parametrize(
    ("key_id", "user_gone"), [("LTAI5tBobDeleted00000001", False), ("LTAI5tCarolGone000000001", True)]
)
def test_the_recycle_bin_tells_of_deleted_keys(sweeper: Account, key_id: str, *, user_gone: bool) -> None:
    found = sweeper.ims("GetAccessKeyInfoInRecycleBin", UserAccessKeyId=key_id)["AccessKey"]
    assert found["UserRecycled"] is user_gone


def test_the_restricted_key_is_active_in_ram_and_has_a_rule(sweeper: Account) -> None:
    dave = f"dave@{UPN}"
    keys = sweeper.ims("ListAccessKeys", UserPrincipalName=dave)["AccessKeys"]["AccessKey"]
    assert [key["Status"] for key in keys] == ["Active"]
    rule = sweeper.ims("GetAccessKeyPolicy", UserPrincipalName=dave, UserAccessKeyId="LTAI5tDaveOffice00000001")
    assert "203.0.113.0/24" in rule["AccessKeyPolicy"]


def test_only_the_trail_knows_roots_key(sweeper: Account) -> None:
    assert sweeper.refused("Ims", "GetUser", {"UserAccessKeyId": "LTAI5tRootDisabled000001"}).status == 404
    found = sweeper.call("Actiontrail", "GetAccessKeyLastUsedInfo", {"AccessKey": "LTAI5tRootDisabled000001"})
    assert found["AccountType"] == "root-account"


# ---------------------------------------------------------------------------------------------- RequestTimeTooSkewed

SKEWED = ("LTAI5tSkewedApp000000001", "skewed-app-secret")


@pytest.mark.parametrize("offset", [1020, -1020, 28800, -28800, 1.7e9])
def test_a_clock_too_far_away_is_refused_by_oss_and_ram(offset: float) -> None:
    with playing("request_time_too_skewed", offset_seconds=offset) as sim:
        holder = bucket(sim, "reports", SKEWED)
        assert told(holder.get_object, "hello.txt") == (403, "RequestTimeTooSkewed", "0002-00000504")
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            holder.get_object("hello.txt")
        assert refused.value.details["MaxAllowedSkewMilliseconds"] == "900000"
        assert refused.value.details["ServerTime"] != refused.value.details["RequestTime"]
        assert Account(sim.rpc, *SKEWED).refused("Sts", "GetCallerIdentity").code == "InvalidTimeStamp.Expired"


@pytest.mark.parametrize("offset", [0, 800, -800])
def test_a_clock_near_enough_is_fine(offset: float) -> None:
    with playing("request_time_too_skewed", offset_seconds=offset) as sim:
        assert bucket(sim, "reports", SKEWED).get_object("hello.txt").read() == b"hello"


@pytest.mark.parametrize("name", ["request_time_too_skewed", "request_time_too_skewed_time_zone"])
def test_both_clock_scenes_refuse_as_they_come(name: str) -> None:
    with playing(name) as sim:
        assert told(bucket(sim, "reports", SKEWED).get_object, "hello.txt")[1] == "RequestTimeTooSkewed"


def test_anonymous_reads_have_no_clock() -> None:
    with playing("request_time_too_skewed") as sim:
        assert bucket(sim, "public-reports").get_object("hello.txt").read() == b"hello"


# ------------------------------------------------------------------------------------------------------ AccessDenied


def held(name: str) -> tuple[str, str]:
    return f"LTAI5tDenied{name}", "example-secret"


INTERN, ANALYST = held("Intern000001"), held("Analyst00001")
GIL, TRAVELLER, STRANGER, ADMIN = held("Gil000000001"), held("Traveller001"), held("Stranger0001"), held("Admin0000001")
NARROW = ("STS.NTNarrowSession00000001", "example-secret", "narrow-token")
OK: Told = (200, "", "")


def denied(ec: str) -> Told:
    return 403, "AccessDenied", ec


@pytest.fixture(scope="module")
def fortress() -> Iterator[Running]:
    with playing("access_denied") as running:
        yield running


@pytest.mark.parametrize(
    ("who", "name", "key", "expected"),
    [
        (ADMIN, "vault", "payroll.csv", OK),
        (INTERN, "vault", "payroll.csv", denied("0003-00000202")),
        (ANALYST, "vault", "payroll.csv", OK),
        (ANALYST, "vault", "secret/plan.txt", denied("0003-00000201")),
        (ANALYST, "doubly-guarded", "x.txt", denied("0003-00000203")),
        (INTERN, "doubly-guarded", "x.txt", denied("0003-00000101")),
        (GIL, "vault", "home/gil/notes.txt", OK),
        (GIL, "vault", "payroll.csv", denied("0003-00000202")),
        (TRAVELLER, "vault", "payroll.csv", denied("0003-00000202")),
        (NARROW, "vault", "public/readme.txt", OK),
        (NARROW, "vault", "payroll.csv", denied("0003-00000202")),
        (STRANGER, "vault", "payroll.csv", denied("0003-00000001")),
        (STRANGER, "guarded", "kept.txt", OK),
        ((), "vault", "payroll.csv", denied("0003-00000001")),
        ((), "shop-window", "open.txt", OK),
        ((), "shop-window", "closed.txt", denied("0003-00000005")),
        (INTERN, "shop-window", "open.txt", OK),
        ((), "shop-blocked", "open.txt", denied("0003-00000001")),
        ((), "gallery", "cat.jpg", denied("0003-00000501")),
        (ADMIN, "gallery", "cat.jpg", OK),
        (STRANGER, "pay-per-view", "film.mp4", denied("0003-00000703")),
        (ADMIN, "pay-per-view", "film.mp4", OK),
        (ADMIN, "neighbours", "x.txt", denied("0003-00000001")),
        (STRANGER, "neighbours", "x.txt", OK),
    ],
)
def test_each_layer_says_no_in_its_own_way(
    fortress: Running, who: tuple[str, ...], name: str, key: str, expected: Told
) -> None:
    assert told(bucket(fortress, name, who).get_object, key) == expected


@pytest.mark.parametrize(
    ("who", "name", "prefix", "expected"),
    [
        (GIL, "vault", "home/gil/", OK),
        (GIL, "vault", "home/gil", denied("0003-00000202")),
        (GIL, "vault", "", denied("0003-00000202")),
        ((), "vault", "", denied("0003-00001201")),
        ((), "shop-window", "", denied("0003-00001201")),
        (STRANGER, "vault", "", denied("0003-00000001")),
    ],
)
def test_listing_is_a_right_of_its_own(
    fortress: Running, who: tuple[str, ...], name: str, prefix: str, expected: Told
) -> None:
    assert told(bucket(fortress, name, who).list_objects_v2, prefix=prefix) == expected


def test_refusals_by_ram_say_which_policy_and_which_action(fortress: Running) -> None:
    identity, session = "AccountLevelIdentityBasedPolicy", "SessionPolicy"
    vault = [bucket(fortress, "vault", who) for who in (INTERN, ANALYST, NARROW, ADMIN)]
    assert detail(vault[0].get_object, "payroll.csv") == (identity, "ImplicitDeny", "oss:GetObject")
    assert detail(vault[1].get_object, "secret/plan.txt") == (identity, "ExplicitDeny", "oss:GetObject")
    assert detail(vault[2].get_object, "payroll.csv") == (session, "ImplicitDeny", "oss:GetObject")
    assert detail(vault[3].delete_bucket) == ("ControlPolicy", "ExplicitDeny", "oss:DeleteBucket")


def test_the_words_name_the_layer(fortress: Running) -> None:
    assert "authorizer's policy" in message(bucket(fortress, "vault", NARROW).get_object, "payroll.csv")
    assert "bucket policy" in message(bucket(fortress, "guarded", ADMIN).delete_object, "kept.txt")
    assert "because of bucket acl" in message(bucket(fortress, "vault").get_object, "payroll.csv")
    assert "does not belong to you" in message(bucket(fortress, "vault", STRANGER).get_bucket_acl)
    assert "read permission on this object" in message(bucket(fortress, "shop-window").get_object, "closed.txt")
    assert "specified endpoint" in message(bucket(fortress, "elsewhere", ADMIN).get_object, "x.txt")


def test_a_wrong_endpoint_is_told_with_the_right_one(fortress: Running) -> None:
    assert told(bucket(fortress, "elsewhere", ADMIN).get_object, "x.txt") == denied("0003-00001403")


def test_a_public_acl_is_refused_while_public_access_is_blocked(fortress: Running) -> None:
    holder = bucket(fortress, "shop-blocked", ADMIN)
    assert told(holder.put_bucket_acl, "public-read") == denied("0016-00000901")


def test_a_referer_that_is_allowed_sees_the_cat(fortress: Running) -> None:
    headers = {"Referer": "https://www.example.com/page"}
    assert bucket(fortress, "gallery").get_object("cat.jpg", headers=headers).read() == b"cat"


def test_who_pays_for_the_request_may_make_it(fortress: Running) -> None:
    headers = {"x-oss-request-payer": "requester"}
    assert told(bucket(fortress, "pay-per-view", STRANGER).get_object, "film.mp4", headers=headers) == OK


def test_a_presigned_url_ends() -> None:
    with playing("access_denied") as sim, requests.Session() as session:
        session.trust_env = False
        url = bucket(sim, "vault", ADMIN).sign_url("GET", "payroll.csv", 60)
        assert session.get(url, timeout=HUNG).status_code == 200
        sim.do(lambda cloud: setattr(cloud.clock, "offset_seconds", 120))
        answer = session.get(url, timeout=HUNG)
    assert answer.status_code == 403
    assert answer.headers["x-oss-ec"] == "0002-00000236"


# ---------------------------------------------------------------------------------------------- SignatureDoesNotMatch

UPLOADER = ("LTAI5tSignUploader000001", "uploader-secret")
NAMES = ("plain.txt", "a b.txt", "a+b.txt", "100%.txt", "a#b?c&d=e.txt", "{braces}$dollar.txt", "双十一/☃.txt")


@pytest.fixture(scope="module")
def signing() -> Iterator[Running]:
    with playing("signature_does_not_match") as running:
        yield running


@pytest.mark.parametrize("name", [*NAMES, "dir//double.txt"])
def test_a_right_signature_fits_every_name(signing: Running, name: str) -> None:
    assert bucket(signing, "uploads", UPLOADER).get_object(name).status == 200


@pytest.mark.parametrize("secret", ["uploader secret", "Uploader-secret", "x"])
def test_a_wrong_secret_is_a_wrong_signature(signing: Running, secret: str) -> None:
    holder = bucket(signing, "uploads", (UPLOADER[0], secret))
    assert told(holder.get_object, "plain.txt") == (403, "SignatureDoesNotMatch", "0002-00000201")


def test_a_v1_signature_with_a_wrong_secret_shows_the_string_to_sign(signing: Running) -> None:
    session = oss2.Session()
    session.session.trust_env = False
    holder = oss2.Bucket(oss2.Auth(UPLOADER[0], "wrong"), signing.oss, "uploads", session=session)
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as refused:
        holder.get_object("plain.txt")
    assert refused.value.ec == "0002-00000040"
    assert refused.value.details["StringToSign"].endswith("/uploads/plain.txt")


def test_a_presigned_put_with_another_content_type_does_not_match(signing: Running) -> None:
    session = oss2.Session()
    session.session.trust_env = False
    holder = oss2.Bucket(oss2.Auth(*UPLOADER), signing.oss, "uploads", session=session)
    url = holder.sign_url("PUT", "new.txt", 60, headers={"Content-Type": "text/plain"})
    with requests.Session() as plain:
        plain.trust_env = False
        wrong = plain.put(url, data=b"x", headers={"Content-Type": "text/html"}, timeout=HUNG)
        right = plain.put(url, data=b"x", headers={"Content-Type": "text/plain"}, timeout=HUNG)
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text, right.status_code) == (403, True, 200)


def test_a_name_sent_otherwise_than_signed_does_not_match(signing: Running) -> None:
    url = bucket(signing, "uploads", UPLOADER).sign_url("GET", "a+b.txt", 60)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(url.replace("a%2Bb.txt", "a%20b.txt"), timeout=HUNG)
    assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)


def test_v4_for_another_region_is_an_invalid_argument(signing: Running) -> None:
    holder = bucket(signing, "uploads", UPLOADER, region="cn-beijing")
    assert told(holder.get_object, "plain.txt") == (400, "InvalidArgument", "0002-00000226")


# ------------------------------------------------------------------------------------------------------- ImageDamage

GALLERY = ("LTAI5tGalleryApp00000001", "gallery-app-secret")


@pytest.fixture(scope="module")
def gallery() -> Iterator[Running]:
    with playing("image_damage") as running:
        yield running


@pytest.mark.parametrize(
    ("name", "key", "version", "expected"),
    [
        ("photos", "portrait.png", None, (403, "ImageDamage")),
        ("photos", "portrait.png", "CAEQPortraitGood", (200, "")),
        ("photos", "never-good.jpg", None, (403, "ImageDamage")),
        ("photos", "never-good.jpg", "CAEQNeverGood1", (403, "ImageDamage")),
        ("photos", "old-good-archived.png", None, (403, "ImageDamage")),
        ("photos", "old-good-archived.png", "CAEQArchivedGood", (403, "InvalidObjectState")),
        ("snapshots", "good.png", None, (200, "")),
        ("snapshots", "good.jpg", None, (200, "")),
        ("snapshots", "cut.jpg", None, (403, "ImageDamage")),
        ("snapshots", "zeros.jpg", None, (403, "ImageDamage")),
        ("snapshots", "empty.png", None, (403, "ImageDamage")),
        ("snapshots", "notes.txt", None, (400, "BadRequest")),
        ("snapshots", "poster.png", None, (400, "ImageTooLarge")),
        ("snapshots", "film-still.png", None, (400, "ImageTooLarge")),
        ("snapshots", "frozen.png", None, (403, "InvalidObjectState")),
        ("snapshots", "missing.png", None, (404, "NoSuchKey")),
    ],
)
def test_pictures_are_refused_for_what_is_wrong_with_them(
    gallery: Running, name: str, key: str, version: str | None, expected: tuple[int, str]
) -> None:
    params = {"versionId": version} if version else None
    holder = bucket(gallery, name, GALLERY)
    assert told(holder.get_object, key, process="image/info", params=params)[:2] == expected


def test_a_rolled_back_portrait_is_a_picture_again() -> None:
    with playing("image_damage") as sim:
        holder = bucket(sim, "photos", GALLERY)
        holder.copy_object("photos", "portrait.png", "portrait.png", params={"versionId": "CAEQPortraitGood"})
        assert b"ImageWidth" in holder.get_object("portrait.png", process="image/info").read()


# ------------------------------------------------------------------------------------------------------- UserDisable

DISABLED_ACCOUNT: Told = (403, "UserDisable", "0003-00000801")


@pytest.mark.parametrize(
    ("scene", "key", "amount"),
    [
        ("user_disable", ("LTAI5tAccountant00000001", "accountant-secret"), "-12.34"),
        ("user_disable_security", ("LTAI5tHeldApp00000000001", "held-app-secret"), "1,234.56"),
    ],
)
def test_a_disabled_account_is_refused_everywhere_and_only_the_bill_tells_why(
    scene: str, key: tuple[str, str], amount: str
) -> None:
    with playing(scene) as sim:
        holder = bucket(sim, "reports", key)
        assert told(holder.get_object, "hello.txt") == DISABLED_ACCOUNT
        assert told(holder.put_object, "new.txt", b"x") == DISABLED_ACCOUNT
        assert told(holder.list_objects) == DISABLED_ACCOUNT
        balance = Account(sim.rpc, *key).call("BssOpenApi", "QueryAccountBalance")
        assert balance["Data"]["AvailableAmount"] == amount


def test_an_overdue_accounts_website_is_gone_for_everybody() -> None:
    with playing("user_disable") as sim:
        assert told(bucket(sim, "website").get_object, "index.html") == DISABLED_ACCOUNT
        stranger = ("LTAI5tOtherAccount000002", "other-account-secret")
        assert told(bucket(sim, "website", stranger).get_object, "index.html") == DISABLED_ACCOUNT
        sim.do(lambda cloud: setattr(cloud.identity, "account_status", "normal"))
        assert bucket(sim, "website").get_object("index.html").read() == b"hello"


def test_a_bucket_can_be_held_by_itself() -> None:
    with playing("user_disable_security") as sim:
        sim.do(lambda cloud: setattr(cloud.identity, "account_status", "normal"))
        key = ("LTAI5tHeldApp00000000001", "held-app-secret")
        assert told(bucket(sim, "suspicious", key).get_object, "hello.txt")[:2] == (403, "BucketDisable")
        assert told(bucket(sim, "reports", key).get_object, "hello.txt") == OK


def test_an_account_without_oss_cannot_make_a_bucket() -> None:
    with playing("user_disable_not_activated") as sim:
        key = ("LTAI5tNewcomerApp0000001", "newcomer-app-secret")
        assert told(bucket(sim, "my-first-bucket", key).create_bucket) == DISABLED_ACCOUNT
        refused = Account(sim.rpc, *key).refused("BssOpenApi", "QueryAccountBalance")
        assert (refused.status, refused.code) == (400, "NotApplicable")


# ------------------------------------------------------------------------------------------------ weather, many users

STORMY = ("LTAI5tStormyApp000000001", "stormy-app-secret")


def test_bad_weather_is_over_after_a_while() -> None:
    with playing("bad_weather") as sim:
        for name, expected in (("throttled", [503] * 3 + [200]), ("broken", [500, 500, 200])):
            assert [told(bucket(sim, name, STORMY).get_object, "x.txt")[0] for _ in expected] == expected
        for _ in range(2):
            with pytest.raises(oss2.exceptions.RequestError):
                bucket(sim, "reset", STORMY).get_object("x.txt")
        bucket(sim, "reset", STORMY).get_object("x.txt")
        caller = Account(sim.rpc, *STORMY)
        assert [caller.code("Ram", "ListUsers") for _ in range(3)] == ["Throttling.User", "Throttling.User", ""]


def test_a_restore_that_was_accepted_may_never_have_begun() -> None:
    with playing("bad_weather") as sim:
        holder = bucket(sim, "liar", STORMY)
        assert holder.restore_object("frozen.bin").status == 202
        assert "x-oss-restore" not in holder.head_object("frozen.bin").headers
        assert holder.restore_object("frozen.bin").status == 202
        assert holder.head_object("frozen.bin").headers["x-oss-restore"] == 'ongoing-request="true"'


def test_a_large_account_comes_in_three_pages_and_its_report_takes_time() -> None:
    with playing("many_users") as sim:
        caller = Account(sim.rpc, "LTAI5tKeySweeper00000002", "key-sweeper-secret")
        first = caller.ims("ListUsers")
        second = caller.ims("ListUsers", Marker=first["Marker"])
        third = caller.ims("ListUsers", Marker=second["Marker"])
        assert [len(page["Users"]["User"]) for page in (first, second, third)] == [1000, 1000, 500]
        assert caller.ims("GenerateCredentialReport")["State"] == "STARTED"
        assert caller.ims("GenerateCredentialReport")["State"] == "INPROGRESS"
        sim.do(lambda cloud: cloud.clock.advance(21))
        content = base64.b64decode(caller.ims("GetCredentialReport")["Content"])
        assert content.count(b"\n") == 2501


def test_half_a_body_is_a_broken_answer_once() -> None:
    with playing("bad_weather") as sim:
        holder = bucket(sim, "half", STORMY)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            holder.get_object("x.txt").read()
        assert holder.get_object("x.txt").read() == b"a body of which only half arrives"


def test_a_stale_read_shows_what_was_there_before() -> None:
    with playing("bad_weather") as sim:
        holder = bucket(sim, "stale", STORMY)
        sim.do(lambda cloud: cloud.clock.advance(10))
        holder.put_object("x.txt", b"new")
        assert holder.get_object("x.txt").read() == b"x"
        sim.do(lambda cloud: cloud.clock.advance(6))
        assert holder.get_object("x.txt").read() == b"new"
