"""Causes that no well-behaved bucket has: answers that lie, rules without effect, logs that leave out what matters.

Where OSS itself would have to misbehave, a fault rule of the simulator does it for one operation.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.story import Story
from tests.journeys.test_every_cause import get, key, preflight
from tests.simulator.test_scenes_refuse import REPORTS

Stories = Callable[..., Story]
APP = "https://app.example.com"


def causes(rows: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(row["state"], row["cause"]) for row in rows]


# ------------------------------------------------------------------------------------------------- InvalidObjectState


def test_a_restore_that_oss_takes_and_forgets_twice_is_told(stories: Stories) -> None:
    story = stories("invalid_object_state")
    story.fault(operation="RestoreObject", lie=True, status=202)
    story.refused(get("reports-archive", "2024/q1.csv", REPORTS))
    assert causes(story.long(12)) == [("reported", "restore-lost")]
    assert story.operations().count("RestoreObject") == 2


def test_one_lost_restore_is_asked_for_again_and_arrives(stories: Stories) -> None:
    story = stories("invalid_object_state")
    story.fault(operation="RestoreObject", lie=True, status=202, times=1)
    story.refused(get("reports-archive", "2024/q1.csv", REPORTS))
    assert causes(story.long(12)) == [("watching", "never-restored")]
    assert story.operations().count("RestoreObject") == 2


def test_a_standard_object_that_is_refused_all_the_same_is_told_and_not_restored(stories: Stories) -> None:
    story = stories("invalid_object_state")
    story.fault(
        operation="GetObject", key="2024/q4.csv", status=403, code="InvalidObjectState",
        message="The operation is not valid for the object's state", ec="0016-00000404",
    )  # fmt: skip
    story.refused(get("reports-archive", "2024/q4.csv", REPORTS))
    assert causes(story.passes()) == [("reported", "not-archived")]
    assert "RestoreObject" not in story.operations()


def test_a_log_that_does_not_say_which_object_is_told_so(stories: Stories) -> None:
    story = stories("invalid_object_state")
    story.logged(
        "bucket=reports-archive status=403 code=InvalidObjectState The operation is not valid for the object's state"
    )
    assert causes(story.passes()) == [("reported", "object-unnamed")]
    assert "RestoreObject" not in story.operations()


# --------------------------------------------------------------------------------------------------- AccessForbidden


def test_a_stored_rule_with_any_origin_is_not_merged_for_a_page_that_sends_credentials(stories: Stories) -> None:
    story = stories("access_forbidden", "{ web: { allowed_origins: ['*'], allowed_methods: [GET] } }")
    text = "credentials=include OPTIONS 403"
    story.refused(lambda sim: f"{text} {story.text(preflight('web-none', APP, 'GET'))}")
    assert causes(story.passes()) == [("reported", "cors-wildcard-with-credentials")]
    assert "PutBucketCors" not in story.operations()


def test_a_configuration_with_elements_that_a_write_would_lose_is_left_alone(stories: Stories) -> None:
    story = stories("access_forbidden")
    body = "<CORSConfiguration><AllowEverybody>no</AllowEverybody></CORSConfiguration>"
    story.fault(operation="GetBucketCors", status=200, body=body)
    story.refused(preflight("web-none", APP, "GET"))
    assert causes(story.passes()) == [("reported", "cors-unknown-elements")]
    assert "PutBucketCors" not in story.operations()


def test_a_rule_that_is_there_and_has_no_effect_is_told_and_not_written_again(stories: Stories) -> None:
    story = stories("access_forbidden")
    story.fault(
        operation="OptionObject", status=403, code="AccessForbidden", ec="0034-00000001",
        message="CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
        "request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the "
        "resource's CORS spec.",
    )  # fmt: skip
    story.refused(preflight("web-none", APP, "GET"))
    assert causes(story.long(8)) == [("reported", "cors-rule-present-not-effective")]
    assert story.operations().count("PutBucketCors") == 1


# ------------------------------------------------------------------------------------------------- InvalidAccessKeyId


def test_a_log_that_hides_the_key_is_told_so_and_ram_is_not_asked(stories: Stories) -> None:
    story = stories("invalid_access_key_id")
    body = story.text(key("LTAI5tAliceDisabled00001"))
    story.logged("get failed " + body.replace("LTAI5tAliceDisabled00001", "LTAI5t****************01"))
    assert causes(story.passes()) == [("reported", "key-unnamed")]


def test_a_key_that_our_own_key_may_not_look_up_is_not_called_bad(stories: Stories) -> None:
    story = stories("invalid_access_key_id")
    for operation in ("GetAccessKeyLastUsed", "ListUsers", "ListAccessKeys"):
        story.fault(operation=operation, status=403, code="NoPermission", message="You are not authorized")
    story.refused(key("LTAI5tAliceDisabled00001"))
    assert causes(story.passes()) == [("reported", "key-unchecked")]


# ------------------------------------------------------------------------------------------------ RequestTimeTooSkewed


@pytest.mark.parametrize(("clients", "cause"), [(2, "clock-unmeasured"), (4, "clock-many-clients")])
def test_skewed_clients_without_their_times_are_counted(stories: Stories, clients: int, cause: str) -> None:
    story = stories("access_denied")  # a scene whose own clock is right
    for number in range(clients):
        story.logged(
            f"client_ip=10.0.0.{number} bucket=reports status=403 code=RequestTimeTooSkewed "
            "message=The difference between the request time and the current time is too large."
        )
    rows = story.passes()
    assert {row["cause"] for row in rows} == {cause}


# ------------------------------------------------------------------------------------------------- the rest of the 403


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("AccessKeyIdAndSecurityTokenNotMatch", "token-mismatch"),
        ("SecurityTokenNotSupported", "token-not-supported"),
        ("QuotaOfTheFuture", "unknown-code"),
    ],
)
def test_other_403s_are_told_by_their_code_and_nothing_is_written(stories: Stories, code: str, cause: str) -> None:
    story = stories("invalid_object_state")
    story.fault(operation="GetObject", key="2024/q4.csv", status=403, code=code, message="The request is refused.")
    story.refused(get("reports-archive", "2024/q4.csv", REPORTS))
    assert causes(story.passes()) == [("reported", cause)]
    assert set(story.operations()) <= {"GetObject", "HeadObject", "ListObjectsV2"}
