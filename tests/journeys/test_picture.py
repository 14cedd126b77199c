"""A damaged picture is rolled back to the newest version that decodes, by a person's word, and forth again."""

from __future__ import annotations

import io

import oss2
import pytest
import requests

from tests.journeys.conftest import Daemon, World, until
from tests.patience import HUNG

image = pytest.importorskip("PIL.Image", reason="the extra `images` is not installed")

POLICY = """\
  - { name: pictures, on: ImageDamage, mode: enforce, match: { bucket: "photos-*" } }
"""


def jpeg() -> bytes:
    out = io.BytesIO()
    image.radial_gradient("L").save(out, "JPEG")
    return out.getvalue()


def damaged(world: World, name: str, *, versioned: bool = True) -> oss2.Bucket:
    """A private picture of the class IA, then the first half of it over that; the refusal is what `info` gets."""
    bucket = world.bucket(name, create=True)
    if versioned:
        bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    headers = {"Content-Type": "image/jpeg", "x-oss-object-acl": "private", "x-oss-storage-class": "IA"}
    for data in (jpeg(), jpeg()[: len(jpeg()) // 2]):
        bucket.put_object("cat äö.jpg", data, headers=headers)
    return bucket


def info(bucket: oss2.Bucket) -> str:
    """What OSS's image processing says: nothing if it is content, else the error as a client logs it."""
    try:
        bucket.get_object("cat äö.jpg", process="image/info").read()
    except oss2.exceptions.ServerError as error:
        return f"ERROR thumbnails: oss://{bucket.bucket_name}/cat äö.jpg: {error}\n"
    return ""


def tell(daemon: Daemon, bucket: oss2.Bucket) -> None:
    refused = info(bucket)
    assert "ImageDamage" in refused
    with daemon.log.open("a", encoding="utf-8") as log:
        log.write(refused)


def test_also_under_enforce_a_person_approves_the_copy_and_may_take_it_back(world: World, daemon: Daemon) -> None:
    bucket = damaged(world, "photos-1")
    daemon.configure(POLICY)
    tell(daemon, bucket)
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["cause"]) == ("held", "image-truncated")
    assert world.requests("CopyObject") == []
    (write,) = daemon.command("cases", "approve", "1")[1]["writes"]
    assert write["operation"] == "RestoreVersion"
    daemon.start()
    until("the picture is one again", lambda: info(bucket) == "")
    until("the case is closed", lambda: [each["state"] for each in daemon.cases()] == ["closed"])
    assert bucket.get_object("cat äö.jpg").read() == jpeg()
    assert bucket.get_object_acl("cat äö.jpg").acl == "private"
    assert bucket.head_object("cat äö.jpg").headers["x-oss-storage-class"] == "IA"
    assert bucket.head_object("cat äö.jpg").headers["Content-Type"] == "image/jpeg"
    assert len(bucket.list_object_versions().versions) == 3
    daemon.command("cases", "undo", "1")
    until("the damaged one is back", lambda: "ImageDamage" in info(bucket))
    assert daemon.stop() == 0
    assert len(world.requests("CopyObject")) == 2
    assert len(bucket.list_object_versions().versions) == 4


def test_a_bucket_without_versions_is_told_and_left_alone(world: World, daemon: Daemon) -> None:
    bucket = damaged(world, "photos-2", versioned=False)
    daemon.configure(POLICY)
    tell(daemon, bucket)
    (case,) = daemon.command("once")[1]["cases"]
    assert (case["state"], case["cause"]) == ("reported", "image-truncated")
    assert world.requests("CopyObject") == []


def test_a_dry_run_plans_the_copy_and_sends_nothing_but_reads(world: World, daemon: Daemon) -> None:
    bucket = damaged(world, "photos-3")
    daemon.configure(POLICY)
    tell(daemon, bucket)
    before = len(world.requests())
    (case,) = daemon.command("once", "--dry-run")[1]["cases"]
    assert case["state"] == "planned"
    assert {each["method"] for each in world.requests()[before:]} <= {"GET", "HEAD", "POST"}
    assert world.requests("CopyObject") == []


def pay(world: World, status: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        assert session.put(f"{world.simulator.control}/account", json={"status": status}, timeout=HUNG).ok


def test_no_write_goes_out_while_the_account_is_refused(world: World, daemon: Daemon) -> None:
    bucket = damaged(world, "photos-4")
    daemon.configure(POLICY.replace(" }\n", ", image: { restore_version: enforce } }\n"))
    tell(daemon, bucket)
    pay(world, "overdue")
    with daemon.log.open("a", encoding="utf-8") as log:
        try:
            bucket.get_object("cat äö.jpg")
        except oss2.exceptions.ServerError as error:
            log.write(f"ERROR oss://photos-4/cat äö.jpg: {error}\n")
    causes = {case["code"]: case for case in daemon.command("once")[1]["cases"]}
    assert causes["UserDisable"]["state"] == "reported"
    assert "data may be deleted within days" in causes["UserDisable"]["why"]
    assert world.requests("CopyObject") == []
    pay(world, "normal")
    daemon.command("cases", "retry", str(causes["ImageDamage"]["id"]))
    held = {case["code"]: case for case in daemon.command("once")[1]["cases"]}["ImageDamage"]
    assert (held["state"], "the account is refused (UserDisable)" in held["why"]) == ("held", True)
    assert world.requests("CopyObject") == []
