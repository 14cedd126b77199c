"""ImageDamage as a table: what was fetched, what it is called, and when a version is offered back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from ossmend.remediators.contract.answers import ImageAnswer, ImageCheck, ObjectVersion
from ossmend.remediators.contract.case import Event
from ossmend.remediators.contract.registry import Remediator
from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.verdict import Act, Done, Tell, Verdict
from ossmend.remediators.image_damage import MOST_VERSIONS, plan, subject
from ossmend.remediators.settings.image import ImageSettings
from ossmend.remediators.writes.restore_version import RestoreVersion, versions_digest
from tests.fakes import ASKED, NOW, FakeView, FakeWorld, case_of, receipt_of

REF = ObjectRef("photos", "cat.jpg")


def refused(**told: Any) -> Event:
    given: dict[str, Any] = {
        "source": "t", "code": "ImageDamage", "status": 403, "bucket": "photos", "key": "cat.jpg",
        "message": "The image file may be damaged.", "origins": ASKED,
    }  # fmt: skip
    return Event(**(given | told))


def check(verdict: Any = "truncated", **told: Any) -> ImageCheck:
    return ImageCheck(verdict=verdict, says=f"it is {verdict}", format="JPEG", size=100, **told)


def plain(verdict: Any, **told: Any) -> FakeWorld:
    return FakeWorld(pictures={REF: check(verdict, **told)})


def version(name: str, **told: Any) -> ObjectVersion:
    given: dict[str, Any] = {"version_id": name, "size": 100, "etag": name.upper(), "storage_class": "IA"}
    return ObjectVersion(**(given | told), last_modified=NOW - timedelta(days=1))


def versioned(*verdicts: str, acl: str = "default") -> FakeWorld:
    """Versions v0 (current), v1, ... that look like that."""
    names = [f"v{n}" for n in range(len(verdicts))]
    pictures = {ObjectRef("photos", "cat.jpg", n): check(v) for n, v in zip(names, verdicts, strict=True)}
    return FakeWorld(pictures=pictures, versions_of={REF: [version(name) for name in names]}, acls={REF: acl})


def planned(world: FakeWorld, event: Event | None = None, mode: str = "approve", **case: Any) -> Verdict:
    settings = ImageSettings(restore_version=cast("Any", mode))
    return plan(case_of(event or refused(), **case), cast("Any", FakeView(world)), settings)


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        ("empty", "image-truncated"),
        ("zeros", "image-damaged"),
        ("truncated", "image-truncated"),
        ("damaged", "image-damaged"),
        ("not-an-image", "image-not-an-image"),
        ("unsupported", "image-unsupported"),
        ("too-large", "image-too-large"),
    ],
)
def test_what_the_bytes_are_is_the_cause(found: str, cause: str) -> None:
    verdict = planned(plain(found, intact=True))
    assert isinstance(verdict, Tell)
    assert (verdict.diagnosis.cause, verdict.diagnosis.facts["verdict"]) == (cause, found)
    assert any("already damaged when it was stored" in said for said in verdict.diagnosis.evidence)


def test_an_object_that_is_gone_is_a_missing_source() -> None:
    verdict = planned(FakeWorld())
    assert isinstance(verdict, Tell)
    assert verdict.diagnosis.cause == "image-source-missing"


def test_without_our_right_to_read_the_text_is_all_there_is() -> None:
    world = versioned("truncated", "good")
    world.refuses.add("GetObject")
    protected = refused(message="The original picture is protected, only style access is allowed.")
    verdict = planned(world, protected)
    assert isinstance(verdict, Tell)
    assert verdict.diagnosis.cause == "image-original-protected"
    assert any("our own GetObject was refused" in said for said in verdict.diagnosis.evidence)


def test_a_picture_that_is_archived_by_now_is_not_called_damaged_by_us() -> None:
    world = versioned("truncated", "good")
    world.frozen.add(REF)
    verdict = planned(world)
    assert isinstance(verdict, Tell)
    assert "archived" in verdict.why
    assert verdict.diagnosis.confidence < 0.9


def test_a_picture_that_oss_processes_again_is_done() -> None:
    assert isinstance(planned(plain("good")), Done)


def test_a_picture_that_we_cannot_decode_is_not_called_well() -> None:
    class Header(FakeView):
        def processes(self, _ref: ObjectRef) -> ImageAnswer:
            return ImageAnswer(ok=True)

    world = plain("unchecked")
    verdict = plan(case_of(refused()), cast("Any", Header(world)), ImageSettings())
    assert isinstance(verdict, Tell)


def test_bytes_that_were_damaged_on_the_way_to_us_are_no_finding() -> None:
    verdict = planned(plain("damaged", intact=False))
    assert isinstance(verdict, Tell)
    assert any("not what was stored" in said for said in verdict.diagnosis.evidence)
    assert verdict.diagnosis.confidence < 0.95


# ---------------------------------------------------------------------------------------------------- older versions


def test_the_newest_version_that_decodes_is_offered_and_a_person_approves() -> None:
    verdict = planned(versioned("truncated", "damaged", "good", "good"))
    assert isinstance(verdict, Act)
    assert verdict.approve
    (write,) = verdict.writes
    assert isinstance(write, RestoreVersion)
    assert (write.version_id, write.current, write.storage_class) == ("v2", "v0", "IA")
    assert write.planned_on == versions_digest("v0", "V0")


def test_enforce_leaves_it_to_the_policys_mode() -> None:
    verdict = planned(versioned("truncated", "good"), mode="enforce")
    assert isinstance(verdict, Act)
    assert not verdict.approve


def test_the_copy_is_as_private_as_what_it_replaces() -> None:
    verdict = planned(versioned("truncated", "good", acl="private"))
    assert isinstance(verdict, Act)
    write = verdict.writes[0]
    assert isinstance(write, RestoreVersion)
    assert write.acl == "private"
    assert ("oss:PutObjectAcl", "acs:oss:*:*:photos/cat.jpg") in write.permissions


@pytest.mark.parametrize(
    "world",
    [
        plain("truncated"),
        versioned("truncated"),
        versioned("truncated", "damaged", "zeros"),
        versioned("too-large", "good"),
        versioned("unsupported", "good"),
        versioned(*["damaged"] * (MOST_VERSIONS + 1), "good"),
    ],
    ids=["no versions", "one version", "none good", "too large", "unsupported", "good, but too far back"],
)
def test_nothing_is_offered(world: FakeWorld) -> None:
    assert isinstance(planned(world, mode="enforce"), Tell)


def test_never_still_tells_which_version_is_good() -> None:
    verdict = planned(versioned("truncated", "good"), mode="never")
    assert isinstance(verdict, Tell)
    assert verdict.diagnosis.facts["good_version"] == "v1"


@pytest.mark.parametrize("question", ["ListObjectVersions", "GetObjectAcl"])
def test_without_our_permission_nothing_is_offered_and_it_is_said(question: str) -> None:
    world = versioned("truncated", "good")
    world.refuses.add(question)
    verdict = planned(world)
    assert isinstance(verdict, Tell)
    assert verdict.diagnosis.cause == "image-truncated"
    assert any(f"our own {question}" in said for said in verdict.diagnosis.evidence)


def test_an_archived_version_is_named_and_passed_over() -> None:
    world = versioned("truncated", "good", "good")
    world.frozen.add(ObjectRef("photos", "cat.jpg", "v1"))
    verdict = planned(world)
    assert isinstance(verdict, Act)
    assert "v2" in verdict.writes[0].target


def test_a_delete_marker_is_no_version_to_go_back_to() -> None:
    world = versioned("truncated", "good")
    world.versions_of[REF][1] = version("v1", delete_marker=True)
    assert isinstance(planned(world), Tell)


def test_a_named_older_version_is_told_and_left_alone() -> None:
    world = versioned("truncated", "damaged", "good")
    assert isinstance(planned(world, refused(version_id="v1")), Tell)


def test_what_was_copied_once_and_is_damaged_again_is_told() -> None:
    first = planned(versioned("truncated", "good"))
    assert isinstance(first, Act)
    again = planned(versioned("truncated", "good"), receipts=(receipt_of(first.writes[0], outcome="copied as x"),))
    assert isinstance(again, Tell)


def test_a_text_without_an_object_is_told() -> None:
    assert isinstance(planned(FakeWorld(), refused(key=None)), Tell)
    assert subject(refused(key=None), ImageSettings()).kind == "code"


def test_only_a_policy_may_offer_a_write() -> None:
    image = Remediator.registry["ImageDamage"]
    assert image.may_write(ImageSettings.only_telling()) == ()
    assert image.may_write(ImageSettings()) == ("RestoreVersion",)
